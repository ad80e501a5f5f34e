/**
 * Highest or lowest of the last n values in amortised constant time.
 *
 * Owns: a monotonic deque in two rings. A value that is older and smaller than a newer one can never be the highest
 * again and is dropped at once. The lowest is the highest of the negated values.
 */
import { savedAt, type State } from "./parts-kernel.ts";

export class Extreme implements State {
  readonly #n: number;
  readonly #sign: 1 | -1;
  readonly #values: Float64Array;
  readonly #times: Float64Array;
  #head = 0;
  #length = 0;
  /** Values seen so far. */
  #now = 0;

  constructor(n: number, which: "highest" | "lowest") {
    this.#n = n;
    this.#sign = which === "highest" ? 1 : -1;
    this.#values = new Float64Array(n);
    this.#times = new Float64Array(n);
  }

  /** The extreme of the last n values, x included; NaN before n values. */
  push(x: number): number {
    const n = this.#n;
    const value = this.#sign * x;
    this.#now++;
    if (this.#length > 0 && (this.#times[this.#head] as number) <= this.#now - n) {
      this.#head = (this.#head + 1) % n;
      this.#length--;
    }
    while (this.#length > 0 && (this.#values[(this.#head + this.#length - 1) % n] as number) <= value) this.#length--;
    const back = (this.#head + this.#length) % n;
    this.#values[back] = value;
    this.#times[back] = this.#now;
    this.#length++;
    return this.#now >= n ? this.#sign * (this.#values[this.#head] as number) : NaN;
  }

  peek(x: number): number {
    const n = this.#n;
    if (this.#now + 1 < n) return NaN;
    const value = this.#sign * x;
    const expires = this.#length > 0 && (this.#times[this.#head] as number) <= this.#now + 1 - n;
    const length = expires ? this.#length - 1 : this.#length;
    if (length === 0) return this.#sign * value;
    const front = this.#values[expires ? (this.#head + 1) % n : this.#head] as number;
    return this.#sign * (front > value ? front : value);
  }

  /** Bars since the extreme of the last push, the newest of equal ones: 0 is that very bar. NaN before n values. */
  get age(): number {
    return this.#now >= this.#n ? this.#now - (this.#times[this.#head] as number) : NaN;
  }

  peekAge(x: number): number {
    const extreme = this.peek(x);
    if (Number.isNaN(extreme) || extreme === x) return extreme === x ? 0 : NaN;
    const expires = (this.#times[this.#head] as number) <= this.#now + 1 - this.#n;
    return this.#now + 1 - (this.#times[expires ? (this.#head + 1) % this.#n : this.#head] as number);
  }

  clear(): void {
    this.#head = 0;
    this.#length = 0;
    this.#now = 0;
  }

  save(to: number[]): void {
    to.push(this.#now, this.#length);
    for (let i = 0; i < this.#length; i++) {
      const at = (this.#head + i) % this.#n;
      to.push(this.#values[at] as number, this.#times[at] as number);
    }
  }

  load(from: readonly number[], at: number): number {
    this.#now = savedAt(from, at);
    const length = savedAt(from, at + 1);
    if (length > this.#n) throw new RangeError("kernel state does not fit: another period");
    this.#head = 0;
    this.#length = length;
    for (let i = 0; i < length; i++) {
      this.#values[i] = savedAt(from, at + 2 + 2 * i);
      this.#times[i] = savedAt(from, at + 3 + 2 * i);
    }
    return at + 2 + 2 * length;
  }
}
