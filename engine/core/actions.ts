/**
 * What an action can do to a position, as both halves see it.
 *
 * Owns: which actions exit, which may open or add, and which a position may count on to become smaller.
 * May not: know the position: what an action does to a given one is the desk's.
 */
import type { Action } from "./program.ts";

/** Goes before the entries of the same evaluation. */
export function isExit(action: Action): boolean {
  return action.kind === "close" || action.kind === "reduce";
}

export function isEntry(action: Action): boolean {
  return action.kind === "buy" || action.kind === "sell" || action.kind === "target";
}

/** Without `short: true` a sale only ever sells what is held. */
export function onlyReduces(action: Action): boolean {
  return isExit(action) || (action.kind === "sell" && !action.short);
}

/** A target and a reversal take away before they open. */
export function mayReduce(action: Action): boolean {
  return onlyReduces(action) || action.kind === "target" || "reverse" in action;
}

/** Entries that cannot both be meant: buying and selling, or a target, which says what all of the position should be. */
export function contradict(a: Action, b: Action): boolean {
  return isEntry(a) && isEntry(b) && (a.kind !== b.kind || a.kind === "target");
}

/** What it does is about the position that is there: a new one arms it again. */
export function isForOnePosition(action: Action): boolean {
  return action.kind === "reduce" || (action.kind === "close" && action.oco !== undefined);
}
