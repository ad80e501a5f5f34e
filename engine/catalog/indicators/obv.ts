/** On-balance volume. */
import type { Indicator } from "../kernel.ts";
import { ANY, choice, chosen } from "../params.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";

const TOTAL = 0;
const PREVIOUS = 1;

/** Place of `zero` among the words of `base`. */
const ZERO = 1;

class ObvKernel extends PartsKernel {
  readonly #base: number;
  readonly #cells = new Cells(2);
  protected readonly parts = [this.#cells];

  constructor(base: number) {
    super();
    this.#base = base;
  }

  update(x: Float64Array, out: Float64Array): void {
    this.peek(x, out);
    this.#cells.set(TOTAL, out[0] as number);
    this.#cells.set(PREVIOUS, x[0] as number);
  }

  peek(x: Float64Array, out: Float64Array): void {
    const close = x[0] as number;
    const volume = x[1] as number;
    const previous = this.#cells.get(PREVIOUS);
    const total = this.#cells.get(TOTAL);
    if (Number.isNaN(previous)) out[0] = this.#base === ZERO ? 0 : volume;
    else if (close > previous) out[0] = total + volume;
    else out[0] = close < previous ? total - volume : total;
  }

  protected fresh(): ObvKernel {
    return new ObvKernel(this.#base);
  }
}

export const obv: Indicator = {
  name: "obv",
  title: "On-balance volume",
  doc:
    "Running total of volume: added on a higher close, taken off on a lower one. Its level depends on where the " +
    "history starts; compare it with its own past only.",
  formula: "obv += volume * sign(close - close[1])",
  source: "TA-Lib OBV: starts at the first bar's volume, first value at index 0. Skender starts at 0 (`base: zero`).",
  inputs: ["close", "volume"],
  params: [choice("base", "What the total starts with: the first bar's volume, or nothing.", ["volume", "zero"])],
  outputs: [{ name: "obv", doc: "The running total.", unit: "volume", range: ANY }],
  warmup: () => 1,
  kernel: (params) => new ObvKernel(chosen(params, 0)),
};
