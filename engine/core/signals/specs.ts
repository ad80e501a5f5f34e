/**
 * What the spec of a fact says to the graph: where it may live, and the key that equal facts share.
 *
 * Owns: reading specs. May not: make nodes.
 */
import { indicator } from "../../catalog/catalog.ts";
import { inputsOf } from "../canonical.ts";
import type { Condition, Fact, FactSpec } from "../program.ts";

/** Everything that ranks compare, directly or not. */
export function comparedFacts(facts: readonly Fact[]): ReadonlySet<number> {
  const found = new Set(facts.flatMap(({ spec }) => (spec.kind === "rank" ? [spec.of] : [])));
  // A set may grow while it is walked: what is added is visited too.
  for (const index of found) for (const input of inputsOf((facts[index] as Fact).spec)) found.add(input);
  return found;
}

/** Facts that read nothing but bars can live on their series. Temporal ones need the count or time of evaluations. */
export function isPure(spec: FactSpec): boolean {
  return (
    spec.kind === "field" ||
    spec.kind === "indicator" ||
    spec.kind === "lag" ||
    spec.kind === "calc" ||
    spec.kind === "const" ||
    spec.kind === "opening_range" ||
    spec.kind === "bars_true"
  );
}

export function keyOfSpec(spec: FactSpec, keyOf: (index: number) => string): string {
  switch (spec.kind) {
    case "field":
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
      return `lag${spec.bars}[${keyOf(spec.of)}]`;
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

/** Facts that start over at each open of the session: without its first bars they would be wrong. */
export function beginsAtOpen(spec: FactSpec): boolean {
  return spec.kind === "opening_range" || (spec.kind === "indicator" && indicator(spec.name)?.resetsOn === "session");
}
