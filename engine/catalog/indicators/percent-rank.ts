/** Percent rank: how high a value stands among the ones before it. */
import type { Indicator } from "../kernel.ts";
import { bars, choice, chosen, param, PERCENT } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { Window } from "../state/window.ts";

class PercentRankKernel extends PartsKernel {
  readonly #period: number;
  readonly #countsEqual: boolean;
  readonly #past: Window;
  protected readonly parts;

  constructor(period: number, countsEqual: boolean) {
    super();
    this.#period = period;
    this.#countsEqual = countsEqual;
    this.#past = new Window(period);
    this.parts = [this.#past];
  }

  update(x: Float64Array, out: Float64Array): void {
    this.peek(x, out);
    this.#past.push(x[0] as number);
  }

  peek(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    const equal = this.#countsEqual ? this.#past.equalTo(value) : 0;
    out[0] = this.#past.full ? (100 * (this.#past.below(value) + equal)) / this.#period : NaN;
  }

  protected fresh(): PercentRankKernel {
    return new PercentRankKernel(this.#period, this.#countsEqual);
  }
}

export const percentRank: Indicator = {
  name: "percent_rank",
  title: "Percent rank",
  doc:
    "How many of the `period` values before this one are not higher, in percent: 100 is as high as ever in that time. " +
    "`percent_rank(252, of: atr(14))` says whether volatility is high for the symbol.",
  formula: "100 * count(x[1 … n] <= x) / n",
  source:
    "TradingView percentrank; first value at index n. Skender and Connors count lower values only (`ties: skip`).",
  inputs: ["value"],
  params: [
    bars("period", "How many earlier bars it is compared with.", 1, 100),
    choice("ties", "Whether equal values count as lower.", ["count", "skip"]),
  ],
  outputs: [{ name: "percent_rank", doc: "0 to 100.", unit: "percent", range: PERCENT }],
  warmup: (params) => param(params, 0) + 1,
  kernel: (params) => new PercentRankKernel(param(params, 0), chosen(params, 1) === 0),
};
