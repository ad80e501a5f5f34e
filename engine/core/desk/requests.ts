/**
 * From a rule's order form and its computed values to an order request.
 *
 * Owns: prices rounded to the tick in the safe direction, and the classes of orders. May not: size, check or send.
 */
import { assetClassOf, roundPrice, roundTrail, safeDirection } from "../../market/instruments.ts";
import { text } from "../decimal.ts";
import type { OrderRequest, Side } from "../event.ts";
import type { BracketSpec, OrderSpec, TimeInForce } from "../program.ts";
import type { Protection } from "./books.ts";

export interface Prices {
  readonly limitPrice?: string;
  readonly stopPrice?: string;
  readonly trailPrice?: string;
  readonly trailPercent?: string;
}

export type Problem = { readonly code: string; readonly reason: string };

type Value = (expression: number) => number;

/** A pair such as BTC/USD trades around the clock and knows no day: there `day` means until it is cancelled. */
export function timeInForceFor(symbol: string, timeInForce: TimeInForce): TimeInForce {
  return timeInForce === "day" && assetClassOf(symbol) === "crypto" ? "gtc" : timeInForce;
}

function price(
  value: number,
  side: Side,
  kind: "limit" | "protective_stop" | "entry_stop",
  symbol: string,
): string | undefined {
  if (!(value > 0)) return undefined;
  return text(roundPrice(value, safeDirection(side, kind), assetClassOf(symbol)));
}

/** Prices of the order itself. A stop that opens waits for its level; one that protects triggers early. */
export function pricesOf(order: OrderSpec, side: Side, symbol: string, opens: boolean, value: Value): Prices | Problem {
  const result: { -readonly [K in keyof Prices]: Prices[K] } = {};
  if (order.limit !== undefined) {
    const limit = price(value(order.limit), side, "limit", symbol);
    if (limit === undefined)
      return { code: "price_invalid", reason: `the limit price works out to ${value(order.limit)}` };
    result.limitPrice = limit;
  }
  if (order.stop !== undefined) {
    const stop = price(value(order.stop), side, opens ? "entry_stop" : "protective_stop", symbol);
    if (stop === undefined)
      return { code: "price_invalid", reason: `the stop price works out to ${value(order.stop)}` };
    result.stopPrice = stop;
  }
  if (order.trailPrice !== undefined) {
    const distance = value(order.trailPrice);
    if (!(distance > 0)) return { code: "price_invalid", reason: `the trailing distance works out to ${distance}` };
    result.trailPrice = text(roundTrail(distance, assetClassOf(symbol)));
  }
  if (order.trailRatio !== undefined) {
    const percent = value(order.trailRatio) * 100;
    if (!(percent > 0 && percent < 100))
      return { code: "price_invalid", reason: `the trailing distance works out to ${percent} %` };
    result.trailPercent = String(Number(percent.toFixed(4)));
  }
  return result;
}

export interface Bracket {
  readonly takeProfit?: { readonly limitPrice: string };
  readonly stopLoss?: { readonly stopPrice: string; readonly limitPrice?: string };
}

/** Prices of the orders that protect a position opened on `side`, checked to lie on the right side of a price. */
export function bracketOf(
  bracket: BracketSpec,
  side: Side,
  symbol: string,
  reference: { readonly name: string; readonly price: number },
  value: Value,
): Bracket | Problem {
  const exit: Side = side === "buy" ? "sell" : "buy";
  const sign = side === "buy" ? 1 : -1;
  const result: { -readonly [K in keyof Bracket]: Bracket[K] } = {};
  if (bracket.takeProfit !== undefined) {
    const level = value(bracket.takeProfit);
    const limitPrice = price(level, exit, "limit", symbol);
    if (limitPrice === undefined || (level - reference.price) * sign <= 0) {
      return {
        code: "bracket_invalid",
        reason: `take_profit works out to ${level}, which is not ${sign > 0 ? "above" : "below"} the ${reference.name} at ${reference.price}`,
      };
    }
    result.takeProfit = { limitPrice };
  }
  if (bracket.stopLoss !== undefined) {
    const level = value(bracket.stopLoss);
    const stopPrice = price(level, exit, "protective_stop", symbol);
    if (stopPrice === undefined || (reference.price - level) * sign <= 0) {
      return {
        code: "bracket_invalid",
        reason: `stop_loss works out to ${level}, which is not ${sign > 0 ? "below" : "above"} the ${reference.name} at ${reference.price}`,
      };
    }
    const limit =
      bracket.stopLossLimit === undefined ? undefined : price(value(bracket.stopLossLimit), exit, "limit", symbol);
    result.stopLoss = limit === undefined ? { stopPrice } : { stopPrice, limitPrice: limit };
  }
  return result;
}

export function classOf(bracket: Bracket): OrderRequest["orderClass"] {
  const legs = (bracket.takeProfit === undefined ? 0 : 1) + (bracket.stopLoss === undefined ? 0 : 1);
  return legs === 2 ? "bracket" : legs === 1 ? "oto" : "simple";
}

/** What a bracket entry promised to protect its position with. Undefined for an order without legs. */
export function protectionOf(request: OrderRequest): Protection | undefined {
  const { stopLoss, takeProfit, orderClass, timeInForce } = request;
  if (orderClass === "simple" || orderClass === "oco") return undefined;
  return {
    stopLoss: stopLoss?.stopPrice,
    stopLossLimit: stopLoss?.limitPrice,
    takeProfit: takeProfit?.limitPrice,
    timeInForce,
  };
}

/** The order that protects what is left of a position after its bracket is gone. Undefined when there is nothing to restore. */
export function protectionOrder(
  protection: Protection,
  id: string,
  symbol: string,
  side: Side,
  qty: string,
): OrderRequest | undefined {
  const { stopLoss, stopLossLimit, takeProfit, timeInForce } = protection;
  const base = { clientOrderId: id, symbol, side, qty, timeInForce, extendedHours: false };
  if (takeProfit !== undefined && stopLoss !== undefined) {
    const stop =
      stopLossLimit === undefined ? { stopPrice: stopLoss } : { stopPrice: stopLoss, limitPrice: stopLossLimit };
    return {
      ...base,
      type: "limit",
      limitPrice: takeProfit,
      orderClass: "oco",
      takeProfit: { limitPrice: takeProfit },
      stopLoss: stop,
    };
  }
  if (stopLoss !== undefined) {
    return stopLossLimit === undefined
      ? { ...base, type: "stop", stopPrice: stopLoss, orderClass: "simple" }
      : { ...base, type: "stop_limit", stopPrice: stopLoss, limitPrice: stopLossLimit, orderClass: "simple" };
  }
  if (takeProfit !== undefined) return { ...base, type: "limit", limitPrice: takeProfit, orderClass: "simple" };
  return undefined;
}
