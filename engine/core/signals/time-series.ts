/**
 * Bars of time: intervals that divide a session, or one whole session.
 *
 * Owns: turning trades and smaller bars into bars, and deciding which interval an item belongs to.
 * May not: know facts, rules or clocks. The caller asks for a close, with a time that came from an event.
 */
import type { BarSize } from "../../market/bar-size.ts";
import type { Bar } from "../event.ts";
import { exactly, packed, unpacked } from "../saved.ts";
import type { PackedNumbers } from "../saved.ts";
import type { Forming } from "./forming.ts";
import { OpenIntervals } from "./open-intervals.ts";
import { Past } from "./past.ts";
import type { Origin, SavedPast } from "./past.ts";
import { Series, seriesKey } from "./series.ts";
import type { Offer, SavedSeries, SeriesOf } from "./series.ts";

interface SavedTimeSeries extends SavedSeries {
  readonly origin: PackedNumbers;
  readonly open: readonly PackedNumbers[];
  readonly fromBars: boolean;
  readonly fromTrades: boolean;
  readonly lateCorrectionWasTold: boolean;
  readonly past: SavedPast;
}

export class TimeSeries extends Series<BarSize> {
  /** Where `bar` came from. */
  readonly origin: Origin = { firstAt: Number.NaN, lastAt: Number.NaN, pieces: 0 };
  /** What may still be corrected. */
  readonly past = new Past(this);
  /** People were told that a correction came too late to be followed. */
  lateCorrectionWasTold = false;

  /** Each waits out its grace while later ones already fill. */
  readonly #open = new OpenIntervals();
  /** A provider sends closed bars: from then on trades no longer build this series. */
  #fromBars = false;
  /** Somebody trades: from then on quotes no longer build this series. */
  #fromTrades = false;

  constructor(of: SeriesOf<BarSize>, prompt = false) {
    super(`${seriesKey(of)}${prompt ? "/prompt" : ""}`, of, prompt);
  }

  /** End of the oldest open interval, or NaN. */
  get openEnd(): number {
    return this.#open.firstEnd;
  }

  /** The newest interval that has a price, or undefined. */
  get forming(): Forming | undefined {
    return this.#open.newestPriced;
  }

  /** The open interval that contains `time`, or undefined. */
  openAt(time: number): Forming | undefined {
    return this.#open.at(time);
  }

  override get isFromBars(): boolean {
    return this.#fromBars;
  }

  /** Whether trades are building the interval that contains `time`, from its start on. */
  isBuilding(time: number): boolean {
    const forming = this.openAt(time);
    return forming !== undefined && forming.hasPrice && forming.complete && forming.until === forming.start;
  }

  /** What it cuts is told when its time is over: bars may still cover it. */
  interrupted(): number {
    this.completeSince = Number.POSITIVE_INFINITY;
    return Number.NaN;
  }

  follow(): void {
    this.past.follow();
  }

  endAt(time: number): number {
    if (!this.inWindow(time)) return Number.NaN;
    if (this.size.kind === "session") return this.windowClose;
    return Math.min(this.#startAt(time) + this.size.ms, this.windowClose);
  }

  /** A day begins with its extended hours: a bar before the open lies in the day that follows. */
  intervalStart(time: number): number {
    if (this.size.kind === "session") {
      const session = this.calendar.sessionAtOrBefore(time);
      return session !== undefined && time < session.extendedClose ? session.extendedOpen : time;
    }
    return this.inWindow(time) ? this.#startAt(time) : time;
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
      this.#open.clear();
    }
    return this.#tick(time, price, size, setsPrice, watermark);
  }

