/**
 * What the spec of a fact says to the graph: where it may live, and the key that equal facts share.
 *
 * Owns: reading specs. May not: make nodes.
 */
import { indicator } from "../../catalog/catalog.ts";
import type { Anchor } from "../../market/periods.ts";
import { inputsOf } from "../canonical.ts";
import type { Condition, Fact, FactSpec, Program, Strategy } from "../program.ts";

/** Everything that ranks compare, directly or not. */
export function comparedFacts(facts: readonly Fact[]): ReadonlySet<number> {
  const found = new Set(facts.flatMap(({ spec }) => (spec.kind === "rank" ? [spec.of] : [])));
  // A set may grow while it is walked: what is added is visited too.
  for (const index of found) for (const input of inputsOf((facts[index] as Fact).spec)) found.add(input);
  return found;
}

/**
 * Facts that read nothing but closed bars can live on their series. Temporal ones need the count or time of evaluations;
 * `bars_true` too where those are ticks.
 */
export function isPure(spec: FactSpec, ticks: boolean): boolean {
  switch (spec.kind) {
    case "field":
      return spec.forming !== true;
    case "lag":
      return spec.sampled !== true;
    case "bars_true":
      return !ticks;
    default:
      return ["indicator", "calc", "const", "opening_range"].includes(spec.kind);
  }
}

export function keyOfSpec(spec: FactSpec, keyOf: (index: number) => string): string {
  switch (spec.kind) {
    case "field":
      return `${spec.forming === true ? "forming " : ""}field:${spec.field}`;
    case "peek":
      return `peek[${keyOf(spec.of)}]`;
    case "bars_ago":
      return `bars_ago[${keyOf(spec.of)},${keyOf(spec.before)}]`;
    case "quote":
    case "session":
    case "position":
    case "account":
    case "order":
      return `${spec.kind}:${spec.field}`;
    case "const":
      return `const:${spec.value}`;
    case "indicator":
      return `${spec.name}${spec.source === undefined ? "" : `@${spec.source}`}(${spec.params.join(",")})[${spec.inputs.map(keyOf).join(",")}]`;
    case "lag":
      return `${spec.sampled === true ? "sampled " : ""}lag${spec.bars}[${keyOf(spec.of)}]`;
    case "prior":
      return `prior[${keyOf(spec.of)}]`;
    case "opening_range":
      return `opening_range${spec.spanMs}.${spec.field}`;
    case "rank":
      return `rank[${keyOf(spec.of)}]`;
    case "calc":
      return `${spec.operator}[${spec.args.map(keyOf).join(",")}]`;
    case "bars_true":
    case "seconds_true":
      return `${spec.kind}[${keyOfCondition(spec.condition, keyOf)}]`;
    case "seconds_since":
    case "bars_since": {
      const horizon = spec.kind === "bars_since" ? spec.horizon : spec.horizonSeconds;
      const owner = `${spec.before ? "b" : ""}${spec.rule ?? ""}`;
      return `${spec.kind}${horizon}${owner}[${keyOfCondition(spec.condition, keyOf)}]`;
    }
  }
}

function keyOfCondition(condition: Condition, keyOf: (index: number) => string): string {
  switch (condition.op) {
    case "all":
    case "any":
      return `${condition.op}(${condition.kids.map((kid) => keyOfCondition(kid, keyOf)).join(",")})`;
    case "not":
      return `not(${keyOfCondition(condition.kid, keyOf)})`;
    case "leaf": {
      const { right } = condition;
      const value = "fact" in right ? keyOf(right.fact) : "values" in right ? right.values.join("|") : right.value;
      return `${keyOf(condition.left)} ${condition.operator} ${value}`;
    }
  }
}

/** Whether an evaluation reads what the account holds. */
export function readsAccount({ strategies }: Program): boolean {
  return strategies.some(({ facts }) => facts.some(({ spec }) => spec.kind === "account"));
}

/** What a fact starts over with: without the first bars of that period it would be wrong. */
export function anchorOf(spec: FactSpec): Anchor | undefined {
  if (spec.kind === "opening_range") return "session";
  return spec.kind === "indicator" ? indicator(spec.name)?.resetsOn?.(spec.params) : undefined;
}

/** For each fact of how long something has held: the times in milliseconds that a comparison of the strategy asks for. */
export function thresholdsOf({ facts, rules }: Strategy): ReadonlyMap<FactSpec, readonly number[]> {
  const found = new Map<FactSpec, number[]>();
  const visit = (condition: Condition): void => {
    switch (condition.op) {
      case "all":
      case "any":
        return condition.kids.forEach(visit);
      case "not":
        return visit(condition.kid);
      case "leaf": {
        const spec = facts[condition.left]?.spec;
        if (spec?.kind !== "seconds_true" || !("value" in condition.right) || !(condition.right.value > 0)) return;
        const times = found.get(spec) ?? [];
        times.push(Math.ceil(condition.right.value * 1_000));
        found.set(spec, times);
      }
    }
  };
  for (const { spec } of facts) if ("condition" in spec) visit(spec.condition);
  for (const { condition, rearm } of rules) {
    visit(condition);
    if (rearm !== undefined) visit(rearm);
  }
  return found;
}

/** What a strategy's rules follow, with the index of the rule: their conditions, then their rearm conditions. */
export function followedBy({ rules }: Strategy): readonly { readonly condition: Condition; readonly rule: number }[] {
  return [
    ...rules.map(({ condition }, rule) => ({ condition, rule })),
    ...rules.flatMap(({ rearm }, rule) => (rearm === undefined ? [] : [{ condition: rearm, rule }])),
  ];
}
