/**
 * An indicator over two symbols on bars that are larger than the strategy's: their bars meet here, whoever closes first.
 *
 * Owns: which bar of one symbol belongs to which of the other. A bar that one of them did not have is left out. May not:
 * know strategies or evaluations: whether what came of it may be read at a moment is the graph's question.
 */
import type { Kernel } from "../../catalog/kernel.ts";
import { DAY } from "../../market/bar-size.ts";
import { RestoreError } from "../saved.ts";
import type { Slots } from "./conditions.ts";
import type { FactNode } from "./nodes.ts";
import type { Series } from "./series.ts";

/** So many bars of one symbol wait for the other one; who is further behind has left them out. */
const WAITING = 64;

/** What one symbol says, and its bars that the other one has not had yet, oldest first. */
class Side {
  readonly marks = new Float64Array(WAITING);
  readonly values = new Float64Array(WAITING);
  count = 0;
  /** The newest bar. */
  last = Number.NEGATIVE_INFINITY;

  add(mark: number, value: number): void {
    if (this.count === WAITING) this.drop(1);
    this.marks[this.count] = mark;
    this.values[this.count++] = value;
  }

  drop(count: number): void {
    this.marks.copyWithin(0, count, this.count);
    this.values.copyWithin(0, count, this.count);
    this.count -= count;
  }

  /** A correction of a bar that still waits. */
  correct(mark: number, value: number): void {
    const at = this.marks.subarray(0, this.count).indexOf(mark);
    if (at >= 0) this.values[at] = value;
  }

  /** The value of this bar, without those before it, which the other symbol did not have; undefined when there is none. */
  take(mark: number): number | undefined {
    let before = 0;
    while (before < this.count && (this.marks[before] as number) < mark) before++;
    const isThere = before < this.count && this.marks[before] === mark;
    const value = isThere ? this.values[before] : undefined;
    this.drop(isThere ? before + 1 : before);
    return value;
  }

  save(): number[] {
    return [this.last, this.count, ...this.marks.subarray(0, this.count), ...this.values.subarray(0, this.count)];
  }

  /** Returns what stands behind its own numbers. */
  restore([last, count, ...waiting]: readonly number[]): number[] {
    const isPossible = last !== undefined && Number.isInteger(count) && (count as number) >= 0;
    if (!isPossible || (count as number) > WAITING || waiting.length < 2 * (count as number))
      throw new RestoreError("saved/shape", "bars that wait for those of another symbol were saved otherwise");
    this.last = last;
    this.count = count as number;
    this.marks.set(waiting.slice(0, this.count));
    this.values.set(waiting.slice(this.count, 2 * this.count));
    return waiting.slice(2 * this.count);
  }
}

type Which = 0 | 1;

/** Lives on the series of the first input, updated when that closes a bar; its `tap` does the same on the other one's. */
export class PairNode implements FactNode {
  readonly key: string;
  /** Outputs stand in consecutive slots from here; unknown while the newest bar of either has not met one. */
  readonly slot: number;
  readonly tap: FactNode;
  readonly #series: readonly [Series, Series];
  readonly #inputs: readonly [number, number];
  #kernel: Kernel;
  #sides: readonly [Side, Side] = [new Side(), new Side()];
  readonly #x = new Float64Array(2);
  readonly #out: Float64Array;
  #isForgotten = false;

  constructor(
    key: string,
    slot: number,
    series: readonly [Series, Series],
    inputs: readonly [number, number],
    made: { readonly kernel: Kernel; readonly outputs: number },
  ) {
    this.key = key;
    this.slot = slot;
    this.#series = series;
    this.#inputs = inputs;
    this.#kernel = made.kernel;
    this.#out = new Float64Array(made.outputs);
    this.tap = { key: `tap ${key}`, update: (slots) => this.#close(1, slots) };
  }

  update(slots: Slots): void {
    this.#close(0, slots);
  }

  #close(which: Which, slots: Slots): void {
    const side = this.#sides[which];
    const other = this.#sides[which === 0 ? 1 : 0];
    const mark = markOf(this.#series[which]);
    const value = slots[this.#inputs[which]] as number;
    // The past is computed anew: what has met stays as it was.
    if (mark <= side.last) return side.correct(mark, value);
    side.last = mark;
    const met = other.take(mark);
    this.#out.fill(Number.NaN);
    if (met !== undefined) {
      this.#x[which] = value;
      this.#x[which === 0 ? 1 : 0] = met;
      if (Number.isFinite(value) && Number.isFinite(met)) this.#kernel.update(this.#x, this.#out);
    } else if (mark > other.last) side.add(mark, value);
    const isNewest = met !== undefined && mark === other.last;
    for (let i = 0; i < this.#out.length; i++) slots[this.slot + i] = isNewest ? (this.#out[i] as number) : Number.NaN;
  }

  get outputs(): number {
    return this.#out.length;
  }

  get sources(): readonly Series[] {
    return this.#series;
  }

  /** A forgotten one is not adopted: what the warm-up of the reload made of this one is all there is. */
  adopt(old: FactNode, slots: Slots, oldSlots: Slots): void {
    if (!(old instanceof PairNode) || old.#isForgotten) return;
    this.#kernel = old.#kernel;
    this.#sides = old.#sides;
    slots.set(oldSlots.subarray(old.slot, old.slot + this.#out.length), this.slot);
  }

  save(): number[] | undefined {
    if (this.#kernel.onlyForward === true) return undefined;
    return [...this.#sides.flatMap((side) => side.save()), ...this.#kernel.serialize()];
  }

  restore(memory: readonly number[]): void {
    this.#kernel.restore(this.#sides.reduce((rest, side) => side.restore(rest), memory));
  }

  forget(): void {
    this.#isForgotten = true;
  }
}

/** Days are the same by their date, whatever hours each market has; shorter bars by where they begin. */
function markOf({ bar, size, calendar }: Series): number {
  if (size.kind === "intraday") return bar.start;
  return calendar.sessionAtOrBefore(bar.start)?.day ?? Math.floor(bar.start / DAY.ms);
}
