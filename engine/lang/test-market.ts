/**
 * What a test plays: bars, trades and quotes, and the history before them.
 *
 * Owns: when a test starts, which symbols it may play, and what may stand beside what. May not: read files; what of them
 * is wanted and not there is asked for.
 */
import { invariant } from "../core/assert.ts";
import { activityOf } from "../core/canonical.ts";
import type { Program, Strategy } from "../core/program.ts";
import { DAY, isOfTime, lengthOf } from "../market/bar-size.ts";
import { needsOf } from "./test-needs.ts";
import { didYouMean, listed } from "./suggest.ts";
import { dataAt, readHistory, readSeries } from "./test-series.ts";
import type { CsvBars, SeriesFrame } from "./test-series.ts";
import { readTicks } from "./test-ticks.ts";
import type { CsvTicks, TicksFrame } from "./test-ticks.ts";
import { DEFAULT_START, parseTestTime } from "./test-time.ts";
import type { TestSeries, TestTicks, Tick } from "./test-types.ts";
import { keyPlace, placeOf } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

export interface Market {
  readonly start: number;
  readonly series: readonly TestSeries[];
  readonly ticks: readonly TestTicks[];
  readonly history: readonly TestSeries[];
}

export interface CsvWanted {
  readonly path: string;
  readonly symbol: string;
  /** Label of the size that was written. */
  readonly size?: string | undefined;
  /** Trades or quotes instead of bars. */
  readonly ticks?: Tick["kind"];
}

export type CsvTable = CsvBars | CsvTicks;

export interface MarketFrame {
  readonly file: YamlFile;
  readonly program: Program;
  /** What a file beside the test file holds; undefined: not read yet. */
  readonly csv: (wanted: CsvWanted) => CsvTable | undefined;
}

const PLAYED = ["bars", "trades", "quotes"] as const;

/** Undefined after a finding, or when a file is still to be read. */
export function readMarket(frame: MarketFrame, path: Path): Market | undefined {
  const start = startAt(frame, path);
  const known = start === undefined ? false : areKnown(frame, path);
  if (start === undefined || !known) return undefined;
  const series = complete(
    readableAt(frame, [...path, "bars"]).map((symbol) =>
      readSeries(seriesFrame(frame, symbol), [...path, "bars", symbol], symbol, start),
    ),
  );
  for (const { symbol, size } of series ?? []) checkSize(frame, path, symbol, size.ms, size.label);
  const ticks = complete([...ticksAt(frame, path, start, "quote"), ...ticksAt(frame, path, start, "trade")]);
  const fits = checkTogether(frame, path);
  if (series === undefined || ticks === undefined || !fits) return undefined;
  const first = Math.min(
    ...series.map(({ bars }) => bars[0]?.start ?? Number.POSITIVE_INFINITY),
    ...ticks.map((one) => one.ticks.find((tick) => tick !== null)?.time ?? Number.POSITIVE_INFINITY),
  );
  const history = readHistories(frame, path, first);
  return history === undefined ? undefined : { start, series, ticks, history };
}

function complete<T>(found: readonly (T | undefined)[]): T[] | undefined {
  const whole = found.filter((one) => one !== undefined);
  return whole.length === found.length ? whole : undefined;
}

function symbolsAt({ file }: MarketFrame, path: Path): string[] {
  return Object.keys((dataAt(file, path) as object | undefined) ?? {});
}

/** What a strategy does not read has a finding of its own. */
function readableAt(frame: MarketFrame, path: Path): string[] {
  const readable = readableBy(frame.program);
  return symbolsAt(frame, path).filter((symbol) => readable.has(symbol));
}

function readableBy(program: Program): ReadonlySet<string> {
  return new Set([...program.strategies.flatMap(({ symbols }) => symbols), ...needsOf(program)]);
}

function startAt({ file }: MarketFrame, path: Path): number | undefined {
  const source = (dataAt(file, [...path, "start"]) as string | undefined) ?? DEFAULT_START;
  const time = parseTestTime(source);
  if (time !== undefined && "time" in time) return time.time;
  // A date alone: from its first bar on.
  const day = time === undefined ? undefined : parseTestTime(`${time.date}T00:00`);
  if (day !== undefined && "time" in day) return day.time;
  const message = `"${source}" is no time`;
  const help = "Write 2024-03-04T09:30, with a zone when it is not New York's.";
  file.findings.report("types/time", placeOf(file, [...path, "start"]), message, help);
  return undefined;
}

// ---------------------------------------------------------------------------------------------- symbols

function areKnown(frame: MarketFrame, path: Path): boolean {
  const { file, program } = frame;
  const own = [...new Set(program.strategies.flatMap(({ symbols }) => symbols))];
  const readable = readableBy(program);
  const played = PLAYED.flatMap((kind) => symbolsAt(frame, [...path, kind]).map((symbol) => ({ kind, symbol })));
  const place = PLAYED.map((kind) => [...path, kind]).find((one) => dataAt(file, one) !== undefined) ?? path;
  if (played.length === 0) {
    const message = "A test without bars, trades or quotes";
    file.findings.report("schema/value", placeOf(file, place), message, "Write bars: {SPY: 100x20}.");
    return false;
  }
  const unknown = played.filter(({ symbol }) => !readable.has(symbol));
  for (const { kind, symbol } of unknown) {
    const help = didYouMean(symbol, readable, `It names ${listed(own, "and")}.`);
    const at = keyPlace(file, [...path, kind, symbol]) ?? placeOf(file, place);
    const why = "Market data that no rule sees tests nothing.";
    file.findings.report("names/unknown", at, `The strategy does not read ${symbol}`, help, why);
  }
  if (played.some(({ symbol }) => own.includes(symbol))) return true;
  const message = `There are no bars, trades or quotes of ${listed(own)}`;
  file.findings.report("names/unknown", placeOf(file, place), message, "Add them.");
  return false;
}

