/**
 * The account's money: equity, buying power, profit and loss of the day.
 *
 * Owns: marks and what follows from them. May not: know rules or orders in flight (working exposure comes as a number).
 */
import type { BarSize } from "../../market/bar-size.ts";
import type { Calendar } from "../../market/calendar.ts";
import { Decimal, ZERO, decimal } from "../decimal.ts";
import type { AccountInput, AccountView } from "../event.ts";
import type { Portfolio, Position } from "./portfolio.ts";
import { lossRatio } from "./risk/losses.ts";
import { newPrice } from "./splits.ts";
import type { Split } from "./splits.ts";

const NONE: readonly Position[] = [];

function isMiddle(bid: number, ask: number): boolean {
  return bid > 0 && ask >= bid;
}

/** The last price of a symbol. Kept in an object that changes: a number in a map would be allocated anew at every price. */
interface Mark {
  price: number;
  /** So far only quotes have marked it. */
  quoted: boolean;
  /** Market time at which it was the price of, and the newest quote with its own; NaN where none came. */
  at: number;
  bid: number;
  ask: number;
  quotedAt: number;
  /** Market time from which on it ages: until then nothing newer can have come. */
  agesFrom: number;
}

/** Both sides as they were told: 0 where nobody quotes. */
export interface Quote {
  readonly bid: number;
  readonly ask: number;
}

/** Marks by symbol. */
export interface SavedAccount {
  readonly marks: Readonly<Record<string, Readonly<Mark>>>;
  readonly multiplier: number;
  readonly dayBase: number;
  readonly dayEnds: number;
  readonly moved: number;
}

export class Account {
  readonly #portfolio: Portfolio;
  readonly #marks = new Map<string, Mark>();
  /** The open positions as they were last valued, and the mark of each. */
  #valued: readonly Position[] = NONE;
  #valuedAt: (Mark | undefined)[] = [];
  #multiplier = 1;
  #dayBase = Number.NaN;
  #dayEnds = Number.NEGATIVE_INFINITY;
  /** What came or went today without a trade: the broker's word on the previous close does not hold it. */
  #moved = 0;

  constructor(portfolio: Portfolio) {
    this.#portfolio = portfolio;
  }

