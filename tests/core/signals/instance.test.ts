/** Rules are only looked at when something can come of it: the same as looking at each of them every time. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BookView } from "../../../engine/core/event.ts";
import type { Condition, Rule } from "../../../engine/core/program.ts";
import { Evaluator } from "../../../engine/core/signals/conditions.ts";
import { advance, newRuleState } from "../../../engine/core/signals/firing.ts";
import { instancesOf } from "../../../engine/core/signals/flip-groups.ts";
import type { InstanceFacts } from "../../../engine/core/signals/instance-facts.ts";
import type { Instance } from "../../../engine/core/signals/instance.ts";
import { runs } from "../../support/runs.ts";
import { done } from "../../../engine/core/signals/work.ts";

const FACTS = 4;
const leaf = fc.record({
  op: fc.constant("leaf" as const),
  left: fc.nat(FACTS - 1),
  operator: fc.constantFrom("lessThan" as const, "greaterThanInclusive" as const),
  right: fc.record({ value: fc.constantFrom(1, 2, 3) }),
});
const condition: fc.Arbitrary<Condition> = fc.oneof(
  leaf,
  fc.record({
    op: fc.constantFrom("all" as const, "any" as const),
    kids: fc.array(leaf, { minLength: 2, maxLength: 3 }),
  }),
);
const MARKET = { type: "market", timeInForce: "day", extendedHours: false } as const;
const rule: fc.Arbitrary<Omit<Rule, "name" | "index" | "digest" | "source" | "priority">> = fc.record(
  {
    condition,
    action: fc.constantFrom<Rule["action"]>(
      { kind: "alert", message: [], level: "info" },
      { kind: "close", order: MARKET },
    ),
    fire: fc.constantFrom("once" as const, "each" as const),
    start: fc.constantFrom("wait" as const, "fire" as const),
    rearm: condition,
    cooldown: fc.constantFrom<NonNullable<Rule["cooldown"]>>({ bars: 3 }, { ms: 120_000 }),
    limit: fc.constant({ count: 2, per: "day" } as const),
    oncePer: fc.constantFrom("bar" as const, "session" as const),
  },
  { requiredKeys: ["condition", "action", "fire", "start"] },
);
const step = fc.record({
  moves: fc.array(fc.tuple(fc.nat(FACTS - 1), fc.constantFrom(0, 1, 2, 3, 4, Number.NaN)), { maxLength: 3 }),
  trading: fc.boolean(),
  held: fc.constantFrom(0, 0, 5),
  newDay: fc.boolean(),
});

const BOOK: Omit<BookView, "qty" | "openQty"> = {
  ...{ strategy: "s", symbol: "S", avgPrice: 1, openedAt: 0, entryOpen: false, exitOpen: false },
  ...{ closing: false, waiting: false, guarded: false },
};

function instanceOf(rules: readonly Rule[]): Instance {
  const facts = {
    key: "s/S",
    strategy: { name: "s", rules, facts: [] },
    symbol: "S",
    moment: { time: 0, index: 0, start: 0, bars: 0, repeat: 0 },
    slotOf: Array.from({ length: FACTS }, (_, i) => i),
    nodes: [],
    early: [],
    sequences: new Map(),
  };
  // What an evaluation reads of its facts, and nothing else.
  return done(instancesOf([facts as unknown as InstanceFacts]))[0] as Instance;
}

describe("an evaluation", () => {
  it("finds the firings, latches, counters and blocked exits of a look at every rule", () => {
    fc.assert(
      fc.property(
        fc.array(rule, { minLength: 1, maxLength: 40 }),
        fc.array(step, { maxLength: 30 }),
        (drafts, steps) => {
          const rules = drafts.map((draft, index): Rule => {
            return {
              ...draft,
              name: `r${index}`,
              index,
              priority: 0,
              digest: "",
              source: { file: "", line: 1, column: 1 },
            };
          });
          const instance = instanceOf(rules);
          const slots = new Float64Array(FACTS).fill(Number.NaN);
          const same = (fact: number): number => fact;
          const plain = rules.map((one) => ({
            rule: one,
            truth: new Evaluator(one.condition, same),
            rearm: one.rearm === undefined ? undefined : new Evaluator(one.rearm, same),
            state: newRuleState(one),
            blocked: false,
          }));
          let day = 1;
          for (const [i, { moves, trading, held, newDay }] of steps.entries()) {
            if (newDay) day++;
            for (const [fact, to] of moves) slots[fact] = to;
            const { moment } = instance.facts;
            Object.assign(moment, { time: i * 60_000, index: i + 1, start: (i - 1) * 60_000, bars: i + 1 });
            const found = instance.evaluate(slots, day, { ...BOOK, qty: held, openQty: held }, trading);
            const fired: string[] = [];
            const blocked: string[] = [];
            for (const one of plain) {
              const truth = one.truth.evaluate(slots);
              const isExit = one.rule.action.kind === "close";
              const isBlocked = truth === -1 && held !== 0 && isExit;
              if (isBlocked && !one.blocked && trading) blocked.push(one.rule.name);
              one.blocked = isBlocked && trading;
              const rearm = one.rearm?.evaluate(slots) ?? -1;
              const useful = truth === 1 && (!isExit || held !== 0);
              const context = { ...moment, day, truth, rearm, useful, trading };
              if (advance(one.rule, one.state, context) === "fires") fired.push(one.rule.name);
            }
            expect(found.fired.map((one) => one.rule.name).sort()).toEqual(fired.sort());
            expect(found.blockedExits.map(({ name }) => name)).toEqual(blocked);
            expect(instance.rules.map(({ state }) => state)).toEqual(plain.map(({ state }) => state));
          }
        },
      ),
      { numRuns: runs(300) },
    );
  });
});