  #tick(time: number, price: number, size: number, setsPrice: boolean, watermark: number): Offer {
    const forming = this.#formingAt(time, watermark);
    if (forming === "late" || forming === "ignored") return forming;
    if (time < forming.until) return "ignored";
    if (this.completeSince > forming.until) forming.complete = false;
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
      this.take(bar);
      this.#from(Number.NaN, Number.NaN, 0);
      this.#decided(end);
      return "closed";
    }
    const forming = this.#formingAt(bar.start, Number.NEGATIVE_INFINITY);
    if (forming === "late" || forming === "ignored") return forming;
    // Trades of the time that this bar covers would be counted twice: the bars of a provider know better.
    if (bar.start < forming.until) return "late";
    if (bar.start > forming.until && this.completeSince > forming.until) forming.complete = false;
    forming.until = end;
    forming.fold(bar.open, bar.high, bar.low, bar.close);
    forming.volume += bar.volume;
    forming.pieces++;
    this.past.addPiece(bar);
    if (end < forming.end || forming !== this.#open.oldest) return "building";
    return this.close() ? "closed" : "ignored";
  }

  /** Closes the oldest open interval. False when it had no price or misses data: then there is no bar. */
  close(): boolean {
    const forming = this.#open.end();
    if (forming === undefined) return false;
    const made = forming.hasPrice && this.#isComplete(forming);
    if (made) {
      this.show(forming, forming.end);
      const isTraded = this.#fromTrades && forming.pieces === 0;
      const pieces = forming.hasTicks ? 0 : forming.pieces;
      this.#from(isTraded ? forming.firstAt : Number.NaN, isTraded ? forming.lastAt : Number.NaN, pieces);
    }
    this.lastEnd = Math.max(this.lastEnd, forming.end);
    return made;
  }

  /** Whether the oldest open interval has prices but may not become a bar because data of it is missing. */
  get openIsIncomplete(): boolean {
    const forming = this.#open.oldest;
    return forming !== undefined && forming.hasPrice && !this.#isComplete(forming);
  }

  #isComplete(forming: Forming): boolean {
    return forming.complete && (forming.until >= forming.end || this.completeSince <= forming.until);
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
    while (this.openEnd <= end) this.#open.end();
  }

  #formingAt(time: number, watermark: number): Forming | "late" | "ignored" {
    const known = this.#open.at(time);
    if (known !== undefined) return known;
    if (time < this.lastEnd) return "late";
    const end = this.endAt(time);
    if (Number.isNaN(end)) return "ignored";
    if (end <= watermark) return "late";
    return this.#open.begin(this.size.kind === "session" ? this.windowOpen : this.#startAt(time), end);
  }

  #startAt(time: number): number {
    return this.windowOpen + Math.floor((time - this.windowOpen) / this.size.ms) * this.size.ms;
  }

  #useBars(): void {
    if (this.#fromBars) return;
    // What trades built of the current interval would be counted twice.
    this.#fromBars = true;
    this.#open.clear();
  }

  override split(time: number): void {
    super.split(time);
    this.#open.endBefore(time);
    this.past.forget();
  }

  override save(): SavedTimeSeries {
    const { firstAt, lastAt, pieces } = this.origin;
    return {
      ...super.save(),
      origin: packed([firstAt, lastAt, pieces]),
      open: this.#open.save(),
      fromBars: this.#fromBars,
      fromTrades: this.#fromTrades,
      lateCorrectionWasTold: this.lateCorrectionWasTold,
      past: this.past.save(),
    };
  }

  override restore(saved: SavedTimeSeries): void {
    super.restore(saved);
    const { origin } = this;
    [origin.firstAt = 0, origin.lastAt = 0, origin.pieces = 0] = exactly(unpacked(saved.origin), 3, this.key);
    this.#open.restore(saved.open);
    this.#fromBars = saved.fromBars;
    this.#fromTrades = saved.fromTrades;
    this.lateCorrectionWasTold = saved.lateCorrectionWasTold;
    this.past.restore(saved.past);
  }

  override adopt(old: Series): void {
    super.adopt(old);
    if (!(old instanceof TimeSeries)) return;
    this.#goOn(old);
    this.past.adopt(old.past);
  }

  override continue(old: Series): void {
    super.continue(old);
    if (!(old instanceof TimeSeries)) return;
    this.#goOn(old);
    this.past.continue(old.past);
  }

  #goOn(old: TimeSeries): void {
    this.#open.adopt(old.#open);
    this.#fromBars = old.#fromBars;
    this.#fromTrades = old.#fromTrades;
  }
}

/** Whether bars of the smaller size fill bars of the larger one without reaching over its end. */
export function divides(small: BarSize, large: BarSize): boolean {
  return (
    small.label === large.label ||
    (small.kind === "intraday" && (large.kind === "session" || large.ms % small.ms === 0))
  );
}
