/** Bars of activity: counted from trades, and cut out of all the trades again by a model. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Output } from "../../../engine/core/event.ts";
import { isoTime } from "../../../engine/core/time.ts";
import { compile } from "../../../engine/lang/compile.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";
import { activityBars, told } from "../../support/activity-model.ts";
import type { Kind, ModelBar, ModelTrade, Stretch } from "../../support/activity-model.ts";
import { replay } from "../../support/backtest.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";
import { programOf, watch } from "../../support/evaluations.ts";
import { runs } from "../../support/runs.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const OPEN = openOf("2024-07-02");
const NEXT = openOf("2024-07-05");
const CLOSE = OPEN + 6.5 * HOUR;
const GRACE = 2 * SECOND;

type BarOutput = Extract<Output, { kind: "bar" }>;
const barsOf = (run: CoreDriver, size: string): BarOutput["bar"][] =>
  run.of("bar").flatMap((output) => (output.size === size && output.revised !== true ? [output.bar] : []));
const said = (run: CoreDriver): string[] =>
  run.of("alert").flatMap(({ code, message }) => (code === "rule/alert" ? [message] : []));
const rules = (when: string, more = ""): string =>
  `  - {name: go, when: "${when}", then: {alert: {message: "{close}"}}${more}}`;
const deal = (run: CoreDriver, time: number, price: number, size = 100, setsPrice = true, symbol = "SPY"): void => {
  run.market({ kind: "trade", symbol, time, price, size, setsPrice });
};
const feed = (run: CoreDriver, status: "live" | "down", time: number): void => {
  run.passTo(time);
  run.feed({ kind: "feed", feed: "f", status, detail: "" });
};

// ---------------------------------------------------------------------------------------------- the model

const step = fc.record({
  wait: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 90 * SECOND }), fc.integer({ min: 0, max: 3 * HOUR })),
  /** Close to the next end of five minutes, where bars of time wait out their grace. */
  near: fc.option(fc.integer({ min: -1_500, max: 2_500 }), { freq: 3 }),
  cents: fc.integer({ min: -40, max: 40 }),
  size: fc.oneof(fc.integer({ min: 1, max: 99 }), fc.constant(100), fc.integer({ min: 100, max: 5_000 })),
  setsPrice: fc.oneof(fc.constant(true), fc.constant(true), fc.boolean()),
  gap: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

type Event = { readonly trade: ModelTrade } | { readonly status: "down" | "live"; readonly time: number };

function eventsOf(steps: readonly Step[]): Event[] {
  let time = OPEN - HOUR;
  let price = 100;
  return steps.flatMap(({ wait, near, cents, size, setsPrice, gap }): Event[] => {
    const end = (Math.floor(time / (5 * MINUTE)) + 1) * 5 * MINUTE;
    time = near === null ? time + wait : Math.max(time, end + near);
    price = Math.round(price * 100 + cents) / 100;
    const trade = { trade: { time, price, size, setsPrice } };
    if (!gap) return [trade];
    // What comes during the gap does not count.
    const down = time;
    time += 10 * SECOND;
    return [{ status: "down", time: down }, trade, { status: "live", time }];
  });
}

const sessionOf = (time: number): { open: number; close: number } | undefined => {
  const session = calendarOf("SPY").sessionAtOrBefore(time);
  return session !== undefined && time >= session.open && time < session.close ? session : undefined;
};

function stretchesOf(events: readonly Event[]): Stretch[] {
  const found: Stretch[] = [];
  let trades: ModelTrade[] = [];
  let close = Number.NaN;
  let isDown = false;
  const end = (at: number | undefined): void => {
    if (trades.length > 0) found.push({ trades, end: at });
    trades = [];
  };
  for (const event of events) {
    const time = "trade" in event ? event.trade.time : event.time;
    if (time >= close + GRACE) end(close);
    if ("status" in event) {
      isDown = event.status === "down";
      // At the last instant before the timer the session has ended all the same, but nobody has said so yet.
      if (isDown) end(undefined);
      continue;
    }
    const session = sessionOf(time);
    if (isDown || session === undefined) continue;
    ({ close } = session);
    trades.push(event.trade);
  }
  end(close);
  return found;
}

const SIZES: Readonly<Record<Kind, number>> = { ticks: 3, volume: 400, dollars: 50_000 };

