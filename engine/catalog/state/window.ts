/**
 * The last n values, for formulas that look at all of them.
 *
 * Owns: the ring, and passes over it from oldest to newest. Results depend on the values in the window alone, not on
 * how long the series is: two engines with different histories agree to the last bit.
 */
import { savedAt, type State } from "./parts-kernel.ts";

export class Window implements State {
  readonly size: number;
  readonly #ring: Float64Array;
  /** Where the next value goes; when full, the oldest one is there. */
  #next = 0;
  #count = 0;

  constructor(size: number) {
    this.size = size;
    this.#ring = new Float64Array(size);
  }

  get full(): boolean {
    return this.#count === this.size;
  }

  /** Whether one more value would fill it. */
  get fullWithOne(): boolean {
    return this.#count >= this.size - 1;
  }

  /** The oldest value; only when full. */
  get oldest(): number {
    return this.#ring[this.#next] as number;
  }

  push(x: number): void {
    this.#ring[this.#next] = x;
    this.#next = this.#next + 1 === this.size ? 0 : this.#next + 1;
    if (this.#count < this.size) this.#count++;
  }

  /** Puts `x` where it would go and returns what was there; give that to `takeBack` before anything else. */
  tryOn(x: number): number {
    const saved = this.#ring[this.#next] as number;
    this.#ring[this.#next] = x;
    this.#next = this.#next + 1 === this.size ? 0 : this.#next + 1;
    return saved;
  }

  takeBack(saved: number): void {
    this.#next = this.#next === 0 ? this.size - 1 : this.#next - 1;
    this.#ring[this.#next] = saved;
  }

  /** Sum of the values, or of their distances from `origin`. */
  sum(origin = 0): number {
    return this.#from(this.#next, this.size, origin, 0);
  }

  /** Mean of the full window, exact for a flat one: distances from `near`, any value of the window, are averaged. */
  mean(near: number): number {
    return near + this.#from(this.#next, this.size, near, 0) / this.size;
  }

  /** Population standard deviation around `mean`: a second pass, because E[x²] - E[x]² cancels digits. */
  deviation(mean: number): number {
    return Math.sqrt(this.#from(this.#next, this.size, mean, 1) / this.size);
  }

  /** Mean absolute deviation around `mean`. */
  absoluteDeviation(mean: number): number {
    return this.#from(this.#next, this.size, mean, 2) / this.size;
  }

  /** Mean weighted 1 … n, newest heaviest; `near` as in `mean`. */
  weightedMean(near: number): number {
    return near + this.#from(this.#next, this.size, near, 3) / ((this.size * (this.size + 1)) / 2);
  }

  /** Sum of products of distances, newest with newest; the other window is as long and as full. */
  products(origin: number, other: Window, otherOrigin: number): number {
    let sum = 0;
    let at = this.#next;
    let otherAt = other.#next;
    for (let i = 0; i < this.size; i++) {
      sum += ((this.#ring[at] as number) - origin) * ((other.#ring[otherAt] as number) - otherOrigin);
      if (++at === this.size) at = 0;
      if (++otherAt === this.size) otherAt = 0;
    }
    return sum;
  }

  /** Sum of the squares of distances from `origin`. */
  squares(origin: number): number {
    return this.#from(this.#next, this.size, origin, 1);
  }

  /** Sum of distances from `origin` times 1 … n, newest heaviest. */
  ramp(origin: number): number {
    return this.#from(this.#next, this.size, origin, 3);
  }

  /** Sum of the steps from value to value, each without its sign. */
  path(): number {
    let sum = 0;
    let at = this.#next;
    let before = this.oldest;
    for (let i = 1; i < this.size; i++) {
      if (++at === this.size) at = 0;
      const value = this.#ring[at] as number;
      sum += Math.abs(value - before);
      before = value;
    }
    return sum;
  }

  /** How many values lie below `x`. */
  below(x: number): number {
    let count = 0;
    for (let i = 0; i < this.size; i++) if ((this.#ring[i] as number) < x) count++;
    return count;
  }

  equalTo(x: number): number {
    let count = 0;
    for (let i = 0; i < this.size; i++) if (this.#ring[i] === x) count++;
    return count;
  }

  /** Sums distances (0), their squares (1), their absolutes (2) or the distances times 1 … n (3), oldest first. */
  #from(start: number, size: number, origin: number, what: 0 | 1 | 2 | 3): number {
    let sum = 0;
    let at = start;
    for (let i = 1; i <= size; i++) {
      const distance = (this.#ring[at] as number) - origin;
      if (what === 0) sum += distance;
      else if (what === 1) sum += distance * distance;
      else if (what === 2) sum += Math.abs(distance);
      else sum += distance * i;
      if (++at === size) at = 0;
    }
    return sum;
  }

  clear(): void {
    this.#ring.fill(0);
    this.#next = 0;
    this.#count = 0;
  }

  save(to: number[]): void {
    to.push(this.#next, this.#count);
    for (const value of this.#ring) to.push(value);
  }

  load(from: readonly number[], at: number): number {
    this.#next = savedAt(from, at);
    this.#count = savedAt(from, at + 1);
    for (let i = 0; i < this.size; i++) this.#ring[i] = savedAt(from, at + 2 + i);
    return at + 2 + this.size;
  }
}
