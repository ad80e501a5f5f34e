/**
 * What a split does to the books.
 *
 * Owns: holdings and prices in new shares, and what becomes of working orders. Alpaca pays parts of a share in shares, and says
 * of orders alone that limits which are good till cancelled are adjusted: those are, at a forward split; all others are
 * cancelled. May not: know when something splits.
 */
import { Decimal, type Decimal as Amount } from "../core/decimal.ts";
import { QTY_DECIMALS, roundPrice, safeDirection } from "../market/instruments.ts";
import { cancelFamily, tell } from "./lifecycle.ts";
import { change, isOver, type Book, type Entry, type State } from "./state.ts";

export interface ShareRatio {
  readonly newShares: Amount;
  readonly oldShares: Amount;
}

export function splitBook(state: State, book: Book, ratio: ShareRatio, now: number): void {
  const { newShares, oldShares } = ratio;
  const held = state.ledger.holding(book.symbol);
  if (!held.qty.isZero()) state.ledger.recount(book.symbol, newQty(held.qty, ratio));
  const price = newShares.div(oldShares).toNumber();
  book.last /= price;
  book.lastDay /= price;
  book.bid = book.ask = Number.NaN;
  for (const entry of [...book.open]) {
    if (isOver(entry)) continue;
    if (newShares.gt(oldShares) && isAdjusted(entry)) adjust(state, entry, ratio, now);
    else cancelFamily(state, entry, now);
  }
}

function newQty(qty: Amount, { newShares, oldShares }: ShareRatio): Amount {
  return qty.times(newShares).div(oldShares).dp(QTY_DECIMALS, Decimal.ROUND_DOWN);
}

function isAdjusted({ order }: Entry): boolean {
  const { orderClass, type, timeInForce, filledQty, qty } = order;
  return orderClass === "simple" && type === "limit" && timeInForce === "gtc" && qty !== null && filledQty.isZero();
}

function adjust(state: State, entry: Entry, ratio: ShareRatio, now: number): void {
  const { qty, limitPrice, side } = entry.order;
  if (qty === null || limitPrice === null) return;
  const factor = ratio.oldShares.div(ratio.newShares);
  const limit = roundPrice(limitPrice.times(factor), safeDirection(side, "limit"));
  change(entry, { qty: newQty(qty, ratio), limitPrice: limit, updatedAt: now });
  entry.limit = limit.toNumber();
  entry.reservePrice = entry.reservePrice.times(factor);
  tell(state, "restated", entry, now, "adjusted for a split");
}
