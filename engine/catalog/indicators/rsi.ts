/** Relative strength index. */
import type { Indicator } from "../kernel.ts";
import { bars, param, PERCENT } from "../params.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";
import { Smooth } from "../state/smooth.ts";

class RsiKernel extends PartsKernel {
  readonly #period: number;
  readonly #gain: Smooth;
  readonly #loss: Smooth;
  readonly #previous = new Cells(1);
  protected readonly parts;

  constructor(period: number) {
    super();
    this.#period = period;
    this.#gain = Smooth.wilder(period);
    this.#loss = Smooth.wilder(period);
    this.parts = [this.#gain, this.#loss, this.#previous];
  }

  update(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    const change = value - this.#previous.get(0);
    this.#previous.set(0, value);
    // The first bar has no change.
    if (Number.isNaN(change)) out[0] = NaN;
    else out[0] = strength(this.#gain.push(change > 0 ? change : 0), this.#loss.push(change < 0 ? -change : 0));
  }

  peek(x: Float64Array, out: Float64Array): void {
    const change = (x[0] as number) - this.#previous.get(0);
    if (Number.isNaN(change)) out[0] = NaN;
    else out[0] = strength(this.#gain.peek(change > 0 ? change : 0), this.#loss.peek(change < 0 ? -change : 0));
  }

  protected fresh(): RsiKernel {
    return new RsiKernel(this.#period);
  }
}

function strength(gain: number, loss: number): number {
  const sum = gain + loss;
  return sum === 0 ? 0 : 100 * (gain / sum);
}

export const rsi: Indicator = {
  name: "rsi",
  title: "Relative strength index",
  doc:
    "How much of the recent movement went up, 0 to 100. Below 30 is commonly called oversold, above 70 overbought. " +
    "A series that did not move at all reads 0, as in TA-Lib (charting sites show 100 or 50).",
  formula: "100 * gain / (gain + loss), gain and loss being Wilder averages of the rises and falls",
  source: "TA-Lib RSI (Wilder 1978): averages seeded with the mean of the first n changes, first value at index n.",
  inputs: ["value"],
  params: [bars("period", "Length of the averages in bars; Wilder used 14.", 2, 14)],
  outputs: [{ name: "rsi", doc: "0 (only falls) to 100 (only rises).", unit: "number", range: PERCENT }],
  warmup: (params) => param(params, 0) + 1,
  kernel: (params) => new RsiKernel(param(params, 0)),
};