function play(program: Parameters<typeof watch>[0], events: readonly Event[]): ReturnType<typeof watch> {
  const watched = watch(program, OPEN - 2 * HOUR);
  for (const event of events) {
    if ("status" in event) feed(watched.run, event.status, event.time);
    else deal(watched.run, event.trade.time, event.trade.price, event.trade.size, event.trade.setsPrice);
  }
  watched.run.passTo(NEXT + 30 * 24 * HOUR);
  return watched;
}

describe("bars of activity", () => {
  for (const [kind, threshold] of Object.entries(SIZES) as [Kind, number][]) {
    it(`of ${kind} are what a model cuts out of all trades, with odd lots, gaps and several sessions`, () => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
          const events = eventsOf(steps);
          const expected = activityBars(stretchesOf(events), kind, threshold);
          const { run, seen } = play(programOf({ x: "close", y: "sma(2)" }, { on: `${threshold} ${kind}` }), events);
          const found = barsOf(run, `${threshold} ${kind}`);
          expect(found).toEqual(expected.map(told));
          expect(seen.map(({ time }) => time)).toEqual(expected.map(({ end }) => end));
          expect(seen.map(({ facts }) => facts["x"])).toEqual(expected.map(({ close }) => close));
          const means = expected.map(({ close }, i) => (close + (expected[i - 1]?.close ?? Number.NaN)) / 2);
          for (const [i, mean] of means.entries()) {
            if (Number.isNaN(mean)) expect(seen[i]?.facts["y"]).toBeNaN();
            else expect(seen[i]?.facts["y"]).toBeCloseTo(mean, 9);
          }
          const again = replay(run.inputs).flatMap((line) => JSON.parse(line) as unknown[]);
          expect(JSON.stringify(again)).toBe(JSON.stringify(run.outputs));
        }),
        { numRuns: runs(60) },
      );
    });
  }

  it("and bars of time see of each other what had closed, whichever judges", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const events = eventsOf(steps.map((one) => ({ ...one, gap: false, setsPrice: true })));
        const stretches = stretchesOf(events);
        const counted = activityBars(stretches, "ticks", 3);
        const timed = timeBars(stretches);
        const times = play(programOf({ x: "close(on: 3 ticks)", y: "sma(2, on: 3 ticks)" }, { on: "5m" }), events);
        expect(times.seen.map(({ time }) => time)).toEqual(timed.map(({ end }) => end));
        for (const { time, facts } of times.seen) {
          // What a trade closes at the very end of the interval is not part of it; what the session closes is.
          const isKnown = ({ end }: ModelBar): boolean => end < time || (end === time && sessionOf(end) === undefined);
          const known = counted.filter(isKnown);
          expect(facts["x"]).toBe(known.at(-1)?.close ?? Number.NaN);
        }
        const counts = play(programOf({ x: "close(on: 5m)", y: "close(on: 1h)[1]" }, { on: "3 ticks" }), events);
        expect(counts.seen.map(({ time }) => time)).toEqual(counted.map(({ end }) => end));
        for (const { time, facts } of counts.seen)
          expect(facts["x"]).toBe(timed.findLast(({ end }) => end <= time)?.close ?? Number.NaN);
      }),
      { numRuns: runs(60) },
    );
  });
});

/** Bars of 5 minutes. */
function timeBars(stretches: readonly Stretch[]): { readonly end: number; readonly close: number }[] {
  const closes = new Map<number, number>();
  for (const { time, price } of stretches.flatMap(({ trades }) => trades)) {
    const { open } = sessionOf(time) as { open: number };
    closes.set(open + (Math.floor((time - open) / (5 * MINUTE)) + 1) * 5 * MINUTE, price);
  }
  return [...closes].map(([end, close]) => ({ end, close }));
}

// ---------------------------------------------------------------------------------------------- single cases

