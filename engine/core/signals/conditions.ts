/**
 * Conditions as closures over the slots of facts.
 *
 * Owns: the readable reference evaluator, and three-valued truth: a condition that mentions an unknown fact is
 * unknown, but each alternative of a top-level `any` stands by itself. Rules are judged by flips.ts, which must always
 * agree; temporal facts, views and frozen firings ask here.
 * May not: know rules, firing or symbols.
 */
import type { Condition, LeafCondition } from "../program.ts";
import { factsOf } from "../canonical.ts";

export type Slots = Float64Array;
export type Truth = -1 | 0 | 1;
export const UNKNOWN: Truth = -1;
export const FALSE: Truth = 0;
export const TRUE: Truth = 1;

export type Test = (slots: Slots) => boolean;

/** Compiles a condition whose facts are all known. `slotOf` maps a fact index to its slot. */
export function compileTest(condition: Condition, slotOf: (fact: number) => number): Test {
  switch (condition.op) {
    case "all":
      return all(condition.kids.map((kid) => compileTest(kid, slotOf)));
    case "any":
      return any(condition.kids.map((kid) => compileTest(kid, slotOf)));
    case "not": {
      const kid = compileTest(condition.kid, slotOf);
      return (slots) => !kid(slots);
    }
    case "leaf":
      return compileLeaf(condition, slotOf);
  }
}

function all(tests: readonly Test[]): Test {
  const [a, b, c] = tests;
  if (tests.length === 1 && a) return a;
  if (tests.length === 2 && a && b) return (slots) => a(slots) && b(slots);
  if (tests.length === 3 && a && b && c) return (slots) => a(slots) && b(slots) && c(slots);
  return (slots) => {
    for (const test of tests) if (!test(slots)) return false;
    return true;
  };
}

function any(tests: readonly Test[]): Test {
  const [a, b] = tests;
  if (tests.length === 1 && a) return a;
  if (tests.length === 2 && a && b) return (slots) => a(slots) || b(slots);
  return (slots) => {
    for (const test of tests) if (test(slots)) return true;
    return false;
  };
}

function compileLeaf(leaf: LeafCondition, slotOf: (fact: number) => number): Test {
  const left = slotOf(leaf.left);
  const { right } = leaf;
  if ("values" in right) {
    const set = new Set(right.values);
    return leaf.operator === "notIn"
      ? (slots) => !set.has(slots[left] as number)
      : (slots) => set.has(slots[left] as number);
  }
  return "fact" in right ? factTest(leaf, left, slotOf(right.fact)) : constantTest(leaf, left, right.value);
}

function constantTest(leaf: LeafCondition, left: number, value: number): Test {
  switch (leaf.operator) {
    case "lessThan":
      return (slots) => (slots[left] as number) < value;
    case "lessThanInclusive":
      return (slots) => (slots[left] as number) <= value;
    case "greaterThan":
      return (slots) => (slots[left] as number) > value;
    case "greaterThanInclusive":
      return (slots) => (slots[left] as number) >= value;
    case "equal":
      return (slots) => slots[left] === value;
    case "notEqual":
      return (slots) => slots[left] !== value;
    case "in":
    case "notIn":
      throw new RangeError(`${leaf.operator} needs a list`);
  }
}

function factTest(leaf: LeafCondition, left: number, right: number): Test {
  switch (leaf.operator) {
    case "lessThan":
      return (slots) => (slots[left] as number) < (slots[right] as number);
    case "lessThanInclusive":
      return (slots) => (slots[left] as number) <= (slots[right] as number);
    case "greaterThan":
      return (slots) => (slots[left] as number) > (slots[right] as number);
    case "greaterThanInclusive":
      return (slots) => (slots[left] as number) >= (slots[right] as number);
    case "equal":
      return (slots) => slots[left] === slots[right];
    case "notEqual":
      return (slots) => slots[left] !== slots[right];
    case "in":
    case "notIn":
      throw new RangeError(`${leaf.operator} needs a list`);
  }
}

interface Alternative {
  readonly condition: Condition;
  readonly slots: readonly number[];
  readonly test: Test;
}

export class Evaluator {
  readonly #condition: Condition;
  readonly #slotOf: (fact: number) => number;
  #compiled: readonly Alternative[] | undefined;

  constructor(condition: Condition, slotOf: (fact: number) => number) {
    this.#condition = condition;
    this.#slotOf = slotOf;
  }

  /** Compiled when first asked for: of a thousand symbols most never fire. */
  get #alternatives(): readonly Alternative[] {
    const condition = this.#condition;
    const parts = condition.op === "any" ? condition.kids : [condition];
    this.#compiled ??= parts.map((part) => ({
      condition: part,
      slots: [...new Set([...factsOf(part)].map(this.#slotOf))],
      test: compileTest(part, this.#slotOf),
    }));
    return this.#compiled;
  }

  evaluate(slots: Slots): Truth {
    let unknown = false;
    for (const alternative of this.#alternatives) {
      if (!ready(alternative, slots)) unknown = true;
      else if (alternative.test(slots)) return TRUE;
    }
    return unknown ? UNKNOWN : FALSE;
  }

  /** The part whose facts are all known; what another evaluator may be asked about. Undefined when nothing is known. */
  known(slots: Slots): Condition | undefined {
    const kids = this.#alternatives
      .filter((alternative) => ready(alternative, slots))
      .map((alternative) => alternative.condition);
    if (kids.length === 0) return undefined;
    return kids.length === 1 ? kids[0] : { op: "any", kids };
  }
}

function ready(alternative: Alternative, slots: Slots): boolean {
  for (const slot of alternative.slots) if (!Number.isFinite(slots[slot])) return false;
  return true;
}
