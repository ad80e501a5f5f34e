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
import type { Change, Mark, Plan, Planning, PlanState, RulePlan, StrategyPlan } from "./types.ts";
import { warmupOf } from "./warmup.ts";

/** `state`: what is held and working where `before` runs; null when that is not known. */
export function planBetween(before: Program, after: Program, state: PlanState | null = null): Plan {
  const work = planning(before, after, state);
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** The same in small steps, for whoever has something else to do in between. */
export function* planning(before: Program, after: Program, state: PlanState | null): Planning<Plan> {
  const account = changesOf(aspectsOfProgram(before), aspectsOfProgram(after), (name, old, now) =>
    movesOfLimit(name, old, now, true),
  );
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
  const settings = old === null || now === null || mark === "keep" ? [] : settingsChanges(old, now);
  yield;
  return {
    name,
    mark,
    before: old,
    after: now,
    changes: mark === "change" ? settings : [],
    rules: mark === "keep" ? [] : yield* rulePlans(old, now),
    warmup: now === null || mark === "keep" ? [] : warmupOf(before, now),
    positions: state?.positions.filter(({ strategy }) => strategy === name) ?? [],
    orders: state?.orders.filter(({ strategy }) => strategy === name) ?? [],
  };
}

function markOf(before: { readonly digest: string } | null, after: { readonly digest: string } | null): Mark {
  if (before === null) return "add";
  if (after === null) return "remove";
  return before.digest === after.digest ? "keep" : "change";
}

function settingsChanges(before: Strategy, after: Strategy): Change[] {
  const order = (strategy: Strategy, other: Strategy): string[] => {
    const there = new Set(other.rules.map(({ name }) => name));
    return strategy.rules.map(({ name }) => name).filter((name) => there.has(name));
  };
  const [old, now] = [order(before, after), order(after, before)];
  const isReordered = old.join("\n") !== now.join("\n");
  return [
    ...changesOf(aspectsOfStrategy(before), aspectsOfStrategy(after), movesOfLimit),
    ...(isReordered ? [{ kind: "value", name: "order of rules", before: old, after: now, moves: null } as const] : []),
    ...changesOf(aspectsOfParams(before.params), aspectsOfParams(after.params)),
  ];
}

// ---------------------------------------------------------------------------------------------- rules

function* rulePlans(before: Strategy | null, after: Strategy | null): Planning<RulePlan[]> {
  const old = new Map((before?.rules ?? []).map((rule) => [rule.name, rule]));
  const come = (after?.rules ?? []).filter(({ name }) => !old.has(name));
  const stays = new Set((after?.rules ?? []).map(({ name }) => name));
  const gone = (before?.rules ?? []).filter(({ name }) => !stays.has(name));
  const renamed = before === null || after === null ? new Map<Rule, Rule>() : renames(before, after, gone, come);
  const next: RulePlan[] = [];
  for (const rule of after?.rules ?? []) {
    const previous = old.get(rule.name) ?? renamed.get(rule) ?? null;
    next.push(rulePlan(before, after, previous, rule));
    yield;
  }
  const renamedAway = new Set(renamed.values());
  return [...next, ...gone.filter((rule) => !renamedAway.has(rule)).map((rule) => rulePlan(before, after, rule, null))];
}

/** New rule -> the one that went and said exactly the same under another name. */
function renames(before: Strategy, after: Strategy, gone: readonly Rule[], come: readonly Rule[]): Map<Rule, Rule> {
  const found = new Map<Rule, Rule>();
  const free = new Set(gone);
  for (const rule of come) {
    const same = [...free].find((other) => ruleChanges(before, other, after, rule).length === 0);
    if (same === undefined) continue;
    found.set(rule, same);
    free.delete(same);
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
