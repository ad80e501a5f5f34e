/** A fixed percentage band around any value. */
import type { Indicator } from "../kernel.ts";
import { ANY, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";

class BandKernel extends PartsKernel {
  readonly #ratio: number;
  protected readonly parts = [];

  constructor(ratio: number) {
    super();
    this.#ratio = ratio;
  }

  update(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    const half = Math.abs(value) * this.#ratio;
    out[0] = value + half;
    out[1] = value;
    out[2] = value - half;
  }

  peek(x: Float64Array, out: Float64Array): void {
    this.update(x, out);
  }

  protected fresh(): BandKernel {
    return new BandKernel(this.#ratio);
  }
}

export const band: Indicator = {
  name: "band",
  title: "Percentage band",
  doc: "A band of a fixed percentage around a value: `band(sma(20), 2%)`. For a negative value upper stays above lower.",
  formula: "upper, lower = x ± |x| * percent",
  source: "Moving-average envelope; no warm-up of its own.",
  inputs: ["value"],
  params: [
    {
      name: "percent",
      doc: "Half height as a ratio of the value: 2% and 0.02 are the same.",
      integer: false,
      min: 0,
      max: 10,
    },
  ],
  outputs: [
    { name: "upper", doc: "Upper line.", unit: "price", range: ANY, unitOfValue: true },
    { name: "middle", doc: "The value itself.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true },
    { name: "lower", doc: "Lower line.", unit: "price", range: ANY, unitOfValue: true },
  ],
  ascending: ["lower", "middle", "upper"],
  warmup: () => 1,
  kernel: (params) => new BandKernel(param(params, 0)),
};
