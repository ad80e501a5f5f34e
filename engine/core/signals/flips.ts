/**
 * Truth by what changed: a fact that moved can only turn comparisons whose constant lies on its way, and a turn goes upward
 * only as far as it makes a difference. The cost is the number of flips, not the number of conditions.
 *
 * Owns: the truth of many conditions over the same slots, and which of them changed at a commit. Several members share one
 * network: a part that is equal in their conditions moves once, for whoever commits first, and each hears what turned since
 * its own last commit. Nothing is allocated after the network is built. May not: know rules or firing. `conditions.ts` is
 * the readable reference: tests hold both to the same answers.
 *
 * Truth follows from the values at the last commit that looked at them, never from the slots: a fact that moved in between
 * and that only others have looked at would otherwise be half in and half out.
 */
import { FALSE, TRUE, UNKNOWN } from "./conditions.ts";
import type { Slots, Truth } from "./conditions.ts";
import { ALL, ANY, LEAF, placed } from "./flip-network.ts";
import type { FlipNetwork, Lists, Member, Networks, Part, PlacedNetwork } from "./flip-network.ts";
import { done } from "./work.ts";

/** One of the two is NaN. */
const NO_ORDER = 3;

export class Flips {
  /** The member's conditions whose truth changed since its commit before, until others commit: the first `changedCount` entries. */
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
  /** Conditions to be answered anew when their member commits, as bits. */
  readonly #touched: Int32Array;
  /** Which of the two values of each pair is larger. */
  readonly #order: Uint8Array;
  /** Values at the last commit, by place. */
  readonly #values: Float64Array;
  readonly #dirty: Uint32Array;
  /** Words of `#dirty` in which there are any. */
  #firstWord = Number.POSITIVE_INFINITY;
  #lastWord = -1;

  /** `networks`: where members that are there again, in other symbols, find theirs. */
  static of(members: readonly Member[], networks: Networks = new Map()): Flips {
    return new Flips(done(placed(members, networks)));
  }

  constructor({ network, slots }: PlacedNetwork) {
    const { nodes, roots, scratch } = network;
    this.#network = network;
    this.#slots = slots;
    this.#truth = new Uint8Array(nodes.kind.length);
    this.#count = new Int32Array(nodes.kind.length);
    this.#dirty = scratch.dirty;
    this.#missing = Int32Array.from(roots.places);
    this.#order = new Uint8Array(network.pairs.low.length).fill(NO_ORDER);
    this.#values = new Float64Array(network.places).fill(Number.NaN);
    this.#answers = new Int8Array(network.conditions).fill(UNKNOWN);
    this.#touched = new Int32Array(network.conditions >>> 5);
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

  truth(member: number, condition: number): Truth {
    return this.#answers[this.#part(member).first + condition] as Truth;
  }

  #part(member: number): Part {
    return this.#network.parts[member] as Part;
  }

  /** Follows the slots of this member's facts; `changed` then lists those of its conditions whose answer is another one. */
  commit(member: number, slots: Slots): void {
    const { moved, movedFrom } = this.#network.scratch;
    const part = this.#part(member);
    const { places } = part;
    const slotOf = this.#slots;
    const values = this.#values;
    let count = 0;
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number;
      const now = slots[slotOf[place] as number] as number;
      const old = values[place] as number;
      // Equal, or unknown both times.
      if (now === old || (Number.isNaN(now) && Number.isNaN(old))) continue;
      values[place] = now;
      moved[count] = place;
      movedFrom[count++] = old;
    }
    for (let i = 0; i < count; i++) this.#move(i);
    if (this.#lastWord >= 0) this.#settle();
    this.#answer(part);
  }

  /** It takes the number of the move and not the value before: a number that a call hands on is put into a box. */
  #move(at: number): void {
    const { moved, movedFrom } = this.#network.scratch;
    const place = moved[at] as number;
    const old = movedFrom[at] as number;
    const now = this.#values[place] as number;
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
    const low = now < old ? now : old;
    let first = start;
    // The first constant that is not below both.
    for (let stop = between ? end : start; first < stop;) {
      const middle = (first + stop) >>> 1;
      if ((thresholds[middle] as number) < low) first = middle + 1;
      else stop = middle;
    }
    for (let i = first; i < end; i++) {
      if (between && (thresholds[i] as number) > high) break;
      this.#recheck(byThreshold.items[i] as number);
    }
    this.#comparePairs(pairs, place);
    for (let i = lists.from[place] as number; i < (lists.from[place + 1] as number); i++)
      this.#recheck(lists.items[i] as number);
  }

  /** Most pairs keep their order: this loop calls nothing for them. */
  #comparePairs({ from, items }: Lists, place: number): void {
    const { low, high, leaves } = this.#network.pairs;
    const values = this.#values;
    const orders = this.#order;
    const end = from[place + 1] as number;
    for (let i = from[place] as number; i < end; i++) {
      const pair = items[i] as number;
      const a = values[low[pair] as number] as number;
      const b = values[high[pair] as number] as number;
      const order = a < b ? 0 : a > b ? 1 : a === b ? 2 : NO_ORDER;
      if (order === orders[pair]) continue;
      orders[pair] = order;
      for (let at = leaves.from[pair] as number; at < (leaves.from[pair + 1] as number); at++)
        this.#recheck(leaves.items[at] as number);
    }
  }

  #recheck(leaf: number): void {
    const { left, right, value } = this.#network.leaves;
    const values = this.#values;
    const other = right[leaf] as number;
    const to = (other < 0 ? value[leaf] : values[other]) as number;
    const truth = this.#holds(leaf, values[left[leaf] as number] as number, to) ? 1 : 0;
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
    const word = condition >>> 5;
    this.#touched[word] = (this.#touched[word] as number) | (1 << (condition & 31));
  }

  /** Of what was touched, keeps what has another answer than at the commit before: a turn and back is none. */
  #answer({ first, count }: Part): void {
    this.changedCount = 0;
    for (let start = first; start < first + count; start += 32) {
      let bits = this.#touched[start >>> 5] as number;
      if (bits === 0) continue;
      this.#touched[start >>> 5] = 0;
      for (; bits !== 0; bits &= bits - 1) {
        const condition = start + (31 - Math.clz32(bits & -bits));
        const truth = this.#answerOf(condition);
        if (truth === this.#answers[condition]) continue;
        this.#answers[condition] = truth;
        this.changed[this.changedCount++] = condition - first;
      }
    }
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
