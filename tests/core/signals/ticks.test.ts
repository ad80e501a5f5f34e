/** Rules on ticks, and facts that see the forming bar: streamed, and computed again from all the trades. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indicator } from "../../../engine/catalog/catalog.ts";
import type { Bar } from "../../../engine/core/event.ts";
import { NYSE } from "../../../engine/market/nyse.ts";
import { replay } from "../../support/backtest.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";
import { programOf, watch } from "../../support/evaluations.ts";
import { runs } from "../../support/runs.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const OPEN = openOf("2024-07-02");
const NEXT = openOf("2024-07-03");

const FACTS = {
  price: "close",
  top: "high",
  traded: "volume",
  strength: "rsi(3)",
  body: "ema(close - open, 3)",
  band: "bollinger(3, 2).upper",
  before: "close[1]",
  two_before: "high[2]",
  rise: "change(close, 1)",
  still: "rsi(3, forming: false)",
  day_so_far: "high(on: 1d, forming: true)",
  yesterday: "high(on: 1d)",
  prior_day: "prior(high, on: 1d)",
  average: "vwap",
  first: "opening_range(2m).high",
};

interface Trade {
  readonly time: number;
  readonly price: number;
  readonly size: number;
}

function barsOf(trades: readonly Trade[], interval: (time: number) => number): Bar[] {
  const bars = new Map<number, { -readonly [K in keyof Bar]: Bar[K] }>();
  for (const { time, price, size } of trades) {
    const start = interval(time);
    const bar = bars.get(start);
    if (bar === undefined) bars.set(start, { start, open: price, high: price, low: price, close: price, volume: size });
    else {
      bar.high = Math.max(bar.high, price);
      bar.low = Math.min(bar.low, price);
      bar.close = price;
      bar.volume += size;
    }
  }
  return [...bars.values()];
}

/** The last value of an indicator over all these inputs. */
function last(name: string, params: readonly number[], rows: readonly (readonly number[])[], output = 0): number {
  const entry = indicator(name);
  const kernel = entry?.kernel(params);
  const out = new Float64Array(entry?.outputs.length ?? 1).fill(Number.NaN);
  for (const row of rows) kernel?.update(Float64Array.from(row), out);
  return out[output] as number;
}

const dayOf = (time: number): number => NYSE.sessionAtOrBefore(time)?.day ?? -1;

function byHand(trades: readonly Trade[]): Record<string, number> {
  const bars = barsOf(trades, (time) => time - (time % MINUTE));
  const now = bars.at(-1) as Bar;
  const closed = bars.slice(0, -1);
  const closes = bars.map(({ close }) => [close]);
  const days = barsOf(trades, dayOf);
  const today = bars.filter(({ start }) => dayOf(start) === dayOf(now.start));
  const first = today.filter(({ start }) => start < (dayOf(now.start) === dayOf(OPEN) ? OPEN : NEXT) + 2 * MINUTE);
  const isWhole = first.length === 2 && now.start > (first[1]?.start ?? 0);
  return {
    price: now.close,
    top: now.high,
    traded: now.volume,
    strength: last("rsi", [3], closes),
    body: last(
      "ema",
      [3],
      bars.map(({ close, open }) => [close - open]),
    ),
    band: last(
      "bollinger",
      [3, 2],
      closes,
      indicator("bollinger")?.outputs.findIndex(({ name }) => name === "upper"),
    ),
    before: closed.at(-1)?.close ?? Number.NaN,
    two_before: closed.at(-2)?.high ?? Number.NaN,
    rise: now.close - (closed.at(-1)?.close ?? Number.NaN),
    still: last(
      "rsi",
      [3],
      closed.map(({ close }) => [close]),
    ),
    day_so_far: days.at(-1)?.high ?? Number.NaN,
    yesterday: days.at(-2)?.high ?? Number.NaN,
    prior_day: days.at(-2)?.high ?? Number.NaN,
    average: last(
      "vwap",
      [],
      today.map(({ high, low, close, volume }) => [high, low, close, volume]),
    ),
    first: isWhole ? Math.max(...first.map(({ high }) => high)) : Number.NaN,
  };
}

const trade = fc.record({
  wait: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 150 })),
  cents: fc.integer({ min: -40, max: 40 }),
  size: fc.integer({ min: 1, max: 300 }),
});

