/**
 * The bridge between index tables and json-rules-engine's condition form.
 *
 * Owns: canonical text of facts and canonical conditions. Pure. The language prints with it, signals freeze with it,
 * the runtime confirms with it: one spelling everywhere.
 */
import { isOfTime } from "../market/bar-size.ts";
import type { ActivitySize } from "../market/bar-size.ts";
import type {
  CanonicalCondition,
  CanonicalLeaf,
  Condition,
  Fact,
  FactRef,
  FactSpec,
  LeafCondition,
  ParamValue,
  Strategy,
} from "./program.ts";

/** JSON with sorted keys: equal values have equal text. */
export function stableJson(value: ParamValue | FactRef | CanonicalCondition): string {
  if (Array.isArray(value)) return `[${value.map((item: ParamValue) => stableJson(item)).join(",")}]`;
  if (typeof value === "object") {
    const entries = Object.entries(value as Record<string, ParamValue | undefined>)
      .filter((entry): entry is [string, ParamValue] => entry[1] !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${stableJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** The key under which a fact's value travels with a firing. */
export function refKey(ref: FactRef): string {
  return ref.params === undefined ? ref.fact : `${ref.fact}${stableJson(ref.params)}`;
}

export function toCanonical(facts: readonly Fact[], condition: Condition): CanonicalCondition {
  switch (condition.op) {
    case "all":
      return { all: condition.kids.map((kid) => toCanonical(facts, kid)) };
    case "any":
      return { any: condition.kids.map((kid) => toCanonical(facts, kid)) };
    case "not":
      return { not: toCanonical(facts, condition.kid) };
    case "leaf":
      return canonicalLeaf(facts, condition);
  }
}

function canonicalLeaf(facts: readonly Fact[], leaf: LeafCondition): CanonicalLeaf {
  const left = refOf(facts, leaf.left);
  const { right } = leaf;
  const value = "value" in right ? right.value : "values" in right ? right.values : refOf(facts, right.fact);
  return { ...left, operator: leaf.operator, value };
}

function refOf(facts: readonly Fact[], index: number): FactRef {
  const fact = facts[index];
  if (fact === undefined) throw new RangeError(`no fact ${index}`);
  return fact.ref;
}

/** Indexes of all facts a condition compares, each once, in order of appearance. */
export function factsOf(condition: Condition, into: Set<number> = new Set()): Set<number> {
  switch (condition.op) {
    case "all":
    case "any":
      for (const kid of condition.kids) factsOf(kid, into);
      break;
    case "not":
      factsOf(condition.kid, into);
      break;
    case "leaf":
      into.add(condition.left);
      if ("fact" in condition.right) into.add(condition.right.fact);
      break;
  }
  return into;
}

/** Indexes of the facts that a fact is computed from. */
export function inputsOf(spec: FactSpec): readonly number[] {
  switch (spec.kind) {
    case "indicator":
      return spec.inputs;
    case "lag":
    case "rank":
      return [spec.of];
    case "prior":
    case "bars_ago":
      return [spec.of, spec.before];
    case "peek":
      return [spec.of, ...spec.inputs];
    case "calc":
      return spec.args;
    case "bars_true":
    case "seconds_true":
    case "bars_since":
    case "seconds_since":
      return [...factsOf(spec.condition)];
    default:
      return [];
  }
}

/** The first bars of activity that something of a strategy goes by; undefined: it can do without trades. */
export function activityOf({ on, facts }: Pick<Strategy, "on" | "facts">): ActivitySize | undefined {
  return [on, ...facts.map(({ spec }) => spec.series.size)].find((size) => !isOfTime(size));
}

/**
 * Bars of its own series that each fact needs before everything computed from it is known. What a fact of two symbols
 * reads is needed for as many bars as that fact itself. Facts that are not `wanted` ask for nothing by themselves.
 */
export function neededBars(facts: readonly Fact[], wanted: (fact: Fact) => boolean = () => true): readonly number[] {
  const needed = facts.map((fact) => (wanted(fact) ? fact.warmup : 0));
  // Users stand behind what they read.
  for (let at = facts.length - 1; at >= 0; at--) {
    const { spec } = facts[at] as Fact;
    for (const input of inputsOf(spec)) {
      const of = facts[input] as Fact;
      const bars = needed[at] ?? 0;
      const isLonger = of.warmup > 0 && bars > of.warmup;
      if (isLonger && of.spec.series.size.label === spec.series.size.label)
        needed[input] = Math.max(needed[input] ?? 0, bars);
    }
  }
  return needed;
}
