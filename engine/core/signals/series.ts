/**
 * One series: closed bars of one size for one symbol and session, and the bars that are being built.
 *
 * Owns: turning trades and smaller bars into bars, and deciding which bar an item belongs to.
 * May not: know facts, rules or clocks. The caller asks for a close, with a time that came from an event.
 */
import type { BarSize } from "../../market/bar-size.ts";
import type { Calendar } from "../../market/calendar.ts";
import { barInterval } from "../../market/sessions.ts";
import type { Bar } from "../event.ts";
import type { SessionKind } from "../program.ts";
import { Forming } from "./forming.ts";
import type { FactNode } from "./nodes.ts";

/** What became of an item offered to a series. */
export type Offer =
  | "ignored" // outside the session, or this series is built from something else
  | "building"
  | "closed" // it completed the bar: `series.bar` is new
  | "late"; // belongs to a bar that is closed already: a revision

export class Series {
  readonly key: string;
  readonly symbol: string;
  readonly size: BarSize;
  readonly session: SessionKind;
  readonly calendar: Calendar;
  /** Facts computed from this series alone, inputs before users. */
  readonly nodes: FactNode[] = [];
  /** The last closed bar; NaN prices before the first. */
  readonly bar = {
    start: Number.NaN,
    open: Number.NaN,
    high: Number.NaN,
    low: Number.NaN,
    close: Number.NaN,
    volume: 0,
  };
  /** First instant after the last closed interval; -Infinity before the first. */
  lastEnd = Number.NEGATIVE_INFINITY;

  /** The older of two open intervals: it waits out its grace while the next one already fills. */
  #current = new Forming();
  #next = new Forming();
  #liveSince = Number.NEGATIVE_INFINITY;
  /** A provider sends closed bars: from then on trades no longer build this series. */
  #fromBars = false;

  constructor(symbol: string, size: BarSize, session: SessionKind, calendar: Calendar) {
    this.key = seriesKey(symbol, size, session);
    this.symbol = symbol;
    this.size = size;
    this.session = session;
    this.calendar = calendar;
  }

  /** End of the oldest open interval, or NaN. */
  get openEnd(): number {
    return this.#current.end;
  }

  /** Data is complete from here on; an interval that began earlier makes no bar. */
  liveSince(time: number): void {
    this.#liveSince = time;
  }

  /** A gap in the data: what is being built is incomplete. */
  interrupted(): void {
    this.#current.complete = false;
    this.#next.complete = false;
    this.#liveSince = Number.POSITIVE_INFINITY;
  }

  trade(time: number, price: number, size: number, setsPrice: boolean): Offer {
    if (this.#fromBars) return "ignored";
    const forming = this.#formingAt(time);
    if (forming === "late" || forming === "ignored") return forming;
    forming.volume += size;
    if (setsPrice) forming.fold(price, price, price, price);
    return "building";
  }

  /** Whether the open interval must be closed before a closed bar that starts at `start` may be offered. */
  endsBefore(start: number): boolean {
    return this.#current.active && start >= this.#current.end;
  }

  /** A closed bar of the same or a smaller size that a provider sent, in order of their starts. `end` is its end. */
  offer(bar: Bar, size: BarSize, end: number): Offer {
    if (size.ms > this.size.ms) return "ignored";
    if (bar.start < this.lastEnd) return "late";
    this.#useBars();
    if (size.label === this.size.label) {
      Object.assign(this.bar, {
        start: bar.start,
        open: bar.open,
        high: bar.high,
        low: bar.low,
        close: bar.close,
        volume: bar.volume,
      });
      this.lastEnd = end;
      return "closed";
    }
    const forming = this.#formingAt(bar.start);
    if (forming === "late" || forming === "ignored") return forming;
    forming.fold(bar.open, bar.high, bar.low, bar.close);
    forming.volume += bar.volume;
    if (end < forming.end) return "building";
    return this.close() ? "closed" : "ignored";
  }

  /** Closes the oldest open interval. False when it had no price or missed its beginning: then there is no bar. */
  close(): boolean {
    const forming = this.#current;
    const made = forming.hasPrice && forming.complete;
    if (made) {
      const { start, open, high, low, close, volume } = forming;
      Object.assign(this.bar, { start, open, high, low, close, volume });
    }
    this.lastEnd = Math.max(this.lastEnd, forming.end);
    forming.clear();
    this.#current = this.#next;
    this.#next = forming;
    return made;
  }

  /** Whether the open interval has prices but may not become a bar because data of it is missing. */
  get openIsIncomplete(): boolean {
    return this.#current.hasPrice && !this.#current.complete;
  }

  #formingAt(time: number): Forming | "late" | "ignored" {
    if (this.#current.contains(time)) return this.#current;
    if (this.#next.contains(time)) return this.#next;
    if (time < this.lastEnd || time < this.#current.start) return "late";
    const interval = barInterval(this.calendar, this.size, time, this.session);
    if (interval === undefined) return "ignored";
    const forming = this.#current.active ? this.#next : this.#current;
    forming.begin(interval.start, interval.end, this.#liveSince <= interval.start);
    return forming;
  }

  #useBars(): void {
    if (this.#fromBars) return;
    // What trades built of the current interval would be counted twice.
    this.#fromBars = true;
    this.#current.clear();
    this.#next.clear();
  }

  /** Takes over the past of a series with the same key when a program is reloaded. */
  adopt(old: Series): void {
    Object.assign(this.bar, old.bar);
    this.lastEnd = old.lastEnd;
    this.#current = old.#current;
    this.#next = old.#next;
    this.#liveSince = old.#liveSince;
    this.#fromBars = old.#fromBars;
  }
}

export function seriesKey(symbol: string, size: BarSize, session: SessionKind): string {
  return `${symbol}@${size.label}/${session}`;
}
