/**
 * True range: the bar's range, stretched to the previous close.
 *
 * Owns: the previous close, and what the first bar has: no range at all, or high - low.
 */
import type { ParamDoc } from "../kernel.ts";
import { choice } from "../params.ts";
import { Cells, type State } from "./parts-kernel.ts";

/** Place of `high_low` among the words of `first_range`. */
const HIGH_LOW = 1;

export function firstRangeParam(): ParamDoc {
  const doc = "Range of the very first bar, which has no previous close: none, or high - low.";
  return choice("first_range", doc, ["skip", "high_low"]);
}

export class TrueRange implements State {
  readonly #previousClose = new Cells(1);
  readonly #countsFirst: boolean;

  constructor(first: number) {
    this.#countsFirst = first === HIGH_LOW;
  }

  /** NaN on a first bar that is skipped. */
  push(high: number, low: number, close: number): number {
    const range = this.peek(high, low);
    this.#previousClose.set(0, close);
    return range;
  }

  peek(high: number, low: number): number {
    const previous = this.#previousClose.get(0);
    if (Number.isNaN(previous) && this.#countsFirst) return high - low;
    return Math.max(high, previous) - Math.min(low, previous);
  }

  clear(): void {
    this.#previousClose.clear();
  }

  save(to: number[]): void {
    this.#previousClose.save(to);
  }

  load(from: readonly number[], at: number): number {
    return this.#previousClose.load(from, at);
  }
}

/** Bars before the first range, plus one. */
export function rangeWarmup(first: number): number {
  return first === HIGH_LOW ? 1 : 2;
}
