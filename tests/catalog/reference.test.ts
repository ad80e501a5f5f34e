/**
 * Kernels against published values: TA-Lib 0.4.0, Skender and LEAN.
 *
 * Every reference of an indicator that the catalogue has is either compared or listed below with the reason why not.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { indicator } from "../../engine/catalog/catalog.ts";
import type { Indicator } from "../../engine/catalog/kernel.ts";
import { paramProblem } from "../../engine/catalog/params.ts";
import type { Bar } from "../../engine/core/event.ts";
import { AccuracyTable } from "../support/accuracy-table.ts";
import { comparedWithTaLib, REFERENCE } from "../support/talib-reference.ts";
import {
  haveSharedData,
  indicatorIndex,
  indicatorSeries,
  SHARED_DATA_MISSING,
  type IndicatorReference,
} from "../support/reference-data.ts";

const PAGE = fileURLToPath(new URL("../../docs/reference/accuracy.md", import.meta.url));

interface Mapping {
  readonly entry: string;
  readonly params: readonly string[];
  /** Our output -> theirs, when the names differ. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** What is computed instead of the close. */
  readonly value?: "volume" | "ohlc4";
}

/** Reference indicator -> catalogue entry. */
const MAPPINGS: Readonly<Record<string, Mapping>> = {
  SMA: { entry: "sma", params: ["period"] },
  EMA: { entry: "ema", params: ["period"] },
  WMA: { entry: "wma", params: ["period"] },
  SMMA: { entry: "rma", params: ["period"], outputs: { rma: "smma" } },
  RSI: { entry: "rsi", params: ["period"] },
  MACD: { entry: "macd", params: ["fast", "slow", "signal"] },
  BB: { entry: "bollinger", params: ["period", "stdDev"], outputs: { percent_b: "percentB" } },
  STDDEV: { entry: "stddev", params: ["period"], outputs: { stddev: "stdDev" } },
  ATR: { entry: "atr", params: ["period"] },
  TR: { entry: "true_range", params: [], outputs: { true_range: "tr" } },
  DONCHIAN: { entry: "donchian", params: ["period"] },
  KELTNER: { entry: "keltner", params: ["ema", "multiplier", "atr"] },
  ROC: { entry: "roc", params: ["period"] },
  VWAP: { entry: "vwap", params: [] },
  MAX: { entry: "highest", params: ["period"], outputs: { highest: "max" } },
  MIN: { entry: "lowest", params: ["period"], outputs: { lowest: "min" } },
  MAENV: {
    entry: "band",
    params: ["percent"],
    outputs: { upper: "upperEnvelope", middle: "centerline", lower: "lowerEnvelope" },
  },
  STOCH: { entry: "stochastic", params: ["k", "smoothK", "d"] },
  CCI: { entry: "cci", params: ["period"] },
  WILLR: { entry: "willr", params: ["period"] },
  MFI: { entry: "mfi", params: ["period"] },
  ADX: { entry: "adx", params: ["period"], outputs: { plus_di: "plusDi", minus_di: "minusDi" } },
  OBV: { entry: "obv", params: [] },
  DEMA: { entry: "dema", params: ["period"] },
  TEMA: { entry: "tema", params: ["period"] },
  HMA: { entry: "hma", params: ["period"] },
  KAMA: { entry: "kama", params: ["er", "fast", "slow"] },
  VWMA: { entry: "vwma", params: ["period"] },
  STOCHRSI: { entry: "stochrsi", params: ["rsi", "k", "smoothK", "d"] },
  STOCHF: { entry: "stochastic", params: ["k", "smoothK", "d"] },
  PPO: { entry: "ppo", params: ["fast", "slow", "signal"] },
  PVO: { entry: "ppo", params: ["fast", "slow", "signal"], value: "volume", outputs: { ppo: "pvo" } },
  MOM: { entry: "momentum", params: ["period"], outputs: { momentum: "mom" } },
  TRIX: { entry: "trix", params: ["period"] },
  AD: { entry: "ad", params: [] },
  CMF: { entry: "cmf", params: ["period"] },
  AROON: { entry: "aroon", params: ["period"] },
  PSAR: { entry: "psar", params: ["step", "max"] },
  SUPERTREND: { entry: "supertrend", params: ["period", "multiplier"], outputs: { supertrend: "superTrend" } },
  ICHIMOKU: {
    entry: "ichimoku",
    params: ["tenkan", "kijun", "senkouB", "displacement"],
    outputs: { senkou_a: "senkouA", senkou_b: "senkouB" },
  },
  SLOPE: { entry: "linreg", params: ["period"], outputs: { linreg: "none", r2: "rSquared" } },
  EPMA: { entry: "linreg", params: ["period"], outputs: { linreg: "epma", slope: "none", r2: "none" } },
};

