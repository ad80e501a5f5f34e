/**
 * What time alone does: queued orders start, orders expire, the closing auction ends, the day rolls.
 *
 * Owns: changes that need no new data. May not: match against bars or quotes.
 */
import { decimal, ZERO, type Decimal } from "../core/decimal.ts";
import { forgetOrders } from "./forget.ts";
import { sessionAfter } from "./schedule.ts";
import { activate, dueOf, execute, expire, turnIntoShares } from "./lifecycle.ts";
import { isHalted } from "./halts.ts";
import { portionOf } from "./portion.ts";
import { slipped, withinLimit } from "./price-rules.ts";
import { bookOf, isOver, isWorking, remaining, type Book, type Entry, type State } from "./state.ts";

/** Lets the orders of one book reach `time`, in the order in which things fall due. */
export function passTime(state: State, book: Book, time: number): void {
  for (;;) {
    const entry = earliest(book.open, time);
    if (entry === undefined) return;
    fallDue(state, book, entry);
  }
}

/** Lets every order reach `time`. */
export function passAllTime(state: State, time: number): void {
  if (time < state.nextDue) return;
  for (;;) {
    let next: Entry | undefined;
    for (const book of state.books.values()) next = sooner(next, earliest(book.open, time));
    if (next === undefined) break;
    fallDue(state, bookOf(state, next.order.symbol), next);
  }
  state.nextDue = Infinity;
  for (const book of state.books.values()) {
    for (const entry of book.open) state.nextDue = Math.min(state.nextDue, dueOf(entry));
  }
}

function earliest(open: readonly Entry[], time: number): Entry | undefined {
  let first: Entry | undefined;
  for (const entry of open) if (dueOf(entry) <= time) first = sooner(first, entry);
  return first;
}

function sooner(a: Entry | undefined, b: Entry | undefined): Entry | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const gap = dueOf(a) - dueOf(b);
  return gap < 0 || (gap === 0 && a.seq < b.seq) ? a : b;
}

function fallDue(state: State, book: Book, entry: Entry): void {
  const at = dueOf(entry);
  const { expiresAt, timeInForce, status } = entry.order;
  if (status === "accepted" && (expiresAt === null || at < expiresAt)) return activate(state, entry, at);
  if (timeInForce === "cls" && isWorking(entry)) closeAuction(state, book, entry, at);
  if (!isOver(entry)) expire(state, entry, at);
}

/** The official close is the last price of the session, also when the last minutes had no trade. */
function closeAuction(state: State, book: Book, entry: Entry, close: number): void {
  const session = book.calendar.sessionAtOrBefore(close - 1);
  // At the close means just before it: an auction does not take place in a halt.
  if (isHalted(book, close - 1)) return;
  if (session === undefined || book.lastAt <= session.open || book.lastAt > close || Number.isNaN(book.last)) return;
  fillAtClose(state, entry, book.last, undefined, close);
}

/** Fills a cls order at the closing price, as far as `cap` goes. Returns what it took. */
export function fillAtClose(
  state: State,
  entry: Entry,
  close: number,
  cap: Decimal | undefined,
  time: number,
): Decimal {
  const market = entry.order.type === "market";
  if (!market && !withinLimit(entry.buy, close, entry.limit)) return ZERO;
  const price = slipped({ price: close, taker: market }, entry.buy, state.options.slippageRatio, entry.limit);
  if (entry.order.qty === null && !turnIntoShares(state, entry, price, time)) return ZERO;
  const left = remaining(entry);
  const qty = portionOf(state, entry, cap !== undefined && cap.lt(left) ? cap : left);
  if (qty.gt(0)) execute(state, entry, qty, price, time);
  return qty;
}

/** At the first instant at or after a session's close, that close becomes the base of the day's profit. */
export function rollDay(state: State, time: number): void {
  if (time < state.nextRoll) return;
  if (state.nextRoll !== -Infinity) {
    state.lastEquity = equityOf(state);
    for (const book of state.books.values()) book.lastDay = book.last;
    forgetOrders(state, time);
  }
  const calendar = dayCalendar(state);
  const today = calendar?.sessionAtOrAfter(time);
  const session = calendar && today && time >= today.close ? sessionAfter(calendar, today) : today;
  state.nextRoll = session?.close ?? Infinity;
}

/** The account's day is that of its equities; of its first instrument when it has none. */
function dayCalendar(state: State): Book["calendar"] | undefined {
  const { instruments, calendarOf } = state.options;
  const instrument = instruments.find((one) => one.assetClass === "us_equity") ?? instruments[0];
  return instrument && calendarOf(instrument.symbol);
}

/** The price a position is valued at; its own average before any data came. */
export function markOf(state: State, symbol: string): Decimal {
  const last = state.books.get(symbol)?.last ?? NaN;
  if (!Number.isNaN(last)) return decimal(last);
  const { qty, cost } = state.ledger.holding(symbol);
  return qty.isZero() ? ZERO : cost.div(qty);
}

export function equityOf(state: State): Decimal {
  let equity = state.ledger.cash;
  for (const [symbol, holding] of state.ledger.holdings) equity = equity.plus(holding.qty.times(markOf(state, symbol)));
  return equity;
}
