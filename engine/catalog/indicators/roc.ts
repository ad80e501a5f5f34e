/** Rate of change and momentum: the value against an earlier one. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { Window } from "../state/window.ts";

class PastKernel extends PartsKernel {
  readonly #asRatio: boolean;
  readonly #past: Window;
  protected readonly parts;

  constructor(period: number, asRatio: boolean) {
    super();
    this.#asRatio = asRatio;
    this.#past = new Window(period);
    this.parts = [this.#past];
  }

  update(x: Float64Array, out: Float64Array): void {
    this.peek(x, out);
    this.#past.push(x[0] as number);
  }

  peek(x: Float64Array, out: Float64Array): void {
    if (!this.#past.full) {
      out[0] = NaN;
      return;
    }
    const value = x[0] as number;
    const before = this.#past.oldest;
    if (!this.#asRatio) out[0] = value - before;
    else out[0] = before === 0 ? 0 : (value / before - 1) * 100;
  }

  protected fresh(): PastKernel {
    return new PastKernel(this.#past.size, this.#asRatio);
  }
}

export const roc: Indicator = {
  name: "roc",
  title: "Rate of change",
  doc: "Change against `period` bars ago in percent: 5 means 5 % higher. 0 when the earlier value was 0.",
  formula: "100 * (x / x[n] - 1)",
  source: "TA-Lib ROC; first value at index n.",
  inputs: ["value"],
  params: [bars("period", "How many bars back the comparison reaches.", 1, 10)],
  outputs: [{ name: "roc", doc: "The change in percent.", unit: "percent", range: ANY }],
  warmup: (params) => param(params, 0) + 1,
  kernel: (params) => new PastKernel(param(params, 0), true),
};

export const momentum: Indicator = {
  name: "momentum",
  title: "Momentum",
  doc: "Difference to `period` bars ago, in the unit of the value; `roc` gives it in percent.",
  formula: "x - x[n]",
  source: "TA-Lib MOM; first value at index n.",
  inputs: ["value"],
  params: [bars("period", "How many bars back the comparison reaches.", 1, 10)],
  outputs: [{ name: "momentum", doc: "The difference.", unit: "price", range: ANY, unitOfValue: true }],
  warmup: (params) => param(params, 0) + 1,
  kernel: (params) => new PastKernel(param(params, 0), false),
};
