/**
 * The simulated exchange: one account, many symbols.
 *
 * Owns: the order in which a call's work happens (time first, then data, then orders) and the public face of the
 * state. Rules, matching and lifecycle are in their own modules. Pure and synchronous.
 */
import { decimal, ZERO, type Decimal } from "../core/decimal.ts";
import type { Bar } from "../core/event.ts";
import type { BarSize } from "../market/bar-size.ts";
import type { Session } from "../market/calendar.ts";
import { accept } from "./accept.ts";
import { admit, buyingPower, heldForOrders, referencePrice } from "./admission.ts";
import { endHalt, meetsHalt, startHalt } from "./halts.ts";
import { cancelFamily } from "./lifecycle.ts";
import { matchBar, matchOpening, type Window } from "./match-bars.ts";
import { matchTick, meetStandingQuote } from "./match-ticks.ts";
import { duplicateClientId, invalid, orderNotFound, refused } from "./refusals.ts";
import { replaceOrder, type Change } from "./replace.ts";
import { readDraft } from "./request.ts";
import { checkRules } from "./rules.ts";
import { auctionRefusal, scheduleOf, sessionAfter } from "./schedule.ts";
import { splitBook } from "./splits.ts";
import { createState, isOver, type Book, type State } from "./state.ts";
import { equityOf, markOf, passAllTime, passTime, rollDay } from "./time-passes.ts";
import type {
  Exchange,
  ExchangeAccount,
  ExchangeEvent,
  ExchangeOptions,
  ExchangeOrder,
  ExchangePosition,
  ExchangeRequest,
  ExchangeResult,
} from "./types.ts";

export function createExchange(options: ExchangeOptions): Exchange {
  return new SimulatedExchange(createState(options));
}

/**
 * What a bar covers, by its start and size: it may become known later than it ended. A daily bar is its regular
 * session, whatever instants its provider gave it; one that starts at or after a close belongs to the next session.
 */
function windowOf(book: Book, size: BarSize, bar: Bar, end: number): Window {
  const daily = size.kind === "session" ? sessionOfDaily(book, bar.start) : undefined;
  const start = daily?.open ?? bar.start;
  const until = daily?.close ?? endOf(size, bar, end);
  const phase = book.sessions.phaseAt(start);
  const close = book.sessions.session?.close ?? Infinity;
  const atClose = phase === "regular" && until >= close;
  return { start, end: atClose ? close : until, phase, atClose };
}

function sessionOfDaily(book: Book, start: number): Session | undefined {
  const session = book.calendar.sessionAtOrAfter(start);
  return session !== undefined && start >= session.close ? sessionAfter(book.calendar, session) : session;
}

function endOf(size: BarSize, bar: Bar, end: number): number {
  const full = bar.start + size.ms;
  return size.kind === "intraday" && full < end ? full : end;
}

class SimulatedExchange implements Exchange {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  get now(): number {
    return this.#state.now;
  }

  get partialFills(): number {
    return this.#state.options.partialFills ?? 0;
  }

  submit(request: ExchangeRequest, now: number): ExchangeResult<ExchangeOrder> {
    const state = this.#state;
    this.#beforeCommand(now);
    const book = state.books.get(request.symbol);
    if (book === undefined) return refused(invalid(`asset "${request.symbol}" not found`));
    const draft = readDraft(request, book.instrument);
    if ("status" in draft) return refused(draft);
    const broken = checkRules(draft, referencePrice(book, draft.buy));
    if (broken !== undefined) return refused(broken);
    const late = auctionRefusal(book.calendar, draft.timeInForce, now);
    if (late !== undefined && state.options.auctionCutoffs !== false) return refused(invalid(late));
    const schedule = scheduleOf(book.calendar, draft.timeInForce, draft.extendedHours, now);
    if (schedule === undefined) return refused(invalid("the calendar has no session left"));
    if (state.byClientId.has(draft.clientOrderId)) return refused(duplicateClientId());
    const admission = admit(state, book, draft);
    if ("status" in admission) return refused(admission);
    const entry = accept(state, draft, admission, schedule, now);
    meetStandingQuote(state, book, entry, now);
    return { ok: true, value: entry.order };
  }

