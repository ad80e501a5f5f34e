/**
 * Bars of activity: complete when so many trades, shares or dollars have gone by (decision 016).
 *
 * Owns: counting trades of one session, in the order in which they come. May not: revise a bar, or split a trade.
 */
import type { ActivitySize } from "../../market/bar-size.ts";
import { exactly, packed, unpacked } from "../saved.ts";
import type { PackedNumbers } from "../saved.ts";
import { Forming } from "./forming.ts";
import { Series, seriesKey } from "./series.ts";
import type { Offer, SavedSeries, SeriesOf } from "./series.ts";

/** Ten trades of 0.1 reach 1: sums of fractions fall short of it by less than this part. */
const ROUNDING = 1e-12;

interface SavedActivitySeries extends SavedSeries {
  readonly open: PackedNumbers | null;
  /** What the open bar has counted, and the end of its session. */
  readonly counted: PackedNumbers;
  readonly isStale: boolean;
  readonly hasTrades: boolean;
  readonly silenceWasTold: boolean;
}

export class ActivitySeries extends Series<ActivitySize> {
  /** All series of those who read it: what of them has ended is judged before a bar of this one closes. */
  readonly readers = new Set<Series>();
  /** No bar has closed since a gap in the data: what the last one says may be old. */
  isStale = false;
  #open: Forming | undefined;
  readonly #one = new Forming();
  /** Trades, shares or dollars of the open bar. */
  #sum = 0;
  readonly #enough: number;
  /** End of the latest session that a trade belonged to: earlier ones are over. */
  #sessionEnd = Number.NEGATIVE_INFINITY;
  #hasTrades = false;
  #silenceWasTold = false;

  constructor(of: SeriesOf<ActivitySize>) {
    super(seriesKey(of), of, true);
    this.#enough = of.size.threshold * (1 - ROUNDING);
  }

  get openEnd(): number {
    return this.#open === undefined ? Number.NaN : this.#open.end;
  }

  get forming(): Forming | undefined {
    return this.#open?.hasPrice === true ? this.#open : undefined;
  }

  /** What a gap cuts is given up at once. */
  get openIsIncomplete(): boolean {
    return false;
  }

  /** Complete, and not closed yet. A bar has a price: until a trade sets one it goes on. */
  get isFull(): boolean {
    return this.#open?.hasPrice === true && this.#sum >= this.#enough;
  }

  /** Whether bars come of a symbol of which no trade has come; true once. */
  isNewlySilent(): boolean {
    if (this.#hasTrades || this.#silenceWasTold) return false;
    this.#silenceWasTold = true;
    return true;
  }

  /**
   * `closed`: the bar is full, and the caller closes it (`complete`). A session whose end lies at or before `watermark`
   * is over. `now` is the market time: no bar begins after it, whatever the clock of an exchange says.
   */
  trade(time: number, price: number, size: number, setsPrice: boolean, watermark: number, now: number): Offer {
    this.#hasTrades = true;
    // Of a gap, or told for the second time after one.
    if (time < this.completeSince || !this.inWindow(time)) return "ignored";
    const { windowClose } = this;
    if (windowClose < this.#sessionEnd || windowClose <= watermark) return "late";
    this.#sessionEnd = windowClose;
    const open = (this.#open ??= this.#begun(Math.min(time, now), windowClose));
    open.volume += size;
    if (setsPrice) open.fold(price, price, price, price);
    this.#sum += this.#measureOf(price, size, setsPrice);
    return this.isFull ? "closed" : "building";
  }

  /** Whether `time` lies in a later session than the open bar, which is over by that. */
  endsBy(time: number): boolean {
    return this.#open !== undefined && time >= this.#open.end && this.inWindow(time);
  }

  #measureOf(price: number, size: number, setsPrice: boolean): number {
    switch (this.size.kind) {
      case "ticks":
        return setsPrice ? 1 : 0;
      case "volume":
        return size;
      case "dollars":
        return price * size;
    }
  }

  #begun(start: number, end: number): Forming {
    this.#one.begin(start, end);
    this.#sum = 0;
    return this.#one;
  }

  /** A full bar closes at the trade that filled it. */
  complete(now: number): boolean {
    return this.#close(now);
  }

  close(): boolean {
    return this.#close(this.openEnd);
  }

  #close(end: number): boolean {
    const open = this.#open;
    if (open === undefined) return false;
    this.#open = undefined;
    this.lastEnd = end;
    if (!open.hasPrice) return false;
    this.isStale = false;
    this.show(open, end);
    return true;
  }

  /** After a restart nobody has said that the feed was down: a bar that began before it is live misses data all the same. */
  override liveSince(time: number): number {
    const start = this.#open !== undefined && this.#open.start < time ? this.interrupted() : Number.NaN;
    this.completeSince = time;
    return start;
  }

  interrupted(): number {
    const start = this.forming?.start ?? Number.NaN;
    this.completeSince = Number.POSITIVE_INFINITY;
    this.#open = undefined;
    this.isStale = true;
    return start;
  }

  endAt(time: number): number {
    return this.inWindow(time) ? this.windowClose : Number.NaN;
  }

  /** A bar begins with a trade, not at a time. */
  intervalStart(time: number): number {
    return time;
  }

  /** Nothing of it is ever corrected, so nothing is kept. */
  follow(): void {}

  override save(): SavedActivitySeries {
    return {
      ...super.save(),
      open: this.#open?.save() ?? null,
      counted: packed([this.#sum, this.#sessionEnd]),
      isStale: this.isStale,
      hasTrades: this.#hasTrades,
      silenceWasTold: this.#silenceWasTold,
    };
  }

  override restore(saved: SavedActivitySeries): void {
    super.restore(saved);
    this.#open = saved.open === null ? undefined : this.#one.restore(saved.open);
    [this.#sum = 0, this.#sessionEnd = 0] = exactly(unpacked(saved.counted), 2, this.key);
    this.isStale = saved.isStale;
    this.#hasTrades = saved.hasTrades;
    this.#silenceWasTold = saved.silenceWasTold;
  }

  override adopt(old: Series): void {
    super.adopt(old);
    if (old instanceof ActivitySeries) this.#goOn(old);
  }

  /** No history has its bars: it begins anew with the first trade of the new shares. */
  override continue(old: Series): void {
    super.continue(old);
    if (old instanceof ActivitySeries) this.#goOn(old);
  }

  override split(time: number): void {
    super.split(time);
    if (this.#open === undefined || this.#open.start >= time) return;
    this.#open = undefined;
    this.isStale = true;
  }

  #goOn(old: ActivitySeries): void {
    this.#sum = old.#sum;
    this.#sessionEnd = old.#sessionEnd;
    this.#hasTrades = old.#hasTrades;
    this.#silenceWasTold = old.#silenceWasTold;
    this.isStale = old.isStale;
    const open = old.#open;
    this.#open = open === undefined ? undefined : Object.assign(this.#one, open);
  }
}
