/** prior, opening_range and rank: streamed through the core, and computed again by hand from all the bars. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Bar } from "../../../engine/core/event.ts";
import type { Program } from "../../../engine/core/program.ts";
import { NYSE as nyse } from "../../../engine/market/nyse.ts";
import { replay } from "../../support/backtest.ts";
import { openOf } from "../../support/core-driver.ts";
import { programOf, watch } from "../../support/evaluations.ts";
import type { Seen } from "../../support/evaluations.ts";
import { runs } from "../../support/runs.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Around a half day, a holiday and a weekend. */
const DAYS = ["2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08"];

const sessionOf = (date: string): { open: number; close: number } => {
  const session = nyse.sessionOn(date);
  if (session === undefined) throw new Error(`no session on ${date}`);
  return session;
};

/** Random bars of some days; some are missing. */
function barsOf(size: number, steps: readonly { readonly gap: boolean; readonly cents: number }[]): Bar[] {
  const bars: Bar[] = [];
  let price = 100;
  let at = 0;
  for (const date of DAYS) {
    const { open, close } = sessionOf(date);
    for (let start = open; start < close; start += size) {
      const { gap, cents } = steps[at++ % steps.length] ?? { gap: false, cents: 0 };
      price = Math.round(price * 100 + cents) / 100;
      if (gap) continue;
      const high = price + (cents > 0 ? cents / 50 : 0.01);
      bars.push({ start, open: price, high, low: price - 0.05, close: price, volume: 1 });
    }
  }
  return bars;
}

const dayOf = (time: number): number => nyse.sessionAtOrBefore(time)?.day ?? -1;
const highOf = (bars: readonly Bar[]): number => Math.max(...bars.map(({ high }) => high));
const lowOf = (bars: readonly Bar[]): number => Math.min(...bars.map(({ low }) => low));

/** The same from all the bars at once: what a person would do in a spreadsheet. */
function byHand(bars: readonly Bar[], now: Bar, size: number): Record<string, number> {
  const { open, close } = sessionOf(nyse.dateOf(nyse.sessionAtOrBefore(now.start) as never));
  const end = Math.min(now.start + size, close);
  const known = bars.filter(({ start }) => start <= now.start);
  const days = [...new Set(known.map(({ start }) => dayOf(start)))];
  const before = days.filter((day) => day < dayOf(now.start));
  const day = (back: number): Bar[] => known.filter(({ start }) => dayOf(start) === before.at(-back));
  const hourOf = (time: number): number =>
    dayOf(time) * 100 + Math.floor((time - (nyse.sessionAtOrBefore(time)?.open ?? 0)) / HOUR);
  const hours = [...new Set(known.map(({ start }) => hourOf(start)))].filter((hour) => hour < hourOf(now.start));
  const lastHour = known.filter(({ start }) => hourOf(start) === hours.at(-1));
  const first = known.filter(({ start }) => start >= open && start < open + 15 * MINUTE);
  const isWhole = end >= open + 15 * MINUTE && first.length === (15 * MINUTE) / size;
  const orNaN = (found: readonly Bar[], value: (list: readonly Bar[]) => number): number =>
    found.length === 0 ? Number.NaN : value(found);
  return {
    yesterday: orNaN(day(1), highOf),
    day_before: orNaN(day(2), highOf),
    width: orNaN(day(1), (list) => highOf(list) - lowOf(list)),
    hour: orNaN(lastHour, (list) => list.at(-1)?.close ?? Number.NaN),
    "range.high": isWhole ? highOf(first) : Number.NaN,
    "range.low": isWhole ? lowOf(first) : Number.NaN,
    "range.mid": isWhole ? (highOf(first) + lowOf(first)) / 2 : Number.NaN,
  };
}

const FACTS = {
  yesterday: "prior(high, on: 1d)",
  day_before: "prior(high, on: 1d)[1]",
  width: "prior(high - low, on: 1d)",
  hour: "prior(close, on: 1h)",
  range: "opening_range(15m)",
};

const step = fc.record({ gap: fc.nat(11).map((n) => n === 0), cents: fc.integer({ min: -60, max: 60 }) });

