/**
 * The trades and quotes of a test: price paths, lists and CSV files.
 *
 * Owns: what they mean as ticks, and the findings about their prices, sizes and times. May not: read files; their ticks
 * are given.
 */
import { decimal } from "../core/decimal.ts";
import type { SessionKind } from "../core/program.ts";
import { calendarOf } from "../market/instruments.ts";
import { spelt } from "./fix-spelling.ts";
import { CSV_WHY, dataAt, pathAt } from "./test-series.ts";
import type { CsvProblem } from "./test-series.ts";
import { clockText, instantsFrom, parseClock, parseTestTime } from "./test-time.ts";
import type { TestTicks, Tick } from "./test-types.ts";
import { isDuration, parseDuration } from "./values.ts";
import { placeOf } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

export type CsvTicks = { readonly ticks: readonly Tick[] } | CsvProblem;

export interface TicksFrame {
  readonly file: YamlFile;
  readonly session: SessionKind;
  /** Begin of the test: nothing is before it. */
  readonly start: number;
  /** Ticks of the CSV file named beside the test file; undefined: not read yet. */
  readonly csv: (name: string, symbol: string, kind: Tick["kind"]) => CsvTicks | undefined;
}

/** Numbers of one tick by the names that they are written with. */
type Numbers = Readonly<Record<string, number>>;

const DEFAULT_EVERY = "1s";
const DEFAULT_SIZE = 100;
const DEFAULT_SPREAD = 0.02;
const ORDER_WHY = "Ticks are played in the order of time.";

/** The ticks at a path. Undefined after a finding, or when a CSV file is still to be read. */
export function readTicks(frame: TicksFrame, path: Path, symbol: string, kind: Tick["kind"]): TestTicks | undefined {
  const { file } = frame;
  const data = dataAt(file, path);
  const isMapping = typeof data === "object" && data !== null && !Array.isArray(data);
  const ticks =
    isMapping && "file" in data
      ? fromCsv(frame, path, symbol, kind)
      : Array.isArray(data)
        ? fromRows(frame, path, symbol, kind)
        : fromPaths(frame, path, symbol, kind);
  if (ticks === undefined) return undefined;
  sayCrossed(frame, path, ticks);
  if (ticks.some((tick) => tick !== null)) return { symbol, kind, ticks };
  const message = `There is no ${kind} of ${symbol} in this`;
  file.findings.report("time/not-in-test", placeOf(file, path), message, "", CSV_WHY);
  return undefined;
}

// ---------------------------------------------------------------------------------------------- CSV

function fromCsv({ file, csv, start }: TicksFrame, path: Path, symbol: string, kind: Tick["kind"]) {
  const here = [...path, "file"];
  const others = Object.keys(dataAt(file, path) as object).filter((key) => key !== "file");
  for (const key of others)
    file.findings.report(
      "schema/value",
      placeOf(file, [...path, key]),
      `"${key}" cannot stand beside "file"`,
      "Remove it.",
    );
  const found = csv(String(dataAt(file, here)), symbol, kind);
  if (found === undefined || others.length > 0) return undefined;
  if (!("problem" in found)) return found.ticks.filter(({ time }) => time >= start);
  file.findings.report("schema/missing-file", placeOf(file, here), found.problem, "", CSV_WHY);
  return undefined;
}

// ---------------------------------------------------------------------------------------------- paths

/** The values of one field: as many as there are ticks, or one for all of them. */
interface Column {
  readonly name: string;
  readonly path: Path;
  readonly values: readonly (number | null)[];
}

const SIDES = ["bid", "ask"];
const SIZES = ["bid_size", "ask_size"];

