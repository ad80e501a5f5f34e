/**
 * Shares that working orders of a book may take away, and how many of the account's may be taken at all.
 *
 * Owns: counting orders of one family once: of a stop and a target that cancel each other only one can fill. May not: cancel or send.
 */
import { Decimal, ZERO } from "../decimal.ts";
import { isTerminal, remaining } from "./orders.ts";
import type { Order, OrderBook } from "./orders.ts";
import type { DeskState } from "./state.ts";

interface Place {
  readonly strategy: string;
  readonly symbol: string;
}

export function guardedQty(orders: OrderBook, { strategy, symbol }: Place, counts: (order: Order) => boolean): Decimal {
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

/** What orders of a book that reduce its position may take of it. */
export function takenQty({ orders, portfolio }: DeskState, place: Place): Decimal {
  const { qty } = portfolio.position(place.strategy, place.symbol);
  const side = qty.isGreaterThan(0) ? "sell" : "buy";
  const guarded = guardedQty(orders, place, (order) => order.role !== "entry" && order.side === side);
  return Decimal.min(guarded, qty.abs());
}

/**
 * How much of the account's position an order against what the book holds can take without going through zero. What
 * belongs to nobody here may offset what strategies believe they hold: then orders of others may take the same shares.
 */
export function reducible(desk: DeskState, { strategy, symbol }: Place): Decimal {
  const isLong = desk.portfolio.position(strategy, symbol).qty.isGreaterThan(0);
  const net = desk.portfolio.netQty(symbol);
  let left = isLong ? net : net.negated();
  for (const { strategy: other, qty } of desk.portfolio.inSymbol(symbol)) {
    if (other === strategy || qty.isZero() || qty.isGreaterThan(0) !== isLong) continue;
    left = left.minus(takenQty(desk, { strategy: other, symbol }));
  }
  return Decimal.max(left, ZERO);
}
