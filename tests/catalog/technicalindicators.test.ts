/**
 * The second kernel source against our own kernels: every difference is either rounding or listed here.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, it } from "vitest";
import { INDICATORS, indicator } from "../../engine/catalog/catalog.ts";
import { type Indicator, type Kernel, UnsupportedError } from "../../engine/catalog/kernel.ts";
import {
  REFUSED,
  TECHNICALINDICATORS,
  TECHNICALINDICATORS_KERNELS,
} from "../../engine/catalog/sources/technicalindicators.ts";
import { csvLoaders, haveSharedData, SHARED_DATA_MISSING } from "../support/reference-data.ts";
import { flatInputs, type Inputs, marketInputs, run, signedInputs } from "./kernel-contract.ts";

const PARAMS: Readonly<Record<string, readonly number[]>> = {
  sma: [20],
  wma: [20],
  roc: [20],
  bollinger: [20, 2],
  ema: [20],
  atr: [14],
  macd: [12, 26, 9],
  willr: [14],
  true_range: [0],
  trix: [15],
  keltner: [20, 2, 10],
};
const WINDOWED = ["sma", "wma", "roc", "bollinger", "willr", "true_range"];
const RECURSIVE = ["ema", "trix", "atr", "keltner", "macd"];
/** Divided by a range that a flat window does not have, or a zero taken for nothing: unknown there, where ours is 0. */
const UNKNOWN_WHEN_FLAT = ["willr", "trix"];

/** The fast average is seeded on its own first bars; 26-bar smoothing forgets that within this many bars. */
const MACD_SETTLED = 400;

function both(name: string, inputs: Inputs): { entry: Indicator; own: Float64Array[]; other: Float64Array[] } {
  const entry = indicator(name) as Indicator;
  const params = PARAMS[name] as readonly number[];
  const make = entry.sources?.[TECHNICALINDICATORS] as (params: readonly number[]) => Kernel;
  const width = entry.outputs.length;
  return { entry, own: run(entry.kernel(params), inputs, width), other: run(make(params), inputs, width) };
}

/** Largest difference relative to the size of the input, and how many bars only one of the two knows. */
function difference(
  own: Float64Array[],
  other: Float64Array[],
  scale: number,
  from = 0,
): { error: number; alone: number } {
  let error = 0;
  let alone = 0;
  for (let i = from; i < own.length; i++) {
    for (const [o, a] of (own[i] as Float64Array).entries()) {
      const b = other[i]?.[o] as number;
      if (Number.isNaN(a) !== Number.isNaN(b)) alone++;
      else if (!Number.isNaN(a)) error = Math.max(error, Math.abs(a - b) / scale);
    }
  }
  return { error, alone };
}

const table: string[] = [];

function note(name: string, series: string, { error, alone }: { error: number; alone: number }): void {
  table.push(
    `${name.padEnd(10)} ${series.padEnd(22)} ${error.toExponential(1).padStart(8)} ${String(alone).padStart(6)}`,
  );
}

afterAll(() => {
  console.log(`technicalindicators against ours: largest difference / input, values only one has\n${table.join("\n")}`);
});

function seriesOf(entry: Indicator): [string, Inputs][] {
  const made: [string, Inputs] = ["made-up market", marketInputs(entry, 3_000, 77)];
  if (!haveSharedData()) return [made];
  const real: [string, () => { open: number; high: number; low: number; close: number; volume: number }[]][] = [
    ["SPY daily 1999-2020", csvLoaders.spyDaily1999],
    ["BTC daily 2017-2021", csvLoaders.btcDaily2017],
  ];
  return [
    made,
    ...real.map(([label, load]): [string, Inputs] => [
      label,
      load().map((bar) =>
        Float64Array.from(entry.inputs, (name) => (name === "value" || name === "other" ? bar.close : bar[name])),
      ),
    ]),
  ];
}

