/**
 * One series: closed bars of one size for one symbol and session, whatever makes them.
 *
 * Owns: the last closed bar, and in which session a time lies. May not: know facts, rules or clocks, or how bars are
 * built (time-series.ts, activity-series.ts). The caller asks for a close, with a time that came from an event.
 */
import { DAY } from "../../market/bar-size.ts";
import type { SeriesSize } from "../../market/bar-size.ts";
import type { Calendar } from "../../market/calendar.ts";
import { sessionOf, windowClose, windowOpen } from "../../market/sessions.ts";
import type { Bar } from "../event.ts";
import type { SessionKind } from "../program.ts";
import { exactly, packed, unpacked } from "../saved.ts";
import type { PackedNumbers } from "../saved.ts";
import type { Forming } from "./forming.ts";
import type { FactNode } from "./nodes.ts";

/** What became of an item offered to a series. */
export type Offer =
  | "ignored" // outside the session, or this series is built from something else
  | "building"
  | "closed" // it completed the bar
  | "late"; // belongs to a bar that is closed already

export interface SavedSeries {
  /** The last closed bar. */
  readonly bar: PackedNumbers;
  /** `lastEnd`, `barEnd`, and since when data is complete. */
  readonly ends: PackedNumbers;
  readonly lateWasTold: boolean;
}

const NO_BAR: Bar = {
  start: Number.NaN,
  open: Number.NaN,
  high: Number.NaN,
  low: Number.NaN,
  close: Number.NaN,
  volume: 0,
};

export abstract class Series<Size extends SeriesSize = SeriesSize> {
  readonly key: string;
  readonly symbol: string;
  readonly size: Size;
  readonly session: SessionKind;
  readonly calendar: Calendar;
  /** Closes a bar as soon as something later is known, without the grace: what is judged at trades must not lie between two bars. */
  readonly prompt: boolean;
  /** Facts computed from this series alone, inputs before users. */
  readonly nodes: FactNode[] = [];
  /** The last closed bar; NaN prices before the first. */
  readonly bar: { -readonly [K in keyof Bar]: Bar[K] } = { ...NO_BAR };
  /** First instant after the last decided bar, with or without a price; -Infinity before the first. */
  lastEnd = Number.NEGATIVE_INFINITY;
  /** End of `bar`; -Infinity before the first. */
  barEnd = Number.NEGATIVE_INFINITY;
  /** People were told that trades come too late for their bars. */
  lateWasTold = false;
  /** Its symbol has split: no fact is computed from it until it was made anew from history. */
  awaitsHistory = false;
  /** Data is complete from here on. */
  protected completeSince = Number.NEGATIVE_INFINITY;
  /** Window of the last look-up, so that most look-ups are arithmetic. */
  protected windowOpen = Number.NaN;
  protected windowClose = Number.NaN;

  constructor(key: string, of: SeriesOf<Size>, prompt: boolean) {
    this.key = key;
    this.symbol = of.symbol;
    this.size = of.size;
    this.session = of.session;
    this.calendar = of.calendar;
    this.prompt = prompt;
  }

  /** End of the oldest open bar as far as it is known, or NaN: then it closes at the latest. */
  abstract get openEnd(): number;

  /** The newest open bar that has a price, or undefined. */
  abstract get forming(): Forming | undefined;

  /** Whether the oldest open bar has prices but may not become a bar because data of it is missing. */
  abstract get openIsIncomplete(): boolean;

  /** End of the interval that contains `time`, or NaN while the session is closed. */
  abstract endAt(time: number): number;

  /** Start of the interval that contains `time`; `time` itself while there is none. */
  abstract intervalStart(time: number): number;

  /** Closes the oldest open bar at its end. False when it had no price or misses data: then there is no bar. */
  abstract close(): boolean;

  /** A gap in the data begins. The start of a bar that is given up because of it, or NaN. */
  abstract interrupted(): number;

