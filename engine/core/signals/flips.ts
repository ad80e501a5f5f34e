/**
 * Truth by what changed: a fact that moved can only turn comparisons whose constant lies on its way, and a turn goes upward
 * only as far as it makes a difference. The cost is the number of flips, not the number of conditions.
 *
 * Owns: the truth of many conditions over the same slots, and which of them changed at a commit. Nothing is allocated
 * after the network is built. May not: know rules or firing. `conditions.ts` is the readable reference: tests hold both
 * to the same answers.
 */
import type { Condition } from "../program.ts";
import { FALSE, TRUE, UNKNOWN } from "./conditions.ts";
import type { Slots, Truth } from "./conditions.ts";
import { ALL, ANY, LEAF, placed } from "./flip-network.ts";
import type { FlipNetwork } from "./flip-network.ts";

/** One of the two is NaN. */
const NO_ORDER = 3;

export class Flips {
  /** Conditions whose truth changed at the last commit, until others commit: the first `changedCount` entries. */
  readonly changed: Int32Array;
  changedCount = 0;
  readonly #network: FlipNetwork;
  /** The slot of each place of the network. */
  readonly #slots: Int32Array;
  /** Truth of each node, and how many of its children are true. */
  readonly #truth: Uint8Array;
  readonly #count: Int32Array;
  /** Facts of each root that are not known. */
  readonly #missing: Int32Array;
  /** The answer of each condition. */
  readonly #answers: Int8Array;
  readonly #isTouched: Uint8Array;
  /** Which of the two values of each pair is larger. */
  readonly #order: Uint8Array;
  /** Values at the last commit, by place. */
  readonly #previous: Float64Array;
  readonly #dirty: Uint32Array;
  /** Words of `#dirty` in which there are any. */
  #firstWord = Number.POSITIVE_INFINITY;
  #lastWord = -1;

  /** `owner`: see `placed`. */
  constructor(conditions: readonly Condition[], slotOf: (fact: number) => number, owner: object = conditions) {
    const { network, slots } = placed(conditions, slotOf, owner);
    const { nodes, roots, scratch } = network;
    this.#network = network;
    this.#slots = slots;
    this.#truth = new Uint8Array(nodes.kind.length);
    this.#count = new Int32Array(nodes.kind.length);
    this.#dirty = scratch.dirty;
    this.#missing = Int32Array.from(roots.places);
    this.#order = new Uint8Array(network.pairs.low.length).fill(NO_ORDER);
    this.#previous = new Float64Array(network.places).fill(Number.NaN);
    this.#answers = new Int8Array(conditions.length).fill(UNKNOWN);
    this.#isTouched = scratch.isTouched;
    this.changed = scratch.changed;
    this.#begin();
  }

