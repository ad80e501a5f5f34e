/** Linearly weighted moving average. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { Window } from "../state/window.ts";

class WmaKernel extends PartsKernel {
  readonly #window: Window;
  protected readonly parts;

  constructor(period: number) {
    super();
    this.#window = new Window(period);
    this.parts = [this.#window];
  }

  update(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    this.#window.push(value);
    out[0] = this.#window.full ? this.#window.weightedMean(value) : NaN;
  }

  peek(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    if (!this.#window.fullWithOne) {
      out[0] = NaN;
      return;
    }
    const saved = this.#window.tryOn(value);
    out[0] = this.#window.weightedMean(value);
    this.#window.takeBack(saved);
  }

  protected fresh(): WmaKernel {
    return new WmaKernel(this.#window.size);
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
