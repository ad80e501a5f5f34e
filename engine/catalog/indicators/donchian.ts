/** Donchian channel and 52-week range. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { Extreme } from "../state/extreme.ts";
import { PartsKernel } from "../state/parts-kernel.ts";

class DonchianKernel extends PartsKernel {
  readonly #period: number;
  readonly #hasMiddle: boolean;
  readonly #highest: Extreme;
  readonly #lowest: Extreme;
  protected readonly parts;

  constructor(period: number, hasMiddle: boolean) {
    super();
    this.#period = period;
    this.#hasMiddle = hasMiddle;
    this.#highest = new Extreme(period, "highest");
    this.#lowest = new Extreme(period, "lowest");
    this.parts = [this.#highest, this.#lowest];
  }

  update(x: Float64Array, out: Float64Array): void {
    this.#write(out, this.#highest.push(x[0] as number), this.#lowest.push(x[1] as number));
  }

  peek(x: Float64Array, out: Float64Array): void {
    this.#write(out, this.#highest.peek(x[0] as number), this.#lowest.peek(x[1] as number));
  }

  protected fresh(): DonchianKernel {
    return new DonchianKernel(this.#period, this.#hasMiddle);
  }

  #write(out: Float64Array, upper: number, lower: number): void {
    out[0] = upper;
    if (this.#hasMiddle) out[1] = (upper + lower) / 2;
    out[out.length - 1] = lower;
  }
}

export const donchian: Indicator = {
  name: "donchian",
  title: "Donchian channel",
  doc:
    "Highest high and lowest low of the last `period` bars, the current one included, so no close is ever above `upper`. " +
    "For a breakout compare with the channel one bar ago: `close > channel.upper[1]`.",
  formula: "upper = highest(high, n); lower = lowest(low, n); middle = (upper + lower) / 2",
  source: "TA-Lib MAX and MIN, LEAN; first value at index n-1. Skender leaves the current bar out.",
  inputs: ["high", "low"],
  params: [bars("period", "How many bars are looked at.", 1, 20)],
  outputs: [
    { name: "upper", doc: "Highest high.", unit: "price", range: ANY },
    { name: "middle", doc: "Halfway between.", unit: "price", range: ANY },
    { name: "lower", doc: "Lowest low.", unit: "price", range: ANY },
  ],
  ascending: ["lower", "middle", "upper"],
  warmup: (params) => param(params, 0),
  kernel: (params) => new DonchianKernel(param(params, 0), true),
};

export const yearRange: Indicator = {
  name: "year_range",
  title: "52-week range",
  doc:
    "Highest high and lowest low of the last 252 bars, on daily bars a year of sessions (365 for a market that never " +
    "closes). In a strategy on 5m, `close > year_range(on: 1d).high` is a new 52-week high: the days that have closed " +
    "count. On `1d` itself compare with the bar before: `close > year_range.high[1]`.",
  formula: "high = highest(high, n); low = lowest(low, n)",
  source: "TA-Lib MAX and MIN; first value at index n-1.",
  inputs: ["high", "low"],
  params: [bars("period", "How many bars are a year.", 1, 252)],
  outputs: [
    { name: "high", doc: "Highest high.", unit: "price", range: ANY },
    { name: "low", doc: "Lowest low.", unit: "price", range: ANY },
  ],
  ascending: ["low", "high"],
  warmup: (params) => param(params, 0),
  kernel: (params) => new DonchianKernel(param(params, 0), false),
};
