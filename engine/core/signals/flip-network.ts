/**
 * The network that flips run through: conditions of one or several strategies as numbered nodes in flat arrays.
 *
 * Owns: building it once per program; equal parts of all conditions are one node. May not: hold truth (flips.ts).
 *
 * Nodes are numbered children first. A root is an alternative of a condition, which is unknown while a fact of it is.
 * Slots are numbered by their first use, as places: the same strategies then have one network for all their symbols, which
 * is what keeps a thousand of them in the processor's cache.
 */
import type { Condition, LeafCondition, Operator } from "../program.ts";
import { invariant } from "../assert.ts";
import { factsOf } from "../canonical.ts";
import type { Work } from "./work.ts";

/** Fact -> its place, or its slot. */
type Numbering = (fact: number) => number;

/** Kinds of nodes. */
export const LEAF = 0;
export const ALL = 1;
export const ANY = 2;
export const NOT = 3;

const OPERATORS: Readonly<Record<Operator, number>> = {
  lessThan: 0,
  lessThanInclusive: 1,
  greaterThan: 2,
  greaterThanInclusive: 3,
  equal: 4,
  notEqual: 5,
  in: 6,
  notIn: 7,
};

/** Lists of numbers, one after the other: list `i` is `items[from[i]]` up to `items[from[i + 1]]`. */
export interface Lists {
  readonly from: Int32Array;
  readonly items: Int32Array;
}

export interface Nodes {
  readonly kind: Uint8Array;
  /** Number of children. */
  readonly kids: Int32Array;
  readonly kidsOf: Lists;
  readonly parentsOf: Lists;
}

/** By node, in places; -1 where there is no second one. */
export interface Leaves {
  readonly left: Int32Array;
  readonly operator: Uint8Array;
  readonly right: Int32Array;
  readonly value: Float64Array;
  readonly sets: readonly (ReadonlySet<number> | undefined)[];
}

export interface Roots {
  readonly node: Int32Array;
  readonly condition: Int32Array;
  /** Number of different places. */
  readonly places: Int32Array;
  readonly ofNode: Lists;
  readonly ofCondition: Lists;
}

/** By place. */
export interface Watched {
  /** Comparisons with a constant, by ascending constant. */
  readonly byThreshold: Lists;
  readonly thresholds: Float64Array;
  /** Pairs of facts that are compared with each other. */
  readonly pairs: Lists;
  /** Comparisons with lists. */
  readonly lists: Lists;
  readonly roots: Lists;
}

/** By pair: two places, and all comparisons between them. They turn only when the order of the two values does. */
export interface Pairs {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly leaves: Lists;
}

/** What one member has in the network. */
export interface Part {
  /** Number of its first condition. Each member begins a new word of bits. */
  readonly first: number;
  readonly count: number;
  /** Of all its facts. */
  readonly places: Int32Array;
}

export interface FlipNetwork {
  readonly parts: readonly Part[];
  readonly pairs: Pairs;
  readonly nodes: Nodes;
  readonly leaves: Leaves;
  readonly roots: Roots;
  readonly watched: Watched;
  /** Up to the end of the last word. */
  readonly conditions: number;
  readonly places: number;
  readonly scratch: Scratch;
}

/** What a commit writes and leaves empty behind it: one for all who share the network, since commits never overlap. */
export interface Scratch {
  /** Groups of which a child turned, as bits by number. */
  readonly dirty: Uint32Array;
  readonly changed: Int32Array;
  /** Places that moved, and what they were. */
  readonly moved: Int32Array;
  readonly movedFrom: Float64Array;
}

/** A network and the slot that each of its places is. */
export interface PlacedNetwork {
  readonly network: FlipNetwork;
  readonly slots: Int32Array;
}

/** Conditions that are looked at together, such as those of a strategy in one symbol. */
export interface Member {
  /** Members with one name have the same conditions, such as a strategy in its symbols. */
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly slotOf: Numbering;
}

/** The networks of one program, by their members and by how their slots coincide. */
export type Networks = Map<string, FlipNetwork>;

export function* placed(members: readonly Member[], networks: Networks): Work<PlacedNetwork> {
  const places = new Map<number, number>();
  const numbered: Map<number, number>[] = [];
  for (const { conditions, slotOf } of members) {
    const numbers = new Map<number, number>();
    for (const condition of conditions) {
      for (const fact of factsOf(condition)) {
        const slot = slotOf(fact);
        const place = places.get(slot) ?? places.size;
        places.set(slot, place);
        numbers.set(fact, place);
      }
      yield;
    }
    numbered.push(numbers);
  }
  const key = JSON.stringify(members.map(({ name }, member) => [name, ...(numbered[member]?.values() ?? [])]));
  const network = networks.get(key) ?? (yield* networkOf(members, numbered, places.size));
  networks.set(key, network);
  return { network, slots: Int32Array.from(places.keys()) };
}

