/**
 * Readers for the reference data that lies beside the project, never inside it.
 *
 * Owns: finding `../shared/data`, unpacking zip and gz without a dependency, and turning each format into plain rows
 * with epoch milliseconds. May not write anything, and nothing of what it reads may be copied into the repository.
 *
 * LEAN prices of equities are integers in 1/10,000 dollar, times are milliseconds after New York midnight, and a
 * minute row carries the start of its minute. Crypto is plain decimals and UTC.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync, inflateRawSync } from "node:zlib";
import type { Bar } from "../../engine/core/event.ts";
import { dayNumber } from "../../engine/market/civil.ts";
import { newYorkEpoch } from "../../engine/market/new-york.ts";

const SHARED = fileURLToPath(new URL("../../../shared/data/", import.meta.url));

export const SHARED_DATA_MISSING = "reference data missing: expected at ../shared/data beside the project; skipped";

/** Tests that need the data skip with `SHARED_DATA_MISSING` when this is false. */
export function haveSharedData(): boolean {
  return existsSync(`${SHARED}market/README.md`) && existsSync(`${SHARED}indicators/index.json`);
}

export function sharedPath(relative: string): string {
  return `${SHARED}${relative}`;
}

// ---------------------------------------------------------------------------------------------- containers

/** The text of a zip that holds exactly one deflated or stored member. */
export function readZipText(path: string): string {
  const data = readFileSync(path);
  // The central directory, not the local header: streaming writers leave the local sizes zero.
  const end = data.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0) throw new Error(`${path}: not a zip`);
  const central = data.readUInt32LE(end + 16);
  const method = data.readUInt16LE(central + 10);
  // Zip64 writers put 0xffffffff here; with a single member its header stands first and its data ends before the directory.
  const wide = 0xffff_ffff;
  const local = data.readUInt32LE(central + 42) === wide ? 0 : data.readUInt32LE(central + 42);
  const from = local + 30 + data.readUInt16LE(local + 26) + data.readUInt16LE(local + 28);
  const size = data.readUInt32LE(central + 20);
  const body = data.subarray(from, size === wide ? central : from + size);
  if (method === 0) return body.toString("utf8");
  if (method === 8) return inflateRawSync(body).toString("utf8");
  throw new Error(`${path}: zip method ${method}`);
}

export function readGzText(path: string): string {
  return gunzipSync(readFileSync(path)).toString("utf8");
}

/** Rows of a CSV without quoting; `\r` and a final newline are dropped. */
export function csvRows(source: string): string[][] {
  return source
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .filter((line) => line.length > 0)
    .map((line) => line.split(","));
}

// ---------------------------------------------------------------------------------------------- LEAN

const EQUITY = "market/lean/equity/usa/";
const CRYPTO = "market/lean/crypto/coinbase/";
const SCALE = 10_000;

function dayOf(yyyymmdd: string): number {
  return dayNumber(Number(yyyymmdd.slice(0, 4)), Number(yyyymmdd.slice(4, 6)), Number(yyyymmdd.slice(6, 8)));
}

function toBar(start: number, fields: readonly string[], scale: number): Bar {
  const [open, high, low, close, volume] = fields.map(Number) as [number, number, number, number, number];
  return { start, open: open / scale, high: high / scale, low: low / scale, close: close / scale, volume };
}

/** Dates (`yyyymmdd`) for which minute trade bars of a ticker exist. */
export function leanMinuteDates(ticker: string): string[] {
  return readdirSync(sharedPath(`${EQUITY}minute/${ticker}`))
    .filter((name) => name.endsWith("_trade.zip"))
    .map((name) => name.slice(0, 8))
    .sort();
}

/** One-minute trade bars of a day, pre-market and after hours included. */
export function leanMinuteBars(ticker: string, yyyymmdd: string): Bar[] {
  const day = dayOf(yyyymmdd);
  return csvRows(readZipText(sharedPath(`${EQUITY}minute/${ticker}/${yyyymmdd}_trade.zip`))).map((row) =>
    toBar(newYorkEpoch(day, Number(row[0])), row.slice(1), SCALE),
  );
}

