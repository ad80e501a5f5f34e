/** Correlation and beta of two symbols on larger bars: held against two passes over the bars that both have. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HistoryInput, Output } from "../../../engine/core/event.ts";
import { NYSE } from "../../../engine/market/nyse.ts";
import { openOf } from "../../support/core-driver.ts";
import type { CoreDriver } from "../../support/core-driver.ts";
import { programOf, watch } from "../../support/evaluations.ts";
import { runs } from "../../support/runs.ts";

const MINUTE = 60_000;
const FIVE = 5 * MINUTE;
/** A half day among them. */
const DAYS = ["2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08"];
const FACTS = {
  c15: '"correlation(3, with: close(symbol: QQQ), on: 15m)"',
  b15: '"beta(2, with: close(symbol: QQQ), on: 15m)"',
  volume15: '"correlation(hl2(symbol: QQQ, on: 15m), volume(on: 15m), 2)"',
  c1d: '"correlation(close(on: 1d), close(symbol: QQQ, on: 1d), 2)"',
};

interface Closed {
  readonly start: number;
  readonly end: number;
  readonly close: number;
  readonly hl2: number;
  readonly volume: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** As numpy does it: means first, then the products of what differs from them. */
function moments(x: readonly number[], y: readonly number[]): { xx: number; xy: number; yy: number } {
  const [mx, my] = [sum(x) / x.length, sum(y) / y.length];
  const of = (a: (i: number) => number): number => sum(x.map((_, i) => a(i)));
  const [dx, dy] = [x.map((value) => value - mx), y.map((value) => value - my)];
  const at = (list: readonly number[], i: number): number => list[i] as number;
  return {
    xx: of((i) => at(dx, i) * at(dx, i)),
    xy: of((i) => at(dx, i) * at(dy, i)),
    yy: of((i) => at(dy, i) * at(dy, i)),
  };
}

function correlationOf(x: readonly number[], y: readonly number[], count: number): number {
  if (x.length < count) return Number.NaN;
  const { xx, xy, yy } = moments(x.slice(-count), y.slice(-count));
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

function betaOf(x: readonly number[], y: readonly number[], count: number): number {
  if (x.length < count + 1) return Number.NaN;
  const returns = (list: readonly number[]): number[] =>
    list.slice(-count).map((value, i, last) => {
      const before = list[list.length - last.length + i - 1] as number;
      return (value - before) / before;
    });
  const { xy, yy } = moments(returns(x), returns(y));
  return yy > 0 ? xy / yy : 0;
}

/** End of the interval of this size that was the last to be over at `time`. */
function lastDue(time: number, size: "15m" | "1d"): number {
  const ends = DAYS.flatMap((date) => {
    const { open, close } = NYSE.sessionOn(date) ?? { open: 0, close: 0 };
    if (size === "1d") return [close];
    return Array.from({ length: (close - open) / (15 * MINUTE) }, (_, i) => open + (i + 1) * 15 * MINUTE);
  });
  return Math.max(Number.NEGATIVE_INFINITY, ...ends.filter((end) => end <= time));
}

/** Bars of one size that the core has told, by symbol. */
function toldBars(told: readonly Output[], size: "15m" | "1d"): (symbol: string, until: number) => Closed[] {
  const all = told.flatMap((output) => (output.kind === "bar" && output.size === size ? [output] : []));
  return (symbol, until) =>
    all
      .filter((output) => output.symbol === symbol)
      .map(({ bar }) => {
        const session = NYSE.sessionAtOrBefore(bar.start);
        const end = size === "1d" ? (session?.close ?? 0) : bar.start + 15 * MINUTE;
        const { start, close, high, low, volume } = bar;
        return { start, end, close, hl2: (high + low) / 2, volume };
      })
      .filter(({ end }) => end <= until);
}

/** What the facts must be at an evaluation: both have the newest bar that was due, and what both had before it counts. */
function byHand(told: readonly Output[], time: number): Record<keyof typeof FACTS, number> {
  const values = (size: "15m" | "1d", count: (own: readonly Closed[], other: readonly Closed[]) => number): number => {
    const of = toldBars(told, size);
    const [own, other] = [of("SPY", time), of("QQQ", time)];
    const newest = own.at(-1)?.start;
    if (newest === undefined || newest !== other.at(-1)?.start || other.at(-1)?.end !== lastDue(time, size))
      return Number.NaN;
    const both = own.filter(({ start }) => other.some((bar) => bar.start === start));
    return count(
      both,
      other.filter(({ start }) => both.some((bar) => bar.start === start)),
    );
  };
  const closes = (list: readonly Closed[]): number[] => list.map(({ close }) => close);
  return {
    c15: values("15m", (own, other) => correlationOf(closes(own), closes(other), 3)),
    b15: values("15m", (own, other) => betaOf(closes(own), closes(other), 2)),
    volume15: values("15m", (own, other) =>
      correlationOf(
        other.map(({ hl2 }) => hl2),
        own.map(({ volume }) => volume),
        2,
      ),
    ),
    c1d: values("1d", (own, other) => correlationOf(closes(own), closes(other), 2)),
  };
}

const step = fc.record({
  gap: fc.nat(9).map((n) => n < 3),
  otherGap: fc.nat(9).map((n) => n < 3),
  cents: fc.integer({ min: -60, max: 60 }),
  otherCents: fc.integer({ min: -60, max: 60 }),
  isOtherFirst: fc.boolean(),
  /** How long the second of the two bars is on its way: within the grace and beyond it. */
  late: fc.constantFrom(0, 0, 500, 10_000),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Bars of 5 minutes of both symbols; whole stretches without any make 15-minute bars missing. */
function play(run: CoreDriver, steps: readonly Step[], dates: readonly string[]): void {
  const price = { SPY: 100, QQQ: 200 };
  let i = 0;
  for (const date of DAYS) {
    const { open, close } = NYSE.sessionOn(date) ?? { open: 0, close: 0 };
    for (let start = open; start < close; start += FIVE, i++) {
      const { gap, otherGap, cents, otherCents, isOtherFirst, late } = steps[i % steps.length] as Step;
      // The same for three bars in a row, so that larger ones are missing as well.
      const block = steps[Math.floor(i / 3) % steps.length] as Step;
      price.SPY += cents / 100;
      price.QQQ += otherCents / 100;
      if (!dates.includes(date)) continue;
      run.passTo(Math.max(run.now, start + FIVE));
      const feeds = [
        ["SPY", gap || block.gap],
        ["QQQ", otherGap || block.otherGap],
      ] as const;
      for (const [at, [symbol, isMissing]] of (isOtherFirst ? feeds.toReversed() : feeds).entries()) {
        if (at === 1 && late > 0) run.passTo(run.now + late);
        const value = price[symbol];
        const bar = { start, open: value, high: value + (i % 3), low: value - 1, close: value, volume: 10 + (i % 7) };
        if (!isMissing) run.feed({ kind: "bar", symbol, size: "5m", revised: false, ...bar });
      }
    }
    if (dates.includes(date)) run.passTo(close + 10 * MINUTE);
  }
}

const close = (a: number, b: number): boolean => Object.is(a, b) || Math.abs(a - b) < 1e-9;

describe("two symbols on larger bars", () => {
  it("are compared over the bars that both have, whoever came first, and are unknown while one is missing", () => {
    let known = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 120 }), (steps) => {
        const { run, seen } = watch(programOf(FACTS), openOf(DAYS[0] as string) - MINUTE);
        // What had been told when each of them was judged: a bar that comes too late is not known yet.
        const told: number[] = [];
        const feed = run.feed.bind(run);
        run.feed = (body) => {
          const outputs = feed(body);
          while (told.length < seen.length) told.push(run.outputs.length);
          return outputs;
        };
        play(run, steps, DAYS);
        for (const [at, { time, facts }] of seen.entries()) {
          const expected = byHand(run.outputs.slice(0, told[at]), time);
          for (const [name, value] of Object.entries(expected)) {
            const story = `${name} at ${new Date(time).toISOString()}: ${facts[name]}, by hand ${value}`;
            expect(close(facts[name] as number, value), story).toBe(true);
            if (!Number.isNaN(value)) known++;
          }
        }
      }),
      { numRuns: runs(15) },
    );
    expect(known).toBeGreaterThan(500);
  });

  it("go on over a reload as if there had been none", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 90 }), (steps) => {
        const whole = watch(programOf(FACTS), openOf(DAYS[0] as string) - MINUTE);
        play(whole.run, steps, DAYS);
        const cut = watch(programOf(FACTS), openOf(DAYS[0] as string) - MINUTE);
        play(cut.run, steps, DAYS.slice(0, 2));
        // Another name for a fact: all the rest is as it was.
        const edited = programOf({ ...FACTS, more: "sma(5)" });
        cut.run.feed({ kind: "program.loaded", program: edited, warmup: [] });
        play(cut.run, steps, DAYS.slice(2));
        const plain = ({ seen }: typeof whole): (number | undefined)[][] =>
          seen.map(({ time, facts }) => [time, ...Object.keys(FACTS).map((name) => facts[name])]);
        expect(plain(cut)).toEqual(plain(whole));
      }),
      { numRuns: runs(10) },
    );
  });

  it("are known from history at the first bar of the day", () => {
    const prices: Readonly<Record<string, readonly number[]>> = { SPY: [100, 102, 101, 105], QQQ: [50, 53, 51, 50] };
    const warmup = DAYS.slice(0, 4).flatMap((date, i): HistoryInput[] =>
      ["QQQ", "SPY"].map((symbol) => {
        const value = prices[symbol]?.[i] ?? 0;
        const bar = { start: openOf(date), open: value, high: value, low: value, close: value, volume: 1 };
        return { kind: "history", symbol, size: "1d", bars: [bar] };
      }),
    );
    const program = programOf({ c: '"correlation(4, with: close(symbol: QQQ), on: 1d)"' });
    const { run, seen } = watch(program, openOf("2024-07-08") - MINUTE);
    for (const history of warmup) run.feed(history);
    run.bar("SPY", "5m", openOf("2024-07-08"), 100);
    run.passTo(run.now + 10_000);
    expect(seen[0]?.facts["c"]).toBeCloseTo(
      correlationOf(prices["SPY"] as readonly number[], prices["QQQ"] as readonly number[], 4),
      12,
    );
  });

  it("meet by their date where markets have other hours: days of crypto at weekends are left out", () => {
    const program = programOf({ c: '"correlation(3, with: close(symbol: BTC/USD), on: 1d)"' }, { on: "1h" });
    const dates = ["2024-07-04", "2024-07-05", "2024-07-06", "2024-07-07", "2024-07-08", "2024-07-09"];
    const coins = [1, 60, 2, 3, 62, 61];
    const stocks: Readonly<Record<string, number>> = { "2024-07-05": 100, "2024-07-08": 103, "2024-07-09": 102 };
    const warmup = dates.flatMap((date, i): HistoryInput[] => {
      const of = (symbol: string, start: number, value: number): HistoryInput => ({
        kind: "history",
        symbol,
        size: "1d",
        bars: [{ start, open: value, high: value, low: value, close: value, volume: 1 }],
      });
      const own = stocks[date] === undefined ? [] : [of("SPY", openOf(date), stocks[date])];
      return [...own, of("BTC/USD", Date.parse(`${date}T00:00:00Z`), coins[i] as number)];
    });
    const { run, seen } = watch(program, openOf("2024-07-10") - MINUTE);
    for (const history of warmup) run.feed(history);
    run.bar("SPY", "1h", openOf("2024-07-10"), 100);
    run.passTo(run.now + 10_000);
    expect(seen[0]?.facts["c"]).toBeCloseTo(correlationOf([100, 103, 102], [60, 62, 61], 3), 12);
  });
});