function tradesOf(steps: readonly { readonly wait: number; readonly cents: number; readonly size: number }[]): Trade[] {
  let price = 100;
  let time = OPEN;
  return steps.map(({ wait, cents, size }, index) => {
    time = index === Math.floor(steps.length / 2) ? NEXT : time + wait * SECOND;
    price = Math.round(price * 100 + cents) / 100;
    return { time, price, size };
  });
}

describe("rules on ticks", () => {
  it("see at every trade what a recomputation over all trades so far says", () => {
    fc.assert(
      fc.property(fc.array(trade, { minLength: 4, maxLength: 60 }), (steps) => {
        const trades = tradesOf(steps);
        const { run, seen } = watch(programOf(FACTS, { on: "tick" }), OPEN - 1);
        for (const { time, price, size } of trades) run.trade("SPY", time, price, size);
        expect(seen.map(({ time }) => time)).toEqual(trades.map(({ time }) => time));
        for (const [index, { facts }] of seen.entries()) {
          const expected = byHand(trades.slice(0, index + 1));
          for (const [name, value] of Object.entries(expected)) {
            if (Number.isNaN(value)) expect(facts[name], name).toBeNaN();
            else expect(facts[name], `${name} at ${index}`).toBeCloseTo(value, 9);
          }
        }
        const again = replay(run.inputs).flatMap((line) => JSON.parse(line) as unknown[]);
        expect(JSON.stringify(again)).toBe(JSON.stringify(run.outputs));
      }),
      { numRuns: runs(30) },
    );
  });

  const rules = (when: string, more = ""): string =>
    `  - {name: go, when: "${when}", then: {alert: {message: "{close}"}}${more}}`;
  const tick = (when: string, more = "", over: { symbols?: string; session?: string } = {}): CoreDriver =>
    new CoreDriver(programOf({ x: "close" }, { on: "tick", rules: rules(when, more), ...over }), OPEN - 1);
  const said = (run: CoreDriver): string[] =>
    run.of("alert").flatMap(({ code, message }) => (code === "rule/alert" ? [message] : []));

  it("fire inside the bar, at the trade that made it true", () => {
    const run = tick("close > 100");
    run.trade("SPY", OPEN, 99);
    run.trade("SPY", OPEN + 10 * SECOND, 101);
    expect(said(run)).toEqual(["101"]);
    run.trade("SPY", OPEN + 11 * SECOND, 102);
    run.trade("SPY", OPEN + 12 * SECOND, 99);
    run.trade("SPY", OPEN + 13 * SECOND, 103);
    expect(said(run)).toEqual(["101", "103"]);
  });

  it("are judged at quotes too, and only inside the session", () => {
    const run = tick("spread < 0.05", ", fire: each, cooldown: 1s");
    run.trade("SPY", OPEN, 99);
    run.quote("SPY", OPEN + SECOND, 99, 99.1);
    run.quote("SPY", OPEN + 2 * SECOND, 99, 99.02);
    expect(said(run)).toEqual(["99"]);
    run.quote("SPY", OPEN + 7 * 60 * MINUTE, 99, 99.02);
    expect(said(run)).toEqual(["99"]);
  });

  it("cross between one evaluation and the next", () => {
    const run = tick("close crosses above 100", ", fire: each, cooldown: 1s");
    for (const [i, price] of [99, 101, 102, 100, 101].entries()) run.trade("SPY", OPEN + i * SECOND, price);
    expect(said(run)).toEqual(["101", "101"]);
  });

  it("reach the deadline of `for` by the clock when no tick comes", () => {
    const run = tick("(close > 100) for 10m");
    run.trade("SPY", OPEN, 99);
    run.trade("SPY", OPEN + SECOND, 101);
    run.passTo(OPEN + SECOND + 10 * MINUTE - 1);
    expect(said(run)).toEqual([]);
    run.passTo(OPEN + SECOND + 10 * MINUTE);
    expect(said(run)).toEqual(["101"]);
    run.passTo(OPEN + 60 * MINUTE);
    expect(said(run)).toEqual(["101"]);
  });

  it("start the time of `for` again when it broke", () => {
    const run = tick("(close > 100) for 10m");
    run.trade("SPY", OPEN, 101);
    run.trade("SPY", OPEN + 5 * MINUTE, 99);
    run.trade("SPY", OPEN + 6 * MINUTE, 101);
    run.passTo(OPEN + 15 * MINUTE);
    expect(said(run)).toEqual([]);
    run.passTo(OPEN + 16 * MINUTE);
    expect(said(run)).toEqual(["101"]);
  });

  it("keep a deadline across a reload, and drop one that lies behind the close", () => {
    const run = tick("(close > 100) for 10m");
    run.trade("SPY", OPEN, 99);
    run.trade("SPY", OPEN + SECOND, 101);
    const same = programOf({ x: "close", y: "open" }, { on: "tick", rules: rules("(close > 100) for 10m") });
    run.feed({ kind: "program.loaded", program: same, warmup: [] });
    run.passTo(OPEN + 11 * MINUTE);
    expect(said(run)).toEqual(["101"]);
    const late = tick("(close > 100) for 10m");
    late.trade("SPY", OPEN + 6.4 * 60 * MINUTE, 99);
    late.trade("SPY", OPEN + 6.45 * 60 * MINUTE, 101);
    late.passTo(NEXT - 1);
    expect(said(late)).toEqual([]);
    expect(late.timers.next).toBe(Number.POSITIVE_INFINITY);
  });

  it("fire once per bar, and once a second at most when they fire each time", () => {
    const once = tick("close > 100", ", fire: each, once_per: bar, cooldown: 1s");
    const each = tick("close > 100", ", fire: each");
    for (const run of [once, each]) {
      for (let i = 0; i < 16; i++) run.trade("SPY", OPEN + i * 10 * SECOND + (i % 2) * 100, 101 + i);
      run.trade("SPY", OPEN + 200 * SECOND, 1);
    }
    expect(said(once)).toEqual(["101", "107", "113"]);
    const fast = tick("close > 100", ", fire: each");
    for (let i = 0; i < 30; i++) fast.trade("SPY", OPEN + i * 100, 101 + i);
    expect(said(fast)).toEqual(["101", "111", "121"]);
  });

  it("give two firings at one time two names", () => {
    const program = programOf(
      { x: "close" },
      {
        on: "tick",
        rules:
          "  - {name: go, fire: each, cooldown: 1 bar, when: close > 0, then: {buy: {size: {qty: 1}}}}\n  - {name: leave, when: close > 100, then: {close: {}}}",
      },
    );
    const run = new CoreDriver(program, OPEN - 1);
    run.trade("SPY", OPEN, 99);
    run.filled(run.lastSubmit, 1, 99);
    run.trade("SPY", OPEN, 101);
    const ids = run.of("confirm").map(({ firing }) => firing.id);
    expect(ids).toEqual([`case/go/SPY/${OPEN}`, `case/leave/SPY/${OPEN}.1`]);
  });

  it("count bars, not ticks, for a position and a cooldown", () => {
    const program = programOf(
      { held: "position.bars_held" },
      {
        on: "tick",
        rules:
          "  - {name: go, start: fire, when: close > 0, then: {buy: {size: {qty: 1}}}}\n  - {name: leave, when: position.bars_held > 9, then: {close: {}}}",
      },
    );
    const { run, seen } = watch(program, OPEN - 1);
    run.trade("SPY", OPEN, 99);
    run.filled(run.lastSubmit, 1, 99);
    for (const offset of [1, 2, 61, 62, 200]) run.trade("SPY", OPEN + offset * SECOND, 99);
    expect(seen.map(({ facts }) => facts["held"])).toEqual([0, 1, 1, 2, 2, 3]);
  });

  it("read another symbol at its latest price", () => {
    const { run, seen } = watch(programOf({ other: "close(symbol: QQQ)" }, { on: "tick" }), OPEN - 1);
    run.trade("SPY", OPEN, 1);
    run.trade("QQQ", OPEN + SECOND, 50);
    run.trade("SPY", OPEN + 2 * SECOND, 1);
    run.trade("QQQ", OPEN + 3 * SECOND, 51);
    run.trade("SPY", OPEN + 4 * SECOND, 1);
    run.trade("SPY", OPEN + MINUTE, 1);
    run.trade("SPY", OPEN + 2 * MINUTE + 5 * SECOND, 1);
    expect(seen.map(({ facts }) => facts["other"])).toEqual([Number.NaN, 50, 51, 51, Number.NaN]);
  });

  it("know at a quote before the first trade of a session what the last bar said, but nothing of this session", () => {
    const facts = { price: "close", average: "vwap", first: "opening_range(1m).high" };
    const { run, seen } = watch(programOf(facts, { on: "tick" }), OPEN - 1);
    run.trade("SPY", OPEN, 100);
    run.trade("SPY", OPEN + MINUTE, 101);
    run.quote("SPY", NEXT, 99, 99.1);
    run.trade("SPY", NEXT + SECOND, 102);
    expect(seen.at(-2)?.facts).toEqual({ price: 101, average: NaN, first: NaN });
    expect(seen.at(-1)?.facts).toMatchObject({ price: 102, average: 102 });
  });

  it("know of a bar whose beginning was missed only the latest price", () => {
    const program = programOf({ price: "close", top: "high", strength: "rsi(2)" }, { on: "tick" });
    const { run, seen } = watch(program, OPEN + 30 * SECOND);
    run.feed({ kind: "feed", feed: "f", status: "live", detail: "" });
    run.trade("SPY", OPEN + 31 * SECOND, 100);
    run.trade("SPY", OPEN + MINUTE, 101);
    expect(seen.map(({ facts }) => [facts["price"], facts["top"]])).toEqual([
      [100, Number.NaN],
      [101, 101],
    ]);
  });

  it("keep building from trades when a provider sends the same bars", () => {
    const { run, seen } = watch(programOf({ traded: "volume", before: "volume[1]" }, { on: "tick" }), OPEN - 1);
    run.trade("SPY", OPEN, 100, 10);
    run.trade("SPY", OPEN + 59 * SECOND, 100, 20);
    run.bar("SPY", "1m", OPEN, 100, { volume: 31 });
    run.trade("SPY", OPEN + MINUTE + SECOND, 100, 5);
    run.trade("SPY", OPEN + MINUTE + 2 * SECOND, 100, 6);
    expect(seen.map(({ facts }) => [facts["traded"], facts["before"]])).toEqual([
      [10, Number.NaN],
      [30, Number.NaN],
      [5, 30],
      [11, 30],
    ]);
  });

  it("raise an alarm once where only bars come, and never take a bar for a tick", () => {
    const run = tick("close > 0", ", start: fire");
    for (let i = 0; i < 5; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, 100);
    expect(said(run)).toEqual([]);
    expect(run.alerts).toEqual(["data/no-ticks"]);
  });

  it("are warmed by bars", () => {
    const { run, seen } = watch(programOf({ mean: "sma(3)" }, { on: "tick" }), NEXT - 1);
    const bars = [1, 2, 3].map((close, i) => {
      const start = OPEN + i * MINUTE;
      return { start, open: close, high: close, low: close, close, volume: 1 };
    });
    run.feed({ kind: "history", symbol: "SPY", size: "1m", bars });
    run.trade("SPY", NEXT, 7);
    expect(seen.map(({ facts }) => facts["mean"])).toEqual([4]);
  });
});

