/** Simple moving average. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { RollingMean } from "../state/rolling-mean.ts";

class SmaKernel extends PartsKernel {
  readonly #period: number;
  readonly #mean: RollingMean;
  protected readonly parts;

  constructor(period: number) {
    super();
    this.#period = period;
    this.#mean = new RollingMean(period);
    this.parts = [this.#mean];
  }

  update(x: Float64Array, out: Float64Array): void {
    out[0] = this.#mean.push(x[0] as number);
  }

  peek(x: Float64Array, out: Float64Array): void {
    out[0] = this.#mean.peek(x[0] as number);
  }

  protected fresh(): SmaKernel {
    return new SmaKernel(this.#period);
  }
}

export const sma: Indicator = {
  name: "sma",
  title: "Simple moving average",
  doc: "The plain mean of the last `period` values. Slow and steady; the usual trend filter.",
  formula: "(x[0] + … + x[n-1]) / n",
  source: "TA-Lib SMA; first value at index n-1.",
  inputs: ["value"],
  params: [bars("period", "How many bars are averaged.", 1)],
  outputs: [{ name: "sma", doc: "The average.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true }],
  warmup: (params) => param(params, 0),
  kernel: (params) => new SmaKernel(param(params, 0)),
};
