/**
 * Exact decimals for cash, quantities and order prices.
 *
 * Owns: the one configuration of the decimal library. Facts stay float64; money never does.
 * May not: be imported under another configuration. Everything takes `Decimal` from here.
 */
import { BigNumber } from "bignumber.js";

/** Addition, subtraction and multiplication are exact; only division rounds (12 places, half even). */
export const Decimal = BigNumber.clone({
  DECIMAL_PLACES: 12,
  ROUNDING_MODE: BigNumber.ROUND_HALF_EVEN,
  EXPONENTIAL_AT: 1e9,
});
export type Decimal = BigNumber;

/** A decimal number as text, e.g. `"12.5"`; the form in which money crosses every boundary. */
export type DecimalText = string;

export const ZERO: Decimal = new Decimal(0);

/** Turns text or a finite float into a decimal; floats go through their shortest text, as a person would read them. */
export function decimal(value: string | number | Decimal): Decimal {
  const result = new Decimal(typeof value === "number" ? String(value) : value);
  if (!result.isFinite()) throw new RangeError(`not a finite decimal: ${String(value)}`);
  return result;
}

/** The plain text of a decimal, without exponent and without trailing zeros. */
export function text(value: Decimal): DecimalText {
  return value.toFixed();
}
