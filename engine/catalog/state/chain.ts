/**
 * Exponential averages of exponential averages.
 *
 * Owns: the levels; each is seeded on the values of the level below that exist.
 */
import type { State } from "./parts-kernel.ts";
import { Smooth } from "./smooth.ts";

export class Chain implements State {
  readonly #levels: readonly Smooth[];
  /** The averages of the last push or peek, NaN where a level is not seeded yet. */
  readonly values: Float64Array;

  constructor(period: number, levels: number, seed: number) {
    this.#levels = Array.from({ length: levels }, () => Smooth.ema(period, seed));
    this.values = new Float64Array(levels).fill(NaN);
  }

  push(x: number): void {
    let value = x;
    for (let i = 0; i < this.#levels.length; i++) {
      if (!Number.isNaN(value)) value = this.#levels[i]?.push(value) ?? NaN;
      this.values[i] = value;
    }
  }

  peek(x: number): void {
    let value = x;
    for (let i = 0; i < this.#levels.length; i++) {
      if (!Number.isNaN(value)) value = this.#levels[i]?.peek(value) ?? NaN;
      this.values[i] = value;
    }
  }

  clear(): void {
    for (const level of this.#levels) level.clear();
  }

  save(to: number[]): void {
    for (const level of this.#levels) level.save(to);
  }

  load(from: readonly number[], at: number): number {
    return this.#levels.reduce((next, level) => level.load(from, next), at);
  }
}
