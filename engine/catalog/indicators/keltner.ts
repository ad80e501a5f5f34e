/** Keltner channel. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";
import { Smooth } from "../state/smooth.ts";
import { trueRange } from "./atr.ts";

class KeltnerKernel extends PartsKernel {
  readonly #params: readonly [number, number, number];
  readonly #middle: Smooth;
  readonly #range: Smooth;
  readonly #previousClose = new Cells(1);
  protected readonly parts;

  constructor(period: number, multiplier: number, atrPeriod: number) {
    super();
    this.#params = [period, multiplier, atrPeriod];
    this.#middle = Smooth.ema(period);
    this.#range = Smooth.wilder(atrPeriod);
    this.parts = [this.#middle, this.#range, this.#previousClose];
  }

  update(x: Float64Array, out: Float64Array): void {
    const close = x[2] as number;
    const range = trueRange(x[0] as number, x[1] as number, this.#previousClose.get(0));
    this.#previousClose.set(0, close);
    this.#write(out, this.#middle.push(close), Number.isNaN(range) ? NaN : this.#range.push(range));
  }

  peek(x: Float64Array, out: Float64Array): void {
    const range = trueRange(x[0] as number, x[1] as number, this.#previousClose.get(0));
    this.#write(out, this.#middle.peek(x[2] as number), Number.isNaN(range) ? NaN : this.#range.peek(range));
  }

  /** The three lines start together. */
  #write(out: Float64Array, middle: number, range: number): void {
    const half = this.#params[1] * range;
    out[0] = middle + half;
    out[1] = Number.isNaN(half) ? NaN : middle;
    out[2] = middle - half;
  }

  protected fresh(): KeltnerKernel {
    return new KeltnerKernel(...this.#params);
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
  ],
  outputs: [
    { name: "upper", doc: "Upper line.", unit: "price", range: ANY },
    { name: "middle", doc: "The average.", unit: "price", range: ANY },
    { name: "lower", doc: "Lower line.", unit: "price", range: ANY },
  ],
  ascending: ["lower", "middle", "upper"],
  warmup: (params) => Math.max(param(params, 0), param(params, 2) + 1),
  kernel: (params) => new KeltnerKernel(param(params, 0), param(params, 1), param(params, 2)),
};