function fromPaths(frame: TicksFrame, path: Path, symbol: string, kind: Tick["kind"]): (Tick | null)[] | undefined {
  const { file, session, start } = frame;
  const every = everyAt(frame, path);
  const columns = columnsAt(frame, path, kind);
  if (columns === undefined || every === undefined) return undefined;
  const [main] = columns;
  const count = Math.max(...columns.map(({ values }) => values.length));
  for (const { name, path: at, values } of columns) {
    if (values.length === count || values.length === 1) continue;
    const other = columns.find((one) => one.values.length === count) ?? main;
    const message = `${name} has ${values.length} values, ${other?.name} has ${count}`;
    file.findings.report(
      "types/price-path",
      placeOf(file, at),
      message,
      "Make them equally long, or give one for all.",
    );
    return undefined;
  }
  const times = instantsFrom({ calendar: calendarOf(symbol), session }, start, every, count);
  if (times.length < count) {
    const message = `The calendar holds only ${times.length} of these ${count} ${kind}s`;
    file.findings.report("time/not-in-test", placeOf(file, path), message, "Move start:, or use fewer.");
    return undefined;
  }
  const found: (Tick | null)[] = [];
  for (const [i, time] of times.entries()) {
    const values = columns.map(({ values: own }) => (own.length === 1 ? own[0] : own[i]) ?? null);
    if (values.includes(null)) {
      found.push(null);
      continue;
    }
    const numbers = Object.fromEntries(columns.map(({ name }, at) => [name, values[at] as number]));
    const fault = faultOf(kind, numbers);
    if (fault !== undefined) {
      const at = columns.find((one) => one.name === fault.name)?.path ?? path;
      file.findings.report("types/value", placeOf(file, at), `${kind} ${i + 1}: ${fault.message}`, fault.help);
      return undefined;
    }
    found.push(tickOf(symbol, kind, time, numbers));
  }
  return found;
}

function everyAt({ file }: TicksFrame, path: Path): number | undefined {
  const source = (dataAt(file, [...path, "every"]) as string | undefined) ?? DEFAULT_EVERY;
  const every = parseDuration(source);
  if (every !== undefined && every >= 1 && Number.isInteger(every)) return every;
  const message = `"${source}" is no time between two ticks`;
  const help = spelt("Write 1s or 250ms; a millisecond is the least.", isDuration);
  file.findings.report("types/time", placeOf(file, [...path, "every"]), message, help, ORDER_WHY);
  return undefined;
}

/** Prices first. */
function columnsAt(frame: TicksFrame, path: Path, kind: Tick["kind"]): Column[] | undefined {
  const { file } = frame;
  const data = dataAt(file, path);
  if (typeof data !== "object" || data === null) {
    const values = pathAt(file, path);
    return values === undefined ? undefined : [{ name: kind === "trade" ? "price" : "mid", path, values }];
  }
  const has = (name: string): boolean => Object.hasOwn(data, name);
  const names = kind === "trade" ? ["price"] : SIDES.some(has) ? SIDES : ["mid"];
  const missing = names.find((name) => !has(name));
  if (missing !== undefined) {
    const help = kind === "trade" ? "Write price: 100x20." : "Write mid: 100x20 with spread: 0.02, or bid: and ask:.";
    file.findings.report("schema/missing-key", placeOf(file, path), `These ${kind}s have no ${missing}`, help);
    return undefined;
  }
  const both = names === SIDES ? ["mid", "spread"].find(has) : undefined;
  if (both !== undefined) {
    const help = "Write mid: and spread:, or bid: and ask:.";
    file.findings.report("schema/value", placeOf(file, [...path, both]), `"${both}" cannot stand beside "bid"`, help);
    return undefined;
  }
  const columns: Column[] = [];
  for (const name of [...names, "spread", "size", ...SIZES]) {
    if (!has(name)) continue;
    const values = pathAt(file, [...path, name]);
    if (values === undefined) return undefined;
    columns.push({ name, path: [...path, name], values });
  }
  return columns;
}

// ---------------------------------------------------------------------------------------------- rows

function fromRows(frame: TicksFrame, path: Path, symbol: string, kind: Tick["kind"]): Tick[] | undefined {
  const { file } = frame;
  const found: Tick[] = [];
  let before: number | undefined;
  let isWhole = true;
  for (const [i, data] of (dataAt(file, path) as readonly Readonly<Record<string, unknown>>[]).entries()) {
    const row = [...path, i];
    const time = timeOfRow(frame, [...row, "at"], before);
    const numbers = numbersOf(data);
    const fault = faultOf(kind, numbers);
    if (fault !== undefined) {
      const place = placeOf(file, Object.hasOwn(data, fault.name) ? [...row, fault.name] : row);
      file.findings.report("types/value", place, `This ${kind}: ${fault.message}`, fault.help);
    }
    isWhole &&= time !== undefined && fault === undefined;
    if (time === undefined) continue;
    before = time;
    found.push(tickOf(symbol, kind, time, numbers, data["sets_price"] !== false));
  }
  return isWhole ? found : undefined;
}

