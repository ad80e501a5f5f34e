/**
 * Ranks of one expression over the symbols of a strategy.
 *
 * Owns: who counts at a boundary, order and ties. May not: decide when (barrier.ts). No allocation after the start.
 */
import { packed, unpacked } from "../saved.ts";
import type { PackedNumbers } from "../saved.ts";
import type { Slots } from "./conditions.ts";
import type { FactNode } from "./nodes.ts";
import type { Series } from "./series.ts";

export class Ranking {
  readonly #slots: number[] = [];
  readonly #series: Series[] = [];
  /** The known values, smallest first; then Infinity. */
  #sorted = new Float64Array(0);
  #count = 0;

  join(slot: number, series: Series): void {
    this.#slots.push(slot);
    this.#series.push(series);
    this.#sorted = new Float64Array(this.#slots.length);
  }

  /** Takes the values of this boundary. A symbol whose bar did not come, or whose value is unknown, does not count. */
  collect(slots: Slots, isIn: (series: Series) => boolean): void {
    this.#count = 0;
    for (let i = 0; i < this.#slots.length; i++) {
      const value = slots[this.#slots[i] as number] as number;
      if (Number.isFinite(value) && isIn(this.#series[i] as Series)) this.#sorted[this.#count++] = value;
    }
    this.#sorted.fill(Number.POSITIVE_INFINITY, this.#count);
    this.#sorted.sort();
  }

  /** The values of the last boundary: a rank is asked for again only by those who look ahead. */
  save(): PackedNumbers {
    return packed(this.#sorted.subarray(0, this.#count));
  }

  restore(saved: PackedNumbers): void {
    const values = unpacked(saved);
    this.#count = values.length;
    this.#sorted.fill(Number.POSITIVE_INFINITY).set(values);
  }

  /** 1 for the largest; equal values share the better place. Unknown stays unknown. */
  rankOf(value: number): number {
    if (!Number.isFinite(value)) return Number.NaN;
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] as number) > value) high = middle;
      else low = middle + 1;
    }
    return 1 + this.#count - low;
  }
}

export class RankNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #of: number;
  readonly #ranking: Ranking;

  constructor(key: string, slot: number, of: number, ranking: Ranking) {
    this.key = key;
    this.slot = slot;
    this.#of = of;
    this.#ranking = ranking;
  }

  update(slots: Slots): void {
    slots[this.slot] = this.#ranking.rankOf(slots[this.#of] as number);
  }

  adopt(old: FactNode, slots: Slots, oldSlots: Slots): void {
    if (old instanceof RankNode) slots[this.slot] = oldSlots[old.slot] as number;
  }
}
