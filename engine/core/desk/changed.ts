/**
 * What follows when an order changed.
 *
 * Owns: telling it, and letting what waits for it go on: an exit procedure, protection that a partial entry or a cancelled
 * stop leaves missing. May not: hear the broker, or decide to trade.
 */
import { isGuard } from "./books.ts";
import type { Book } from "./books.ts";
import { continueExits, restoreProtection } from "./exits.ts";
import { isTerminal } from "./orders.ts";
import type { Order } from "./orders.ts";
import type { DeskState } from "./state.ts";

/** After any change of an order: tell, publish, and let what waits for it go on. */
export function changed(desk: DeskState, order: Order): void {
  desk.announce(order);
  const book = desk.books.get(order.origin.strategy, order.symbol);
  if (isTerminal(order)) afterEnd(desk, book, order);
  continueExits(desk, order);
  desk.publish(book);
}

function afterEnd(desk: DeskState, book: Book, order: Order): void {
  desk.output({ kind: "timer.cancel", id: `expire:${order.clientOrderId}` });
  const flat = desk.portfolio.position(book.strategy, book.symbol).qty.isZero();
  if (order.role === "entry" && order.filledQty.isGreaterThan(0) && !order.counted && !flat) {
    order.counted = true;
    book.filledEntries++;
  }
  if (book.exit !== undefined || flat) return;
  if (desk.splits.isUnsettled(order.symbol)) {
    // What protects it in new shares is sent when the broker has booked them.
    if (order.role === "entry" && order.filledQty.isGreaterThan(0)) book.unprotected ??= order.origin;
    return;
  }
  // The legs of a bracket wait for the whole entry: what filled before a cancel stands without a stop.
  if (order.role === "entry") {
    if (order.state !== "filled" && order.filledQty.isGreaterThan(0)) restoreProtection(desk, book, order.origin);
  } else if (order.role === "stop_loss" || order.role === "take_profit") afterLegEnd(desk, book, order);
}

/** A leg that is gone without its family having done its work leaves the position open. */
function afterLegEnd(desk: DeskState, book: Book, order: Order): void {
  if (order.state === "filled" || desk.orders.familyOf(order).some(isFilledLeg)) return;
  if (order.state === "canceled" && order.cancels === 0) {
    restoreProtection(desk, book, order.origin, true);
    return;
  }
  if (book.unprotected !== undefined) {
    // All of them were to go, and what is still there gets new ones.
    const isLast = !desk.orders.openOf(book.strategy, book.symbol).some(isGuard);
    if (isLast) restoreProtection(desk, book, book.unprotected);
    return;
  }
  desk.alert(
    "critical",
    "protection/gone",
    `the ${order.role} order of ${book.symbol} is ${order.state}${order.reason === null ? "" : ` (${order.reason})`}: the position stands without it`,
    book,
  );
}

function isFilledLeg({ role, state }: Order): boolean {
  return role !== "entry" && state === "filled";
}
