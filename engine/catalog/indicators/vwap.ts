/** Volume-weighted average price since an anchor. */
import type { Indicator } from "../kernel.ts";
import { ANCHORS } from "../../market/periods.ts";
import { choice, chosen, NOT_NEGATIVE } from "../params.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";

const MEAN = 0;
const VOLUME = 1;

class VwapKernel extends PartsKernel {
  readonly #cells = new Cells(2);
  protected readonly parts = [this.#cells];

  constructor() {
    super();
    this.reset();
  }

  override reset(): void {
    this.#cells.set(MEAN, NaN);
    this.#cells.set(VOLUME, 0);
  }

  update(x: Float64Array, out: Float64Array): void {
    this.peek(x, out);
    this.#cells.set(MEAN, out[0] as number);
    this.#cells.set(VOLUME, this.#cells.get(VOLUME) + (x[3] as number));
  }

  /** The mean moves towards the bar's price by the bar's share of the volume, which keeps all digits over a long day. */
  peek(x: Float64Array, out: Float64Array): void {
    const close = x[2] as number;
    const typical = close + ((x[0] as number) - close + ((x[1] as number) - close)) / 3;
    const volume = x[3] as number;
    const before = this.#cells.get(VOLUME);
    const mean = this.#cells.get(MEAN);
    if (before === 0) out[0] = volume > 0 ? typical : NaN;
    else out[0] = mean + (typical - mean) * (volume / (before + volume));
  }

  protected fresh(): VwapKernel {
    return new VwapKernel();
  }
}

export const vwap: Indicator = {
  name: "vwap",
  title: "Volume-weighted average price",
  doc:
    "What the average share was traded at since the session opened, or since the week, month, quarter or year began " +
    "(`anchor: month`). Unknown until a bar has volume. For the last n bars instead use `vwma(20, of: hlc3)`.",
  formula: "sum((high + low + close) / 3 * volume) / sum(volume), since the anchor",
  source: "Skender VWAP (typical price, cumulative), anchored; first value at index 0.",
  inputs: ["high", "low", "close", "volume"],
  params: [choice("anchor", "What it starts over with; weeks begin on Monday.", ANCHORS)],
  outputs: [{ name: "vwap", doc: "The average price.", unit: "price", range: NOT_NEGATIVE }],
  warmup: () => 1,
  resetsOn: (params) => ANCHORS[chosen(params, 0)] ?? "session",
  kernel: () => new VwapKernel(),
};
