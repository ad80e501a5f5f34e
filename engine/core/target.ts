/**
 * What a target means in shares, and whether a position is there already.
 *
 * Owns: the arithmetic that both halves share: signals ask whether a firing would change something, the desk how much.
 * May not: know positions or orders. Quantities are signed: below 0 is short.
 */
import { roundQty } from "../market/instruments.ts";
import { Decimal, ZERO } from "./decimal.ts";
import type { TargetAction } from "./program.ts";

/** Value of an expression, by index. */
type Value = (expression: number) => number;

/** Brokers take no order for parts of a share that is worth less. */
const SMALLEST_FRACTION = 1;

/** Shares, rounded towards zero. Undefined when a number that it needs is not usable. */
export function targetQty(action: TargetAction, value: Value, price: number, equity: number): Decimal | undefined {
  const amount = value(action.amount);
  const raw = action.by === "qty" ? amount : action.by === "notional" ? amount / price : (amount * equity) / price;
  if (!(price > 0) || !Number.isFinite(raw)) return undefined;
  const qty = roundQty(raw, action.fractional);
  return qty.isLessThan(0) && !action.short ? ZERO : qty;
}

/** No change, or one that is too small to be worth an order. What should be nothing is always brought to nothing. */
export function isOnTarget(action: TargetAction, value: Value, price: number, target: Decimal, held: Decimal): boolean {
  const change = target.minus(held).abs();
  if (change.isZero()) return true;
  if (target.isZero()) return false;
  const least = action.fractional ? new Decimal(SMALLEST_FRACTION).div(price) : new Decimal(1);
  const tolerance = action.tolerance === undefined ? 0 : value(action.tolerance);
  return change.isLessThan(least) || change.isLessThanOrEqualTo(target.abs().times(tolerance));
}

/** Something is wanted and less than one share comes of it. */
export function isTooSmall(action: TargetAction, value: Value, target: Decimal): boolean {
  const amount = value(action.amount);
  return target.isZero() && (amount > 0 || (amount < 0 && action.short));
}
