/**
 * Plays the tape: first the exchange sees all items of the next distinct time, then the data goes out.
 *
 * Owns: the order of the two phases. That order makes a run over sockets give the orders of a backtest: an order sent
 * on a bar can only be matched by a later one. May not: read the wall clock; pacing is the venue's.
 */
import type { BarInput, MarketInput, QuoteInput, TradeInput } from "../../core/event.ts";
import { DAY, parseBarSize } from "../../market/bar-size.ts";
import type { BarBook } from "./bar-book.ts";
import type { Desk } from "./desk.ts";
import { outgoing } from "./frames.ts";
import type { Outgoing } from "./frames.ts";
import type { Tape, TapeItem } from "./options.ts";

type Played = TradeInput | QuoteInput | BarInput;

interface Due {
  readonly at: number;
  readonly input: MarketInput;
}

export interface Step {
  readonly time: number;
  readonly items: readonly Played[];
}

export class Player {
  readonly #desk: Desk;
  readonly #book: BarBook;
  readonly #streamedBars: string;
  readonly #source: AsyncIterator<TapeItem> | Iterator<TapeItem>;
  #ahead: Due | undefined;
  #over = false;
  #sequence = 0;
  lateItems = 0;
  unsentBars = 0;

  constructor(tape: Tape, desk: Desk, book: BarBook, streamedBars: string) {
    this.#desk = desk;
    this.#book = book;
    this.#streamedBars = streamedBars;
    this.#source = Symbol.asyncIterator in tape ? tape[Symbol.asyncIterator]() : tape[Symbol.iterator]();
  }

  get over(): boolean {
    return this.#over;
  }

  /** When the next items are due, or undefined at the end of the tape. */
  async nextTime(): Promise<number | undefined> {
    return (await this.#peek())?.at;
  }

  async #peek(): Promise<Due | undefined> {
    while (this.#ahead === undefined && !this.#over) {
      const next = await this.#source.next();
      if (next.done === true) this.#over = true;
      else this.#ahead = this.#due(next.value);
    }
    return this.#ahead;
  }

  #due(item: TapeItem): Due | undefined {
    const input = "input" in item ? item.input : item;
    if (input.kind === "history") {
      this.#book.addHistory(input.symbol, input.size, input.bars);
      return undefined;
    }
    if (input.kind === "feed") return undefined;
    const at = "input" in item ? item.at : input.kind === "bar" ? this.#book.endOfInput(input) : input.time;
    const now = this.#desk.now();
    if (at >= now) return { at, input };
    this.lateItems += 1;
    return { at: now, input };
  }

  /** All items of the next distinct time. */
  async take(): Promise<Step | undefined> {
    const first = await this.#peek();
    if (first === undefined) return undefined;
    const items: Played[] = [];
    for (let due: Due | undefined = first; due !== undefined && due.at <= first.at; due = await this.#peek()) {
      items.push(due.input as Played);
      this.#ahead = undefined;
    }
    return { time: first.at, items };
  }

  /** The exchange phase. Revisions and unknown sizes do not match orders. Returns how many trade updates it made. */
  match(step: Step): number {
    const { exchange } = this.#desk;
    this.#desk.moveTo(step.time);
    for (const item of step.items) {
      if (item.kind === "trade") {
        if (item.setsPrice) exchange.trade(item.symbol, item.price, item.size, step.time);
      } else if (item.kind === "quote") {
        exchange.quote(item.symbol, item.bid, item.bidSize, item.ask, item.askSize, step.time);
      } else {
        const size = parseBarSize(item.size);
        if (size !== undefined && !item.revised) exchange.bar(item.symbol, size, item, step.time);
      }
      this.#book.add(item);
    }
    // What ends at this very instant ends with the next one: whoever acts on this data is still in time.
    exchange.advance(step.time - 1);
    return this.#desk.flush();
  }

  /** After the last item: what ends at its time ends now. */
  finish(): void {
    this.#desk.exchange.advance(this.#desk.now());
    this.#desk.flush();
  }

  /** The data phase: what may be sent to subscribers. */
  messages(step: Step): Outgoing[] {
    const batch: Outgoing[] = [];
    for (const item of step.items) {
      this.#sequence += 1;
      const message = outgoing(
        item,
        this.#streamedBars,
        (start) => this.#book.wireStart(item.symbol, start, DAY),
        this.#sequence,
      );
      if (message === undefined) this.unsentBars += 1;
      else batch.push(message);
    }
    return batch;
  }

  /** Does not wait: a tape that never answers must not hold the venue. */
  close(): void {
    this.#over = true;
    this.#ahead = undefined;
    Promise.resolve(this.#source.return?.()).catch(() => {});
  }
}
