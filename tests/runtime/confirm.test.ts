import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refKey, toCanonical } from "../../engine/core/canonical.ts";
import type { Firing } from "../../engine/core/event.ts";
import type { Condition, Fact, LeafCondition, Operator } from "../../engine/core/program.ts";
import { Evaluator } from "../../engine/core/signals/conditions.ts";
import { DAY } from "../../engine/market/bar-size.ts";
import { confirm } from "../../engine/runtime/confirm.ts";
import { runs } from "../support/runs.ts";

const NAMES = ["a", "b", "c"];
const facts: readonly Fact[] = NAMES.map((name, index) => ({
  key: name,
  ref: index === 2 ? { fact: "sma", params: { period: 20, on: "1d" } } : { fact: name },
  spec: { kind: "const", series: { symbol: null, size: DAY }, value: 0 },
  warmup: 0,
}));

function firing(condition: Condition, values: readonly number[]): Firing {
  const entries = facts.map((fact, index) => [refKey(fact.ref), values[index] as number] as const);
  return {
    id: "s/r/A/1",
    program: "p",
    strategy: "s",
    rule: "r",
    symbol: "A",
    time: 1,
    price: 1,
    values: {},
    condition: toCanonical(facts, condition),
    facts: Object.fromEntries(entries),
  };
}

const number = fc.constantFrom(-3, 0, 1, 5, 5.5, 30, 70);
const leaf: fc.Arbitrary<LeafCondition> = fc
  .record({
    left: fc.nat(2),
    operator: fc.constantFrom<Operator>(
      "lessThan",
      "lessThanInclusive",
      "greaterThan",
      "greaterThanInclusive",
      "equal",
      "notEqual",
      "in",
      "notIn",
    ),
    value: number,
    values: fc.array(number, { minLength: 1, maxLength: 3 }),
    other: fc.nat(2),
    useFact: fc.boolean(),
  })
  .map(({ left, operator, value, values, other, useFact }) => ({
    op: "leaf",
    left,
    operator,
    right: operator === "in" || operator === "notIn" ? { values } : useFact ? { fact: other } : { value },
  }));
const condition: fc.Arbitrary<Condition> = fc.letrec<{ node: Condition }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    leaf,
    fc.record({
      op: fc.constantFrom("all" as const, "any" as const),
      kids: fc.array(tie("node"), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ op: fc.constant("not" as const), kid: tie("node") }),
  ),
})).node;

describe("json-rules-engine as the second opinion", () => {
  it("agrees with the closures on random conditions and known facts", async () => {
    await fc.assert(
      fc.asyncProperty(condition, fc.tuple(number, number, number), async (subject, values) => {
        const slots = Float64Array.from(values);
        const truth = new Evaluator(subject, (index) => index).evaluate(slots);
        const answer = await confirm(firing(subject, values));
        expect(answer.verdict).toBe(truth === 1 ? "agreed" : "disagreed");
      }),
      { numRuns: runs(2_000) },
    );
  });

  it("agrees about the known alternatives when other facts are unknown, and unknown never fires", async () => {
    const value = fc.oneof({ weight: 2, arbitrary: number }, fc.constant(Number.NaN));
    await fc.assert(
      fc.asyncProperty(condition, fc.tuple(value, value, value), async (subject, values) => {
        const slots = Float64Array.from(values);
        const evaluator = new Evaluator(subject, (index) => index);
        const known = evaluator.known(slots);
        if (known === undefined) {
          expect(evaluator.evaluate(slots)).toBe(-1);
          return;
        }
        const answer = await confirm(firing(known, values));
        expect(answer.verdict).toBe(evaluator.evaluate(slots) === 1 ? "agreed" : "disagreed");
      }),
      { numRuns: runs(1_000) },
    );
  });

  it("keeps json-rules-engine's result as the explanation", async () => {
    const subject: Condition = {
      op: "all",
      kids: [{ op: "leaf", left: 2, operator: "lessThan", right: { value: 30 } }],
    };
    const answer = await confirm(firing(subject, [0, 0, 22.5]));
    expect(answer.verdict).toBe("agreed");
    const explanation = JSON.parse(answer.explanation ?? "") as {
      conditions: { all: { fact: string; factResult: number; result: boolean }[] };
    };
    expect(explanation.conditions.all[0]).toMatchObject({ fact: "sma", factResult: 22.5, result: true });
  });

  it("fails once, and leaves no rejection behind, when several facts are unknown", async () => {
    const left: unknown[] = [];
    const listen = (reason: unknown): void => void left.push(reason);
    process.on("unhandledRejection", listen);
    const leaf = (fact: number): Condition => ({ op: "leaf", left: fact, operator: "lessThan", right: { value: 30 } });
    const nested: Condition = { op: "any", kids: [{ op: "all", kids: [leaf(0), leaf(1)] }, leaf(2)] };
    const answer = await confirm(firing(nested, [Number.NaN, Number.NaN, Number.NaN]));
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off("unhandledRejection", listen);
    expect(answer.verdict).toBe("failed");
    expect(left).toEqual([]);
  });

  it("fails, and does not fire, when a fact is unknown", async () => {
    const subject: Condition = { op: "leaf", left: 0, operator: "lessThan", right: { value: 30 } };
    const answer = await confirm(firing(subject, [Number.NaN, 0, 0]));
    expect(answer).toMatchObject({ verdict: "failed", error: "the fact a is unknown" });
  });
});
