/**
 * Formulas that lose digits when written as E[x²] - E[x]², against sums that lose none.
 */
import { describe, expect, it } from "vitest";
import { indicator } from "../../engine/catalog/catalog.ts";
import type { Indicator } from "../../engine/catalog/kernel.ts";
import { Decimal } from "../../engine/core/decimal.ts";
import { csvLoaders, haveSharedData, SHARED_DATA_MISSING } from "../support/reference-data.ts";
import { type Inputs, randomOf, run } from "./kernel-contract.ts";

/** Sum without rounding, then rounded once. */
function exactSum(values: readonly number[]): number {
  return values.reduce((sum, x) => sum.plus(new Decimal(x)), new Decimal(0)).toNumber();
}

function exactDistances(values: readonly number[]): { mean: number; distances: number[] } {
  // Mean to 40 digits: sums of decimals are exact, only the division rounds.
  const sum = values.reduce((total, x) => total.plus(new Decimal(x)), new Decimal(0));
  const Wide = Decimal.clone({ DECIMAL_PLACES: 40 });
  const mean = new Wide(sum.toFixed()).dividedBy(values.length);
  return { mean: mean.toNumber(), distances: values.map((x) => new Wide(x).minus(mean).toNumber()) };
}

const REFERENCES: Readonly<Record<string, (window: readonly number[], last: number) => number>> = {
  sma: (w) => exactDistances(w).mean,
  wma: (w) => exactSum(w.map((x, i) => x * (i + 1))) / ((w.length * (w.length + 1)) / 2),
  stddev: (w) => Math.sqrt(exactSum(exactDistances(w).distances.map((d) => d * d)) / w.length),
  bollinger: (w) => {
    const { mean, distances } = exactDistances(w);
    return mean + 2 * Math.sqrt(exactSum(distances.map((d) => d * d)) / w.length);
  },
};

function check(name: string, values: readonly number[]): void {
  const entry = indicator(name) as Indicator;
  const rows = run(
    entry.kernel(name === "bollinger" ? [20, 2] : [20]),
    values.map((x) => Float64Array.of(x)) satisfies Inputs,
    entry.outputs.length,
  );
  for (let i = 19; i < values.length; i += 7) {
    const want = (REFERENCES[name] as (w: readonly number[], last: number) => number)(
      values.slice(i - 19, i + 1),
      values[i] as number,
    );
    const error = Math.abs((rows[i]?.[0] as number) - want);
    if (!(error <= 1e-12 * Math.abs(want) + 1e-300)) expect.fail(`${name} at ${i}: ${rows[i]?.[0]} instead of ${want}`);
  }
}

describe("exactness", () => {
  it("keeps 12 digits of deviations on a high, quiet price", () => {
    const random = randomOf(4);
    const quiet = Array.from({ length: 600 }, () => 60_000 + Math.round(random() * 64) / 64);
    // In 64ths, which floats hold exactly: the last digit of a price in cents would already be 1e-11 of the deviation.
    for (const name of ["sma", "wma", "stddev", "bollinger"]) check(name, quiet);
  });

  it("keeps 12 digits on bitcoin and SPY", (context) => {
    if (!haveSharedData()) context.skip(SHARED_DATA_MISSING);
    for (const bars of [csvLoaders.btcDaily2017(), csvLoaders.spyDaily1999()]) {
      const close = bars.map((bar) => bar.close);
      for (const name of ["sma", "wma", "stddev", "bollinger"]) check(name, close);
    }
  });

  it("computes CCI as the two-pass definition does", (context) => {
    if (!haveSharedData()) context.skip(SHARED_DATA_MISSING);
    const bars = csvLoaders.btcDaily2017();
    const entry = indicator("cci") as Indicator;
    const rows = run(
      entry.kernel([20]),
      bars.map((bar) => Float64Array.of(bar.high, bar.low, bar.close)),
      1,
    );
    const typical = bars.map((bar) => (bar.high + bar.low + bar.close) / 3);
    for (let i = 19; i < bars.length; i++) {
      const { distances } = exactDistances(typical.slice(i - 19, i + 1));
      const want = (distances.at(-1) as number) / (0.015 * (exactSum(distances.map(Math.abs)) / 20));
      expect(Math.abs((rows[i]?.[0] as number) - want)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(want)));
    }
  });

  it("keeps a flat series exactly flat", () => {
    for (const name of ["sma", "ema", "wma", "rma"]) {
      const entry = indicator(name) as Indicator;
      for (const price of [0.1, 100.1, 1e-9, 59_999.99]) {
        const rows = run(entry.kernel([20]), Array<Float64Array>(100).fill(Float64Array.of(price)), 1);
        for (let i = 19; i < 100; i++) expect(rows[i]?.[0]).toBe(price);
      }
    }
    const bands = run(
      (indicator("bollinger") as Indicator).kernel([20, 2]),
      Array<Float64Array>(30).fill(Float64Array.of(100.1)),
      5,
    );
    expect([...(bands[25] as Float64Array)]).toEqual([100.1, 100.1, 100.1, 0, 0.5]);
  });

  it("does not drift over a million bars", () => {
    const kernel = (indicator("sma") as Indicator).kernel([200]);
    const random = randomOf(8);
    const ring: number[] = [];
    const x = new Float64Array(1);
    const out = new Float64Array(1);
    for (let i = 0; i < 1_000_000; i++) {
      // Huge and tiny values in turn: a plain running sum is off in the fifth digit after this.
      x[0] = i % 1_000 < 500 ? random() * 1e9 : random();
      if (i >= 999_800) ring.push(x[0]);
      kernel.update(x, out);
    }
    expect(Math.abs((out[0] as number) - exactDistances(ring).mean)).toBeLessThan(1e-12);
  });
});
