/**
 * One comparison or calculation of the safe profile, on numbers.
 *
 * Owns: what the operators mean. May not: know unknown in comparisons: callers ask for that first. In calculations it is NaN.
 */
import type { CalcOperator, Operator } from "./program.ts";

export function holds(operator: Operator, left: number, right: number | readonly number[]): boolean {
  if (typeof right !== "number") return right.includes(left) === (operator === "in");
  switch (operator) {
    case "lessThan":
      return left < right;
    case "lessThanInclusive":
      return left <= right;
    case "greaterThan":
      return left > right;
    case "greaterThanInclusive":
      return left >= right;
    case "equal":
      return left === right;
    case "notEqual":
      return left !== right;
    case "in":
    case "notIn":
      return false;
  }
}

/** `min` and `max` of more values are taken two at a time; `neg` and `abs` look at `a` alone. */
export function calculated(operator: CalcOperator, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "neg":
      return -a;
    case "abs":
      return Math.abs(a);
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
  }
}

export function calculatedOf(
  operator: CalcOperator,
  [a = Number.NaN, b = Number.NaN, ...more]: readonly number[],
): number {
  return more.reduce((value, one) => calculated(operator, value, one), calculated(operator, a, b));
}