describe("prior and opening_range", () => {
  it("are what a recomputation over all bars says, across half days, holidays and missing bars", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 90 }), fc.constantFrom(5, 15), (steps, minutes) => {
        const size = minutes * MINUTE;
        const bars = barsOf(size, steps);
        const { run, seen } = watch(programOf(FACTS, { on: `${minutes}m` }), openOf(DAYS[0] as string) - MINUTE);
        for (const bar of bars) run.market({ kind: "bar", symbol: "SPY", size: `${minutes}m`, revised: false, ...bar });
        expect(seen).toHaveLength(bars.length);
        for (const [index, { facts }] of seen.entries()) {
          expect(facts).toEqual(byHand(bars, bars[index] as Bar, size));
        }
      }),
      { numRuns: runs(25) },
    );
  });

  it("prior is yesterday's at the last bar too, when the day itself has closed", () => {
    const { run, seen } = watch(
      programOf({ yesterday: "prior(high, on: 1d)", today: "high(on: 1d)" }),
      openOf("2024-07-02") - 1,
    );
    const days: readonly (readonly [string, number])[] = [
      ["2024-07-02", 100],
      ["2024-07-03", 110],
    ];
    for (const [date, high] of days) {
      const { open, close } = sessionOf(date);
      for (let start = open; start < close; start += 5 * MINUTE) run.bar("SPY", "5m", start, high);
    }
    expect(seen.at(-2)?.facts).toEqual({ yesterday: 100, today: 100 });
    expect(seen.at(-1)?.facts).toEqual({ yesterday: 100, today: 110 });
  });

  it("prior in extended hours is that of the trading date: before the open, and after the close", () => {
    const { run, seen } = watch(
      programOf({ yesterday: "prior(high, on: 1d)" }, { session: "extended" }),
      openOf("2024-07-01") - HOUR,
    );
    for (const [date, high] of [
      ["2024-07-01", 100],
      ["2024-07-02", 110],
    ] as const) {
      const { open, close } = sessionOf(date);
      run.bar("SPY", "5m", open - 5 * MINUTE, 1);
      for (let start = open; start < close; start += 5 * MINUTE) run.bar("SPY", "5m", start, high);
      run.bar("SPY", "5m", close + 5 * MINUTE, 1);
    }
    const of = (date: string, offset: number): number | undefined =>
      seen.find(({ time }) => time === openOf(date) + offset)?.facts["yesterday"];
    expect(of("2024-07-01", 6.5 * HOUR + 10 * MINUTE)).toBeNaN();
    expect(of("2024-07-02", 0)).toBe(100);
    expect(of("2024-07-02", 6.5 * HOUR)).toBe(100);
    expect(of("2024-07-02", 6.5 * HOUR + 10 * MINUTE)).toBe(100);
  });

  it("prior on the strategy's own size is the bar before", () => {
    const program = programOf({ a: "prior(high, on: 5m)", b: "high[1]" });
    expect(program.strategies[0]?.named).toEqual({ a: 1, b: 1 });
  });

  it("the opening range of a session with a late first bar stays unknown, and the next session has its own", () => {
    const { run, seen } = watch(programOf({ range: "opening_range(15m)" }), openOf("2024-07-02") - 1);
    const open = openOf("2024-07-02");
    for (let i = 1; i < 10; i++) run.bar("SPY", "5m", open + i * 5 * MINUTE, 100 + i);
    const next = openOf("2024-07-03");
    for (let i = 0; i < 4; i++) run.bar("SPY", "5m", next + i * 5 * MINUTE, 100 + i);
    const highs = seen.map(({ facts }) => facts["range.high"]);
    expect(highs).toEqual([...Array.from({ length: 11 }, () => Number.NaN), 102, 102]);
  });

  it("the opening range follows the open through a change of the clocks", () => {
    const { run, seen } = watch(programOf({ range: "opening_range(15m)" }), openOf("2024-03-08") - 1);
    for (const date of ["2024-03-08", "2024-03-11"]) {
      for (let i = 0; i < 3; i++) run.bar("SPY", "5m", openOf(date) + i * 5 * MINUTE, 100 + i);
    }
    expect(seen.map(({ facts }) => facts["range.low"])).toEqual([NaN, NaN, 100, NaN, NaN, 100]);
  });

  it("the opening range of another symbol is awaited like every fact of it", () => {
    const program = programOf({ range: "opening_range(10m, symbol: QQQ)" });
    const { run, seen } = watch(program, openOf("2024-07-02") - 1);
    const open = openOf("2024-07-02");
    for (let i = 0; i < 3; i++) {
      run.bar("SPY", "5m", open + i * 5 * MINUTE, 10);
      run.bar("QQQ", "5m", open + i * 5 * MINUTE, 100 + i);
    }
    expect(seen.map(({ facts }) => facts["range.high"])).toEqual([NaN, 101, 101]);
  });

  it("a reload in the middle of the range goes on with it", () => {
    const { run, seen } = watch(programOf({ range: "opening_range(15m)" }), openOf("2024-07-02") - 1);
    const open = openOf("2024-07-02");
    run.bar("SPY", "5m", open, 100);
    run.bar("SPY", "5m", open + 5 * MINUTE, 101);
    run.feed({ kind: "program.loaded", program: programOf({ range: "opening_range(15m)", x: "close" }), warmup: [] });
    run.bar("SPY", "5m", open + 10 * MINUTE, 102);
    expect(seen.at(-1)?.facts).toEqual({ "range.high": 102, "range.mid": 101, "range.low": 100, x: 102 });
  });
});

