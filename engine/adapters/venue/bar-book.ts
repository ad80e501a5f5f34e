/**
 * What the data REST knows of bars: those given as history, those played so far, the latest, and today's.
 *
 * Owns: the past up to the venue's clock. Nothing that ends later is ever shown: a client must not see the future of
 * the tape. May not: read the tape itself.
 */
import { barEnd } from "../../core/known-at.ts";
import type { Bar, BarInput } from "../../core/event.ts";
import { DAY, parseBarSize } from "../../market/bar-size.ts";
import type { BarSize } from "../../market/bar-size.ts";
import type { Calendar } from "../../market/calendar.ts";
import type { VenueOptions } from "./options.ts";
import { dayStart, localDate, midnightOf } from "./times.ts";

/** Bars kept per symbol and size; older played ones are dropped. */
const MAX_BARS = 20_000;

export interface WireBar {
  readonly bar: Bar;
  /** Start as the wire has it: midnight for a day. */
  readonly start: number;
}

export class BarBook {
  readonly calendarOf: (symbol: string) => Calendar;
  readonly #historyOf: NonNullable<VenueOptions["historyOf"]>;
  readonly #played = new Map<string, Bar[]>();
  readonly lastBar = new Map<string, BarInput>();

  readonly #intraday: BarSize;

  /** `intraday`: the bars that a day which has not ended is put together from. */
  constructor(
    calendarOf: (symbol: string) => Calendar,
    historyOf: VenueOptions["historyOf"],
    intraday: BarSize | undefined,
  ) {
    this.calendarOf = calendarOf;
    this.#intraday = intraday ?? (parseBarSize("1m") as BarSize);
    this.#historyOf = historyOf ?? (() => []);
  }

  add(input: BarInput): void {
    if (input.size !== "1d") this.lastBar.set(input.symbol, input);
    this.#keep(input.symbol, input.size, input);
  }

  #keep(symbol: string, size: string, bar: Bar): void {
    const key = `${symbol} ${size}`;
    const bars = this.#played.get(key) ?? [];
    this.#played.set(key, bars);
    const last = bars.at(-1);
    if (last === undefined || bar.start > last.start) {
      bars.push(bar);
      if (bars.length > MAX_BARS) bars.shift();
      return;
    }
    const index = bars.findIndex((known) => known.start >= bar.start);
    const revises = bars[index]?.start === bar.start;
    bars.splice(index, revises ? 1 : 0, bar);
  }

  addHistory(symbol: string, size: string, bars: readonly Bar[]): void {
    for (const bar of bars) this.#keep(symbol, size, bar);
  }

  /** The first instant after a bar. */
  endOf(symbol: string, start: number, size: BarSize): number {
    return barEnd(start, size, this.calendarOf(symbol));
  }

  endOfInput(input: BarInput): number {
    const size = parseBarSize(input.size);
    return size === undefined ? input.start : this.endOf(input.symbol, input.start, size);
  }

  wireStart(symbol: string, start: number, size: BarSize): number {
    if (size.kind !== "session") return start;
    const calendar = this.calendarOf(symbol);
    const session = calendar.sessionAtOrBefore(start);
    return session === undefined ? start : dayStart(calendar, session);
  }

  /** Closed bars with `from <= start <= until` on the wire, oldest first; a played bar supersedes one of the history. */
  async bars(symbol: string, size: BarSize, from: number, until: number, now: number): Promise<WireBar[]> {
    const byStart = new Map<number, Bar>();
    for (const bar of await this.#historyOf(symbol, size)) byStart.set(bar.start, bar);
    for (const bar of this.#played.get(`${symbol} ${size.label}`) ?? []) byStart.set(bar.start, bar);
    const found: WireBar[] = [];
    for (const bar of byStart.values()) {
      if (this.endOf(symbol, bar.start, size) > now) continue;
      const start = this.wireStart(symbol, bar.start, size);
      if (start >= from && start <= until) found.push({ bar, start });
    }
    return found.toSorted((a, b) => a.start - b.start);
  }

  /** The day of `now`, as far as it went, and the last one before it. */
  async days(symbol: string, now: number): Promise<{ readonly today?: WireBar; readonly before?: WireBar }> {
    const calendar = this.calendarOf(symbol);
    const midnight = midnightOf(calendar, localDate(calendar, now), now);
    const closed = await this.bars(symbol, DAY, 0, now, now);
    const before = closed.findLast(({ start }) => start < midnight);
    const today = closed.findLast(({ start }) => start >= midnight) ?? (await this.#soFar(symbol, midnight, now));
    return { ...(today && { today }), ...(before && { before }) };
  }

  async #soFar(symbol: string, midnight: number, now: number): Promise<WireBar | undefined> {
    const bars = (await this.bars(symbol, this.#intraday, midnight, now, now)).map(({ bar }) => bar);
    const [first] = bars;
    if (first === undefined) return undefined;
    const bar: Bar = {
      start: midnight,
      open: first.open,
      high: Math.max(...bars.map(({ high }) => high)),
      low: Math.min(...bars.map(({ low }) => low)),
      close: (bars.at(-1) as Bar).close,
      volume: bars.reduce((sum, { volume }) => sum + volume, 0),
    };
    return { bar, start: midnight };
  }
}
