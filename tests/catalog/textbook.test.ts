/** Indicators without a published reference, against plain computations over all bars at once. */
import { describe, expect, it } from "vitest";
import { indicator } from "../../engine/catalog/catalog.ts";
import type { Indicator } from "../../engine/catalog/kernel.ts";
import type { Bar } from "../../engine/core/event.ts";
import { madeUpBars } from "../support/made-up-bars.ts";
import { rowsOf } from "../support/talib-reference.ts";

const BARS = madeUpBars(5, 700);

/** The output of an entry at every bar. */
function streamed(name: string, params: readonly number[], output: string): number[] {
  const entry = indicator(name) as Indicator;
  const at = entry.outputs.findIndex((one) => one.name === output);
  expect(at, `${name}.${output}`).toBeGreaterThanOrEqual(0);
  return rowsOf(entry, params, BARS).map((row) => row[at] as number);
}

/** Two-pass, of the last n bars; undefined before there are as many. */
function each(n: number, compute: (bars: readonly Bar[], now: Bar, i: number) => number): number[] {
  return BARS.map((now, i) => (i + 1 < n ? NaN : compute(BARS.slice(i + 1 - n, i + 1), now, i)));
}

function same(got: readonly number[], want: readonly number[]): void {
  for (const [i, value] of want.entries()) {
    const slack = 1e-12 * Math.max(100, Math.abs(value));
    const equal = Number.isNaN(value) ? Number.isNaN(got[i]) : Math.abs((got[i] as number) - value) <= slack;
    if (!equal) expect.fail(`bar ${i}: ${got[i]} instead of ${value}`);
  }
  expect(want.some((value) => !Number.isNaN(value))).toBe(true);
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const high = (bars: readonly Bar[]): number => Math.max(...bars.map((bar) => bar.high));
const low = (bars: readonly Bar[]): number => Math.min(...bars.map((bar) => bar.low));

describe("percent_rank", () => {
  it("counts the values before that are not higher, or those that are lower", () => {
    const count = (is: (earlier: number, now: number) => boolean): number[] =>
      each(51, (bars, now) => (100 * bars.slice(0, -1).filter((bar) => is(bar.close, now.close)).length) / 50);
    same(
      streamed("percent_rank", [50, 0], "percent_rank"),
      count((earlier, now) => earlier <= now),
    );
    same(
      streamed("percent_rank", [50, 1], "percent_rank"),
      count((earlier, now) => earlier < now),
    );
  });
});

describe("relative_volume", () => {
  it("compares with the bars before, not with itself", () => {
    const want = each(21, (bars, now) => now.volume / mean(bars.slice(0, -1).map((bar) => bar.volume)));
    same(streamed("relative_volume", [20], "relative_volume"), want);
  });

  it("is unknown after bars without volume", () => {
    const kernel = (indicator("relative_volume") as Indicator).kernel([2]);
    const out = new Float64Array(1);
    const seen = [0, 0, 5, 5, 10].map((volume) => {
      kernel.update(Float64Array.of(volume), out);
      return out[0];
    });
    expect(seen).toEqual([NaN, NaN, NaN, 2, 2]);
  });
});

describe("bars since an extreme", () => {
  it("count back to the newest of equal ones", () => {
    const closes = (bars: readonly Bar[]): number[] => bars.map((bar) => bar.close);
    const want = (of: (...values: number[]) => number): number[] =>
      each(15, (bars) => 14 - closes(bars).lastIndexOf(of(...closes(bars))));
    same(streamed("bars_since_highest", [15], "bars_since_highest"), want(Math.max));
    same(streamed("bars_since_lowest", [15], "bars_since_lowest"), want(Math.min));
  });
});

describe("year_range", () => {
  it("spans the last 252 bars", () => {
    same(streamed("year_range", [252], "high"), each(252, high));
    same(streamed("year_range", [252], "low"), each(252, low));
  });
});

describe("ichimoku", () => {
  it("draws ahead what the cloud shows 26 bars later", () => {
    const middle = (n: number): number[] => each(n, (bars) => (high(bars) + low(bars)) / 2);
    const [tenkan, kijun, senkou] = [middle(9), middle(26), middle(52)];
    const leadA = tenkan.map((value, i) => (value + (kijun[i] as number)) / 2);
    same(streamed("ichimoku", [9, 26, 52, 26], "lead_a"), leadA);
    same(streamed("ichimoku", [9, 26, 52, 26], "lead_b"), senkou);
    const later = (values: readonly number[]): number[] => BARS.map((_, i) => values[i - 26] ?? NaN);
    same(streamed("ichimoku", [9, 26, 52, 26], "senkou_a"), later(leadA));
    same(streamed("ichimoku", [9, 26, 52, 26], "senkou_b"), later(senkou));
  });
});

describe("stops", () => {
  it("are rising exactly while they lie below the price", () => {
    for (const [name, params] of [
      ["psar", [0.02, 0.2]],
      ["supertrend", [10, 3, 0]],
    ] as const) {
      const stops = streamed(name, params, name);
      const rising = streamed(name, params, "rising");
      let turns = 0;
      for (const [i, bar] of BARS.entries()) {
        if (Number.isNaN(stops[i])) continue;
        if (i > 0 && rising[i] !== rising[i - 1]) turns++;
        // The bar that touches the parabolic stop shows the stop it turned at: the extreme on the other side.
        const isBelow =
          name === "psar" && rising[i] !== rising[i - 1]
            ? (stops[i] as number) <= bar.low
            : (stops[i] as number) < bar.close;
        expect(rising[i], `${name} at ${i}`).toBe(isBelow ? 1 : 0);
      }
      expect(turns).toBeGreaterThan(10);
    }
  });
});

describe("levels", () => {
  const level = (method: number, output: string, of: (bar: Bar, range: number) => number): void => {
    same(
      streamed("pivots", [method], output),
      each(1, (_, bar) => of(bar, bar.high - bar.low)),
    );
  };

  it("are what their formulas say", () => {
    const pivot = (bar: Bar): number => (bar.high + bar.low + bar.close) / 3;
    const woodie = (bar: Bar): number => (bar.high + bar.low + 2 * bar.close) / 4;
    level(0, "pp", pivot);
    level(0, "r3", (bar) => bar.high + 2 * (pivot(bar) - bar.low));
    level(0, "s3", (bar) => bar.low - 2 * (bar.high - pivot(bar)));
    level(1, "r2", (bar, range) => pivot(bar) + 0.618 * range);
    level(1, "s1", (bar, range) => pivot(bar) - 0.382 * range);
    level(1, "s3", (bar, range) => pivot(bar) - range);
    level(2, "pp", woodie);
    level(2, "r1", (bar) => 2 * woodie(bar) - bar.low);
    level(2, "s2", (bar, range) => woodie(bar) - range);
    for (const [output, part] of [
      ["r1", 12],
      ["r2", 6],
      ["r3", 4],
      ["r4", 2],
      ["s1", -12],
      ["s4", -2],
    ] as const) {
      const want = each(1, (_, bar) => bar.close + (1.1 * (bar.high - bar.low)) / part);
      same(streamed("camarilla", [], output), want);
    }
  });
});

describe("options", () => {
  it("a sample deviation divides by n-1", () => {
    const sample = (bars: readonly Bar[]): number => {
      const closes = bars.map((bar) => bar.close);
      const middle = mean(closes);
      return Math.sqrt(closes.reduce((sum, x) => sum + (x - middle) * (x - middle), 0) / (closes.length - 1));
    };
    same(streamed("stddev", [20, 1], "stddev"), each(20, sample));
    const upper = each(20, (bars) => mean(bars.map((bar) => bar.close)) + 2 * sample(bars));
    same(streamed("bollinger", [20, 2, 1], "upper"), upper);
    const score = each(20, (bars, now) => (now.close - mean(bars.map((bar) => bar.close))) / sample(bars));
    same(streamed("zscore", [20, 1], "zscore"), score);
  });

  it("an average seeded with the first price follows it from there, and is shown when it has enough bars", () => {
    let average = NaN;
    const want = BARS.map(({ close }, i) => {
      average = i === 0 ? close : average + (close - average) * (2 / 21);
      return i < 19 ? NaN : average;
    });
    same(streamed("ema", [20, 1], "ema"), want);
  });
});
