/**
 * Values and reasons as text.
 *
 * Owns: `rsi(14) = 25, close = 101` and `, because close <= highest(close, 20)`.
 */
import { factsOf } from "../../core/canonical.ts";
import type { Condition } from "../../core/program.ts";
import type { Logic } from "./logic.ts";

const MOST_VALUES = 4;

/** Values at which `condition` holds, for the facts that `about` mentions; empty when there are none to show. */
export function exampleOf(logic: Logic, condition: Condition, about: Condition): string {
  const witness = logic.witness(condition);
  if (witness === undefined) return "";
  const shown: string[] = [];
  for (const index of factsOf(about)) {
    const node = logic.domain.fact(index);
    const value = witness.get(node);
    if (value === undefined || !logic.domain.isFact(node)) continue;
    shown.push(`${logic.domain.wordsOf(node)} = ${Number(value.toPrecision(12))}`);
  }
  return shown.length > MOST_VALUES ? `${shown.slice(0, MOST_VALUES).join(", ")}, …` : shown.join(", ");
}

/** Why it is impossible, as far as that is not written in the condition itself. */
export function reasonOf(logic: Logic, condition: Condition | undefined): string {
  if (condition === undefined) return "";
  const reasons = logic
    .reasons(condition)
    .map(({ a, b }) => `${logic.domain.wordsOf(a)} <= ${logic.domain.wordsOf(b)}`);
  return reasons.length === 0 ? "" : `, because ${reasons.join(" and ")}`;
}
