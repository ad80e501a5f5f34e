/** True range and its average. */
import type { Indicator } from "../kernel.ts";
import { bars, NOT_NEGATIVE, param } from "../params.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";
import { Smooth } from "../state/smooth.ts";

/** The bar's range, stretched to the previous close; NaN on the first bar. */
export function trueRange(high: number, low: number, previousClose: number): number {
  return Math.max(high, previousClose) - Math.min(low, previousClose);
}

class AtrKernel extends PartsKernel {
  readonly #period: number;
  readonly #average: Smooth;
  readonly #previousClose = new Cells(1);
  protected readonly parts;

  constructor(period: number) {
    super();
    this.#period = period;
    this.#average = Smooth.wilder(period);
    this.parts = [this.#average, this.#previousClose];
  }

  update(x: Float64Array, out: Float64Array): void {
    const range = trueRange(x[0] as number, x[1] as number, this.#previousClose.get(0));
    this.#previousClose.set(0, x[2] as number);
    out[0] = Number.isNaN(range) ? NaN : this.#average.push(range);
  }

  peek(x: Float64Array, out: Float64Array): void {
    const range = trueRange(x[0] as number, x[1] as number, this.#previousClose.get(0));
    out[0] = Number.isNaN(range) ? NaN : this.#average.peek(range);
  }

  protected fresh(): AtrKernel {
    return new AtrKernel(this.#period);
  }
}

export const atr: Indicator = {
  name: "atr",
  title: "Average true range",
  doc: "How far the price typically travels in one bar, gaps included. The usual unit for stops.",
  formula: "Wilder average of max(high, close[1]) - min(low, close[1])",
  source:
    "TA-Lib ATR: no true range on the first bar, seeded with the mean of n ranges, first value at index n. Sources " +
    "that count high - low of the first bar (TradingView, LEAN) differ at the start.",
  inputs: ["high", "low", "close"],
  params: [bars("period", "Length of the average in bars; Wilder used 14.", 1, 14)],
  outputs: [{ name: "atr", doc: "The average range.", unit: "price", range: NOT_NEGATIVE }],
  warmup: (params) => param(params, 0) + 1,
  kernel: (params) => new AtrKernel(param(params, 0)),
};

export const trueRangeIndicator: Indicator = {
  name: "true_range",
  title: "True range",
  doc: "High minus low of the bar, stretched to the previous close when it gapped.",
  formula: "max(high, close[1]) - min(low, close[1])",
  source: "TA-Lib TRANGE; first value at index 1.",
  inputs: ["high", "low", "close"],
  params: [],
  outputs: [{ name: "true_range", doc: "The range.", unit: "price", range: NOT_NEGATIVE }],
  warmup: () => 2,
  // An average of one bar is the range itself.
  kernel: () => new AtrKernel(1),
};
