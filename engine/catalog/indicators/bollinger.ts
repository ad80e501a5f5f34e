/** Bollinger bands. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, chosen, NOT_NEGATIVE, param } from "../params.ts";
import { WindowKernel } from "../state/window-kernel.ts";
import { deviationParam, deviationScale } from "./stddev.ts";

class BollingerKernel extends WindowKernel {
  readonly #params: readonly number[];
  readonly #deviations: number;

  constructor(params: readonly number[]) {
    super(param(params, 0));
    this.#params = params;
    this.#deviations = param(params, 1) * deviationScale(param(params, 0), chosen(params, 2));
  }

  protected write(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    const middle = this.first.mean(value);
    const half = this.#deviations * this.first.deviation(middle);
    const upper = middle + half;
    const lower = middle - half;
    const height = upper - lower;
    out[0] = upper;
    out[1] = middle;
    out[2] = lower;
    if (height === 0) out[3] = 0;
    else out[3] = middle === 0 ? NaN : height / Math.abs(middle);
    out[4] = height === 0 ? 0.5 : (value - lower) / height;
  }

  protected fresh(): BollingerKernel {
    return new BollingerKernel(this.#params);
  }
}

export const bollinger: Indicator = {
  name: "bollinger",
  title: "Bollinger bands",
  doc:
    "An average with a band of standard deviations around it: wide when the market moves, narrow when it rests. In a " +
    "flat window the band has no height; percent_b is then 0.5.",
  formula: "middle = sma(n); upper, lower = middle ± k * stddev(n)",
  source:
    "TA-Lib BBANDS with population standard deviation; first value at index n-1. Two-pass: exact where 0.4 is not.",
  inputs: ["value"],
  params: [
    bars("period", "Length of the average; Bollinger used 20.", 2, 20),
    { name: "deviations", doc: "Half height in standard deviations.", integer: false, min: 0, max: 100, default: 2 },
    deviationParam(),
  ],
  outputs: [
    { name: "upper", doc: "Upper band.", unit: "price", range: ANY, unitOfValue: true },
    { name: "middle", doc: "The average.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true },
    { name: "lower", doc: "Lower band.", unit: "price", range: ANY, unitOfValue: true },
    {
      name: "width",
      doc: "Height of the band as a ratio of the middle; unknown when the middle is exactly 0.",
      unit: "ratio",
      range: NOT_NEGATIVE,
    },
    { name: "percent_b", doc: "Where the value lies: 0 on the lower, 1 on the upper band.", unit: "ratio", range: ANY },
  ],
  ascending: ["lower", "middle", "upper"],
  warmup: (params) => param(params, 0),
  kernel: (params) => new BollingerKernel(params),
};
