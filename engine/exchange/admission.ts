/**
 * What the account may do now: buying power, shares to sell, shorting, wash trades.
 *
 * Owns: the 403 refusals and the reservations behind them. May not: change anything.
 */
import { Decimal, decimal, ZERO } from "../core/decimal.ts";
import { forbidden, insufficientBuyingPower, insufficientQty, invalid, washTrade } from "./refusals.ts";
import { isFractional, type Draft } from "./request.ts";
import { isOver, remaining, type Book, type Entry, type State } from "./state.ts";
import { equityOf, markOf } from "./time-passes.ts";
import type { ExchangeOrder, ExchangeRefusal } from "./types.ts";

/** Alpaca asks 3 % more than the offer for a short sale. */
const SHORT_MARGIN = decimal("1.03");

export interface Admission {
  readonly intent: ExchangeOrder["positionIntent"];
  /** Money per unit an opening order keeps from others; zero when it closes. */
  readonly reservePrice: Decimal;
}

/** The price of the moment for one side: the quote when there is one, else the last price. */
export function referencePrice(book: Book, buy: boolean): Decimal | null {
  const quoted = buy ? book.ask : book.bid;
  const price = quoted > 0 ? quoted : book.last;
  return Number.isNaN(price) ? null : decimal(price);
}

/** `replacing` is an order that makes room for this one: its reservation and its shares are free again. */
export function admit(state: State, book: Book, draft: Draft, replacing?: Entry): Admission | ExchangeRefusal {
  const position = state.ledger.holding(book.symbol).qty;
  const closes = draft.buy ? position.isNegative() : position.gt(0);
  const refusal = closes
    ? checkAvailable(book, draft, position, replacing)
    : (checkOpening(state, draft) ?? checkExitOnly(draft));
  if (refusal !== undefined) return refusal;
  if (closes && (draft.orderClass === "bracket" || draft.orderClass === "oto")) {
    return invalid(`${draft.orderClass} orders must be entry orders`);
  }
  const wash = checkWash(book, draft, replacing);
  if (wash !== undefined) return wash;
  const side = draft.buy ? "buy" : "sell";
  if (closes) return { intent: `${side}_to_close`, reservePrice: ZERO };
  const reservePrice = reserveOf(book, draft);
  if (reservePrice === null) return invalid(`no price is known for ${book.symbol} yet`);
  const cost = draft.notional ?? (draft.qty ?? ZERO).times(reservePrice);
  const power = buyingPower(state, replacing);
  if (cost.gt(power)) return insufficientBuyingPower(power, cost);
  return { intent: `${side}_to_open`, reservePrice };
}

function checkExitOnly(draft: Draft): ExchangeRefusal | undefined {
  return draft.orderClass === "oco" ? invalid("oco orders must be exit orders") : undefined;
}

function checkAvailable(book: Book, draft: Draft, position: Decimal, replacing?: Entry): ExchangeRefusal | undefined {
  const held = heldForOrders(book, draft.buy, replacing);
  const wanted = draft.qty ?? (draft.notional === null ? ZERO : draft.notional.div(markPrice(book)));
  return wanted.gt(position.abs().minus(held)) ? insufficientQty(book.symbol, wanted, position, held) : undefined;
}

function markPrice(book: Book): Decimal {
  return referencePrice(book, false) ?? decimal(1);
}

/** Shares that working orders of one side have spoken for. The exits of one family guard the same shares. */
export function heldForOrders(book: Book, buy: boolean, except?: Entry): Decimal {
  const byFamily = new Map<string, Decimal>();
  for (const entry of book.open) {
    if (entry.buy !== buy || entry === except || entry.order.status === "held") continue;
    if (!entry.order.positionIntent.endsWith("close")) continue;
    const family = entry.order.parentId ?? entry.order.id;
    const before = byFamily.get(family) ?? ZERO;
    byFamily.set(family, Decimal.max(before, remaining(entry, book.last)));
  }
  let sum = ZERO;
  for (const qty of byFamily.values()) sum = sum.plus(qty);
  return sum;
}

function checkOpening(state: State, draft: Draft): ExchangeRefusal | undefined {
  if (draft.buy) return undefined;
  const { instrument, qty } = draft;
  if (instrument.assetClass === "crypto") return insufficientQty(instrument.symbol, qty ?? ZERO, ZERO, ZERO);
  if (!state.options.shorting || state.options.multiplier <= 1) return forbidden("account is not allowed to short");
  if (!instrument.shortable) return invalid(`asset "${instrument.symbol}" cannot be sold short`);
  return isFractional(draft) ? invalid("fractional orders cannot be sold short") : undefined;
}

function checkWash(book: Book, draft: Draft, replacing?: Entry): ExchangeRefusal | undefined {
  if (draft.orderClass !== "simple" || draft.type === "trailing_stop") return undefined;
  for (const entry of book.open) {
    const { order } = entry;
    if (entry.buy === draft.buy || entry === replacing || isOver(entry)) continue;
    if (order.orderClass !== "simple" || order.type === "trailing_stop") continue;
    if (order.limitPrice === null || draft.limitPrice === null) {
      return washTrade(order.id, order.limitPrice === null ? "market/stop" : "limit");
    }
    const [bid, offer] = draft.buy ? [draft.limitPrice, order.limitPrice] : [order.limitPrice, draft.limitPrice];
    if (bid.gte(offer)) return washTrade(order.id, "limit");
  }
  return undefined;
}

/** What one unit of an opening order may cost. Null when no price is known to tell it. */
function reserveOf(book: Book, draft: Draft): Decimal | null {
  const own = draft.limitPrice ?? draft.stopPrice;
  if (draft.buy) return own ?? referencePrice(book, true);
  const offer = referencePrice(book, true)?.times(SHORT_MARGIN) ?? null;
  return own === null || offer === null ? (offer ?? own) : Decimal.max(own, offer);
}

/**
 * Multiplier times equity, less the gross value of positions, less what open orders reserve. With multiplier 1 this is
 * cash less reservations; with 2 it is Regulation T's (equity - initial margin) x 2.
 */
export function buyingPower(state: State, except?: Entry): Decimal {
  let power = equityOf(state).times(state.options.multiplier);
  for (const [symbol, holding] of state.ledger.holdings) {
    power = power.minus(holding.qty.abs().times(markOf(state, symbol)));
  }
  for (const book of state.books.values()) {
    for (const entry of book.open) if (entry !== except) power = power.minus(reservedBy(entry));
  }
  return Decimal.max(power, ZERO);
}

function reservedBy(entry: Entry): Decimal {
  if (!entry.order.positionIntent.endsWith("open")) return ZERO;
  if (entry.order.qty === null) return entry.order.notional ?? ZERO;
  return remaining(entry).times(entry.reservePrice);
}
