/** Stochastic oscillator and Williams %R: where the close lies in the recent range. */
import type { Indicator } from "../kernel.ts";
import { bars, param, PERCENT } from "../params.ts";
import { Extreme } from "../state/extreme.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { RollingMean } from "../state/rolling-mean.ts";

/** 0 at the lowest low, 100 at the highest high; 0 when there is no range. */
export function place(close: number, high: number, low: number): number {
  const range = high - low;
  return range === 0 ? 0 : 100 * ((close - low) / range);
}

/** A mean of numbers within 0 to 100 may leave it by a rounding. */
export function within(x: number): number {
  return x < 0 ? 0 : x > 100 ? 100 : x;
}

class StochasticKernel extends PartsKernel {
  readonly #params: readonly [number, number, number];
  readonly #highest: Extreme;
  readonly #lowest: Extreme;
  readonly #k: RollingMean;
  readonly #d: RollingMean;
  protected readonly parts;

  constructor(period: number, smooth: number, signal: number) {
    super();
    this.#params = [period, smooth, signal];
    this.#highest = new Extreme(period, "highest");
    this.#lowest = new Extreme(period, "lowest");
    this.#k = new RollingMean(smooth);
    this.#d = new RollingMean(signal);
    this.parts = [this.#highest, this.#lowest, this.#k, this.#d];
  }

  update(x: Float64Array, out: Float64Array): void {
    const fast = place(x[2] as number, this.#highest.push(x[0] as number), this.#lowest.push(x[1] as number));
    const k = Number.isNaN(fast) ? NaN : within(this.#k.push(fast));
    writeLines(out, k, Number.isNaN(k) ? NaN : within(this.#d.push(k)));
  }

  peek(x: Float64Array, out: Float64Array): void {
    const fast = place(x[2] as number, this.#highest.peek(x[0] as number), this.#lowest.peek(x[1] as number));
    const k = Number.isNaN(fast) ? NaN : within(this.#k.peek(fast));
    writeLines(out, k, Number.isNaN(k) ? NaN : within(this.#d.peek(k)));
  }

  protected fresh(): StochasticKernel {
    return new StochasticKernel(...this.#params);
  }
}

/** Both lines start together. */
export function writeLines(out: Float64Array, k: number, d: number): void {
  out[0] = Number.isNaN(d) ? NaN : k;
  out[1] = d;
}

export const stochastic: Indicator = {
  name: "stochastic",
  title: "Stochastic oscillator",
  doc:
    "Where the close lies between the lowest low and the highest high of `period` bars, smoothed (k) and smoothed " +
    "again (d). `smooth: 1` gives the fast variant. 0 when the market did not move.",
  formula: "k = sma(100 * (close - lowest) / (highest - lowest), smooth); d = sma(k, signal)",
  source: "TA-Lib STOCH with simple averages; both outputs start at index period+smooth+signal-3.",
  inputs: ["high", "low", "close"],
  params: [
    bars("period", "How many bars the range covers.", 1, 14),
    bars("smooth", "Smoothing of k.", 1, 3),
    bars("signal", "Smoothing of d.", 1, 3),
  ],
  outputs: [
    { name: "k", doc: "The smoothed place in the range.", unit: "percent", range: PERCENT },
    { name: "d", doc: "Its signal line.", unit: "percent", range: PERCENT },
  ],
  warmup: (params) => param(params, 0) + param(params, 1) + param(params, 2) - 2,
  kernel: (params) => new StochasticKernel(param(params, 0), param(params, 1), param(params, 2)),
};

class WillrKernel extends PartsKernel {
  readonly #period: number;
  readonly #highest: Extreme;
  readonly #lowest: Extreme;
  protected readonly parts;

  constructor(period: number) {
    super();
    this.#period = period;
    this.#highest = new Extreme(period, "highest");
    this.#lowest = new Extreme(period, "lowest");
    this.parts = [this.#highest, this.#lowest];
  }

  update(x: Float64Array, out: Float64Array): void {
    out[0] = fromTop(x[2] as number, this.#highest.push(x[0] as number), this.#lowest.push(x[1] as number));
  }

  peek(x: Float64Array, out: Float64Array): void {
    out[0] = fromTop(x[2] as number, this.#highest.peek(x[0] as number), this.#lowest.peek(x[1] as number));
  }

  protected fresh(): WillrKernel {
    return new WillrKernel(this.#period);
  }
}

function fromTop(close: number, high: number, low: number): number {
  const range = high - low;
  return range === 0 ? 0 : -100 * ((high - close) / range);
}

export const willr: Indicator = {
  name: "willr",
  title: "Williams %R",
  doc: "How far the close lies below the highest high of `period` bars: 0 at the top, -100 at the bottom of the range.",
  formula: "-100 * (highest - close) / (highest - lowest)",
  source: "TA-Lib WILLR; first value at index n-1; 0 when there is no range.",
  inputs: ["high", "low", "close"],
  params: [bars("period", "How many bars the range covers.", 1, 14)],
  outputs: [{ name: "willr", doc: "-100 to 0.", unit: "percent", range: [-100, 0] }],
  warmup: (params) => param(params, 0),
  kernel: (params) => new WillrKernel(param(params, 0)),
};
