/**
 * Orders of one account that could trade with each other.
 *
 * Owns: which they are, as brokers judge it, and which working entries of others an exit would meet. May not: cancel or send.
 */
import { decimal } from "../decimal.ts";
import type { Decimal } from "../decimal.ts";
import type { Side } from "../event.ts";
import type { Book } from "./books.ts";
import { isAsked } from "./orders.ts";
import type { Order } from "./orders.ts";
import type { ExitProcedure } from "./procedure.ts";
import type { DeskState } from "./state.ts";

/** A simple order that is to leave; `limit` is null for one at the market and for a stop. */
export interface Crossing {
  readonly side: Side;
  readonly limit: Decimal | null;
}

/**
 * As Alpaca judges it: a simple market or stop order of either side meets every simple order of the other, two with limits
 * meet when the buyer would pay what the seller asks. Complex orders and trailing stops are exempt.
 */
export function meets({ side, limit }: Crossing, { type, parent, request, limitPrice }: Order): boolean {
  const isComplex = parent !== null || (request !== null && request.orderClass !== "simple");
  if (isComplex || type === "trailing_stop") return false;
  if (limit === null || limitPrice === null) return true;
  const theirs = decimal(limitPrice);
  return side === "buy" ? limit.isGreaterThanOrEqualTo(theirs) : theirs.isGreaterThanOrEqualTo(limit);
}

/** Working entries of other strategies that the order of this exit would meet. What waits for a person is at no broker. */
export function crossedBy(desk: DeskState, { strategy, symbol }: Book, { form }: ExitProcedure): readonly Order[] {
  const { qty } = desk.portfolio.position(strategy, symbol);
  if (qty.isZero() || isExempt(form)) return [];
  const side: Side = qty.isGreaterThan(0) ? "sell" : "buy";
  const limitPrice = form.guards === undefined ? form.prices[side]?.limitPrice : undefined;
  const leaving = { side, limit: limitPrice === undefined ? null : decimal(limitPrice) };
  return [...desk.orders.openEntries].filter(
    (order) =>
      order.symbol === symbol &&
      order.side !== side &&
      order.origin.strategy !== strategy &&
      !isAsked(order) &&
      meets(leaving, order),
  );
}

/** Two orders of which one cancels the other are complex. */
function isExempt({ type, guards }: ExitProcedure["form"]): boolean {
  return guards === undefined
    ? type === "trailing_stop"
    : guards.stopLoss !== undefined && guards.takeProfit !== undefined;
}

/** A strategy whose exit clears its way for an order against `side`: nothing that it would have to cancel should follow. */
export function exitAgainst(desk: DeskState, strategy: string, symbol: string, side: Side): string | undefined {
  for (const book of desk.books.all) {
    if (book.symbol !== symbol || book.strategy === strategy || book.exit === undefined) continue;
    const { qty } = desk.portfolio.position(book.strategy, symbol);
    const sells = qty.isGreaterThan(0);
    if (book.exit.order === undefined && !isExempt(book.exit.form) && !qty.isZero() && sells === (side === "buy"))
      return book.strategy;
  }
  return undefined;
}