describe("technicalindicators as a second source", () => {
  it("is offered exactly where it is right", () => {
    const offered = [...INDICATORS.values()].filter((entry) => entry.sources !== undefined).map((entry) => entry.name);
    expect(offered.toSorted()).toEqual([...WINDOWED, ...RECURSIVE].toSorted());
    expect(Object.keys(TECHNICALINDICATORS_KERNELS).toSorted()).toEqual(offered.toSorted());
    for (const [name, why] of Object.entries(REFUSED)) {
      expect(TECHNICALINDICATORS_KERNELS[name]).toBeUndefined();
      expect(why).toMatch(/^[A-Z].+\.$/);
    }
  });

  it.skipIf(haveSharedData())(SHARED_DATA_MISSING, () => undefined);

  for (const name of [...WINDOWED, ...RECURSIVE]) {
    it(`gives our ${name} on prices, but for rounding${name === "macd" ? " and the seed of the fast average" : ""}`, () => {
      for (const [label, inputs] of seriesOf(indicator(name) as Indicator)) {
        const { own, other } = both(name, inputs);
        const scale = Math.max(...inputs.map((x) => Math.abs(x[0] as number)));
        const result = difference(own, other, scale);
        note(name, label, result);
        expect(result.alone, label).toBe(0);
        if (name === "macd") {
          expect(result.error, label).toBeLessThan(0.01);
          const settled = difference(own, other, scale, MACD_SETTLED);
          note(name, `… from bar ${MACD_SETTLED}`, settled);
          expect(settled.error, label).toBeLessThan(1e-12);
        } else {
          expect(result.error, label).toBeLessThan(1e-12);
        }
      }
    });
  }

  it("agrees on flat prices", () => {
    for (const name of [...WINDOWED, ...RECURSIVE]) {
      const { own, other } = both(name, flatInputs(indicator(name) as Indicator, 200, 100.1));
      const result = difference(own, other, 100.1);
      note(name, "flat", result);
      if (UNKNOWN_WHEN_FLAT.includes(name)) {
        expect(other.every((row) => Number.isNaN(row[0]))).toBe(true);
        expect(own.at(-1)?.[0]).toBe(0);
        continue;
      }
      expect(result.alone, name).toBe(0);
      // percent_b of a band without height is noise there; ours is 0.5.
      if (name !== "bollinger") expect(result.error, name).toBeLessThan(1e-12);
    }
  });

  it("is unknown rather than wrong around zeros, where the package miscounts", () => {
    const inputs = signedInputs(500, 9);
    for (const name of ["bollinger", "ema", "macd"]) {
      const { own, other } = both(name, inputs);
      const result = difference(own, other, 10);
      note(name, "signed with zeros", result);
      expect(result.error, name).toBeLessThan(1e-12);
      expect(other.at(-1)?.[0]).toBeNaN();
    }
    for (const name of ["sma", "wma"]) {
      const { own, other } = both(name, inputs);
      const result = difference(own, other, 10);
      note(name, "signed with zeros", result);
      expect(result, name).toEqual({ error: expect.closeTo(0, 10) as number, alone: 0 });
    }
  });

  it("peeks, clones and restores windowed indicators by replay", () => {
    for (const name of WINDOWED) {
      const entry = indicator(name) as Indicator;
      const params = PARAMS[name] as readonly number[];
      const make = TECHNICALINDICATORS_KERNELS[name] as (params: readonly number[]) => Kernel;
      const inputs = marketInputs(entry, 120, 5);
      const kernel = make(params);
      const width = entry.outputs.length;
      for (const x of inputs) {
        const peeked = new Float64Array(width);
        const updated = new Float64Array(width);
        const restored = make(params);
        restored.restore(kernel.serialize());
        const clone = kernel.clone();
        kernel.peek(x, peeked);
        kernel.update(x, updated);
        for (const other of [peeked, run(restored, [x], width)[0], run(clone, [x], width)[0]]) {
          expect(difference([updated], [other as Float64Array], 100)).toEqual({
            error: expect.closeTo(0, 12) as number,
            alone: 0,
          });
        }
      }
    }
  });

  it("says that recursive indicators can do neither", () => {
    for (const name of RECURSIVE) {
      const kernel = (TECHNICALINDICATORS_KERNELS[name] as (params: readonly number[]) => Kernel)(
        PARAMS[name] as readonly number[],
      );
      const row = new Float64Array(3);
      expect(() => {
        kernel.peek(row, row);
      }).toThrow(UnsupportedError);
      expect(() => kernel.clone()).toThrow(UnsupportedError);
      expect(() => kernel.serialize()).toThrow(UnsupportedError);
      expect(() => {
        kernel.restore([]);
      }).toThrow(UnsupportedError);
    }
  });

  it("replaces a windowed instance without a jump in its values", () => {
    const entry = indicator("sma") as Indicator;
    const { own, other } = both("sma", marketInputs(entry, 25_000, 13));
    expect(difference(own, other, 100).error).toBeLessThan(1e-12);
  });

  it("does not keep the history that the package leaks", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const kernel = (TECHNICALINDICATORS_KERNELS["bollinger"] as (params: readonly number[]) => Kernel)([20, 2]);
    const x = new Float64Array(1);
    const out = new Float64Array(5);
    const feed = (count: number): number => {
      for (let i = 0; i < count; i++) {
        x[0] = 100 + (i % 17);
        kernel.update(x, out);
      }
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = feed(10_000);
    // The bare package would keep 144 bytes of every bar: 43 MB.
    expect(feed(300_000) - before).toBeLessThan(10_000_000);
  });

  it("starts over after a reset", () => {
    for (const name of [...WINDOWED, ...RECURSIVE]) {
      const entry = indicator(name) as Indicator;
      const kernel = (TECHNICALINDICATORS_KERNELS[name] as (params: readonly number[]) => Kernel)(
        PARAMS[name] as readonly number[],
      );
      const inputs = marketInputs(entry, 60, 5);
      const first = run(kernel, inputs, entry.outputs.length);
      kernel.reset();
      expect(run(kernel, inputs, entry.outputs.length)).toEqual(first);
    }
  });
});
