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
