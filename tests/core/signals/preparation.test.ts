/** A program that was made ready beside the running one: nobody can tell from the outputs. */
import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Bar, HistoryInput, Output } from "../../../engine/core/event.ts";
import type { Program } from "../../../engine/core/program.ts";
import { Instance } from "../../../engine/core/signals/instance.ts";
import type { Preparation } from "../../../engine/core/signals/preparation.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";
import { play, programOf, strategy, tick } from "../../support/watching-strategies.ts";
import type { Tick } from "../../support/watching-strategies.ts";
import { runs } from "../../support/runs.ts";

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");
const START = OPEN + 40 * MINUTE;

/** It trades, so that positions and the account change while others are made ready. */
const trader = (level: number, account: boolean): string => `barwise: 1
name: trader
symbols: [SPY]
on: 1m
rules:
  - {name: in, when: "close > ${level} and position.qty == 0", then: {buy: {size: {qty: 10}}}}
  - {name: out, when: "position.qty > 0 and close < ${level}", fire: each, then: {close: {}}}
${account ? `  - {name: rich, when: "account.equity > 100000", then: {alert: {message: "rich"}}}\n` : ""}`;

/** Bars up to `until`, in the order of their ends, as history gives them. */
function historyUntil(until: number): HistoryInput[] {
  const items: { readonly end: number; readonly symbol: string; readonly size: string; readonly bar: Bar }[] = [];
  for (const symbol of ["SPY", "QQQ"]) {
    for (const minutes of [1, 5, 15]) {
      for (let start = OPEN; start + minutes * MINUTE <= until; start += minutes * MINUTE) {
        const close = 100 + ((start / MINUTE) % 7) / 5 - 0.6;
        const bar = { start, open: close, high: close + 0.1, low: close - 0.1, close, volume: 10 };
        items.push({ end: start + minutes * MINUTE, symbol, size: `${minutes}m`, bar });
      }
    }
  }
  items.sort((a, b) => a.end - b.end);
  return items.map(({ symbol, size, bar }) => ({ kind: "history", symbol, size, bars: [bar] }));
}

/** Fills what was ordered last, one time in two. */
function answer(run: CoreDriver, ticks: readonly Tick[]): void {
  for (const one of ticks) {
    const before = run.submits.length;
    play(run, [one]);
    const order = run.submits.length > before && one.cents % 2 === 0 ? run.submits.at(-1) : undefined;
    if (order !== undefined) run.filled(order, Number(order.qty), 100);
  }
}

/** The bars that the running program closed, for the one that comes. */
function follow(preparation: Preparation, outputs: readonly Output[]): void {
  for (const output of outputs) {
    if (output.kind !== "bar" || output.revised === true) continue;
    preparation.add({ kind: "history", symbol: output.symbol, size: output.size, bars: [output.bar] });
  }
}

const textOfOutputs = (run: CoreDriver): string[] => run.outputs.map((output) => JSON.stringify(output));

/** The swap; true when what was prepared was used. */
function reload(run: CoreDriver, next: Program, warmup: readonly HistoryInput[]): boolean {
  const isPrepared = run.core.signals.isPrepared(next, warmup);
  run.feed({ kind: "program.loaded", program: next, warmup });
  return isPrepared;
}

