/** A band of a fixed percentage, or of average true ranges, around any value. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { atr } from "./atr.ts";

class BandKernel extends PartsKernel {
  readonly #params: readonly number[];
  protected readonly parts = [];

  constructor(params: readonly number[]) {
    super();
    this.#params = params;
  }

  update(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    const multiple = this.#params[1] ?? 0;
    const range = multiple > 0 ? (x[1] as number) * multiple : 0;
    const half = Math.abs(value) * param(this.#params, 0) + range;
    out[0] = value + half;
    out[1] = value;
    out[2] = value - half;
  }

  peek(x: Float64Array, out: Float64Array): void {
    this.update(x, out);
  }

  protected fresh(): BandKernel {
    return new BandKernel(this.#params);
  }
}

export const band: Indicator = {
  name: "band",
  title: "Band around a value",
  doc:
    "A band around any value, of a fixed percentage, `band(sma(20), 2%)`, or of average true ranges, " +
    "`band(sma(20), atr_multiple: 2)`; with both, the heights add up. For a negative value upper stays above lower.",
  formula: "upper, lower = x ± (|x| * percent + atr_multiple * atr(atr_period))",
  source: "Moving-average envelope and Keltner channel around a value of your own; no warm-up beside that of the ATR.",
  inputs: ["value"],
  alsoReads: (params) =>
    param(params, 1) > 0 ? [{ entry: atr, params: [param(params, 2), atr.params[1]?.default ?? 0] }] : [],
  params: [
    {
      name: "percent",
      doc: "Half height as a ratio of the value: 2% and 0.02 are the same.",
      integer: false,
      min: 0,
      max: 10,
      default: 0,
    },
    {
      name: "atr_multiple",
      doc: "Half height in average true ranges.",
      integer: false,
      min: 0,
      max: 100,
      default: 0,
      option: true,
    },
    { ...bars("atr_period", "Length of the average true range.", 1, 14), option: true },
  ],
  outputs: [
    { name: "upper", doc: "Upper line.", unit: "price", range: ANY, unitOfValue: true },
    { name: "middle", doc: "The value itself.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true },
    { name: "lower", doc: "Lower line.", unit: "price", range: ANY, unitOfValue: true },
  ],
  ascending: ["lower", "middle", "upper"],
  check: (params) =>
    param(params, 0) > 0 || param(params, 1) > 0 ? undefined : "Give percent or atr_multiple, above 0.",
  warmup: () => 1,
  kernel: (params) => new BandKernel(params),
};
