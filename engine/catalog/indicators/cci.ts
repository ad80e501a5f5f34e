/** Commodity channel index. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { WindowKernel } from "../state/window-kernel.ts";

class CciKernel extends WindowKernel {
  protected override take(x: Float64Array, taken: Float64Array): void {
    taken[0] = ((x[0] as number) + (x[1] as number) + (x[2] as number)) / 3;
  }

  protected write(newest: Float64Array, out: Float64Array): void {
    const typical = newest[0] as number;
    const mean = this.first.mean(typical);
    const deviation = this.first.absoluteDeviation(mean);
    out[0] = deviation === 0 ? 0 : (typical - mean) / (0.015 * deviation);
  }

  protected fresh(): CciKernel {
    return new CciKernel(this.first.size);
  }
}

export const cci: Indicator = {
  name: "cci",
  title: "Commodity channel index",
  doc: "Distance of the typical price from its average, in units of its usual distance; mostly between -100 and 100.",
  formula: "(tp - sma(tp, n)) / (0.015 * mean(|tp - sma(tp, n)|)), tp = (high + low + close) / 3",
  source: "TA-Lib CCI; first value at index n-1; 0 in a flat window.",
  inputs: ["high", "low", "close"],
  params: [bars("period", "How many bars are looked at.", 2, 20)],
  outputs: [{ name: "cci", doc: "The distance.", unit: "number", range: ANY }],
  warmup: (params) => param(params, 0),
  kernel: (params) => new CciKernel(param(params, 0)),
};
