/**
 * Orders that were to reduce a position and went through zero: a stop and a target that both filled, a cancelled stop that filled
 * after all beside an exit.
 *
 * Owns: that what nobody wanted to open is closed again. May not: believe so while fills of an entry may be unheard of.
 */
import type { Decimal } from "../decimal.ts";
import { text } from "../decimal.ts";
import { exitBlockedBy } from "./act.ts";
import type { Book } from "./books.ts";
import { MARKET_EXIT, startExit } from "./exits.ts";
import type { Order } from "./orders.ts";
import type { DeskState } from "./state.ts";

/** Whether there is a position on a side on which there was none. */
export function isOpened(before: Decimal, after: Decimal): boolean {
  return !after.isZero() && (before.isZero() || before.isNegative() !== after.isNegative());
}

export function overshot(desk: DeskState, book: Book, order: Order): void {
  const parent = order.parent === null ? undefined : desk.orders.get(order.parent);
  if (parent?.role === "entry" && parent.state !== "filled") {
    // Legs work when all of the entry has filled: that was not heard yet.
    desk.output({ kind: "lookup", clientOrderId: parent.clientOrderId });
    return;
  }
  const { strategy, symbol } = book;
  const { qty } = desk.portfolio.position(strategy, symbol);
  if (qty.isZero()) return;
  const what = `${order.side} ${text(order.filledQty)} ${symbol} (${order.role}) filled beyond what "${strategy}" held`;
  const blocked = exitBlockedBy(desk, book);
  const next = blocked === undefined ? "that is closed again" : `that is not closed: ${blocked.reason}`;
  desk.alert("critical", "position/overshot", `${what}: it holds ${text(qty)}, and ${next}`, book);
  if (blocked === undefined && !closes(book)) startExit(desk, book, order.origin, { all: true }, MARKET_EXIT);
}

/** An exit to a fixed place counts late fills by itself. */
function closes({ exit }: Book): boolean {
  return exit !== undefined && exit.form.guards === undefined && ("all" in exit.aim || "to" in exit.aim);
}
