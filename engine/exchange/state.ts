/**
 * What the exchange remembers: a book per symbol, an entry per order, the ledger, the events not yet taken.
 *
 * Owns: the mutable state and its look-ups. Every change of an order goes through `change`, so that snapshots stay
 * immutable. May not: decide anything; validation, matching and lifecycle are in their own modules.
 */
import { invariant } from "../core/assert.ts";
import { decimal, ZERO, type Decimal } from "../core/decimal.ts";
import type { Calendar } from "../market/calendar.ts";
import { createIdMint, type IdMint } from "./ids.ts";
import { Ledger } from "./ledger.ts";
import { SessionCursor } from "./schedule.ts";
import type { ExchangeEvent, ExchangeOptions, ExchangeOrder, Instrument } from "./types.ts";

/** An order and what matching needs of it. Prices are doubles here (NaN = none): comparisons happen per tick. */
export interface Entry {
  order: ExchangeOrder;
  readonly seq: number;
  readonly buy: boolean;
  readonly fractional: boolean;
  limit: number;
  stop: number;
  /** A stop that was elected: from then on a market or limit order. */
  triggered: boolean;
  /** First instant at which it may trade. */
  activeFrom: number;
  /** Money per unit that an opening order keeps from others. */
  reservePrice: Decimal;
  /** Exact value of what was filled; the average price is derived from it. */
  filledValue: Decimal;
}

export interface Book {
  readonly symbol: string;
  readonly instrument: Instrument;
  readonly calendar: Calendar;
  readonly sessions: SessionCursor;
  /** Orders that are not over, held ones included, in the order of submission. */
  readonly open: Entry[];
  /** NaN until data came. */
  last: number;
  lastAt: number;
  lastDay: number;
  bid: number;
  ask: number;
  bidLeft: number;
  askLeft: number;
  quoteAt: number;
  hasTrades: boolean;
  /** Data before this instant was matched already; the same minute as another bar size must not fill twice. */
  matchedUntil: number;
  /** Start of the bar whose open was matched ahead of it, and what that took of its volume. */
  openedAt: number;
  openingTook: Decimal;
  /** Halts in order of time; the last one may still be on (`until` is Infinity). */
  readonly halts: { readonly from: number; until: number }[];
}

export interface State {
  readonly options: ExchangeOptions;
  readonly ledger: Ledger;
  readonly ids: IdMint;
  readonly books: Map<string, Book>;
  readonly orders: Map<string, Entry>;
  readonly byClientId: Map<string, string>;
  events: ExchangeEvent[];
  now: number;
  submitted: number;
  /** No open order changes by time alone before this. */
  nextDue: number;
  lastEquity: Decimal;
  nextRoll: number;
}

export function createState(options: ExchangeOptions): State {
  const cash = decimal(options.cash);
  const books = new Map<string, Book>();
  for (const instrument of options.instruments) books.set(instrument.symbol, createBook(instrument, options));
  return {
    options,
    ledger: new Ledger(cash),
    ids: createIdMint(options.seed),
    books,
    orders: new Map(),
    byClientId: new Map(),
    events: [],
    now: -Infinity,
    submitted: 0,
    nextDue: Infinity,
    lastEquity: cash,
    nextRoll: -Infinity,
  };
}

function createBook(instrument: Instrument, options: ExchangeOptions): Book {
  const calendar = options.calendarOf(instrument.symbol);
  return {
    symbol: instrument.symbol,
    instrument,
    calendar,
    sessions: new SessionCursor(calendar),
    open: [],
    last: NaN,
    lastAt: -Infinity,
    lastDay: NaN,
    bid: NaN,
    ask: NaN,
    bidLeft: 0,
    askLeft: 0,
    quoteAt: -Infinity,
    hasTrades: false,
    matchedUntil: -Infinity,
    openedAt: -Infinity,
    openingTook: ZERO,
    halts: [],
  };
}

export function bookOf(state: State, symbol: string): Book {
  const book = state.books.get(symbol);
  invariant(book !== undefined, `no book for ${symbol}`);
  return book;
}

export function entryOf(state: State, id: string): Entry {
  const entry = state.orders.get(id);
  invariant(entry !== undefined, `no order ${id}`);
  return entry;
}

/** The only way an order changes. */
export function change(entry: Entry, patch: Partial<ExchangeOrder>): ExchangeOrder {
  entry.order = { ...entry.order, ...patch };
  return entry.order;
}

export function isOver(entry: Entry): boolean {
  switch (entry.order.status) {
    case "filled":
    case "canceled":
    case "expired":
    case "rejected":
    case "replaced":
      return true;
    default:
      return false;
  }
}

/** New or partly filled: it may trade. */
export function isWorking(entry: Entry): boolean {
  return entry.order.status === "new" || entry.order.status === "partially_filled";
}

/** Shares still to fill; a notional order is estimated at `price` until it was turned into shares. */
export function remaining(entry: Entry, price = NaN): Decimal {
  const { qty, notional, filledQty } = entry.order;
  if (qty !== null) return qty.minus(filledQty);
  return notional !== null && price > 0 ? notional.div(price) : ZERO;
}

/** The other exit of a bracket or OCO pair. */
export function siblingsOf(state: State, entry: Entry): readonly Entry[] {
  const { parentId, legIds, orderClass } = entry.order;
  const parent = parentId === null ? undefined : entryOf(state, parentId);
  const legs = (parent?.order.legIds ?? legIds).map((id) => entryOf(state, id)).filter((leg) => leg !== entry);
  if (orderClass === "oco") return parent === undefined ? legs : [parent, ...legs];
  return parent === undefined ? [] : legs;
}

/** Everything that came with one request, without the entry itself. */
export function familyOf(state: State, entry: Entry): readonly Entry[] {
  const { parentId } = entry.order;
  const parent = parentId === null ? entry : entryOf(state, parentId);
  return [parent, ...parent.order.legIds.map((id) => entryOf(state, id))].filter((member) => member !== entry);
}
