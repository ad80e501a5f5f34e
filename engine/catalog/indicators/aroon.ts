/** Aroon: how long ago the extremes were. */
import type { Indicator } from "../kernel.ts";
import { bars, param, PERCENT } from "../params.ts";
import { Extreme } from "../state/extreme.ts";
import { PartsKernel } from "../state/parts-kernel.ts";

class AroonKernel extends PartsKernel {
  readonly #period: number;
  readonly #highest: Extreme;
  readonly #lowest: Extreme;
  protected readonly parts;

  constructor(period: number) {
    super();
    this.#period = period;
    this.#highest = new Extreme(period + 1, "highest");
    this.#lowest = new Extreme(period + 1, "lowest");
    this.parts = [this.#highest, this.#lowest];
  }

  update(x: Float64Array, out: Float64Array): void {
    this.#highest.push(x[0] as number);
    this.#lowest.push(x[1] as number);
    this.#write(out, this.#highest.age, this.#lowest.age);
  }

  peek(x: Float64Array, out: Float64Array): void {
    this.#write(out, this.#highest.peekAge(x[0] as number), this.#lowest.peekAge(x[1] as number));
  }

  #write(out: Float64Array, sinceHigh: number, sinceLow: number): void {
    const n = this.#period;
    out[0] = (100 * (n - sinceHigh)) / n;
    out[1] = (100 * (n - sinceLow)) / n;
    out[2] = (100 * (sinceLow - sinceHigh)) / n;
  }

  protected fresh(): AroonKernel {
    return new AroonKernel(this.#period);
  }
}

export const aroon: Indicator = {
  name: "aroon",
  title: "Aroon",
  doc: "How recent the highest high and the lowest low are: 100 when it is this bar, 0 when it is `period` bars ago.",
  formula: "up = 100 * (n - bars since the highest high of n+1 bars) / n; down likewise; oscillator = up - down",
  source:
    "TA-Lib AROON, AROONOSC, LEAN; first value at index n; of equal extremes the newest counts (Skender: oldest).",
  inputs: ["high", "low"],
  params: [bars("period", "How many bars back the extreme may lie.", 1, 14)],
  outputs: [
    { name: "up", doc: "How recent the high is.", unit: "percent", range: PERCENT },
    { name: "down", doc: "How recent the low is.", unit: "percent", range: PERCENT },
    { name: "oscillator", doc: "up minus down.", unit: "percent", range: [-100, 100] },
  ],
  warmup: (params) => param(params, 0) + 1,
  kernel: (params) => new AroonKernel(param(params, 0)),
};