// ---------------------------------------------------------------------------------------------- bars

function checkSize({ file, program }: MarketFrame, path: Path, symbol: string, ms: number, label: string): void {
  for (const { on, symbols, name } of program.strategies) {
    if (!symbols.includes(symbol) || lengthOf(on) >= ms) continue;
    const place = placeOf(file, [...path, "bars", symbol]);
    const message = `Bars of ${label} are larger than those of ${name} (on: ${on.label})`;
    file.findings.report("time/bar-size", place, message, `Write on: ${on.label}.`);
  }
}

function readHistories(frame: MarketFrame, path: Path, start: number): TestSeries[] | undefined {
  const { file } = frame;
  const all = dataAt(file, [...path, "history"]);
  const found = Object.entries((all as object | undefined) ?? {}).flatMap(([symbol, value]) => {
    const at = [...path, "history", symbol];
    const isList = Array.isArray(value) && value.every((one) => typeof one === "object" && !Array.isArray(one));
    const paths = isList ? (value as unknown[]).map((_, i) => [...at, i]) : [at];
    return paths.map((one) => readHistory(seriesFrame(frame, symbol), one, symbol, start));
  });
  return complete(found);
}

function strategyOf({ program }: MarketFrame, symbol: string): Strategy {
  const own = program.strategies.find(({ symbols }) => symbols.includes(symbol));
  return (own ?? program.strategies[0]) as Strategy;
}

function seriesFrame(frame: MarketFrame, symbol: string): SeriesFrame {
  const { on, session } = strategyOf(frame, symbol);
  return {
    file: frame.file,
    // What counts trades is given none, and has a finding for it.
    on: isOfTime(on) ? on : DAY,
    session,
    csv: (path, of, size) => asBars(frame.csv({ path, symbol: of, size: size?.label })),
  };
}

function asBars(table: CsvTable | undefined): CsvBars | undefined {
  invariant(table === undefined || !("ticks" in table), "bars were asked for, and ticks were given");
  return table;
}

// ---------------------------------------------------------------------------------------------- ticks

function ticksAt(frame: MarketFrame, path: Path, start: number, kind: Tick["kind"]): (TestTicks | undefined)[] {
  const at = [...path, `${kind}s`];
  return readableAt(frame, at).map((symbol) => {
    const ticks: TicksFrame = {
      file: frame.file,
      session: strategyOf(frame, symbol).session,
      start,
      csv: (name, of, what) => asTicks(frame.csv({ path: name, symbol: of, ticks: what })),
    };
    return readTicks(ticks, [...at, symbol], symbol, kind);
  });
}

function asTicks(table: CsvTable | undefined): CsvTicks | undefined {
  invariant(table === undefined || !("bars" in table), "ticks were asked for, and bars were given");
  return table;
}

/** Symbols of which a strategy counts trades. */
function countedOf({ on, facts, symbols }: Strategy): readonly string[] {
  const refs = [{ symbol: null, size: on }, ...facts.map(({ spec }) => spec.series)];
  return refs.filter(({ size }) => !isOfTime(size)).flatMap(({ symbol }) => (symbol === null ? symbols : [symbol]));
}

/** Bars hold their trades already, and a bar is no tick. */
function checkTogether(frame: MarketFrame, path: Path): boolean {
  const { file, program } = frame;
  const [bars, trades, quotes] = PLAYED.map((kind) => symbolsAt(frame, [...path, kind])) as [
    string[],
    string[],
    string[],
  ];
  const twice = bars.filter((symbol) => trades.includes(symbol));
  for (const symbol of twice) {
    const place = keyPlace(file, [...path, "trades", symbol]) ?? placeOf(file, path);
    const help = "Keep one of them. Quotes may stand beside bars.";
    const why = "Bars are made of the trades, so one of them would be ignored.";
    file.findings.report("schema/value", place, `${symbol} has bars and trades`, help, why);
  }
  const deaf = bars.flatMap((symbol) => {
    if (twice.includes(symbol) || quotes.includes(symbol)) return [];
    const strategy = program.strategies.find((one) => one.ticks === true && one.symbols.includes(symbol));
    return strategy === undefined ? [] : [{ symbol, strategy }];
  });
  for (const { symbol, strategy } of deaf) {
    const place = keyPlace(file, [...path, "bars", symbol]) ?? placeOf(file, path);
    const message = `${strategy.name} is judged at trades and quotes (on: tick), and ${symbol} has bars only`;
    const help = `Write trades: {${symbol}: {every: 1s, price: 100x20}}, or quotes:.`;
    file.findings.report("schema/value", place, message, help);
  }
  const uncounted = bars.flatMap((symbol) => {
    if (twice.includes(symbol)) return [];
    const strategy = program.strategies.find((one) => countedOf(one).includes(symbol));
    return strategy === undefined ? [] : [{ symbol, strategy }];
  });
  for (const { symbol, strategy } of uncounted) {
    const place = keyPlace(file, [...path, "bars", symbol]) ?? placeOf(file, path);
    const message = `${strategy.name} counts trades (${activityOf(strategy)?.label}), and ${symbol} has bars only`;
    file.findings.report("schema/value", place, message, `Write trades: {${symbol}: {every: 1s, price: 100x20}}.`);
  }
  return twice.length === 0 && deaf.length === 0 && uncounted.length === 0;
}
