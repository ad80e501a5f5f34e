/**
 * Facts about how long and how lately a condition held.
 *
 * Owns: the memory behind `for`, `within` and `then`. Unknown moments break a run and are never counted as false.
 * May not: know firing, except that a rule may use up what led to it.
 */
import { exactly } from "../saved.ts";
import type { Slots, Test } from "./conditions.ts";
import type { FactNode, Moment } from "./nodes.ts";

/** A condition that temporal facts watch: unknown when one of its facts is. */
export interface Watched {
  readonly slots: readonly number[];
  readonly test: Test;
}

function known(watched: Watched, slots: Slots): boolean {
  for (const slot of watched.slots) if (!Number.isFinite(slots[slot])) return false;
  return true;
}

export class BarsTrueNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #watched: Watched;
  #count = 0;

  constructor(key: string, slot: number, watched: Watched) {
    this.key = key;
    this.slot = slot;
    this.#watched = watched;
  }

  update(slots: Slots): void {
    const isKnown = known(this.#watched, slots);
    this.#count = isKnown && this.#watched.test(slots) ? this.#count + 1 : 0;
    slots[this.slot] = isKnown ? this.#count : Number.NaN;
  }

  adopt(old: FactNode, slots: Slots, oldSlots: Slots): void {
    if (!(old instanceof BarsTrueNode)) return;
    this.#count = old.#count;
    slots[this.slot] = oldSlots[old.slot] as number;
  }

  copy(): FactNode {
    const copy = new BarsTrueNode(this.key, this.slot, this.#watched);
    copy.#count = this.#count;
    return copy;
  }

  save(): number[] {
    return [this.#count];
  }

  restore(memory: readonly number[]): void {
    [this.#count = 0] = exactly(memory, 1, this.key);
  }
}

export class SecondsTrueNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #watched: Watched;
  readonly #moment: Moment;
  #since = Number.NaN;

  constructor(key: string, slot: number, watched: Watched, moment: Moment) {
    this.key = key;
    this.slot = slot;
    this.#watched = watched;
    this.#moment = moment;
  }

  /** Time at which the run began, or NaN. */
  get since(): number {
    return this.#since;
  }

  update(slots: Slots): void {
    const isKnown = known(this.#watched, slots);
    if (!isKnown || !this.#watched.test(slots)) this.#since = Number.NaN;
    else if (Number.isNaN(this.#since)) this.#since = this.#moment.time;
    const seconds = Number.isNaN(this.#since) ? -1 : (this.#moment.time - this.#since) / 1_000;
    slots[this.slot] = isKnown ? seconds : Number.NaN;
  }

  adopt(old: FactNode, slots: Slots, oldSlots: Slots): void {
    if (!(old instanceof SecondsTrueNode)) return;
    this.#since = old.#since;
    slots[this.slot] = oldSlots[old.slot] as number;
  }

  save(): number[] {
    return [this.#since];
  }

  restore(memory: readonly number[]): void {
    [this.#since = Number.NaN] = exactly(memory, 1, this.key);
  }
}

/** Counts evaluations (or seconds) since the condition last held; see `FactSpec` for the exact meaning. */
export class SinceNode implements FactNode {
  readonly key: string;
  readonly slot: number;
  readonly #watched: Watched;
  readonly #moment: Moment;
  readonly #horizon: number;
  readonly #unit: "bars" | "seconds";
  readonly #before: boolean;
  /** Where the condition last held, on the unit's scale, and where the unbroken known past begins. */
  #last = Number.NEGATIVE_INFINITY;
  #knownSince = Number.NaN;
  /** Occurrences before this were used up by a firing. */
  #usedBefore = Number.NEGATIVE_INFINITY;
  /** Its own count of evaluations, so that a reload may continue some nodes and warm others. */
  #updates = 0;

  constructor(
    key: string,
    slot: number,
    watched: Watched,
    moment: Moment,
    options: { readonly horizon: number; readonly unit: "bars" | "seconds"; readonly before: boolean },
  ) {
    this.key = key;
    this.slot = slot;
    this.#watched = watched;
    this.#moment = moment;
    this.#horizon = options.horizon;
    this.#unit = options.unit;
    this.#before = options.before;
  }

  update(slots: Slots): void {
    this.#updates++;
    const now = this.#now();
    const previous = this.#last;
    const isKnown = known(this.#watched, slots);
    if (!isKnown) this.#knownSince = Number.NaN;
    else if (Number.isNaN(this.#knownSince)) this.#knownSince = now;
    if (isKnown && this.#watched.test(slots)) this.#last = now;
    const last = this.#before ? previous : this.#last;
    slots[this.slot] = isKnown ? this.#since(now, last) : Number.NaN;
  }

  #since(now: number, last: number): number {
    const since = last >= this.#usedBefore ? now - last : Number.POSITIVE_INFINITY;
    if (since < this.#horizon || (this.#before && since <= this.#horizon)) return since;
    const seen = now - this.#knownSince + (this.#unit === "bars" && !this.#before ? 1 : 0);
    // "It did not happen" may be said only of a past that was seen.
    return seen >= this.#horizon ? this.#horizon + (this.#before ? 1 : 0) : Number.NaN;
  }

  #now(): number {
    return this.#unit === "bars" ? this.#updates : this.#moment.time / 1_000;
  }

  /** A firing of the owning rule uses up what led to it; what holds at the firing itself may lead to the next one. */
  consume(): void {
    this.#usedBefore = this.#now();
  }

  adopt(old: FactNode, slots: Slots, oldSlots: Slots): void {
    if (!(old instanceof SinceNode)) return;
    this.#last = old.#last;
    this.#knownSince = old.#knownSince;
    this.#usedBefore = old.#usedBefore;
    this.#updates = old.#updates;
    slots[this.slot] = oldSlots[old.slot] as number;
  }

  save(): number[] {
    return [this.#last, this.#knownSince, this.#usedBefore, this.#updates];
  }

  restore(memory: readonly number[]): void {
    [this.#last = 0, this.#knownSince = 0, this.#usedBefore = 0, this.#updates = 0] = exactly(memory, 4, this.key);
  }
}
