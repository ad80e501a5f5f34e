/**
 * The numeric facts behind `for`, `within` and `then`, as the object form writes them.
 *
 * Owns: {fact: bars_true | seconds_true | bars_since | seconds_since, params: {of, horizon}}.
 */
import { factsOf } from "../core/canonical.ts";
import type { Operand } from "./fact-refs.ts";
import { isTooLarge } from "./scope.ts";
import type { Context } from "./scope.ts";
import type { Node } from "./syntax.ts";
import { UNBOUNDED } from "./units.ts";

export function lowerTemporal(context: Context, node: Node & { readonly kind: "temporal" }): Operand | undefined {
  const { table } = context.scope;
  const condition = context.lower.condition(context, node.of);
  if (condition === undefined || isTooLarge(context, node.span, [...factsOf(condition)])) return undefined;
  const horizon = node.horizon ?? 1;
  const index =
    node.fact === "bars_true"
      ? table.barsTrue(condition, 1)
      : node.fact === "seconds_true"
        ? table.secondsTrue(condition, 0)
        : node.fact === "bars_since"
          ? table.barsSince(condition, horizon, node.before === true, context.rule)
          : table.secondsSince(condition, horizon, node.before === true, context.rule);
  return { kind: "fact", index, quality: { unit: "any", range: UNBOUNDED } };
}
