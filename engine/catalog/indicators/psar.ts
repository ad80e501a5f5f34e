/** Parabolic stop and reverse. */
import type { Indicator } from "../kernel.ts";
import { NOT_NEGATIVE, param } from "../params.ts";
import { StepKernel } from "../state/step-kernel.ts";

// Cells: bars seen (up to 2), direction, the stop for the next bar, extreme, acceleration and the previous bar.
const COUNT = 0;
const RISING = 1;
const STOP = 2;
const EXTREME = 3;
const PACE = 4;
const HIGH = 5;
const LOW = 6;
const SIZE = 7;

class PsarKernel extends StepKernel {
  readonly #step: number;
  readonly #max: number;

  constructor(step: number, max: number) {
    super(SIZE);
    this.#step = step;
    this.#max = max;
  }

  protected step(x: Float64Array, out: Float64Array): void {
    const { next } = this;
    const high = x[0] as number;
    const low = x[1] as number;
    const count = next[COUNT] as number;
    if (count === 0) out.fill(NaN);
    else {
      if (count === 1) this.#begin(high, low);
      out[0] = next[RISING] === 1 ? this.#rise(high, low) : this.#fall(high, low);
      out[1] = next[RISING] as number;
    }
    next[COUNT] = Math.min(2, count + 1);
    next[HIGH] = high;
    next[LOW] = low;
  }

  /** Falling when the second bar moved down more than up; its own extremes stand for those of the bar before. */
  #begin(high: number, low: number): void {
    const { next } = this;
    const up = high - (next[HIGH] as number);
    const down = (next[LOW] as number) - low;
    const isFalling = down > 0 && down > up;
    next[RISING] = isFalling ? 0 : 1;
    next[EXTREME] = isFalling ? low : high;
    next[STOP] = (isFalling ? next[HIGH] : next[LOW]) as number;
    next[PACE] = this.#step;
    next[HIGH] = high;
    next[LOW] = low;
  }

  #rise(high: number, low: number): number {
    const { next } = this;
    const top = Math.max(next[HIGH] as number, high);
    const bottom = Math.min(next[LOW] as number, low);
    const stop = next[STOP] as number;
    if (low > stop) {
      if (high > (next[EXTREME] as number)) this.#extend(high);
      next[STOP] = Math.min(this.#moved(stop), bottom);
      return stop;
    }
    const turned = Math.max(next[EXTREME] as number, top);
    this.#turn(0, low);
    next[STOP] = Math.max(this.#moved(turned), top);
    return turned;
  }

  #fall(high: number, low: number): number {
    const { next } = this;
    const top = Math.max(next[HIGH] as number, high);
    const bottom = Math.min(next[LOW] as number, low);
    const stop = next[STOP] as number;
    if (high < stop) {
      if (low < (next[EXTREME] as number)) this.#extend(low);
      next[STOP] = Math.max(this.#moved(stop), top);
      return stop;
    }
    const turned = Math.min(next[EXTREME] as number, bottom);
    this.#turn(1, high);
    next[STOP] = Math.min(this.#moved(turned), bottom);
    return turned;
  }

  #extend(extreme: number): void {
    this.next[EXTREME] = extreme;
    this.next[PACE] = Math.min(this.#max, (this.next[PACE] as number) + this.#step);
  }

  #turn(rising: 0 | 1, extreme: number): void {
    this.next[RISING] = rising;
    this.next[EXTREME] = extreme;
    this.next[PACE] = this.#step;
  }

  #moved(stop: number): number {
    return stop + (this.next[PACE] as number) * ((this.next[EXTREME] as number) - stop);
  }

  protected fresh(): PsarKernel {
    return new PsarKernel(this.#step, this.#max);
  }
}

export const psar: Indicator = {
  name: "psar",
  title: "Parabolic SAR",
  doc:
    "A stop that trails the trend and closes in on it the longer it lasts; when the price touches it, it changes sides. " +
    "`psar.rising` alone is a condition.",
  formula:
    "sar += af * (extreme - sar), af grows by step at each new extreme up to max; never inside the last two bars",
  source:
    "TA-Lib SAR (Wilder 1978): first value at index 1, the first direction by the directional movement of that bar, a " +
    "touch reverses. Skender starts rising and needs a break.",
  inputs: ["high", "low"],
  params: [
    {
      name: "step",
      doc: "What the acceleration starts with and grows by.",
      integer: false,
      min: 0,
      max: 1,
      default: 0.02,
    },
    { name: "max", doc: "Largest acceleration.", integer: false, min: 0, max: 1, default: 0.2 },
  ],
  outputs: [
    { name: "psar", doc: "The stop of this bar.", unit: "price", range: NOT_NEGATIVE },
    { name: "rising", doc: "1 while the stop lies below the price, 0 above it.", unit: "flag", range: [0, 1] },
  ],
  check: (params) =>
    param(params, 0) <= param(params, 1)
      ? undefined
      : `step (${param(params, 0)}) must not be larger than max (${param(params, 1)}).`,
  warmup: () => 2,
  kernel: (params) => new PsarKernel(param(params, 0), param(params, 1)),
};
