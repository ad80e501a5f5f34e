/**
 * Matching of quotes and trades: fills at the best bid and offer (docs/concepts/fill-models.md).
 *
 * Owns: election of stops by ticks, the price a marketable order gets, the displayed size where it counts. May not:
 * know bars or other symbols.
 */
import { decimal, Decimal } from "../core/decimal.ts";
import { endImmediate, execute, expire, turnIntoShares } from "./lifecycle.ts";
import { followMark, terms } from "./match-bars.ts";
import { isHalted } from "./halts.ts";
import { portionOf } from "./portion.ts";
import { electsStop, meetAt, slipped } from "./price-rules.ts";
import { isWorking, remaining, type Book, type Entry, type State } from "./state.ts";

/** A trade that may elect stops and, on a feed without quotes, fill. */
export interface Tick {
  readonly time: number;
  /** Price of a trade; NaN when it is a quote. */
  readonly tradePrice: number;
}

/** Lets every order of the book look at the market as it is after a tick. */
export function matchTick(state: State, book: Book, tick: Tick): void {
  const phase = book.sessions.phaseAt(tick.time);
  if (phase === "closed" || isHalted(book, tick.time)) return;
  for (const entry of [...book.open]) {
    const { order } = entry;
    if (!isWorking(entry) || entry.activeFrom > tick.time || order.submittedAt > tick.time) continue;
    if (order.timeInForce === "cls" || (phase === "extended" && !order.extendedHours)) continue;
    matchEntry(state, book, entry, tick);
  }
}

function matchEntry(state: State, book: Book, entry: Entry, tick: Tick): void {
  elect(book, entry, tick);
  const price = executionPrice(book, entry.buy, tick);
  if (Number.isNaN(price)) return;
  const touch = touchOf(entry, price);
  if (touch !== undefined) take(state, book, entry, touch, tick.time);
  const { timeInForce } = entry.order;
  if (timeInForce === "ioc" || timeInForce === "fok") endImmediate(state, entry, tick.time);
  if (timeInForce === "opg" && isWorking(entry)) expire(state, entry, tick.time, "not filled at the open");
}

/** Only election makes a stop trade: a quote beyond the stop is not enough where trades are known. */
function touchOf(entry: Entry, price: number): ReturnType<typeof meetAt>["touch"] {
  const stopLike = entry.order.type !== "market" && entry.order.type !== "limit";
  return stopLike && !entry.triggered ? undefined : meetAt(terms(entry), price).touch;
}

function elect(book: Book, entry: Entry, tick: Tick): void {
  const { type } = entry.order;
  if (entry.triggered || type === "market" || type === "limit") return;
  const price = electionPrice(book, entry.buy, tick);
  if (Number.isNaN(price)) return;
  if (type === "trailing_stop") followMark(book, entry, price);
  entry.triggered = electsStop(entry.buy, price, entry.stop);
}

/** Trades inside the best bid and offer; quotes on a feed that never showed a trade. */
function electionPrice(book: Book, buy: boolean, tick: Tick): number {
  if (Number.isNaN(tick.tradePrice)) return book.hasTrades ? NaN : executionPrice(book, buy, tick);
  const below = book.bid > 0 && tick.tradePrice < book.bid;
  const above = book.ask > 0 && tick.tradePrice > book.ask;
  return below || above ? NaN : tick.tradePrice;
}

/** Buys pay the offer, sales get the bid; without any quote, the trade. */
function executionPrice(book: Book, buy: boolean, tick: Tick): number {
  if (book.quoteAt === -Infinity) return tick.tradePrice;
  const price = buy ? book.ask : book.bid;
  return price > 0 ? price : NaN;
}

function take(
  state: State,
  book: Book,
  entry: Entry,
  touch: { readonly price: number; readonly taker: boolean },
  time: number,
): void {
  const price = slipped(touch, entry.buy, state.options.slippageRatio, entry.limit);
  if (entry.order.qty === null && !turnIntoShares(state, entry, price, time)) return;
  const left = remaining(entry);
  const shown = displayed(state, book, entry);
  if (shown !== undefined && (shown.lte(0) || (shown.lt(left) && entry.order.timeInForce === "fok"))) return;
  const qty = portionOf(state, entry, shown !== undefined && shown.lt(left) ? shown : left);
  if (shown !== undefined) {
    if (entry.buy) book.askLeft -= qty.toNumber();
    else book.bidLeft -= qty.toNumber();
  }
  execute(state, entry, qty, price, time);
}

/** What the quote still shows, where that bounds a fill. */
function displayed(state: State, book: Book, entry: Entry): Decimal | undefined {
  if (state.options.quoteSize !== true || book.quoteAt === -Infinity) return undefined;
  const size = decimal(entry.buy ? book.askLeft : book.bidLeft);
  return size.dp(entry.fractional ? 9 : 0, Decimal.ROUND_DOWN);
}

/** A new order meets the quote that is there, as it would at a venue. */
export function meetStandingQuote(state: State, book: Book, entry: Entry, now: number): void {
  const phase = book.sessions.phaseAt(now);
  const session = book.sessions.session;
  if (phase === "closed" || session === undefined || book.quoteAt < session.extendedOpen) return;
  if (isHalted(book, now)) return;
  if (phase === "extended" && !entry.order.extendedHours) return;
  if (!isWorking(entry) || entry.order.timeInForce === "cls" || entry.activeFrom > now) return;
  matchEntry(state, book, entry, { time: now, tradePrice: NaN });
}
