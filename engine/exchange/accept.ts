/**
 * From an admitted draft to orders in the book.
 *
 * Owns: entries and first snapshots, the legs of complex orders included. May not: refuse anything.
 */
import { decimal, ZERO, type Decimal } from "../core/decimal.ts";
import { admit as open, tell } from "./lifecycle.ts";
import { trailLevel } from "./price-rules.ts";
import { isFractional, type Draft } from "./request.ts";
import type { Schedule } from "./schedule.ts";
import type { Entry, State } from "./state.ts";
import type { Admission } from "./admission.ts";
import type { ExchangeOrder } from "./types.ts";

/** Puts the order and its legs into the book and tells them. Returns the order itself, not its legs. */
export function accept(state: State, draft: Draft, admission: Admission, schedule: Schedule, now: number): Entry {
  const status = schedule.activeFrom > now ? "accepted" : "new";
  const id = state.ids.next("order");
  const oco = draft.orderClass === "oco";
  const root = blank(draft, schedule, now, id, draft.clientOrderId || state.ids.next("client"));
  const legs = legsOf(state, draft, root, status);
  const order: ExchangeOrder = {
    ...root,
    status,
    positionIntent: admission.intent,
    role: oco ? "take_profit" : draft.orderClass === "simple" ? "simple" : "parent",
    legIds: legs.map((leg) => leg.id),
  };
  const entry = toEntry(state, order, draft, schedule, admission.reservePrice);
  for (const one of [entry, ...legs.map((leg) => toEntry(state, leg, draft, schedule, ZERO))]) {
    open(state, one);
    tell(state, one.order.status as "new" | "accepted" | "held", one, now);
  }
  return entry;
}

function blank(draft: Draft, schedule: Schedule, now: number, id: string, clientOrderId: string): ExchangeOrder {
  return {
    id,
    clientOrderId,
    symbol: draft.instrument.symbol,
    side: draft.side,
    qty: draft.qty,
    notional: draft.notional,
    type: draft.type,
    timeInForce: draft.timeInForce,
    extendedHours: draft.extendedHours,
    limitPrice: draft.limitPrice,
    stopPrice: draft.stopPrice,
    trailPrice: draft.trailPrice,
    trailPercent: draft.trailPercent,
    highWaterMark: null,
    orderClass: draft.orderClass,
    parentId: null,
    legIds: [],
    role: "simple",
    status: "new",
    filledQty: ZERO,
    filledAvgPrice: null,
    submittedAt: now,
    updatedAt: now,
    filledAt: null,
    canceledAt: null,
    expiredAt: null,
    failedAt: null,
    replacedAt: null,
    replaces: null,
    replacedBy: null,
    expiresAt: schedule.expiresAt,
    positionIntent: draft.buy ? "buy_to_open" : "sell_to_open",
  };
}

/** Bracket and OTO legs wait, held, for their parent; the stop of an OCO works beside its target from the start. */
function legsOf(state: State, draft: Draft, root: ExchangeOrder, status: "new" | "accepted"): ExchangeOrder[] {
  const oco = draft.orderClass === "oco";
  const buys = oco ? draft.buy : !draft.buy;
  const leg = (): ExchangeOrder => ({
    ...root,
    id: state.ids.next("order"),
    clientOrderId: state.ids.next("client"),
    side: buys ? "buy" : "sell",
    limitPrice: null,
    stopPrice: null,
    parentId: root.id,
    status: oco ? status : "held",
    positionIntent: buys ? "buy_to_close" : "sell_to_close",
  });
  const legs: ExchangeOrder[] = [];
  const { takeProfit, stopLoss } = draft;
  if (takeProfit !== null && !oco) {
    legs.push({ ...leg(), role: "take_profit", type: "limit", limitPrice: takeProfit.limitPrice });
  }
  if (stopLoss !== null) {
    const { stopPrice, limitPrice } = stopLoss;
    const type = limitPrice === null ? "stop" : "stop_limit";
    legs.push({ ...leg(), role: "stop_loss", type, stopPrice, limitPrice });
  }
  return legs;
}

export function toEntry(
  state: State,
  order: ExchangeOrder,
  draft: Draft,
  schedule: Schedule,
  reservePrice: Decimal,
): Entry {
  state.submitted += 1;
  const started = startTrail(state, order, draft);
  return {
    order: started,
    seq: state.submitted,
    buy: order.side === "buy",
    fractional: isFractional(draft) || draft.instrument.assetClass === "crypto",
    limit: order.limitPrice?.toNumber() ?? NaN,
    stop: started.stopPrice?.toNumber() ?? NaN,
    triggered: false,
    activeFrom: schedule.activeFrom,
    reservePrice,
    filledValue: ZERO,
  };
}

/** A trailing stop starts from the last price; without one, from the first it sees. */
function startTrail(state: State, order: ExchangeOrder, draft: Draft): ExchangeOrder {
  if (order.type !== "trailing_stop") return order;
  const last = state.books.get(order.symbol)?.last ?? NaN;
  const mark = order.highWaterMark ?? (Number.isNaN(last) ? null : decimal(last));
  if (mark === null) return order;
  const trail = { price: order.trailPrice, percent: order.trailPercent };
  const stopPrice = trailLevel(order.side === "buy", mark, trail, draft.instrument.assetClass);
  return { ...order, highWaterMark: mark, stopPrice };
}
