/**
 * Orders whose fate nobody knows: a submit without an answer, or one that a crash interrupted.
 *
 * Owns: looking them up, and what happens when nobody finds them. An order that can only reduce exposure is sent again
 * under the same id, which a broker takes once; an entry only where the project allows it and soon, else a person decides.
 * May not: make a new order of an old one.
 */
import { text } from "../decimal.ts";
import { changed } from "./changed.ts";
import { continueExits } from "./exits.ts";
import type { Order } from "./orders.ts";
import type { DeskState } from "./state.ts";
import { watchAnswer } from "./watch.ts";

/** Nobody asks for ever. A crash may take each of them away, before or after it left. */
const MAX_RESENDS = 3;
const LATEST_ENTRY_MS = 120_000;
/** Arrival-time delays between look-ups; after the last the order counts as not found. */
const LOOKUP_DELAYS_MS = [250, 500, 1_000, 2_000, 5_000, 10_000] as const;

export function becomeUnknown(desk: DeskState, order: Order, reason: string): void {
  if (order.state === "unknown") {
    // A look-up that failed says nothing either; the next one is asked in its turn.
    scheduleLookup(desk, order);
    return;
  }
  if (order.state !== "sent") return;
  watchAnswer(desk, order, "none");
  desk.orders.move(order, "unknown", reason);
  desk.alert(
    "critical",
    "order/unknown",
    `nobody knows whether ${order.side} ${text(order.qty)} ${order.symbol} was accepted (${reason}); it is being looked up and not sent again`,
    {
      strategy: order.origin.strategy,
      symbol: order.symbol,
    },
  );
  scheduleLookup(desk, order);
  changed(desk, order);
}

export function scheduleLookup(desk: DeskState, order: Order): void {
  const delay = LOOKUP_DELAYS_MS[order.lookups];
  if (delay === undefined) {
    if (resent(desk, order)) return;
    const told = order.unresolved;
    order.unresolved = true;
    // An exit does not wait for ever for an entry that nobody knows.
    continueExits(desk, order);
    if (told) return;
    desk.alert(
      "critical",
      "order/unresolved",
      `${order.clientOrderId} could not be found at the broker; a person must decide (barwise resolve)`,
      {
        strategy: order.origin.strategy,
        symbol: order.symbol,
      },
    );
    return;
  }
  order.lookups++;
  desk.output({
    kind: "timer.set",
    id: `lookup:${order.clientOrderId}`,
    clock: "arrival",
    at: desk.now.arrivalTime + delay,
  });
}

/** Whether it was sent again. Every check is run again: the market and the book went on. */
function resent(desk: DeskState, order: Order): boolean {
  const { request } = order;
  if (request === null || order.resends >= MAX_RESENDS || order.splitAt !== null) return false;
  if (order.role === "entry" && !mayEnterLate(desk, order)) return false;
  if (!desk.sendAgain(order, request)) return false;
  order.resends++;
  order.lookups = 0;
  desk.alert(
    "warning",
    "order/resent",
    `${order.side} ${text(order.qty)} ${order.symbol} was not found at the broker and is sent again under the same id`,
    { strategy: order.origin.strategy, symbol: order.symbol },
  );
  changed(desk, order);
  return true;
}

/** What was to be cancelled, or decided long ago, before a process ended and was started again, is not entered any more. */
function mayEnterLate(desk: DeskState, { sentAt, cancels }: Order): boolean {
  if (cancels > 0) return false;
  const isFresh = sentAt !== null && desk.now.arrivalTime - sentAt <= LATEST_ENTRY_MS;
  return isFresh && desk.program?.unknownOrders === "resend";
}

export function onLookupTimer(desk: DeskState, id: string): void {
  const order = desk.orders.get(id);
  if (order !== undefined && order.state === "unknown") desk.output({ kind: "lookup", clientOrderId: id });
}

/** A person's word ends an order that nobody found. An order that is known to the broker is not theirs to end this way. */
export function wasNotSent(desk: DeskState, id: string, why: string): void {
  const order = desk.orders.get(id);
  if (order?.state !== "unknown" || !order.unresolved) {
    const state = order === undefined ? "nobody here sent it" : `it is ${order.state}`;
    desk.alert("warning", "order/not-unknown", `${id} is not an order that a person must decide about: ${state}`);
    return;
  }
  desk.output({ kind: "timer.cancel", id: `lookup:${id}` });
  if (desk.orders.move(order, "rejected", `not sent: ${why}`)) changed(desk, order);
}
