/**
 * What TA-Lib says of made-up bars, beside what the kernels say of them.
 *
 * Owns: reading tests/catalog/talib/reference.json and computing the same with the catalogue.
 */
import { readFileSync } from "node:fs";
import { indicator } from "../../engine/catalog/catalog.ts";
import type { Indicator } from "../../engine/catalog/kernel.ts";
import type { Bar } from "../../engine/core/event.ts";
import { madeUpBars } from "./made-up-bars.ts";

interface Sampled {
  readonly first: number;
  readonly at: readonly number[];
  readonly values: readonly number[];
}

export interface CandleReference {
  readonly count: readonly [number, number];
  readonly digest: number;
  readonly first: readonly (readonly [number, number])[];
}

interface Reference {
  readonly made_with: string;
  readonly bars: number;
  readonly short: number;
  readonly sums: readonly number[];
  readonly candles: Readonly<Record<string, CandleReference>>;
  readonly rare: Readonly<Record<string, readonly (readonly [sign: number, prices: readonly number[]])[]>>;
  readonly indicators: Readonly<Record<string, readonly (Sampled | null)[]>>;
}

export const REFERENCE = JSON.parse(
  readFileSync(new URL("../catalog/talib/reference.json", import.meta.url), "utf8"),
) as unknown as Reference;

export const BARS = madeUpBars(1, REFERENCE.bars);
const OTHER = madeUpBars(2, REFERENCE.bars);

export function rowsOf(entry: Indicator, params: readonly number[], bars: readonly Bar[]): Float64Array[] {
  const kernel = entry.kernel(params);
  return bars.map((bar, i) => {
    const out = new Float64Array(entry.outputs.length);
    const x = Float64Array.from(entry.inputs, (name) =>
      name === "value" ? bar.close : name === "other" ? (OTHER[i] as Bar).close : bar[name],
    );
    kernel.update(x, out);
    return out;
  });
}

/** What stands in the name of a reference; the rest are the catalogue's defaults. */
function paramsOf(entry: Indicator, words: string): number[] {
  const given = words.split(", ").filter((word) => word !== "");
  return entry.params.map(({ name, default: usual, choices }, i) => {
    const named = given.find((word) => word.startsWith(`${name}: `))?.slice(name.length + 2);
    if (named !== undefined) return choices?.indexOf(named) ?? Number(named);
    const positional = given[i];
    return positional === undefined || positional.includes(":") ? (usual ?? Number.NaN) : Number(positional);
  });
}

export interface Compared {
  readonly entry: Indicator;
  readonly output: string;
  readonly first: { readonly ours: number; readonly theirs: number };
  /** Largest error, as a part of the larger of the value and the price. */
  readonly relative: number;
  readonly count: number;
}

/** One comparison per output of a call such as `macd(12)`. */
export function comparedWithTaLib(call: string): Compared[] {
  const [, name = "", words = ""] = /^(\w+)(?:\((.*)\))?$/.exec(call) ?? [];
  const entry = indicator(name) as Indicator;
  const rows = rowsOf(entry, paramsOf(entry, words), BARS.slice(0, REFERENCE.short));
  return (REFERENCE.indicators[call] ?? []).flatMap((reference, o): Compared[] => {
    const doc = entry.outputs[o];
    if (reference === null || doc === undefined) return [];
    const scale = doc.unit === "price" ? 100 : 1;
    const errors = reference.at.map((at, k) => {
      const want = reference.values[k] as number;
      const error = Math.abs((rows[at]?.[o] as number) - want) / Math.max(Math.abs(want), scale);
      return Number.isNaN(error) ? Infinity : error;
    });
    const first = { ours: rows.findIndex((row) => !Number.isNaN(row[o] as number)), theirs: reference.first };
    return [{ entry, output: doc.name, first, relative: Math.max(...errors), count: errors.length }];
  });
}
