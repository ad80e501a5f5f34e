/** Flips against the readable reference: the same answers after every change, whatever changes and in whatever order. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Condition, LeafCondition, Operator } from "../../../engine/core/program.ts";
import { Evaluator } from "../../../engine/core/signals/conditions.ts";
import { Flips } from "../../../engine/core/signals/flips.ts";
import type { Networks } from "../../../engine/core/signals/flip-network.ts";
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

const alone = (conditions: readonly Condition[], numbering: (fact: number) => number): Flips =>
  Flips.of([{ name: "s", conditions, slotOf: numbering }]);

describe("flips", () => {
  it("give the answers of the closures after every commit, and tell exactly what changed", () => {
    fc.assert(
      fc.property(
        fc.array(condition, { minLength: 1, maxLength: 12 }),
        fc.array(change, { maxLength: 40 }),
        (all, changes) => {
          const slots = new Float64Array(2 * SLOTS).fill(Number.NaN);
          const flips = alone(all, slotOf);
          const reference = all.map((one) => new Evaluator(one, slotOf));
          let before: number[] = all.map(() => -1);
          for (const moves of [[], ...changes]) {
            for (const [fact, to] of moves) slots[slotOf(fact)] = to;
            flips.commit(0, slots);
            const expected = reference.map((one) => one.evaluate(slots) as number);
            expect(all.map((_, i) => flips.truth(0, i) as number)).toEqual(expected);
            const changed = [...flips.changed.subarray(0, flips.changedCount)].sort((a, b) => a - b);
            expect(changed).toEqual(expected.flatMap((truth, i) => (truth === before[i] ? [] : [i])));
            before = expected;
          }
        },
      ),
      { numRuns: runs(400) },
    );
  });

  /** Four strategies over the same slots: of the second two facts coincide, the third sees one fact of the first, the last none. */
  const numberings = [
    slotOf,
    (fact: number): number => slotOf(Math.max(fact, 1)),
    (fact: number): number => (fact === 0 ? slotOf(0) : 2 * fact),
    (fact: number): number => 2 * fact,
  ];
  const conditionsOfMembers = fc.tuple(
    ...numberings.map(() => fc.array(condition, { maxLength: 5 })),
    fc.array(condition),
  );
  /** Facts move, then some strategies commit, in any order, some of them never. */
  const turn = fc.tuple(
    fc.array(fc.tuple(fc.nat(2 * SLOTS - 1), value), { maxLength: 4 }),
    fc.array(fc.nat(numberings.length - 1), { maxLength: 3 }),
  );

  it("of several strategies are right for whoever commits, and tell it all that turned since its own last commit", () => {
    fc.assert(
      fc.property(conditionsOfMembers, fc.array(turn, { maxLength: 40 }), (drafts, turns) => {
        const common = drafts.pop() ?? [];
        const members = numberings.map((numbering, i) => {
          const conditions = [...common, ...(drafts[i] ?? [])];
          const reference = conditions.map((one) => new Evaluator(one, numbering));
          return { name: `s${i}`, conditions, slotOf: numbering, reference, before: conditions.map(() => -1) };
        });
        const slots = new Float64Array(2 * SLOTS).fill(Number.NaN);
        const flips = Flips.of(members);
        for (const [moves, commits] of turns) {
          for (const [slot, to] of moves) slots[slot] = to;
          for (const which of commits) {
            const member = members[which] as (typeof members)[number];
            flips.commit(which, slots);
            const expected = member.reference.map((one) => one.evaluate(slots) as number);
            expect(expected.map((_, i) => flips.truth(which, i) as number)).toEqual(expected);
            const changed = [...flips.changed.subarray(0, flips.changedCount)];
            expect(changed).toEqual(expected.flatMap((truth, i) => (truth === member.before[i] ? [] : [i])));
            member.before = expected;
          }
        }
      }),
      { numRuns: runs(400) },
    );
  });

  it("look at equal parts of several strategies once, and at more than a word of conditions", () => {
    const at = (i: number): Condition => ({ op: "leaf", left: 0, operator: "greaterThan", right: { value: i } });
    const conditions = Array.from({ length: 70 }, (_, i) => at(i % 35));
    const networks: Networks = new Map();
    const members = ["a", "b", "c"].map((name) => ({ name, conditions, slotOf: (fact: number) => fact }));
    const flips = Flips.of(members, networks);
    const [network] = networks.values();
    expect(network?.nodes.kind).toHaveLength(35);
    const slots = new Float64Array(1).fill(40);
    for (const member of [0, 2, 1]) {
      flips.commit(member, slots);
      expect([...flips.changed.subarray(0, flips.changedCount)]).toEqual(conditions.map((_, i) => i));
      flips.commit(member, slots);
      expect(flips.changedCount).toBe(0);
    }
  });

  it("keep a fact that moved and came back between two commits of its strategy apart from what others saw of it", () => {
    // The first strategy reads fact 0 alone; the second compares it with fact 1, which nobody else commits.
    const [low, high]: Condition[] = [
      { op: "leaf", left: 0, operator: "greaterThan", right: { value: 5 } },
      { op: "leaf", left: 0, operator: "greaterThan", right: { fact: 1 } },
    ];
    const same = (fact: number): number => fact;
    const flips = Flips.of([
      { name: "a", conditions: [low as Condition], slotOf: same },
      { name: "b", conditions: [high as Condition], slotOf: same },
    ]);
    const slots = Float64Array.of(6, 3);
    flips.commit(1, slots);
    expect(flips.truth(1, 0)).toBe(1);
    slots.set([7, 8]);
    flips.commit(0, slots);
    slots.set([7, 3]);
    flips.commit(1, slots);
    expect(flips.truth(1, 0)).toBe(1);
    expect(flips.changedCount).toBe(0);
  });

  it("of one name share a network in all symbols and disturb each other in nothing, also where facts coincide", () => {
    fc.assert(
      fc.property(
        fc.array(condition, { minLength: 1, maxLength: 6 }),
        fc.array(change, { maxLength: 20 }),
        (all, changes) => {
          const slots = new Float64Array(2 * SLOTS).fill(Number.NaN);
          const networks: Networks = new Map();
          const siblings = [...numberings.slice(0, 2), numberings[3] as typeof slotOf].map((numbering) => ({
            flips: Flips.of([{ name: "s", conditions: all, slotOf: numbering }], networks),
            reference: all.map((one) => new Evaluator(one, numbering)),
          }));
          expect(networks.size).toBeLessThan(3);
          for (const moves of changes) {
            for (const [fact, to] of moves) for (const numbering of numberings) slots[numbering(fact)] = to;
            for (const { flips } of siblings) flips.commit(0, slots);
            for (const { flips, reference } of siblings)
              expect(all.map((_, i) => flips.truth(0, i))).toEqual(reference.map((one) => one.evaluate(slots)));
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
    const flips = alone([whole], (fact) => fact);
    const closure = new Evaluator(whole, (fact) => fact);
    const slots = new Float64Array(2);
    for (let i = 0; i < 200; i++) {
      slots[0] = (i % 2) - 0.5;
      slots[1] = (i * 7) % 14;
      flips.commit(0, slots);
      expect(flips.truth(0, 0)).toBe(closure.evaluate(slots));
    }
  });

  it("turn exactly at a threshold", () => {
    const at = (operator: Operator): Condition => ({ op: "leaf", left: 0, operator, right: { value: 30 } });
    const flips = alone(numeric.map(at), (fact) => fact);
    const slots = new Float64Array(1);
    const seen = [29, 30, 31, 30, 29].map((now) => {
      slots[0] = now;
      flips.commit(0, slots);
      return numeric.map((_, i) => flips.truth(0, i)).join("");
    });
    expect(seen).toEqual(["110001", "010110", "001101", "010110", "110001"]);
  });
});
