/**
 * The bars of a test: price paths, rows and CSV files on real sessions.
 *
 * Owns: what a price path means as bars, and the findings about prices. May not: read files; their bars are given.
 */
import { isScalar } from "yaml";
import type { Bar } from "../core/event.ts";
import type { SessionKind } from "../core/program.ts";
import { parseBarSize } from "../market/bar-size.ts";
import type { BarSize } from "../market/bar-size.ts";
import { calendarOf } from "../market/instruments.ts";
import { barEnd } from "../core/known-at.ts";
import { placesOf } from "./places.ts";
import { parsePricePath } from "./test-path.ts";
import { intervalsBefore, intervalsFrom } from "./test-time.ts";
import type { TestBar, TestSeries } from "./test-types.ts";
import { nodeAt, placeOf } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";
import { sizeProblem } from "./bar-sizes.ts";

/** Bars of a CSV file, or why there are none. */
export type CsvBars = { readonly size: BarSize; readonly bars: readonly Bar[] } | CsvProblem;

export interface CsvProblem {
  readonly problem: string;
}

export interface SeriesFrame {
  readonly file: YamlFile;
  readonly on: BarSize;
  readonly session: SessionKind;
  /** Bars of the CSV file named beside the test file; undefined: not read yet. */
  readonly csv: (name: string, symbol: string, size: BarSize | undefined) => CsvBars | undefined;
}

type Values = readonly (Omit<Bar, "start"> | null)[];
interface Shape {
  readonly size: BarSize;
  readonly values: Values;
}

const VOLUME = 1_000_000;
const FIELDS = ["close", "open", "high", "low", "volume"] as const;
type Field = (typeof FIELDS)[number];

/** The series at a path, from `start` on. Undefined after a finding, or when a CSV file is still to be read. */
export function readSeries(frame: SeriesFrame, path: Path, symbol: string, start: number): TestSeries | undefined {
  const table = csvAt(frame, path, symbol);
  if (table !== undefined) return "none" in table ? undefined : fromCsv(frame, path, symbol, table, (t) => t >= start);
  const shape = shapeAt(frame, path);
  if (shape === undefined) return undefined;
  const grid = { calendar: calendarOf(symbol), size: shape.size, session: frame.session };
  return onGrid(frame, path, symbol, shape, intervalsFrom(grid, start, shape.values.length));
}

/** The series at a path, ending before `start`. */
export function readHistory(frame: SeriesFrame, path: Path, symbol: string, start: number): TestSeries | undefined {
  const table = csvAt(frame, path, symbol);
  if (table !== undefined) return "none" in table ? undefined : fromCsv(frame, path, symbol, table, (t) => t < start);
  const shape = shapeAt(frame, path);
  if (shape === undefined) return undefined;
  const grid = { calendar: calendarOf(symbol), size: shape.size, session: frame.session };
  return onGrid(frame, path, symbol, shape, intervalsBefore(grid, start, shape.values.length));
}

function onGrid(
  { file }: SeriesFrame,
  path: Path,
  symbol: string,
  { size, values }: Shape,
  intervals: readonly { readonly start: number; readonly end: number }[],
): TestSeries | undefined {
  if (intervals.length < values.length) {
    const message = `The calendar holds only ${intervals.length} of these ${values.length} bars`;
    file.findings.report("time/not-in-test", placeOf(file, path), message, "Move start:, or use fewer bars.");
    return undefined;
  }
  const bars = intervals.map(({ start, end }, i): TestBar => {
    const value = values[i] ?? null;
    return { start, end, bar: value === null ? null : { start, ...value } };
  });
  return { symbol, size, bars };
}

// ---------------------------------------------------------------------------------------------- CSV

function csvAt(
  { file, csv }: SeriesFrame,
  path: Path,
  symbol: string,
): Exclude<CsvBars, CsvProblem> | { readonly none: true } | undefined {
  const name = nodeAt(file, [...path, "file"]);
  if (!isScalar(name) || typeof name.value !== "string") return undefined;
  const on = nodeAt(file, [...path, "on"]);
  const size = isScalar(on) && typeof on.value === "string" ? parseBarSize(on.value) : undefined;
  const found = csv(name.value, symbol, size);
  if (found === undefined) return { none: true };
  if (!("problem" in found)) return found;
  file.findings.report("schema/missing-file", placeOf(file, [...path, "file"]), found.problem, "", CSV_WHY);
  return { none: true };
}

export const CSV_WHY = "Without its data the test would show nothing.";

function fromCsv(
  { file }: SeriesFrame,
  path: Path,
  symbol: string,
  table: { readonly size: BarSize; readonly bars: readonly Bar[] },
  keep: (start: number) => boolean,
): TestSeries | undefined {
  const { size } = table;
  const calendar = calendarOf(symbol);
  const bars = table.bars
    .filter(({ start }) => keep(start))
    .map((bar): TestBar => ({ start: bar.start, end: barEnd(bar.start, size, calendar), bar }));
  if (bars.length > 0) return { symbol, size, bars };
  const message = `The file has no bar of ${symbol} in this time`;
  file.findings.report("time/not-in-test", placeOf(file, [...path, "file"]), message, "Move start:.");
  return undefined;
}