interface Draft {
  readonly kind: number;
  readonly kids: readonly number[];
  /** With places where a condition has facts. */
  readonly leaf?: Omit<LeafCondition, "op">;
}

interface RootDraft {
  readonly condition: number;
  readonly node: number;
  readonly places: readonly number[];
}

function* networkOf(
  members: readonly Member[],
  numbered: readonly ReadonlyMap<number, number>[],
  places: number,
): Work<FlipNetwork> {
  const builder = new Builder();
  const roots: RootDraft[] = [];
  const parts: Part[] = [];
  let next = 0;
  for (const [member, { conditions }] of members.entries()) {
    const numbers = numbered[member] as ReadonlyMap<number, number>;
    builder.numbers = numbers;
    for (const [index, condition] of conditions.entries()) {
      for (const kid of condition.op === "any" ? condition.kids : [condition]) {
        const own = new Set([...factsOf(kid)].map((fact) => numbers.get(fact) as number));
        roots.push({ condition: next + index, node: builder.add(kid), places: [...own] });
      }
      yield;
    }
    parts.push({ first: next, count: conditions.length, places: Int32Array.from(new Set(numbers.values())) });
    next += (conditions.length + 31) & ~31;
  }
  const { drafts } = builder;
  const leaves = yield* leavesOf(drafts);
  yield;
  const pairs = pairsOf(leaves);
  yield;
  const nodes = yield* nodesOf(drafts);
  yield;
  const rootLists = rootsOf(roots, drafts.length, next);
  yield;
  const watched = yield* watchedOf(drafts, leaves, pairs, roots, places);
  yield;
  return {
    parts,
    nodes,
    leaves,
    roots: rootLists,
    pairs,
    watched,
    conditions: next,
    places,
    scratch: {
      dirty: new Uint32Array((drafts.length >>> 5) + 1),
      changed: new Int32Array(Math.max(0, ...parts.map(({ count }) => count))),
      moved: new Int32Array(places),
      movedFrom: new Float64Array(places),
    },
  };
}

/** Numbers the nodes; equal parts get the same number. */
class Builder {
  readonly drafts: Draft[] = [];
  /** Fact -> place, for the member whose conditions are added. */
  numbers: ReadonlyMap<number, number> = new Map();
  readonly #known = new Map<string, number>();

  #placeOf(fact: number): number {
    const place = this.numbers.get(fact);
    invariant(place !== undefined, "every fact of a condition has a place");
    return place;
  }

  add(condition: Condition): number {
    switch (condition.op) {
      case "all":
      case "any": {
        const kids = [...new Set(condition.kids.map((kid) => this.add(kid)))].sort((a, b) => a - b);
        const [only] = kids;
        if (kids.length === 1 && only !== undefined) return only;
        return this.#node(`${condition.op}(${kids.join(",")})`, { kind: condition.op === "all" ? ALL : ANY, kids });
      }
      case "not": {
        const kid = this.add(condition.kid);
        return this.#node(`not(${kid})`, { kind: NOT, kids: [kid] });
      }
      case "leaf":
        return this.#leaf(condition);
    }
  }

  /** Places instead of facts: members number their facts as they like. */
  #leaf(condition: LeafCondition): number {
    const left = this.#placeOf(condition.left);
    const { operator } = condition;
    const right = "fact" in condition.right ? { fact: this.#placeOf(condition.right.fact) } : condition.right;
    const value = "fact" in right ? `#${right.fact}` : "values" in right ? right.values.join("|") : right.value;
    return this.#node(`${left} ${operator} ${value}`, { kind: LEAF, kids: [], leaf: { left, operator, right } });
  }

  #node(key: string, draft: Draft): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.drafts.push(draft) - 1;
    this.#known.set(key, id);
    return id;
  }
}

function* nodesOf(drafts: readonly Draft[]): Work<Nodes> {
  const kidsOf = listsOf(drafts.map(({ kids }) => kids));
  yield;
  const parents: Pair[] = [];
  for (const [parent, { kids }] of drafts.entries()) for (const kid of kids) parents.push([kid, parent]);
  yield;
  return {
    kind: Uint8Array.from(drafts, ({ kind }) => kind),
    kids: Int32Array.from(drafts, ({ kids }) => kids.length),
    kidsOf,
    parentsOf: gathered(drafts.length, parents),
  };
}

