/**
 * What reading bars from files takes and gives.
 *
 * Owns: the shapes and the error. May not read anything.
 */
import type { Bar } from "../../core/event.ts";
import type { BarSize } from "../../market/bar-size.ts";
import type { Calendar } from "../../market/calendar.ts";

/** Bars by column: a million rows are seven arrays, not a million objects. Only the first `length` values count. */
export interface BarColumns {
  readonly length: number;
  readonly start: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** A row that was not believed, and why. `line` is 1-based and counts every line of the file. */
export interface RefusedRow {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

export interface CsvOptions {
  /** Default: from the file name or a symbol column. With several symbols in one file it selects the rows. */
  readonly symbol?: string;
  /** Default: found from the spacing of the rows. */
  readonly size?: BarSize;
  /** Sessions of `1d` rows. Default: the symbol's (NYSE, or 24/7 for pairs such as BTC/USD and LEAN crypto files). */
  readonly calendar?: Calendar;
  /** Zone of wall-clock times without an offset. Default: the calendar's. */
  readonly timeZone?: string;
  /** `strict` (default): one refused row is an error. `skip`: bars without them; the caller must show `refused`. */
  readonly policy?: "strict" | "skip";
  /** Prices in the file are divided by this. Default: 10000 for LEAN equity files, 1 for everything else. */
  readonly priceScale?: number;
}

export interface BarFile {
  readonly symbol: string;
  readonly size: BarSize;
  readonly columns: BarColumns;
  /** The first rows that were refused, at most `MAX_REFUSED`; `refusedCount` is all of them. */
  readonly refused: readonly RefusedRow[];
  readonly refusedCount: number;
  /** False when no file has a volume column; volume is then 0. */
  readonly hasVolume: boolean;
  readonly files: readonly string[];
}

export const MAX_REFUSED = 1_000;

/** A file that could not be read as bars. The message says where and what to do. */
export class CsvError extends Error {
  override readonly name = "CsvError";
  readonly refused: readonly RefusedRow[];
  constructor(message: string, refused: readonly RefusedRow[] = [], options?: ErrorOptions) {
    super(message, options);
    this.refused = refused;
  }
}

export function barAt(columns: BarColumns, index: number): Bar {
  return {
    start: columns.start[index] as number,
    open: columns.open[index] as number,
    high: columns.high[index] as number,
    low: columns.low[index] as number,
    close: columns.close[index] as number,
    volume: columns.volume[index] as number,
  };
}

export function barsOf(file: BarFile): Bar[] {
  return Array.from({ length: file.columns.length }, (_, index) => barAt(file.columns, index));
}
