/** Commodity channel index. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { Window } from "../state/window.ts";

class CciKernel extends PartsKernel {
  readonly #window: Window;
  protected readonly parts;

  constructor(period: number) {
    super();
    this.#window = new Window(period);
    this.parts = [this.#window];
  }

  update(x: Float64Array, out: Float64Array): void {
    const typical = typicalPrice(x);
    this.#window.push(typical);
    out[0] = this.#window.full ? this.#distance(typical) : NaN;
  }

  peek(x: Float64Array, out: Float64Array): void {
    if (!this.#window.fullWithOne) {
      out[0] = NaN;
      return;
    }
    const typical = typicalPrice(x);
    const saved = this.#window.tryOn(typical);
    out[0] = this.#distance(typical);
    this.#window.takeBack(saved);
  }

  #distance(typical: number): number {
    const mean = this.#window.mean(typical);
    const deviation = this.#window.absoluteDeviation(mean);
    return deviation === 0 ? 0 : (typical - mean) / (0.015 * deviation);
  }

  protected fresh(): CciKernel {
    return new CciKernel(this.#window.size);
  }
}

function typicalPrice(x: Float64Array): number {
  return ((x[0] as number) + (x[1] as number) + (x[2] as number)) / 3;
}

export const cci: Indicator = {
  name: "cci",
  title: "Commodity channel index",
  doc: "Distance of the typical price from its average, in units of its usual distance; mostly between -100 and 100.",
  formula: "(tp - sma(tp, n)) / (0.015 * mean(|tp - sma(tp, n)|)), tp = (high + low + close) / 3",
  source: "TA-Lib CCI; first value at index n-1; 0 in a flat window.",
  inputs: ["high", "low", "close"],
  params: [bars("period", "How many bars are looked at.", 2, 20)],
  outputs: [{ name: "cci", doc: "The distance.", unit: "number", range: ANY }],
  warmup: (params) => param(params, 0),
  kernel: (params) => new CciKernel(param(params, 0)),
};
