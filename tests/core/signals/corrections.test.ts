import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bar, BarInput, Input, Output } from "../../../engine/core/event.ts";
import type { Program, Strategy } from "../../../engine/core/program.ts";
import { createCore, step } from "../../../engine/core/step.ts";
import { KEPT_BARS } from "../../../engine/core/signals/past.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";
import { StrategyBuilder, alert, program } from "../../support/program.ts";
import { runs } from "../../support/runs.ts";

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");

/** Facts with every kind of memory that lives on a series, on three sizes; it says its close at every bar. */
function rich(name = "rich", over: Partial<Strategy> = {}): Strategy {
  const builder = new StrategyBuilder(name, "1m", over);
  const price = builder.close();
  const ema = builder.indicator("ema", [7]);
  for (const [indicator, params] of [
    ["sma", [5]],
    ["rsi", [6]],
    ["obv", []],
    ["vwap", [0]],
  ] as const)
    builder.indicator(indicator, params);
  builder.lag(ema, 3);
  builder.calc("-", price, ema);
  builder.barsTrue(builder.when(price, ">", { fact: ema }));
  builder.fact(
    { kind: "opening_range", series: { symbol: null, size: builder.on }, spanMs: 15 * MINUTE, field: "high" },
    "or",
  );
  for (const on of ["5m", "1h"]) {
    builder.field("high", on);
    builder.field("volume", on);
    builder.indicator("ema", [4], { on });
  }
  builder.rule("say", builder.when(price, ">", 0), alert({ expression: price }), { fire: "each" });
  return builder.build();
}

const price = fc.integer({ min: 9_000, max: 11_000 }).map((cents) => cents / 100);
const prices = fc.record({ open: price, close: price, volume: fc.integer({ min: 1, max: 500 }) });
type Prices = typeof prices extends fc.Arbitrary<infer T> ? T : never;

function barOf(minute: number, { open, close, volume }: Prices): Bar {
  const [high, low] = [Math.max(open, close) + 0.25, Math.min(open, close) - 0.25];
  return { start: OPEN + minute * MINUTE, open, high, low, close, volume };
}

function provided(bar: Bar, revised = false, size = "1m"): BarInput {
  return { kind: "bar", symbol: "SPY", size, revised, ...bar };
}

const slotsOf = (run: CoreDriver): number[] => [...run.core.signals.graph.slots];

const said = (outputs: readonly Output[]): string[] =>
  outputs.flatMap((output) => (output.kind === "alert" && output.code === "rule/alert" ? [output.message] : []));

/** The same inputs into another core give the same bytes. */
function expectSameAgain(run: CoreDriver): void {
  const core = createCore({ account: "test", journal: "j", calendarOf });
  const outputs = run.inputs.flatMap((input: Input) => [...step(core, input)]);
  expect(JSON.stringify(outputs)).toBe(JSON.stringify(run.outputs));
}

const subject = (): Program => program([rich()]);

