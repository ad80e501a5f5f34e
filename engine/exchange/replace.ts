/**
 * Replacing a working order by a changed one with a new id.
 *
 * Owns: what may change, and the hand-over of the old order's state to the new one. Everything a new order must
 * satisfy is asked of the replacement too, with the old order's reservation and shares counted as free.
 * May not: match.
 */
import { ZERO, type Decimal } from "../core/decimal.ts";
import type { Exchange, ExchangeOrder, ExchangeRefusal } from "./types.ts";
import { toEntry } from "./accept.ts";
import { admit as admitToAccount, referencePrice, type Admission } from "./admission.ts";
import { admit, remove, tell } from "./lifecycle.ts";
import { duplicateClientId, invalid } from "./refusals.ts";
import { readAmount, type Draft } from "./request.ts";
import { checkRules } from "./rules.ts";
import { auctionRefusal, scheduleOf, type Schedule } from "./schedule.ts";
import { bookOf, change, entryOf, isWorking, remaining, type Entry, type State } from "./state.ts";

export type Change = Parameters<Exchange["replace"]>[1];

export function replaceOrder(state: State, old: Entry, wanted: Change, now: number): Entry | ExchangeRefusal {
  const denied = checkReplaceable(state, old, wanted);
  if (denied !== undefined) return denied;
  const amounts = readChange(wanted);
  if ("status" in amounts) return amounts;
  const book = bookOf(state, old.order.symbol);
  const leftover = leftoverOf(old, amounts.qty);
  if ("status" in leftover) return leftover;
  const draft = draftOf(old, wanted, amounts, leftover.qty, book.instrument);
  // A leg and the entry of a complex order were checked with it; alone they are plain orders.
  const broken = checkRules({ ...draft, orderClass: "simple" }, referencePrice(book, old.buy));
  if (broken !== undefined) return broken;
  const complex = old.order.orderClass !== "simple";
  const crossed = complex ? checkFamilyPrices(state, old, draft) : undefined;
  if (crossed !== undefined) return crossed;
  const exit = old.order.role === "take_profit" || old.order.role === "stop_loss";
  const admission: Admission | ExchangeRefusal = exit
    ? { intent: old.order.positionIntent, reservePrice: old.reservePrice }
    : admitToAccount(state, book, draft, old);
  if ("status" in admission) return admission;
  const schedule = rescheduled(old, wanted, book.calendar, now);
  if ("status" in schedule) return schedule;
  return handOver(state, old, draft, admission, schedule, now);
}

function checkReplaceable(state: State, old: Entry, wanted: Change): ExchangeRefusal | undefined {
  const { status, orderClass, notional, qty } = old.order;
  const held = status === "held";
  if (!isWorking(old) && !held) return invalid(`order is not open for replacement: it is in "${status}" state`);
  if (orderClass === "oto") return invalid("oto orders cannot be replaced");
  if (notional !== null) return invalid("notional orders cannot be replaced");
  if (wanted.qty !== undefined && orderClass !== "simple") return invalid("qty of a complex order cannot be replaced");
  if (wanted.timeInForce !== undefined && orderClass !== "simple") {
    return invalid("time_in_force of a complex order cannot be replaced");
  }
  if (wanted.qty !== undefined && qty !== null && !qty.isInteger()) return invalid("fractional qty cannot be replaced");
  if (wanted.clientOrderId !== undefined && state.byClientId.has(wanted.clientOrderId)) return duplicateClientId();
  return undefined;
}

interface Amounts {
  readonly qty: Decimal | null;
  readonly limitPrice: Decimal | null;
  readonly stopPrice: Decimal | null;
  readonly trail: Decimal | null;
}

function readChange(wanted: Change): Amounts | ExchangeRefusal {
  const fields: Record<keyof Amounts, Decimal | null> = { qty: null, limitPrice: null, stopPrice: null, trail: null };
  for (const field of Object.keys(fields) as (keyof Amounts)[]) {
    const read = readAmount(wanted[field]);
    if (read === undefined) return invalid(`invalid ${field.replace("Price", "_price")} ${wanted[field] ?? ""}`);
    fields[field] = read;
  }
  return fields;
}

/** The new quantity counts the whole order; the replacement carries what is then left of it. */
function leftoverOf(old: Entry, qty: Decimal | null): { readonly qty: Decimal } | ExchangeRefusal {
  if (qty === null) return { qty: remaining(old) };
  if (!qty.isInteger()) return invalid("qty must be whole");
  const left = qty.minus(old.order.filledQty);
  return left.gt(0) ? { qty: left } : invalid("qty must be > filled_qty");
}

