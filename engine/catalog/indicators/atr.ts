/** True range and its average. */
import type { Indicator } from "../kernel.ts";
import { bars, chosen, NOT_NEGATIVE, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { Smooth } from "../state/smooth.ts";
import { firstRangeParam, rangeWarmup, TrueRange } from "../state/true-range.ts";

class AtrKernel extends PartsKernel {
  readonly #params: readonly [number, number];
  readonly #average: Smooth;
  readonly #range: TrueRange;
  protected readonly parts;

  constructor(period: number, first: number) {
    super();
    this.#params = [period, first];
    this.#average = Smooth.wilder(period);
    this.#range = new TrueRange(first);
    this.parts = [this.#average, this.#range];
  }

  update(x: Float64Array, out: Float64Array): void {
    const range = this.#range.push(x[0] as number, x[1] as number, x[2] as number);
    out[0] = Number.isNaN(range) ? NaN : this.#average.push(range);
  }

  peek(x: Float64Array, out: Float64Array): void {
    const range = this.#range.peek(x[0] as number, x[1] as number);
    out[0] = Number.isNaN(range) ? NaN : this.#average.peek(range);
  }

  protected fresh(): AtrKernel {
    return new AtrKernel(...this.#params);
  }
}

export const atr: Indicator = {
  name: "atr",
  title: "Average true range",
  doc: "How far the price typically travels in one bar, gaps included. The usual unit for stops.",
  formula: "Wilder average of max(high, close[1]) - min(low, close[1])",
  source:
    "TA-Lib ATR: no true range on the first bar, seeded with the mean of n ranges, first value at index n. " +
    "TradingView and LEAN count high - low of the first bar (`first_range: high_low`), which differs at the start.",
  inputs: ["high", "low", "close"],
  params: [bars("period", "Length of the average in bars; Wilder used 14.", 1, 14), firstRangeParam()],
  outputs: [{ name: "atr", doc: "The average range.", unit: "price", range: NOT_NEGATIVE }],
  warmup: (params) => param(params, 0) + rangeWarmup(chosen(params, 1)) - 1,
  kernel: (params) => new AtrKernel(param(params, 0), chosen(params, 1)),
};

export const trueRangeIndicator: Indicator = {
  name: "true_range",
  title: "True range",
  doc: "High minus low of the bar, stretched to the previous close when it gapped.",
  formula: "max(high, close[1]) - min(low, close[1])",
  source: "TA-Lib TRANGE; first value at index 1, with `first_range: high_low` at 0.",
  inputs: ["high", "low", "close"],
  params: [firstRangeParam()],
  outputs: [{ name: "true_range", doc: "The range.", unit: "price", range: NOT_NEGATIVE }],
  warmup: (params) => rangeWarmup(chosen(params, 0)),
  // An average of one bar is the range itself.
  kernel: (params) => new AtrKernel(1, chosen(params, 0)),
};
