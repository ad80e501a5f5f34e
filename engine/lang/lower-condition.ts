/**
 * From syntax to conditions over facts.
 *
 * Owns: comparisons, crosses, lists, time in a row and sequences, and the normal form: groups of one kind are flat,
 * groups of one member are that member. So both spellings of a condition give the same result.
 */
import { lengthOf } from "../market/bar-size.ts";
import { factsOf } from "../core/canonical.ts";
import type { Condition, LeafCondition, Operator } from "../core/program.ts";
import type { Operand } from "./fact-refs.ts";
import { advice, editing } from "./fix.ts";
import type { Proposal } from "./fix.ts";
import { lowerCount, lowerNumber } from "./lower-number.ts";
import { checkBoth, checkRange, rangeText } from "./ranges.ts";
import type { Half } from "./ranges.ts";
import { isTooLarge, report, withoutCycle } from "./scope.ts";
import type { Context } from "./scope.ts";
import type { Node, Quantity, Relation } from "./syntax.ts";
import { mismatch } from "./units.ts";

const MAX_BARS = 10_000;

const OPERATORS: Readonly<Record<Relation, Operator>> = {
  "<": "lessThan",
  "<=": "lessThanInclusive",
  ">": "greaterThan",
  ">=": "greaterThanInclusive",
  "==": "equal",
  "!=": "notEqual",
};

const MIRRORED: Readonly<Record<Relation, Relation>> = {
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
  "==": "==",
  "!=": "!=",
};

export function lowerCondition(context: Context, node: Node): Condition | undefined {
  if (isTooLarge(context, node.span, [])) return undefined;
  switch (node.kind) {
    case "all":
    case "any":
      return lowerGroup(context, node.kind, node.kids);
    case "not": {
      const kid = lowerCondition(context, node.kid);
      return kid === undefined ? undefined : { op: "not", kid };
    }
    case "compare":
      return lowerComparison(context, node);
    case "between":
      return lowerBetween(context, node);
    case "in":
      return lowerList(context, node);
    case "crosses":
      return lowerCross(context, node);
    case "for":
    case "within":
      return lowerLasting(context, node);
    case "then":
      return lowerSequence(context, node);
    case "name":
      return lowerNamed(context, node);
    default:
      return (
        lowerFlag(lowerNumber(context, node)) ??
        notACondition(context, node, "This is a number, and a condition is expected here")
      );
  }
}

/** `session.open and hammer`: 1 or 0 is as good as true or false. */
function lowerFlag(operand: Operand | undefined): Condition | undefined {
  if (operand?.kind !== "fact" || operand.quality.unit !== "flag") return undefined;
  return { op: "leaf", left: operand.index, operator: "equal", right: { value: 1 } };
}

function notACondition(context: Context, node: Node, message: string): undefined {
  return report(context, "types/condition-expected", node.span, message, "Compare it with something, e.g. > 0.");
}

function lowerGroup(context: Context, op: "all" | "any", kids: readonly Node[]): Condition | undefined {
  const lowered = kids.map((kid) => lowerCondition(context, kid));
  if (lowered.some((kid) => kid === undefined)) return undefined;
  return group(op, lowered as Condition[]);
}

/** The normal form of a group. */
function group(op: "all" | "any", kids: readonly Condition[]): Condition {
  const flat = kids.flatMap((kid) => (kid.op === op ? kid.kids : [kid]));
  return flat.length === 1 ? (flat[0] as Condition) : { op, kids: flat };
}

function lowerNamed(context: Context, node: Node & { readonly kind: "name" }): Condition | undefined {
  const { scope } = context;
  const { name, span } = node;
  const definition = scope.conditions.get(name);
  if (definition === undefined) {
    const operand = lowerNumber(context, node);
    if (operand === undefined) return undefined;
    return (
      lowerFlag(operand) ?? notACondition(context, node, `"${name}" is a number, and a condition is expected here`)
    );
  }
  scope.used.add(name);
  const { node: inner } = definition;
  if (inner === undefined) return undefined;
  const own: Context = { ...context, series: scope.table.own, explicit: false, forming: undefined };
  return withoutCycle(context, name, span, () => lowerCondition(own, inner));
}

// ---------------------------------------------------------------------------------------------- comparisons

