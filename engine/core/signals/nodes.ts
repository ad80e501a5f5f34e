/**
 * Facts as nodes: each writes one slot (indicators: one per output) when it is asked to.
 *
 * Owns: how a value is computed from bars and other slots (time: temporal-nodes.ts; quotes, sessions, books: view-nodes.ts). No allocation in `update`.
 * May not: decide when to update (graph.ts) or what a value means for a rule (rules.ts).
 */
import type { Indicator, Kernel } from "../../catalog/kernel.ts";
import type { Bar } from "../event.ts";
import type { BarField, CalcOperator } from "../program.ts";
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
  readonly #perSession: boolean;
  #kernel: Kernel;
  /** Has seen nothing, as at the open of a session. */
  readonly #fresh: Kernel;
  #sessionOpen = Number.NaN;

  constructor(
    key: string,
    slot: number,
    series: Series,
    made: { readonly entry: Indicator; readonly kernel: Kernel },
    inputs: readonly number[],
  ) {
    this.key = key;
    this.slot = slot;
    this.#series = series;
    this.#inputs = inputs;
    this.#x = new Float64Array(inputs.length);
    this.#out = new Float64Array(made.entry.outputs.length);
    this.#kernel = made.kernel;
    this.#fresh = made.entry.resetsOn === "session" ? made.kernel.clone() : made.kernel;
    this.#perSession = made.entry.resetsOn === "session";
  }

  update(slots: Slots): void {
    if (this.#perSession) this.#resetAtOpen();
    let known = true;
    for (let i = 0; i < this.#inputs.length; i++) {
      const value = slots[this.#inputs[i] as number] as number;
      this.#x[i] = value;
      if (!Number.isFinite(value)) known = false;
    }
    if (known) this.#kernel.update(this.#x, this.#out);
    else this.#out.fill(Number.NaN);
    slots.set(this.#out, this.slot);
  }

  #resetAtOpen(): void {
    const open = this.#openBefore(this.#series.bar.start);
    if (open === this.#sessionOpen) return;
    this.#sessionOpen = open;
    this.#kernel.reset();
  }

  #openBefore(time: number): number {
    return this.#series.calendar.sessionAtOrBefore(time)?.extendedOpen ?? Number.NaN;
  }

  /** False where it starts over at each open and has seen no bar of the session that `time` belongs to. */
  isOf(time: number): boolean {
    return !this.#perSession || this.#openBefore(time) === this.#sessionOpen;
  }

  get outputs(): number {
    return this.#out.length;
  }

  /** What `update` would give for the bar that began at `start`; changes nothing. */
  peek(x: Float64Array, start: number, out: Float64Array): void {
    (this.isOf(start) ? this.#kernel : this.#fresh).peek(x, out);
  }

  adopt(old: FactNode, slots: Slots, oldSlots: Slots): void {
    if (!(old instanceof IndicatorNode)) return;
    this.#kernel = old.#kernel;
    this.#sessionOpen = old.#sessionOpen;
    slots.set(oldSlots.subarray(old.slot, old.slot + this.#out.length), this.slot);
  }
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
    const a = slots[this.#args[0] as number] as number;
    const b = this.#args.length > 1 ? (slots[this.#args[1] as number] as number) : Number.NaN;
    slots[this.slot] = this.#compute(slots, a, b);
  }

  #compute(slots: Slots, a: number, b: number): number {
    switch (this.#operator) {
      case "+":
        return a + b;
      case "-":
        return a - b;
      case "*":
        return a * b;
      case "/":
        return a / b;
      case "neg":
        return -a;
      case "abs":
        return Math.abs(a);
      case "min":
      case "max":
        return this.#extreme(slots, a);
    }
  }

  #extreme(slots: Slots, first: number): number {
    let result = first;
    for (let i = 1; i < this.#args.length; i++) {
      const value = slots[this.#args[i] as number] as number;
      result = this.#operator === "min" ? Math.min(result, value) : Math.max(result, value);
    }
    return result;
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