/** Further comparisons with a file that another entry is compared with already. */
const ALSO: readonly (Mapping & { readonly file: string })[] = [
  { file: "skender/spy-1d-2017/stddev-14.json.gz", entry: "zscore", params: ["period"], outputs: { zscore: "zScore" } },
  { file: "skender/spy-1d-2017/bb-20-2.json.gz", entry: "zscore", params: ["period"], outputs: { zscore: "zScore" } },
  { file: "skender/spy-1d-2017/roc-14.json.gz", entry: "momentum", params: ["period"] },
  { file: "skender/spy-1d-2017/atr-14.json.gz", entry: "true_range", params: [], outputs: { true_range: "tr" } },
  {
    file: "lean/spy-vwap-rolling-50.json.gz",
    entry: "vwma",
    params: ["window"],
    value: "ohlc4",
    outputs: { vwma: "vwap" },
  },
];

/** Words of options, and parameters that a file does not name. */
const OPTIONS: Readonly<Record<string, Readonly<Record<string, string | number>>>> = {
  "lean/spy-atr-14.json.gz": { first_range: "high_low" },
  "lean/dwac-1h-supertrend-10-3.json.gz": { first_range: "high_low" },
  "lean/djia-macd-12-26.json.gz": { seed: "own", signal: 9 },
  "lean/spy-1mo-macd-12-26-9.json.gz": { seed: "own" },
  "skender/spy-1d-2017/macd-12-26-9.json.gz": { seed: "own" },
  "skender/spy-1d-2017/obv.json.gz": { base: "zero" },
  "lean/spy-ppo-5-10-sma.json.gz": { average: "sma", signal: 9 },
};

/** A parameter that a reference leaves out has this value. */
const UNNAMED: Readonly<Record<string, number>> = { smoothK: 1, signal: 9 };

/** Another definition than ours. */
const OTHER_DEFINITION: Readonly<Record<string, string>> = {
  "lean/djia-rsi-14-simple.json.gz": "plain instead of Wilder averages",
  "lean/spy-atr-14-simple.json.gz": "plain instead of Wilder average",
  "lean/spy-keltner-20-1.5.json.gz": "simple averages of the typical price and of the range",
  "lean/spy-vwap-rolling-50.json.gz": "rolling 50 bars instead of a session; compared below as vwma of ohlc4",
  "skender/spy-1d-2017/dema-14.json.gz": "both averages of the chain take one seed",
  "skender/spy-1d-2017/tema-20.json.gz": "all averages of the chain take one seed",
  "skender/spy-1d-2017/trix-14.json.gz": "all averages of the chain take one seed",
  "skender/spy-1d-2017/psar-0.02-0.2.json.gz": "always starts rising, and only a break reverses",
  "skender/spy-1d-2017/aroon-25.json.gz": "of equal extremes the oldest counts",
  "skender/spy-1d-2017/donchian-20.json.gz": "leaves the current bar out",
  "skender/spy-1d-2017/maenv-20-2.5.json.gz": "a band around an average; compared below as band of sma",
};

/** Same definition, other seed: compared from this index on, where the difference has faded below the tolerance. */
const SEEDED_DIFFERENTLY: Readonly<Record<string, { readonly from: number; readonly tolerance: number }>> = {
  "skender/spy-1d-2017/adx-14.json.gz": { from: 400, tolerance: 1e-7 }, // sums n values before smoothing
  "lean/etf-adx-14.json.gz": { from: 200, tolerance: 0.01 },
  "lean/spy-stoch-12-3-5.json.gz": { from: 17, tolerance: 1e-3 }, // k alone is given two bars earlier
};

/** Outputs given in another unit. */
const SCALED: Readonly<Record<string, number>> = { "lean/spy-bb-20-2.json.gz width": 100 };

/** Constant offset: compared after taking the first difference off. */
const OFFSET: readonly string[] = ["lean/spy-obv.json.gz"];

