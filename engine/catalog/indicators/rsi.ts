/** Relative strength index. */
import type { Indicator } from "../kernel.ts";
import { bars, param, PERCENT } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { Strength } from "../state/strength.ts";

class RsiKernel extends PartsKernel {
  readonly #period: number;
  readonly #strength: Strength;
  protected readonly parts;

  constructor(period: number) {
    super();
    this.#period = period;
    this.#strength = new Strength(period);
    this.parts = [this.#strength];
  }

  update(x: Float64Array, out: Float64Array): void {
    out[0] = this.#strength.push(x[0] as number);
  }

  peek(x: Float64Array, out: Float64Array): void {
    out[0] = this.#strength.peek(x[0] as number);
  }

  protected fresh(): RsiKernel {
    return new RsiKernel(this.#period);
  }
}

export const rsi: Indicator = {
  name: "rsi",
  title: "Relative strength index",
  doc:
    "How much of the recent movement went up, 0 to 100. Below 30 is commonly called oversold, above 70 overbought. " +
    "A series that did not move at all reads 0, as in TA-Lib (charting sites show 100 or 50).",
  formula: "100 * gain / (gain + loss), gain and loss being Wilder averages of the rises and falls",
  source: "TA-Lib RSI (Wilder 1978): averages seeded with the mean of the first n changes, first value at index n.",
  inputs: ["value"],
  params: [bars("period", "Length of the averages in bars; Wilder used 14.", 2, 14)],
  outputs: [{ name: "rsi", doc: "0 (only falls) to 100 (only rises).", unit: "percent", range: PERCENT }],
  warmup: (params) => param(params, 0) + 1,
  kernel: (params) => new RsiKernel(param(params, 0)),
};
