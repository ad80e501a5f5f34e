/** Rate of change. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { Window } from "../state/window.ts";

class RocKernel extends PartsKernel {
  readonly #past: Window;
  protected readonly parts;

  constructor(period: number) {
    super();
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
    const before = this.#past.oldest;
    out[0] = before === 0 ? 0 : ((x[0] as number) / before - 1) * 100;
  }

  protected fresh(): RocKernel {
    return new RocKernel(this.#past.size);
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
  kernel: (params) => new RocKernel(param(params, 0)),
};
