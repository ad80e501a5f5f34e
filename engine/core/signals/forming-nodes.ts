/**
 * Facts that see the bar that is being built.
 *
 * Owns: its fields, indicators that peek at it, and the past as it is counted from it. No allocation in `update`.
 * May not: change a kernel. What closed bars say stays with the nodes of their series.
 */
import type { BarField } from "../program.ts";
import type { Slots } from "./conditions.ts";
import { isFresh } from "./freshness.ts";
import { fieldOf } from "./nodes.ts";
import type { FactNode, IndicatorNode, Moment } from "./nodes.ts";
import type { Series } from "./series.ts";

export class FormingFieldNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #series: Series;
  readonly #field: BarField;
  /** Set for another symbol: its last bar must be the one that was due. */
  readonly #moment: Moment | undefined;

  constructor(key: string, slot: number, series: Series, field: BarField, moment: Moment | undefined) {
    this.key = key;
    this.slot = slot;
    this.#series = series;
    this.#field = field;
    this.#moment = moment;
  }

  update(slots: Slots): void {
    const { forming, bar } = this.#series;
    if (forming !== undefined) {
      // Of a bar whose beginning was missed only the latest price is known.
      slots[this.slot] = forming.complete || this.#field === "close" ? fieldOf(forming, this.#field) : Number.NaN;
      return;
    }
    const isKnown = this.#moment === undefined || isFresh(this.#series, this.#moment.time);
    slots[this.slot] = isKnown ? fieldOf(bar, this.#field) : Number.NaN;
  }
}

/** An indicator as if the forming bar closed now. Outputs stand in consecutive slots, like its own. */
export class PeekNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #indicator: IndicatorNode;
  readonly #series: Series;
  readonly #moment: Moment;
  readonly #isForeign: boolean;
  readonly #inputs: readonly number[];
  readonly #x: Float64Array;
  readonly #out: Float64Array;

  constructor(
    key: string,
    slot: number,
    indicator: IndicatorNode,
    from: {
      readonly series: Series;
      readonly moment: Moment;
      readonly isForeign: boolean;
      readonly inputs: readonly number[];
    },
  ) {
    this.key = key;
    this.slot = slot;
    this.#indicator = indicator;
    this.#series = from.series;
    this.#moment = from.moment;
    this.#isForeign = from.isForeign;
    this.#inputs = from.inputs;
    this.#x = new Float64Array(from.inputs.length);
    this.#out = new Float64Array(indicator.outputs);
  }

  get outputs(): number {
    return this.#out.length;
  }

  update(slots: Slots): void {
    const { forming } = this.#series;
    if (forming === undefined) this.#closed(slots);
    else if (this.#read(slots)) this.#indicator.peek(this.#x, forming.start, this.#out);
    else this.#out.fill(Number.NaN);
    slots.set(this.#out, this.slot);
  }

  /** Without a forming bar: what the closed ones say, if they are of this session and not too old. */
  #closed(slots: Slots): void {
    const { time, start } = this.#moment;
    const isKnown = this.#indicator.isOf(start) && !(this.#isForeign && !isFresh(this.#series, time));
    for (let i = 0; i < this.#out.length; i++)
      this.#out[i] = isKnown ? (slots[this.#indicator.slot + i] as number) : Number.NaN;
  }

  #read(slots: Slots): boolean {
    for (let i = 0; i < this.#inputs.length; i++) {
      const value = slots[this.#inputs[i] as number] as number;
      if (!Number.isFinite(value)) return false;
      this.#x[i] = value;
    }
    return true;
  }
}

/** `close[1]` is the last closed bar while another is forming, and the one before it while none is. */
export class BarsAgoNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #series: Series;
  readonly #of: number;
  readonly #before: number;

  constructor(key: string, slot: number, series: Series, input: { readonly of: number; readonly before: number }) {
    this.key = key;
    this.slot = slot;
    this.#series = series;
    this.#of = input.of;
    this.#before = input.before;
  }

  update(slots: Slots): void {
    slots[this.slot] = slots[this.#series.forming === undefined ? this.#before : this.#of] as number;
  }
}
