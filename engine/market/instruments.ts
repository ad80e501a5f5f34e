/**
 * What kind of instrument a symbol is, and how its prices and quantities are rounded.
 *
 * Owns: the tick rule, the safe direction of every order price, the quantity steps and the calendar of a symbol.
 * May not know accounts, positions or limits.
 */
import { Decimal, decimal } from "../core/decimal.ts";
import { ALWAYS } from "./always.ts";
import type { Calendar } from "./calendar.ts";
import { NYSE } from "./nyse.ts";

export type AssetClass = "us_equity" | "crypto";
export type RoundDirection = "down" | "up" | "nearest";

/** Decimal places of fractional shares and coins. */
export const QTY_DECIMALS = 9;
const CRYPTO_PRICE_DECIMALS = 9;

/**
 * A float that came from arithmetic carries noise in its last digits (`100 * 1.1` is 110.00000000000001). Rounding up
 * would turn that into a whole tick, so floats are first read to this many significant digits. Decimals are exact.
 */
const FLOAT_DIGITS = 13;

/** Pairs such as `BTC/USD` are crypto; everything else is a US equity. */
export function assetClassOf(symbol: string): AssetClass {
  return symbol.includes("/") ? "crypto" : "us_equity";
}

export function calendarOf(symbol: string): Calendar {
  return assetClassOf(symbol) === "crypto" ? ALWAYS : NYSE;
}

/** Decimal places of a price: equities from $1 in cents, below in 1/100 of a cent (SEC Rule 612); crypto in 9 places. */
export function priceDecimals(price: Decimal, assetClass: AssetClass = "us_equity"): number {
  if (assetClass === "crypto") return CRYPTO_PRICE_DECIMALS;
  return price.abs().isLessThan(1) ? 4 : 2;
}

/** The smallest price step at a price. */
export function priceTick(price: number | Decimal, assetClass: AssetClass = "us_equity"): Decimal {
  return new Decimal(1).shiftedBy(-priceDecimals(decimal(price), assetClass));
}

const MODES = { down: Decimal.ROUND_FLOOR, up: Decimal.ROUND_CEIL, nearest: Decimal.ROUND_HALF_EVEN } as const;

/** Rounds a price to its tick. Throws a RangeError on NaN and infinity: an unknown price must not get this far. */
export function roundPrice(
  price: number | Decimal,
  direction: RoundDirection,
  assetClass: AssetClass = "us_equity",
): Decimal {
  const exact = typeof price === "number" ? decimal(price).precision(FLOAT_DIGITS, Decimal.ROUND_HALF_EVEN) : price;
  if (!exact.isFinite()) throw new RangeError(`not a price: ${String(price)}`);
  return exact.decimalPlaces(priceDecimals(exact, assetClass), MODES[direction]);
}

/** Whether a price is already on its tick. */
export function isOnTick(price: Decimal, assetClass: AssetClass = "us_equity"): boolean {
  return (price.decimalPlaces() ?? 0) <= priceDecimals(price, assetClass);
}

/**
 * The direction in which rounding can never be worse for the holder than what is written:
 *
 * - a **limit** never pays more or takes less than written: buy down, sell up (take-profits included);
 * - a **protective stop** never lets a loss grow beyond what is written: it triggers a fraction of a tick earlier.
 *   A sell stop below a long position rounds up, a buy stop above a short one down;
 * - an **entry stop** never opens a position before the written level has really traded: buy up, sell down.
 */
export function safeDirection(side: "buy" | "sell", price: "limit" | "protective_stop" | "entry_stop"): RoundDirection {
  if (price === "entry_stop") return side === "buy" ? "up" : "down";
  return side === "buy" ? "down" : "up";
}

/** A trailing distance rounds down, which triggers earlier, but never to zero. */
export function roundTrail(distance: number | Decimal, assetClass: AssetClass = "us_equity"): Decimal {
  const places = assetClass === "crypto" ? CRYPTO_PRICE_DECIMALS : 2;
  const exact = typeof distance === "number" ? decimal(distance).precision(FLOAT_DIGITS) : distance;
  const rounded = exact.decimalPlaces(places, Decimal.ROUND_FLOOR);
  return rounded.isGreaterThan(0) ? rounded : new Decimal(1).shiftedBy(-places);
}

/** Whole shares, or nine decimals when `fractional`; always towards zero, so a size never grows. */
export function roundQty(qty: number | Decimal, fractional: boolean): Decimal {
  const exact = typeof qty === "number" ? decimal(qty).precision(FLOAT_DIGITS, Decimal.ROUND_HALF_EVEN) : qty;
  if (!exact.isFinite()) throw new RangeError(`not a quantity: ${String(qty)}`);
  return exact.decimalPlaces(fractional ? QTY_DECIMALS : 0, Decimal.ROUND_DOWN);
}
