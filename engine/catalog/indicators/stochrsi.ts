/** Stochastic RSI: where the RSI lies in its own recent range. */
import type { Indicator } from "../kernel.ts";
import { bars, param, PERCENT } from "../params.ts";
import { Extreme } from "../state/extreme.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { RollingMean } from "../state/rolling-mean.ts";
import { Strength } from "../state/strength.ts";
import { place, within, writeLines } from "./stochastic.ts";

class StochrsiKernel extends PartsKernel {
  readonly #params: readonly number[];
  readonly #strength: Strength;
  readonly #highest: Extreme;
  readonly #lowest: Extreme;
  readonly #k: RollingMean;
  readonly #d: RollingMean;
  protected readonly parts;

  constructor(params: readonly number[]) {
    super();
    this.#params = params;
    this.#strength = new Strength(param(params, 0));
    this.#highest = new Extreme(param(params, 1), "highest");
    this.#lowest = new Extreme(param(params, 1), "lowest");
    this.#k = new RollingMean(param(params, 2));
    this.#d = new RollingMean(param(params, 3));
    this.parts = [this.#strength, this.#highest, this.#lowest, this.#k, this.#d];
  }

  update(x: Float64Array, out: Float64Array): void {
    const rsi = this.#strength.push(x[0] as number);
    const fast = Number.isNaN(rsi) ? NaN : place(rsi, this.#highest.push(rsi), this.#lowest.push(rsi));
    const k = Number.isNaN(fast) ? NaN : within(this.#k.push(fast));
    writeLines(out, k, Number.isNaN(k) ? NaN : within(this.#d.push(k)));
  }

  peek(x: Float64Array, out: Float64Array): void {
    const rsi = this.#strength.peek(x[0] as number);
    const fast = Number.isNaN(rsi) ? NaN : place(rsi, this.#highest.peek(rsi), this.#lowest.peek(rsi));
    const k = Number.isNaN(fast) ? NaN : within(this.#k.peek(fast));
    writeLines(out, k, Number.isNaN(k) ? NaN : within(this.#d.peek(k)));
  }

  protected fresh(): StochrsiKernel {
    return new StochrsiKernel(this.#params);
  }
}

export const stochrsi: Indicator = {
  name: "stochrsi",
  title: "Stochastic RSI",
  doc:
    "Where the RSI lies between its own lowest and highest of `period` bars, 0 to 100: it reaches its ends far more " +
    "often than the RSI. `smooth: 3` gives what charting sites show. 0 when the RSI did not move.",
  formula: "k = sma(100 * (rsi - lowest(rsi, n)) / (highest(rsi, n) - lowest(rsi, n)), smooth); d = sma(k, signal)",
  source:
    "TA-Lib STOCHRSI (its k is not smoothed); both outputs start at index rsi_period+period+smooth+signal-3. LEAN and " +
    "TradingView smooth k over 3 bars.",
  inputs: ["value"],
  params: [
    bars("rsi_period", "Length of the RSI.", 2, 14),
    bars("period", "How many bars the range covers.", 1, 14),
    bars("smooth", "Smoothing of k.", 1, 1),
    bars("signal", "Smoothing of d.", 1, 3),
  ],
  outputs: [
    { name: "k", doc: "The place in the range.", unit: "percent", range: PERCENT },
    { name: "d", doc: "Its signal line.", unit: "percent", range: PERCENT },
  ],
  warmup: (params) => param(params, 0) + param(params, 1) + param(params, 2) + param(params, 3) - 2,
  kernel: (params) => new StochrsiKernel(params),
};
