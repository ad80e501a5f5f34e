/**
 * What changes when one program takes over from another.
 *
 * Owns: `planBetween`: which strategies and rules come, go and change, what of their state stays, which facts need new
 * bars, which positions and orders are touched. The same function serves `barwise plan` and the live reload.
 * May not: read anything, decide whether the change may happen, or find words (see engine/report/plan.ts).
 */
import { toCanonical } from "../../core/canonical.ts";
import type { Condition, Fact, Program, Rule, Strategy } from "../../core/program.ts";
import { aspectsOfParams, aspectsOfProgram, aspectsOfRule, aspectsOfStrategy, changesOf, judgedOn } from "./aspects.ts";
import { conditionChanges } from "./comparisons.ts";
import { findingsOf } from "./guards.ts";
import { movesOfLimit } from "./limits.ts";
import { keptStateOf } from "./state.ts";
import { finish } from "./steps.ts";
import type { Change, Mark, Plan, Planning, PlanState, RulePlan, StrategyPlan } from "./types.ts";
import { warmupOf } from "./warmup.ts";

/** `state`: what is held and working where `before` runs; null when that is not known. */
export function planBetween(before: Program, after: Program, state: PlanState | null = null): Plan {
  return finish(planning(before, after, state));
}

/** The same in small steps, for whoever has something else to do in between. */
export function* planning(before: Program, after: Program, state: PlanState | null): Planning<Plan> {
  const account = changesOf(aspectsOfProgram(before), aspectsOfProgram(after), (name, old, now) =>
    movesOfLimit(name, old, now, true),
  );
  yield;
  const names = [...new Set([...after.strategies, ...before.strategies].map(({ name }) => name))].sort();
  const strategies: StrategyPlan[] = [];
  for (const name of names) {
    strategies.push(yield* strategyPlan(before, after, name, state));
    yield;
  }
  const plan = { from: before.digest, to: after.digest, state, account, strategies };
  return { ...plan, findings: yield* findingsOf(plan) };
}

/** Nothing that counts is different. */
export function isEmpty({ account, strategies }: Plan): boolean {
  return account.length === 0 && strategies.every(({ mark }) => mark === "keep");
}

function* strategyPlan(before: Program, after: Program, name: string, state: PlanState | null): Planning<StrategyPlan> {
  const old = before.strategies.find((strategy) => strategy.name === name) ?? null;
  const now = after.strategies.find((strategy) => strategy.name === name) ?? null;
  const mark = markOf(old, now);
  const ruleNames = mark === "keep" ? NO_NAMES : { old: yield* rulesByName(old), now: yield* rulesByName(now) };
  const settings = old === null || now === null || mark === "keep" ? [] : yield* settingsChanges(old, now, ruleNames);
  yield;
  return {
    name,
    mark,
    before: old,
    after: now,
    changes: mark === "change" ? settings : [],
    rules: mark === "keep" ? [] : yield* rulePlans(old, now, ruleNames),
    warmup: now === null || mark === "keep" ? [] : yield* warmupOf(before, now),
    positions: state?.positions.filter(({ strategy }) => strategy === name) ?? [],
    orders: state?.orders.filter(({ strategy }) => strategy === name) ?? [],
  };
}

type ByName = ReadonlyMap<string, Rule>;
/** The rules of both strategies. */
interface RuleNames {
  readonly old: ByName;
  readonly now: ByName;
}
const NO_NAMES: RuleNames = { old: new Map(), now: new Map() };
/** Rules lie all over the memory: reading the names of a thousand takes as long as a slice may. */
const NAMES_A_STEP = 100;

function* rulesByName(strategy: Strategy | null): Planning<ByName> {
  const found = new Map<string, Rule>();
  for (const rule of strategy?.rules ?? []) {
    found.set(rule.name, rule);
    if (found.size % NAMES_A_STEP === 0) yield;
  }
  return found;
}

