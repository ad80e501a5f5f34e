/** Average directional index with its two directional indicators. */
import type { Indicator } from "../kernel.ts";
import { bars, param, PERCENT } from "../params.ts";
import { StepKernel } from "../state/step-kernel.ts";

// Cells: running sums, the smoothed dx, the previous bar and the number of bars seen.
const PLUS = 0;
const MINUS = 1;
const RANGE = 2;
const ADX = 3;
const HIGH = 4;
const LOW = 5;
const CLOSE = 6;
const COUNT = 7;
const SIZE = 8;

class AdxKernel extends StepKernel {
  readonly #period: number;

  constructor(period: number) {
    super(SIZE);
    this.#period = period;
  }

  protected step(x: Float64Array, out: Float64Array): void {
    const n = this.#period;
    const { next } = this;
    const bar = this.cells.get(COUNT);
    next[COUNT] = bar + 1;
    next[HIGH] = x[0] as number;
    next[LOW] = x[1] as number;
    next[CLOSE] = x[2] as number;
    out.fill(NaN);
    if (bar === 0) return;
    this.#addMovement(x, bar >= n ? 1 - 1 / n : 1);
    if (bar < n) return;
    const range = next[RANGE] as number;
    const plus = range === 0 ? 0 : 100 * ((next[PLUS] as number) / range);
    const minus = range === 0 ? 0 : 100 * ((next[MINUS] as number) / range);
    out[1] = Math.min(100, plus);
    out[2] = Math.min(100, minus);
    this.#smooth(plus, minus, bar);
    if (bar >= 2 * n - 1) out[0] = next[ADX] as number;
  }

  /** The sums of bars 1 … n-1 are plain; from bar n on they shrink by 1/n first. */
  #addMovement(x: Float64Array, keep: number): void {
    const { next } = this;
    const up = (x[0] as number) - this.cells.get(HIGH);
    const down = this.cells.get(LOW) - (x[1] as number);
    next[PLUS] = (next[PLUS] as number) * keep + (up > 0 && up > down ? up : 0);
    next[MINUS] = (next[MINUS] as number) * keep + (down > 0 && down > up ? down : 0);
    const close = this.cells.get(CLOSE);
    const range = Math.max(x[0] as number, close) - Math.min(x[1] as number, close);
    next[RANGE] = (next[RANGE] as number) * keep + range;
  }

  /** Mean of the first n dx (bars n … 2n-1), then Wilder. A bar without any direction leaves it alone. */
  #smooth(plus: number, minus: number, bar: number): void {
    const n = this.#period;
    const sum = plus + minus;
    if (sum === 0) return;
    const dx = 100 * (Math.abs(plus - minus) / sum);
    const adx = this.next[ADX] as number;
    this.next[ADX] = bar < 2 * n ? adx + dx / n : adx + (dx - adx) / n;
  }

  protected fresh(): AdxKernel {
    return new AdxKernel(this.#period);
  }
}

export const adx: Indicator = {
  name: "adx",
  title: "Average directional index",
  doc: "How strongly the market trends, whichever way; above 25 is commonly called a trend. The two indicators tell the direction.",
  formula: "di = 100 * dm / tr, Wilder sums; adx = Wilder average of 100 * |plus_di - minus_di| / (plus_di + minus_di)",
  source:
    "TA-Lib ADX, PLUS_DI, MINUS_DI: n-1 values are summed before smoothing, on a tie neither side counts; adx starts " +
    "at index 2n-1, the others at n. Sources that sum n values differ at the start.",
  inputs: ["high", "low", "close"],
  params: [bars("period", "Smoothing length in bars; Wilder used 14.", 2, 14)],
  outputs: [
    { name: "adx", doc: "Strength of the trend.", unit: "percent", range: PERCENT },
    { name: "plus_di", doc: "Upward movement.", unit: "percent", range: PERCENT },
    { name: "minus_di", doc: "Downward movement.", unit: "percent", range: PERCENT },
  ],
  warmup: (params) => 2 * param(params, 0),
  kernel: (params) => new AdxKernel(param(params, 0)),
};
