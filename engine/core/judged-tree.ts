/**
 * A condition as it was judged: every comparison with both values, and what came of each part.
 *
 * Owns: reading the slots for people, the comparison that keeps a condition from being true, how far one was missed, and why a fact
 * is unknown. May not: change anything or be needed by a decision.
 */
import { factsOf, inputsOf } from "./canonical.ts";
import { holds } from "./judge.ts";
import type { Condition, Fact, FactRef, FactSpec, LeafCondition, Operator } from "./program.ts";
import { FALSE, TRUE, UNKNOWN } from "./signals/conditions.ts";
import type { Slots, Truth } from "./signals/conditions.ts";
import type { Instance } from "./signals/instance.ts";

export type TruthWord = "true" | "false" | "unknown";

export type JudgedNode = JudgedGroup | JudgedLeaf;

/** An unknown fact makes all that it stands in unknown; only the alternatives of a rule stand by themselves. */
export interface JudgedGroup {
  readonly op: "all" | "any" | "not";
  readonly truth: TruthWord;
  readonly kids: readonly JudgedNode[];
}

export interface JudgedLeaf {
  readonly op: "leaf";
  readonly truth: TruthWord;
  readonly left: FactRef;
  /** NaN: unknown. */
  readonly leftValue: number;
  readonly operator: Operator;
  readonly right: FactRef | number | readonly number[];
  /** NaN: unknown, or a list. */
  readonly rightValue: number;
  /** A `for` that has begun and has not lasted long enough. */
  readonly underWay: boolean;
}

export function wordOf(truth: Truth): TruthWord {
  return truth === TRUE ? "true" : truth === UNKNOWN ? "unknown" : "false";
}

type Place = Pick<Instance, "facts">;

/** The whole condition of a rule. */
export function judgedTree(instance: Place, condition: Condition, slots: Slots): JudgedNode {
  const tree = nodeOf(instance, condition, slots);
  if (tree.op !== "any") return tree;
  const stands = tree.kids.some(({ truth }) => truth === "true");
  return stands ? { ...tree, truth: "true" } : tree;
}

function nodeOf(instance: Place, condition: Condition, slots: Slots): JudgedNode {
  if (condition.op === "leaf") return leafOf(instance, condition, slots);
  const { op } = condition;
  const kids = (op === "not" ? [condition.kid] : condition.kids).map((kid) => nodeOf(instance, kid, slots));
  return { op, truth: truthOf(op, kids), kids };
}

function truthOf(op: JudgedGroup["op"], kids: readonly JudgedNode[]): TruthWord {
  if (kids.some(({ truth }) => truth === "unknown")) return "unknown";
  const isTrue = ({ truth }: JudgedNode): boolean => truth === "true";
  const holdsTogether = op === "all" ? kids.every(isTrue) : kids.some(isTrue);
  return wordOf(holdsTogether === (op !== "not") ? TRUE : FALSE);
}

function leafOf({ facts }: Place, leaf: LeafCondition, slots: Slots): JudgedLeaf {
  const { strategy, slotOf } = facts;
  const { operator, right } = leaf;
  const value = (index: number): number => slots[slotOf[index] as number] as number;
  const refOf = (index: number): FactRef => strategy.facts[index]?.ref ?? { fact: "?" };
  const leftValue = value(leaf.left);
  const rightValue = "fact" in right ? value(right.fact) : "value" in right ? right.value : Number.NaN;
  const known = Number.isFinite(leftValue) && ("values" in right || Number.isFinite(rightValue));
  const other = "values" in right ? right.values : rightValue;
  const { kind } = strategy.facts[leaf.left]?.spec ?? {};
  return {
    op: "leaf",
    truth: wordOf(!known ? UNKNOWN : holds(operator, leftValue, other) ? TRUE : FALSE),
    left: refOf(leaf.left),
    leftValue,
    operator,
    right: "fact" in right ? refOf(right.fact) : "value" in right ? right.value : right.values,
    rightValue,
    underWay: kind === "bars_true" ? leftValue > 0 : kind === "seconds_true" && leftValue >= 0,
  };
}

interface Walk {
  /** What the part should be; under `not` the opposite. */
  readonly wanted?: boolean;
  readonly passes?: (leaf: JudgedLeaf) => boolean;
}

