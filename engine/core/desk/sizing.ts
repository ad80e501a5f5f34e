/**
 * From "0.5% risk" to a number of shares.
 *
 * Owns: the arithmetic of sizes. May not: clamp to limits (risk does) or round up.
 */
import { Decimal, decimal } from "../decimal.ts";
import type { Size } from "../program.ts";
import { roundQty } from "../../market/instruments.ts";

export interface SizingContext {
  /** Price at which the order is expected to fill. */
  readonly price: number;
  readonly equity: Decimal;
  /** Value of an expression, by index. */
  readonly value: (expression: number) => number;
  /** Where the bracket's stop stands, if there is one. */
  readonly bracketStop: number | undefined;
  readonly fractional: boolean;
}

export type Sized = { readonly qty: Decimal } | { readonly code: string; readonly reason: string };

export function sizeOf(size: Size, context: SizingContext): Sized {
  const raw = rawQty(size, context);
  if (typeof raw !== "number") return raw;
  if (!Number.isFinite(raw) || raw <= 0) return { code: "size_invalid", reason: `the size works out to ${raw} shares` };
  const qty = roundQty(raw, context.fractional);
  if (qty.isZero()) {
    return {
      code: "size_zero",
      reason: `the size works out to ${raw.toPrecision(4)} shares, which is less than one (fractional: true would allow it)`,
    };
  }
  return { qty };
}

function rawQty(size: Size, context: SizingContext): number | { readonly code: string; readonly reason: string } {
  const { price, value } = context;
  if (!(price > 0)) return { code: "price_unknown", reason: `no usable price to size with (${price})` };
  const equity = context.equity.toNumber();
  switch (size.by) {
    case "qty":
      return value(size.qty);
    case "notional":
      return value(size.notional) / price;
    case "equity":
      return (value(size.ratio) * equity) / price;
    case "risk": {
      const { bracketStop } = context;
      const distance =
        size.stop !== undefined
          ? value(size.stop)
          : bracketStop === undefined
            ? Number.NaN
            : Math.abs(price - bracketStop);
      if (!(distance > 0))
        return { code: "stop_invalid", reason: `the stop distance is ${distance}; a risk size needs one above 0` };
      return (value(size.ratio) * equity) / distance;
    }
  }
}

/** The part of a position that a ratio names, in whole shares unless the position itself is fractional. At least one share. */
export function shareOf(position: Decimal, ratio: number): Decimal {
  const whole = position.isInteger();
  const exact = position.abs().times(decimal(ratio));
  const rounded = whole ? exact.integerValue(Decimal.ROUND_DOWN) : exact.decimalPlaces(9, Decimal.ROUND_DOWN);
  if (!rounded.isZero()) return Decimal.min(rounded, position.abs());
  return whole ? Decimal.min(1, position.abs()) : rounded;
}
