/**
 * One series: closed bars of one size for one symbol and session, and the bars that are being built.
 *
 * Owns: turning trades and smaller bars into bars, and deciding which bar an item belongs to.
 * May not: know facts, rules or clocks. The caller asks for a close, with a time that came from an event.
 */
import { DAY } from "../../market/bar-size.ts";
import type { BarSize } from "../../market/bar-size.ts";
import type { Calendar } from "../../market/calendar.ts";
import { sessionOf, windowClose, windowOpen } from "../../market/sessions.ts";
import type { Bar } from "../event.ts";
import type { SessionKind } from "../program.ts";
import { Forming } from "./forming.ts";
import type { FactNode } from "./nodes.ts";
import { Past } from "./past.ts";
import type { Origin } from "./past.ts";

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
  /** First instant after the last decided interval, with or without a bar; -Infinity before the first. */
  lastEnd = Number.NEGATIVE_INFINITY;
  /** End of `bar`: an interval without a bar does not move it. -Infinity before the first. */
  barEnd = Number.NEGATIVE_INFINITY;
  /** Closes a bar as soon as something later is known, without the grace: what is judged at ticks must not lie between two bars. */
  readonly prompt: boolean;
  /** Where `bar` came from. */
  readonly origin: Origin = { firstAt: Number.NaN, lastAt: Number.NaN, pieces: 0 };
  /** What may still be corrected. */
  readonly past = new Past(this);
  /** People were told that trades come too late for their bars. */
  lateWasTold = false;
  /** People were told that a correction came too late to be followed. */
  lateCorrectionWasTold = false;

  /** Open intervals in order of time: each waits out its grace while later ones already fill. */
  readonly #open: Forming[] = [];
  readonly #free: Forming[] = [];
  #liveSince = Number.NEGATIVE_INFINITY;
  /** A provider sends closed bars: from then on trades no longer build this series. */
  #fromBars = false;
  /** Somebody trades: from then on quotes no longer build this series. */
  #fromTrades = false;
  /** Window of the last look-up, so that most look-ups are arithmetic. */
  #windowOpen = Number.NaN;
  #windowClose = Number.NaN;

  constructor(symbol: string, size: BarSize, session: SessionKind, calendar: Calendar, prompt = false) {
    this.key = `${seriesKey(symbol, size, session)}${prompt ? "/prompt" : ""}`;
    this.prompt = prompt;
    this.symbol = symbol;
    this.size = size;
    this.session = session;
    this.calendar = calendar;
  }

  /** End of the oldest open interval, or NaN. */
  get openEnd(): number {
    const oldest = this.#open[0];
    return oldest === undefined ? Number.NaN : oldest.end;
  }

  /** The newest interval that has a price, or undefined. */
  get forming(): Forming | undefined {
    for (let at = this.#open.length - 1; at >= 0; at--) if (this.#open[at]?.hasPrice === true) return this.#open[at];
    return undefined;
  }

  /** The open interval that contains `time`, or undefined. */
  openAt(time: number): Forming | undefined {
    return this.#open.find((one) => one.contains(time));
  }

  /** Shows a closed bar of the past again, while its facts are computed anew. */
  show(bar: Bar, end: number): void {
    this.#take(bar);
    this.barEnd = end;
  }

  /** The latest price: of the forming bar, otherwise the last close. */
  get price(): number {
    return this.forming?.close ?? this.bar.close;
  }

  /** Whether trades are building the interval that contains `time`, from its start on. */
  isBuilding(time: number): boolean {
    const forming = this.openAt(time);
    return forming !== undefined && forming.hasPrice && forming.complete && forming.until === forming.start;
  }

  /** Data is complete from here on; what began earlier and is not covered by bars makes no bar. */
  liveSince(time: number): void {
    this.#liveSince = time;
  }

  /** A gap in the data begins. */
  interrupted(): void {
    this.#liveSince = Number.POSITIVE_INFINITY;
  }

  /** Whether the feed has been live from `time` on: what it tells of earlier may be told for the second time. */
  isLiveAt(time: number): boolean {
    return this.#liveSince <= time;
  }

  /** End of the interval that contains `time`, or NaN while the window is closed. */
  endAt(time: number): number {
    if (!this.#inWindow(time)) return Number.NaN;
    if (this.size.kind === "session") return this.#windowClose;
    return Math.min(this.#startAt(time) + this.size.ms, this.#windowClose);
  }

  /**
   * Start of the interval that contains `time`; `time` itself while there is none. A day begins with its extended hours:
   * a bar before the open lies in the day that follows.
   */
  intervalStart(time: number): number {
    if (this.size.kind === "session") {
      const session = this.calendar.sessionAtOrBefore(time);
      return session !== undefined && time < session.extendedClose ? session.extendedOpen : time;
    }
    return this.#inWindow(time) ? this.#startAt(time) : time;
  }

  /** Start of the session (of the UTC day under `always`) whose bars `time` belongs to, or NaN outside. */
  sessionStart(time: number): number {
    return this.#inWindow(time) ? this.#windowOpen : Number.NaN;
  }

  /**
   * The middle of a quote. It builds bars (without volume) only of symbols that nobody trades in sight: the first trade
   * or closed bar takes over, and what quotes had built of open intervals is forgotten.
   */
  quote(time: number, mid: number, watermark: number): Offer {
    if (this.#fromBars || this.#fromTrades) return "ignored";
    return this.#tick(time, mid, 0, true, watermark);
  }

  /** `watermark`: intervals that ended at or before it are decided. */
  trade(time: number, price: number, size: number, setsPrice: boolean, watermark: number): Offer {
    if (this.#fromBars) return "ignored";
    if (!this.#fromTrades) {
      this.#fromTrades = true;
      this.#forgetOpen();
    }
    return this.#tick(time, price, size, setsPrice, watermark);
  }

  #tick(time: number, price: number, size: number, setsPrice: boolean, watermark: number): Offer {
    const forming = this.#formingAt(time, watermark);
    if (forming === "late" || forming === "ignored") return forming;
    if (time < forming.until) return "ignored";
    if (this.#liveSince > forming.until) forming.complete = false;
    forming.hasTicks = true;
    forming.volume += size;
    if (setsPrice) forming.trade(time, price);
    return "building";
  }

  /**
   * A closed bar of the same or a smaller size, in order of their starts. `end` is its end. `live`: a provider sends
   * such bars from now on; history does not say so, and trades go on building.
   */
  offer(bar: Bar, size: BarSize, end: number, live: boolean): Offer {
    if (size.ms > this.size.ms || (size !== this.size && !divides(size, this.size))) return "ignored";
    if (bar.start < this.lastEnd) return "late";
    if (live) this.#useBars();
    if (size.label === this.size.label) {
      this.#take(bar);
      this.#from(Number.NaN, Number.NaN, 0);
      this.#decided(end);
      return "closed";
    }
    const forming = this.#formingAt(bar.start, Number.NEGATIVE_INFINITY);
    if (forming === "late" || forming === "ignored") return forming;
    // Trades of the time that this bar covers would be counted twice: the bars of a provider know better.
    if (bar.start < forming.until) return "late";
    if (bar.start > forming.until && this.#liveSince > forming.until) forming.complete = false;
    forming.until = end;
    forming.fold(bar.open, bar.high, bar.low, bar.close);
    forming.volume += bar.volume;
    forming.pieces++;
    this.past.addPiece(bar);
    if (end < forming.end || forming !== this.#open[0]) return "building";
    return this.close() ? "closed" : "ignored";
  }

  /** Closes the oldest open interval. False when it had no price or misses data: then there is no bar. */
  close(): boolean {
    const forming = this.#open.shift();
    if (forming === undefined) return false;
    const made = forming.hasPrice && this.#isComplete(forming);
    if (made) {
      this.show(forming, forming.end);
      const isTraded = this.#fromTrades && forming.pieces === 0;
      const pieces = forming.hasTicks ? 0 : forming.pieces;
      this.#from(isTraded ? forming.firstAt : Number.NaN, isTraded ? forming.lastAt : Number.NaN, pieces);
    }
    this.lastEnd = Math.max(this.lastEnd, forming.end);
    this.#free.push(forming);
    return made;
  }

  /** Whether the oldest open interval has prices but may not become a bar because data of it is missing. */
  get openIsIncomplete(): boolean {
    const forming = this.#open[0];
    return forming !== undefined && forming.hasPrice && !this.#isComplete(forming);
  }

  #isComplete(forming: Forming): boolean {
    return forming.complete && (forming.until >= forming.end || this.#liveSince <= forming.until);
  }

  #take({ start, open, high, low, close, volume }: Bar): void {
    const { bar } = this;
    bar.start = start;
    bar.open = open;
    bar.high = high;
    bar.low = low;
    bar.close = close;
    bar.volume = volume;
  }

  #from(firstAt: number, lastAt: number, pieces: number): void {
    this.origin.firstAt = firstAt;
    this.origin.lastAt = lastAt;
    this.origin.pieces = pieces;
  }

  /** A whole bar was given: what was being built of its time is over. */
  #decided(end: number): void {
    this.lastEnd = end;
    this.barEnd = end;
    while (this.openEnd <= end) this.#free.push(this.#open.shift() as Forming);
  }

  #formingAt(time: number, watermark: number): Forming | "late" | "ignored" {
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const forming = this.#open[i] as Forming;
      if (forming.contains(time)) return forming;
    }
    if (time < this.lastEnd) return "late";
    const end = this.endAt(time);
    if (Number.isNaN(end)) return "ignored";
    if (end <= watermark) return "late";
    const forming = this.#free.pop() ?? new Forming();
    forming.begin(this.size.kind === "session" ? this.#windowOpen : this.#startAt(time), end);
    let at = this.#open.length;
    while (at > 0 && (this.#open[at - 1] as Forming).start > forming.start) at--;
    this.#open.splice(at, 0, forming);
    return forming;
  }

  #startAt(time: number): number {
    return this.#windowOpen + Math.floor((time - this.#windowOpen) / this.size.ms) * this.size.ms;
  }

  #inWindow(time: number): boolean {
    if (time >= this.#windowOpen && time < this.#windowClose) return true;
    if (this.size.kind === "intraday" && this.session === "always") {
      this.#windowOpen = Math.floor(time / DAY.ms) * DAY.ms;
      this.#windowClose = this.#windowOpen + DAY.ms;
      return true;
    }
    const window = this.size.kind === "session" || this.session === "regular" ? "regular" : "extended";
    const session = sessionOf(this.calendar, time, window);
    if (session === undefined) return false;
    this.#windowOpen = windowOpen(session, window);
    this.#windowClose = windowClose(session, window);
    return true;
  }

  #useBars(): void {
    if (this.#fromBars) return;
    // What trades built of the current interval would be counted twice.
    this.#fromBars = true;
    this.#forgetOpen();
  }

  #forgetOpen(): void {
    this.#free.push(...this.#open);
    this.#open.length = 0;
  }

  /** Takes over the past of a series with the same key when a program is reloaded. */
  adopt(old: Series): void {
    this.#take(old.bar);
    this.lastEnd = old.lastEnd;
    this.barEnd = old.barEnd;
    this.#open.splice(0, this.#open.length, ...old.#open);
    this.#liveSince = old.#liveSince;
    this.#fromBars = old.#fromBars;
    this.#fromTrades = old.#fromTrades;
    this.past.adopt(old.past);
  }
}

/** Whether bars of the smaller size fill bars of the larger one without reaching over its end. */
export function divides(small: BarSize, large: BarSize): boolean {
  return (
    small.label === large.label ||
    (small.kind === "intraday" && (large.kind === "session" || large.ms % small.ms === 0))
  );
}

export function seriesKey(symbol: string, size: BarSize, session: SessionKind): string {
  return `${symbol}@${size.label}/${session}`;
}
