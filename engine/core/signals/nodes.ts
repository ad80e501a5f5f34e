/**
 * Facts as nodes: each writes one slot (indicators: one per output) when it is asked to.
 *
 * Owns: how a value is computed from bars and other slots (time: temporal-nodes.ts; quotes, sessions, books: view-nodes.ts). No allocation in `update`.
 * May not: decide when to update (graph.ts) or what a value means for a rule (rules.ts).
 */
import type { Indicator, Kernel } from "../../catalog/kernel.ts";
import { periodStart } from "../../market/periods.ts";
import type { Anchor } from "../../market/periods.ts";
import type { Bar } from "../event.ts";
import { calculated } from "../arithmetic.ts";
import type { BarField, CalcOperator } from "../program.ts";
import { exactly } from "../saved.ts";
import type { Slots } from "./conditions.ts";
import type { Series } from "./series.ts";

/** Time and views that belong to one evaluation. */
export interface Moment {
  time: number;
  /** Start of the bar that is judged. */
  start: number;
  /** Number of this evaluation of the strategy and symbol. */
  index: number;
  /** Bars seen so far, the judged one included. */
  bars: number;
  /** Evaluations at this very time before this one. */
  repeat: number;
}

export interface FactNode {
  /** Equal keys compute equal values; a reload keeps the node. */
  readonly key: string;
  update(slots: Slots): void;
  /** Continues from a node with the same key of an older graph. */
  adopt?(old: FactNode, slots: Slots, oldSlots: Slots): void;
  /** The same where facts are made anew: of the old one only what is not computed from prices. */
  continue?(old: FactNode): void;
  /**
   * A node with the same memory, to be adopted later. Without it nothing is remembered; undefined: it cannot be copied.
   * `given`: an earlier copy that nobody needs any more; it may be written over.
   */
  copy?(given?: FactNode): FactNode | undefined;
  /** What it remembers beside its slots; undefined: it cannot be saved. Without it there is nothing. */
  save?(): number[] | undefined;
  restore?(memory: readonly number[]): void;
  /** It could not be saved: what it was is unknown, and a reload with bars of `sources` may bring it back. */
  forget?(): void;
  /** Whose bars it needs to know again; of those that may be impossible to save. */
  readonly sources?: readonly Series[];
  /** How many slots it writes; one when it does not say. */
  readonly outputs?: number;
}

export class FieldNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly series: Series;
  readonly field: BarField;

  constructor(key: string, slot: number, series: Series, field: BarField) {
    this.key = key;
    this.slot = slot;
    this.series = series;
    this.field = field;
  }

  update(slots: Slots): void {
    const bar = this.series.bar;
    slots[this.slot] = fieldOf(bar, this.field);
  }

  adopt(_old: FactNode, slots: Slots): void {
    this.update(slots);
  }
}

export function fieldOf(bar: Omit<Bar, "start">, field: BarField): number {
  switch (field) {
    case "hl2":
      return (bar.high + bar.low) / 2;
    case "hlc3":
      return (bar.high + bar.low + bar.close) / 3;
    case "ohlc4":
      return (bar.open + bar.high + bar.low + bar.close) / 4;
    default:
      return bar[field];
  }
}

export class IndicatorNode implements FactNode {
  readonly key: string;
  /** Outputs stand in consecutive slots from here. */
  readonly slot: number;
  readonly #inputs: readonly number[];
  readonly #x: Float64Array;
  readonly #out: Float64Array;
  readonly #series: Series;
  readonly #anchor: Anchor | undefined;
  readonly #entry: Indicator;
  #kernel: Kernel;
  /** Trading date of the last bar, and the first day of the period it lies in; followed only when there is an anchor. */
  #day = Number.NaN;
  #period = Number.NaN;
  /** The kernel as it is when the next period begins, for bars that are still forming; made when one is asked for. */
  #ahead: Kernel | undefined;
  #isForgotten = false;

  constructor(
    key: string,
    slot: number,
    series: Series,
    made: { readonly entry: Indicator; readonly kernel: Kernel; readonly anchor: Anchor | undefined },
    inputs: readonly number[],
  ) {
    this.key = key;
    this.slot = slot;
    this.#series = series;
    this.#inputs = inputs;
    this.#x = new Float64Array(inputs.length);
    this.#out = new Float64Array(made.entry.outputs.length);
    this.#kernel = made.kernel;
    this.#anchor = made.anchor;
    this.#entry = made.entry;
  }

