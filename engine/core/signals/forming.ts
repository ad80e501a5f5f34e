/**
 * The accumulator of one bar that is still open.
 *
 * Owns: folding prices and volume into open, high, low, close. May not: know calendars or decide when a bar is over.
 */
import { exactly, packed, unpacked } from "../saved.ts";
import type { PackedNumbers } from "../saved.ts";

export class Forming {
  start = Number.NaN;
  end = Number.NaN;
  open = 0;
  high = 0;
  low = 0;
  close = 0;
  volume = 0;
  hasPrice = false;
  /** False when data of it is known to be missing: such an interval makes no bar. */
  complete = true;

  /** Bars cover everything from the start up to here; equal to the start when only trades build it. */
  until = Number.NaN;
  /** Smaller bars in it. */
  pieces = 0;
  /** Trades or quotes are in it. */
  hasTicks = false;
  /** Times of the first and the last price of a trade. */
  firstAt = Number.NaN;
  lastAt = Number.NaN;

  begin(start: number, end: number): void {
    this.start = start;
    this.end = end;
    this.until = start;
    this.pieces = 0;
    this.hasTicks = false;
    this.firstAt = start;
    this.lastAt = start;
    this.volume = 0;
    this.hasPrice = false;
    this.complete = true;
  }

  save(): PackedNumbers {
    const { start, end, open, high, low, close, volume, until, pieces, firstAt, lastAt } = this;
    const flags = [this.hasPrice, this.complete, this.hasTicks].map(Number);
    return packed([start, end, open, high, low, close, volume, until, pieces, firstAt, lastAt, ...flags]);
  }

  restore(saved: PackedNumbers): this {
    const values = exactly(unpacked(saved), 14, "a bar that is being built");
    [this.start = 0, this.end = 0, this.open = 0, this.high = 0, this.low = 0, this.close = 0] = values;
    [this.volume = 0, this.until = 0, this.pieces = 0, this.firstAt = 0, this.lastAt = 0] = values.slice(6);
    [this.hasPrice = false, this.complete = false, this.hasTicks = false] = values.slice(11).map(Boolean);
    return this;
  }

  contains(time: number): boolean {
    return time >= this.start && time < this.end;
  }

  /** The earliest trade opens and the latest closes, in whatever order they come. */
  trade(time: number, price: number): void {
    if (!this.hasPrice) {
      this.firstAt = time;
      this.lastAt = time;
      this.fold(price, price, price, price);
      return;
    }
    if (price > this.high) this.high = price;
    if (price < this.low) this.low = price;
    if (time >= this.lastAt) {
      this.close = price;
      this.lastAt = time;
    }
    if (time < this.firstAt) {
      this.open = price;
      this.firstAt = time;
    }
  }

  fold(open: number, high: number, low: number, close: number): void {
    if (!this.hasPrice) {
      this.open = open;
      this.high = high;
      this.low = low;
      this.hasPrice = true;
    } else {
      if (high > this.high) this.high = high;
      if (low < this.low) this.low = low;
    }
    this.close = close;
  }
}