describe("forming: true in a strategy on bars", () => {
  const facts = {
    today: "high(on: 1d, forming: true)",
    closed: "high(on: 1d)",
    mean: "sma(2, on: 1d, forming: true)",
    yesterday: "close(on: 1d, forming: true)[1]",
  };

  it("sees the day so far, and the day before from there", () => {
    const { run, seen } = watch(programOf(facts, { on: "15m" }), OPEN - 1);
    const { close = 0 } = NYSE.sessionOn("2024-07-02") ?? {};
    for (let start = OPEN; start < close; start += 15 * MINUTE) run.bar("SPY", "15m", start, 100, { high: 105 });
    run.bar("SPY", "15m", NEXT, 102);
    run.bar("SPY", "15m", NEXT + 15 * MINUTE, 110);
    expect(seen[0]?.facts).toEqual({ today: 105, closed: NaN, mean: NaN, yesterday: NaN });
    expect(seen.at(-3)?.facts).toEqual({ today: 105, closed: 105, mean: NaN, yesterday: NaN });
    expect(seen.at(-2)?.facts).toEqual({ today: 102, closed: 105, mean: 101, yesterday: 100 });
    expect(seen.at(-1)?.facts).toEqual({ today: 110, closed: 105, mean: 105, yesterday: 100 });
  });
});
