/** Donchian channel. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { Extreme } from "../state/extreme.ts";
import { PartsKernel } from "../state/parts-kernel.ts";

class DonchianKernel extends PartsKernel {
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
    write(out, this.#highest.push(x[0] as number), this.#lowest.push(x[1] as number));
  }

  peek(x: Float64Array, out: Float64Array): void {
    write(out, this.#highest.peek(x[0] as number), this.#lowest.peek(x[1] as number));
  }

  protected fresh(): DonchianKernel {
    return new DonchianKernel(this.#period);
  }
}

function write(out: Float64Array, upper: number, lower: number): void {
  out[0] = upper;
  out[1] = (upper + lower) / 2;
  out[2] = lower;
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
  kernel: (params) => new DonchianKernel(param(params, 0)),
};
