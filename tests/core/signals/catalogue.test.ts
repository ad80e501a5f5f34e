/** Facts of the catalogue that need more than the bars of one symbol: pairs, anchors, sessions, bands. */
import { describe, expect, it } from "vitest";
import { indicator } from "../../../engine/catalog/catalog.ts";
import type { Indicator } from "../../../engine/catalog/kernel.ts";
import type { Program } from "../../../engine/core/program.ts";
import { inspect } from "../../../engine/core/view.ts";
import { compile } from "../../../engine/lang/compile.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";

const MINUTE = 60_000;
const STEP = 30 * MINUTE;

function programOf(facts: Record<string, string>, on: string): Program {
  const text = [
    "barwise: 1",
    "name: case",
    "symbols: [QQQ]",
    `on: ${on}`,
    "facts:",
    ...Object.entries(facts).map(([name, expression]) => `  ${name}: ${expression}`),
    "rules:",
    "  - {name: leave, when: close < 0.5, then: {close: {}}}",
  ].join("\n");
  const { program, diagnostics } = compile({ "case.strategy.yaml": text });
  if (program === null) throw new Error(JSON.stringify(diagnostics, null, 1));
  return program;
}

interface BarRow {
  readonly symbol: string;
  readonly start: number;
  readonly price: number;
  readonly volume?: number;
}

/** The named facts after each bar of QQQ has been judged. */
function judged(facts: Record<string, string>, on: string, rows: readonly BarRow[]): Record<string, number>[] {
  const run = new CoreDriver(programOf(facts, on), (rows[0]?.start ?? 0) - 1);
  const seen: Record<string, number>[] = [];
  let count = 0;
  const look = (): void => {
    const [view] = inspect(run.core);
    if (view === undefined || view.bars === count) return;
    count = view.bars;
    seen.push({ ...view.facts });
  };
  for (const { symbol, start, price, volume = 1 } of rows) {
    const end = start + (on === "1d" ? 390 * MINUTE : STEP);
    run.passTo(end);
    look();
    run.now = Math.max(run.now, end);
    const bar = { start, open: price, high: price + 1, low: price - 1, close: price, volume };
    run.feed({ kind: "bar", symbol, size: on, revised: false, ...bar });
    look();
  }
  run.passTo(run.now + 10_000);
  look();
  return seen;
}

const DAYS = ["2024-06-26", "2024-06-27", "2024-06-28", "2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05"];

describe("two symbols", () => {
  const prices = (i: number): { readonly own: number; readonly other: number } => ({
    own: 100 + ((i * 7) % 5),
    other: 50 + ((i * 3) % 4),
  });

  it("are compared bar by bar, whichever came first", () => {
    const rows = DAYS.flatMap((date, i): BarRow[] => {
      const { own, other } = prices(i);
      const pair = [
        { symbol: "QQQ", start: openOf(date), price: own },
        { symbol: "SPY", start: openOf(date), price: other },
      ];
      return i % 2 === 0 ? pair : pair.reverse();
    });
    const seen = judged(
      { c: "'correlation(4, with: close(symbol: SPY))'", b: "'beta(3, with: close(symbol: SPY))'" },
      "1d",
      rows,
    );
    for (const [name, entry, params] of [
      ["c", indicator("correlation") as Indicator, [4]],
      ["b", indicator("beta") as Indicator, [3]],
    ] as const) {
      const kernel = entry.kernel(params);
      const out = new Float64Array(1);
      const expected = DAYS.map((_, i) => {
        const { own, other } = prices(i);
        kernel.update(Float64Array.of(own, other), out);
        return out[0];
      });
      expect(seen.map((one) => one[name])).toEqual(expected);
      expect(expected.at(-1)).not.toBeNaN();
    }
  });

  it("are unknown at a bar that one of them does not have, and go on without it", () => {
    const rows = DAYS.flatMap((date, i): BarRow[] => {
      const { own, other } = prices(i);
      const mine = { symbol: "QQQ", start: openOf(date), price: own };
      return i === 5 ? [mine] : [mine, { symbol: "SPY", start: openOf(date), price: other }];
    });
    const seen = judged({ c: "'correlation(3, with: close(symbol: SPY))'" }, "1d", rows);
    expect(seen.map(({ c }) => Number.isNaN(c))).toEqual([true, true, false, false, false, true, false]);
    const kernel = (indicator("correlation") as Indicator).kernel([3]);
    const out = new Float64Array(1);
    for (const i of [3, 4, 6]) kernel.update(Float64Array.of(prices(i).own, prices(i).other), out);
    expect(seen.at(-1)?.["c"]).toBe(out[0]);
  });
});