describe("rank", () => {
  const OPEN = openOf("2024-07-02");
  const SYMBOLS = ["AAA", "BBB", "CCC", "DDD"];
  it("compares what each symbol says now when the bars of all of them close at one timer", () => {
    const ratio = programOf({ place: "rank(close / close(symbol: SPY))" }, { symbols: "QQQ, IWM" });
    const { run, seen } = watch(ratio, OPEN - 1);
    for (const [bar, prices] of [
      [10, 20, 1],
      [15, 5, 1],
    ].entries())
      for (const [i, symbol] of ["QQQ", "IWM", "SPY"].entries())
        run.trade(symbol, OPEN + bar * 5 * MINUTE, prices[i] as number);
    run.passTo(OPEN + 20 * MINUTE);
    expect(seen.map(({ symbol, facts }) => [symbol, facts["place"]])).toEqual([
      ["QQQ", 2],
      ["IWM", 1],
      ["QQQ", 1],
      ["IWM", 2],
    ]);
  });

  const RANKS = { place: "rank(close)", smallest: "rank(-close)", rise: "rank(close - close[1])" };
  const ranked = (): Program => programOf(RANKS, { symbols: SYMBOLS.join(", ") });
  const placesAt = (seen: readonly Seen[], time: number, fact = "place"): Record<string, number> =>
    Object.fromEntries(
      seen.filter((one) => one.time === time).map(({ symbol, facts }) => [symbol, facts[fact] as number]),
    );

  it("is judged when every symbol has closed the bar, in the order of the symbols", () => {
    const { run, seen } = watch(ranked(), OPEN - 1);
    run.bar("CCC", "5m", OPEN, 3);
    run.bar("AAA", "5m", OPEN, 1);
    run.bar("DDD", "5m", OPEN, 4);
    expect(seen).toEqual([]);
    run.bar("BBB", "5m", OPEN, 2);
    expect(seen.map(({ symbol }) => symbol)).toEqual(SYMBOLS);
    expect(placesAt(seen, OPEN + 5 * MINUTE)).toEqual({ AAA: 4, BBB: 3, CCC: 2, DDD: 1 });
    expect(placesAt(seen, OPEN + 5 * MINUTE, "smallest")).toEqual({ AAA: 1, BBB: 2, CCC: 3, DDD: 4 });
  });

  it("gives equal values the better place", () => {
    const { run, seen } = watch(ranked(), OPEN - 1);
    for (const [symbol, close] of [
      ["AAA", 5],
      ["BBB", 7],
      ["CCC", 7],
      ["DDD", 4],
    ] as const)
      run.bar(symbol, "5m", OPEN, close);
    expect(placesAt(seen, OPEN + 5 * MINUTE)).toEqual({ AAA: 3, BBB: 1, CCC: 1, DDD: 4 });
  });

  it("goes on without a symbol whose bar did not come within the grace; that one is judged when it comes", () => {
    const { run, seen } = watch(ranked(), OPEN - 1);
    run.bar("AAA", "5m", OPEN, 1);
    run.bar("BBB", "5m", OPEN, 2);
    run.bar("CCC", "5m", OPEN, 3);
    run.passTo(OPEN + 5 * MINUTE + 1_999);
    expect(seen).toEqual([]);
    run.passTo(OPEN + 5 * MINUTE + 2_000);
    expect(placesAt(seen, OPEN + 5 * MINUTE)).toEqual({ AAA: 3, BBB: 2, CCC: 1 });
    run.bar("DDD", "5m", OPEN, 1.5);
    expect(placesAt(seen, OPEN + 5 * MINUTE)).toEqual({ AAA: 3, BBB: 2, CCC: 1, DDD: 3 });
  });

  it("does not count a symbol whose value is unknown", () => {
    const { run, seen } = watch(ranked(), OPEN - 1);
    for (const symbol of ["AAA", "BBB", "CCC"]) run.bar(symbol, "5m", OPEN, 1);
    for (const [symbol, close] of [
      ["AAA", 2],
      ["BBB", 4],
      ["CCC", 3],
      ["DDD", 9],
    ] as const)
      run.bar(symbol, "5m", OPEN + 5 * MINUTE, close);
    const time = OPEN + 10 * MINUTE;
    expect(placesAt(seen, time)).toEqual({ AAA: 4, BBB: 2, CCC: 3, DDD: 1 });
    expect(placesAt(seen, time, "rise")).toEqual({ AAA: 3, BBB: 1, CCC: 2, DDD: Number.NaN });
  });

  it("compares what lies on several bar sizes", () => {
    const facts = { place: "rank(close / prior(close, on: 1d))" };
    const { run, seen } = watch(programOf(facts, { on: "15m", symbols: "AAA, BBB" }), OPEN - 1);
    const { open, close } = sessionOf("2024-07-02");
    for (let start = open; start < close; start += 15 * MINUTE) {
      run.bar("AAA", "15m", start, 100);
      run.bar("BBB", "15m", start, 10);
    }
    const next = openOf("2024-07-03");
    run.bar("AAA", "15m", next, 101);
    run.bar("BBB", "15m", next, 11);
    expect(placesAt(seen, open + 15 * MINUTE)).toEqual({ AAA: NaN, BBB: NaN });
    expect(placesAt(seen, next + 15 * MINUTE)).toEqual({ AAA: 2, BBB: 1 });
  });

  it("goes on waiting after a reload", () => {
    const { run, seen } = watch(ranked(), OPEN - 1);
    run.bar("AAA", "5m", OPEN, 1);
    run.bar("BBB", "5m", OPEN, 2);
    const more = programOf({ ...RANKS, x: "close" }, { symbols: SYMBOLS.join(", ") });
    run.feed({ kind: "program.loaded", program: more, warmup: [] });
    run.bar("CCC", "5m", OPEN, 3);
    run.bar("DDD", "5m", OPEN, 4);
    expect(placesAt(seen, OPEN + 5 * MINUTE)).toEqual({ AAA: 4, BBB: 3, CCC: 2, DDD: 1 });
  });

  const close = fc.option(fc.integer({ min: 1, max: 6 }), { freq: 5 });
  const boundary = fc.record({
    closes: fc.tuple(close, close, close, close),
    order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4, maxLength: 4 }),
  });

  it("is a plain count of larger values, whatever the order in which bars come, and never knows the future", () => {
    fc.assert(
      fc.property(fc.array(boundary, { minLength: 1, maxLength: 12 }), (steps) => {
        const { run, seen } = watch(ranked(), OPEN - 1);
        const lengths: number[] = [];
        for (const [i, { closes, order }] of steps.entries()) {
          for (const which of order) {
            const value = closes[which];
            if (typeof value === "number") run.bar(SYMBOLS[which] as string, "5m", OPEN + i * 5 * MINUTE, value);
          }
          run.passTo(OPEN + (i + 1) * 5 * MINUTE + 2_000);
          lengths.push(seen.length);
          const there = closes.flatMap((value, which) =>
            value === null ? [] : [{ symbol: SYMBOLS[which] as string, value }],
          );
          const expected = there.map(({ symbol, value }) => [
            symbol,
            1 + there.filter((one) => one.value > value).length,
          ]);
          expect(placesAt(seen, OPEN + (i + 1) * 5 * MINUTE)).toEqual(Object.fromEntries(expected));
        }
        const again = replay(run.inputs).flatMap((line) => JSON.parse(line) as unknown[]);
        expect(JSON.stringify(again)).toBe(JSON.stringify(run.outputs));
      }),
      { numRuns: runs(60) },
    );
  });
});
