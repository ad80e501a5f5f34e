/** Standard deviation and z-score. */
import type { Indicator, ParamDoc } from "../kernel.ts";
import { ANY, bars, choice, chosen, NOT_NEGATIVE, param } from "../params.ts";
import { WindowKernel } from "../state/window-kernel.ts";

/** Place of `sample` among the words of `deviation`. */
const SAMPLE = 1;

export function deviationParam(): ParamDoc {
  return choice("deviation", "Divided by n, or by n-1.", ["population", "sample"]);
}

/** What a population deviation of n values is multiplied with. */
export function deviationScale(period: number, deviation: number): number {
  return deviation === SAMPLE ? Math.sqrt(period / (period - 1)) : 1;
}

class DeviationKernel extends WindowKernel {
  readonly #params: readonly number[];
  readonly #isScore: boolean;
  readonly #scale: number;

  constructor(params: readonly number[], isScore: boolean) {
    super(param(params, 0));
    this.#params = params;
    this.#isScore = isScore;
    this.#scale = deviationScale(param(params, 0), chosen(params, 1));
  }

  protected write(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    const mean = this.first.mean(value);
    const deviation = this.#scale * this.first.deviation(mean);
    if (!this.#isScore) out[0] = deviation;
    else out[0] = deviation === 0 ? 0 : (value - mean) / deviation;
  }

  protected fresh(): DeviationKernel {
    return new DeviationKernel(this.#params, this.#isScore);
  }
}

export const stddev: Indicator = {
  name: "stddev",
  title: "Standard deviation",
  doc: "How far the last `period` values lie from their mean, typically.",
  formula: "sqrt(mean((x - mean(x))²))",
  source: "TA-Lib STDDEV: population, first value at index n-1. Two-pass: exact where 0.4 is not.",
  inputs: ["value"],
  params: [bars("period", "How many bars are looked at.", 2), deviationParam()],
  outputs: [{ name: "stddev", doc: "The deviation.", unit: "price", range: NOT_NEGATIVE, unitOfValue: true }],
  warmup: (params) => param(params, 0),
  kernel: (params) => new DeviationKernel(params, false),
};

export const zscore: Indicator = {
  name: "zscore",
  title: "Z-score",
  doc: "How many standard deviations the value lies from the mean of the last `period` values. 0 in a flat window.",
  formula: "(x - sma(x, n)) / stddev(x, n)",
  source: "Skender StdDev (zScore); first value at index n-1.",
  inputs: ["value"],
  params: [bars("period", "How many bars are looked at.", 2, 20), deviationParam()],
  outputs: [
    { name: "zscore", doc: "Standard deviations above (below: negative) the mean.", unit: "number", range: ANY },
  ],
  warmup: (params) => param(params, 0),
  kernel: (params) => new DeviationKernel(params, true),
};