describe("a bar of activity", () => {
  it("closes at the trade that fills it, which belongs to it, and what is too much is not carried over", () => {
    const { run, seen } = watch(programOf({ x: "volume" }, { on: "1_000 volume" }), OPEN - 1);
    deal(run, OPEN, 1, 900);
    deal(run, OPEN + 1, 2, 700);
    deal(run, OPEN + 2, 3, 300);
    deal(run, OPEN + 3, 4, 700);
    expect(seen.map(({ time, facts }) => [time - OPEN, facts["x"]])).toEqual([
      [1, 1_600],
      [3, 1_000],
    ]);
  });

  it("counts ten tenths as one", () => {
    const program = programOf({ x: "volume" }, { on: "1 volume", symbols: "BTC/USD", session: "always" });
    const { run, seen } = watch(program, OPEN - 1);
    for (let i = 0; i < 20; i++) deal(run, OPEN + i, 100, 0.1, true, "BTC/USD");
    expect(seen.map(({ time }) => time - OPEN)).toEqual([9, 19]);
  });

  it("may be one of several in the same millisecond, each judged once and under a name of its own", () => {
    const on = "2 ticks";
    const run = new CoreDriver(
      programOf({ x: "close" }, { on, rules: rules("close > 0", ", fire: each, once_per: bar") }),
      OPEN - 1,
    );
    for (const price of [1, 2, 3, 4, 5, 6]) deal(run, OPEN, price);
    expect(said(run)).toEqual(["2", "4", "6"]);
    const ids = new CoreDriver(
      programOf(
        { x: "close" },
        { on, rules: "  - {name: go, fire: each, when: close > 0, then: {buy: {size: {qty: 1}}}}" },
      ),
      OPEN - 1,
    );
    for (const price of [1, 2, 3, 4]) deal(ids, OPEN, price);
    expect(ids.of("confirm").map(({ firing }) => firing.id)).toEqual([`case/go/SPY/${OPEN}`]);
    expect(ids.refusals).toEqual(["max_entries"]);
  });

  it("waits for a trade that sets a price", () => {
    const { run, seen } = watch(programOf({ x: "close", v: "volume" }, { on: "100 volume" }), OPEN - 1);
    deal(run, OPEN, 9, 100, false);
    deal(run, OPEN + 1, 9, 50, false);
    expect(seen).toEqual([]);
    deal(run, OPEN + 2, 5, 1);
    expect(seen.map(({ facts }) => [facts["x"], facts["v"]])).toEqual([[5, 151]]);
  });

  it("ends with its session, after the grace; trades of it that come later are left out and told once", () => {
    const { run, seen } = watch(programOf({ x: "close", v: "volume" }, { on: "3 ticks" }), OPEN - 1);
    deal(run, CLOSE - 2, 1);
    run.passTo(CLOSE + SECOND);
    run.feed({ kind: "trade", symbol: "SPY", time: CLOSE - 1, price: 2, size: 100, setsPrice: true });
    expect(seen).toEqual([]);
    run.passTo(CLOSE + GRACE);
    expect(seen.map(({ time, facts }) => [time, facts["x"], facts["v"]])).toEqual([[CLOSE, 2, 200]]);
    for (let i = 0; i < 3; i++)
      run.feed({ kind: "trade", symbol: "SPY", time: CLOSE - 1, price: 3, size: 100, setsPrice: true });
    expect(seen).toHaveLength(1);
    expect(run.alerts).toEqual(["data/late-trade"]);
    deal(run, NEXT, 7);
    deal(run, NEXT + 1, 8);
    expect(seen).toHaveLength(1);
    deal(run, NEXT + 2, 9);
    expect(barsOf(run, "3 ticks").at(-1)).toMatchObject({ start: NEXT, open: 7, close: 9 });
  });

  it("that fills in the grace after its session belongs to the session's end", () => {
    const { run, seen } = watch(programOf({ x: "close" }, { on: "2 ticks" }), OPEN - 1);
    deal(run, CLOSE - 2, 1);
    run.passTo(CLOSE + SECOND);
    run.feed({ kind: "trade", symbol: "SPY", time: CLOSE - 1, price: 2, size: 100, setsPrice: true });
    expect(seen.map(({ time, facts }) => [time, facts["x"]])).toEqual([[CLOSE, 2]]);
    run.passTo(NEXT);
    expect(seen).toHaveLength(1);
  });

  it("ends with the UTC day around the clock, at the latest with the first trade of the next", () => {
    const midnight = Date.parse("2024-07-03T00:00:00Z");
    const program = programOf({ x: "close" }, { on: "3 ticks", symbols: "BTC/USD", session: "always" });
    const { run, seen } = watch(program, midnight - HOUR);
    deal(run, midnight - 5, 1, 1, true, "BTC/USD");
    deal(run, midnight + 5, 2, 1, true, "BTC/USD");
    expect(seen.map(({ time, facts }) => [time, facts["x"]])).toEqual([[midnight, 1]]);
    // One of the day that is over comes too late.
    run.feed({ kind: "trade", symbol: "BTC/USD", time: midnight - 4, price: 9, size: 1, setsPrice: true });
    deal(run, midnight + 6, 3, 1, true, "BTC/USD");
    deal(run, midnight + 7, 4, 1, true, "BTC/USD");
    expect(barsOf(run, "3 ticks").at(-1)).toMatchObject({ start: midnight + 5, open: 2, high: 4, close: 4 });
  });

  it("is given up when the feed goes down, which is told, and what is told again counts once", () => {
    const { run, seen } = watch(programOf({ x: "close" }, { on: "3 ticks" }), OPEN - 1);
    deal(run, OPEN, 1);
    deal(run, OPEN + 1, 2);
    feed(run, "down", OPEN + 2);
    expect(run.of("alert").map(({ message }) => message)).toEqual([
      `SPY@3 ticks/regular: the bar begun ${isoTime(OPEN)} misses data and is left out`,
    ]);
    feed(run, "live", OPEN + 10);
    run.feed({ kind: "trade", symbol: "SPY", time: OPEN + 1, price: 2, size: 100, setsPrice: true });
    for (const offset of [10, 11, 12]) deal(run, OPEN + offset, offset);
    expect(seen.map(({ facts }) => facts["x"])).toEqual([12]);
    expect(barsOf(run, "3 ticks")).toMatchObject([{ start: OPEN + 10, open: 10 }]);
    feed(run, "down", OPEN + 20);
    expect(run.alerts).toEqual(["data/incomplete-bar"]);
  });

  it("is given up too when a feed begins anew without having said that it was down", () => {
    const { run, seen } = watch(programOf({ x: "close" }, { on: "2 ticks" }), OPEN - 1);
    deal(run, OPEN, 1);
    feed(run, "live", OPEN + 10);
    deal(run, OPEN + 11, 2);
    expect([seen.length, run.alerts]).toEqual([0, ["data/incomplete-bar"]]);
  });

  it("counts trades in the order in which they come; one that comes late revises nothing", () => {
    const { run, seen } = watch(programOf({ x: "close" }, { on: "2 ticks" }), OPEN - 1);
    deal(run, OPEN + 5, 1);
    deal(run, OPEN + 6, 2);
    run.feed({ kind: "trade", symbol: "SPY", time: OPEN + 1, price: 7, size: 100, setsPrice: true });
    deal(run, OPEN + 7, 3);
    expect(seen.map(({ facts }) => facts["x"])).toEqual([2, 3]);
    expect(barsOf(run, "2 ticks").at(-1)).toEqual({ start: OPEN + 1, open: 7, high: 7, low: 3, close: 3, volume: 200 });
    expect(run.of("bar").some(({ revised }) => revised === true)).toBe(false);
  });

  it("is not built from quotes or bars of time; where only these come, an alarm says so once", () => {
    const { run, seen } = watch(programOf({ x: "close" }, { on: "1 ticks" }), OPEN - 1);
    run.quote("SPY", OPEN, 99, 99.1);
    expect(run.alerts).toEqual([]);
    for (let i = 0; i < 3; i++) run.bar("SPY", "1m", OPEN + i * MINUTE, 100);
    expect(seen).toEqual([]);
    expect(run.alerts).toEqual(["data/no-ticks"]);
    const traded = new CoreDriver(programOf({ x: "close" }, { on: "1 ticks" }), OPEN - 1);
    deal(traded, OPEN, 1);
    traded.bar("SPY", "1m", OPEN, 100);
    expect(traded.alerts).toEqual([]);
  });

  it("goes on across a reload, open as it is, and new facts begin with it", () => {
    const before = programOf({ x: "close" }, { on: "3 ticks" });
    const { run } = watch(before, OPEN - 1);
    for (const offset of [0, 1, 2, 3, 4]) deal(run, OPEN + offset, offset + 1);
    const rule = "  - {name: leave, when: close < 0.4, then: {close: {}}}";
    const after = programOf({ x: "close", mean: "sma(2)" }, { on: "3 ticks", rules: rule });
    run.feed({ kind: "program.loaded", program: after, warmup: [] });
    deal(run, OPEN + 5, 6);
    expect(barsOf(run, "3 ticks")).toMatchObject([
      { start: OPEN },
      { start: OPEN + 3, open: 4, close: 6, volume: 300 },
    ]);
    for (const offset of [6, 7, 8]) deal(run, OPEN + offset, 9);
    const { slots } = run.core.signals.graph;
    const [instance] = run.core.signals.instances;
    expect(slots[instance?.facts.slotOf[after.strategies[0]?.named["mean"] ?? 0] ?? 0]).toBe(7.5);
  });

  it("opens nothing after a reload that a timer does not end", () => {
    const { run } = watch(programOf({ x: "close" }, { on: "3 ticks" }), OPEN - 1);
    deal(run, OPEN, 1);
    const rule = "  - {name: leave, when: close < 0.4, then: {close: {}}}";
    run.feed({
      kind: "program.loaded",
      program: programOf({ x: "close" }, { on: "3 ticks", rules: rule }),
      warmup: [],
    });
    run.passTo(CLOSE + GRACE);
    expect(barsOf(run, "3 ticks")).toMatchObject([{ start: OPEN, close: 1 }]);
  });

  it("is what lookbacks, crosses, `for` and cooldowns count", () => {
    const facts = { before: "close[1]" };
    const on = "2 ticks";
    const { run, seen } = watch(programOf(facts, { on, rules: rules("close > 2 for 3 bars") }), OPEN - 1);
    for (const [i, price] of [1, 1, 3, 3, 4, 4, 5, 5].entries()) deal(run, OPEN + i * MINUTE, price);
    expect(seen.map((one) => one.facts["before"])).toEqual([Number.NaN, 1, 3, 4]);
    expect(said(run)).toEqual(["5"]);
    const crossing = new CoreDriver(programOf(facts, { on, rules: rules("close crosses above 2") }), OPEN - 1);
    for (const [i, price] of [1, 9, 3, 1, 3, 3].entries()) deal(crossing, OPEN + i, price);
    expect(said(crossing)).toEqual(["3"]);
    const cooling = rules("close > 0", ", fire: each, cooldown: 2 bars");
    const cool = new CoreDriver(programOf(facts, { on, rules: cooling }), OPEN - 1);
    for (let i = 0; i < 12; i++) deal(cool, OPEN, i + 1);
    expect(said(cool)).toEqual(["2", "6", "10"]);
  });

  it("lets `for 10m` pass at evaluations", () => {
    const run = new CoreDriver(
      programOf({ x: "close" }, { on: "1 ticks", rules: rules("(close > 2) for 10m") }),
      OPEN - 1,
    );
    for (const [minute, price] of [
      [0, 1],
      [1, 3],
      [10, 4],
      [12, 5],
    ] as const)
      deal(run, OPEN + minute * MINUTE, price);
    expect(said(run)).toEqual(["5"]);
  });
});

