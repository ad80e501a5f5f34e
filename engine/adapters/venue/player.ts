/**
 * Plays the tape: first the exchange sees all items of the next distinct time, then the data goes out.
 *
 * Owns: the order of the two phases. That order makes a run over sockets give the orders of a backtest: an order sent
 * on a bar can only be matched by a later one. May not: read the wall clock; pacing is the venue's.
 */
import type { BarInput, QuoteInput, TradeInput } from "../../core/event.ts";
import type { SplitInput } from "../../core/feed-event.ts";
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

type Played = TradeInput | QuoteInput | BarInput | SplitInput | MarketEvent;

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
  return !isMarketEvent(kept.input) && kept.input.kind !== "split";
}

type Aside = Extract<VenueInput, { readonly kind: "feed" | "halt" | "notice" | "split" | "splits" }>;

/** Of a tape, what is told about the market instead of being it: the venue tells such things itself. */
function isAside(input: VenueInput): input is Aside {
  return ["feed", "halt", "notice", "split", "splits"].includes(input.kind);
}

export interface PlayerOptions {
  readonly bars: BarBook;
  readonly ticks: TickBook;
  readonly halts: HaltClock;
  readonly streamedBars: string;
  readonly splits: readonly SplitInput[];
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
  /** Those to come, the next one first. */
  readonly #splits: SplitInput[];
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
    this.#splits = options.splits.filter(({ time }) => time > desk.now()).toSorted((a, b) => a.time - b.time);
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
      while (this.#splits[0] !== undefined && this.#splits[0].time <= due.at) {
        const input = this.#splits.shift() as SplitInput;
        this.#ahead.push({ at: input.time, input, nanos: 0 });
      }
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
    if (isAside(input)) return undefined;
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
      const { input } = item;
      if (isData(item)) this.#see(item, step.time);
      else if (input.kind === "split") exchange.split(input.symbol, input.newShares, input.oldShares, step.time);
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
      if (item.input.kind === "split") continue;
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
