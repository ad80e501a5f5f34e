/** Percentage price oscillator. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, choice, chosen, param } from "../params.ts";
import { PartsKernel } from "../state/parts-kernel.ts";
import { RollingMean } from "../state/rolling-mean.ts";
import { Smooth } from "../state/smooth.ts";
import { seedParam } from "./ema.ts";

/** Place of `sma` among the words of `average`. */
const SIMPLE = 1;

class PpoKernel extends PartsKernel {
  readonly #params: readonly number[];
  readonly #fast: Smooth | RollingMean;
  readonly #slow: Smooth | RollingMean;
  readonly #signal: Smooth;
  protected readonly parts;

  constructor(params: readonly number[]) {
    super();
    const [fast, slow] = [param(params, 0), param(params, 1)];
    const isSimple = chosen(params, 3) === SIMPLE;
    const seed = chosen(params, 4);
    this.#params = params;
    this.#fast = isSimple ? new RollingMean(fast) : Smooth.ema(fast, seed);
    this.#slow = isSimple ? new RollingMean(slow) : Smooth.ema(slow, seed);
    this.#signal = Smooth.ema(param(params, 2), seed);
    this.parts = [this.#fast, this.#slow, this.#signal];
  }

  update(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    const ppo = inPercent(this.#fast.push(value), this.#slow.push(value));
    write(out, ppo, Number.isNaN(ppo) ? NaN : this.#signal.push(ppo));
  }

  peek(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    const ppo = inPercent(this.#fast.peek(value), this.#slow.peek(value));
    write(out, ppo, Number.isNaN(ppo) ? NaN : this.#signal.peek(ppo));
  }

  protected fresh(): PpoKernel {
    return new PpoKernel(this.#params);
  }
}

function inPercent(fast: number, slow: number): number {
  return slow === 0 ? 0 : ((fast - slow) / slow) * 100;
}

function write(out: Float64Array, ppo: number, signal: number): void {
  out[0] = ppo;
  out[1] = signal;
  out[2] = ppo - signal;
}

export const ppo: Indicator = {
  name: "ppo",
  title: "Percentage price oscillator",
  doc:
    "`macd` in percent of the slow average, so that symbols of different prices can be compared. `ppo(of: volume)` is " +
    "the percentage volume oscillator. 0 where the slow average is 0.",
  formula: "ppo = 100 * (ema(fast) - ema(slow)) / ema(slow); signal = ema(ppo, signal); histogram = ppo - signal",
  source:
    "TA-Lib PPO with exponential averages (its own default, simple ones, is `average: sma`), Skender PVO: each average " +
    "is seeded on its own first bars; ppo starts at index slow-1, the signal at slow+signal-2.",
  inputs: ["value"],
  params: [
    bars("fast", "Length of the fast average.", 1, 12),
    bars("slow", "Length of the slow average.", 2, 26),
    bars("signal", "Length of the signal line, always an exponential average.", 1, 9),
    choice("average", "Exponential or simple averages.", ["ema", "sma"]),
    seedParam(),
  ],
  outputs: [
    { name: "ppo", doc: "Distance of the averages in percent.", unit: "percent", range: ANY },
    { name: "signal", doc: "Smoothed ppo.", unit: "percent", range: ANY },
    { name: "histogram", doc: "ppo minus signal.", unit: "percent", range: ANY },
  ],
  check: (params) =>
    param(params, 0) < param(params, 1)
      ? undefined
      : `fast (${param(params, 0)}) must be shorter than slow (${param(params, 1)}).`,
  warmup: (params) => param(params, 1) + param(params, 2) - 1,
  kernel: (params) => new PpoKernel(params),
};
