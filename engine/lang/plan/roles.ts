/**
 * What a rule is for: whether it opens, and whether it closes.
 *
 * Owns: that question for plans. A rule may do both, as a target or a reversal does. An action that is not known to be
 * harmless counts as one that opens.
 */
import type { Action, Fact, Strategy } from "../../core/program.ts";

export function opens(action: Action, facts: readonly Fact[]): boolean {
  switch (action.kind) {
    case "close":
    case "reduce":
    case "cancel":
    case "alert":
      return false;
    case "sell":
      // Without `short` a sale is clamped to what is held.
      return action.short;
    case "target": {
      const spec = facts[action.amount]?.spec;
      return spec?.kind !== "const" || spec.value !== 0;
    }
    default:
      return true;
  }
}

/** Whether it can close or reduce what the rules of its strategy open. */
export function closes(action: Action, { rules }: Strategy): boolean {
  const others = rules.map((rule) => rule.action);
  switch (action.kind) {
    case "close":
    case "reduce":
    case "target":
      return true;
    case "sell":
      return !action.short || others.some(({ kind }) => kind === "buy" || kind === "target");
    case "buy":
      return others.some((other) => (other.kind === "sell" || other.kind === "target") && other.short);
    case "cancel":
    case "alert":
      return false;
  }
}

export function canEnter({ rules, facts }: Strategy): boolean {
  return rules.some(({ action }) => opens(action, facts));
}
