/**
 * What judging many rules on one symbol costs, of one strategy and of many, beside the closures and json-rules-engine.
 *
 * Owns: those figures. Facts follow a random walk; nothing fires.
 */
import { Engine } from "json-rules-engine";
import { toCanonical } from "../engine/core/canonical.ts";
import type { Condition, Fact, Operator } from "../engine/core/program.ts";
import { Evaluator } from "../engine/core/signals/conditions.ts";
import { Flips } from "../engine/core/signals/flips.ts";
import { random } from "./program.ts";
import { fastest, stopwatch } from "./row.ts";
import type { Row } from "./row.ts";

const FACTS = 10;
const RULES = 1_000;
const OPERATORS: readonly Operator[] = ["lessThan", "lessThanInclusive", "greaterThan", "greaterThanInclusive"];

const next = random(3);
const pick = (count: number): number => Math.floor(next() * count);

function leaf(): Condition {
  const right = next() < 0.25 ? { fact: pick(FACTS) } : { value: Math.round(next() * 1_000) / 10 };
  return { op: "leaf", left: pick(FACTS), operator: OPERATORS[pick(4)] as Operator, right };
}

function condition(part: () => Condition): Condition {
  return { op: "all", kids: [part(), part(), { op: "any", kids: [part(), part()] }] };
}

const conditions = Array.from({ length: RULES }, () => condition(leaf));
const slotOf = (fact: number): number => fact;
const flips = Flips.of([{ name: "", conditions, slotOf }]);
const closures = conditions.map((one) => new Evaluator(one, slotOf));

const STRATEGIES = 100;
/** What everybody watches. Of sixteen comparisons a strategy makes about one that no other does. */
const common = Array.from({ length: 20 }, leaf);
const members = Array.from({ length: STRATEGIES }, (_, i) => ({
  name: `s${i}`,
  conditions: Array.from({ length: RULES / STRATEGIES }, () =>
    condition(() => (next() < 1 / 16 ? leaf() : (common[pick(20)] as Condition))),
  ),
  slotOf,
}));

/** `count` of the facts move, or all of them as at the close of a bar. */
function walk(slots: Float64Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const at = count === FACTS ? i : pick(FACTS);
    slots[at] = Math.min(100, Math.max(0, (slots[at] as number) + (next() - 0.5)));
  }
}

function nsOf(count: number, work: (slots: Float64Array) => void, moving = 3): number {
  const slots = Float64Array.from({ length: FACTS }, () => next() * 100);
  for (let i = 0; i < Math.min(count, 2_000); i++) {
    walk(slots, moving);
    work(slots);
  }
  const seconds = stopwatch();
  for (let i = 0; i < count; i++) {
    walk(slots, moving);
    work(slots);
  }
  return (seconds() * 1e9) / count;
}

/** One engine with all rules, facts as constants of the run: its fastest way. */
async function nsOfJsonRules(count: number, all: readonly Condition[], moving = 3): Promise<number> {
  const facts = Array.from({ length: FACTS }, (_, i): Fact => {
    const spec = {
      kind: "const",
      series: { symbol: null, size: { label: "1m", ms: 60_000, kind: "intraday" } },
      value: 0,
    };
    return { key: `f${i}`, ref: { fact: `f${i}` }, warmup: 0, spec } as Fact;
  });
  const engine = new Engine();
  for (const one of all) engine.addRule({ conditions: toCanonical(facts, one) as never, event: { type: "match" } });
  const slots = Float64Array.from({ length: FACTS }, () => next() * 100);
  const run = async (): Promise<void> => {
    walk(slots, moving);
    await engine.run(Object.fromEntries([...slots].map((value, i) => [`f${i}`, value])));
  };
  await run();
  const seconds = stopwatch();
  for (let i = 0; i < count; i++) await run();
  return (seconds() * 1e9) / count;
}

export async function rulesRows(rounds: number): Promise<Row[]> {
  let sum = 0;
  const least = await fastest(rounds, {
    moving: () => nsOf(1_000_000, () => undefined),
    flips: () =>
      nsOf(1_000_000, (slots) => {
        flips.commit(0, slots);
        sum += flips.changedCount;
      }),
    closures: () =>
      nsOf(10_000, (slots) => {
        for (const one of closures) sum += one.evaluate(slots);
      }),
    jsonRules: () => nsOfJsonRules(10, conditions),
  });
  const detail = `${RULES} rules of four comparisons, three of ten facts move (${sum})`;
  const moving = `moving the facts alone takes ${least.moving.toFixed(0)} ns of it`;
  const what = "1,000 rules on one symbol";
  return [
    {
      what,
      unit: "ns",
      target: { value: 1_000 },
      measured: least.flips,
      baseline: { what: "closures", value: least.closures },
      detail: `${detail}; ${moving}`,
    },
    {
      what: `${what}, times json-rules-engine`,
      unit: "times",
      target: { value: 20_000, atLeast: true },
      measured: least.jsonRules / least.flips,
      baseline: { what: "closures", value: least.jsonRules / least.closures },
      detail: `json-rules-engine: ${(least.jsonRules / 1e6).toFixed(1)} ms a run`,
    },
    await sharedRow(rounds),
  ];
}

/** Strategies that watch nearly the same things, each judged at the same bar, beside a network of its own for each. */
async function sharedRow(rounds: number): Promise<Row> {
  const together = Flips.of(members);
  const apart = members.map((member) => Flips.of([member]));
  const plain = members.flatMap((member) => member.conditions.map((one) => new Evaluator(one, slotOf)));
  let sum = 0;
  const least = await fastest(rounds, {
    together: () =>
      nsOf(
        50_000,
        (slots) => {
          for (let i = 0; i < STRATEGIES; i++) {
            together.commit(i, slots);
            sum += together.changedCount;
          }
        },
        FACTS,
      ),
    apart: () =>
      nsOf(
        20_000,
        (slots) => {
          for (const one of apart) {
            one.commit(0, slots);
            sum += one.changedCount;
          }
        },
        FACTS,
      ),
    closures: () =>
      nsOf(
        5_000,
        (slots) => {
          for (const one of plain) sum += one.evaluate(slots);
        },
        FACTS,
      ),
    jsonRules: () =>
      nsOfJsonRules(
        10,
        members.flatMap((member) => member.conditions),
        FACTS,
      ),
  });
  const others = `closures ${(least.closures / 1e3).toFixed(0)} us, json-rules-engine ${(least.jsonRules / 1e6).toFixed(1)} ms`;
  return {
    what: `${STRATEGIES} strategies of ${RULES / STRATEGIES} rules on one symbol`,
    unit: "ns",
    target: null,
    measured: least.together,
    baseline: { what: "a network each", value: least.apart },
    detail: `15 of 16 comparisons are common, all ten facts move (${sum}); ${others}`,
  };
}
