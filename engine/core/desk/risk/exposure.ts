/**
 * What is held and what works, as money: by account, strategy, symbol and group.
 *
 * Owns: that a working entry counts as if it had filled, and one of the other side makes no room. May not: know limits.
 */
import { ZERO, decimal } from "../../decimal.ts";
import type { Decimal } from "../../decimal.ts";
import type { Side } from "../../event.ts";
import { remaining } from "../orders.ts";
import type { Order } from "../orders.ts";
import type { DeskState } from "../state.ts";

export interface Exposure {
  /** Of positions without their signs and of all working entries. */
  readonly gross: Decimal;
  /** Of positions with their signs. */
  readonly net: Decimal;
  /** Of working entries. */
  readonly buys: Decimal;
  readonly sells: Decimal;
}

export type Member = { readonly strategy: string; readonly symbol: string };

/** Of each of some sets of books, in one pass; `except`: an order that does not count. */
export function exposuresOf(
  desk: DeskState,
  sets: readonly ((member: Member) => boolean)[],
  except?: Order,
): readonly Exposure[] {
  const sums = sets.map(() => ({ gross: ZERO, net: ZERO, buys: ZERO, sells: ZERO }));
  const add = (member: Member, change: (sum: (typeof sums)[number]) => void): void => {
    for (const [index, has] of sets.entries()) if (has(member)) change(sums[index] as (typeof sums)[number]);
  };
  for (const { strategy, symbol, qty, avgPrice } of desk.portfolio.open) {
    const worth = qty.times(desk.account.priceOf(symbol, avgPrice));
    add({ strategy, symbol }, (sum) => {
      sum.gross = sum.gross.plus(worth.abs());
      sum.net = sum.net.plus(worth);
    });
  }
  for (const order of desk.orders.openEntries) {
    if (order === except) continue;
    const worth = remaining(order).times(entryPrice(desk, order));
    add({ strategy: order.origin.strategy, symbol: order.symbol }, (sum) => {
      sum.gross = sum.gross.plus(worth);
      if (order.side === "buy") sum.buys = sum.buys.plus(worth);
      else sum.sells = sum.sells.plus(worth);
    });
  }
  return sums;
}

/** What an entry that works will cost at most, as far as that is known. */
export function entryPrice(desk: DeskState, { limitPrice, stopPrice, symbol }: Order): Decimal {
  const price = limitPrice ?? stopPrice;
  return price === null ? desk.account.priceOf(symbol, ZERO) : decimal(price);
}

/** The farthest from zero that the net exposure may come when what works on this side fills. */
export function netWith({ net, buys, sells }: Exposure, side: Side, worth: Decimal): Decimal {
  return side === "buy" ? net.plus(buys).plus(worth) : net.minus(sells).minus(worth);
}
