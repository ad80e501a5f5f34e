/** Highest and lowest value of the last bars. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { Extreme } from "../state/extreme.ts";
import { PartsKernel } from "../state/parts-kernel.ts";

class ExtremeKernel extends PartsKernel {
  readonly #period: number;
  readonly #which: "highest" | "lowest";
  readonly #extreme: Extreme;
  protected readonly parts;

  constructor(period: number, which: "highest" | "lowest") {
    super();
    this.#period = period;
    this.#which = which;
    this.#extreme = new Extreme(period, which);
    this.parts = [this.#extreme];
  }

  update(x: Float64Array, out: Float64Array): void {
    out[0] = this.#extreme.push(x[0] as number);
  }

  peek(x: Float64Array, out: Float64Array): void {
    out[0] = this.#extreme.peek(x[0] as number);
  }

  protected fresh(): ExtremeKernel {
    return new ExtremeKernel(this.#period, this.#which);
  }
}

export const highest: Indicator = {
  name: "highest",
  title: "Highest",
  doc: "The highest of the last `period` values, the current bar included: `close >= highest(close, 20)` is a new high.",
  formula: "max(x[0], …, x[n-1])",
  source: "TA-Lib MAX; first value at index n-1.",
  inputs: ["value"],
  params: [bars("period", "How many bars are looked at.", 1)],
  outputs: [
    { name: "highest", doc: "The highest value.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true },
  ],
  warmup: (params) => param(params, 0),
  kernel: (params) => new ExtremeKernel(param(params, 0), "highest"),
};

export const lowest: Indicator = {
  name: "lowest",
  title: "Lowest",
  doc: "The lowest of the last `period` values, the current bar included.",
  formula: "min(x[0], …, x[n-1])",
  source: "TA-Lib MIN; first value at index n-1.",
  inputs: ["value"],
  params: [bars("period", "How many bars are looked at.", 1)],
  outputs: [
    { name: "lowest", doc: "The lowest value.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true },
  ],
  warmup: (params) => param(params, 0),
  kernel: (params) => new ExtremeKernel(param(params, 0), "lowest"),
};
