/**
 * Mean of the last n values in constant time.
 *
 * Owns: a ring and the sum of distances from a base value. Each time the ring wraps the base moves to the newest value
 * and the sum is taken again exactly, so rounding never adds up over a day. Sums of distances instead of values keep
 * more digits, and a flat window gives exactly its value.
 */
import { savedAt, type State } from "./parts-kernel.ts";

export class RollingMean implements State {
  readonly #n: number;
  readonly #ring: Float64Array;
  #position = 0;
  #count = 0;
  #base = 0;
  #sum = 0;

  constructor(n: number) {
    this.#n = n;
    this.#ring = new Float64Array(n);
  }

  /** The mean, NaN before `n` values. */
  push(x: number): number {
    const full = this.#count === this.#n;
    if (this.#count === 0) this.#base = x;
    this.#sum += full ? x - (this.#ring[this.#position] as number) : x - this.#base;
    if (!full) this.#count++;
    this.#ring[this.#position++] = x;
    if (this.#position === this.#n) {
      this.#position = 0;
      this.#base = x;
      this.#sum = this.#distanceOfOthers(x);
    }
    return this.#count === this.#n ? this.#base + this.#sum / this.#n : NaN;
  }

  peek(x: number): number {
    if (this.#position === this.#n - 1) return x + this.#distanceOfOthers(x) / this.#n;
    if (this.#count < this.#n) return NaN;
    return this.#base + (this.#sum + (x - (this.#ring[this.#position] as number))) / this.#n;
  }

  /** Sum of distances from `x` of all cells but the last one, which holds or will hold `x` itself. */
  #distanceOfOthers(x: number): number {
    let sum = 0;
    for (let i = 0; i < this.#n - 1; i++) sum += (this.#ring[i] as number) - x;
    return sum;
  }

  clear(): void {
    this.#ring.fill(0);
    this.#position = 0;
    this.#count = 0;
    this.#base = 0;
    this.#sum = 0;
  }

  save(to: number[]): void {
    to.push(this.#position, this.#count, this.#base, this.#sum);
    for (const value of this.#ring) to.push(value);
  }

  load(from: readonly number[], at: number): number {
    this.#position = savedAt(from, at);
    this.#count = savedAt(from, at + 1);
    this.#base = savedAt(from, at + 2);
    this.#sum = savedAt(from, at + 3);
    for (let i = 0; i < this.#n; i++) this.#ring[i] = savedAt(from, at + 4 + i);
    return at + 4 + this.#n;
  }
}
