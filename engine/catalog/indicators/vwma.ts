/** Volume-weighted moving average. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { WindowKernel } from "../state/window-kernel.ts";

class VwmaKernel extends WindowKernel {
  constructor(period: number) {
    super(period, 2);
  }

  protected write(newest: Float64Array, out: Float64Array): void {
    const near = newest[0] as number;
    const volume = this.second.sum();
    out[0] = volume > 0 ? near + this.first.products(near, this.second, 0) / volume : NaN;
  }

  protected fresh(): VwmaKernel {
    return new VwmaKernel(this.first.size);
  }
}

export const vwma: Indicator = {
  name: "vwma",
  title: "Volume-weighted moving average",
  doc:
    "The mean of the last `period` values, each weighted by the volume of its bar; `vwma(20, of: hlc3)` is a rolling " +
    "VWAP. Unknown while no bar of them has volume.",
  formula: "sum(x * volume, n) / sum(volume, n)",
  source: "Skender VWMA, LEAN; first value at index n-1.",
  inputs: ["value", "volume"],
  params: [bars("period", "How many bars are averaged.", 1)],
  outputs: [{ name: "vwma", doc: "The average.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true }],
  warmup: (params) => param(params, 0),
  kernel: (params) => new VwmaKernel(param(params, 0)),
};
