/** Flips against the readable reference: the same answers after every change, whatever changes and in whatever order. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Condition, LeafCondition, Operator } from "../../../engine/core/program.ts";
import { Evaluator } from "../../../engine/core/signals/conditions.ts";
import { Flips } from "../../../engine/core/signals/flips.ts";
import { runs } from "../../support/runs.ts";

const SLOTS = 6;
const CONSTANTS = [0, 1, 5, 5.5, 30, 70, -3];
/** At the constants, beside them, unknown, infinite, and both zeros. */
const value = fc.constantFrom(...CONSTANTS, -0, 4.999, 29, 31, 71, Number.NaN, Number.POSITIVE_INFINITY, -Infinity);

const numeric: readonly Operator[] = [
  ...(["lessThan", "lessThanInclusive", "greaterThan", "greaterThanInclusive", "equal", "notEqual"] as const),
];
const leaf: fc.Arbitrary<LeafCondition> = fc.oneof(
  fc.record({
    op: fc.constant("leaf" as const),
    left: fc.nat(SLOTS - 1),
    operator: fc.constantFrom(...numeric),
    right: fc.oneof(fc.record({ value: fc.constantFrom(...CONSTANTS) }), fc.record({ fact: fc.nat(SLOTS - 1) })),
  }),
  fc.record({
    op: fc.constant("leaf" as const),
    left: fc.nat(SLOTS - 1),
    operator: fc.constantFrom("in" as const, "notIn" as const),
    right: fc.record({ values: fc.subarray(CONSTANTS, { minLength: 1 }) }),
  }),
);
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.record({ op: fc.constant("all" as const), kids: fc.array(tie("condition"), { minLength: 1, maxLength: 4 }) }),
    fc.record({ op: fc.constant("any" as const), kids: fc.array(tie("condition"), { minLength: 1, maxLength: 4 }) }),
    fc.record({ op: fc.constant("not" as const), kid: tie("condition") }),
  ),
}));
/** Some slots at once, as an evaluation moves them. */
const change = fc.array(fc.tuple(fc.nat(SLOTS - 1), value), { minLength: 0, maxLength: 4 });

/** Facts and slots are not the same numbers. */
const slotOf = (fact: number): number => 2 * fact + 1;

describe("flips", () => {
  it("give the answers of the closures after every commit, and tell exactly what changed", () => {
    fc.assert(
      fc.property(
        fc.array(condition, { minLength: 1, maxLength: 12 }),
        fc.array(change, { maxLength: 40 }),
        (all, changes) => {
          const slots = new Float64Array(2 * SLOTS).fill(Number.NaN);
          const flips = new Flips(all, slotOf);
          const reference = all.map((one) => new Evaluator(one, slotOf));
          let before: number[] = all.map(() => -1);
          for (const moves of [[], ...changes]) {
            for (const [fact, to] of moves) slots[slotOf(fact)] = to;
            flips.commit(slots);
            const expected = reference.map((one) => one.evaluate(slots) as number);
            expect(all.map((_, i) => flips.truth(i) as number)).toEqual(expected);
            const changed = [...flips.changed.subarray(0, flips.changedCount)].sort((a, b) => a - b);
            expect(changed).toEqual(expected.flatMap((truth, i) => (truth === before[i] ? [] : [i])));
            before = expected;
          }
        },
      ),
      { numRuns: runs(400) },
    );
  });

  it("of one owner share a network and disturb each other in nothing, also where the facts of one coincide", () => {
    const numberings = [slotOf, (fact: number): number => 2 * fact, (fact: number): number => 2 * Math.max(fact, 1)];
    fc.assert(
      fc.property(
        fc.array(condition, { minLength: 1, maxLength: 6 }),
        fc.array(change, { maxLength: 20 }),
        (all, changes) => {
          const slots = new Float64Array(2 * SLOTS).fill(Number.NaN);
          const siblings = numberings.map((numbering) => ({
            flips: new Flips(all, numbering, all),
            reference: all.map((one) => new Evaluator(one, numbering)),
          }));
          for (const moves of changes) {
            for (const [fact, to] of moves) for (const numbering of numberings) slots[numbering(fact)] = to;
            for (const { flips } of siblings) flips.commit(slots);
            for (const { flips, reference } of siblings)
              expect(all.map((_, i) => flips.truth(i))).toEqual(reference.map((one) => one.evaluate(slots)));
          }
        },
      ),
      { numRuns: runs(200) },
    );
  });

  it("look at a shared part once, however many ways lead to it", () => {
    // A chain of exclusive-or: each level is reached on two ways, so that 2^12 lead to the top.
    const bit: Condition = { op: "leaf", left: 0, operator: "greaterThan", right: { value: 0 } };
    const xor = (a: Condition, b: Condition): Condition => ({
      op: "any",
      kids: [
        { op: "all", kids: [a, { op: "not", kid: b }] },
        { op: "all", kids: [{ op: "not", kid: a }, b] },
      ],
    });
    let top: Condition = bit;
    for (let i = 0; i < 12; i++) top = xor(top, { op: "leaf", left: 1, operator: "greaterThan", right: { value: i } });
    const whole: Condition = { op: "all", kids: [top, top] };
    const flips = new Flips([whole], (fact) => fact);
    const closure = new Evaluator(whole, (fact) => fact);
    const slots = new Float64Array(2);
    for (let i = 0; i < 200; i++) {
      slots[0] = (i % 2) - 0.5;
      slots[1] = (i * 7) % 14;
      flips.commit(slots);
      expect(flips.truth(0)).toBe(closure.evaluate(slots));
    }
  });

  it("turn exactly at a threshold", () => {
    const at = (operator: Operator): Condition => ({ op: "leaf", left: 0, operator, right: { value: 30 } });
    const flips = new Flips(numeric.map(at), (fact) => fact);
    const slots = new Float64Array(1);
    const seen = [29, 30, 31, 30, 29].map((now) => {
      slots[0] = now;
      flips.commit(slots);
      return numeric.map((_, i) => flips.truth(i)).join("");
    });
    expect(seen).toEqual(["110001", "010110", "001101", "010110", "110001"]);
  });
});
