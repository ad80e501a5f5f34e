/** Standard deviation. */
import type { Indicator } from "../kernel.ts";
import { bars, NOT_NEGATIVE, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { Window } from "../state/window.ts";

class StddevKernel extends PartsKernel {
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
    out[0] = this.#window.full ? this.#window.deviation(this.#window.mean(value)) : NaN;
  }

  peek(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    if (!this.#window.fullWithOne) {
      out[0] = NaN;
      return;
    }
    const saved = this.#window.tryOn(value);
    out[0] = this.#window.deviation(this.#window.mean(value));
    this.#window.takeBack(saved);
  }

  protected fresh(): StddevKernel {
    return new StddevKernel(this.#window.size);
  }
}

export const stddev: Indicator = {
  name: "stddev",
  title: "Standard deviation",
  doc: "How far the last `period` values lie from their mean, typically.",
  formula: "sqrt(mean((x - mean(x))²))",
  source: "TA-Lib STDDEV: population (divided by n), first value at index n-1. Two-pass: exact where 0.4 is not.",
  inputs: ["value"],
  params: [bars("period", "How many bars are looked at.", 2)],
  outputs: [{ name: "stddev", doc: "The deviation.", unit: "price", range: NOT_NEGATIVE, unitOfValue: true }],
  warmup: (params) => param(params, 0),
  kernel: (params) => new StddevKernel(param(params, 0)),
};
