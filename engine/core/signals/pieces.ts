/**
 * The smaller bars that a series was built from, as far as they are kept.
 *
 * Owns: one block of numbers, a row for each, oldest first. Nothing is allocated for a bar but when the block grows. May not:
 * know series or facts.
 */
import type { Bar } from "../event.ts";
import { RestoreError, packed, unpacked } from "../saved.ts";
import type { PackedNumbers } from "../saved.ts";
import { Forming } from "./forming.ts";

/** So many are kept at least: a regular day of minutes and two hours. */
export const KEPT_PIECES = 512;

const MOST = 2 * KEPT_PIECES;
const WIDTH = 6;
const FIRST_ROWS = 32;

export class Pieces {
  #rows = new Float64Array(0);
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(bar: Bar): void {
    this.#makeRoom();
    this.#write(this.#count++, bar);
  }

  /** Another word on a bar of this start, or the first. */
  set(bar: Bar): "same" | "changed" | "added" {
    let at = this.#count;
    while (at > 0 && this.#start(at - 1) >= bar.start) at--;
    if (at < this.#count && this.#start(at) === bar.start) {
      if (this.#holds(at, bar)) return "same";
      this.#write(at, bar);
      return "changed";
    }
    const dropped = this.#makeRoom();
    // Older than all that are kept now: nobody can ask for it any more.
    if (at < dropped) return "added";
    at -= dropped;
    this.#rows.copyWithin((at + 1) * WIDTH, at * WIDTH, this.#count * WIDTH);
    this.#write(at, bar);
    this.#count++;
    return "added";
  }

  save(): PackedNumbers {
    return packed(this.#rows.subarray(0, this.#count * WIDTH));
  }

  restore(saved: PackedNumbers): void {
    const rows = unpacked(saved);
    if (rows.length % WIDTH !== 0) throw new RestoreError("saved/shape", `pieces have ${WIDTH} numbers each`);
    this.#rows = Float64Array.from(rows);
    this.#count = rows.length / WIDTH;
  }

  countIn(start: number, end: number): number {
    let count = 0;
    for (let at = 0; at < this.#count; at++) if (this.#start(at) >= start && this.#start(at) < end) count++;
    return count;
  }

  /** The bar of all that lie in an interval. */
  whole(start: number, end: number): Forming {
    const whole = new Forming();
    whole.begin(start, end);
    for (let at = 0; at < this.#count; at++) {
      if (!whole.contains(this.#start(at))) continue;
      const [, open = 0, high = 0, low = 0, close = 0, volume = 0] = this.#rows.subarray(at * WIDTH, (at + 1) * WIDTH);
      whole.fold(open, high, low, close);
      whole.volume += volume;
    }
    return whole;
  }

  #start(at: number): number {
    return this.#rows[at * WIDTH] as number;
  }

  #write(at: number, { start, open, high, low, close, volume }: Bar): void {
    const rows = this.#rows;
    const from = at * WIDTH;
    rows[from] = start;
    rows[from + 1] = open;
    rows[from + 2] = high;
    rows[from + 3] = low;
    rows[from + 4] = close;
    rows[from + 5] = volume;
  }

  #holds(at: number, { open, high, low, close, volume }: Bar): boolean {
    const rows = this.#rows;
    const from = at * WIDTH;
    return [open, high, low, close, volume].every((value, i) => rows[from + 1 + i] === value);
  }

  /** Makes room for one more; returns how many of the oldest were given up for it. */
  #makeRoom(): number {
    if (this.#count * WIDTH < this.#rows.length) return 0;
    if (this.#count < MOST) {
      const larger = new Float64Array(Math.min(MOST, Math.max(FIRST_ROWS, 2 * this.#count)) * WIDTH);
      larger.set(this.#rows);
      this.#rows = larger;
      return 0;
    }
    this.#rows.copyWithin(0, KEPT_PIECES * WIDTH);
    this.#count -= KEPT_PIECES;
    return KEPT_PIECES;
  }
}