  cancel(orderId: string, now: number): ExchangeResult<ExchangeOrder> {
    this.#beforeCommand(now);
    const entry = this.#state.orders.get(orderId);
    if (entry === undefined) return refused(orderNotFound());
    if (isOver(entry)) return refused(invalid(`order is already in "${entry.order.status}" state`));
    cancelFamily(this.#state, entry, now);
    return { ok: true, value: entry.order };
  }

  replace(orderId: string, change: Change, now: number): ExchangeResult<ExchangeOrder> {
    const state = this.#state;
    this.#beforeCommand(now);
    const old = state.orders.get(orderId);
    if (old === undefined) return refused(orderNotFound());
    if (isOver(old)) return refused(invalid(`order is already in "${old.order.status}" state`));
    const entry = replaceOrder(state, old, change, now);
    if (!("order" in entry)) return refused(entry);
    const book = state.books.get(entry.order.symbol);
    if (book !== undefined) meetStandingQuote(state, book, entry, now);
    return { ok: true, value: entry.order };
  }

  bar(symbol: string, size: BarSize, bar: Bar, end: number): void {
    const state = this.#state;
    const book = state.books.get(symbol);
    if (book === undefined) return;
    if (end > state.now) state.now = end;
    if (bar.start >= state.nextRoll) rollDay(state, bar.start);
    if (book.open.length > 0 || size.kind === "session") this.#matchWhole(book, size, bar, end);
    else this.#mark(book, bar.close, endOf(size, bar, end));
  }

  opening(symbol: string, size: BarSize, bar: Bar, end: number): void {
    const state = this.#state;
    const book = state.books.get(symbol);
    if (book === undefined) return;
    const window = windowOf(book, size, bar, end);
    if (window.start > state.now) state.now = window.start;
    if (window.start >= state.nextRoll) rollDay(state, window.start);
    passTime(state, book, window.start);
    this.#mark(book, bar.open, window.start);
    if (window.start < book.matchedUntil || window.phase === "closed") return;
    if (!meetsHalt(book, window.start, window.end)) matchOpening(state, book, bar, window);
  }

  #matchWhole(book: Book, size: BarSize, bar: Bar, end: number): void {
    const window = windowOf(book, size, bar, end);
    passTime(this.#state, book, window.start);
    this.#mark(book, bar.close, window.end);
    if (window.start < book.matchedUntil) return;
    book.matchedUntil = window.end;
    if (window.phase === "closed" || meetsHalt(book, window.start, window.end)) return;
    matchBar(this.#state, book, bar, window);
  }

  #mark(book: Book, price: number, time: number): void {
    if (time < book.lastAt) return;
    book.last = price;
    book.lastAt = time;
  }

  quote(symbol: string, bid: number, bidSize: number, ask: number, askSize: number, time: number): void {
    const book = this.#beforeTick(symbol, time);
    if (book === undefined) return;
    book.bid = bid;
    book.ask = ask;
    book.bidLeft = bidSize;
    book.askLeft = askSize;
    book.quoteAt = time;
    // Positions are valued at trades; where none are shown, at the middle.
    if (!book.hasTrades && bid > 0 && ask > 0) this.#mark(book, (bid + ask) / 2, time);
    if (book.open.length > 0) matchTick(this.#state, book, { time, tradePrice: NaN });
  }

  trade(symbol: string, price: number, _size: number, time: number): void {
    const book = this.#beforeTick(symbol, time);
    if (book === undefined) return;
    book.hasTrades = true;
    this.#mark(book, price, time);
    if (book.open.length > 0) matchTick(this.#state, book, { time, tradePrice: price });
  }

  #beforeTick(symbol: string, time: number): Book | undefined {
    const state = this.#state;
    const book = state.books.get(symbol);
    if (book === undefined) return undefined;
    if (time > state.now) state.now = time;
    if (time >= state.nextRoll) rollDay(state, time);
    if (book.open.length > 0) passTime(state, book, time);
    // A bar that holds this tick must not match again.
    if (time >= book.matchedUntil) book.matchedUntil = time + 1;
    return book;
  }

  /** A command at the very end of a session comes before what ends then: data of that instant may still be on its way. */
  #beforeCommand(now: number): void {
    const state = this.#state;
    if (now > state.now) state.now = now;
    passAllTime(state, now - 1);
    if (now - 1 >= state.nextRoll) rollDay(state, now - 1);
  }

  halt(symbol: string, from: number): void {
    const book = this.#state.books.get(symbol);
    if (book !== undefined) startHalt(book, from);
  }

  resume(symbol: string, at: number): void {
    const book = this.#state.books.get(symbol);
    if (book !== undefined) endHalt(book, at);
  }

  split(symbol: string, newShares: string, oldShares: string, at: number): void {
    this.#beforeCommand(at);
    const book = this.#state.books.get(symbol);
    const ratio = { newShares: decimal(newShares), oldShares: decimal(oldShares) };
    if (book !== undefined) splitBook(this.#state, book, ratio, at);
  }

  advance(now: number): void {
    const state = this.#state;
    if (now > state.now) state.now = now;
    passAllTime(state, now);
    rollDay(state, now);
  }

  drain(): ExchangeEvent[] {
    const { events } = this.#state;
    if (events.length > 0) this.#state.events = [];
    return events;
  }

  order(orderId: string): ExchangeOrder | undefined {
    return this.#state.orders.get(orderId)?.order;
  }

  orderByClientId(clientOrderId: string): ExchangeOrder | undefined {
    const id = this.#state.byClientId.get(clientOrderId);
    return id === undefined ? undefined : this.order(id);
  }

  orders(): readonly ExchangeOrder[] {
    return [...this.#state.orders.values()].map((entry) => entry.order);
  }

  positions(): readonly ExchangePosition[] {
    return [...this.#state.ledger.holdings.keys()].map((symbol) => this.#position(symbol));
  }

  #position(symbol: string): ExchangePosition {
    const state = this.#state;
    const { qty, cost } = state.ledger.holding(symbol);
    const book = state.books.get(symbol);
    const lastPrice = markOf(state, symbol);
    const lastDay = book?.lastDay ?? NaN;
    const held = book === undefined ? ZERO : heldForOrders(book, qty.isNegative());
    return {
      symbol,
      qty,
      avgPrice: cost.div(qty),
      costBasis: cost,
      lastPrice,
      lastDayPrice: Number.isNaN(lastDay) ? lastPrice : decimal(lastDay),
      qtyAvailable: qty.abs().minus(held),
    };
  }

  account(): ExchangeAccount {
    const state = this.#state;
    let long: Decimal = ZERO;
    let short: Decimal = ZERO;
    for (const [symbol, holding] of state.ledger.holdings) {
      const value = holding.qty.times(markOf(state, symbol));
      if (value.isNegative()) short = short.plus(value);
      else long = long.plus(value);
    }
    return {
      cash: state.ledger.cash,
      equity: equityOf(state),
      lastEquity: state.lastEquity,
      longMarketValue: long,
      shortMarketValue: short,
      buyingPower: buyingPower(state),
      multiplier: state.options.multiplier,
      shorting: state.options.shorting,
      fees: state.ledger.fees,
      realized: state.ledger.realized,
    };
  }
}