function numbersOf(row: Readonly<Record<string, unknown>>): Numbers {
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(row)) if (typeof value === "number") numbers[name] = value;
  return numbers;
}

/** A finding when it is no time, or not after what comes before it. `+1s` counts from the one before, or from the start. */
function timeOfRow({ file, start }: TicksFrame, path: Path, before: number | undefined): number | undefined {
  const source = String(dataAt(file, path)).trim();
  const time = readTime(source, before ?? start);
  const refuse = (message: string, help: string): undefined => {
    file.findings.report("types/time", placeOf(file, path), message, help, ORDER_WHY);
  };
  if (time === undefined)
    return refuse(`"${source}" is no time`, "Write 09:30:00.250, +1s (after the one before), or 2024-03-04T09:30:00.");
  if (before === undefined && time < start)
    return refuse(`This is before the start of the test, ${clockText(start)}`, "Move it, or start:.");
  if (before !== undefined && time < before)
    return refuse(`This is earlier than the one before, ${clockText(before)}`, "Write them in the order of time.");
  return time;
}

function readTime(source: string, before: number): number | undefined {
  const after = source.startsWith("+") ? parseDuration(source.slice(1)) : undefined;
  if (after !== undefined) return Number.isInteger(after) ? before + after : undefined;
  const clock = parseClock(source, before);
  if (clock !== undefined) return clock;
  const whole = parseTestTime(source);
  return whole !== undefined && "time" in whole ? whole.time : undefined;
}

// ---------------------------------------------------------------------------------------------- one tick

interface Fault {
  readonly name: string;
  readonly message: string;
  readonly help: string;
}

/** Prices that no market makes would test nothing. */
function faultOf(kind: Tick["kind"], numbers: Numbers): Fault | undefined {
  const below = (name: string): boolean => (numbers[name] ?? 0) < 0;
  const negative = ["size", "spread", ...SIZES, ...SIDES].find(below);
  if (negative !== undefined) {
    const help = SIDES.includes(negative) ? "0 is a side that nobody quotes." : "";
    return { name: negative, message: `${negative} ${numbers[negative]} is below 0`, help };
  }
  const name = kind === "trade" ? "price" : "mid";
  const value = numbers[name];
  const least = kind === "trade" ? 0 : (numbers["spread"] ?? DEFAULT_SPREAD) / 2;
  if (value === undefined || value > least) return undefined;
  const help = kind === "trade" ? "" : "Its bid would be no price: half of the spread lies below the middle.";
  return { name, message: `${name} ${value} is not above ${least}`, help };
}

function tickOf(symbol: string, kind: Tick["kind"], time: number, numbers: Numbers, setsPrice = true): Tick {
  const { price = 0, size = DEFAULT_SIZE, mid, bid = 0, ask = 0 } = numbers;
  if (kind === "trade") return { kind, symbol, time, price, size, setsPrice };
  const { bid_size: bidSize = size, ask_size: askSize = size } = numbers;
  if (mid === undefined) return { kind, symbol, time, bid, bidSize, ask, askSize };
  const half = decimal(numbers["spread"] ?? DEFAULT_SPREAD).div(2);
  const middle = decimal(mid);
  return {
    kind,
    symbol,
    time,
    bid: middle.minus(half).toNumber(),
    bidSize,
    ask: middle.plus(half).toNumber(),
    askSize,
  };
}

/** Said once: rules are not judged at such a quote. */
function sayCrossed({ file }: TicksFrame, path: Path, ticks: readonly (Tick | null)[]): void {
  const index = ticks.findIndex((tick) => tick?.kind === "quote" && tick.ask > 0 && tick.bid > tick.ask);
  const quote = ticks[index];
  if (quote?.kind !== "quote") return;
  const row = [...path, index];
  const place = placeOf(file, dataAt(file, row) === undefined ? path : row);
  const message = `Quote ${index + 1} is crossed: bid ${quote.bid} is above ask ${quote.ask}`;
  file.findings.report("data/crossed-quote", place, message, "Leave it when that is what you test.");
}
