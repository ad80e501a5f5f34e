/** Relative volume. */
import type { Indicator } from "../kernel.ts";
import { bars, NOT_NEGATIVE, param } from "../params.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";
import { RollingMean } from "../state/rolling-mean.ts";

class RelativeVolumeKernel extends PartsKernel {
  readonly #period: number;
  readonly #mean: RollingMean;
  /** Mean volume of the bars before. */
  readonly #usual = new Cells(1);
  protected readonly parts;

  constructor(period: number) {
    super();
    this.#period = period;
    this.#mean = new RollingMean(period);
    this.parts = [this.#mean, this.#usual];
  }

  update(x: Float64Array, out: Float64Array): void {
    this.peek(x, out);
    this.#usual.set(0, this.#mean.push(x[0] as number));
  }

  peek(x: Float64Array, out: Float64Array): void {
    const usual = this.#usual.get(0);
    out[0] = usual > 0 ? (x[0] as number) / usual : NaN;
  }

  protected fresh(): RelativeVolumeKernel {
    return new RelativeVolumeKernel(this.#period);
  }
}

export const relativeVolume: Indicator = {
  name: "relative_volume",
  title: "Relative volume",
  doc:
    "Volume of the bar against the mean of the `period` bars before it: `relative_volume > 200%` is twice the usual. " +
    "Unknown when those bars had no volume. `relative_volume(20, on: 1d)` compares whole days.",
  formula: "volume / sma(volume, n)[1]",
  source: "Usual definition (RVOL), the bar itself left out of its average; first value at index n.",
  inputs: ["volume"],
  params: [bars("period", "How many earlier bars are usual.", 1, 20)],
  outputs: [{ name: "relative_volume", doc: "1 is as usual.", unit: "ratio", range: NOT_NEGATIVE }],
  warmup: (params) => param(params, 0) + 1,
  kernel: (params) => new RelativeVolumeKernel(param(params, 0)),
};