function draftOf(old: Entry, wanted: Change, amounts: Amounts, qty: Decimal, instrument: Draft["instrument"]): Draft {
  const { order } = old;
  const trailing = order.type === "trailing_stop";
  return {
    clientOrderId: wanted.clientOrderId ?? "",
    instrument,
    side: order.side,
    buy: old.buy,
    qty,
    notional: null,
    type: order.type,
    timeInForce: wanted.timeInForce ?? order.timeInForce,
    extendedHours: order.extendedHours,
    limitPrice: amounts.limitPrice ?? order.limitPrice,
    // The stop of a trailing stop is its own business.
    stopPrice: trailing ? amounts.stopPrice : (amounts.stopPrice ?? order.stopPrice),
    trailPrice: order.trailPrice === null && trailing ? null : (amounts.trail ?? order.trailPrice),
    trailPercent: order.trailPercent === null ? null : (amounts.trail ?? order.trailPercent),
    orderClass: order.orderClass,
    takeProfit: null,
    stopLoss: null,
  };
}

/** Exits of one family keep their order: target beyond stop. */
function checkFamilyPrices(state: State, old: Entry, draft: Draft): ExchangeRefusal | undefined {
  const { role, parentId, legIds, id } = old.order;
  if (role !== "take_profit" && role !== "stop_loss") return undefined;
  const ids = parentId === null ? legIds : [parentId, ...entryOf(state, parentId).order.legIds];
  const other = ids.filter((one) => one !== id).map((one) => entryOf(state, one).order);
  const sibling = other.find((one) => one.role === (role === "take_profit" ? "stop_loss" : "take_profit"));
  const target = role === "take_profit" ? draft.limitPrice : (sibling?.limitPrice ?? null);
  const stop = role === "stop_loss" ? draft.stopPrice : (sibling?.stopPrice ?? null);
  if (sibling === undefined || target === null || stop === null) return undefined;
  const sane = draft.buy ? target.lt(stop) : target.gt(stop);
  return sane ? undefined : invalid("take_profit.limit_price and stop_loss.stop_price would cross");
}

function rescheduled(
  old: Entry,
  wanted: Change,
  calendar: Parameters<typeof scheduleOf>[0],
  now: number,
): Schedule | ExchangeRefusal {
  const { timeInForce, extendedHours, expiresAt } = old.order;
  if (wanted.timeInForce === undefined || wanted.timeInForce === timeInForce) {
    return { activeFrom: Math.max(now, old.activeFrom), expiresAt: expiresAt ?? Infinity };
  }
  const late = auctionRefusal(calendar, wanted.timeInForce, now);
  if (late !== undefined) return invalid(late);
  return scheduleOf(calendar, wanted.timeInForce, extendedHours, now) ?? invalid("the calendar has no session left");
}

function handOver(
  state: State,
  old: Entry,
  draft: Draft,
  admission: Admission,
  schedule: Schedule,
  now: number,
): Entry {
  const id = state.ids.next("order");
  const held = old.order.status === "held";
  const order: ExchangeOrder = {
    ...old.order,
    id,
    clientOrderId: draft.clientOrderId || state.ids.next("client"),
    qty: draft.qty,
    timeInForce: draft.timeInForce,
    limitPrice: draft.limitPrice,
    stopPrice: draft.stopPrice,
    trailPrice: draft.trailPrice,
    trailPercent: draft.trailPercent,
    status: held ? "held" : schedule.activeFrom > now ? "accepted" : "new",
    filledQty: ZERO,
    filledAvgPrice: null,
    submittedAt: now,
    updatedAt: now,
    filledAt: null,
    replaces: old.order.id,
    expiresAt: schedule.expiresAt,
    positionIntent: admission.intent,
  };
  change(old, { status: "replaced", replacedAt: now, replacedBy: id, updatedAt: now });
  remove(state, old);
  tell(state, "replaced", old, now);
  const entry = toEntry(state, order, draft, schedule, admission.reservePrice);
  entry.triggered = old.triggered && entry.stop === old.stop;
  admit(state, entry);
  relink(state, old.order, id);
  tell(state, order.status as "held" | "accepted" | "new", entry, now);
  return entry;
}

/** The family knows the replacement by its new id. */
function relink(state: State, old: ExchangeOrder, id: string): void {
  if (old.parentId !== null) {
    const parent = entryOf(state, old.parentId);
    change(parent, { legIds: parent.order.legIds.map((leg) => (leg === old.id ? id : leg)) });
  }
  for (const leg of old.legIds) change(entryOf(state, leg), { parentId: id });
}
