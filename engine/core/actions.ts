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

/** The expressions whose values a firing of it carries. */
export function expressionsOf(action: Action): readonly number[] {
  const found: (number | undefined)[] = [];
  if (action.kind === "alert") {
    for (const part of action.message) if (typeof part !== "string") found.push(part.expression);
  }
  if (action.kind === "reduce") found.push(action.ratio);
  if ("order" in action) {
    const { limit, stop, trailPrice, trailRatio } = action.order;
    found.push(limit, stop, trailPrice, trailRatio);
  }
  if (action.kind === "target") found.push(action.amount, action.equity, action.tolerance);
  if ("oco" in action) found.push(action.oco?.stopLoss, action.oco?.stopLossLimit, action.oco?.takeProfit);
  if ("bracket" in action)
    found.push(action.bracket?.stopLoss, action.bracket?.stopLossLimit, action.bracket?.takeProfit);
  if (action.kind === "buy" || action.kind === "sell") {
    const { size } = action;
    if (size.by === "qty") found.push(size.qty);
    else if (size.by === "notional") found.push(size.notional);
    else found.push(size.ratio, size.by === "risk" ? size.stop : undefined);
  }
  return [...new Set(found.filter((index) => index !== undefined))];
}
