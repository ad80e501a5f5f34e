/**
 * Which price an order meets: the fill model `next_bar` for bars, and the same rules at one price for ticks.
 *
 * Owns: pure rules from prices to prices; docs/concepts/fill-models.md says them in words. Where a bar does not tell
 * the order of events, the rule takes the one that is worse for the order. May not: know quantities, sessions or books.
 */
import { Decimal, decimal } from "../core/decimal.ts";
import { priceDecimals, type AssetClass } from "../market/instruments.ts";

/** What the rules read of an order; NaN where a price does not apply. */
export interface Terms {
  readonly buy: boolean;
  readonly type: "market" | "limit" | "stop" | "stop_limit" | "trailing_stop";
  readonly limit: number;
  readonly stop: number;
  readonly triggered: boolean;
}

export interface Range {
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** A price at which an order would trade. `taker` prices suffer slippage. */
export interface Touch {
  readonly price: number;
  readonly taker: boolean;
}

/** Whether a price is at least as good as the limit. */
export function withinLimit(buy: boolean, price: number, limit: number): boolean {
  return buy ? price <= limit : price >= limit;
}

/** Whether a price elects the stop. */
export function electsStop(buy: boolean, price: number, stop: number): boolean {
  return buy ? price >= stop : price <= stop;
}

/** What an order does at one known price: the open of a bar, a quote, a trade. Stops are elected by it. */
export function meetAt(terms: Terms, price: number): { readonly elected: boolean; readonly touch: Touch | undefined } {
  const elected = terms.triggered || electsStop(terms.buy, price, terms.stop);
  switch (terms.type) {
    case "market":
      return { elected: false, touch: { price, taker: true } };
    case "limit":
      return {
        elected: false,
        touch: withinLimit(terms.buy, price, terms.limit) ? { price, taker: false } : undefined,
      };
    case "stop":
    case "trailing_stop":
      return { elected, touch: elected ? { price, taker: true } : undefined };
    case "stop_limit": {
      const fills = elected && withinLimit(terms.buy, price, terms.limit);
      return { elected, touch: fills ? { price, taker: false } : undefined };
    }
  }
}

/**
 * What an order does between the reference price (open, or the price at which it woke) and the end of the bar, when it
 * did not trade at the reference price itself.
 */
export function meetWithin(
  terms: Terms,
  range: Range,
): { readonly elected: boolean; readonly touch: Touch | undefined } {
  const extreme = terms.buy ? range.high : range.low;
  switch (terms.type) {
    case "market":
      return { elected: false, touch: undefined };
    case "limit":
      return { elected: false, touch: restAtLimit(terms, range) };
    case "stop":
    case "trailing_stop": {
      const elected = electsStop(terms.buy, extreme, terms.stop);
      return { elected, touch: elected ? { price: terms.stop, taker: true } : undefined };
    }
    case "stop_limit": {
      if (terms.triggered) return { elected: true, touch: restAtLimit(terms, range) };
      if (!electsStop(terms.buy, extreme, terms.stop)) return { elected: false, touch: undefined };
      return { elected: true, touch: afterElection(terms, range.close) };
    }
  }
}

/** A resting limit trades when the bar touches it. */
function restAtLimit(terms: Terms, range: Range): Touch | undefined {
  const extreme = terms.buy ? range.low : range.high;
  return withinLimit(terms.buy, extreme, terms.limit) ? { price: terms.limit, taker: false } : undefined;
}

/**
 * A stop limit elected inside the bar: what came after the election is known of the close alone, so it must be within
 * the limit. The price is that of the stop, or the limit where that is on the far side.
 */
function afterElection(terms: Terms, close: number): Touch | undefined {
  if (!withinLimit(terms.buy, close, terms.limit)) return undefined;
  const beyond = !withinLimit(terms.buy, terms.stop, terms.limit);
  return { price: beyond ? terms.limit : terms.stop, taker: !beyond };
}

/** Places of a price that slippage made. */
const SLIPPED_DECIMALS = 9;

/** The price after slippage, never beyond the limit of a stop limit. */
export function slipped(touch: Touch, buy: boolean, ratio: number, limit: number): Decimal {
  const price = decimal(touch.price);
  if (!touch.taker || ratio === 0) return price;
  const factor = buy ? decimal(1).plus(decimal(ratio)) : decimal(1).minus(decimal(ratio));
  const worse = price.times(factor).dp(SLIPPED_DECIMALS, buy ? Decimal.ROUND_CEIL : Decimal.ROUND_FLOOR);
  if (Number.isNaN(limit)) return worse;
  return buy ? Decimal.min(worse, decimal(limit)) : Decimal.max(worse, decimal(limit));
}

/** The stop level of a trailing stop, on a tick, away from the market. */
export function trailLevel(
  buy: boolean,
  mark: Decimal,
  trail: { readonly price: Decimal | null; readonly percent: Decimal | null },
  assetClass: AssetClass,
): Decimal {
  const distance = trail.price ?? mark.times(trail.percent ?? 0).div(100);
  const level = buy ? mark.plus(distance) : mark.minus(distance);
  return level.dp(priceDecimals(level, assetClass), buy ? Decimal.ROUND_CEIL : Decimal.ROUND_FLOOR);
}
