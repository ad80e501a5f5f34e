/** Linear regression over the last bars. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { WindowKernel } from "../state/window-kernel.ts";

class LinregKernel extends WindowKernel {
  protected write(newest: Float64Array, out: Float64Array): void {
    const window = this.first;
    const n = window.size;
    const mean = window.mean(newest[0] as number);
    // Times 1 … n around their middle; their squares sum up to n(n²-1)/12.
    const spread = (n * (n * n - 1)) / 12;
    const slope = (window.ramp(mean) - ((n + 1) / 2) * window.sum(mean)) / spread;
    const variation = window.squares(mean);
    out[0] = mean + slope * ((n - 1) / 2);
    out[1] = slope;
    out[2] = variation === 0 ? 0 : Math.min(1, (slope * slope * spread) / variation);
  }

  protected fresh(): LinregKernel {
    return new LinregKernel(this.first.size);
  }
}

export const linreg: Indicator = {
  name: "linreg",
  title: "Linear regression",
  doc:
    "The straight line that fits the last `period` values best: where it stands at this bar, how steep it is and how " +
    "well it fits. `linreg.r2` near 1 is a clean trend; it is 0 in a flat window.",
  formula: "least squares over (1, x[n-1]) … (n, x[0]); linreg = line at n",
  source: "TA-Lib LINEARREG and LINEARREG_SLOPE, r2 as Skender Slope; first value at index n-1. Two-pass.",
  inputs: ["value"],
  params: [bars("period", "How many bars are fitted.", 2, 14)],
  outputs: [
    { name: "linreg", doc: "The line at this bar.", unit: "price", range: ANY, unitOfValue: true },
    { name: "slope", doc: "Its rise per bar.", unit: "price", range: ANY, unitOfValue: true },
    { name: "r2", doc: "Share of the movement that the line explains.", unit: "ratio", range: [0, 1] },
  ],
  warmup: (params) => param(params, 0),
  kernel: (params) => new LinregKernel(param(params, 0)),
};