function markOf(before: { readonly digest: string } | null, after: { readonly digest: string } | null): Mark {
  if (before === null) return "add";
  if (after === null) return "remove";
  return before.digest === after.digest ? "keep" : "change";
}

function* settingsChanges(before: Strategy, after: Strategy, rules: RuleNames): Planning<Change[]> {
  const old = [...rules.old.keys()].filter((name) => rules.now.has(name));
  const now = [...rules.now.keys()].filter((name) => rules.old.has(name));
  const isReordered = old.some((name, at) => name !== now[at]);
  yield;
  const strategies = changesOf(aspectsOfStrategy(before), aspectsOfStrategy(after), movesOfLimit);
  yield;
  return [
    ...strategies,
    ...(isReordered ? [{ kind: "value", name: "order of rules", before: old, after: now, moves: null } as const] : []),
    ...changesOf(aspectsOfParams(before.params), aspectsOfParams(after.params)),
  ];
}

// ---------------------------------------------------------------------------------------------- rules

function* rulePlans(before: Strategy | null, after: Strategy | null, { old, now }: RuleNames): Planning<RulePlan[]> {
  const come = [...now].flatMap(([name, rule]) => (old.has(name) ? [] : [rule]));
  const gone = [...old].flatMap(([name, rule]) => (now.has(name) ? [] : [rule]));
  yield;
  const renamed = before === null || after === null ? new Map<Rule, Rule>() : yield* renames(before, after, gone, come);
  const next: RulePlan[] = [];
  for (const rule of after?.rules ?? []) {
    const previous = old.get(rule.name) ?? renamed.get(rule) ?? null;
    next.push(rulePlan(before, after, previous, rule));
    yield;
  }
  const renamedAway = new Set(renamed.values());
  for (const rule of gone) {
    if (renamedAway.has(rule)) continue;
    next.push(rulePlan(before, after, rule, null));
    yield;
  }
  return next;
}

/** New rule -> the one that went and said exactly the same under another name. */
function* renames(
  before: Strategy,
  after: Strategy,
  gone: readonly Rule[],
  come: readonly Rule[],
): Planning<Map<Rule, Rule>> {
  const found = new Map<Rule, Rule>();
  const free = new Set(gone);
  for (const rule of come) {
    for (const other of free) {
      const isSame = ruleChanges(before, other, after, rule).length === 0;
      yield;
      if (!isSame) continue;
      found.set(rule, other);
      free.delete(other);
      break;
    }
  }
  return found;
}

function rulePlan(before: Strategy | null, after: Strategy | null, old: Rule | null, now: Rule | null): RulePlan {
  const isPair = before !== null && after !== null && old !== null && now !== null;
  return {
    name: (now ?? old)?.name ?? "",
    mark: markOf(old, now),
    renamedFrom: isPair && old.name !== now.name ? old.name : null,
    before: old,
    after: now,
    changes: isPair ? ruleChanges(before, old, after, now) : [],
    state: after === null || now === null ? null : keptStateOf(before, old, after, now),
  };
}

function ruleChanges(before: Strategy, old: Rule, after: Strategy, now: Rule): Change[] {
  if (old.digest === now.digest) return [];
  const frame = [
    ...changesOf(new Map([["on", judgedOn(before)]]), new Map([["on", judgedOn(after)]])),
    ...changesOf(new Map([["session", before.session]]), new Map([["session", after.session]])),
  ];
  return [
    ...frame,
    ...conditionChanges("when", canonical(before.facts, old.condition), canonical(after.facts, now.condition)),
    ...conditionChanges("rearm", canonical(before.facts, old.rearm), canonical(after.facts, now.rearm)),
    ...changesOf(aspectsOfRule(before.facts, old), aspectsOfRule(after.facts, now)),
  ];
}

function canonical(facts: readonly Fact[], condition: Condition | undefined): ReturnType<typeof toCanonical> | null {
  return condition === undefined ? null : toCanonical(facts, condition);
}
