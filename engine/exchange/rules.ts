/**
 * What an order must be like, whoever sends it: Alpaca's rules on types, times in force, classes, prices and sizes.
 *
 * Owns: the 422 refusals. May not: look at cash, positions or other orders (admission.ts).
 */
import { decimal, text, type Decimal } from "../core/decimal.ts";
import { isOnTick } from "../market/instruments.ts";
import { forbidden, invalid, subPenny } from "./refusals.ts";
import { isFractional, type Draft } from "./request.ts";
import type { ExchangeRefusal } from "./types.ts";

type Verdict = ExchangeRefusal | undefined;

const CENT = decimal("0.01");
const MAX_CLIENT_ID = 128;

/** `reference` is the price of the moment, or null when none is known. */
export function checkRules(draft: Draft, reference: Decimal | null): Verdict {
  return (
    checkIdentity(draft) ??
    checkSize(draft) ??
    checkPrices(draft) ??
    checkTimeInForce(draft) ??
    (draft.instrument.assetClass === "crypto" ? checkCrypto(draft) : checkEquity(draft)) ??
    checkClass(draft, reference)
  );
}

function checkIdentity(draft: Draft): Verdict {
  const { instrument, clientOrderId } = draft;
  if (!instrument.tradable) return invalid(`asset ${instrument.symbol} is not tradable`);
  if (clientOrderId.length > MAX_CLIENT_ID) {
    return invalid(`client_order_id must be no more than ${MAX_CLIENT_ID} characters`);
  }
  return undefined;
}

function checkSize(draft: Draft): Verdict {
  const { qty, notional, type, timeInForce, instrument, extendedHours, orderClass } = draft;
  if ((qty === null) === (notional === null)) return invalid("qty or notional is required, and not both");
  if (qty !== null && qty.lte(0)) return invalid("qty must be > 0");
  if (!isFractional(draft)) return undefined;
  const equity = instrument.assetClass === "us_equity";
  if (!instrument.fractionable) return invalid(`asset "${instrument.symbol}" is not fractionable`);
  if (equity && timeInForce !== "day") return invalid("fractional orders must be DAY orders");
  if (orderClass !== "simple") return invalid("fractional orders must be simple orders");
  if (type === "trailing_stop") return invalid("fractional orders cannot be trailing stop orders");
  if (notional === null) return undefined;
  if (notional.lt(1)) return forbidden("cost basis must be >= minimal amount of order 1");
  if (type !== "market" || extendedHours) return invalid("notional orders must be market orders");
  return undefined;
}

function checkPrices(draft: Draft): Verdict {
  const { type, limitPrice, stopPrice, trailPrice, trailPercent, takeProfit, stopLoss, instrument } = draft;
  const wantsLimit = type === "limit" || type === "stop_limit";
  const wantsStop = type === "stop" || type === "stop_limit";
  if (wantsLimit !== (limitPrice !== null)) {
    return invalid(`${type} orders ${wantsLimit ? "require a" : "require no"} limit price`);
  }
  if (wantsStop !== (stopPrice !== null)) {
    return invalid(`${type} orders ${wantsStop ? "require a" : "require no"} stop price`);
  }
  const trails = (trailPrice === null ? 0 : 1) + (trailPercent === null ? 0 : 1);
  if (type === "trailing_stop" && trails !== 1) {
    return invalid("trailing stop orders must specify one of trail_price or trail_percent");
  }
  if (type !== "trailing_stop" && trails > 0) return invalid(`${type} orders require no trail`);
  if (trailPercent !== null && trailPercent.gte(100)) return invalid("trail_percent must be < 100");
  const prices: readonly (readonly [string, Decimal | null])[] = [
    ["limit_price", limitPrice],
    ["stop_price", stopPrice],
    ["trail_price", trailPrice],
    ["take_profit.limit_price", takeProfit?.limitPrice ?? null],
    ["stop_loss.stop_price", stopLoss?.stopPrice ?? null],
    ["stop_loss.limit_price", stopLoss?.limitPrice ?? null],
  ];
  for (const [field, price] of prices) {
    if (price !== null && !isOnTick(price, instrument.assetClass)) return subPenny(field, price);
  }
  return undefined;
}

function checkTimeInForce(draft: Draft): Verdict {
  const { type, timeInForce, extendedHours, orderClass } = draft;
  const once = timeInForce !== "day" && timeInForce !== "gtc";
  if (once && type !== "market" && type !== "limit") {
    return invalid(`${timeInForce} orders must be market or limit orders`);
  }
  if (once && orderClass !== "simple") return invalid("complex orders must be day or gtc orders");
  if (!extendedHours) return undefined;
  if (type !== "limit" || once) return invalid("extended hours order must be DAY or GTC limit orders");
  return orderClass === "simple" ? undefined : invalid("complex orders cannot be extended hours orders");
}

function checkEquity(draft: Draft): Verdict {
  const { type, orderClass } = draft;
  if (type === "trailing_stop" && orderClass !== "simple") return invalid("trailing stop orders must be simple orders");
  return undefined;
}

function checkCrypto(draft: Draft): Verdict {
  const { type, timeInForce, orderClass } = draft;
  if (type === "stop" || type === "trailing_stop") return invalid(`invalid order type ${type} for crypto order`);
  if (timeInForce !== "gtc" && timeInForce !== "ioc") return invalid("invalid crypto time_in_force");
  return orderClass === "simple" ? undefined : invalid("crypto orders must be simple orders");
}

function checkClass(draft: Draft, reference: Decimal | null): Verdict {
  const { orderClass, takeProfit, stopLoss, type } = draft;
  const exits = (takeProfit === null ? 0 : 1) + (stopLoss === null ? 0 : 1);
  switch (orderClass) {
    case "simple":
      return exits === 0 ? undefined : invalid("simple orders require no take_profit or stop_loss");
    case "oto":
      if (exits !== 1) return invalid("oto orders require exactly one of take_profit and stop_loss");
      break;
    case "bracket":
      if (takeProfit === null) return invalid("bracket orders require take_profit.limit_price");
      if (stopLoss === null) return invalid("bracket orders require stop_loss.stop_price");
      break;
    case "oco":
      if (type !== "limit") return invalid("oco orders must be limit orders");
      if (takeProfit === null && draft.limitPrice === null)
        return invalid("oco orders require take_profit.limit_price");
      if (stopLoss === null) return invalid("oco orders require stop_loss.stop_price");
      break;
  }
  return checkExits(draft, reference);
}

/** The exits lie on their own sides: for a position that was bought, the target above the stop, the stop below the base. */
function checkExits(draft: Draft, reference: Decimal | null): Verdict {
  const oco = draft.orderClass === "oco";
  const long = draft.buy !== oco;
  const target = draft.takeProfit?.limitPrice ?? (oco ? draft.limitPrice : null);
  const stop = draft.stopLoss?.stopPrice ?? null;
  if (target !== null && stop !== null && (long ? target.lte(stop) : target.gte(stop))) {
    return invalid(
      `take_profit.limit_price must be ${long ? ">" : "<"} stop_loss.stop_price for a ${long ? "long" : "short"} position`,
    );
  }
  const base = oco ? reference : (draft.limitPrice ?? draft.stopPrice ?? reference);
  if (stop === null || base === null) return undefined;
  const edge = long ? base.minus(CENT) : base.plus(CENT);
  if (long ? stop.lte(edge) : stop.gte(edge)) return undefined;
  return invalid(`stop_loss.stop_price must be ${long ? "<= base_price - 0.01" : ">= base_price + 0.01"}`, {
    base_price: text(base),
  });
}
