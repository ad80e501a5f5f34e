/** Hull moving average. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { Window } from "../state/window.ts";

class HmaKernel extends PartsKernel {
  readonly #period: number;
  readonly #slow: Window;
  readonly #fast: Window;
  readonly #last: Window;
  protected readonly parts;

  constructor(period: number) {
    super();
    this.#period = period;
    this.#slow = new Window(period);
    this.#fast = new Window(Math.floor(period / 2));
    this.#last = new Window(lastPeriod(period));
    this.parts = [this.#slow, this.#fast, this.#last];
  }

  update(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    this.#slow.push(value);
    this.#fast.push(value);
    out[0] = NaN;
    if (!this.#slow.full) return;
    const raw = this.#raw(value);
    this.#last.push(raw);
    if (this.#last.full) out[0] = this.#last.weightedMean(raw);
  }

  peek(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    out[0] = NaN;
    if (!this.#slow.fullWithOne || !this.#last.fullWithOne) return;
    const slow = this.#slow.tryOn(value);
    const fast = this.#fast.tryOn(value);
    const raw = this.#raw(value);
    const last = this.#last.tryOn(raw);
    out[0] = this.#last.weightedMean(raw);
    this.#last.takeBack(last);
    this.#fast.takeBack(fast);
    this.#slow.takeBack(slow);
  }

  #raw(value: number): number {
    const fast = this.#fast.weightedMean(value);
    return fast + (fast - this.#slow.weightedMean(value));
  }

  protected fresh(): HmaKernel {
    return new HmaKernel(this.#period);
  }
}

function lastPeriod(period: number): number {
  return Math.floor(Math.sqrt(period));
}

export const hma: Indicator = {
  name: "hma",
  title: "Hull moving average",
  doc: "A weighted average that is both smooth and quick to turn; it may overshoot the price.",
  formula: "wma(2 * wma(x, n / 2) - wma(x, n), sqrt(n)), both lengths rounded down",
  source: "Hull 2005, Skender, LEAN; first value at index n + sqrt(n) - 2, the root rounded down.",
  inputs: ["value"],
  params: [bars("period", "Length in bars.", 2)],
  outputs: [{ name: "hma", doc: "The average.", unit: "price", range: ANY, unitOfValue: true }],
  warmup: (params) => param(params, 0) + lastPeriod(param(params, 0)) - 1,
  kernel: (params) => new HmaKernel(param(params, 0)),
};