/** Raw daily bars, stamped at New York midnight of the trading date. */
export function leanDailyBars(ticker: string): Bar[] {
  return csvRows(readZipText(sharedPath(`${EQUITY}daily/${ticker}.zip`))).map((row) =>
    toBar(newYorkEpoch(dayOf(row[0] as string), 0), row.slice(1), SCALE),
  );
}

/** One-minute crypto bars (`btcusd`, `ethusd`), UTC. */
export function leanCryptoMinuteBars(pair: string, yyyymmdd: string): Bar[] {
  const midnight = dayOf(yyyymmdd) * 86_400_000;
  return csvRows(readZipText(sharedPath(`${CRYPTO}minute/${pair}/${yyyymmdd}_trade.zip`))).map((row) =>
    toBar(midnight + Number(row[0]), row.slice(1), 1),
  );
}

export interface LeanTrade {
  readonly time: number;
  readonly price: number;
  readonly size: number;
  readonly exchange: string;
  /** Bit field: 1 regular, 0x20 sweep, 0x40 / 0x80 opening and closing prints, 0x80000000 odd lot. */
  readonly condition: number;
  readonly suspicious: boolean;
}

/** One side of the book per row; the other side's price and size are 0. */
export interface LeanQuote {
  readonly time: number;
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
  readonly exchange: string;
  readonly suspicious: boolean;
}

/** Trades and quotes of one day; only `ibm` 20131007 … 20131011 exists. */
export function leanTicks(ticker: string, yyyymmdd: string): { trades: LeanTrade[]; quotes: LeanQuote[] } {
  return { trades: leanTrades(ticker, yyyymmdd), quotes: leanQuotes(ticker, yyyymmdd) };
}

export function leanTrades(ticker: string, yyyymmdd: string): LeanTrade[] {
  const day = dayOf(yyyymmdd);
  return csvRows(readZipText(sharedPath(`${EQUITY}tick/${ticker}/${yyyymmdd}_trade.zip`))).map((row) => ({
    time: newYorkEpoch(day, Number(row[0])),
    price: Number(row[1]) / SCALE,
    size: Number(row[2]),
    exchange: row[3] as string,
    condition: Number.parseInt(row[4] as string, 16),
    suspicious: row[5] === "1",
  }));
}

export function leanQuotes(ticker: string, yyyymmdd: string): LeanQuote[] {
  const day = dayOf(yyyymmdd);
  return csvRows(readZipText(sharedPath(`${EQUITY}tick/${ticker}/${yyyymmdd}_quote.zip`))).map((row) => ({
    time: newYorkEpoch(day, Number(row[0])),
    bid: Number(row[1]) / SCALE,
    bidSize: Number(row[2]),
    ask: Number(row[3]) / SCALE,
    askSize: Number(row[4]),
    exchange: row[5] as string,
    suspicious: row[7] === "1",
  }));
}

/** Sale-condition bit that lets a trade set open, high, low and close. */
export const LEAN_REGULAR = 1;

// ---------------------------------------------------------------------------------------------- CSV files

/** Bars of a gzipped CSV with a header line; dates are taken as UTC. Only the bar columns are read. */
export function csvBars(relative: string): Bar[] {
  const [header, ...rows] = csvRows(readGzText(sharedPath(relative)));
  const column = (name: string): number => (header as string[]).indexOf(name);
  const [date, open, high, low, close, volume] = ["date", "open", "high", "low", "close", "volume"].map(column) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return rows.map((row) => ({
    start: Date.parse(`${(row[date] as string).replace(" ", "T")}Z`.replace(/^(\d{4}-\d{2}-\d{2})Z$/, "$1T00:00Z")),
    open: Number(row[open]),
    high: Number(row[high]),
    low: Number(row[low]),
    close: Number(row[close]),
    volume: Number(row[volume]),
  }));
}

