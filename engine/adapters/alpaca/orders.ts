/**
 * Our orders to the SDK's builders, and the SDK's orders to what we rely on.
 *
 * Owns: both mappings. Amounts stay text in both directions: the SDK would turn numbers into `1e-7`.
 * May not: send.
 */
import { Decimal } from "../../core/decimal.ts";
import type { LegRole, OrderRequest, Side } from "../../core/event.ts";
import type { OrderType } from "../../core/program.ts";
import type { SdkOrder, TradingApis } from "./sdk.ts";

/** An order as Alpaca has it, checked: everything here is present and of its type. */
export interface SeenOrder {
  readonly id: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  /** Null for a notional order. */
  readonly qty: string | null;
  readonly filledQty: string;
  readonly avgPrice: string | null;
  readonly type: OrderType;
  readonly status: string;
  readonly orderClass: string;
  readonly time: number;
  readonly legs: readonly SeenOrder[];
}

const TYPES: readonly string[] = ["market", "limit", "stop", "stop_limit", "trailing_stop"];
const AMOUNT = /^-?\d+(\.\d+)?$/;

/** Undefined when something that an order must have is missing: such an answer proves nothing. */
export function readOrder(order: SdkOrder): SeenOrder | undefined {
  const { id, clientOrderId, symbol, side, status } = order;
  const type = order.type as string;
  if (typeof id !== "string" || id === "" || typeof clientOrderId !== "string" || typeof symbol !== "string")
    return undefined;
  if ((side !== "buy" && side !== "sell") || typeof status !== "string" || !TYPES.includes(type)) return undefined;
  const filledQty = order.filledQty ?? "0";
  const qty = order.qty ?? null;
  const avgPrice = order.filledAvgPrice ?? null;
  if (!AMOUNT.test(filledQty) || (qty !== null && !AMOUNT.test(qty)) || (avgPrice !== null && !AMOUNT.test(avgPrice))) {
    return undefined;
  }
  const legs = (order.legs ?? []).map((leg) => readOrder(leg as unknown as SdkOrder));
  return {
    id,
    clientOrderId,
    symbol,
    side,
    qty,
    filledQty,
    avgPrice,
    type: type as OrderType,
    status,
    orderClass: order.orderClass ?? "",
    time: timeOf(order),
    legs: legs.filter((leg) => leg !== undefined),
  };
}

/** An order of several options has neither symbol nor side of its own, and its legs no type. We send none. */
export function isOfSeveral(order: SdkOrder): boolean {
  return order.orderClass === "mleg";
}

/** An order as the orders of one symbol that it is made of. */
export function readParts(order: SdkOrder): readonly (SeenOrder | undefined)[] {
  if (!isOfSeveral(order)) return [readOrder(order)];
  return (order.legs ?? []).map((leg) => readOrder({ ...leg, type: order.type } as unknown as SdkOrder));
}

function timeOf(order: SdkOrder): number {
  const stamp = order.filledAt ?? order.updatedAt ?? order.submittedAt ?? order.createdAt;
  const time = stamp instanceof Date ? stamp.getTime() : Number.NaN;
  return Number.isFinite(time) ? time : 0;
}

/** Whether an order that the broker has under our id is the one that we sent. */
export function isSame({ symbol, side, type, qty, legs }: SeenOrder, ours: OrderRequest): boolean {
  if (symbol !== ours.symbol || side !== ours.side || type !== ours.type || qty === null) return false;
  // What the stop of an oco has filled is taken off its target.
  const taken = ours.orderClass === "oco" ? legs.map(({ filledQty }) => filledQty) : [];
  return Decimal.sum(qty, ...taken).isEqualTo(ours.qty);
}

/** A stop is the stop loss; the limit beside it takes the profit. */
export function roleOf(leg: SeenOrder): LegRole {
  return leg.type === "limit" ? "take_profit" : "stop_loss";
}

export function placeOrder(api: TradingApis["orders"], order: OrderRequest): Promise<SdkOrder> {
  const common = {
    symbol: order.symbol,
    side: order.side,
    qty: order.qty,
    timeInForce: order.timeInForce,
    clientOrderId: order.clientOrderId,
    ...(order.extendedHours ? { extendedHours: true } : {}),
  };
  if (order.orderClass !== "simple") return placeGroup(api, order, common);
  switch (order.type) {
    case "market":
      return api.market(common);
    case "limit":
      return api.limit({ ...common, limitPrice: need(order.limitPrice, "limitPrice") });
    case "stop":
      return api.stop({ ...common, stopPrice: need(order.stopPrice, "stopPrice") });
    case "stop_limit":
      return api.stopLimit({
        ...common,
        stopPrice: need(order.stopPrice, "stopPrice"),
        limitPrice: need(order.limitPrice, "limitPrice"),
      });
    case "trailing_stop":
      return order.trailPrice === undefined
        ? api.trailingStop({ ...common, trailPercent: need(order.trailPercent, "trailPercent") })
        : api.trailingStop({ ...common, trailPrice: order.trailPrice });
  }
}

type Common = Parameters<TradingApis["orders"]["market"]>[0] & { qty: string };

function placeGroup(api: TradingApis["orders"], order: OrderRequest, common: Common): Promise<SdkOrder> {
  const { takeProfit, stopLoss } = order;
  if (order.orderClass === "oco") {
    return api.oco({ ...common, takeProfit: need(takeProfit, "takeProfit"), stopLoss: need(stopLoss, "stopLoss") });
  }
  // The builders know market and limit entries; a stop entry goes through the general one.
  if (order.type !== "market" && order.type !== "limit") {
    return api.submit({
      ...common,
      type: order.type,
      orderClass: order.orderClass,
      ...(order.stopPrice === undefined ? {} : { stopPrice: order.stopPrice }),
      ...(order.limitPrice === undefined ? {} : { limitPrice: order.limitPrice }),
      ...(takeProfit === undefined ? {} : { takeProfit }),
      ...(stopLoss === undefined ? {} : { stopLoss }),
    });
  }
  const entry = order.type === "limit" ? { ...common, limitPrice: need(order.limitPrice, "limitPrice") } : common;
  if (order.orderClass === "bracket") {
    return api.bracket({ ...entry, takeProfit: need(takeProfit, "takeProfit"), stopLoss: need(stopLoss, "stopLoss") });
  }
  return takeProfit === undefined
    ? api.oto({ ...entry, stopLoss: need(stopLoss, "stopLoss") })
    : api.oto({ ...entry, takeProfit });
}

/** An order that lacks what its type needs was never sent. */
export class IncompleteOrderError extends Error {
  override readonly name = "IncompleteOrderError";
}

function need<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new IncompleteOrderError(`the order has no ${field}`);
  return value;
}
