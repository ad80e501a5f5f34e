/**
 * Shares that working orders of a book may take away.
 *
 * Owns: counting orders of one family once: of a stop and a target that cancel each other only one can fill.
 */
import { Decimal, ZERO } from "../decimal.ts";
import { isTerminal, remaining } from "./orders.ts";
import type { Order, OrderBook } from "./orders.ts";

export function guardedQty(
  orders: OrderBook,
  { strategy, symbol }: { readonly strategy: string; readonly symbol: string },
  counts: (order: Order) => boolean,
): Decimal {
  const families = new Map<string, Decimal>();
  for (const order of orders.openOf(strategy, symbol)) {
    if (!counts(order)) continue;
    const family = order.parent ?? order.clientOrderId;
    const entry = orders.get(family);
    // Legs of an entry that still works guard no more of it than is filled.
    const most = entry?.role === "entry" && !isTerminal(entry) ? entry.filledQty : remaining(order);
    families.set(family, Decimal.max(families.get(family) ?? ZERO, Decimal.min(remaining(order), most)));
  }
  return [...families.values()].reduce((sum, qty) => sum.plus(qty), ZERO);
}
