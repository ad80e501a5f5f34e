/**
 * Comparisons that the range of a fact decides.
 *
 * Owns: "never" and "always" for one comparison with a constant. Contradictions between comparisons are not judged here.
 */
import type { Span } from "./diagnostic.ts";
import type { Operand } from "./fact-refs.ts";
import { report } from "./scope.ts";
import type { Context } from "./scope.ts";
import type { Relation } from "./syntax.ts";
import type { Quality } from "./units.ts";

/** What the range alone says of a comparison with a constant. */
function decidedOf(left: Operand, relation: Relation, right: Operand): boolean | undefined {
  return right.kind === "const" ? decided(...left.quality.range, relation, right.value) : undefined;
}

export function checkRange(context: Context, span: Span, left: Operand, relation: Relation, right: Operand): void {
  const truth = decidedOf(left, relation, right);
  if (truth !== undefined) reportTruth(context, span, left, truth);
  else if (right.kind === "const") checkBound(context, span, left, relation, right.value);
}

export type Half = readonly [left: Operand, relation: Relation, right: Operand];

/** Two comparisons that must both hold: one that cannot decides, one that always does says nothing. */
export function checkBoth(context: Context, span: Span, halves: readonly [Half, Half]): void {
  const truths = halves.map((half) => decidedOf(...half));
  const never = truths.indexOf(false);
  if (never >= 0) reportTruth(context, span, (halves[never] as Half)[0], false);
  else if (truths.every((truth) => truth === true)) reportTruth(context, span, halves[0][0], true);
}

function reportTruth(context: Context, span: Span, left: Operand, truth: boolean): void {
  const runs = `its values run from ${rangeText(left.quality)}`;
  if (truth) report(context, "logic/always", span, `This is always true: ${runs}`, "Remove it, or check the number.");
  else report(context, "logic/never", span, `This is never true: ${runs}`, "Check the number.");
}

/** The end of a range is met hardly ever: `rsi(14) >= 100` holds, or `rsi(14) < 100` fails, there alone. */
function checkBound(context: Context, span: Span, left: Operand, relation: Relation, value: number): void {
  if (left.kind !== "fact" || !["indicator", "peek"].includes(context.scope.table.fact(left.index).spec.kind)) return;
  const [low, high] = left.quality.range;
  if (!Number.isFinite(low) || !Number.isFinite(high)) return;
  const holds = (relation === "<=" && value === low) || (relation === ">=" && value === high);
  const fails = (relation === ">" && value === low) || (relation === "<" && value === high);
  if (!holds && !fails) return;
  const message = `This ${holds ? "holds" : "fails"} only where the value is exactly ${value}, the end of its range`;
  report(context, "logic/at-bound", span, message, "Check the number.");
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

export function rangeText({ range: [low, high], unit }: Quality): string {
  return `${shown(low, unit)} to ${shown(high, unit)}`;
}

function shown(bound: number, unit: string): string {
  if (unit === "clock") return clockText(bound);
  return Number.isFinite(bound) ? String(bound) : bound > 0 ? "any height" : "any depth";
}

/** Minutes after midnight as `09:35`. */
function clockText(minutes: number): string {
  const whole = Math.floor(minutes);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
}
