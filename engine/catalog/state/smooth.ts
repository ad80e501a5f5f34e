/**
 * Exponential smoothing: the body of EMA (k = 2/(n+1)) and of Wilder's average (k = 1/n).
 *
 * Owns: one smoothed value and its seed, the mean of the first n values or the first of them; either way nothing is
 * known before n values. The mean is computed as `first + mean(x - first)`, so that a flat series stays exactly flat
 * instead of differing from itself in the last digit.
 */
import { savedAt, type State } from "./parts-kernel.ts";

/** Words of the parameter `seed`, the default first. */
export const SEEDS = ["sma", "first"] as const;

/** Place of `first` among the seeds. */
export const FIRST = 1;

export class Smooth implements State {
  readonly #n: number;
  readonly #k: number;
  readonly #fromFirst: boolean;
  #count = 0;
  #base = 0;
  #sum = 0;
  #value = NaN;

  private constructor(n: number, k: number, fromFirst: boolean) {
    this.#n = n;
    this.#k = k;
    this.#fromFirst = fromFirst;
  }

  static ema(n: number, seed = 0): Smooth {
    return new Smooth(n, 2 / (n + 1), seed === FIRST);
  }

  static wilder(n: number): Smooth {
    return new Smooth(n, 1 / n, false);
  }

  /** The smoothed value, NaN before `n` inputs. */
  push(x: number): number {
    const value = this.peek(x);
    this.#value = this.#fromFirst ? this.#moved(x) : value;
    if (this.#count < this.#n) {
      if (this.#count === 0) this.#base = x;
      this.#sum += x - this.#base;
      this.#count++;
    }
    return value;
  }

  #moved(x: number): number {
    return this.#count === 0 ? x : (x - this.#value) * this.#k + this.#value;
  }

  peek(x: number): number {
    if (this.#count === this.#n) return this.#moved(x);
    if (this.#count < this.#n - 1) return NaN;
    if (this.#fromFirst) return this.#moved(x);
    return this.#base + (this.#sum + (x - this.#base)) / this.#n;
  }

  clear(): void {
    this.#count = 0;
    this.#base = 0;
    this.#sum = 0;
    this.#value = NaN;
  }

  save(to: number[]): void {
    to.push(this.#count, this.#base, this.#sum, this.#value);
  }

  load(from: readonly number[], at: number): number {
    this.#count = savedAt(from, at);
    this.#base = savedAt(from, at + 1);
    this.#sum = savedAt(from, at + 2);
    this.#value = savedAt(from, at + 3);
    return at + 4;
  }
}
