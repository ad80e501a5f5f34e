/**
 * Facts that know where their bar lies: the value before this day, the range of the first minutes of the session.
 *
 * Owns: `prior` and `opening_range`. May not: read a clock; where a bar lies follows from its start.
 */
import { lengthOf } from "../../market/bar-size.ts";
import type { OpeningRangeField } from "../program.ts";
import { exactly } from "../saved.ts";
import type { Slots } from "./conditions.ts";
import type { FactNode, Moment } from "./nodes.ts";
import type { Series } from "./series.ts";

/** A fact of larger bars as it stood before the interval began in which the judged bar lies. */
export class PriorNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #larger: Series;
  readonly #moment: Moment;
  readonly #of: number;
  readonly #before: number;

  constructor(
    key: string,
    slot: number,
    larger: Series,
    moment: Moment,
    input: { readonly of: number; readonly before: number },
  ) {
    this.key = key;
    this.slot = slot;
    this.#larger = larger;
    this.#moment = moment;
    this.#of = input.of;
    this.#before = input.before;
  }

  update(slots: Slots): void {
    const { barEnd } = this.#larger;
    // The last bar of a day is judged when the day itself has closed: its value is not yet the prior one.
    const isPrior = barEnd <= this.#larger.intervalStart(this.#moment.start);
    slots[this.slot] = slots[isPrior ? this.#of : this.#before] as number;
  }

  adopt(old: FactNode, slots: Slots, oldSlots: Slots): void {
    if (old instanceof PriorNode) slots[this.slot] = oldSlots[old.slot] as number;
  }
}

/**
 * Every bar of the span must have come: what a missing one would have shown may be the extreme, so without it the range
 * stays unknown for that session.
 */
export class OpeningRangeNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #series: Series;
  readonly #spanMs: number;
  readonly #field: OpeningRangeField;
  /** Start of the session it is about. */
  #open = Number.NaN;
  #bars = 0;
  #high = Number.NaN;
  #low = Number.NaN;

  constructor(key: string, slot: number, series: Series, spanMs: number, field: OpeningRangeField) {
    this.key = key;
    this.slot = slot;
    this.#series = series;
    this.#spanMs = spanMs;
    this.#field = field;
  }

  get open(): number {
    return this.#open;
  }

  update(slots: Slots): void {
    const { bar, barEnd, size } = this.#series;
    const open = this.#series.sessionStart(bar.start);
    if (open !== this.#open) {
      this.#open = open;
      this.#bars = 0;
      this.#high = Number.NEGATIVE_INFINITY;
      this.#low = Number.POSITIVE_INFINITY;
    }
    const end = open + this.#spanMs;
    if (bar.start < end) {
      this.#bars++;
      if (bar.high > this.#high) this.#high = bar.high;
      if (bar.low < this.#low) this.#low = bar.low;
    }
    const isWhole = barEnd >= end && this.#bars * lengthOf(size) === this.#spanMs;
    slots[this.slot] = isWhole ? this.#value() : Number.NaN;
  }

  #value(): number {
    switch (this.#field) {
      case "high":
        return this.#high;
      case "low":
        return this.#low;
      case "mid":
        return (this.#high + this.#low) / 2;
    }
  }

  adopt(old: FactNode, slots: Slots, oldSlots: Slots): void {
    if (!(old instanceof OpeningRangeNode)) return;
    this.#open = old.#open;
    this.#bars = old.#bars;
    this.#high = old.#high;
    this.#low = old.#low;
    slots[this.slot] = oldSlots[old.slot] as number;
  }

  copy(): FactNode {
    const copy = new OpeningRangeNode(this.key, this.slot, this.#series, this.#spanMs, this.#field);
    copy.#open = this.#open;
    copy.#bars = this.#bars;
    copy.#high = this.#high;
    copy.#low = this.#low;
    return copy;
  }

  save(): number[] {
    return [this.#open, this.#bars, this.#high, this.#low];
  }

  restore(memory: readonly number[]): void {
    [this.#open = 0, this.#bars = 0, this.#high = 0, this.#low = 0] = exactly(memory, 4, this.key);
  }
}
