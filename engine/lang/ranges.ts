/**
 * Comparisons that the range of a fact decides.
 *
 * Owns: "never" and "always" for one comparison with a constant. Contradictions between comparisons are not judged here.
 */
import type { Span } from "./diagnostic.ts";
import type { Operand } from "./fact-table.ts";
import { report } from "./scope.ts";
import type { Context } from "./scope.ts";
import type { Relation } from "./syntax.ts";

export function checkRange(context: Context, span: Span, left: Operand, relation: Relation, right: Operand): void {
  if (right.kind !== "const") return;
  const [low, high] = left.quality.range;
  const truth = decided(low, high, relation, right.value);
  if (truth === undefined) return;
  const runs = `its values run from ${shown(low)} to ${shown(high)}`;
  if (truth) report(context, "logic/always", span, `This is always true: ${runs}`, "Remove it, or check the number.");
  else report(context, "logic/never", span, `This is never true: ${runs}`, "Check the number.");
}

function decided(low: number, high: number, relation: Relation, value: number): boolean | undefined {
  switch (relation) {
    case "<":
      return low >= value ? false : high < value ? true : undefined;
    case "<=":
      return low > value ? false : high <= value ? true : undefined;
    case ">":
      return high <= value ? false : low > value ? true : undefined;
    case ">=":
      return high < value ? false : low >= value ? true : undefined;
    case "==":
      return value < low || value > high ? false : undefined;
    case "!=":
      return value < low || value > high ? true : undefined;
  }
}

function shown(bound: number): string {
  return Number.isFinite(bound) ? String(bound) : bound > 0 ? "any height" : "any depth";
}
