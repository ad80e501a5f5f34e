/**
 * Kernels and candlestick patterns against TA-Lib on made-up bars. What TA-Lib says of them lies beside
 * (talib/reference.json, written by talib/make-reference.py), so this runs everywhere.
 */
import { describe, expect, it } from "vitest";
import { indicator } from "../../engine/catalog/catalog.ts";
import { PATTERNS } from "../../engine/catalog/indicators/candles/all.ts";
import type { Indicator } from "../../engine/catalog/kernel.ts";
import type { Bar } from "../../engine/core/event.ts";
import { BARS, comparedWithTaLib, REFERENCE, rowsOf } from "../support/talib-reference.ts";
import type { CandleReference } from "../support/talib-reference.ts";

describe(`indicators as ${REFERENCE.made_with} computes them`, () => {
  it("are compared on the same bars", () => {
    const sum = (field: "open" | "high" | "low" | "close" | "volume"): number =>
      BARS.reduce((total, bar) => total + bar[field], 0);
    expect([sum("open"), sum("high"), sum("low"), sum("close"), sum("volume")]).toEqual(REFERENCE.sums);
  });

  for (const call of Object.keys(REFERENCE.indicators)) {
    it(`${call} starts where TA-Lib starts and equals it`, () => {
      const compared = comparedWithTaLib(call);
      expect(compared.length).toBeGreaterThan(0);
      for (const { output, first, relative } of compared) {
        expect(first.ours, output).toBe(first.theirs);
        expect(relative, output).toBeLessThanOrEqual(1e-9);
      }
    });
  }
});

/** Where a pattern is found, with 1 for bullish and -1 for bearish. */
function foundIn(name: string, sign: number, bars: readonly Bar[]): [number, number][] {
  const entry = indicator(name) as Indicator;
  const isTwoSided = entry.outputs.length === 2;
  return rowsOf(
    entry,
    entry.params.map((doc) => doc.default ?? 0),
    bars,
  ).flatMap((row, i): [number, number][] => {
    if (row[0] === 1) return [[i, isTwoSided ? 1 : sign]];
    return row[1] === 1 ? [[i, -1]] : [];
  });
}

const digestOf = (found: readonly (readonly [number, number])[]): number =>
  found.reduce((value, [index, sign]) => (Math.imul(value, 31) + index * 3 + sign) >>> 0, 0);

describe(`candlestick patterns as ${REFERENCE.made_with} defines them`, () => {
  it("are all there but one", () => {
    // Hikkake modified counts what happened up to three bars ago; a rule says that itself.
    const ours = PATTERNS.map(({ taLib }) => taLib);
    expect(new Set(ours).size).toBe(ours.length);
    expect(Object.keys(REFERENCE.candles).filter((name) => !ours.includes(name))).toEqual(["HIKKAKEMOD"]);
    expect(ours.filter((name) => !(name in REFERENCE.candles))).toEqual([]);
  });

  for (const { name, taLib, sides } of PATTERNS) {
    const { count, digest, first } = REFERENCE.candles[taLib] as CandleReference;
    const rare = REFERENCE.rare[taLib] ?? [];
    const sign = count[1] > 0 || rare.some(([one]) => one < 0) ? -1 : 1;

    it(`${name} is found on ${count[0] + count[1]} of ${REFERENCE.bars} bars, the same ones`, () => {
      const found = foundIn(name, sign, BARS);
      expect(found.slice(0, first.length)).toEqual(first);
      expect([found.filter(([, one]) => one > 0).length, found.filter(([, one]) => one < 0).length]).toEqual(count);
      expect(digestOf(found)).toBe(digest);
    });

    it(`${name} was tried on bars where it is found`, () => {
      expect(count[0] + count[1] + rare.length).toBeGreaterThan(0);
    });

    // Patterns that the bars hold often enough have no windows of their own.
    if (rare.length === 0) continue;
    it(`${name} is found where TA-Lib found it in ${rare.length} rare windows`, () => {
      for (const [one, prices] of rare) {
        const bars = Array.from({ length: prices.length / 4 }, (_, i): Bar => {
          const [open = 0, high = 0, low = 0, close = 0] = prices.slice(i * 4, i * 4 + 4).map((price) => price / 64);
          return { start: i, open, high, low, close, volume: 1 };
        });
        expect(foundIn(name, sign, bars).at(-1)).toEqual([bars.length - 1, sides === "both" ? one : sign]);
      }
    });
  }
});