/** Both sides as numbers; a constant stands on the right. */
function sides(
  context: Context,
  node: { readonly left: Node; readonly right: Node; readonly span: Node["span"] },
):
  | {
      readonly left: Operand & { kind: "fact" };
      readonly right: Operand;
      readonly mirrored: boolean;
      readonly sound: boolean;
    }
  | undefined {
  const a = lowerNumber(context, node.left);
  const b = lowerNumber(context, node.right);
  if (a === undefined || b === undefined) return undefined;
  const problem = mismatch(a.quality, b.quality, "compares");
  if (problem !== undefined) report(context, problem.code, node.span, problem.message, problem.help);
  if (a.kind === "fact") return { left: a, right: inUnitOf(a, b), mirrored: false, sound: problem === undefined };
  if (b.kind === "fact") return { left: b, right: inUnitOf(b, a), mirrored: true, sound: problem === undefined };
  return report(context, "logic/constant", node.span, "Both sides are constants", "Compare with a fact.");
}

/** `session.minutes_to_close <= 30m`: durations are seconds, unless the other side counts minutes. */
function inUnitOf(fact: Operand, operand: Operand): Operand {
  if (operand.kind !== "const" || operand.quality.form !== "duration" || fact.quality.unit !== "minutes")
    return operand;
  return { ...operand, value: operand.value / 60 };
}

function leaf(left: number, operator: Operator, right: Operand): LeafCondition {
  return { op: "leaf", left, operator, right: right.kind === "const" ? { value: right.value } : { fact: right.index } };
}

interface Compared {
  readonly condition: LeafCondition;
  readonly half: Half;
  /** Its units go together: what the range says is not about a mistake. */
  readonly sound: boolean;
}

function compared(context: Context, node: Node & { readonly kind: "compare" }): Compared | undefined {
  const found = sides(context, node);
  if (found === undefined) return undefined;
  const { left, right, mirrored, sound } = found;
  const relation = mirrored ? MIRRORED[node.relation] : node.relation;
  if (right.kind === "fact" && right.index === left.index) {
    return report(context, "logic/constant", node.span, "Both sides are the same", "Compare with something else.");
  }
  return { condition: leaf(left.index, OPERATORS[relation], right), half: [left, relation, right], sound };
}

function lowerComparison(context: Context, node: Node & { readonly kind: "compare" }): Condition | undefined {
  const found = compared(context, node);
  if (found?.sound === true) checkRange(context, node.span, ...found.half);
  return found?.condition;
}

function lowerBetween(context: Context, node: Node & { readonly kind: "between" }): Condition | undefined {
  const { of: left, span } = node;
  const above = compared(context, { kind: "compare", relation: ">=", left, right: node.low, span });
  const below = compared(context, { kind: "compare", relation: "<=", left, right: node.high, span });
  if (above === undefined || below === undefined) return undefined;
  if (above.sound && below.sound) checkBoth(context, span, [above.half, below.half]);
  const [low, high] = [above.condition, below.condition];
  const bounds = [low, high].map((kid) => (kid.op === "leaf" && "value" in kid.right ? kid.right.value : Number.NaN));
  if ((bounds[0] as number) > (bounds[1] as number)) {
    const help = advice("Write the smaller bound first.", swapped(node.low.span, node.high.span));
    report(context, "logic/never", node.span, "No number lies between these bounds", help);
  }
  return group("all", [low, high]);
}

/** Not safe: who wrote it may have meant outside of the two. */
function swapped(low: Node["span"], high: Node["span"]): Proposal {
  return editing("Write the smaller bound first", false, ({ source }) => [
    { ...low, text: source(high) },
    { ...high, text: source(low) },
  ]);
}

function lowerList(context: Context, node: Node & { readonly kind: "in" }): Condition | undefined {
  const of = lowerNumber(context, node.of);
  const values: number[] = [];
  for (const item of node.values) {
    const operand = lowerNumber(context, item);
    if (operand === undefined) return undefined;
    if (operand.kind !== "const") {
      return report(context, "types/value", item.span, "A list may hold numbers only", "Use or between comparisons.");
    }
    if (of === undefined) continue;
    const problem = mismatch(of.quality, operand.quality, "compares");
    if (problem !== undefined) return report(context, problem.code, item.span, problem.message, problem.help);
    values.push((inUnitOf(of, operand) as typeof operand).value);
  }
  if (of === undefined) return undefined;
  if (of.kind === "const") return report(context, "logic/constant", node.span, "Both sides are constants");
  const [low, high] = of.quality.range;
  if (!node.negated && values.every((value) => value < low || value > high)) {
    const runs = rangeText(of.quality);
    report(
      context,
      "logic/never",
      node.span,
      `It is never in this list: its values run from ${runs}`,
      "Check the list.",
    );
  }
  const unique = [...new Set(values)].sort((a, b) => a - b);
  return { op: "leaf", left: of.index, operator: node.negated ? "notIn" : "in", right: { values: unique } };
}