describe("a corrected bar", () => {
  it("changes every fact as if it had come so from the start, and no decision before it", () => {
    const cases = fc
      .array(prices, { minLength: 3, maxLength: 200 })
      .chain((bars) =>
        fc.tuple(
          fc.constant(bars),
          fc.array(fc.tuple(fc.nat(KEPT_BARS - 1), prices), { minLength: 1, maxLength: 4 }),
          fc.nat(bars.length - 1),
        ),
      );
    fc.assert(
      fc.property(cases, ([bars, changes, when]) => {
        const run = new CoreDriver(subject(), OPEN - MINUTE);
        const corrected = [...bars];
        const decided: string[] = [];
        for (const [minute, each] of bars.entries()) {
          run.market(provided(barOf(minute, each)));
          decided.push(String(each.close));
          if (minute !== when) continue;
          for (const [back, other] of changes) {
            if (minute - back < 0) continue;
            corrected[minute - back] = other;
            const outputs = run.feed(provided(barOf(minute - back, other), true));
            expect(
              outputs.every(({ kind }) => kind === "bar"),
              "nothing fires by a correction",
            ).toBe(true);
          }
        }
        const straight = new CoreDriver(subject(), OPEN - MINUTE);
        for (const [minute, each] of corrected.entries()) straight.market(provided(barOf(minute, each)));
        expect(slotsOf(run)).toEqual(slotsOf(straight));
        expect(said(run.outputs)).toEqual(decided);
        expect(run.alerts).not.toContain("data/late-correction");
        expectSameAgain(run);
      }),
      { numRuns: runs(60) },
    );
  });

  it("is taken where the bar had never come, and moves nothing else", () => {
    const run = new CoreDriver(subject(), OPEN - MINUTE);
    const straight = new CoreDriver(subject(), OPEN - MINUTE);
    const bars = Array.from({ length: 90 }, (_, i) =>
      barOf(i, { open: 100 + i, close: 100.5 + (i % 7), volume: 10 + i }),
    );
    for (const [i, bar] of bars.entries()) {
      straight.market(provided(bar));
      if (i !== 61) run.market(provided(bar));
      if (i === 70) run.feed(provided(bars[61] as Bar, true));
    }
    expect(slotsOf(run)).toEqual(slotsOf(straight));
    expect(said(run.outputs)).toHaveLength(89);
  });

  it("corrects larger bars that were given whole, and leaves those of trades at ticks", () => {
    const builder = new StrategyBuilder("five", "5m");
    const five = builder.indicator("ema", [2]);
    builder.rule("say", builder.when(five, ">", 0), alert({ expression: five }), { fire: "each" });
    const run = new CoreDriver(program([builder.build()]), OPEN - MINUTE);
    for (const [i, close] of [100, 102, 104].entries()) run.bar("SPY", "5m", OPEN + i * 5 * MINUTE, close);
    run.feed(provided({ ...barOf(5, { open: 90, close: 90, volume: 1 }) }, true, "5m"));
    // ema(2) begins with the mean of 100 and 90, and goes on with 104 by two thirds.
    expect(run.core.signals.graph.slots[run.core.signals.graph.instances[0]?.slotOf[five] as number]).toBeCloseTo(
      95 + (104 - 95) * (2 / 3),
      12,
    );
    const ticks = new CoreDriver(program([rich("ticks", { ticks: true })]), OPEN - MINUTE);
    for (let i = 0; i < 4; i++) ticks.trade("SPY", OPEN + i * MINUTE + 1_000, 100 + i);
    const before = slotsOf(ticks);
    expect(ticks.feed(provided(barOf(0, { open: 90, close: 90, volume: 1 }), true))).toEqual([]);
    expect(slotsOf(ticks)).toEqual(before);
  });

  it("is told once and changes nothing when its bar is not kept any more", () => {
    const run = new CoreDriver(subject(), OPEN - MINUTE);
    for (let i = 0; i < 3 * KEPT_BARS; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, 100 + (i % 9));
    const before = slotsOf(run);
    const wrong = provided(barOf(1, { open: 50, close: 50, volume: 1 }), true);
    const told = run.feed(wrong).filter(({ kind }) => kind === "alert");
    expect(told).toMatchObject([{ code: "data/late-correction", symbol: "SPY" }]);
    run.feed(provided(barOf(2, { open: 50, close: 50, volume: 1 }), true));
    expect(run.alerts.filter((code) => code === "data/late-correction")).toHaveLength(1);
    // The five minutes it lies in are kept longer: those facts follow.
    const { graph } = run.core.signals;
    const minute = graph.series.get("SPY@1m/regular")?.bar.close;
    expect(minute).toBe(100 + ((3 * KEPT_BARS - 1) % 9));
    const own = graph.instances[0]?.slotOf[0] as number;
    expect(graph.slots[own]).toBe(before[own]);
  });

  it("says nothing when it repeats what is known, or speaks of a bar before its first word", () => {
    const run = new CoreDriver(subject(), OPEN - MINUTE);
    const bars = [0, 1, 2].map((i) => barOf(i, { open: 100, close: 101 + i, volume: 5 }));
    for (const bar of bars) run.market(provided(bar));
    const before = slotsOf(run);
    expect(run.feed(provided(bars[1] as Bar, true))).toEqual([]);
    expect(run.feed(provided(barOf(3, { open: 1, close: 1, volume: 1 }), true))).toEqual([]);
    expect(slotsOf(run)).toEqual(before);
  });

  it("reaches bars that history gave, and bars from before a reload that keeps the facts", () => {
    const bars = Array.from({ length: 40 }, (_, i) => barOf(i, { open: 100, close: 100 + (i % 5), volume: 5 + i }));
    const other = barOf(3, { open: 90, close: 91, volume: 3 });
    const run = new CoreDriver(subject(), OPEN - MINUTE);
    run.feed({ kind: "history", symbol: "SPY", size: "1m", bars: bars.slice(0, 10) });
    for (const bar of bars.slice(10, 20)) run.market(provided(bar));
    run.feed({
      kind: "program.loaded",
      program: program([rich(), rich("again", { session: "extended" })]),
      warmup: [],
    });
    run.feed(provided(other, true));
    for (const bar of bars.slice(20)) run.market(provided(bar));
    const straight = new CoreDriver(subject(), OPEN - MINUTE);
    straight.feed({ kind: "history", symbol: "SPY", size: "1m", bars: bars.slice(0, 10).with(3, other) });
    for (const bar of bars.slice(10)) straight.market(provided(bar));
    const own = straight.core.signals.graph.series.get("SPY@1m/regular")?.nodes.length as number;
    expect(own).toBeGreaterThan(8);
    const facts = (driver: CoreDriver): number[] =>
      (driver.core.signals.graph.instances[0]?.slotOf ?? [])
        .slice(0, 10)
        .map((slot) => slotsOf(driver)[slot] as number);
    expect(facts(run)).toEqual(facts(straight));
    expectSameAgain(run);
  });

  it("cannot be followed by a bar of more smaller ones than are kept, which is said, and the bar stays", () => {
    const builder = new StrategyBuilder("hour", "1h");
    const high = builder.field("high");
    builder.rule("say", builder.when(high, ">", 0), alert({ expression: high }), { fire: "each" });
    const run = new CoreDriver(program([builder.build()]), OPEN - MINUTE);
    const second = (i: number, price: number, revised = false): BarInput =>
      provided(
        { start: OPEN + i * 1_000, open: price, high: price, low: price, close: price, volume: 1 },
        revised,
        "1s",
      );
    for (let i = 0; i < 3_600; i++) {
      run.market(second(i, 100));
      if (i === 600) run.feed(second(590, 103, true));
      if (i === 1_500) run.feed(second(10, 150, true));
    }
    expect(run.alerts).toEqual(["data/late-correction", "rule/alert"]);
    expect(said(run.outputs)).toEqual(["103"]);
  });

  it("cannot be followed by a series with a kernel that only moves forward, which is said", () => {
    const builder = new StrategyBuilder("source", "1m");
    const close = builder.close();
    const series = { symbol: null, size: builder.on };
    const spec = {
      kind: "indicator",
      series,
      name: "ema",
      inputs: [close],
      params: [3],
      output: 0,
      source: "technicalindicators",
    } as const;
    builder.rule("say", builder.when(builder.fact(spec, "ema"), ">", 0), alert("x"));
    const run = new CoreDriver(program([builder.build()]), OPEN - MINUTE);
    for (let i = 0; i < 10; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, 100 + i);
    const before = slotsOf(run);
    run.feed(provided(barOf(4, { open: 50, close: 50, volume: 1 }), true));
    expect(run.alerts).toEqual(["data/late-correction"]);
    expect(slotsOf(run)).toEqual(before);
  });
});

