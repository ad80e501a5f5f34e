/** Rate of change of a triple exponential average. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, chosen, param } from "../params.ts";
import { Chain } from "../state/chain.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";
import { seedParam } from "./ema.ts";

class TrixKernel extends PartsKernel {
  readonly #params: readonly number[];
  readonly #chain: Chain;
  readonly #previous = new Cells(1);
  protected readonly parts;

  constructor(params: readonly number[]) {
    super();
    this.#params = params;
    this.#chain = new Chain(param(params, 0), 3, chosen(params, 1));
    this.parts = [this.#chain, this.#previous];
  }

  update(x: Float64Array, out: Float64Array): void {
    this.#chain.push(x[0] as number);
    this.#write(out);
    this.#previous.set(0, this.#chain.values[2] as number);
  }

  peek(x: Float64Array, out: Float64Array): void {
    this.#chain.peek(x[0] as number);
    this.#write(out);
  }

  #write(out: Float64Array): void {
    const before = this.#previous.get(0);
    out[0] = before === 0 ? 0 : ((this.#chain.values[2] as number) / before - 1) * 100;
  }

  protected fresh(): TrixKernel {
    return new TrixKernel(this.#params);
  }
}

export const trix: Indicator = {
  name: "trix",
  title: "Triple exponential oscillator",
  doc: "How fast a threefold smoothed price changes, in percent per bar; crossing 0 marks a turn of the trend.",
  formula: "100 * (e3 / e3[1] - 1), e3 = ema(ema(ema(x, n), n), n)",
  source:
    "TA-Lib TRIX: each average is seeded on its own input, first value at index 3(n-1)+1; 0 when the average before was " +
    "0. Tulip divides by the current value.",
  inputs: ["value"],
  params: [bars("period", "Smoothing length in bars.", 1, 15), seedParam()],
  outputs: [{ name: "trix", doc: "The change in percent.", unit: "percent", range: ANY }],
  warmup: (params) => 3 * param(params, 0) - 1,
  kernel: (params) => new TrixKernel(params),
};