  update(slots: Slots): void {
    if (this.#anchor !== undefined) this.#beginPeriod(this.#anchor);
    this.#ahead = undefined;
    let known = true;
    for (let i = 0; i < this.#inputs.length; i++) {
      const value = slots[this.#inputs[i] as number] as number;
      this.#x[i] = value;
      if (!Number.isFinite(value)) known = false;
    }
    if (known) this.#kernel.update(this.#x, this.#out);
    else this.#out.fill(Number.NaN);
    // For the few outputs of an indicator a call of `set` costs four times this loop.
    for (let i = 0; i < this.#out.length; i++) slots[this.slot + i] = this.#out[i] as number;
  }

  #beginPeriod(anchor: Anchor): void {
    const day = this.#dayOf(this.#series.bar.start);
    if (day === this.#day) return;
    this.#day = day;
    const period = periodOf(day, anchor);
    if (period === this.#period) return;
    this.#period = period;
    begin(this.#kernel);
  }

  #dayOf(time: number): number {
    return this.#series.calendar.sessionAtOrBefore(time)?.day ?? Number.NaN;
  }

  /** False where it starts over with periods and has seen no bar of the one that `time` belongs to. */
  isOf(time: number): boolean {
    if (this.#anchor === undefined) return true;
    const day = this.#dayOf(time);
    return day === this.#day || periodOf(day, this.#anchor) === this.#period;
  }

  get outputs(): number {
    return this.#out.length;
  }

  /** What `update` would give for the bar that began at `start`; changes nothing. */
  peek(x: Float64Array, start: number, out: Float64Array): void {
    (this.isOf(start) ? this.#kernel : this.#begun()).peek(x, out);
  }

  #begun(): Kernel {
    if (this.#ahead === undefined) {
      this.#ahead = this.#kernel.clone();
      begin(this.#ahead);
    }
    return this.#ahead;
  }

  /** A forgotten one is not adopted: what the warm-up of the reload made of this one is all there is. */
  adopt(old: FactNode, slots: Slots, oldSlots: Slots): void {
    if (!(old instanceof IndicatorNode) || old.#isForgotten) return;
    this.#kernel = old.#kernel;
    this.#ahead = undefined;
    this.#day = old.#day;
    this.#period = old.#period;
    slots.set(oldSlots.subarray(old.slot, old.slot + this.#out.length), this.slot);
  }

  copy(given?: FactNode): FactNode | undefined {
    if (this.#kernel.onlyForward === true) return undefined;
    const copy = given instanceof IndicatorNode ? given.#following(this.#kernel) : this.#another();
    copy.#day = this.#day;
    copy.#period = this.#period;
    return copy;
  }

  #another(): IndicatorNode {
    const made = { entry: this.#entry, kernel: this.#kernel.clone(), anchor: this.#anchor };
    return new IndicatorNode(this.key, this.slot, this.#series, made, this.#inputs);
  }

  #following(kernel: Kernel): this {
    this.#kernel.restore(kernel.serialize());
    this.#ahead = undefined;
    return this;
  }

  save(): number[] | undefined {
    return this.#kernel.onlyForward === true ? undefined : [this.#day, this.#period, ...this.#kernel.serialize()];
  }

  restore([day, period, ...kernel]: readonly number[]): void {
    this.#day = day as number;
    this.#period = period as number;
    this.#kernel.restore(kernel);
    this.#ahead = undefined;
  }

  forget(): void {
    this.#isForgotten = true;
  }

  get sources(): readonly Series[] {
    return [this.#series];
  }
}

function begin(kernel: Kernel): void {
  if (kernel.begin === undefined) kernel.reset();
  else kernel.begin();
}

/** Outside of the calendar nothing is known of periods: every bar stands for itself. */
function periodOf(day: number, anchor: Anchor): number {
  return Number.isNaN(day) ? day : periodStart(day, anchor);
}

export class LagNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #of: number;
  #ring: Float64Array;
  #position = 0;

  constructor(key: string, slot: number, of: number, bars: number) {
    this.key = key;
    this.slot = slot;
    this.#of = of;
    this.#ring = new Float64Array(bars).fill(Number.NaN);
  }

  update(slots: Slots): void {
    slots[this.slot] = this.#ring[this.#position] as number;
    this.#ring[this.#position] = slots[this.#of] as number;
    this.#position = (this.#position + 1) % this.#ring.length;
  }

  adopt(old: FactNode, slots: Slots, oldSlots: Slots): void {
    if (!(old instanceof LagNode)) return;
    this.#ring = old.#ring;
    this.#position = old.#position;
    slots[this.slot] = oldSlots[old.slot] as number;
  }

  copy(): FactNode {
    const copy = new LagNode(this.key, this.slot, this.#of, this.#ring.length);
    copy.#ring.set(this.#ring);
    copy.#position = this.#position;
    return copy;
  }

  /** Oldest first. */
  save(): number[] {
    return [...this.#ring.subarray(this.#position), ...this.#ring.subarray(0, this.#position)];
  }

  restore(memory: readonly number[]): void {
    this.#ring.set(exactly(memory, this.#ring.length, this.key));
    this.#position = 0;
  }
}

export class CalcNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #operator: CalcOperator;
  readonly #args: readonly number[];

  constructor(key: string, slot: number, operator: CalcOperator, args: readonly number[]) {
    this.key = key;
    this.slot = slot;
    this.#operator = operator;
    this.#args = args;
  }

  update(slots: Slots): void {
    const args = this.#args;
    const b = args.length > 1 ? (slots[args[1] as number] as number) : Number.NaN;
    let value = calculated(this.#operator, slots[args[0] as number] as number, b);
    for (let i = 2; i < args.length; i++) {
      value = calculated(this.#operator, value, slots[args[i] as number] as number);
    }
    slots[this.slot] = value;
  }

  adopt(_old: FactNode, slots: Slots): void {
    this.update(slots);
  }
}

/** Another symbol's value, unknown when that series has not closed the bar that this evaluation is about. */
export class GuardNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #source: number;
  readonly #isFresh: () => boolean;

  constructor(key: string, slot: number, source: number, isFresh: () => boolean) {
    this.key = key;
    this.slot = slot;
    this.#source = source;
    this.#isFresh = isFresh;
  }

  update(slots: Slots): void {
    slots[this.slot] = this.#isFresh() ? (slots[this.#source] as number) : Number.NaN;
  }
}