// ---------------------------------------------------------------------------------------------- time

/** Previous bar at or on the other side, now beyond. Constants have no past of their own. */
function lowerCross(context: Context, node: Node & { readonly kind: "crosses" }): Condition | undefined {
  const found = sides(context, node);
  if (found === undefined) return undefined;
  const { left, right, mirrored } = found;
  const { table } = context.scope;
  const past = (operand: Operand): Operand =>
    operand.kind === "const" ? operand : { ...operand, index: table.lag(operand.index, 1, true) };
  const before = table.lag(left.index, 1, true);
  const turn = (relation: ">" | "<"): Condition => {
    const behind = relation === ">" ? "<=" : ">=";
    if (found.sound) {
      checkBoth(context, node.span, [
        [left, behind, right],
        [left, relation, right],
      ]);
    }
    return group("all", [leaf(before, OPERATORS[behind], past(right)), leaf(left.index, OPERATORS[relation], right)]);
  };
  if (node.direction === "any") return group("any", [turn(">"), turn("<")]);
  const up = (node.direction === "above") !== mirrored;
  return turn(up ? ">" : "<");
}

function lowerQuantity(context: Context, quantity: Quantity): { bars: number } | { seconds: number } | undefined {
  if ("ms" in quantity) {
    if (quantity.ms > 0) return { seconds: quantity.ms / 1_000 };
    return report(context, "types/value", quantity.span, "The duration must be longer than nothing");
  }
  const bars = lowerCount(context, quantity.bars, 1, MAX_BARS, "The number of bars");
  return bars === undefined ? undefined : { bars };
}

function lowerLasting(context: Context, node: Node & { readonly kind: "for" | "within" }): Condition | undefined {
  const condition = lowerCondition(context, node.of);
  const quantity = lowerQuantity(context, node.quantity);
  if (condition === undefined || quantity === undefined) return undefined;
  if (isTooLarge(context, node.span, [...factsOf(condition)])) return undefined;
  const { table } = context.scope;
  const { kind } = node;
  if (kind === "for") {
    const left =
      "bars" in quantity ? table.barsTrue(condition, quantity.bars) : table.secondsTrue(condition, quantity.seconds);
    const value = "bars" in quantity ? quantity.bars : quantity.seconds;
    return { op: "leaf", left, operator: "greaterThanInclusive", right: { value } };
  }
  const left =
    "bars" in quantity
      ? table.barsSince(condition, quantity.bars, false, context.rule)
      : table.secondsSince(condition, quantity.seconds, false, context.rule);
  const value = "bars" in quantity ? quantity.bars : quantity.seconds;
  return { op: "leaf", left, operator: "lessThan", right: { value } };
}

function lowerSequence(context: Context, node: Node & { readonly kind: "then" }): Condition | undefined {
  const first = lowerCondition(context, node.first);
  const second = lowerCondition(context, node.second);
  const quantity = lowerQuantity(context, node.quantity);
  if (first === undefined || second === undefined || quantity === undefined) return undefined;
  if (isTooLarge(context, node.span, [...factsOf(first)])) return undefined;
  const { table } = context.scope;
  const isBars = "bars" in quantity;
  if (!isBars && !table.ticks && quantity.seconds * 1_000 < lengthOf(table.own.size)) {
    const message = `Bars of ${table.own.size.label} are further apart than this, so it never holds`;
    return report(context, "logic/never", node.quantity.span, message, "Count in bars: within 5 bars.");
  }
  const value = isBars ? quantity.bars : quantity.seconds;
  const left = isBars
    ? table.barsSince(first, value, true, context.rule)
    : table.secondsSince(first, value, true, context.rule);
  const lately: LeafCondition = { op: "leaf", left, operator: "lessThanInclusive", right: { value } };
  return group("all", [second, lately]);
}