  /** A bar has closed: called before its facts are updated. */
  abstract follow(): void;

  /** The latest price: of the forming bar, otherwise the last close. */
  get price(): number {
    return this.forming?.close ?? this.bar.close;
  }

  /** A provider tells its bars: trades do not build it. */
  get isFromBars(): boolean {
    return false;
  }

  /**
   * Data is complete from here on; what began earlier and is not covered by bars makes no bar. The start of a bar that is
   * given up at once, or NaN.
   */
  liveSince(time: number): number {
    this.completeSince = time;
    return Number.NaN;
  }

  /** From `time` on prices are of other shares: what began before it is given up. */
  split(_time: number): void {
    this.take(NO_BAR);
  }

  /** Whether the feed has been live from `time` on: what it tells of earlier may be told for the second time. */
  isLiveAt(time: number): boolean {
    return this.completeSince <= time;
  }

  /** Whether history of this session is for it. */
  hears(session: SessionKind | undefined): boolean {
    return session === undefined || session === this.session;
  }

  /** Start of the session (of the UTC day under `always`) whose bars `time` belongs to, or NaN outside. */
  sessionStart(time: number): number {
    return this.inWindow(time) ? this.windowOpen : Number.NaN;
  }

  /** Shows a closed bar; also one of the past again, while its facts are computed anew. */
  show(bar: Bar, end: number): void {
    this.take(bar);
    this.barEnd = end;
  }

  save(): SavedSeries {
    const { start, open, high, low, close, volume } = this.bar;
    return {
      bar: packed([start, open, high, low, close, volume]),
      ends: packed([this.lastEnd, this.barEnd, this.completeSince]),
      lateWasTold: this.lateWasTold,
    };
  }

  restore(saved: SavedSeries): void {
    const { bar } = this;
    const values = exactly(unpacked(saved.bar), 6, this.key);
    [bar.start = 0, bar.open = 0, bar.high = 0, bar.low = 0, bar.close = 0, bar.volume = 0] = values;
    [this.lastEnd = 0, this.barEnd = 0, this.completeSince = 0] = exactly(unpacked(saved.ends), 3, this.key);
    this.lateWasTold = saved.lateWasTold;
  }

  /** Takes over the past of a series with the same key when a program is reloaded. */
  adopt(old: Series): void {
    this.show(old.bar, old.barEnd);
    this.lastEnd = old.lastEnd;
    this.completeSince = old.completeSince;
  }

  /** The same beside a past that was made anew from history: of the old one only what is not a price. */
  continue(old: Series): void {
    this.lastEnd = Math.max(this.lastEnd, old.lastEnd);
    this.completeSince = old.completeSince;
    this.lateWasTold = old.lateWasTold;
  }

  protected take({ start, open, high, low, close, volume }: Bar): void {
    const { bar } = this;
    bar.start = start;
    bar.open = open;
    bar.high = high;
    bar.low = low;
    bar.close = close;
    bar.volume = volume;
  }

  protected inWindow(time: number): boolean {
    if (time >= this.windowOpen && time < this.windowClose) return true;
    const { kind } = this.size;
    if (kind !== "session" && this.session === "always") {
      this.windowOpen = Math.floor(time / DAY.ms) * DAY.ms;
      this.windowClose = this.windowOpen + DAY.ms;
      return true;
    }
    const window = kind === "session" || this.session === "regular" ? "regular" : "extended";
    const session = sessionOf(this.calendar, time, window);
    if (session === undefined) return false;
    this.windowOpen = windowOpen(session, window);
    this.windowClose = windowClose(session, window);
    return true;
  }
}

export interface SeriesOf<Size extends SeriesSize = SeriesSize> {
  readonly symbol: string;
  readonly size: Size;
  readonly session: SessionKind;
  readonly calendar: Calendar;
}

export function seriesKey({ symbol, size, session }: Omit<SeriesOf, "calendar">): string {
  return `${symbol}@${size.label}/${session}`;
}