describe("several sizes and symbols with corrections in between", () => {
  const minute = fc.record({
    prices: fc.tuple(prices, prices),
    fix: fc.option(fc.record({ which: fc.nat(1), back: fc.integer({ min: 1, max: 20 }), prices }), { freq: 2 }),
  });

  it("show at every evaluation what a recomputation over the latest words on closed bars gives, and no open bar", () => {
    const builder = new StrategyBuilder("pair", "1m");
    const facts = {
      sma: builder.indicator("sma", [3]),
      high: builder.field("high", "5m"),
      volume: builder.field("volume", "15m"),
      other: builder.close("5m", "QQQ"),
      last: builder.close(undefined, "QQQ"),
    };
    builder.rule("say", builder.when(facts.other, ">", 0), alert({ expression: facts.last }), { fire: "each" });
    const pair = program([builder.build()]);
    fc.assert(
      fc.property(fc.array(minute, { minLength: 20, maxLength: 90 }), (minutes) => {
        const run = new CoreDriver(pair, OPEN - MINUTE);
        const symbols = ["QQQ", "SPY"] as const;
        const known = symbols.map((): Bar[] => []);
        for (const [at, { prices: both, fix }] of minutes.entries()) {
          for (const [which, symbol] of symbols.entries()) {
            const bar = barOf(at, both[which] as Prices);
            known[which]?.push(bar);
            run.market({ ...provided(bar), symbol });
          }
          const [other = [], own = []] = known;
          const whole = (bars: readonly Bar[], size: number): readonly Bar[] => {
            const end = Math.floor((at + 1) / size) * size;
            return end === 0 ? [] : bars.slice(end - size, end);
          };
          const expected = {
            sma: own.slice(-3).reduce((sum, { close }) => sum + close, 0) / 3,
            high: Math.max(...whole(own, 5).map(({ high }) => high)),
            volume: at < 14 ? Number.NaN : whole(own, 15).reduce((sum, { volume }) => sum + volume, 0),
            other: whole(other, 5).at(-1)?.close ?? Number.NaN,
            last: other.at(-1)?.close,
          };
          const { slots, instances } = run.core.signals.graph;
          // Before the other symbol has closed five minutes, an evaluation waits for them until the grace is over.
          for (const [name, fact] of at < 4 ? [] : Object.entries(facts))
            expect(Number((slots[instances[0]?.slotOf[fact] as number] as number).toFixed(9)), `${name} at ${at}`).toBe(
              Number((expected[name as keyof typeof expected] as number).toFixed(9)),
            );
          if (fix === null || at < fix.back) continue;
          const bar = barOf(at - fix.back, fix.prices);
          (known[fix.which] as Bar[])[at - fix.back] = bar;
          run.feed({ ...provided(bar, true), symbol: symbols[fix.which] as string });
        }
        expect(run.alerts).not.toContain("data/late-correction");
        expectSameAgain(run);
      }),
      { numRuns: runs(40) },
    );
  });
});