/** The first index differs by convention; values are compared where both exist. */
const LATER_START: readonly string[] = [
  "skender/spy-1d-2017/stoch-14-3-3.json.gz", // k alone is given earlier
  "skender/spy-1d-2017/stochrsi-14-14-3-1.json.gz",
  "lean/spy-stochrsi-14-14-3-3.json.gz",
  "skender/spy-1d-2017/macd-12-26-9.json.gz", // macd alone is given earlier
  "lean/djia-macd-12-26.json.gz",
  "lean/spy-1mo-macd-12-26-9.json.gz",
  "skender/spy-1d-2017/kama-10-2-30.json.gz", // the close that it starts from is given too
];

function inputRow(entry: Indicator, bar: Bar, value: Mapping["value"]): Float64Array {
  return Float64Array.from(entry.inputs, (name) => {
    if (name === "value" && value === "volume") return bar.volume;
    if (name === "value" && value === "ohlc4") return (bar.open + bar.high + bar.low + bar.close) / 4;
    if (name === "other") throw new Error(`${entry.name} has no reference of two symbols`);
    return name === "value" ? bar.close : bar[name];
  });
}

function compute(
  entry: Indicator,
  params: readonly number[],
  bars: readonly Bar[],
  value?: Mapping["value"],
): Float64Array[] {
  const kernel = entry.kernel(params);
  return bars.map((bar) => {
    const out = new Float64Array(entry.outputs.length);
    kernel.update(inputRow(entry, bar, value), out);
    return out;
  });
}

function paramsOf(reference: IndicatorReference, entry: Indicator, mapping: Mapping): number[] {
  const options = OPTIONS[reference.file] ?? {};
  return entry.params.map((doc, i) => {
    const named = mapping.params[i] ?? "";
    const given = options[doc.name] ?? reference.params[named] ?? UNNAMED[named] ?? doc.default;
    return typeof given === "string" ? (doc.choices ?? []).indexOf(given) : (given as number);
  });
}

const accuracy = new AccuracyTable();

function compare(reference: IndicatorReference, entry: Indicator, mapping: Mapping): void {
  const series = indicatorSeries(reference);
  const params = paramsOf(reference, entry, mapping);
  expect(paramProblem(entry, params)).toBeUndefined();
  const rows = compute(entry, params, series.bars, mapping.value);
  const special = SEEDED_DIFFERENTLY[reference.file];
  let compared = 0;
  for (const [o, doc] of entry.outputs.entries()) {
    const name = mapping.outputs?.[doc.name] ?? doc.name;
    const expected = series.outputs[name];
    if (expected === undefined) continue;
    compared++;
    const ours = rows.findIndex((row) => !Number.isNaN(row[o] as number));
    const first = reference.firstIndex[name] as number;
    const sameStart =
      special === undefined && !LATER_START.includes(reference.file) && !OFFSET.includes(reference.file);
    if (sameStart) expect(ours, `first index of ${doc.name}`).toBe(first);
    const factor = SCALED[`${reference.file} ${name}`] ?? 1;
    const from = Math.max(special?.from ?? 0, ours, first);
    const offset = OFFSET.includes(reference.file) ? (rows[from]?.[o] as number) - (expected[from] as number) : 0;
    // Cancelling digits are judged by the size of the input, not of the small result.
    const scale = Math.max(...series.bars.map((bar) => Math.abs(bar.close)));
    const inPriceUnits = doc.unit === "price";
    for (let i = from; i < series.bars.length; i++) {
      const want: number | null | undefined = expected[i];
      if (want === null || want === undefined) continue;
      const error = Math.abs((rows[i]?.[o] as number) * factor - offset - want);
      const relative = Math.max(1e-9, reference.tolerance.relative ?? 0);
      const size = Math.max(Math.abs(want), inPriceUnits ? scale : 1);
      const allowed = special?.tolerance ?? reference.tolerance.absolute ?? relative * size;
      if (!(error <= allowed)) expect.fail(`${doc.name} at ${i}: ${rows[i]?.[o]} instead of ${want}`);
      accuracy.note(entry, doc.name, reference.source, error / size);
    }
  }
  expect(compared, "outputs compared").toBeGreaterThan(0);
}

const REFERENCES = haveSharedData() ? indicatorIndex() : [];

