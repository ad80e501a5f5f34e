/**
 * What indicators say of markets that do not move, have no volume or stand at zero: TA-Lib's conventions, and unknown
 * where there is no answer.
 */
import { describe, expect, it } from "vitest";
import { indicator } from "../../engine/catalog/catalog.ts";
import type { Indicator } from "../../engine/catalog/kernel.ts";
import { flatInputs, marketInputs, run } from "./kernel-contract.ts";

function last(name: string, params: readonly number[], inputs: readonly Float64Array[]): number[] {
  const entry = indicator(name) as Indicator;
  return [...(run(entry.kernel(params), inputs, entry.outputs.length).at(-1) as Float64Array)];
}

const flat = (name: string, price: number): readonly Float64Array[] =>
  flatInputs(indicator(name) as Indicator, 100, price);

describe("a market that never moved", () => {
  it("reads 0 on every oscillator, as in TA-Lib", () => {
    for (const price of [0, 100.1]) {
      expect(last("rsi", [14], flat("rsi", price))).toEqual([0]);
      expect(last("stochastic", [14, 3, 3], flat("stochastic", price))).toEqual([0, 0]);
      expect(last("willr", [14], flat("willr", price))).toEqual([0]);
      expect(last("cci", [20], flat("cci", price))).toEqual([0]);
      expect(last("mfi", [14], flat("mfi", price))).toEqual([0]);
      expect(last("adx", [14], flat("adx", price))).toEqual([0, 0, 0]);
      expect(last("atr", [14], flat("atr", price))).toEqual([0]);
      expect(last("macd", [12, 26, 9], flat("macd", price))).toEqual([0, 0, 0]);
      expect(last("roc", [10], flat("roc", price))).toEqual([0]);
    }
  });

  it("has a defined value on every other indicator too", () => {
    for (const price of [0, 100.1]) {
      expect(last("stochrsi", [14, 14, 1, 3], flat("stochrsi", price))).toEqual([0, 0]);
      expect(last("ppo", [12, 26, 9, 0, 0], flat("ppo", price))).toEqual([0, 0, 0]);
      expect(last("momentum", [10], flat("momentum", price))).toEqual([0]);
      expect(last("trix", [15, 0], flat("trix", price))).toEqual([0]);
      expect(last("aroon", [14], flat("aroon", price))).toEqual([100, 100, 0]);
      expect(last("psar", [0.02, 0.2], flat("psar", price))[0]).toBe(price);
      expect(last("supertrend", [10, 3, 0], flat("supertrend", price))[0]).toBe(price);
      expect(last("ichimoku", [9, 26, 52, 26], flat("ichimoku", price))).toEqual(Array(6).fill(price));
      expect(last("zscore", [20, 0], flat("zscore", price))).toEqual([0]);
      expect(last("linreg", [14], flat("linreg", price))).toEqual([price, 0, 0]);
      expect(last("percent_rank", [50, 0], flat("percent_rank", price))).toEqual([100]);
      expect(last("percent_rank", [50, 1], flat("percent_rank", price))).toEqual([0]);
      expect(last("correlation", [30], flat("correlation", price))).toEqual([0]);
      expect(last("beta", [60], flat("beta", price))).toEqual([0]);
      expect(last("bars_since_highest", [20], flat("bars_since_highest", price))).toEqual([0]);
      expect(last("pivots", [0], flat("pivots", price))).toEqual(Array(7).fill(price));
      expect(last("camarilla", [], flat("camarilla", price))).toEqual(Array(8).fill(price));
      expect(last("kama", [10, 2, 30], flat("kama", price))).toEqual([price]);
      expect(last("hma", [14], flat("hma", price))).toEqual([price]);
      expect(last("dema", [14, 0], flat("dema", price))).toEqual([price]);
      expect(last("tema", [14, 0], flat("tema", price))).toEqual([price]);
      expect(last("ad", [], flat("ad", price))).toEqual([0]);
      expect(last("cmf", [20], flat("cmf", price))).toEqual([0]);
      expect(last("doji", [], flat("doji", price))).toEqual([1]);
      expect(last("engulfing", [], flat("engulfing", price))).toEqual([0, 0]);
    }
  });

  it("leaves no trace once it moves", () => {
    const entry = indicator("adx") as Indicator;
    const rows = run(entry.kernel([14]), [...flatInputs(entry, 60, 100), ...marketInputs(entry, 60, 4)], 3);
    expect(rows.at(-1)?.every((value) => value > 0)).toBe(true);
  });
});

describe("one-sided markets", () => {
  it("read exactly 100 and 0 on the RSI", () => {
    const rising = Array.from({ length: 40 }, (_, i) => Float64Array.of(100 + i));
    expect(last("rsi", [14], rising)).toEqual([100]);
    expect(last("rsi", [14], rising.toReversed())).toEqual([0]);
  });
});

describe("vwap", () => {
  const bar = (price: number, volume: number): Float64Array => Float64Array.of(price, price, price, volume);

  it("is unknown until a bar has volume, and then known", () => {
    expect(last("vwap", [], [bar(100, 0)])).toEqual([NaN]);
    expect(last("vwap", [], [bar(100, 0), bar(101, 50)])).toEqual([101]);
    expect(last("vwap", [], [bar(101, 50), bar(300, 0)])).toEqual([101]);
    expect(last("vwap", [], [bar(100, 100), bar(103, 50)])).toEqual([101]);
  });

  it("forgets yesterday at a reset", () => {
    const kernel = (indicator("vwap") as Indicator).kernel([]);
    const out = new Float64Array(1);
    kernel.update(bar(100, 1_000), out);
    kernel.reset();
    kernel.update(bar(50, 1), out);
    expect(out[0]).toBe(50);
  });
});

describe("bars without volume", () => {
  const empty = (name: string): readonly Float64Array[] => {
    const entry = indicator(name) as Indicator;
    const at = entry.inputs.indexOf("volume");
    return marketInputs(entry, 60, 3).map((x) => x.map((value, i) => (i === at ? 0 : value)));
  };

  it("say nothing, or nothing moved", () => {
    expect(last("vwma", [20], empty("vwma"))).toEqual([NaN]);
    expect(last("relative_volume", [20], empty("relative_volume"))).toEqual([NaN]);
    expect(last("cmf", [20], empty("cmf"))).toEqual([0]);
    expect(last("mfi", [14], empty("mfi"))).toEqual([0]);
    expect(last("ad", [], empty("ad"))).toEqual([0]);
    expect(last("obv", [0], empty("obv"))).toEqual([0]);
  });
});

describe("values at and below zero", () => {
  it("keep the upper line of a band above the lower", () => {
    expect(last("band", [0.1], [Float64Array.of(-10)])).toEqual([-9, -10, -11]);
    expect(last("band", [0.1], [Float64Array.of(0)])).toEqual([0, 0, 0]);
  });

  it("have extremes of their own sign", () => {
    const series = [-5, -3, -9].map((x) => Float64Array.of(x));
    expect(last("highest", [3], series)).toEqual([-3]);
    expect(last("lowest", [2], series)).toEqual([-9]);
  });

  it("make the width of a band around exactly 0 unknown", () => {
    const rows = last(
      "bollinger",
      [2, 2],
      [-1, 1].map((x) => Float64Array.of(x)),
    );
    expect(rows).toEqual([2, 0, -2, NaN, 0.75]);
  });
});