export const csvLoaders = {
  /** SPY daily 2017-2018, adjusted for dividends. */
  spyDaily2017: (): Bar[] => csvBars("market/skender/default.csv.gz"),
  /** SPY daily 1999-2020, raw. */
  spyDaily1999: (): Bar[] => csvBars("market/pandas-ta/SPY_D.csv.gz"),
  /** BTC/USD daily 2017-2021, UTC dates. */
  btcDaily2017: (): Bar[] => csvBars("market/skender/bitcoin.csv.gz"),
  /** S&P 500 index daily 2000-2020. */
  sp500Daily: (): Bar[] => csvBars("market/vega/sp500-2000.csv.gz"),
};

/** Gap-free 1-minute crypto weeks of a JSON array with string prices; times UTC. */
export function jsonMinuteBars(file: "dash-usdt-1m-2020-09-09" | "btc-usdt-1m-2021-02-19"): Bar[] {
  const rows = JSON.parse(readGzText(sharedPath(`market/trading-signals/${file}.json.gz`))) as Record<string, string>[];
  return rows.map((row) => ({
    start: Number(row["openTimeInMillis"]),
    open: Number(row["open"]),
    high: Number(row["high"]),
    low: Number(row["low"]),
    close: Number(row["close"]),
    volume: Number(row["volume"]),
  }));
}

// ---------------------------------------------------------------------------------------------- indicators

export interface IndicatorReference {
  readonly file: string;
  readonly source: string;
  readonly dataset: string;
  readonly indicator: string;
  readonly params: Readonly<Record<string, number | string | boolean>>;
  readonly firstIndex: Readonly<Record<string, number | null>>;
  readonly tolerance: { readonly relative?: number; readonly absolute?: number };
  readonly note?: string;
}

export interface IndicatorSeries extends IndicatorReference {
  readonly bars: readonly Bar[];
  readonly outputs: Readonly<Record<string, readonly (number | null)[]>>;
}

/** All references, without values. */
export function indicatorIndex(): IndicatorReference[] {
  const index = JSON.parse(readFileSync(sharedPath("indicators/index.json"), "utf8")) as {
    references: IndicatorReference[];
  };
  return index.references;
}

const datasetBars = new Map<string, readonly Bar[]>();

function barsOf(dataset: string): readonly Bar[] {
  const known = datasetBars.get(dataset);
  if (known !== undefined) return known;
  const loaders: Record<string, () => Bar[]> = {
    "spy-1d-2017": csvLoaders.spyDaily2017,
    "spy-1d-1999": csvLoaders.spyDaily1999,
    "btc-1d-2017": csvLoaders.btcDaily2017,
  };
  const loader = loaders[dataset];
  if (loader === undefined) throw new Error(`unknown dataset ${dataset}`);
  const bars = loader();
  datasetBars.set(dataset, bars);
  return bars;
}

/** One reference with its bars and expected outputs. */
export function indicatorSeries(reference: IndicatorReference): IndicatorSeries {
  const body = JSON.parse(readGzText(sharedPath(`indicators/${reference.file}`))) as {
    bars?: Record<"t" | "o" | "h" | "l" | "c" | "v", (number | null)[] | undefined>;
    outputs: Record<string, (number | null)[]>;
  };
  if (reference.dataset !== "inline") return { ...reference, bars: barsOf(reference.dataset), outputs: body.outputs };
  const inline = body.bars;
  if (inline === undefined) throw new Error(`${reference.file}: no bars`);
  const close = inline.c as number[];
  const at = (key: "o" | "h" | "l" | "v", i: number): number => inline[key]?.[i] ?? NaN;
  const bars = close.map((value, i) => ({
    start: i * 86_400_000,
    open: at("o", i),
    high: at("h", i),
    low: at("l", i),
    close: value,
    volume: at("v", i),
  }));
  return { ...reference, bars, outputs: body.outputs };
}
