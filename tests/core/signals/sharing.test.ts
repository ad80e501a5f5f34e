/** Several strategies in one program: what they share changes nothing of what any of them decides. */
import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Output } from "../../../engine/core/event.ts";
import type { Program } from "../../../engine/core/program.ts";
import { instancesOf } from "../../../engine/core/signals/flip-groups.ts";
import { Instance } from "../../../engine/core/signals/instance.ts";
import { compile } from "../../../engine/lang/compile.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";
import { runs } from "../../support/runs.ts";

const OPEN = openOf("2024-03-05");

/** Of closed bars alone, of other bars, of the moment, of how long, of another symbol, of ticks, of the book. */
const PARTS = [
  "close > sma(3)",
  "close > 100",
  "rsi(2) < 40",
  "close crosses above sma(3)",
  "sma(2, on: 15m) > close",
  "close(symbol: QQQ) > 100",
  "close(symbol: QQQ, on: 15m) > close",
  "weekday in [2, 4]",
  "time >= 09:50",
  "position.qty == 0",
  "close > 100 for 2 bars",
  "(close > 100) for 4m",
  "close > open within 3 bars",
  "change(close, 1) > 0",
] as const;
const part = fc.constantFrom(...PARTS);
const when = fc.oneof(
  part,
  fc.tuple(part, part).map(([a, b]) => `${a} and ${b}`),
  fc.tuple(part, part, part).map(([a, b, c]) => `(${a} and ${b}) or ${c}`),
  fc.tuple(part, part).map(([a, b]) => `${a} and not (${b})`),
  // Of one strategy alone.
  fc.tuple(part, fc.integer({ min: 97, max: 103 })).map(([a, level]) => `${a} and close > ${level}.05`),
);
const rule = fc.record({ when, fire: fc.constantFrom("once", "each"), rearm: fc.option(part, { freq: 4 }) });
const strategy = fc.record({
  on: fc.constantFrom("1m", "1m", "5m", "tick"),
  session: fc.constantFrom("regular", "regular", "extended"),
  symbols: fc.constantFrom("[SPY]", "[SPY]", "[SPY, QQQ]", "[QQQ, SPY]"),
  rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
});
type Draft = typeof strategy extends fc.Arbitrary<infer T> ? T : never;

function textOf({ on, session, symbols, rules }: Draft, name: string): string {
  // What can never fire is an error, and shares as well as anything.
  const codes = ["never", "contradiction"];
  const lines = rules.map(({ when: condition, fire, rearm }, i) => {
    const again = rearm === null || fire === "each" ? "" : `, rearm: "${rearm}"`;
    const ignored = codes.map((code) => `  # lint-ignore logic/${code} -- random\n`).join("");
    return `${ignored}  - {name: r${i}, when: "${condition}", fire: ${fire}${again}, then: {alert: {message: "r${i}"}}}`;
  });
  return [
    "barwise: 1",
    `name: ${name}`,
    `symbols: ${symbols}`,
    `on: ${on}`,
    `session: ${session}`,
    "rules:",
    ...lines,
    "",
  ].join("\n");
}

/** Undefined where chance made a strategy that is refused, which is rare. */
function programOf(drafts: readonly (readonly [name: string, draft: Draft])[]): Program | undefined {
  const files = drafts.map(([name, draft]) => [`${name}.strategy.yaml`, textOf(draft, name)] as const);
  return compile(Object.fromEntries(files)).program ?? undefined;
}

const tick = fc.record({
  symbol: fc.constantFrom("SPY", "SPY", "QQQ"),
  wait: fc.integer({ min: 1_000, max: 100_000 }),
  cents: fc.integer({ min: -80, max: 80 }),
  late: fc.boolean(),
});
type Tick = typeof tick extends fc.Arbitrary<infer T> ? T : never;

/** Trades of two symbols; some belong to a bar that has closed and correct it. */
function play(run: CoreDriver, ticks: readonly Tick[]): void {
  for (const { symbol, wait, cents, late } of ticks) {
    run.passTo(run.now + wait);
    const time = late ? run.now - 70_000 : run.now;
    run.feed({ kind: "trade", symbol, time, price: 100 + cents / 50, size: 10, setsPrice: true });
  }
}

