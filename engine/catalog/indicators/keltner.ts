/** Keltner channel. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, chosen, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { Smooth } from "../state/smooth.ts";
import { firstRangeParam, rangeWarmup, TrueRange } from "../state/true-range.ts";
import { seedParam } from "./ema.ts";

class KeltnerKernel extends PartsKernel {
  readonly #params: readonly number[];
  readonly #multiplier: number;
  readonly #middle: Smooth;
  readonly #average: Smooth;
  readonly #range: TrueRange;
  protected readonly parts;

  constructor(params: readonly number[]) {
    super();
    this.#params = params;
    this.#multiplier = param(params, 1);
    this.#middle = Smooth.ema(param(params, 0), chosen(params, 3));
    this.#average = Smooth.wilder(param(params, 2));
    this.#range = new TrueRange(chosen(params, 4));
    this.parts = [this.#middle, this.#average, this.#range];
  }

  update(x: Float64Array, out: Float64Array): void {
    const close = x[2] as number;
    const range = this.#range.push(x[0] as number, x[1] as number, close);
    this.#write(out, this.#middle.push(close), Number.isNaN(range) ? NaN : this.#average.push(range));
  }

  peek(x: Float64Array, out: Float64Array): void {
    const range = this.#range.peek(x[0] as number, x[1] as number);
    this.#write(out, this.#middle.peek(x[2] as number), Number.isNaN(range) ? NaN : this.#average.peek(range));
  }

  /** The three lines start together. */
  #write(out: Float64Array, middle: number, range: number): void {
    const half = this.#multiplier * range;
    out[0] = middle + half;
    out[1] = Number.isNaN(half) ? NaN : middle;
    out[2] = middle - half;
  }

  protected fresh(): KeltnerKernel {
    return new KeltnerKernel(this.#params);
  }
}

export const keltner: Indicator = {
  name: "keltner",
  title: "Keltner channel",
  doc: "An exponential average of the close with a band of average true ranges around it.",
  formula: "middle = ema(close, n); upper, lower = middle ± k * atr(m)",
  source: "Skender, StockCharts: EMA of the close and Wilder's ATR; first value at index max(n-1, m). LEAN uses SMAs.",
  inputs: ["high", "low", "close"],
  params: [
    bars("period", "Length of the average.", 1, 20),
    { name: "multiplier", doc: "Half height in average true ranges.", integer: false, min: 0, max: 100, default: 2 },
    bars("atr_period", "Length of the average true range.", 1, 10),
    seedParam(),
    firstRangeParam(),
  ],
  outputs: [
    { name: "upper", doc: "Upper line.", unit: "price", range: ANY },
    { name: "middle", doc: "The average.", unit: "price", range: ANY },
    { name: "lower", doc: "Lower line.", unit: "price", range: ANY },
  ],
  ascending: ["lower", "middle", "upper"],
  warmup: (params) => Math.max(param(params, 0), param(params, 2) + rangeWarmup(chosen(params, 4)) - 1),
  kernel: (params) => new KeltnerKernel(params),
};
