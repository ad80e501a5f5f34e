/**
 * The network that flips run through: conditions as numbered nodes in flat arrays.
 *
 * Owns: building it once per program; equal parts of all conditions are one node. May not: hold truth (flips.ts).
 *
 * Nodes are numbered children first. A root is an alternative of a condition, which is unknown while a fact of it is.
 */
import type { Condition, LeafCondition, Operator } from "../program.ts";
import { factsOf } from "../canonical.ts";

type SlotOf = (fact: number) => number;

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

/** By node; -1 where there is no second slot. */
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
  /** Number of different slots. */
  readonly slots: Int32Array;
  readonly ofNode: Lists;
  readonly ofCondition: Lists;
}

/** By position in `slots`. */
export interface Watched {
  readonly slots: Int32Array;
  /** Comparisons with a constant, by ascending constant. */
  readonly byThreshold: Lists;
  readonly thresholds: Float64Array;
  /** Comparisons between facts, and with lists. */
  readonly others: Lists;
  readonly roots: Lists;
}

export interface FlipNetwork {
  readonly nodes: Nodes;
  readonly leaves: Leaves;
  readonly roots: Roots;
  readonly watched: Watched;
  readonly conditions: number;
}

interface Draft {
  readonly kind: number;
  readonly kids: readonly number[];
  readonly leaf?: LeafCondition;
}

interface RootDraft {
  readonly condition: number;
  readonly node: number;
  readonly slots: readonly number[];
}

export function networkOf(conditions: readonly Condition[], slotOf: SlotOf): FlipNetwork {
  const builder = new Builder(slotOf);
  const roots = conditions.flatMap((condition, index) =>
    (condition.op === "any" ? condition.kids : [condition]).map((kid): RootDraft => ({
      condition: index,
      node: builder.add(kid),
      slots: [...new Set([...factsOf(kid)].map(slotOf))],
    })),
  );
  const { drafts } = builder;
  const leaves = leavesOf(drafts, slotOf);
  return {
    nodes: nodesOf(drafts),
    leaves,
    roots: rootsOf(roots, drafts.length, conditions.length),
    watched: watchedOf(drafts, leaves, roots),
    conditions: conditions.length,
  };
}

/** Numbers the nodes; equal parts get the same number. */
class Builder {
  readonly drafts: Draft[] = [];
  readonly #known = new Map<string, number>();
  readonly #slotOf: SlotOf;

  constructor(slotOf: SlotOf) {
    this.#slotOf = slotOf;
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
        return this.#node(this.#keyOf(condition), { kind: LEAF, kids: [], leaf: condition });
    }
  }

  #keyOf({ left, operator, right }: LeafCondition): string {
    const value =
      "fact" in right ? `#${this.#slotOf(right.fact)}` : "values" in right ? right.values.join("|") : right.value;
    return `${this.#slotOf(left)} ${operator} ${value}`;
  }

  #node(key: string, draft: Draft): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.drafts.push(draft) - 1;
    this.#known.set(key, id);
    return id;
  }
}

function nodesOf(drafts: readonly Draft[]): Nodes {
  return {
    kind: Uint8Array.from(drafts, ({ kind }) => kind),
    kids: Int32Array.from(drafts, ({ kids }) => kids.length),
    kidsOf: listsOf(drafts.map(({ kids }) => kids)),
    parentsOf: gathered(
      drafts.length,
      drafts.flatMap(({ kids }, parent) => kids.map((kid) => [kid, parent] as const)),
    ),
  };
}

function leavesOf(drafts: readonly Draft[], slotOf: SlotOf): Leaves {
  const right = (draft: Draft): LeafCondition["right"] | undefined => draft.leaf?.right;
  const setOf = (values: readonly number[]): ReadonlySet<number> => new Set(values);
  return {
    left: Int32Array.from(drafts, ({ leaf }) => (leaf === undefined ? -1 : slotOf(leaf.left))),
    operator: Uint8Array.from(drafts, ({ leaf }) => (leaf === undefined ? 0 : OPERATORS[leaf.operator])),
    right: Int32Array.from(drafts, (draft) => {
      const to = right(draft);
      return to !== undefined && "fact" in to ? slotOf(to.fact) : -1;
    }),
    value: Float64Array.from(drafts, (draft) => {
      const to = right(draft);
      return to !== undefined && "value" in to ? to.value : Number.NaN;
    }),
    sets: drafts.map((draft) => {
      const to = right(draft);
      return to !== undefined && "values" in to ? setOf(to.values) : undefined;
    }),
  };
}

function rootsOf(roots: readonly RootDraft[], nodes: number, conditions: number): Roots {
  return {
    node: Int32Array.from(roots, ({ node }) => node),
    condition: Int32Array.from(roots, ({ condition }) => condition),
    slots: Int32Array.from(roots, ({ slots }) => slots.length),
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

function watchedOf(drafts: readonly Draft[], leaves: Leaves, roots: readonly RootDraft[]): Watched {
  const { left, right, value, sets } = leaves;
  const slots = [...new Set(roots.flatMap((root) => root.slots))].sort((a, b) => a - b);
  const indexes = new Map(slots.map((slot, index) => [slot, index]));
  const at = (slot: number): number => indexes.get(slot) ?? -1;
  const ids = drafts.flatMap(({ kind }, id) => (kind === LEAF ? [id] : []));
  const isConstant = (id: number): boolean => right[id] === -1 && sets[id] === undefined;
  const ordered = ids.filter(isConstant).sort((a, b) => (value[a] as number) - (value[b] as number));
  const byThreshold = gathered(
    slots.length,
    ordered.map((id) => [at(left[id] as number), id]),
  );
  const sides = (id: number): readonly number[] => [...new Set([left[id] as number, right[id] as number])];
  return {
    slots: Int32Array.from(slots),
    byThreshold,
    thresholds: Float64Array.from(byThreshold.items, (id) => value[id] as number),
    others: gathered(
      slots.length,
      ids
        .filter((id) => !isConstant(id))
        .flatMap((id) => sides(id).flatMap((slot) => (slot < 0 ? [] : [[at(slot), id] as const]))),
    ),
    roots: gathered(
      slots.length,
      roots.flatMap((root, index) => root.slots.map((slot) => [at(slot), index] as const)),
    ),
  };
}

function listsOf(lists: readonly (readonly number[])[]): Lists {
  const from = new Int32Array(lists.length + 1);
  for (const [i, list] of lists.entries()) from[i + 1] = (from[i] as number) + list.length;
  return { from, items: Int32Array.from(lists.flat()) };
}

/** For each key from 0 on, the values that `pairs` gives it, in order. */
function gathered(count: number, pairs: Iterable<readonly [key: number, value: number]>): Lists {
  const lists: number[][] = Array.from({ length: count }, () => []);
  for (const [key, value] of pairs) lists[key]?.push(value);
  return listsOf(lists);
}