/** The first comparison whose change would help; under `not`, one that is true. */
export function blockingLeaf(node: JudgedNode, { wanted = true, passes = () => false }: Walk = {}): JudgedLeaf | null {
  if (node.op === "leaf") {
    if (wanted && passes(node)) return null;
    return node.truth === (wanted ? "true" : "false") ? null : node;
  }
  if (node.op === "not") return blockingLeaf(node.kids[0] as JudgedNode, { wanted: !wanted, passes });
  const leaves = node.kids.map((kid) => blockingLeaf(kid, { wanted, passes }));
  const oneIsEnough = (node.op === "any") === wanted;
  if (oneIsEnough && leaves.includes(null)) return null;
  return leaves.find((leaf) => leaf !== null) ?? null;
}

/** The comparison that a condition was missed by. */
export interface Miss {
  /** How much of their size its two sides are apart: 0.01 is one percent. Infinity where that has no meaning: an unknown fact, a list, `!=`. */
  readonly distance: number;
  readonly leaf: JudgedLeaf | null;
}

/** On the easiest way to true, the comparison that is farthest from what it should be; distance 0: nothing is missing. */
export function missOf(node: JudgedNode, wanted = true): Miss {
  if (node.truth === "unknown") return { distance: Number.POSITIVE_INFINITY, leaf: unknownLeaf(node) };
  if (node.op === "leaf") return { distance: distanceOf(node, wanted), leaf: node };
  if (node.op === "not") return missOf(node.kids[0] as JudgedNode, !wanted);
  const isFarthest = (node.op === "all") === wanted;
  let found: Miss = { distance: isFarthest ? 0 : Number.POSITIVE_INFINITY, leaf: null };
  for (const kid of node.kids) {
    const miss = missOf(kid, wanted);
    if (isFarthest ? miss.distance > found.distance : miss.distance < found.distance) found = miss;
  }
  return found;
}

function distanceOf({ truth, leftValue, rightValue }: JudgedLeaf, wanted: boolean): number {
  if ((truth === "true") === wanted) return 0;
  const size = Math.max(Math.abs(leftValue), Math.abs(rightValue));
  const distance = Math.abs(leftValue - rightValue) / size;
  return distance > 0 ? distance : Number.POSITIVE_INFINITY;
}

/** What makes an unknown condition unknown, first. */
export function unknownLeaf(node: JudgedNode): JudgedLeaf | null {
  if (node.op === "leaf") return node.truth === "unknown" ? node : null;
  for (const kid of node.kids) {
    const leaf = unknownLeaf(kid);
    if (leaf !== null) return leaf;
  }
  return null;
}

// ---------------------------------------------------------------------------------------------- unknown

export interface UnknownFact {
  readonly fact: FactRef;
  readonly kind: FactSpec["kind"];
  readonly symbol: string;
  /** Size of the bars that it is computed on. */
  readonly on: string;
  /** Bars of that size before its first value. */
  readonly warmup: number;
  /** Evaluations or seconds that it must have seen. */
  readonly horizon: number | null;
}

/** The facts that are unknown by themselves: what is computed from them is unknown because of them. */
export function unknownFacts({ facts }: Place, condition: Condition, slots: Slots): readonly UnknownFact[] {
  const { strategy, slotOf } = facts;
  const found = new Map<number, UnknownFact>();
  const isUnknown = (index: number): boolean => !Number.isFinite(slots[slotOf[index] as number]);
  const walk = (index: number): void => {
    const { ref, spec, warmup } = strategy.facts[index] as Fact;
    const inputs = inputsOf(spec).filter(isPlaced).filter(isUnknown);
    if (inputs.length > 0) return inputs.forEach(walk);
    const { symbol, size } = spec.series;
    const horizon =
      spec.kind === "bars_since" ? spec.horizon : spec.kind === "seconds_since" ? spec.horizonSeconds : null;
    const common = { fact: ref, kind: spec.kind, on: size.label, warmup, horizon };
    found.set(index, { ...common, symbol: symbol ?? facts.symbol });
  };
  const isPlaced = (index: number): boolean => slotOf[index] !== undefined;
  [...factsOf(condition)].filter(isUnknown).forEach(walk);
  return [...found.values()];
}
