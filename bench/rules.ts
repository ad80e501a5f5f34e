/**
 * `npm run bench:rules`: what judging many rules on one symbol costs, beside the closures and json-rules-engine.
 *
 * Owns: measuring and printing. Facts follow a random walk, three of ten move at each evaluation; nothing fires.
 */
import { Engine } from "json-rules-engine";
import { toCanonical } from "../engine/core/canonical.ts";
import type { Condition, Fact, Operator } from "../engine/core/program.ts";
import { Evaluator } from "../engine/core/signals/conditions.ts";
import { Flips } from "../engine/core/signals/flips.ts";
import { random } from "./program.ts";

const FACTS = 10;
const RULES = 1_000;
const OPERATORS: readonly Operator[] = ["lessThan", "lessThanInclusive", "greaterThan", "greaterThanInclusive"];

const next = random(3);
const pick = (count: number): number => Math.floor(next() * count);

function condition(): Condition {
  const leaf = (): Condition => {
    const right = next() < 0.25 ? { fact: pick(FACTS) } : { value: Math.round(next() * 1_000) / 10 };
    return { op: "leaf", left: pick(FACTS), operator: OPERATORS[pick(4)] as Operator, right };
  };
  return { op: "all", kids: [leaf(), leaf(), { op: "any", kids: [leaf(), leaf()] }] };
}

const conditions = Array.from({ length: RULES }, condition);
const slotOf = (fact: number): number => fact;
const flips = new Flips(conditions, slotOf);
const closures = conditions.map((one) => new Evaluator(one, slotOf));

function walk(slots: Float64Array): void {
  for (let i = 0; i < 3; i++) {
    const at = pick(FACTS);
    slots[at] = Math.min(100, Math.max(0, (slots[at] as number) + (next() - 0.5)));
  }
}

function nsOf(count: number, work: (slots: Float64Array) => void): number {
  const slots = Float64Array.from({ length: FACTS }, () => next() * 100);
  for (let i = 0; i < Math.min(count, 2_000); i++) {
    walk(slots);
    work(slots);
  }
  const started = process.hrtime.bigint();
  for (let i = 0; i < count; i++) {
    walk(slots);
    work(slots);
  }
  return Number(process.hrtime.bigint() - started) / count;
}

/** One engine with all rules, facts as constants of the run: its fastest way. */
async function nsOfJsonRules(count: number): Promise<number> {
  const facts = Array.from({ length: FACTS }, (_, i): Fact => {
    const spec = {
      kind: "const",
      series: { symbol: null, size: { label: "1m", ms: 60_000, kind: "intraday" } },
      value: 0,
    };
    return { key: `f${i}`, ref: { fact: `f${i}` }, warmup: 0, spec } as Fact;
  });
  const engine = new Engine();
  for (const one of conditions)
    engine.addRule({ conditions: toCanonical(facts, one) as never, event: { type: "match" } });
  const slots = Float64Array.from({ length: FACTS }, () => next() * 100);
  const run = async (): Promise<void> => {
    walk(slots);
    await engine.run(Object.fromEntries([...slots].map((value, i) => [`f${i}`, value])));
  };
  await run();
  const started = process.hrtime.bigint();
  for (let i = 0; i < count; i++) await run();
  return Number(process.hrtime.bigint() - started) / count;
}

let sum = 0;
const moved = nsOf(2_000_000, () => undefined);
const byFlips = nsOf(2_000_000, (slots) => {
  flips.commit(slots);
  sum += flips.changedCount;
});
const byClosures = nsOf(20_000, (slots) => {
  for (const one of closures) sum += one.evaluate(slots);
});
const byJsonRules = await nsOfJsonRules(20);
const shown = (ns: number): string => `${Math.round(ns).toLocaleString("en-US")} ns`.padStart(16);
console.log(
  `Node ${process.version}; ${RULES} rules of four comparisons on one symbol, three of ten facts move (${sum})\n`,
);
console.log(`moving the facts alone     ${shown(moved)}`);
console.log(`flips                      ${shown(byFlips)}   target 1,000 ns`);
console.log(`closures, every rule       ${shown(byClosures)}   x${(byClosures / byFlips).toFixed(0)}`);
console.log(
  `json-rules-engine          ${shown(byJsonRules)}   x${(byJsonRules / byFlips).toFixed(0)}, target x20,000`,
);