  /** As if every slot were NaN: what the first commit starts from. */
  #begin(): void {
    const { kind, kidsOf } = this.#network.nodes;
    for (let id = 0; id < kind.length; id++) {
      if (kind[id] === LEAF) {
        this.#truth[id] = this.#holds(id, Number.NaN, Number.NaN) ? 1 : 0;
        continue;
      }
      let count = 0;
      for (let i = kidsOf.from[id] as number; i < (kidsOf.from[id + 1] as number); i++)
        count += this.#truth[kidsOf.items[i] as number] as number;
      this.#count[id] = count;
      this.#truth[id] = this.#group(id);
    }
  }

  truth(condition: number): Truth {
    return this.#answers[condition] as Truth;
  }

  /** Follows the slots; `changed` then lists the conditions whose answer is another one. */
  commit(slots: Slots): void {
    this.changedCount = 0;
    const slotOf = this.#slots;
    const previous = this.#previous;
    for (let place = 0; place < slotOf.length; place++) {
      const now = slots[slotOf[place] as number] as number;
      const old = previous[place] as number;
      // Equal, or unknown both times.
      if (now === old || (Number.isNaN(now) && Number.isNaN(old))) continue;
      previous[place] = now;
      this.#move(place, old, now, slots);
    }
    if (this.#lastWord >= 0) this.#settle();
    if (this.changedCount > 0) this.#answer();
  }

  #move(place: number, old: number, now: number, slots: Slots): void {
    const { byThreshold, thresholds, lists, pairs, roots } = this.#network.watched;
    const isKnown = Number.isFinite(now);
    if (isKnown !== Number.isFinite(old)) {
      for (let i = roots.from[place] as number; i < (roots.from[place + 1] as number); i++) {
        const root = roots.items[i] as number;
        this.#missing[root] = (this.#missing[root] as number) + (isKnown ? -1 : 1);
        this.#touch(root);
      }
    }
    // NaN on one side: every comparison may turn. Else those whose constant lies between, both ends included.
    const between = !Number.isNaN(now) && !Number.isNaN(old);
    const start = byThreshold.from[place] as number;
    const end = byThreshold.from[place + 1] as number;
    const high = now < old ? old : now;
    for (let i = between ? this.#firstAtLeast(now < old ? now : old, start, end) : start; i < end; i++) {
      if (between && (thresholds[i] as number) > high) break;
      this.#recheck(byThreshold.items[i] as number, slots);
    }
    for (let i = pairs.from[place] as number; i < (pairs.from[place + 1] as number); i++)
      this.#compare(pairs.items[i] as number, slots);
    for (let i = lists.from[place] as number; i < (lists.from[place + 1] as number); i++)
      this.#recheck(lists.items[i] as number, slots);
  }

  #compare(pair: number, slots: Slots): void {
    const { low, high, leaves } = this.#network.pairs;
    const a = slots[this.#slots[low[pair] as number] as number] as number;
    const b = slots[this.#slots[high[pair] as number] as number] as number;
    const order = a < b ? 0 : a > b ? 1 : a === b ? 2 : NO_ORDER;
    if (order === this.#order[pair]) return;
    this.#order[pair] = order;
    for (let i = leaves.from[pair] as number; i < (leaves.from[pair + 1] as number); i++)
      this.#recheck(leaves.items[i] as number, slots);
  }

  #firstAtLeast(value: number, start: number, stop: number): number {
    const { thresholds } = this.#network.watched;
    let low = start;
    let high = stop;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((thresholds[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #recheck(leaf: number, slots: Slots): void {
    const { left, right, value } = this.#network.leaves;
    const other = right[leaf] as number;
    const at = (place: number): number => slots[this.#slots[place] as number] as number;
    const truth = this.#holds(leaf, at(left[leaf] as number), other < 0 ? (value[leaf] as number) : at(other)) ? 1 : 0;
    if (truth !== this.#truth[leaf]) this.#turn(leaf, truth);
  }

  #holds(leaf: number, left: number, right: number): boolean {
    const { operator, sets } = this.#network.leaves;
    switch (operator[leaf]) {
      case 0:
        return left < right;
      case 1:
        return left <= right;
      case 2:
        return left > right;
      case 3:
        return left >= right;
      case 4:
        return left === right;
      case 5:
        return left !== right;
      case 6:
        return sets[leaf]?.has(left) === true;
      default:
        return sets[leaf]?.has(left) !== true;
    }
  }

  /** A node has another truth: its roots are touched, and the groups it is part of are looked at when all leaves are. */
  #turn(id: number, truth: number): void {
    const { parentsOf } = this.#network.nodes;
    const { ofNode } = this.#network.roots;
    this.#truth[id] = truth;
    for (let i = ofNode.from[id] as number; i < (ofNode.from[id + 1] as number); i++)
      this.#touch(ofNode.items[i] as number);
    for (let i = parentsOf.from[id] as number; i < (parentsOf.from[id + 1] as number); i++) {
      const parent = parentsOf.items[i] as number;
      this.#count[parent] = (this.#count[parent] as number) + (truth === 1 ? 1 : -1);
      const word = parent >>> 5;
      this.#dirty[word] = (this.#dirty[word] as number) | (1 << (parent & 31));
      if (word < this.#firstWord) this.#firstWord = word;
      if (word > this.#lastWord) this.#lastWord = word;
    }
  }

  /** Children have smaller numbers than their groups: in ascending order each group is looked at once, when all below it is done. */
  #settle(): void {
    const dirty = this.#dirty;
    for (let word = this.#firstWord; word <= this.#lastWord; word++) {
      for (let bits = dirty[word] as number; bits !== 0; bits = dirty[word] as number) {
        const lowest = bits & -bits;
        dirty[word] = bits ^ lowest;
        const id = (word << 5) + (31 - Math.clz32(lowest));
        const truth = this.#group(id);
        if (truth !== this.#truth[id]) this.#turn(id, truth);
      }
    }
    this.#firstWord = Number.POSITIVE_INFINITY;
    this.#lastWord = -1;
  }

  #group(id: number): number {
    const { kind, kids } = this.#network.nodes;
    const count = this.#count[id] as number;
    if (kind[id] === ALL) return count === kids[id] ? 1 : 0;
    if (kind[id] === ANY) return count > 0 ? 1 : 0;
    return count === 0 ? 1 : 0;
  }

  #touch(root: number): void {
    const condition = this.#network.roots.condition[root] as number;
    if (this.#isTouched[condition] === 1) return;
    this.#isTouched[condition] = 1;
    this.changed[this.changedCount++] = condition;
  }

  /** Of what was touched, keeps what has another answer than at the last commit: a turn and back is none. */
  #answer(): void {
    let kept = 0;
    for (let i = 0; i < this.changedCount; i++) {
      const condition = this.changed[i] as number;
      this.#isTouched[condition] = 0;
      const truth = this.#answerOf(condition);
      if (truth === this.#answers[condition]) continue;
      this.#answers[condition] = truth;
      this.changed[kept++] = condition;
    }
    this.changedCount = kept;
  }

  #answerOf(condition: number): Truth {
    const { node, ofCondition } = this.#network.roots;
    let unknown = false;
    for (let i = ofCondition.from[condition] as number; i < (ofCondition.from[condition + 1] as number); i++) {
      const root = ofCondition.items[i] as number;
      if ((this.#missing[root] as number) > 0) unknown = true;
      else if (this.#truth[node[root] as number] === 1) return TRUE;
    }
    return unknown ? UNKNOWN : FALSE;
  }
}
