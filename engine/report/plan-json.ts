/**
 * A plan for programs: the answer of `--format json`, and what `--out` keeps.
 *
 * Owns: the shape that is documented in docs/reference/cli.md. Lists are always there, in a stable order.
 */
import { toCanonical } from "../core/canonical.ts";
import type {
  Change,
  Mark,
  NowOf,
  NowValue,
  Plan,
  PlanFinding,
  PlanState,
  RulePlan,
  StrategyPlan,
} from "../lang/plan/types.ts";
import { isEmpty } from "../lang/plan/plan.ts";
import { changeWords } from "./plan-words.ts";
import { conditionWords } from "./words.ts";

/** A rule that would fire at the next evaluation, with the values of now. */
interface Firing {
  readonly strategy: string;
  readonly rule: string;
  readonly symbol: string;
  readonly action: string;
  readonly refused: { readonly code: string; readonly reason: string } | null;
}

/** With what the files were compared. */
export type PlanAgainst =
  | {
      readonly kind: "journal";
      readonly given: string;
      readonly folder: string;
      readonly journal: string;
      readonly account: string;
      /** Number of the last input that counted. */
      readonly seq: number;
      readonly market_time: string | null;
      readonly is_running: boolean;
    }
  | { readonly kind: "git"; readonly given: string; readonly commit: string };

export interface SavedPlan {
  readonly format_version: 1;
  readonly barwise: string;
  readonly against: PlanAgainst;
  readonly paths: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly has_changes: boolean;
  readonly summary: Readonly<Record<"add" | "change" | "remove" | "keep", number>>;
  readonly account: readonly object[];
  readonly strategies: readonly object[];
  readonly findings: readonly PlanFinding[];
  /** Whether positions, orders and what fires are known. */
  readonly is_state_known: boolean;
  readonly positions: PlanState["positions"];
  readonly orders: PlanState["orders"];
  readonly fires_at_once: readonly Firing[];
}

export function planJson(
  plan: Plan,
  fires: readonly Firing[],
  about: Pick<SavedPlan, "barwise" | "against" | "paths">,
  now: NowOf,
): SavedPlan {
  const count = (mark: Mark): number => plan.strategies.filter((strategy) => strategy.mark === mark).length;
  return {
    format_version: 1,
    ...about,
    from: plan.from,
    to: plan.to,
    has_changes: !isEmpty(plan),
    summary: { add: count("add"), change: count("change"), remove: count("remove"), keep: count("keep") },
    account: plan.account.map((change) => changeJson(change, [])),
    strategies: plan.strategies.map((strategy) => strategyJson(strategy, now)),
    findings: plan.findings,
    is_state_known: plan.state !== null,
    positions: plan.state?.positions ?? [],
    orders: plan.state?.orders ?? [],
    fires_at_once: fires,
  };
}

function strategyJson(strategy: StrategyPlan, now: NowOf): object {
  const { name, mark, before, after, changes, rules, warmup, positions, orders } = strategy;
  return {
    name,
    mark,
    file: after?.file ?? before?.file ?? "",
    from: before?.digest ?? null,
    to: after?.digest ?? null,
    changes: changes.map((change) => changeJson(change, now(strategy, change))),
    rules: rules.map((rule) => ruleJson(strategy, rule, now)),
    warmup,
    positions,
    orders,
  };
}

function ruleJson(plan: StrategyPlan, rulePlan: RulePlan, now: NowOf): object {
  const { name, mark, renamedFrom, before, after, changes, state } = rulePlan;
  const [rule, strategy] = after === null ? [before, plan.before] : [after, plan.after];
  const condition = rule === null || strategy === null ? null : toCanonical(strategy.facts, rule.condition);
  return {
    name,
    mark,
    renamed_from: renamedFrom,
    action: rule?.action.kind ?? null,
    when: condition === null ? null : conditionWords(condition),
    changes: changes.map((change) => changeJson(change, now(plan, change))),
    state,
  };
}

/** What is not known of now is null, as JSON has no word for it. */
function changeJson(change: Change, now: readonly NowValue[]): object {
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  const values = now.map(({ symbol, before, after }) => ({ symbol, before: finite(before), after: finite(after) }));
  return { ...change, text: changeWords(change, now), ...(change.kind === "value" ? { now: values } : {}) };
}