describe("a program made ready beside the running one", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("gives the outputs of one that is loaded at once, at any moment of any stream, byte for byte", () => {
    let prepared = 0;
    let said = 0;
    fc.assert(
      fc.property(
        fc.array(strategy, { minLength: 1, maxLength: 3 }),
        fc.array(strategy, { minLength: 1, maxLength: 3 }),
        fc.record({ account: fc.boolean(), same: fc.boolean(), ahead: fc.integer({ min: -3, max: 3 }) }),
        fc.array(tick, { minLength: 5, maxLength: 40 }),
        fc.array(fc.tuple(tick, fc.nat(400)), { maxLength: 12 }),
        fc.array(tick, { minLength: 20, maxLength: 40 }),
        (drafts, changed, { account, same, ahead }, before, meanwhile, after) => {
          const named = drafts.map((draft, i) => [`s${i}`, draft] as const);
          const edited = changed.map((draft, i) => [`s${i}`, same && i > 0 ? (drafts[i] ?? draft) : draft] as const);
          const first = programOf(named, { "trader.strategy.yaml": trader(100, account) });
          const next = programOf(edited, { "trader.strategy.yaml": trader(100.1, account) });
          fc.pre(first !== undefined && next !== undefined);
          const [beside, atOnce] = [new CoreDriver(first, START), new CoreDriver(first, START)];
          for (const run of [beside, atOnce]) answer(run, before);
          // History may know less than the running program, and more.
          const warmup = historyUntil(beside.now + ahead * MINUTE);
          const preparation = beside.core.signals.prepare(next, warmup);
          for (const [one, steps] of meanwhile) {
            for (let i = 0; i < steps; i++) if (!preparation.advance()) break;
            const known = beside.outputs.length;
            answer(beside, [one]);
            follow(preparation, beside.outputs.slice(known));
            answer(atOnce, [one]);
          }
          if (reload(beside, next, preparation.warmup)) prepared++;
          expect(reload(atOnce, next, preparation.warmup)).toBe(false);
          for (const run of [beside, atOnce]) answer(run, after);
          expect(textOfOutputs(beside)).toEqual(textOfOutputs(atOnce));
          said += beside.of("alert").length;
        },
      ),
      { numRuns: runs(60) },
    );
    expect(prepared).toBeGreaterThan(10);
    expect(said).toBeGreaterThan(300);
  });

  const text = (rule: string): Record<string, string> => ({
    "a.strategy.yaml": `barwise: 1\nname: a\nsymbols: [SPY]\non: 1m\nrules:\n  - {name: r, when: "${rule}", fire: each, then: {alert: {message: "{sma(3)}"}}}\n`,
  });
  const compiled = (rule: string): Program => {
    const program = programOf([], text(rule));
    if (program === undefined) throw new Error("does not compile");
    return program;
  };
  const ready = (preparation: Preparation): void => {
    while (preparation.advance());
  };
  const started = (rule: string): CoreDriver => {
    const run = new CoreDriver(compiled(rule), START);
    for (let i = 0; i < 5; i++) run.bar("SPY", "1m", START + i * MINUTE, 100 + i);
    return run;
  };

  it("leaves nothing to be evaluated at the swap", () => {
    const run = started("close > 1");
    const next = compiled("close > sma(3)");
    const preparation = run.core.signals.prepare(next, historyUntil(run.now));
    ready(preparation);
    const evaluate = vi.spyOn(Instance.prototype, "evaluate");
    expect(reload(run, next, preparation.warmup)).toBe(true);
    expect(evaluate).not.toHaveBeenCalled();
    reload(run, compiled("close > sma(4)"), historyUntil(run.now));
    expect(evaluate).toHaveBeenCalled();
  });

  it("sees the bars that closed while it was made ready, and each once", () => {
    const run = started("close > 1");
    const next = compiled("close > 2");
    const preparation = run.core.signals.prepare(next, historyUntil(START));
    ready(preparation);
    const bars = [0, 1, 2, 3, 4, 4].map((i) => ({ start: START + i * MINUTE, close: 100 + i }));
    for (const { start, close } of bars) {
      const bar = { start, open: close, high: close, low: close, close, volume: 1 };
      preparation.add({ kind: "history", symbol: "SPY", size: "1m", bars: [bar] });
    }
    expect(reload(run, next, preparation.warmup)).toBe(true);
    run.bar("SPY", "1m", START + 5 * MINUTE, 108);
    expect(run.of("alert").at(-1)?.message).toBe(String((103 + 104 + 108) / 3));
  });

  it.each([
    ["another program was loaded meanwhile", (run: CoreDriver) => reload(run, compiled("close > 3"), [])],
    ["a position was opened meanwhile", (run: CoreDriver) => run.core.signals.setBook(BOOK)],
  ])("is not used when %s", (_, happens) => {
    const run = started("close > 1");
    const next = compiled("close > 2");
    const preparation = run.core.signals.prepare(next, []);
    ready(preparation);
    expect(run.core.signals.isPrepared(next, preparation.warmup)).toBe(true);
    happens(run);
    expect(run.core.signals.isPrepared(next, preparation.warmup)).toBe(false);
  });

  it("is not used when a series that knew no bar, so that all of its history was taken, has closed one", () => {
    const run = started("close > 1");
    const both = (rule: string): Program => {
      const files = text(rule);
      const program = programOf([], {
        "a.strategy.yaml": String(files["a.strategy.yaml"]).replace("[SPY]", "[SPY, QQQ]"),
      });
      if (program === undefined) throw new Error("does not compile");
      return program;
    };
    reload(run, both("close > 1"), []);
    const next = both("close > 2");
    const preparation = run.core.signals.prepare(next, historyUntil(START));
    ready(preparation);
    run.bar("SPY", "1m", START + 5 * MINUTE, 100);
    expect(run.core.signals.isPrepared(next, preparation.warmup)).toBe(true);
    run.bar("QQQ", "1m", START + 5 * MINUTE, 100);
    expect(run.core.signals.isPrepared(next, preparation.warmup)).toBe(false);
  });

  it("is not used when the account changed and a rule reads it", () => {
    const account = { cash: 1, buyingPower: 1, dayPnl: 0 };
    const run = started("close > 1");
    const [plain, reads] = [compiled("close > 2"), compiled("close > 2 and account.equity > 5")];
    for (const next of [plain, reads]) {
      const preparation = run.core.signals.prepare(next, []);
      ready(preparation);
      run.core.signals.setAccount({ ...account, equity: next === plain ? 1 : 2 });
      expect(run.core.signals.isPrepared(next, preparation.warmup)).toBe(next === plain);
      const again = run.core.signals.prepare(next, []);
      run.core.signals.setAccount({ ...account, equity: next === plain ? 1 : 2 });
      expect(run.core.signals.isPrepared(next, again.warmup)).toBe(true);
    }
  });

  it("is used for its own program and bars alone", () => {
    const run = started("close > 1");
    const next = compiled("close > 2");
    const { warmup } = run.core.signals.prepare(next, historyUntil(START));
    expect(run.core.signals.isPrepared(next, [...warmup])).toBe(false);
    expect(run.core.signals.isPrepared(compiled("close > 2"), warmup)).toBe(false);
    expect(run.core.signals.isPrepared(next, warmup)).toBe(true);
  });
});

const BOOK = {
  strategy: "a",
  symbol: "SPY",
  qty: 1,
  openQty: 1,
  avgPrice: 100,
  openedAt: START,
  entryOpen: false,
  exitOpen: false,
  closing: false,
  waiting: false,
  guarded: false,
};