/** Every evaluation of every strategy is held against the closures. */
function watchEvaluations(): { count: number } {
  const seen = { count: 0 };
  // oxlint-disable-next-line typescript/unbound-method -- called with the instance
  const { evaluate } = Instance.prototype;
  vi.spyOn(Instance.prototype, "evaluate").mockImplementation(function (this: Instance, slots, ...more) {
    const found = evaluate.call(this, slots, ...more);
    for (const { evaluator, state } of this.rules) expect(state.latch.truth).toBe(evaluator.evaluate(slots));
    seen.count++;
    return found;
  });
  return seen;
}

/** By symbol: which of two symbols comes first at one instant follows from the first strategy that names them. */
const saidBy = (outputs: readonly Output[], name: string): Output[][] =>
  ["SPY", "QQQ"].map((symbol) =>
    outputs.filter((output) => output.kind === "alert" && output.strategy === name && output.symbol === symbol),
  );

describe("strategies that share conditions", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("know the truth of the closures at each of their evaluations, reloads and corrections in between", () => {
    const seen = watchEvaluations();
    fc.assert(
      fc.property(
        fc.array(strategy, { minLength: 2, maxLength: 5 }),
        fc.array(fc.tuple(fc.array(strategy, { minLength: 1, maxLength: 3 }), fc.boolean()), { maxLength: 2 }),
        fc.array(tick, { minLength: 30, maxLength: 60 }),
        (drafts, edits, ticks) => {
          let named = drafts.map((draft, i) => [`s${i}`, draft] as const);
          const first = programOf(named);
          fc.pre(first !== undefined);
          const run = new CoreDriver(first, OPEN + 1_000);
          play(run, ticks);
          for (const [changed, isFront] of edits) {
            // Some strategies become others, and their order turns around.
            named = named.map(([name, draft], i) => [name, changed[i] ?? draft] as const);
            if (isFront) named = named.toReversed();
            const next = programOf(named);
            if (next === undefined) continue;
            run.feed({ kind: "program.loaded", program: next, warmup: [] });
            play(run, ticks);
          }
        },
      ),
      { numRuns: runs(40) },
    );
    expect(seen.count).toBeGreaterThan(1_000);
  });

  it("say the same in each symbol as each of them alone", () => {
    let said = 0;
    fc.assert(
      fc.property(
        fc.array(strategy, { minLength: 2, maxLength: 4 }),
        fc.array(tick, { minLength: 30, maxLength: 90 }),
        (drafts, ticks) => {
          const named = drafts.map((draft, i) => [`s${i}`, draft] as const);
          const whole = programOf(named);
          fc.pre(whole !== undefined);
          const together = new CoreDriver(whole, OPEN + 1_000);
          play(together, ticks);
          for (const one of named) {
            const own = programOf([one]);
            if (own === undefined) continue;
            const alone = new CoreDriver(own, OPEN + 1_000);
            play(alone, ticks);
            expect(saidBy(together.outputs, one[0])).toEqual(saidBy(alone.outputs, one[0]));
            said += saidBy(alone.outputs, one[0]).flat().length;
          }
        },
      ),
      { numRuns: runs(40) },
    );
    expect(said).toBeGreaterThan(500);
  });

  it("share a network per symbol as long as there are not too many conditions in them", () => {
    const rules: Draft["rules"] = [{ when: PARTS[0], fire: "once", rearm: null }];
    const draft = { on: "1m", session: "regular", rules } as const;
    const program = programOf([
      ["a", { ...draft, symbols: "[SPY, QQQ]" }],
      ["b", { ...draft, symbols: "[SPY]" }],
    ]);
    if (program === undefined) throw new Error("does not compile");
    const { graph } = new CoreDriver(program, OPEN).core.signals;
    const groups = (most: number | undefined): string[] => {
      const keys = new Map<unknown, string[]>();
      for (const { followed, facts } of instancesOf(graph.instances, most))
        keys.set(followed.flips, [...(keys.get(followed.flips) ?? []), facts.key]);
      return [...keys.values()].map((group) => group.join());
    };
    expect(groups(undefined)).toEqual(["a/SPY,b/SPY", "a/QQQ"]);
    expect(groups(1)).toEqual(["a/SPY", "a/QQQ", "b/SPY"]);
  });
});
