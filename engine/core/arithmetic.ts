/**
 * One calculation of the safe profile, on numbers.
 *
 * Owns: what `+ - * /`, `abs`, `min` and `max` mean, for facts, for approvals and for constants that the language folds.
 * May not: know facts. What is unknown is NaN, and so is what comes of it.
 */
import type { CalcOperator } from "./program.ts";

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
