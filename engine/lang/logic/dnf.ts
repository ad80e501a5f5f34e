/**
 * Conditions as alternatives of plain comparisons.
 *
 * Owns: the disjunctive normal form with polarity, and its limit. May not: know what facts mean.
 */
import type { Condition, LeafCondition } from "../../core/program.ts";
import type { Relation } from "./order.ts";

/** Comparisons that must all hold. */
export type Conjunction = readonly Relation[];

/** Facts and numbers as numbered nodes. */
export interface Nodes {
  fact(index: number): number;
  constant(value: number): number;
  /** What follows from this comparison although it does not say so, e.g. the condition behind `for 3 bars`. */
  consequence(leaf: LeafCondition): Condition | undefined;
}

export const MOST_ALTERNATIVES = 4_096;

/** Undefined: too many alternatives. */
export function dnf(condition: Condition, nodes: Nodes, negated = false): readonly Conjunction[] | undefined {
  switch (condition.op) {
    case "not":
      return dnf(condition.kid, nodes, !negated);
    case "leaf":
      return leafForm(condition, nodes, negated);
    case "all":
    case "any": {
      let result: readonly Conjunction[] = (condition.op === "all") === negated ? [] : [[]];
      for (const kid of condition.kids) {
        const own = dnf(kid, nodes, negated);
        const next =
          own === undefined
            ? undefined
            : (condition.op === "all") === negated
              ? either(result, own)
              : both(result, own);
        if (next === undefined) return undefined;
        result = next;
      }
      return result;
    }
  }
}

export function either(a: readonly Conjunction[], b: readonly Conjunction[]): readonly Conjunction[] | undefined {
  return a.length + b.length > MOST_ALTERNATIVES ? undefined : [...a, ...b];
}

export function both(a: readonly Conjunction[], b: readonly Conjunction[]): readonly Conjunction[] | undefined {
  if (a.length * b.length > MOST_ALTERNATIVES) return undefined;
  return a.flatMap((first) => b.map((second) => [...first, ...second]));
}

function leafForm(leaf: LeafCondition, nodes: Nodes, negated: boolean): readonly Conjunction[] | undefined {
  const left = nodes.fact(leaf.left);
  const { right } = leaf;
  if ("values" in right) {
    const isIn = (leaf.operator === "in") !== negated;
    const each = right.values.map((value) => nodes.constant(value));
    if (isIn) return each.map((value) => equal(left, value));
    return [each.map((value): Relation => ({ a: left, b: value, kind: "apart" }))];
  }
  const plain = comparison(
    left,
    leaf.operator,
    "fact" in right ? nodes.fact(right.fact) : nodes.constant(right.value),
    negated,
  );
  const further = negated ? undefined : nodes.consequence(leaf);
  if (further === undefined) return [plain];
  const form = dnf(further, nodes);
  return form === undefined ? [plain] : (both([plain], form) ?? [plain]);
}

function equal(a: number, b: number): Conjunction {
  return [
    { a, b, kind: "weak" },
    { a: b, b: a, kind: "weak" },
  ];
}

function comparison(a: number, operator: LeafCondition["operator"], b: number, negated: boolean): Conjunction {
  switch (operator) {
    case "lessThan":
      return [negated ? { a: b, b: a, kind: "weak" } : { a, b, kind: "strict" }];
    case "lessThanInclusive":
      return [negated ? { a: b, b: a, kind: "strict" } : { a, b, kind: "weak" }];
    case "greaterThan":
      return [negated ? { a, b, kind: "weak" } : { a: b, b: a, kind: "strict" }];
    case "greaterThanInclusive":
      return [negated ? { a, b, kind: "strict" } : { a: b, b: a, kind: "weak" }];
    case "equal":
      return negated ? [{ a, b, kind: "apart" }] : equal(a, b);
    case "notEqual":
      return negated ? equal(a, b) : [{ a, b, kind: "apart" }];
    case "in":
    case "notIn":
      throw new RangeError(`${operator} needs a list`);
  }
}
