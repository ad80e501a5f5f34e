/**
 * The intervals of a series that are still open, in order of time.
 *
 * Owns: one list of accumulators, of which the first are open and the others wait to be used again. It never shrinks: a
 * list from which the oldest is taken at every bar would be made anew at every bar, and outlive it. May not: know
 * calendars, or decide what is over.
 */
import type { PackedNumbers } from "../saved.ts";
import { Forming } from "./forming.ts";

export class OpenIntervals {
  /** Oldest first, up to `#count`. */
  readonly #all: Forming[] = [];
  #count = 0;
  /** End of the oldest one, or NaN: asked for at every tick. */
  firstEnd = Number.NaN;

  get oldest(): Forming | undefined {
    return this.#count === 0 ? undefined : this.#all[0];
  }

  /** The newest one that has a price. */
  get newestPriced(): Forming | undefined {
    for (let i = this.#count - 1; i >= 0; i--) if (this.#all[i]?.hasPrice === true) return this.#all[i];
    return undefined;
  }

  /** The one that contains `time`; most times are in the newest. */
  at(time: number): Forming | undefined {
    for (let i = this.#count - 1; i >= 0; i--) {
      const forming = this.#all[i] as Forming;
      if (forming.contains(time)) return forming;
    }
    return undefined;
  }

  begin(start: number, end: number): Forming {
    const all = this.#all;
    if (this.#count === all.length) all.push(new Forming());
    const forming = all[this.#count] as Forming;
    forming.begin(start, end);
    let at = this.#count++;
    for (; at > 0 && (all[at - 1] as Forming).start > start; at--) all[at] = all[at - 1] as Forming;
    all[at] = forming;
    this.#lookFirst();
    return forming;
  }

  /** The oldest one is over. What it holds is good until another one begins. */
  end(): Forming | undefined {
    const { oldest } = this;
    if (oldest === undefined) return undefined;
    this.#count--;
    for (let i = 0; i < this.#count; i++) this.#all[i] = this.#all[i + 1] as Forming;
    this.#all[this.#count] = oldest;
    this.#lookFirst();
    return oldest;
  }

  /** Gives up those that began before a time. */
  endBefore(time: number): void {
    while (this.oldest !== undefined && this.oldest.start < time) this.end();
  }

  clear(): void {
    this.#count = 0;
    this.#lookFirst();
  }

  /** Oldest first. Those that wait to be used again hold nothing. */
  save(): PackedNumbers[] {
    return this.#all.slice(0, this.#count).map((forming) => forming.save());
  }

  restore(saved: readonly PackedNumbers[]): void {
    this.#all.splice(0, this.#all.length, ...saved.map((forming) => new Forming().restore(forming)));
    this.#count = saved.length;
    this.#lookFirst();
  }

  /** Takes over those of a series that is not used any more. */
  adopt(old: OpenIntervals): void {
    this.#all.splice(0, this.#all.length, ...old.#all);
    this.#count = old.#count;
    this.#lookFirst();
  }

  #lookFirst(): void {
    this.firstEnd = this.oldest?.end ?? Number.NaN;
  }
}
