/**
 * How orders change: executions, cancels, expiry, legs that wake, shrink and go.
 *
 * Owns: every transition of an order and the event that tells it, in exact order. May not: look at prices or decide
 * whether something fills; matching does.
 */
import { invariant } from "../core/assert.ts";
import { Decimal, ZERO } from "../core/decimal.ts";
import { QTY_DECIMALS } from "../market/instruments.ts";
import { bookOf, change, entryOf, familyOf, isOver, isWorking, siblingsOf, type Entry, type State } from "./state.ts";
import type { ExchangeEvent } from "./types.ts";

type StatusEvent = Exclude<ExchangeEvent["kind"], "fill" | "partial_fill">;

/** Tells the order as it is now. */
export function tell(state: State, kind: StatusEvent, entry: Entry, time: number, reason: string | null = null): void {
  state.events.push({ kind, time, order: entry.order, reason });
}

/** Puts a new entry among the open ones. */
export function admit(state: State, entry: Entry): void {
  const { order } = entry;
  state.orders.set(order.id, entry);
  state.byClientId.set(order.clientOrderId, order.id);
  bookOf(state, order.symbol).open.push(entry);
  noteDue(state, entry);
}

function noteDue(state: State, entry: Entry): void {
  state.nextDue = Math.min(state.nextDue, dueOf(entry));
}

/** When time alone changes the order next. */
export function dueOf(entry: Entry): number {
  const expiry = entry.order.expiresAt ?? Infinity;
  return entry.order.status === "accepted" ? Math.min(entry.activeFrom, expiry) : expiry;
}

/** An order leaves the open ones; its snapshot stays. */
export function remove(state: State, entry: Entry): void {
  const { open } = bookOf(state, entry.order.symbol);
  const at = open.indexOf(entry);
  invariant(at >= 0, `order ${entry.order.id} is not open`);
  open.splice(at, 1);
}

export function activate(state: State, entry: Entry, time: number): void {
  change(entry, { status: "new", updatedAt: time });
  tell(state, "new", entry, time);
}

/** Cancels this one alone. */
function cancelOne(state: State, entry: Entry, time: number, reason: string | null): void {
  change(entry, { status: "canceled", canceledAt: time, updatedAt: time });
  remove(state, entry);
  tell(state, "canceled", entry, time, reason);
}

/** Cancelling one order of a complex one cancels the rest. */
export function cancelFamily(state: State, entry: Entry, time: number): void {
  cancelOne(state, entry, time, null);
  for (const member of familyOf(state, entry)) {
    if (!isOver(member)) cancelOne(state, member, time, "canceled with its complex order");
  }
}

export function expire(state: State, entry: Entry, time: number, reason: string | null = null): void {
  change(entry, { status: "expired", expiredAt: time, updatedAt: time });
  remove(state, entry);
  tell(state, "expired", entry, time, reason);
}

/** What becomes of a notional order at a price: shares to nine places, rounded down, never more than a sale holds. */
export function turnIntoShares(state: State, entry: Entry, price: Decimal, time: number): boolean {
  const { notional, symbol } = entry.order;
  invariant(notional !== null, "only a notional order is turned into shares");
  const wanted = notional.div(price).dp(QTY_DECIMALS, Decimal.ROUND_DOWN);
  const held = state.ledger.holding(symbol).qty.abs();
  const qty = entry.buy ? wanted : Decimal.min(wanted, held);
  if (qty.gt(0)) {
    change(entry, { qty });
    return true;
  }
  change(entry, { status: "rejected", failedAt: time, updatedAt: time });
  remove(state, entry);
  tell(state, "rejected", entry, time, "the amount buys no share");
  return false;
}

/**
 * Books one execution and what follows from it: siblings shrink or go, legs wake. Returns the legs that woke, for the
 * data that is being matched may reach them too.
 */
export function execute(state: State, entry: Entry, qty: Decimal, price: Decimal, time: number): readonly Entry[] {
  const { symbol, side, id } = entry.order;
  const total = entry.order.qty;
  const filledQty = entry.order.filledQty.plus(qty);
  invariant(total !== null && qty.gt(0) && filledQty.lte(total), `order ${id} would fill beyond its quantity`);
  const fee = state.options.fees.fee(side, qty, price, symbol);
  const positionQty = state.ledger.book(symbol, entry.buy ? qty : qty.negated(), price, fee);
  entry.filledValue = entry.filledValue.plus(qty.times(price));
  const done = filledQty.eq(total);
  change(entry, {
    status: done ? "filled" : "partially_filled",
    filledQty,
    filledAvgPrice: entry.filledValue.div(filledQty),
    filledAt: done ? time : null,
    updatedAt: time,
  });
  if (done) remove(state, entry);
  state.events.push({
    kind: done ? "fill" : "partial_fill",
    time,
    order: entry.order,
    execution: { executionId: state.ids.next("execution"), orderId: id, qty, price, fee, time, positionQty },
  });
  settleSiblings(state, entry, qty, done, time);
  return done ? wakeLegs(state, entry, time) : [];
}

/** Two exits guard the same shares: what one takes, the other loses. */
function settleSiblings(state: State, entry: Entry, qty: Decimal, done: boolean, time: number): void {
  for (const sibling of siblingsOf(state, entry)) {
    if (isOver(sibling)) continue;
    if (done) {
      cancelOne(state, sibling, time, "its sibling was filled");
      continue;
    }
    const order = sibling.order;
    change(sibling, { qty: (order.qty ?? ZERO).minus(qty), updatedAt: time });
    const kind = order.status === "held" || order.status === "accepted" ? order.status : "new";
    tell(state, kind, sibling, time, "its quantity follows the fills of its sibling");
  }
}

function wakeLegs(state: State, entry: Entry, time: number): readonly Entry[] {
  const { orderClass, role, legIds } = entry.order;
  if (orderClass === "simple" || orderClass === "oco" || role !== "parent") return [];
  const legs = legIds.map((id) => entryOf(state, id)).filter((leg) => leg.order.status === "held");
  for (const leg of legs) {
    leg.activeFrom = time;
    activate(state, leg, time);
  }
  return legs;
}

/** The remainder of an order that gets one look only. */
export function endImmediate(state: State, entry: Entry, time: number): void {
  if (isWorking(entry)) cancelOne(state, entry, time, `${entry.order.timeInForce} order not filled at once`);
}
