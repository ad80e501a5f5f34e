/**
 * Facts that are read at the moment of evaluation: quotes, the session's clock, the strategy's book, the account.
 *
 * Owns: their definitions. May not: keep history, or change what it reads.
 */
import { minutesSinceOpen, minutesToClose } from "../../market/sessions.ts";
import type { AccountView, BookView } from "../event.ts";
import type { AccountField, PositionField, QuoteField, SessionField, Strategy } from "../program.ts";
import { exactly } from "../saved.ts";
import type { Slots } from "./conditions.ts";
import type { FactNode, Moment } from "./nodes.ts";
import type { QuoteState } from "./quotes.ts";
import type { Series } from "./series.ts";

export class QuoteNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #quote: QuoteState;
  readonly #field: QuoteField;
  readonly #moment: Moment;
  readonly #staleMs: number;

  constructor(key: string, slot: number, quote: QuoteState, field: QuoteField, moment: Moment, staleMs: number) {
    this.key = key;
    this.slot = slot;
    this.#quote = quote;
    this.#field = field;
    this.#moment = moment;
    this.#staleMs = staleMs;
  }

  update(slots: Slots): void {
    slots[this.slot] = this.#isFresh(this.#quote) ? this.#value(this.#quote) : Number.NaN;
  }

  #isFresh({ quotedAt, tradedAt, halted }: QuoteState): boolean {
    const at = this.#field === "last" ? tradedAt : quotedAt;
    return !halted && this.#moment.time - at <= this.#staleMs;
  }

  #value({ bid, bidSize, ask, askSize, last }: QuoteState): number {
    switch (this.#field) {
      case "bid":
        return bid;
      case "ask":
        return ask;
      case "last":
        return last;
      case "mid":
        return (bid + ask) / 2;
      case "spread":
        return ask - bid;
      case "imbalance":
        // Two sides without sizes give 0 / 0: unknown, like a quote of one side.
        return (bidSize - askSize) / (bidSize + askSize);
    }
  }
}

export class SessionNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #series: Series;
  readonly #moment: Moment;
  readonly #field: SessionField;

  constructor(key: string, slot: number, series: Series, moment: Moment, field: SessionField) {
    this.key = key;
    this.slot = slot;
    this.#series = series;
    this.#moment = moment;
    this.#field = field;
  }

  update(slots: Slots): void {
    slots[this.slot] = this.#value();
  }

  #value(): number {
    const { calendar, session } = this.#series;
    const { time, start } = this.#moment;
    switch (this.#field) {
      case "minutes_since_open":
        return minutesSinceOpen(calendar, time, session);
      case "minutes_to_close":
        return minutesToClose(calendar, time, session);
      case "open":
        return minutesToClose(calendar, time, session) > 0 ? 1 : 0;
      case "time":
        return calendar.localTime(time).minutes;
      // The bar's own day: a bar that ends at midnight still belongs to the day it covers.
      case "weekday":
        return calendar.localTime(start).weekday;
    }
  }
}

export interface Views {
  book(strategy: string, symbol: string): BookView | undefined;
  readonly account: AccountView;
}

export class PositionNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #views: Views;
  readonly #strategy: string;
  readonly #ticks: boolean;
  readonly #series: Series;
  readonly #moment: Moment;
  readonly #field: PositionField;
  #openedAt = -1;
  #openedIndex = 0;

  constructor(
    key: string,
    slot: number,
    views: Views,
    of: { readonly strategy: Strategy; readonly moment: Moment },
    series: Series,
    field: PositionField,
  ) {
    this.key = key;
    this.slot = slot;
    this.#views = views;
    this.#strategy = of.strategy.name;
    this.#ticks = of.strategy.ticks === true;
    this.#series = series;
    this.#moment = of.moment;
    this.#field = field;
  }

  update(slots: Slots): void {
    const book = this.#views.book(this.#strategy, this.#series.symbol);
    slots[this.slot] = book === undefined || book.qty === 0 ? this.#flat(book) : this.#value(book);
  }

  /** Without a position there is no average price: unknown, not zero. */
  #flat(book: BookView | undefined): number {
    if (this.#field === "avg_price") return Number.NaN;
    return this.#field === "open_qty" && book !== undefined ? book.openQty : 0;
  }

  #value(book: BookView): number {
    const close = this.#ticks ? this.#series.price : this.#series.bar.close;
    switch (this.#field) {
      case "qty":
        return book.qty;
      case "open_qty":
        return book.openQty;
      case "side":
        return Math.sign(book.qty);
      case "avg_price":
        return book.avgPrice;
      case "unrealized":
        return (close - book.avgPrice) * book.qty;
      case "unrealized_pct":
        return ((close - book.avgPrice) / book.avgPrice) * Math.sign(book.qty);
      case "bars_held":
        return this.#barsHeld(book);
      case "age":
        return Math.max(0, (this.#moment.time - book.openedAt) / 1_000);
    }
  }

  /** Closed bars of the strategy since the position was opened, the bar of the opening included. */
  #barsHeld(book: BookView): number {
    if (book.openedAt !== this.#openedAt) {
      this.#openedAt = book.openedAt;
      this.#openedIndex = this.#moment.bars - 1;
    }
    return this.#moment.bars - this.#openedIndex;
  }

  adopt(old: FactNode, slots: Slots): void {
    if (!(old instanceof PositionNode)) return;
    this.#openedAt = old.#openedAt;
    this.#openedIndex = old.#openedIndex;
    this.update(slots);
  }

  /** Bars were counted anew, too. */
  continue(old: FactNode): void {
    if (!(old instanceof PositionNode)) return;
    this.#openedAt = old.#openedAt;
    this.#openedIndex = old.#openedIndex + this.#moment.bars - old.#moment.bars;
  }

  save(): number[] {
    return [this.#openedAt, this.#openedIndex];
  }

  restore(memory: readonly number[]): void {
    [this.#openedAt = 0, this.#openedIndex = 0] = exactly(memory, 2, this.key);
  }
}

export class AccountNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #views: Views;
  readonly #field: AccountField;

  constructor(key: string, slot: number, views: Views, field: AccountField) {
    this.key = key;
    this.slot = slot;
    this.#views = views;
    this.#field = field;
  }

  update(slots: Slots): void {
    slots[this.slot] = this.#value(this.#views.account);
  }

  #value({ equity, cash, buyingPower, dayPnl }: AccountView): number {
    switch (this.#field) {
      case "equity":
        return equity;
      case "cash":
        return cash;
      case "buying_power":
        return buyingPower;
      case "day_pnl":
        return dayPnl;
    }
  }
}
