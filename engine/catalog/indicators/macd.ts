/** Moving average convergence/divergence. */
import type { Indicator, ParamDoc } from "../kernel.ts";
import { ANY, bars, choice, chosen, param } from "../params.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";
import { FIRST, Smooth } from "../state/smooth.ts";

/** Places among the words of `seed`. */
const ALIGNED = 0;
const FIRST_PRICE = 2;

function macdSeedParam(): ParamDoc {
  const doc = "Where the averages start: aligned as in TA-Lib, each on its own first bars, or at the first price.";
  return choice("seed", doc, ["aligned", "own", "first"]);
}

class MacdKernel extends PartsKernel {
  readonly #params: readonly number[];
  readonly #delay: number;
  readonly #fast: Smooth;
  readonly #slow: Smooth;
  readonly #signal: Smooth;
  /** Bars still to pass before the fast average starts, so that both averages are seeded up to the same bar (`aligned`). */
  readonly #wait = new Cells(1);
  protected readonly parts;

  constructor(params: readonly number[]) {
    super();
    const seed = chosen(params, 3) === FIRST_PRICE ? FIRST : 0;
    this.#params = params;
    this.#delay = chosen(params, 3) === ALIGNED ? param(params, 1) - param(params, 0) : 0;
    this.#fast = Smooth.ema(param(params, 0), seed);
    this.#slow = Smooth.ema(param(params, 1), seed);
    this.#signal = Smooth.ema(param(params, 2), seed);
    this.parts = [this.#fast, this.#slow, this.#signal, this.#wait];
    this.#wait.set(0, this.#delay);
  }

  override reset(): void {
    super.reset();
    this.#wait.set(0, this.#delay);
  }

  update(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    const slow = this.#slow.push(value);
    const wait = this.#wait.get(0);
    if (wait > 0) this.#wait.set(0, wait - 1);
    const macd = (wait > 0 ? NaN : this.#fast.push(value)) - slow;
    write(out, macd, Number.isNaN(macd) ? NaN : this.#signal.push(macd));
  }

  peek(x: Float64Array, out: Float64Array): void {
    const value = x[0] as number;
    const macd = (this.#wait.get(0) > 0 ? NaN : this.#fast.peek(value)) - this.#slow.peek(value);
    write(out, macd, Number.isNaN(macd) ? NaN : this.#signal.peek(macd));
  }

  protected fresh(): MacdKernel {
    return new MacdKernel(this.#params);
  }
}

/** All three start together, at the first signal. */
function write(out: Float64Array, macd: number, signal: number): void {
  out[0] = Number.isNaN(signal) ? NaN : macd;
  out[1] = signal;
  out[2] = macd - signal;
}

export const macd: Indicator = {
  name: "macd",
  title: "Moving average convergence/divergence",
  doc: "The distance between a fast and a slow exponential average, and a smoothed copy of it as signal line.",
  formula: "macd = ema(fast) - ema(slow); signal = ema(macd, signal); histogram = macd - signal",
  source:
    "TA-Lib MACD: both averages are seeded up to bar slow-1, and all outputs start at index slow+signal-2. Skender and " +
    "LEAN seed the fast average on its own first bars (`seed: own`), charting sites with the first price " +
    "(`seed: first`); both differ a little at the start.",
  inputs: ["value"],
  params: [
    bars("fast", "Length of the fast average.", 1, 12),
    bars("slow", "Length of the slow average.", 2, 26),
    bars("signal", "Length of the signal line.", 1, 9),
    macdSeedParam(),
  ],
  outputs: [
    { name: "macd", doc: "Fast minus slow average.", unit: "price", range: ANY, unitOfValue: true },
    { name: "signal", doc: "Smoothed macd.", unit: "price", range: ANY, unitOfValue: true },
    { name: "histogram", doc: "macd minus signal.", unit: "price", range: ANY, unitOfValue: true },
  ],
  check: (params) =>
    param(params, 0) < param(params, 1)
      ? undefined
      : `fast (${param(params, 0)}) must be shorter than slow (${param(params, 1)}).`,
  warmup: (params) => param(params, 1) + param(params, 2) - 1,
  kernel: (params) => new MacdKernel(params),
};
