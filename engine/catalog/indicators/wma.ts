/** Linearly weighted moving average. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { WindowKernel } from "../state/window-kernel.ts";

class WmaKernel extends WindowKernel {
  protected write(x: Float64Array, out: Float64Array): void {
    out[0] = this.first.weightedMean(x[0] as number);
  }

  protected fresh(): WmaKernel {
    return new WmaKernel(this.first.size);
  }
}

export const wma: Indicator = {
  name: "wma",
  title: "Weighted moving average",
  doc: "A mean with weights 1 to `period`, the newest bar heaviest.",
  formula: "(n*x[0] + (n-1)*x[1] + … + 1*x[n-1]) / (n*(n+1)/2)",
  source: "TA-Lib WMA; first value at index n-1. Summed afresh at each bar, so more exact than TA-Lib 0.4.",
  inputs: ["value"],
  params: [bars("period", "How many bars are averaged.", 1)],
  outputs: [{ name: "wma", doc: "The average.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true }],
  warmup: (params) => param(params, 0),
  kernel: (params) => new WmaKernel(param(params, 0)),
};
