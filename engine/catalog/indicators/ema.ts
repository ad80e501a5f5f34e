/** Exponential moving averages: `ema` and Wilder's `rma`. */
import type { Indicator, ParamDoc } from "../kernel.ts";
import { ANY, bars, choice, chosen, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { SEEDS, Smooth } from "../state/smooth.ts";

/** `seed:` of everything that is made of exponential averages. */
export function seedParam(): ParamDoc {
  return choice("seed", "What the average starts from: the mean of its first values, or the first of them.", SEEDS);
}

class SmoothKernel extends PartsKernel {
  readonly #make: () => Smooth;
  readonly #smooth: Smooth;
  protected readonly parts;

  constructor(make: () => Smooth) {
    super();
    this.#make = make;
    this.#smooth = make();
    this.parts = [this.#smooth];
  }

  update(x: Float64Array, out: Float64Array): void {
    out[0] = this.#smooth.push(x[0] as number);
  }

  peek(x: Float64Array, out: Float64Array): void {
    out[0] = this.#smooth.peek(x[0] as number);
  }

  protected fresh(): SmoothKernel {
    return new SmoothKernel(this.#make);
  }
}

export const ema: Indicator = {
  name: "ema",
  title: "Exponential moving average",
  doc: "An average that weighs recent bars more: each new bar has the weight 2 / (period + 1).",
  formula: "e += (x - e) * 2 / (n + 1)",
  source:
    "TA-Lib EMA: seeded with the mean of the first n values, first value at index n-1. Charting sites seed with the " +
    "first price (`seed: first`), which differs at the start and converges.",
  inputs: ["value"],
  params: [bars("period", "Smoothing length in bars.", 1), seedParam()],
  outputs: [{ name: "ema", doc: "The average.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true }],
  warmup: (params) => param(params, 0),
  kernel: (params) => new SmoothKernel(() => Smooth.ema(param(params, 0), chosen(params, 1))),
};

export const rma: Indicator = {
  name: "rma",
  title: "Wilder's moving average",
  doc: "The average inside RSI, ATR and ADX: each new bar has the weight 1 / period. Also called SMMA.",
  formula: "a += (x - a) / n",
  source: "Wilder 1978; seeded with the mean of the first n values, first value at index n-1 (Skender SMMA).",
  inputs: ["value"],
  params: [bars("period", "Smoothing length in bars.", 1)],
  outputs: [{ name: "rma", doc: "The average.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true }],
  warmup: (params) => param(params, 0),
  kernel: (params) => new SmoothKernel(() => Smooth.wilder(param(params, 0))),
};
