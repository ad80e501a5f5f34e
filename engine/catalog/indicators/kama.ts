/** Kaufman's adaptive moving average. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";
import { Window } from "../state/window.ts";

class KamaKernel extends PartsKernel {
  readonly #params: readonly number[];
  readonly #fast: number;
  readonly #slow: number;
  /** One value more than the period: n changes. */
  readonly #window: Window;
  readonly #average = new Cells(1);
  protected readonly parts;

  constructor(params: readonly number[]) {
    super();
    this.#params = params;
    this.#fast = 2 / (param(params, 1) + 1);
    this.#slow = 2 / (param(params, 2) + 1);
    this.#window = new Window(param(params, 0) + 1);
    this.parts = [this.#window, this.#average];
  }

  update(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    this.#window.push(value);
    out[0] = this.#window.full ? this.#moved(value) : NaN;
    // Before the first answer the average stands at the newest price.
    this.#average.set(0, this.#window.full ? out[0] : value);
  }

  peek(x: Float64Array, out: Float64Array): void {
    out[0] = NaN;
    if (!this.#window.fullWithOne) return;
    const value = x[0] as number;
    const saved = this.#window.tryOn(value);
    out[0] = this.#moved(value);
    this.#window.takeBack(saved);
  }

  #moved(value: number): number {
    const path = this.#window.path();
    const distance = Math.abs(value - this.#window.oldest);
    const efficiency = path <= distance ? 1 : distance / path;
    const pace = efficiency * (this.#fast - this.#slow) + this.#slow;
    const before = this.#average.get(0);
    return (value - before) * (pace * pace) + before;
  }

  protected fresh(): KamaKernel {
    return new KamaKernel(this.#params);
  }
}

export const kama: Indicator = {
  name: "kama",
  title: "Kaufman's adaptive moving average",
  doc: "An average that follows quickly while the price moves straight and hardly at all while it goes back and forth.",
  formula:
    "k += (x - k) * (er * (2/(fast+1) - 2/(slow+1)) + 2/(slow+1))², er = |x - x[n]| / sum of the |changes| of n bars",
  source: "TA-Lib KAMA: starts from the close before, first value at index n. Skender shows that close too, at n-1.",
  inputs: ["value"],
  params: [
    bars("period", "How many changes the efficiency looks at.", 1, 10),
    bars("fast", "Smoothing length when the price moves straight.", 1, 2),
    bars("slow", "Smoothing length when it goes nowhere.", 1, 30),
  ],
  outputs: [{ name: "kama", doc: "The average.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true }],
  check: (params) =>
    param(params, 1) < param(params, 2)
      ? undefined
      : `fast (${param(params, 1)}) must be shorter than slow (${param(params, 2)}).`,
  warmup: (params) => param(params, 0) + 1,
  kernel: (params) => new KamaKernel(params),
};