describe("another symbol's bars of activity", () => {
  const other = (run: CoreDriver, time: number, price: number): void => deal(run, time, price, 100, true, "QQQ");

  it("count with the last one that closed; nobody waits for them", () => {
    const program = programOf({ other: "close(symbol: QQQ, on: 2 ticks)" }, { on: "2 ticks" });
    const { run, seen } = watch(program, OPEN - 1);
    other(run, OPEN, 50);
    deal(run, OPEN, 1);
    deal(run, OPEN + 1, 1);
    other(run, OPEN + 2, 51);
    other(run, OPEN + 3, 52);
    deal(run, OPEN + 4, 1);
    deal(run, OPEN + 5, 1);
    expect(seen.map(({ time, facts }) => [time - OPEN, facts["other"]])).toEqual([
      [1, Number.NaN],
      [5, 51],
    ]);
  });

  it("are unknown when they are older than the session before, and after a gap until one has closed", () => {
    const program = programOf({ other: "close(symbol: QQQ, on: 1 ticks)" }, { on: "1 ticks" });
    const { run, seen } = watch(program, OPEN - 1);
    other(run, OPEN, 50);
    const wednesday = openOf("2024-07-03");
    deal(run, wednesday, 1);
    deal(run, NEXT, 1);
    other(run, NEXT + 1, 51);
    deal(run, NEXT + 2, 1);
    feed(run, "down", NEXT + 3);
    feed(run, "live", NEXT + 4);
    deal(run, NEXT + 5, 1);
    other(run, NEXT + 6, 52);
    deal(run, NEXT + 7, 1);
    expect(seen.map(({ facts }) => facts["other"])).toEqual([50, Number.NaN, 51, Number.NaN, 52]);
  });

  it("never show a bar of time what closed after its end, though it is judged after the grace", () => {
    const program = programOf(
      { other: "close(symbol: QQQ, on: 1 ticks)", own: "close(on: 2 ticks)", five: "close(symbol: QQQ)" },
      { on: "5m" },
    );
    const { run, seen } = watch(program, OPEN - 1);
    deal(run, OPEN + MINUTE, 10);
    other(run, OPEN + MINUTE, 50);
    deal(run, OPEN + 2 * MINUTE, 11);
    other(run, OPEN + 5 * MINUTE, 99);
    deal(run, OPEN + 5 * MINUTE + 1, 98);
    run.passTo(OPEN + 5 * MINUTE + GRACE);
    expect(seen[0]).toEqual({ time: OPEN + 5 * MINUTE, symbol: "SPY", facts: { other: 50, own: 11, five: 50 } });
  });

  it("are ranked by bars of time, all symbols at one instant, though one of them goes on at once", () => {
    const program = programOf({ place: "rank(close(on: 1 ticks))" }, { on: "5m", symbols: "SPY, QQQ" });
    const { run, seen } = watch(program, OPEN - 1);
    deal(run, OPEN, 10);
    other(run, OPEN, 50);
    other(run, OPEN + 5 * MINUTE, 1);
    deal(run, OPEN + 5 * MINUTE + 1, 10);
    run.passTo(OPEN + 5 * MINUTE + GRACE);
    expect(seen.slice(0, 2)).toEqual([
      { time: OPEN + 5 * MINUTE, symbol: "SPY", facts: { place: 2 } },
      { time: OPEN + 5 * MINUTE, symbol: "QQQ", facts: { place: 1 } },
    ]);
  });

  it("leave the bars of strategies beside them alone, which wait out their grace", () => {
    const files = {
      "a.strategy.yaml": plain("a", "5m", "close > 0"),
      "b.strategy.yaml": plain("b", "1 ticks", "close > sma(1, on: 5m)"),
    };
    const { program } = compile(files);
    if (program === null) throw new Error("no program");
    const run = new CoreDriver(program, OPEN - 1);
    deal(run, OPEN, 1);
    deal(run, OPEN + 5 * MINUTE, 2);
    run.feed({ kind: "trade", symbol: "SPY", time: OPEN + 5 * MINUTE - 1, price: 3, size: 100, setsPrice: true });
    run.passTo(OPEN + 5 * MINUTE + GRACE);
    expect(barsOf(run, "5m")).toMatchObject([{ start: OPEN, close: 3, volume: 200 }]);
  });

  it("are unknown to a provider's bar that is told after a later trade has closed one", () => {
    const { run, seen } = watch(programOf({ own: "close(on: 1 ticks)" }, { on: "1m" }), OPEN - 1);
    deal(run, OPEN + MINUTE + 100, 11);
    // Nobody traded in it as far as trades go; the provider knows better, and late.
    run.feed({ kind: "bar", symbol: "SPY", size: "1m", revised: false, start: OPEN, ...ohlc(10) });
    run.passTo(OPEN + 2 * MINUTE + GRACE);
    expect(seen.map(({ time, facts }) => [time - OPEN, facts["own"]])).toEqual([
      [MINUTE, Number.NaN],
      [2 * MINUTE, 11],
    ]);
  });
});

function plain(name: string, on: string, when: string): string {
  return `barwise: 1\nname: ${name}\nsymbols: [SPY]\non: ${on}\nrules:\n  - {name: go, when: "${when}", then: {close: {}}}\n`;
}

function ohlc(close: number): { open: number; high: number; low: number; close: number; volume: number } {
  return { open: close, high: close, low: close, close, volume: 100 };
}
