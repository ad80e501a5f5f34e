/** What a session did so far: its open and extremes, and the gap it began with. */
import type { Indicator } from "../kernel.ts";
import { ANY, NOT_NEGATIVE } from "../params.ts";
import { Cells, PartsKernel } from "../state/parts-kernel.ts";
import { StepKernel } from "../state/step-kernel.ts";

class DayRangeKernel extends PartsKernel {
  /** Open, high and low; NaN before the first bar of a session. */
  readonly #cells = new Cells(3);
  protected readonly parts = [this.#cells];

  update(x: Float64Array, out: Float64Array): void {
    this.peek(x, out);
    this.#cells.values.set(out);
  }

  peek(x: Float64Array, out: Float64Array): void {
    const isFirst = Number.isNaN(this.#cells.get(0));
    out[0] = isFirst ? (x[0] as number) : this.#cells.get(0);
    out[1] = isFirst ? (x[1] as number) : Math.max(this.#cells.get(1), x[1] as number);
    out[2] = isFirst ? (x[2] as number) : Math.min(this.#cells.get(2), x[2] as number);
  }

  protected fresh(): DayRangeKernel {
    return new DayRangeKernel();
  }
}

// Cells: the last close, the gap of the session, and whether the next bar begins one.
const CLOSE = 0;
const GAP = 1;
const BEGINS = 2;

class GapKernel extends StepKernel {
  constructor() {
    super(3);
  }

  override reset(): void {
    this.cells.values.set([NaN, NaN, 0]);
  }

  begin(): void {
    this.cells.set(BEGINS, 1);
  }

  protected step(x: Float64Array, out: Float64Array): void {
    const { next } = this;
    const before = next[CLOSE] as number;
    if (next[BEGINS] === 1) next[GAP] = before > 0 ? (x[0] as number) / before - 1 : NaN;
    next[BEGINS] = 0;
    next[CLOSE] = x[1] as number;
    out[0] = next[GAP] as number;
  }

  protected fresh(): GapKernel {
    return new GapKernel();
  }
}

export const dayRange: Indicator = {
  name: "day_range",
  title: "Range of the day",
  doc:
    "Open, highest high and lowest low of the session so far, this bar included. For a new high of the day compare with " +
    "the bar before: `close > day_range.high[1]`. The strategy's session counts: with `session: extended` the day begins " +
    "before the bell.",
  formula: "open of the first bar; running max of high and min of low since the session opened",
  source: "Session extremes; first value at index 0.",
  inputs: ["open", "high", "low"],
  params: [],
  outputs: [
    { name: "open", doc: "First price.", unit: "price", range: NOT_NEGATIVE },
    { name: "high", doc: "Highest price so far.", unit: "price", range: NOT_NEGATIVE },
    { name: "low", doc: "Lowest price so far.", unit: "price", range: NOT_NEGATIVE },
  ],
  ascending: ["low", "open", "high"],
  warmup: () => 1,
  resetsOn: () => "session",
  kernel: () => new DayRangeKernel(),
};

export const gap: Indicator = {
  name: "gap",
  title: "Opening gap",
  doc:
    "How far the session opened away from the last close of the session before, at every bar of the day: `gap > 2%`. On " +
    "daily bars each bar has its own. Unknown while the session before was not seen.",
  formula: "open of the session / last close of the session before - 1",
  source: "Usual definition; first value at the first bar of the second session.",
  inputs: ["open", "close"],
  params: [],
  outputs: [{ name: "gap", doc: "Above 0 when it opened higher.", unit: "ratio", range: ANY }],
  warmup: () => 2,
  resetsOn: () => "session",
  kernel: () => new GapKernel(),
};
