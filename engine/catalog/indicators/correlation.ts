/** Correlation and beta of two values. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";
import { Window } from "../state/window.ts";
import { WindowKernel } from "../state/window-kernel.ts";

class CorrelationKernel extends WindowKernel {
  constructor(period: number) {
    super(period, 2);
  }

  protected write(newest: Float64Array, out: Float64Array): void {
    const mean = this.first.mean(newest[0] as number);
    const otherMean = this.second.mean(newest[1] as number);
    const scale = Math.sqrt(this.first.squares(mean)) * Math.sqrt(this.second.squares(otherMean));
    const shared = this.first.products(mean, this.second, otherMean);
    out[0] = scale > 0 ? Math.max(-1, Math.min(1, shared / scale)) : 0;
  }

  protected fresh(): CorrelationKernel {
    return new CorrelationKernel(this.first.size);
  }
}

/** Windows of returns; 0 where the earlier value was 0. */
class BetaKernel extends PartsKernel {
  readonly #own: Window;
  readonly #other: Window;
  readonly #previous = new Cells(2);
  protected readonly parts;

  constructor(period: number) {
    super();
    this.#own = new Window(period);
    this.#other = new Window(period);
    this.parts = [this.#own, this.#other, this.#previous];
  }

  update(x: Float64Array, out: Float64Array): void {
    const own = this.#return(x, 0);
    const other = this.#return(x, 1);
    this.#previous.set(0, x[0] as number);
    this.#previous.set(1, x[1] as number);
    out[0] = NaN;
    if (Number.isNaN(own)) return;
    this.#own.push(own);
    this.#other.push(other);
    if (this.#own.full) out[0] = this.#beta(own, other);
  }

  peek(x: Float64Array, out: Float64Array): void {
    const own = this.#return(x, 0);
    const other = this.#return(x, 1);
    out[0] = NaN;
    if (Number.isNaN(own) || !this.#own.fullWithOne) return;
    const saved = this.#own.tryOn(own);
    const otherSaved = this.#other.tryOn(other);
    out[0] = this.#beta(own, other);
    this.#own.takeBack(saved);
    this.#other.takeBack(otherSaved);
  }

  #return(x: Float64Array, input: 0 | 1): number {
    const before = this.#previous.get(input);
    const value = x[input] as number;
    return before === 0 ? 0 : (value - before) / before;
  }

  #beta(own: number, other: number): number {
    const otherMean = this.#other.mean(other);
    const variation = this.#other.squares(otherMean);
    return variation > 0 ? this.#other.products(otherMean, this.#own, this.#own.mean(own)) / variation : 0;
  }

  protected fresh(): BetaKernel {
    return new BetaKernel(this.#own.size);
  }
}

const PAIRS =
  "Both values come from the same bars: a bar that one of the two symbols did not have is unknown and does not count.";

export const correlation: Indicator = {
  name: "correlation",
  title: "Correlation",
  doc:
    "How much two values move together: 1 in step, 0 unrelated, -1 opposite. " +
    "`correlation(20, with: close(symbol: SPY))` for another symbol, `correlation(20, with: volume)` for another fact. " +
    `0 when one of them did not move. ${PAIRS}`,
  formula: "cov(x, y) / (stddev(x) * stddev(y)) over n bars (Pearson)",
  source: "TA-Lib CORREL; first value at index n-1. Two-pass.",
  inputs: ["value", "other"],
  params: [bars("period", "How many bars are compared.", 2, 30)],
  outputs: [{ name: "correlation", doc: "-1 to 1.", unit: "number", range: [-1, 1] }],
  warmup: (params) => param(params, 0),
  kernel: (params) => new CorrelationKernel(param(params, 0)),
};

export const beta: Indicator = {
  name: "beta",
  title: "Beta",
  doc:
    "By how much the value tends to move when the other one moves by 1 %: `beta(60, with: close(symbol: SPY))`. 0 when the " +
    `other one did not move. ${PAIRS}`,
  formula: "cov(rx, ry) / var(ry), returns r = x / x[1] - 1 over n bars, y = with",
  source: "TA-Lib BETA with the market first and the symbol second; first value at index n. Two-pass.",
  inputs: ["value", "other"],
  params: [bars("period", "How many returns are compared.", 2, 60)],
  outputs: [{ name: "beta", doc: "The slope.", unit: "number", range: ANY }],
  warmup: (params) => param(params, 0) + 1,
  kernel: (params) => new BetaKernel(param(params, 0)),
};