  save(): SavedAccount {
    return {
      marks: Object.fromEntries([...this.#marks].map(([symbol, mark]) => [symbol, { ...mark }])),
      multiplier: this.#multiplier,
      dayBase: this.#dayBase,
      dayEnds: this.#dayEnds,
      moved: this.#moved,
    };
  }

  restore({ marks, multiplier, dayBase, dayEnds, moved }: SavedAccount): void {
    for (const [symbol, mark] of Object.entries(marks)) this.#marks.set(symbol, { ...mark });
    this.#multiplier = multiplier;
    this.#dayBase = dayBase;
    this.#dayEnds = dayEnds;
    this.#moved = moved;
  }

  /** What a position in the symbol is valued at; undefined: at what it cost. */
  valueOf(symbol: string): number | undefined {
    return this.#marks.get(symbol)?.price;
  }

  /** Last price of a symbol, or NaN. */
  markOf(symbol: string): number {
    return this.#marks.get(symbol)?.price ?? Number.NaN;
  }

  /** What was last heard of a price, the middle of a quote included, or NaN. */
  latestOf(symbol: string): number {
    const mark = this.#marks.get(symbol);
    if (mark === undefined) return Number.NaN;
    const { bid, ask } = mark;
    return mark.quotedAt > mark.at && isMiddle(bid, ask) ? (bid + ask) / 2 : mark.price;
  }

  /** How long ago (market time) that was, beyond the bar that it came with; Infinity when nothing was heard. */
  ageOf(symbol: string, now: number): number {
    const mark = this.#marks.get(symbol);
    if (mark === undefined) return Number.POSITIVE_INFINITY;
    const isQuote = mark.quotedAt > mark.agesFrom && isMiddle(mark.bid, mark.ask);
    return Math.max(0, now - (isQuote ? mark.quotedAt : mark.agesFrom));
  }

  /** `agesFrom`: nothing newer can come before. */
  mark(symbol: string, price: number, at: number, agesFrom = at): void {
    const mark = this.#markOf(symbol);
    mark.agesFrom = agesFrom;
    mark.price = price;
    mark.quoted = false;
    mark.at = at;
  }

  /**
   * Remembers a quote. Its middle is a price, good enough only for what nobody trades in sight: false when a trade has marked
   * it, or when the quote has no middle.
   */
  markQuote(symbol: string, bid: number, ask: number, at: number): boolean {
    const hasMiddle = isMiddle(bid, ask);
    if (!hasMiddle && !this.#marks.has(symbol)) return false;
    const mark = this.#markOf(symbol);
    mark.bid = bid;
    mark.ask = ask;
    mark.quotedAt = at;
    if (!hasMiddle || !mark.quoted) return false;
    mark.price = (bid + ask) / 2;
    mark.agesFrom = at;
    mark.at = at;
    return true;
  }

  /** A price of the shares before is one of the new ones from now on: a split is no profit and no loss. Quotes of them are none. */
  split(split: Split): void {
    const mark = this.#marks.get(split.symbol);
    if (mark === undefined) return;
    if (mark.quotedAt < split.time) mark.quotedAt = Number.NaN;
    if (mark.at >= split.time) return;
    mark.price = newPrice(split, decimal(mark.price)).toNumber();
    // Nobody has traded at it yet: what needs a fresh price waits for one.
    mark.agesFrom = Number.NEGATIVE_INFINITY;
  }

  /** The newest quote that came after `since`, or null. */
  quoteOf(symbol: string, since: number): Quote | null {
    const mark = this.#marks.get(symbol);
    return mark !== undefined && mark.quotedAt > since ? { bid: mark.bid, ask: mark.ask } : null;
  }

  /** When the newest price or quote was told, in market time; NaN when none was. */
  pricedAt(symbol: string): number {
    const mark = this.#marks.get(symbol);
    if (mark === undefined) return Number.NaN;
    return mark.quotedAt > mark.at ? mark.quotedAt : mark.at;
  }

  #markOf(symbol: string): Mark {
    let mark = this.#marks.get(symbol);
    if (mark === undefined) {
      const none = Number.NaN;
      const agesFrom = Number.NEGATIVE_INFINITY;
      mark = { price: none, quoted: true, at: none, bid: none, ask: none, quotedAt: none, agesFrom };
      this.#marks.set(symbol, mark);
      this.#valued = NONE;
    }
    return mark;
  }

  get dayEnds(): number {
    return this.#dayEnds;
  }

  /** What the account was worth when the day began, and what it is measured by; NaN while nobody knows. */
  get dayBase(): number {
    return this.#dayBase;
  }

  /** Money came or went today without a trade: no gain and no loss. */
  moveBase(amount: number): void {
    this.#moved += amount;
    this.#dayBase += amount;
  }

  /** A new trading day begins: what the account is worth now is the base of its profit and loss. */
  rollDay(time: number, calendar: Calendar): void {
    // On the first day the broker has said what the account was worth before it.
    const known = this.#dayEnds === Number.NEGATIVE_INFINITY && Number.isFinite(this.#dayBase);
    if (!known) this.#dayBase = this.equityNumber();
    this.#moved = 0;
    const session = calendar.sessionAtOrBefore(time);
    const next = calendar.sessionAtOrAfter(session?.extendedClose ?? time);
    this.#dayEnds = next === undefined || next.extendedOpen <= time ? Number.POSITIVE_INFINITY : next.extendedOpen;
  }

  set(input: Omit<AccountInput, "kind">): void {
    this.#portfolio.cash = decimal(input.cash);
    this.#multiplier = input.multiplier;
    this.#dayBase = Number(input.lastEquity) + this.#moved;
  }

  equity(): Decimal {
    let total = this.#portfolio.cash;
    for (const { qty, symbol, avgPrice } of this.#portfolio.open)
      total = total.plus(qty.times(this.priceOf(symbol, avgPrice)));
    return total;
  }

  /** The same as a float, for facts and for the watch over losses: asked for at every price. */
  equityNumber(): number {
    const { open, cashNumber } = this.#portfolio;
    if (this.#valued !== open) {
      this.#valued = open;
      this.#valuedAt = open.map(({ symbol }) => this.#marks.get(symbol));
    }
    let total = cashNumber;
    for (let i = 0; i < open.length; i++) {
      const { units, avgPrice } = open[i] as Position;
      total += units * (this.#valuedAt[i]?.price ?? avgPrice.toNumber());
    }
    return total;
  }

  /** What new orders may use: leverage times equity, less what positions and working orders use. `reserved` is worth of working entries. */
  buyingPower(reserved: Decimal): Decimal {
    let gross = ZERO;
    for (const { qty, symbol, avgPrice } of this.#portfolio.open)
      gross = gross.plus(qty.abs().times(this.priceOf(symbol, avgPrice)));
    return Decimal.max(this.equity().times(this.#multiplier).minus(gross).minus(reserved), ZERO);
  }

  /** Loss of the day as a positive ratio; 0 on a gain and before the first day, NaN when the equity is no number. */
  dayLossRatio(): number {
    if (this.#dayEnds === Number.NEGATIVE_INFINITY && Number.isNaN(this.#dayBase)) return 0;
    return lossRatio(this.#dayBase - this.equityNumber(), this.#dayBase);
  }

  dayPnl(): number {
    return Number.isFinite(this.#dayBase) ? this.equityNumber() - this.#dayBase : 0;
  }

  view(reserved: Decimal): AccountView {
    return {
      equity: this.equityNumber(),
      cash: this.#portfolio.cash.toNumber(),
      buyingPower: this.buyingPower(reserved).toNumber(),
      dayPnl: this.dayPnl(),
    };
  }

  /** What a unit is worth: at its mark, or at a price that is known otherwise. */
  priceOf(symbol: string, fallback: Decimal): Decimal {
    const mark = this.#marks.get(symbol);
    return mark === undefined ? fallback : decimal(mark.price);
  }
}

/** When the next price can be there after one of a closed bar. */
export function nextEnd(calendar: Calendar, now: number, size: BarSize): number {
  return size.kind === "session" ? (calendar.sessionAtOrAfter(now)?.close ?? now) : now + size.ms;
}
