/** Money flow index. */
import type { Indicator } from "../kernel.ts";
import { bars, param, PERCENT } from "../params.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";
import { Window } from "../state/window.ts";

class MfiKernel extends PartsKernel {
  readonly #rises: Window;
  readonly #falls: Window;
  readonly #previous = new Cells(1);
  protected readonly parts;

  constructor(period: number) {
    super();
    this.#rises = new Window(period);
    this.#falls = new Window(period);
    this.parts = [this.#rises, this.#falls, this.#previous];
  }

  update(x: Float64Array, out: Float64Array): void {
    const typical = typicalPrice(x);
    const change = typical - this.#previous.get(0);
    const flow = typical * (x[3] as number);
    this.#previous.set(0, typical);
    out[0] = NaN;
    if (Number.isNaN(change)) return;
    this.#rises.push(change > 0 ? flow : 0);
    this.#falls.push(change < 0 ? flow : 0);
    if (this.#rises.full) out[0] = share(this.#rises.sum(), this.#falls.sum());
  }

  peek(x: Float64Array, out: Float64Array): void {
    const typical = typicalPrice(x);
    const change = typical - this.#previous.get(0);
    const flow = typical * (x[3] as number);
    out[0] = NaN;
    if (Number.isNaN(change) || !this.#rises.fullWithOne) return;
    const rise = this.#rises.tryOn(change > 0 ? flow : 0);
    const fall = this.#falls.tryOn(change < 0 ? flow : 0);
    out[0] = share(this.#rises.sum(), this.#falls.sum());
    this.#rises.takeBack(rise);
    this.#falls.takeBack(fall);
  }

  protected fresh(): MfiKernel {
    return new MfiKernel(this.#rises.size);
  }
}

function typicalPrice(x: Float64Array): number {
  return ((x[0] as number) + (x[1] as number) + (x[2] as number)) / 3;
}

function share(rises: number, falls: number): number {
  const sum = rises + falls;
  return sum === 0 ? 0 : 100 * (rises / sum);
}

export const mfi: Indicator = {
  name: "mfi",
  title: "Money flow index",
  doc: "RSI weighted with traded money: the share of the flow of `period` bars that went with a rising price, 0 to 100.",
  formula: "100 * rises / (rises + falls), sums of tp * volume over bars with a higher or lower tp = (h + l + c) / 3",
  source:
    "TA-Lib MFI; first value at index n; an unchanged price counts on neither side; 0 without any flow. TA-Lib also " +
    "gives 0 when the flow is below 1, which we do not: small crypto volumes are real.",
  inputs: ["high", "low", "close", "volume"],
  params: [bars("period", "How many bars are summed.", 2, 14)],
  outputs: [{ name: "mfi", doc: "0 to 100.", unit: "percent", range: PERCENT }],
  warmup: (params) => param(params, 0) + 1,
  kernel: (params) => new MfiKernel(param(params, 0)),
};