describe.skipIf(!haveSharedData())(`reference values (${haveSharedData() ? "found" : SHARED_DATA_MISSING})`, () => {
  for (const reference of REFERENCES) {
    const mapping = MAPPINGS[reference.indicator];
    const entry = mapping === undefined ? undefined : indicator(mapping.entry);
    if (mapping === undefined || entry === undefined) continue;
    const other = OTHER_DEFINITION[reference.file];
    it.skipIf(other !== undefined)(`${entry.name} equals ${reference.file}${other ? ` (no: ${other})` : ""}`, () => {
      compare(reference, entry, mapping);
    });
  }

  for (const mapping of ALSO) {
    const reference = REFERENCES.find(({ file }) => file === mapping.file) as IndicatorReference;
    const entry = indicator(mapping.entry) as Indicator;
    it(`${entry.name} equals ${mapping.file}`, () => {
      compare(reference, entry, mapping);
    });
  }

  it("band of sma equals the envelope of Skender", () => {
    const reference = REFERENCES.find((r) => r.file.endsWith("maenv-20-2.5.json.gz")) as IndicatorReference;
    const series = indicatorSeries(reference);
    const average = compute(indicator("sma") as Indicator, [20], series.bars);
    const kernel = (indicator("band") as Indicator).kernel([0.025]);
    const out = new Float64Array(3);
    for (let i = 19; i < series.bars.length; i++) {
      kernel.update(average[i] as Float64Array, out);
      expect(out[0]).toBeCloseTo(series.outputs["upperEnvelope"]?.[i] as number, 9);
      expect(out[2]).toBeCloseTo(series.outputs["lowerEnvelope"]?.[i] as number, 9);
    }
  });

  it("pivots equal those of Skender for the month before", () => {
    const reference = REFERENCES.find((r) => r.file.endsWith("pivotpoints-month.json.gz")) as IndicatorReference;
    const series = indicatorSeries(reference);
    const entry = indicator("pivots") as Indicator;
    const monthOf = (bar: Bar): string => new Date(bar.start).toISOString().slice(0, 7);
    const months = [...new Set(series.bars.map(monthOf))];
    let before: readonly Bar[] = [];
    let compared = 0;
    for (const month of months) {
      const indexes = [...series.bars.keys()].filter((i) => monthOf(series.bars[i] as Bar) === month);
      const [high, low] = [Math.max(...before.map((bar) => bar.high)), Math.min(...before.map((bar) => bar.low))];
      const out = new Float64Array(7);
      entry.kernel([0]).update(Float64Array.of(high, low, before.at(-1)?.close ?? NaN), out);
      for (const i of before.length === 0 ? [] : indexes) {
        for (const [o, { name }] of entry.outputs.entries()) {
          const want = series.outputs[name]?.[i] as number;
          accuracy.note(entry, name, reference.source, Math.abs((out[o] as number) - want) / want);
          expect(out[o], `${name} at ${i}`).toBeCloseTo(want, 9);
          compared++;
        }
      }
      before = indexes.map((i) => series.bars[i] as Bar);
    }
    expect(compared).toBeGreaterThan(3_000);
  });

  it("percent_rank equals that of Skender's Connors RSI", () => {
    const reference = REFERENCES.find((r) => r.file.endsWith("crsi-3-2-100.json.gz")) as IndicatorReference;
    const series = indicatorSeries(reference);
    const entry = indicator("percent_rank") as Indicator;
    const kernel = entry.kernel([100, 1]);
    const out = new Float64Array(1);
    for (let i = 1; i < series.bars.length; i++) {
      const before = (series.bars[i - 1] as Bar).close;
      kernel.update(Float64Array.of(((series.bars[i] as Bar).close - before) / before), out);
      const want: number | null | undefined = series.outputs["percentRank"]?.[i];
      if (want === null || want === undefined || Number.isNaN(out[0])) continue;
      accuracy.note(entry, "percent_rank", reference.source, Math.abs((out[0] as number) - want) / Math.max(1, want));
      expect(out[0], `bar ${i}`).toBeCloseTo(want, 9);
    }
    expect(out[0]).not.toBeNaN();
  });

  it("is told on the page of the accuracy", () => {
    for (const call of Object.keys(REFERENCE.indicators)) {
      for (const { entry, output, relative } of comparedWithTaLib(call)) {
        accuracy.note(entry, output, REFERENCE.made_with, relative);
      }
    }
    if (process.env["UPDATE_DOCS"] === "1") writeFileSync(PAGE, accuracy.page());
    expect(readFileSync(PAGE, "utf8")).toBe(accuracy.page());
  });
});
