/**
 * Exponential smoothing seeded with a plain mean: the body of EMA (k = 2/(n+1)) and of Wilder's average (k = 1/n).
 *
 * Owns: one smoothed value. The seed is computed as `first + mean(x - first)`, so that a flat series stays exactly
 * flat instead of differing from itself in the last digit.
 */
import { savedAt, type State } from "./parts-kernel.ts";

export class Smooth implements State {
  readonly #n: number;
  readonly #k: number;
  #count = 0;
  #base = 0;
  #sum = 0;
  #value = NaN;

  constructor(n: number, k: number) {
    this.#n = n;
    this.#k = k;
  }

  static ema(n: number): Smooth {
    return new Smooth(n, 2 / (n + 1));
  }

  static wilder(n: number): Smooth {
    return new Smooth(n, 1 / n);
  }

  /** The smoothed value, NaN before `n` inputs. */
  push(x: number): number {
    const value = this.peek(x);
    if (this.#count < this.#n) {
      if (this.#count === 0) this.#base = x;
      this.#sum += x - this.#base;
      this.#count++;
    }
    this.#value = value;
    return value;
  }

  peek(x: number): number {
    if (this.#count === this.#n) return (x - this.#value) * this.#k + this.#value;
    if (this.#count < this.#n - 1) return NaN;
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
