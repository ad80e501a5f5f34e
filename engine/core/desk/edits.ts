/**
 * What a person may change of an order before they approve it, and how an order at the market is shown to them.
 *
 * Owns: quantity, limit price and time in force of a request, rounded and judged as any order is. May not: touch symbol or side.
 */
import { QTY_DECIMALS, assetClassOf, roundPrice, safeDirection } from "../../market/instruments.ts";
import type { Edits, OrderEdit } from "../approval.ts";
import { decimal, text } from "../decimal.ts";
import type { Decimal } from "../decimal.ts";
import type { OrderRequest } from "../event.ts";
import type { TimeInForce } from "../program.ts";
import type { Problem } from "./requests.ts";

const NUMBER = /^\d{1,15}(\.\d{1,12})?$/;
const TIMES: readonly string[] = ["day", "gtc", "opg", "cls", "ioc", "fok"] satisfies readonly TimeInForce[];

/** The order as it would go after the edit, or why it may not be. */
export function edited(
  order: OrderRequest,
  edit: OrderEdit,
  { edits, fractional }: { readonly edits: Edits; readonly fractional: boolean },
): OrderRequest | Problem {
  if (edits === "none") return { code: "edit_not_allowed", reason: "the strategy allows no edits (edits: none)" };
  const { qty, limitPrice, timeInForce } = edit;
  let result = order;
  if (qty !== undefined) {
    const wanted = numberOf(qty);
    if (wanted === undefined) return invalid(`"${qty}" is no quantity above 0`);
    if ((wanted.decimalPlaces() ?? 0) > (fractional ? QTY_DECIMALS : 0))
      return invalid(
        fractional ? `${qty} has more than ${QTY_DECIMALS} decimals` : `${qty} is no whole number of shares`,
      );
    if (edits === "lower" && wanted.isGreaterThan(order.qty))
      return {
        code: "edit_not_allowed",
        reason: `${qty} is more than ${order.qty}: an edit may only lower it (edits: lower)`,
      };
    result = { ...result, qty: text(wanted) };
  }
  if (limitPrice !== undefined) {
    const price = numberOf(limitPrice);
    if (price === undefined) return invalid(`"${limitPrice}" is no price above 0`);
    if (order.limitPrice === undefined) return invalid(`a ${order.type} order has no limit price`);
    const rounded = roundPrice(price, safeDirection(order.side, "limit"), assetClassOf(order.symbol));
    if (!rounded.isGreaterThan(0)) return invalid(`${limitPrice} is below the smallest price`);
    result = { ...result, limitPrice: text(rounded) };
  }
  if (timeInForce !== undefined) result = { ...result, timeInForce };
  return formProblem(result, fractional) ?? result;
}

function invalid(reason: string): Problem {
  return { code: "edit_invalid", reason };
}

function numberOf(value: string): Decimal | undefined {
  if (typeof value !== "string" || !NUMBER.test(value)) return undefined;
  const number = decimal(value);
  return number.isGreaterThan(0) ? number : undefined;
}

/** What no broker takes together; the language finds the same in a rule (lang/order-rules.ts). */
export function formProblem(order: OrderRequest, fractional: boolean): Problem | undefined {
  const { timeInForce, type, orderClass, symbol } = order;
  if (!TIMES.includes(timeInForce)) return invalid(`"${timeInForce}" is no time in force`);
  const isLasting = timeInForce === "day" || timeInForce === "gtc";
  const isPair = assetClassOf(symbol) === "crypto";
  if (isPair && timeInForce !== "gtc" && timeInForce !== "ioc") return invalid(`${symbol} takes gtc and ioc alone`);
  if (!isLasting && type !== "market" && type !== "limit") return invalid(`a ${type} order cannot be ${timeInForce}`);
  if (!isLasting && orderClass !== "simple") return invalid(`an order with a bracket cannot be ${timeInForce}`);
  if (!isLasting && order.extendedHours) return invalid(`an order for extended hours cannot be ${timeInForce}`);
  if (fractional && !isPair && timeInForce !== "day" && !decimal(order.qty).isInteger())
    return invalid(`an order for parts of shares must be day, not ${timeInForce}`);
  return legsProblem(order);
}

/** A stop or a target on the wrong side of the limit would trigger at once. */
function legsProblem({ side, limitPrice, takeProfit, stopLoss, orderClass }: OrderRequest): Problem | undefined {
  if (limitPrice === undefined || orderClass === "simple") return undefined;
  const sign = side === "buy" ? 1 : -1;
  const beyond = (price: string): number => decimal(price).minus(limitPrice).times(sign).toNumber();
  if (takeProfit !== undefined && beyond(takeProfit.limitPrice) <= 0)
    return invalid(
      `the limit of ${limitPrice} is not ${sign > 0 ? "below" : "above"} the take profit at ${takeProfit.limitPrice}`,
    );
  if (stopLoss !== undefined && beyond(stopLoss.stopPrice) >= 0)
    return invalid(
      `the limit of ${limitPrice} is not ${sign > 0 ? "above" : "below"} the stop loss at ${stopLoss.stopPrice}`,
    );
  return undefined;
}

/**
 * An order at the market as a limit order at the price that a person is shown and the drift that they accept: between their word
 * and the exchange the market goes on, and what they approved was a price.
 */
export function limited(order: OrderRequest, reference: Decimal, maxDriftRatio: number): OrderRequest {
  const bound = reference.times(decimal(order.side === "buy" ? 1 + maxDriftRatio : 1 - maxDriftRatio));
  const limit = roundPrice(bound, safeDirection(order.side, "limit"), assetClassOf(order.symbol));
  // Resting for ever is nothing that an order at the market does.
  const timeInForce = assetClassOf(order.symbol) === "crypto" ? "ioc" : order.timeInForce;
  return { ...order, type: "limit", limitPrice: text(limit), timeInForce };
}
