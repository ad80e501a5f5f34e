/**
 * How much of what an order could take it gets: all of it, or by the seed a part.
 *
 * Owns: the partial fills of `ExchangeOptions.partialFills`. The draw depends on the order and on how much of it was
 * filled, so that a run with the same orders has the same fills. May not: bound a fill by volume or displayed size.
 */
import { Decimal, decimal } from "../core/decimal.ts";
import { QTY_DECIMALS } from "../market/instruments.ts";
import { draw } from "./ids.ts";
import type { Entry, State } from "./state.ts";

export function portionOf(state: State, entry: Entry, qty: Decimal): Decimal {
  const { partialFills = 0, seed } = state.options;
  if (partialFills <= 0 || entry.order.timeInForce === "fok") return qty;
  const key = `${entry.seq} ${entry.order.filledQty.toString()} ${state.now}`;
  if (draw(seed, `partial ${key}`) >= partialFills) return qty;
  const share = qty.times(decimal(draw(seed, `share ${key}`)));
  const part = share.dp(entry.fractional ? QTY_DECIMALS : 0, Decimal.ROUND_DOWN);
  return part.gt(0) ? part : qty;
}
