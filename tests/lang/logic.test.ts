/**
 * The order reasoning against brute force: what it calls impossible no values satisfy, what it calls possible it shows.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Condition, Fact, LeafCondition } from "../../engine/core/program.ts";
import { compileTest } from "../../engine/core/signals/conditions.ts";
import { Logic } from "../../engine/lang/logic/logic.ts";
import { INDICATORS } from "../../engine/catalog/catalog.ts";
import { parseBarSize } from "../../engine/market/bar-size.ts";

const size = parseBarSize("5m");
if (size === undefined) throw new Error("no size");
const series = { symbol: null, size };
const fact = (spec: Fact["spec"], name: string): Fact => ({ key: name, ref: { fact: name }, spec, warmup: 1 });

/** Low, close and high of a bar, a channel over them, the band's outputs, and two facts that nothing is known about. */
const FACTS: readonly Fact[] = [
  fact({ kind: "field", series, field: "low" }, "low"),
  fact({ kind: "field", series, field: "close" }, "close"),
  fact({ kind: "field", series, field: "high" }, "high"),
  fact({ kind: "indicator", series, name: "highest", inputs: [1], params: [2], output: 0 }, "highest"),
  fact({ kind: "quote", series, field: "bid" }, "free"),
];
const RANGES = [0, 0, 0, 0, 1].map((low, at): readonly [number, number] => [
  low,
  at === 4 ? 4 : Number.POSITIVE_INFINITY,
]);

function logic(): Logic {
  return new Logic({
    facts: FACTS,
    qualityOf: (index) => ({ unit: "price", range: RANGES[index] ?? [0, 0] }),
    indicators: INDICATORS,
  });
}

/** The axioms as a person would write them. */
function isMarket([low, close, high, highest, free]: readonly number[]): boolean {
  const values = [low, close, high, highest, free] as [number, number, number, number, number];
  return values[0] <= values[1] && values[1] <= values[2] && values[1] <= values[3] && values[4] >= 1 && values[4] <= 4;
}

/** Constants are 0 to 4, with a step between each two and two beyond: two strict comparisons need as many. */
const COARSE = [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5];

function* assignments(values: readonly number[]): Generator<number[]> {
  for (const low of values)
    for (const close of values)
      if (low <= close)
        for (const high of values)
          if (close <= high)
            for (const highest of values)
              if (close <= highest)
                for (const free of values) if (free >= 1 && free <= 4) yield [low, close, high, highest, free];
}
const MARKETS = [...assignments(COARSE)];

const operators = [
  "lessThan",
  "lessThanInclusive",
  "greaterThan",
  "greaterThanInclusive",
  "equal",
  "notEqual",
] as const;
const index = fc.nat({ max: FACTS.length - 1 });
const number = fc.integer({ min: 0, max: 4 });
const leaf: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    op: fc.constant("leaf" as const),
    left: index,
    operator: fc.constantFrom(...operators),
    right: fc.oneof(fc.record({ value: number }), fc.record({ fact: index })),
  }),
  fc.record({
    op: fc.constant("leaf" as const),
    left: index,
    operator: fc.constantFrom("in" as const, "notIn" as const),
    right: fc.record({ values: fc.uniqueArray(number, { minLength: 1, maxLength: 3 }) }),
  }),
);
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.record({
      op: fc.constantFrom("all" as const, "any" as const),
      kids: fc.array(tie("condition"), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ op: fc.constant("not" as const), kid: tie("condition") }),
  ),
}));

function holds(of: Condition, values: readonly number[]): boolean {
  return compileTest(of, (at) => at)(Float64Array.from(values));
}

const MANY = { numRuns: 400 };

describe("order reasoning and brute force agree", () => {
  it("a contradiction holds at no values of the grid, and a witness is a market at which the condition holds", () => {
    fc.assert(
      fc.property(condition, (one) => {
        const own = logic();
        const verdict = own.satisfiable(one);
        if (verdict === undefined) return;
        const found = MARKETS.find((values) => holds(one, values));
        if (!verdict) expect(found).toBeUndefined();
        const witness = own.witness(one);
        expect(witness !== undefined).toBe(verdict);
        if (witness === undefined) return;
        // What the witness leaves out is not mentioned: any value will do.
        const values = FACTS.map((_, at) => witness.get(own.domain.fact(at)) ?? Number.NaN);
        expect(holds(one, values)).toBe(true);
        expect(isMarket(filled(values))).toBe(true);
      }),
      MANY,
    );
  });

  it("what is always true holds at all values of the grid", () => {
    fc.assert(
      fc.property(condition, (one) => {
        if (logic().always(one) === true) expect(MARKETS.every((values) => holds(one, values))).toBe(true);
      }),
      MANY,
    );
  });

  it("an implication has no counterexample on the grid, and a refused one has a counterexample of its own", () => {
    fc.assert(
      fc.property(condition, condition, (a, b) => {
        const own = logic();
        const verdict = own.implies(a, b);
        const against: Condition = { op: "all", kids: [a, { op: "not", kid: b }] };
        if (verdict === true) expect(MARKETS.some((values) => holds(against, values))).toBe(false);
        if (verdict === false) expect(own.witness(against)).toBeDefined();
      }),
      MANY,
    );
  });

  it("a conjunction of two comparisons is judged exactly", () => {
    fc.assert(
      fc.property(leaf, leaf, (a, b) => {
        const both: Condition = { op: "all", kids: [a, b] };
        expect(logic().satisfiable(both)).toBe(MARKETS.some((values) => holds(both, values)));
      }),
      { numRuns: 1_000 },
    );
  });

  it("gives up beyond 4,096 alternatives instead of guessing", () => {
    const pair = (value: number): Condition => ({ op: "any", kids: [over(0, value), over(1, value)] });
    const many: Condition = { op: "all", kids: Array.from({ length: 13 }, (_, at) => pair(at)) };
    expect(logic().satisfiable(many)).toBeUndefined();
    expect(logic().satisfiable({ op: "all", kids: [pair(1), pair(2)] })).toBe(true);
  });
});

function over(left: number, value: number): LeafCondition {
  return { op: "leaf", left, operator: "greaterThan", right: { value } };
}

/** Values for what a witness does not mention, from its neighbours. */
function filled(values: readonly number[]): number[] {
  const known = (at: number): number | undefined => (Number.isNaN(values[at]) ? undefined : values[at]);
  const close = known(1) ?? known(0) ?? Math.min(known(2) ?? 0, known(3) ?? 0);
  return [known(0) ?? close, close, known(2) ?? close, known(3) ?? close, known(4) ?? 1];
}
