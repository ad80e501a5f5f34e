/** Ichimoku cloud. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, param } from "../params.ts";
import { Extreme } from "../state/extreme.ts";
import { PartsKernel, type State } from "../state/parts-kernel.ts";
import { Window } from "../state/window.ts";

/** Halfway between the highest high and the lowest low. */
class Middle implements State {
  readonly #highest: Extreme;
  readonly #lowest: Extreme;

  constructor(period: number) {
    this.#highest = new Extreme(period, "highest");
    this.#lowest = new Extreme(period, "lowest");
  }

  push(high: number, low: number): number {
    return (this.#highest.push(high) + this.#lowest.push(low)) / 2;
  }

  peek(high: number, low: number): number {
    return (this.#highest.peek(high) + this.#lowest.peek(low)) / 2;
  }

  clear(): void {
    this.#highest.clear();
    this.#lowest.clear();
  }

  save(to: number[]): void {
    this.#highest.save(to);
    this.#lowest.save(to);
  }

  load(from: readonly number[], at: number): number {
    return this.#lowest.load(from, this.#highest.load(from, at));
  }
}

class IchimokuKernel extends PartsKernel {
  readonly #params: readonly number[];
  readonly #tenkan: Middle;
  readonly #kijun: Middle;
  readonly #senkou: Middle;
  readonly #spanA: Window;
  readonly #spanB: Window;
  protected readonly parts;

  constructor(params: readonly number[]) {
    super();
    this.#params = params;
    this.#tenkan = new Middle(param(params, 0));
    this.#kijun = new Middle(param(params, 1));
    this.#senkou = new Middle(param(params, 2));
    this.#spanA = new Window(param(params, 3));
    this.#spanB = new Window(param(params, 3));
    this.parts = [this.#tenkan, this.#kijun, this.#senkou, this.#spanA, this.#spanB];
  }

  update(x: Float64Array, out: Float64Array): void {
    const high = x[0] as number;
    const low = x[1] as number;
    this.#write(out, this.#tenkan.push(high, low), this.#kijun.push(high, low), this.#senkou.push(high, low));
    const leadA = out[4] as number;
    const leadB = out[5] as number;
    if (!Number.isNaN(leadA)) this.#spanA.push(leadA);
    if (!Number.isNaN(leadB)) this.#spanB.push(leadB);
  }

  peek(x: Float64Array, out: Float64Array): void {
    const high = x[0] as number;
    const low = x[1] as number;
    this.#write(out, this.#tenkan.peek(high, low), this.#kijun.peek(high, low), this.#senkou.peek(high, low));
  }

  #write(out: Float64Array, tenkan: number, kijun: number, senkou: number): void {
    out[0] = tenkan;
    out[1] = kijun;
    out[2] = this.#spanA.full ? this.#spanA.oldest : NaN;
    out[3] = this.#spanB.full ? this.#spanB.oldest : NaN;
    out[4] = (tenkan + kijun) / 2;
    out[5] = senkou;
  }

  protected fresh(): IchimokuKernel {
    return new IchimokuKernel(this.#params);
  }
}

export const ichimoku: Indicator = {
  name: "ichimoku",
  title: "Ichimoku cloud",
  doc:
    "Five lines of highs and lows. The cloud lies between `senkou_a` and `senkou_b`, as the chart shows it at this bar: " +
    "computed `displacement` bars ago. `lead_a` and `lead_b` are what the chart draws that many bars ahead. The chikou " +
    "line is the close drawn backwards; its rule is `close > close[26]`.",
  formula:
    "tenkan, kijun, lead_b = (highest high + lowest low) / 2 of each period; lead_a = (tenkan + kijun) / 2; " +
    "senkou_a, senkou_b = lead_a[d], lead_b[d]",
  source: "Skender, LEAN; tenkan starts at index tenkan-1, senkou_b at senkou+displacement-1.",
  inputs: ["high", "low"],
  params: [
    bars("tenkan", "Length of the conversion line.", 1, 9),
    bars("kijun", "Length of the base line.", 1, 26),
    bars("senkou", "Length of the slower span.", 1, 52),
    bars("displacement", "How many bars ahead the spans are drawn.", 1, 26),
  ],
  outputs: [
    { name: "tenkan", doc: "Conversion line.", unit: "price", range: ANY },
    { name: "kijun", doc: "Base line.", unit: "price", range: ANY },
    { name: "senkou_a", doc: "Faster edge of the cloud at this bar.", unit: "price", range: ANY },
    { name: "senkou_b", doc: "Slower edge of the cloud at this bar.", unit: "price", range: ANY },
    { name: "lead_a", doc: "Faster edge of the cloud to come.", unit: "price", range: ANY },
    { name: "lead_b", doc: "Slower edge of the cloud to come.", unit: "price", range: ANY },
  ],
  warmup: (params) => Math.max(param(params, 0), param(params, 1), param(params, 2)) + param(params, 3),
  kernel: (params) => new IchimokuKernel(params),
};