// ---------------------------------------------------------------------------------------------- values

function shapeAt(frame: SeriesFrame, path: Path): Shape | undefined {
  const { file } = frame;
  const value: unknown = file.document?.getIn(path);
  if (typeof value === "string" || typeof value === "number") {
    const values = pathAt(file, path);
    return values === undefined ? undefined : shaped(file, path, frame.on, new Map([["close", values]]));
  }
  const size = sizeAt(frame, path);
  if (size === undefined) return undefined;
  const rows = Array.isArray(dataAt(file, path)) ? path : [...path, "rows"];
  if (Array.isArray(dataAt(file, rows))) return rowsAt(file, rows, size);
  const fields = new Map<Field, readonly (number | null)[]>();
  for (const field of FIELDS) {
    if (file.document?.hasIn([...path, field]) !== true) continue;
    const values = pathAt(file, [...path, field]);
    if (values === undefined) return undefined;
    fields.set(field, values);
  }
  return shaped(file, path, size, fields);
}

export function dataAt(file: YamlFile, path: Path): unknown {
  let here: unknown = file.data;
  for (const step of path) here = (here as Record<string | number, unknown> | null | undefined)?.[step];
  return here;
}

function sizeAt({ file, on }: SeriesFrame, path: Path): BarSize | undefined {
  const source = dataAt(file, [...path, "on"]);
  if (typeof source !== "string") return on;
  const size = parseBarSize(source);
  if (size === undefined) {
    const { message, help } = sizeProblem(source, "test");
    file.findings.report("time/bar-size", placeOf(file, [...path, "on"]), message, help);
  }
  return size;
}

export function pathAt(file: YamlFile, path: Path): readonly (number | null)[] | undefined {
  const node = nodeAt(file, path);
  if (!isScalar(node)) return undefined;
  const text = typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
  const parsed = parsePricePath(text);
  if ("values" in parsed) return parsed.values;
  const place = placesOf(file.text, node);
  const start = place(parsed.start);
  const end = parsed.end > parsed.start ? Math.max(start + 1, place(parsed.end - 1, "end")) : start + 1;
  file.findings.report("types/price-path", { start, end }, parsed.message, parsed.help);
  return undefined;
}

/** Closes alone make bars that hang together: each opens where the one before closed. */
function shaped(
  file: YamlFile,
  path: Path,
  size: BarSize,
  fields: ReadonlyMap<Field, readonly (number | null)[]>,
): Shape | undefined {
  const closes = fields.get("close");
  if (closes === undefined) {
    const help = "Write close: 100x20, rows: or file:.";
    file.findings.report("schema/missing-key", placeOf(file, path), "These bars have no close", help);
    return undefined;
  }
  for (const [field, values] of fields) {
    if (values.length === closes.length) continue;
    const message = `${field} has ${values.length} bars, close has ${closes.length}`;
    file.findings.report("types/price-path", placeOf(file, [...path, field]), message, "Make them equally long.");
    return undefined;
  }
  const values: (Omit<Bar, "start"> | null)[] = [];
  let before: number | undefined;
  for (const [i, close] of closes.entries()) {
    if (close === null) {
      values.push(null);
      continue;
    }
    const open = fields.get("open")?.[i] ?? before ?? close;
    const high = fields.get("high")?.[i] ?? Math.max(open, close);
    const low = fields.get("low")?.[i] ?? Math.min(open, close);
    values.push({ open, high, low, close, volume: fields.get("volume")?.[i] ?? VOLUME });
    before = close;
  }
  return checked(file, path, size, values);
}

function rowsAt(file: YamlFile, path: Path, size: BarSize): Shape | undefined {
  const values: (Omit<Bar, "start"> | null)[] = [];
  for (const row of dataAt(file, path) as readonly unknown[]) {
    if (!Array.isArray(row)) {
      values.push(null);
      continue;
    }
    const [open, high, low, close, volume = VOLUME] = row as number[];
    if (![open, high, low, close, volume].every((one) => typeof one === "number")) return undefined;
    values.push({ open, high, low, close, volume } as Bar);
  }
  return checked(file, path, size, values);
}

const FAULT_HELP = "A bar opens where the one before closed, unless open: says otherwise.";

/** Prices that no market makes would test nothing. */
function checked(file: YamlFile, path: Path, size: BarSize, values: Values): Shape | undefined {
  for (const [i, bar] of values.entries()) {
    if (bar === null) continue;
    const { open, high, low, close, volume } = bar;
    const fault =
      Math.min(open, high, low, close) <= 0
        ? `price ${Math.min(open, high, low, close)} is not above 0`
        : high < Math.max(open, close, low)
          ? `high ${high} is below ${Math.max(open, close, low)}`
          : low > Math.min(open, close)
            ? `low ${low} is above ${Math.min(open, close)}`
            : volume < 0
              ? `volume ${volume} is below 0`
              : undefined;
    if (fault === undefined) continue;
    file.findings.report("types/value", placeOf(file, path), `Bar ${i + 1}: ${fault}`, FAULT_HELP);
    return undefined;
  }
  return { size, values };
}
