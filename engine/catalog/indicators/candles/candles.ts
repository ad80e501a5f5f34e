/**
 * The last bars as candles, and what counts as long, short, near and equal among them.
 *
 * Owns: TA-Lib's candle settings: each compares a candle with the mean of the 5 or 10 candles before it. `k` counts
 * back: 0 is this bar. May not know patterns.
 */
import { savedAt, type State } from "../../state/parts-kernel.ts";

/** A power of two, more than the deepest pattern (5 bars) and the longest mean (10) need. */
const DEPTH = 16;
const FIELDS = 4;

type Measure = "body" | "range" | "shadows";

export class Candles implements State {
  /** Open, high, low and close of each bar. */
  readonly #ring = new Float64Array(DEPTH * FIELDS);
  readonly #saved = new Float64Array(FIELDS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(x: Float64Array): void {
    this.#count++;
    this.#ring.set(x, this.#at(0));
  }

  /** Puts a forming bar where it would go; `takeBack` must follow. */
  tryOn(x: Float64Array): void {
    this.#count++;
    const at = this.#at(0);
    for (let i = 0; i < FIELDS; i++) this.#saved[i] = this.#ring[at + i] as number;
    this.#ring.set(x, at);
  }

  takeBack(): void {
    this.#ring.set(this.#saved, this.#at(0));
    this.#count--;
  }

  #at(k: number): number {
    return ((this.#count + DEPTH - k) % DEPTH) * FIELDS;
  }

  open(k: number): number {
    return this.#ring[this.#at(k)] as number;
  }

  high(k: number): number {
    return this.#ring[this.#at(k) + 1] as number;
  }

  low(k: number): number {
    return this.#ring[this.#at(k) + 2] as number;
  }

  close(k: number): number {
    return this.#ring[this.#at(k) + 3] as number;
  }

  /** A candle that closes where it opened is white. */
  isWhite(k: number): boolean {
    return this.close(k) >= this.open(k);
  }

  /** 1 white, -1 black. */
  color(k: number): 1 | -1 {
    return this.isWhite(k) ? 1 : -1;
  }

  body(k: number): number {
    return Math.abs(this.close(k) - this.open(k));
  }

  top(k: number): number {
    return Math.max(this.open(k), this.close(k));
  }

  bottom(k: number): number {
    return Math.min(this.open(k), this.close(k));
  }

  upper(k: number): number {
    return this.high(k) - this.top(k);
  }

  lower(k: number): number {
    return this.bottom(k) - this.low(k);
  }

  #measure(k: number, what: Measure): number {
    if (what === "body") return this.body(k);
    return what === "range" ? this.high(k) - this.low(k) : this.upper(k) + this.lower(k);
  }

  #mean(k: number, what: Measure, count: number): number {
    let sum = 0;
    for (let i = k + count; i > k; i--) sum += this.#measure(i, what);
    return sum / count;
  }

  isLong(k: number): boolean {
    return this.body(k) > this.#mean(k, "body", 10);
  }

  /** Not longer than usual. */
  isSmall(k: number): boolean {
    return this.body(k) <= this.#mean(k, "body", 10);
  }

  isShort(k: number): boolean {
    return this.body(k) < this.#mean(k, "body", 10);
  }

  /** The body is at most a tenth of the usual range; `of` says before which candle the usual is taken. */
  isDoji(k: number, of = k): boolean {
    return this.body(k) <= 0.1 * this.#mean(of, "range", 10);
  }

  /** What a shadow that hardly exists stays below. */
  hardly(k: number): number {
    return 0.1 * this.#mean(k, "range", 10);
  }

  /** What a short shadow stays below: half of both shadows, as usual. */
  shortShadow(k: number): number {
    return this.#mean(k, "shadows", 10) / 2;
  }

  hasNoUpper(k: number): boolean {
    return this.upper(k) < this.hardly(k);
  }

  hasNoLower(k: number): boolean {
    return this.lower(k) < this.hardly(k);
  }

  isMarubozu(k: number): boolean {
    return this.isLong(k) && this.hasNoUpper(k) && this.hasNoLower(k);
  }

  near(k: number): number {
    return 0.2 * this.#mean(k, "range", 5);
  }

  far(k: number): number {
    return 0.6 * this.#mean(k, "range", 5);
  }

  /** Whether two prices count as equal, by the candles before `k`. */
  areEqual(a: number, b: number, k: number): boolean {
    const slack = 0.05 * this.#mean(k, "range", 5);
    return a <= b + slack && a >= b - slack;
  }

  equal(k: number): number {
    return 0.05 * this.#mean(k, "range", 5);
  }

  /** The body of one candle lies wholly above, or below, the body of an earlier one. */
  bodyGapsUp(k: number, from: number): boolean {
    return this.bottom(k) > this.top(from);
  }

  bodyGapsDown(k: number, from: number): boolean {
    return this.top(k) < this.bottom(from);
  }

  /** The same for whole candles. */
  gapsUp(k: number, from: number): boolean {
    return this.low(k) > this.high(from);
  }

  gapsDown(k: number, from: number): boolean {
    return this.high(k) < this.low(from);
  }

  clear(): void {
    this.#ring.fill(0);
    this.#count = 0;
  }

  save(to: number[]): void {
    to.push(this.#count);
    for (const value of this.#ring) to.push(value);
  }

  load(from: readonly number[], at: number): number {
    this.#count = savedAt(from, at);
    for (let i = 0; i < this.#ring.length; i++) this.#ring[i] = savedAt(from, at + 1 + i);
    return at + 1 + this.#ring.length;
  }
}
