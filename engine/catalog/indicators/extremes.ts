/** Highest and lowest value of the last bars, and how long ago they were. */
import type { Indicator } from "../kernel.ts";
import { ANY, bars, NOT_NEGATIVE, param } from "../params.ts";
import { Extreme } from "../state/extreme.ts";
import { PartsKernel } from "../state/parts-kernel.ts";

class ExtremeKernel extends PartsKernel {
  readonly #period: number;
  readonly #which: "highest" | "lowest";
  readonly #asAge: boolean;
  readonly #extreme: Extreme;
  protected readonly parts;

  constructor(period: number, which: "highest" | "lowest", asAge: boolean) {
    super();
    this.#period = period;
    this.#which = which;
    this.#asAge = asAge;
    this.#extreme = new Extreme(period, which);
    this.parts = [this.#extreme];
  }

  update(x: Float64Array, out: Float64Array): void {
    const extreme = this.#extreme.push(x[0] as number);
    out[0] = this.#asAge ? this.#extreme.age : extreme;
  }

  peek(x: Float64Array, out: Float64Array): void {
    out[0] = this.#asAge ? this.#extreme.peekAge(x[0] as number) : this.#extreme.peek(x[0] as number);
  }

  protected fresh(): ExtremeKernel {
    return new ExtremeKernel(this.#period, this.#which, this.#asAge);
  }
}

export const highest: Indicator = {
  name: "highest",
  title: "Highest",
  doc: "The highest of the last `period` values, the current bar included: `close >= highest(close, 20)` is a new high.",
  formula: "max(x[0], …, x[n-1])",
  source: "TA-Lib MAX; first value at index n-1.",
  inputs: ["value"],
  params: [bars("period", "How many bars are looked at.", 1)],
  outputs: [
    { name: "highest", doc: "The highest value.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true },
  ],
  warmup: (params) => param(params, 0),
  kernel: (params) => new ExtremeKernel(param(params, 0), "highest", false),
};

export const lowest: Indicator = {
  name: "lowest",
  title: "Lowest",
  doc: "The lowest of the last `period` values, the current bar included.",
  formula: "min(x[0], …, x[n-1])",
  source: "TA-Lib MIN; first value at index n-1.",
  inputs: ["value"],
  params: [bars("period", "How many bars are looked at.", 1)],
  outputs: [
    { name: "lowest", doc: "The lowest value.", unit: "price", range: ANY, unitOfValue: true, rangeOfValue: true },
  ],
  warmup: (params) => param(params, 0),
  kernel: (params) => new ExtremeKernel(param(params, 0), "lowest", false),
};

function barsSince(which: "highest" | "lowest", taLib: string): Indicator {
  const name = `bars_since_${which}`;
  return {
    name,
    title: `Bars since the ${which}`,
    doc: `How many bars ago the ${which} of the last \`period\` values was: 0 when it is this bar. Of equal ones the newest counts.`,
    formula: `bars since ${which}(x, n)`,
    source: `TA-Lib ${taLib}, counted back from the bar; first value at index n-1.`,
    inputs: ["value"],
    params: [bars("period", "How many bars are looked at.", 1)],
    outputs: [{ name, doc: "The bars.", unit: "bars", range: NOT_NEGATIVE }],
    warmup: (params) => param(params, 0),
    kernel: (params) => new ExtremeKernel(param(params, 0), which, true),
  };
}

export const barsSinceHighest = barsSince("highest", "MAXINDEX");
export const barsSinceLowest = barsSince("lowest", "MININDEX");
