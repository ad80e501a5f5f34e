/**
 * What a careful person would ask about before a plan is let in.
 *
 * Owns: the findings `plan/…` about strategies as a whole, limits and orphans; exits and entries have files of their own.
 * Errors take protection away (an exit, a bracket, whoever looks after a position); warnings let more in (an entry, a size,
 * a looser condition or limit), or make an exit rarer. May not: hold anything back; that is for whoever loads the plan.
 */
import type { OrderView } from "../../core/event.ts";
import { CODES } from "../codes.ts";
import { listed } from "../suggest.ts";
import { entryFindings } from "./entries.ts";
import { exitFindings } from "./exits.ts";
import { canEnter, opens } from "./roles.ts";
import { Together } from "./together.ts";
import type { Change, Plan, PlanFinding, Planning, PlanState, StrategyPlan, Told } from "./types.ts";

export function* findingsOf(plan: Omit<Plan, "findings">): Planning<PlanFinding[]> {
  const { account, strategies, state } = plan;
  const found = limitFindings(account, true).map((told) => finding(null, told));
  for (const strategy of strategies) {
    for (const told of yield* ofStrategy(strategy, state)) found.push(finding(strategy.name, told));
    yield;
  }
  return found;
}

function finding(strategy: string | null, told: Told): PlanFinding {
  const { severity, why } = CODES[told.code];
  return { code: told.code, severity, strategy, rule: told.rule, message: told.message, why, help: told.help };
}

function* ofStrategy(strategy: StrategyPlan, state: PlanState | null): Planning<Told[]> {
  const { before, after, changes } = strategy;
  const told = orphanFindings(strategy, state);
  if (after === null || strategy.mark === "keep") return told;
  if (before === null) return canEnter(after) ? [...told, newEntries(strategy)] : told;
  const together = new Together(before, after);
  yield;
  told.push(...exitFindings(strategy, before, after, together));
  yield;
  told.push(...entryFindings(strategy, before, after, together));
  yield;
  return [...told, ...symbolFindings(strategy), ...limitFindings(changes, false)];
}

// ---------------------------------------------------------------------------------------------- who looks after what

/** Positions and working orders of a strategy or symbol that the newer program does not have. */
function orphanFindings({ name, before, after, positions, orders }: StrategyPlan, state: PlanState | null): Told[] {
  if (before === null) return [];
  const isLeft = (symbol: string): boolean => after?.symbols.includes(symbol) !== true;
  const held = positions.filter(({ symbol }) => isLeft(symbol)).map(({ qty, symbol }) => `${qty} ${symbol}`);
  const working = orders.filter((order) => isLeft(order.symbol)).map((order) => orderText(order));
  const gone = after === null ? `strategy "${name}" goes` : "a symbol goes";
  const help = "Let it close first, then remove it.";
  if (state !== null) {
    const parts = [...(held.length > 0 ? [`${held.join(", ")} held`] : []), ...working];
    if (parts.length === 0) return [];
    return [
      { code: "plan/orphan", rule: null, message: `${gone}, and nobody looks after ${listed(parts, "and")}`, help },
    ];
  }
  const symbols = before.symbols.filter(isLeft);
  if (symbols.length === 0 || !canEnter(before)) return [];
  const message = `${gone}: nobody would look after what it may hold in ${listed(symbols, "and")}`;
  return [
    { code: "plan/orphan", rule: null, message, help: `${help} Compare with what is running to see what it holds.` },
  ];
}

function orderText({ side, qty, symbol, type }: OrderView): string {
  return `a working ${type} order (${side} ${qty} ${symbol})`;
}

// ---------------------------------------------------------------------------------------------- more of the same

function newEntries({ name, after }: StrategyPlan): Told {
  const rules = (after?.rules ?? [])
    .filter(({ action }) => opens(action, after?.facts ?? []))
    .map((rule) => `"${rule.name}"`);
  const message = `new strategy "${name}" enters ${listed(after?.symbols ?? [], "and")} by ${listed(rules, "and")}`;
  return { code: "plan/entry-added", rule: null, message, help: "" };
}

function symbolFindings({ before, after }: StrategyPlan): Told[] {
  if (before === null || after === null || !canEnter(after)) return [];
  const added = after.symbols.filter((symbol) => !before.symbols.includes(symbol));
  if (added.length === 0) return [];
  return [{ code: "plan/entry-added", rule: null, message: `it enters ${listed(added, "and")} from now on`, help: "" }];
}

const LIMITS =
  /^(?:risk\..*|approval\.(?:when|second|symbols|max_drift_ratio|edits|market_as|approvers\..*)|max_entries|on_failure|unknown_orders)$/;

function limitFindings(changes: readonly Change[], ofAccount: boolean): Told[] {
  return changes.flatMap((change): Told[] => {
    if (change.kind !== "value") return [];
    const { name, moves, after } = change;
    const isLimit = LIMITS.test(name);
    if (!isLimit || moves === "tighter") return [];
    const key = name.replace(/^risk\./, "").replace(/_(?:ratio|ms)$/, "");
    const whose = ofAccount ? "of the account " : "";
    const how = after === null ? "goes" : moves === null ? "changes, and may be looser than before" : "is looser";
    return [{ code: "plan/limit-loosened", rule: null, message: `the limit ${key} ${whose}${how}`, help: "" }];
  });
}