describe("sessions", () => {
  const rows = (dates: readonly string[], priceOf: (day: number, i: number) => number): BarRow[] =>
    dates.flatMap((date, day) =>
      Array.from({ length: 3 }, (_, i) => ({
        symbol: "QQQ",
        start: openOf(date) + i * STEP,
        price: priceOf(day, i),
        volume: i + 1,
      })),
    );

  it("have a gap at every bar, unknown in the first that was seen", () => {
    const seen = judged(
      { g: "gap" },
      "30m",
      rows(DAYS.slice(0, 3), (day, i) => 100 + 20 * day + i),
    );
    expect(seen.map(({ g }) => g)).toEqual([
      NaN,
      NaN,
      NaN,
      ...Array(3).fill(120 / 102 - 1),
      ...Array(3).fill(140 / 122 - 1),
    ]);
  });

  it("have a gap on daily bars too", () => {
    const daily = DAYS.slice(0, 3).map((date, i) => ({ symbol: "QQQ", start: openOf(date), price: 100 + i }));
    expect(judged({ g: "gap" }, "1d", daily).map(({ g }) => g)).toEqual([NaN, 101 / 100 - 1, 102 / 101 - 1]);
  });

  it("have a gap and an anchored price while their first daily bar is still forming", () => {
    const facts = { g: "'gap(on: 1d, forming: true)'", v: "'vwap(anchor: month, on: 1d, forming: true)'" };
    // The last of June and the first of July: a new month begins with the second day.
    const seen = judged(
      facts,
      "30m",
      rows(DAYS.slice(2, 5), (day, i) => 100 + 20 * day + i),
    );
    expect(seen.slice(0, 3).map(({ g }) => g)).toEqual([NaN, NaN, NaN]);
    expect(seen.slice(3, 6).map(({ g }) => g)).toEqual(Array(3).fill(120 / 102 - 1));
    expect(seen.slice(6, 9).map(({ g }) => g)).toEqual(Array(3).fill(140 / 122 - 1));
    const typical = (high: number, low: number, close: number): number => (high + low + close) / 3;
    expect(seen[3]?.["v"]).toBeCloseTo(120, 10);
    expect(seen[5]?.["v"]).toBeCloseTo(typical(123, 119, 122), 10);
    expect(seen[6]?.["v"]).toBeCloseTo((6 * typical(123, 119, 122) + 1 * 140) / 7, 10);
  });

  it("have a range that starts over", () => {
    const facts = { top: "day_range.high", bottom: "day_range.low", first: "day_range.open" };
    const seen = judged(
      facts,
      "30m",
      rows(DAYS.slice(0, 2), (day, i) => 100 + 20 * day + (i === 1 ? -5 : i)),
    );
    expect(seen.map(({ first, top, bottom }) => [first, top, bottom])).toEqual([
      [100, 101, 99],
      [100, 101, 94],
      [100, 103, 94],
      [120, 121, 119],
      [120, 121, 114],
      [120, 123, 114],
    ]);
  });

  it("anchor a volume-weighted price, and so do weeks, months, quarters and years", () => {
    const anchors = ["session", "week", "month", "quarter", "year"];
    const facts = Object.fromEntries(anchors.map((anchor) => [`since_${anchor}`, `'vwap(anchor: ${anchor})'`]));
    const all = rows(DAYS, (day, i) => 100 + 10 * day + i);
    const seen = judged(facts, "30m", all);
    const since = (from: number, to: number): number => {
      const part = all.slice(from, to + 1);
      const volume = part.reduce((sum, row) => sum + (row.volume ?? 1), 0);
      return part.reduce((sum, row) => sum + row.price * (row.volume ?? 1), 0) / volume;
    };
    // Monday the 1st of July is day 3: it begins a week, a month and a quarter.
    for (let i = 0; i < all.length; i++) {
      const day = Math.floor(i / 3);
      const monday = day < 3 ? 0 : 9;
      expect(seen[i]?.["since_session"]).toBeCloseTo(since(day * 3, i), 10);
      for (const anchor of ["week", "month", "quarter"])
        expect(seen[i]?.[`since_${anchor}`]).toBeCloseTo(since(monday, i), 10);
      expect(seen[i]?.["since_year"]).toBeCloseTo(since(0, i), 10);
    }
  });
});

describe("a band of true ranges", () => {
  it("is the value and the average true range that a rule reads elsewhere", () => {
    const facts = {
      upper: "band(sma(2), atr_multiple: 2, atr_period: 3).upper",
      sum: "sma(2) + 2 * atr(3)",
      both: "band(10%, 1, 3).lower",
      difference: "close - 10% * close - atr(3)",
    };
    const rows = DAYS.map((date, i) => ({ symbol: "QQQ", start: openOf(date), price: 100 + ((i * 7) % 5) }));
    const seen = judged(Object.fromEntries(Object.entries(facts).map(([k, v]) => [k, `'${v}'`])), "1d", rows);
    for (const row of seen.slice(3)) {
      expect(row["upper"]).toBe(row["sum"]);
      expect(row["both"]).toBeCloseTo(row["difference"] as number, 12);
    }
    expect(seen[2]?.["upper"]).toBeNaN();
    expect(seen[3]?.["upper"]).not.toBeNaN();
  });
});
