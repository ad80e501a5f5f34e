/** SuperTrend. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, chosen, param } from "../params.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";
import { Smooth } from "../state/smooth.ts";
import { firstRangeParam, rangeWarmup, TrueRange } from "../state/true-range.ts";

// Cells: both bands, the direction and the previous close; NaN before the first band.
const UPPER = 0;
const LOWER = 1;
const RISING = 2;
const CLOSE = 3;
const SIZE = 4;

class SupertrendKernel extends PartsKernel {
  readonly #params: readonly number[];
  readonly #multiplier: number;
  readonly #range: TrueRange;
  readonly #average: Smooth;
  readonly #cells = new Cells(SIZE);
  readonly #next = new Float64Array(SIZE);
  protected readonly parts;

  constructor(params: readonly number[]) {
    super();
    this.#params = params;
    this.#multiplier = param(params, 1);
    this.#range = new TrueRange(chosen(params, 2));
    this.#average = Smooth.wilder(param(params, 0));
    this.parts = [this.#range, this.#average, this.#cells];
  }

  update(x: Float64Array, out: Float64Array): void {
    const range = this.#range.push(x[0] as number, x[1] as number, x[2] as number);
    this.#step(x, out, Number.isNaN(range) ? NaN : this.#average.push(range));
    this.#cells.values.set(this.#next);
  }

  peek(x: Float64Array, out: Float64Array): void {
    const range = this.#range.peek(x[0] as number, x[1] as number);
    this.#step(x, out, Number.isNaN(range) ? NaN : this.#average.peek(range));
  }

  #step(x: Float64Array, out: Float64Array, atr: number): void {
    const next = this.#next;
    const close = x[2] as number;
    const middle = ((x[0] as number) + (x[1] as number)) / 2;
    const high = middle + this.#multiplier * atr;
    const low = middle - this.#multiplier * atr;
    next.set(this.#cells.values);
    next[CLOSE] = close;
    out.fill(NaN);
    if (Number.isNaN(atr)) return;
    if (Number.isNaN(next[RISING])) next[RISING] = close >= middle ? 1 : 0;
    const before = this.#cells.get(CLOSE);
    const upper = this.#cells.get(UPPER);
    const lower = this.#cells.get(LOWER);
    // A band comes closer only, until the close before has left it.
    if (!(high >= upper) || before > upper) next[UPPER] = high;
    if (!(low <= lower) || before < lower) next[LOWER] = low;
    const stop = (next[RISING] === 1 ? next[LOWER] : next[UPPER]) as number;
    next[RISING] = close > stop ? 1 : 0;
    out[0] = (next[RISING] === 1 ? next[LOWER] : next[UPPER]) as number;
    out[1] = next[RISING];
  }

  protected fresh(): SupertrendKernel {
    return new SupertrendKernel(this.#params);
  }
}

export const supertrend: Indicator = {
  name: "supertrend",
  title: "SuperTrend",
  doc:
    "A stop a few average true ranges away from the middle of the bar, which only comes closer until a close beyond it " +
    "turns the trend. `supertrend.rising` alone is a condition.",
  formula: "bands = (high + low) / 2 ± k * atr(n), each kept while it is the closer one; the lower one while rising",
  source:
    "Skender SuperTrend: no true range on the first bar, first value at index n. LEAN and TradingView count high - low " +
    "of the first bar (`first_range: high_low`).",
  inputs: ["high", "low", "close"],
  params: [
    bars("period", "Length of the average true range.", 1, 10),
    { name: "multiplier", doc: "Distance in average true ranges.", integer: false, min: 0, max: 100, default: 3 },
    firstRangeParam(),
  ],
  outputs: [
    { name: "supertrend", doc: "The stop.", unit: "price", range: ANY },
    { name: "rising", doc: "1 while the stop lies below the price, 0 above it.", unit: "flag", range: [0, 1] },
  ],
  warmup: (params) => param(params, 0) + rangeWarmup(chosen(params, 2)) - 1,
  kernel: (params) => new SupertrendKernel(params),
};
