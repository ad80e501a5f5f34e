/**
 * Plays the tape: first the exchange sees all items of the next distinct time, then the data goes out.
 *
 * Owns: the order of the two phases. That order makes a run over sockets give the orders of a backtest: an order sent
 * on a bar can only be matched by a later one. May not: read the wall clock; pacing is the venue's.
 */
import type { BarInput, QuoteInput, TradeInput } from "../../core/event.ts";
import { DAY, parseBarSize } from "../../market/bar-size.ts";
import type { BarBook } from "./bar-book.ts";
import type { Desk } from "./desk.ts";
import { outgoing } from "./frames.ts";
import type { Kept, Outgoing } from "./frames.ts";
import type { HaltClock } from "./halts.ts";
import { effectOf, eventMessage, isMarketEvent } from "./market-events.ts";
import type { MarketEvent } from "./market-events.ts";
import type { Tape, TapeItem, VenueInput } from "./options.ts";
import type { TickBook } from "./tick-book.ts";

type Played = TradeInput | QuoteInput | BarInput | MarketEvent;

interface Due {
  readonly at: number;
  readonly input: VenueInput;
  readonly nanos: number;
}

export interface Step {
  readonly time: number;
  readonly items: readonly Kept<Played>[];
}

function symbolOf(input: Played): string {
  return "symbol" in input ? input.symbol : "";
}

function isData(kept: Kept<Played>): kept is Kept<TradeInput | QuoteInput | BarInput> {
  return !isMarketEvent(kept.input);
}

export interface PlayerOptions {
  readonly bars: BarBook;
  readonly ticks: TickBook;
  readonly halts: HaltClock;
  readonly streamedBars: string;
}

export class Player {
  readonly #desk: Desk;
  readonly #bars: BarBook;
  readonly #ticks: TickBook;
  readonly #streamedBars: string;
  readonly #source: AsyncIterator<TapeItem> | Iterator<TapeItem>;
  /** What comes next: perhaps halts, then one item of the tape. */
  readonly #ahead: Due[] = [];
  readonly #halts: HaltClock;
  #over = false;
  #sequence = 0;
  lateItems = 0;
  unsentBars = 0;

  constructor(tape: Tape, desk: Desk, options: PlayerOptions) {
    this.#desk = desk;
    this.#bars = options.bars;
    this.#ticks = options.ticks;
    this.#halts = options.halts;
    this.#streamedBars = options.streamedBars;
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
    while (this.#ahead.length === 0 && !this.#over) {
      const next = await this.#source.next();
      if (next.done === true) {
        this.#over = true;
        break;
      }
      const due = this.#due(next.value);
      if (due === undefined) continue;
      for (const input of this.#halts.upTo(due.at)) this.#ahead.push({ at: input.time, input, nanos: 0 });
      this.#ahead.push(due);
    }
    return this.#ahead[0];
  }

  #due(item: TapeItem): Due | undefined {
    const input = "input" in item ? item.input : item;
    if (input.kind === "history") {
      this.#bars.addHistory(input.symbol, input.size, input.bars);
      return undefined;
    }
    if (input.kind === "feed" || input.kind === "halt" || input.kind === "notice") return undefined;
    const own = input.kind === "bar" ? this.#bars.endOfInput(input) : input.time;
    const at = "input" in item ? item.at : own;
    const nanos = "input" in item ? (item.nanos ?? 0) : 0;
    const now = this.#desk.now();
    if (at >= now) return { at, input, nanos };
    this.lateItems += 1;
    return { at: now, input, nanos };
  }

  /** All items of the next distinct time. */
  async take(): Promise<Step | undefined> {
    const first = await this.#peek();
    if (first === undefined) return undefined;
    const items: Kept<Played>[] = [];
    for (let due: Due | undefined = first; due !== undefined && due.at <= first.at; due = await this.#peek()) {
      this.#sequence += 1;
      items.push({ input: due.input as Played, sequence: this.#sequence, nanos: due.nanos });
      this.#ahead.shift();
    }
    return { time: first.at, items };
  }

  /** The exchange phase. Revisions and unknown sizes do not match orders. Returns how many trade updates it made. */
  match(step: Step): number {
    const { exchange } = this.#desk;
    this.#desk.moveTo(step.time);
    for (const item of step.items) {
      if (isData(item)) this.#see(item, step.time);
      else this.happen(item.input as MarketEvent, step.time);
    }
    // What ends at this very instant ends with the next one: whoever acts on this data is still in time.
    exchange.advance(step.time - 1);
    const made = this.#desk.flush();
    this.#desk.mark();
    return made;
  }

  #see({ input, sequence, nanos }: Kept<TradeInput | QuoteInput | BarInput>, time: number): void {
    const { exchange } = this.#desk;
    const { symbol } = input;
    if (input.kind === "trade") {
      if (input.setsPrice) exchange.trade(symbol, input.price, input.size, time);
      this.#ticks.trades.add(symbol, { input, sequence, nanos });
    } else if (input.kind === "quote") {
      exchange.quote(symbol, input.bid, input.bidSize, input.ask, input.askSize, time);
      this.#ticks.quotes.add(symbol, { input, sequence, nanos });
    } else {
      const size = parseBarSize(input.size);
      if (size !== undefined && !input.revised) exchange.bar(symbol, size, input, time);
      this.#bars.add(input);
    }
  }

  /** What is not data: a status may stop trading or let it go on, the rest is kept and shown. */
  happen(event: MarketEvent, time: number): void {
    this.#ticks.event(event);
    if (event.kind !== "status") return;
    const effect = effectOf(event);
    if (effect === "halt") this.#desk.exchange.halt(event.symbol, time);
    if (effect === "resume") this.#desk.exchange.resume(event.symbol, time);
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
      const start = (bar: number): number => this.#bars.wireStart(symbolOf(item.input), bar, DAY);
      const message = isData(item)
        ? outgoing(item, this.#streamedBars, start)
        : eventMessage(item.input as MarketEvent);
      if (message === undefined) this.unsentBars += 1;
      else batch.push(message);
    }
    return batch;
  }

  /** Does not wait: a tape that never answers must not hold the venue. */
  close(): void {
    this.#over = true;
    this.#ahead.length = 0;
    Promise.resolve(this.#source.return?.()).catch(() => {});
  }
}
