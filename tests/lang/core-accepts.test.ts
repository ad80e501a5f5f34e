/** What the language makes is what the core runs and what json-rules-engine confirms. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { factsOf, refKey, toCanonical } from "../../engine/core/canonical.ts";
import type { Firing } from "../../engine/core/event.ts";
import type { Strategy } from "../../engine/core/program.ts";
import { Evaluator, TRUE, UNKNOWN } from "../../engine/core/signals/conditions.ts";
import { FactGraph } from "../../engine/core/signals/graph.ts";
import { compile } from "../../engine/lang/compile.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { confirm } from "../../engine/runtime/confirm.ts";
import { done } from "../../engine/core/signals/work.ts";

const text = readFileSync(join(import.meta.dirname, "../golden/lang/ok-all-of-it.yaml"), "utf8");
const { program } = compile({ "a.strategy.yaml": text });
const strategy = program?.strategies[0] as Strategy;

describe("a strategy with every construct", () => {
  it("becomes a graph of facts in which each fact has a slot", () => {
    const account = { equity: 1, cash: 1, buyingPower: 1, dayPnl: 0 };
    const graph = new FactGraph(calendarOf, { book: () => undefined, account });
    done(graph.build([strategy]));
    const [instance] = graph.instances;
    expect(instance?.slotOf).toHaveLength(strategy.facts.length);
    expect([...graph.series.keys()].sort()).toEqual(["QQQ@5m/extended", "SPY@1d/extended", "SPY@5m/extended"]);
  });

  it.each(strategy.rules.map((rule) => rule.name))("rule %s is judged alike by both evaluators", async (name) => {
    const rule = strategy.rules.find((one) => one.name === name);
    if (rule === undefined) throw new Error("no rule");
    for (const base of [-3, 0, 0.5, 2, 29, 40, 600, 8000]) {
      const values = strategy.facts.map((_, index) => base + index / 7);
      const slots = Float64Array.from(values);
      const evaluator = new Evaluator(rule.condition, (fact) => fact);
      const truth = evaluator.evaluate(slots);
      expect(truth).not.toBe(UNKNOWN);
      const facts: Record<string, number> = {};
      for (const index of factsOf(rule.condition)) {
        const fact = strategy.facts[index];
        if (fact !== undefined) facts[refKey(fact.ref)] = values[index] as number;
      }
      const firing: Firing = {
        id: "f",
        program: "p",
        strategy: strategy.name,
        rule: name,
        symbol: "SPY",
        time: 1,
        price: 1,
        values: {},
        condition: toCanonical(strategy.facts, rule.condition),
        facts,
      };
      const answer = await confirm(firing);
      expect(answer.error).toBeNull();
      expect(answer.verdict).toBe(truth === TRUE ? "agreed" : "disagreed");
    }
  });
});