describe("a late trade", () => {
  const trade = fc.record({
    ms: fc.nat(20 * MINUTE - 1),
    cents: fc.integer({ min: 9_000, max: 11_000 }),
    size: fc.integer({ min: 1, max: 300 }),
    setsPrice: fc.boolean(),
    isLate: fc.boolean(),
  });

  it("changes every fact as if it had come in time, whatever the order, and nothing fires by it", () => {
    fc.assert(
      fc.property(fc.uniqueArray(trade, { minLength: 5, maxLength: 60, selector: ({ ms }) => ms }), (trades) => {
        const inputs = trades
          .toSorted((a, b) => a.ms - b.ms)
          .map(({ ms, cents, size, setsPrice, isLate }) => ({
            isLate,
            input: { kind: "trade", symbol: "SPY", time: OPEN + ms, price: cents / 100, size, setsPrice } as const,
          }));
        // Each minute has a price in time: an interval that made no bar gets none from a trade that comes too late.
        const base = Array.from({ length: 20 }, (_, i) => ({
          isLate: false,
          input: {
            kind: "trade",
            symbol: "SPY",
            time: OPEN + i * MINUTE + 30_000.5,
            price: 100,
            size: 1,
            setsPrice: true,
          } as const,
        }));
        const all = [...inputs, ...base].toSorted((a, b) => a.input.time - b.input.time);
        const run = new CoreDriver(subject(), OPEN - MINUTE);
        for (const { isLate, input } of all) if (!isLate) run.market(input);
        run.passTo(OPEN + 30 * MINUTE);
        for (const { isLate, input } of all.toReversed()) {
          if (!isLate) continue;
          expect(said(run.feed(input))).toEqual([]);
        }
        const straight = new CoreDriver(subject(), OPEN - MINUTE);
        for (const { input } of all) straight.market(input);
        straight.passTo(OPEN + 30 * MINUTE);
        const closed = (driver: CoreDriver): number[] => {
          const { graph } = driver.core.signals;
          return (graph.instances[0]?.slotOf ?? []).map((slot) => graph.slots[slot] as number);
        };
        expect(closed(run)).toEqual(closed(straight));
        expect(run.alerts).not.toContain("data/late-trade");
        expectSameAgain(run);
      }),
      { numRuns: runs(60) },
    );
  });

  it("opens or closes its bar by its own time, also inside the grace", () => {
    const run = new CoreDriver(subject(), OPEN - MINUTE);
    run.trade("SPY", OPEN + 20_000, 100);
    run.trade("SPY", OPEN + 40_000, 102);
    for (const [time, price] of [
      [10_000, 99],
      [30_000, 105],
    ] as const)
      run.feed({ kind: "trade", symbol: "SPY", time: OPEN + time, price, size: 1, setsPrice: true });
    run.passTo(OPEN + 2 * MINUTE);
    expect(run.of("bar").find(({ size }) => size === "1m")?.bar).toMatchObject({
      open: 99,
      high: 105,
      low: 99,
      close: 102,
    });
    const [told] = run.feed({ kind: "trade", symbol: "SPY", time: OPEN + 50_000, price: 98, size: 7, setsPrice: true });
    expect(told).toMatchObject({ kind: "bar", revised: true, bar: { open: 99, low: 98, close: 98, volume: 209 } });
  });

  it("is left out when it is from before the feed came back, which may tell it for the second time", () => {
    const run = new CoreDriver(subject(), OPEN - MINUTE, { live: true });
    const trade = { kind: "trade", symbol: "SPY", time: OPEN + 20_000, price: 100, size: 50, setsPrice: true } as const;
    run.market(trade);
    run.passTo(OPEN + 3 * MINUTE);
    for (const status of ["down", "live"] as const) run.feed({ kind: "feed", feed: "f", status, detail: "" });
    expect(run.feed(trade)).toMatchObject([{ code: "data/late-trade" }]);
    expect(run.core.signals.graph.series.get("SPY@1m/regular")?.bar.volume).toBe(50);
  });

  it("adds volume alone when its sale condition says so, and makes no bar where there was none", () => {
    const run = new CoreDriver(subject(), OPEN - MINUTE);
    run.trade("SPY", OPEN + 20_000, 100);
    run.trade("SPY", OPEN + 3 * MINUTE, 102);
    run.passTo(OPEN + 5 * MINUTE);
    const late = (time: number, setsPrice: boolean): readonly Output[] =>
      run.feed({ kind: "trade", symbol: "SPY", time: OPEN + time, price: 50, size: 40, setsPrice });
    expect(late(30_000, false)).toMatchObject([{ kind: "bar", bar: { low: 100, close: 100, volume: 140 } }]);
    expect(late(MINUTE + 1_000, true)).toMatchObject([{ kind: "alert", code: "data/late-trade" }]);
  });
});