/** Array by array: parts lie all over the memory, and going through four thousand takes a tenth of a millisecond or two. */
function* leavesOf(drafts: readonly Draft[]): Work<Leaves> {
  const right = (draft: Draft): LeafCondition["right"] | undefined => draft.leaf?.right;
  const left = Int32Array.from(drafts, ({ leaf }) => leaf?.left ?? -1);
  yield;
  const operator = Uint8Array.from(drafts, ({ leaf }) => (leaf === undefined ? 0 : OPERATORS[leaf.operator]));
  yield;
  const facts = Int32Array.from(drafts, (draft) => {
    const to = right(draft);
    return to !== undefined && "fact" in to ? to.fact : -1;
  });
  yield;
  const value = Float64Array.from(drafts, (draft) => {
    const to = right(draft);
    return to !== undefined && "value" in to ? to.value : Number.NaN;
  });
  yield;
  const sets = drafts.map((draft): ReadonlySet<number> | undefined => {
    const to = right(draft);
    return to !== undefined && "values" in to ? new Set(to.values) : undefined;
  });
  return { left, operator, right: facts, value, sets };
}

function rootsOf(roots: readonly RootDraft[], nodes: number, conditions: number): Roots {
  return {
    node: Int32Array.from(roots, ({ node }) => node),
    condition: Int32Array.from(roots, ({ condition }) => condition),
    places: Int32Array.from(roots, ({ places }) => places.length),
    ofNode: gathered(
      nodes,
      roots.map(({ node }, root) => [node, root]),
    ),
    ofCondition: gathered(
      conditions,
      roots.map(({ condition }, root) => [condition, root]),
    ),
  };
}

function pairsOf({ left, right }: Leaves): Pairs {
  const numbers = new Map<string, number>();
  const ends: (readonly [low: number, high: number])[] = [];
  const members: (readonly [pair: number, leaf: number])[] = [];
  for (const [leaf, other] of right.entries()) {
    if (other < 0) continue;
    const one = left[leaf] as number;
    const pair = [Math.min(one, other), Math.max(one, other)] as const;
    const number = numbers.get(pair.join()) ?? ends.push(pair) - 1;
    numbers.set(pair.join(), number);
    members.push([number, leaf]);
  }
  return {
    low: Int32Array.from(ends, ([low]) => low),
    high: Int32Array.from(ends, ([, high]) => high),
    leaves: gathered(ends.length, members),
  };
}

function* watchedOf(
  drafts: readonly Draft[],
  { left, right, value, sets }: Leaves,
  { low, high }: Pairs,
  roots: readonly RootDraft[],
  places: number,
): Work<Watched> {
  const ids = drafts.flatMap(({ kind }, id) => (kind === LEAF ? [id] : []));
  const isConstant = (id: number): boolean => right[id] === -1 && sets[id] === undefined;
  const ordered = ids.filter(isConstant).sort((a, b) => (value[a] as number) - (value[b] as number));
  yield;
  const byThreshold = gathered(
    places,
    ordered.map((id) => [left[id] as number, id]),
  );
  yield;
  const rootsOfPlaces: Pair[] = [];
  for (const [index, root] of roots.entries()) for (const place of root.places) rootsOfPlaces.push([place, index]);
  yield;
  return {
    byThreshold,
    thresholds: Float64Array.from(byThreshold.items, (id) => value[id] as number),
    pairs: gathered(
      places,
      [...low].flatMap((one, pair) => [...new Set([one, high[pair] as number])].map((place) => [place, pair] as const)),
    ),
    lists: gathered(
      places,
      ids.filter((id) => sets[id] !== undefined).map((id) => [left[id] as number, id]),
    ),
    roots: gathered(places, rootsOfPlaces),
  };
}

function listsOf(lists: readonly (readonly number[])[]): Lists {
  const from = new Int32Array(lists.length + 1);
  for (const [i, list] of lists.entries()) from[i + 1] = (from[i] as number) + list.length;
  return { from, items: Int32Array.from(lists.flat()) };
}

type Pair = readonly [key: number, value: number];

/** For each key from 0 on, the values that `pairs` gives it, in order. */
function gathered(count: number, pairs: readonly Pair[]): Lists {
  const from = new Int32Array(count + 1);
  for (const [key] of pairs) from[key + 1] = (from[key + 1] as number) + 1;
  for (let key = 0; key < count; key++) from[key + 1] = (from[key + 1] as number) + (from[key] as number);
  const next = from.slice();
  const items = new Int32Array(pairs.length);
  for (const [key, value] of pairs) {
    const at = next[key] as number;
    items[at] = value;
    next[key] = at + 1;
  }
  return { from, items };
}
