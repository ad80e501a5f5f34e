/**
 * One comparison of the safe profile, on numbers.
 *
 * Owns: what the operators mean. May not: know unknown: callers ask for that first.
 */
import type { Operator } from "./program.ts";

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
