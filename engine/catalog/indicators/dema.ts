/** Double and triple exponential moving averages. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, chosen, param } from "../params.ts";
import { Chain } from "../state/chain.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { seedParam } from "./ema.ts";

class ChainKernel extends PartsKernel {
  readonly #params: readonly number[];
  readonly #levels: 2 | 3;
  readonly #chain: Chain;
  protected readonly parts;

  constructor(params: readonly number[], levels: 2 | 3) {
    super();
    this.#params = params;
    this.#levels = levels;
    this.#chain = new Chain(param(params, 0), levels, chosen(params, 1));
    this.parts = [this.#chain];
  }

  update(x: Float64Array, out: Float64Array): void {
    this.#chain.push(x[0] as number);
    this.#write(out);
  }

  peek(x: Float64Array, out: Float64Array): void {
    this.#chain.peek(x[0] as number);
    this.#write(out);
  }

  /** Written as distances from the first average, so that a flat series stays exactly flat. */
  #write(out: Float64Array): void {
    const once = this.#chain.values[0] as number;
    const twice = this.#chain.values[1] as number;
    if (this.#levels === 2) out[0] = once + (once - twice);
    else out[0] = (this.#chain.values[2] as number) + 3 * (once - twice);
  }

  protected fresh(): ChainKernel {
    return new ChainKernel(this.#params, this.#levels);
  }
}

export const dema: Indicator = {
  name: "dema",
  title: "Double exponential moving average",
  doc: "An exponential average with most of its lag taken out: it turns sooner than `ema` and may overshoot the price.",
  formula: "2 * ema(x, n) - ema(ema(x, n), n)",
  source:
    "TA-Lib DEMA: each average is seeded on its own input, first value at index 2(n-1). Skender seeds both at once.",
  inputs: ["value"],
  params: [bars("period", "Smoothing length in bars.", 1), seedParam()],
  outputs: [{ name: "dema", doc: "The average.", unit: "price", range: ANY, unitOfValue: true }],
  warmup: (params) => 2 * param(params, 0) - 1,
  kernel: (params) => new ChainKernel(params, 2),
};

export const tema: Indicator = {
  name: "tema",
  title: "Triple exponential moving average",
  doc: "An exponential average with nearly all of its lag taken out; it may overshoot the price.",
  formula: "3 * e1 - 3 * e2 + e3, e1 = ema(x, n), e2 = ema(e1, n), e3 = ema(e2, n)",
  source:
    "TA-Lib TEMA: each average is seeded on its own input, first value at index 3(n-1). Skender seeds all at once.",
  inputs: ["value"],
  params: [bars("period", "Smoothing length in bars.", 1), seedParam()],
  outputs: [{ name: "tema", doc: "The average.", unit: "price", range: ANY, unitOfValue: true }],
  warmup: (params) => 3 * param(params, 0) - 2,
  kernel: (params) => new ChainKernel(params, 3),
};
