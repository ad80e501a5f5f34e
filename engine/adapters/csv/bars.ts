/**
 * Reads bars from CSV files: one pass over the bytes into columns.
 *
 * Owns: `readBars`, and turning a row's stamp into the start of its bar. May not print, and may not guess: what is
 * ambiguous or out of order is refused with file and line.
 */
import { basename, sep } from "node:path";
import { ALWAYS } from "../../market/always.ts";
import { type BarSize, DAY } from "../../market/bar-size.ts";
import type { Calendar } from "../../market/calendar.ts";
import { isoDate } from "../../market/civil.ts";
import { calendarOf } from "../../market/instruments.ts";
import { Fields } from "./fields.ts";
import * as role from "./layout.ts";
import { filesOf, linesOf } from "./source.ts";
import { intradaySize, isDaily, type Sample } from "./spacing.ts";
import { BarTable, faultOf, type Row } from "./table.ts";
import { type BarFile, CsvError, type CsvOptions } from "./types.ts";
import { instantOf, type LocalClock, localClock } from "./zone.ts";

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const SAMPLES = 64;
const SHOWN = 10;

/** Reads a file, a list of files or a folder as the bars of one symbol. Rejects with a CsvError. */
export async function readBars(path: string | readonly string[], options: CsvOptions = {}): Promise<BarFile> {
  const files = await filesOf(path);
  const reader = new Reader(files[0] as string, options);
  for (const file of files) await reader.read(file);
  return reader.finish(files);
}

/** `spy` of `minute/spy/20131007_trade.zip`, of `spy-1m.csv` and of `SPY_D.csv.gz`. */
export function symbolOfFile(file: string): string {
  const name = role.dayOfName(file) === undefined ? basename(file) : basename(file.slice(0, file.lastIndexOf(sep)));
  return (/^[A-Za-z0-9.^]+?(?=[-_ ]|\.(csv|txt|zip|gz)|$)/.exec(name)?.[0] ?? name).toUpperCase();
}

class Reader {
  readonly #options: CsvOptions;
  readonly #calendar: Calendar;
  readonly #clock: LocalClock;
  readonly #table = new BarTable();
  readonly #row: Row = { start: 0, open: 0, high: 0, low: 0, close: 0, volume: 0 };
  #symbol: string;
  #symbolIsGuess: boolean;
  #daily: boolean | undefined;
  #hasVolume = false;
  #scale = 1;
  #file = "";
  #line = 0;

  constructor(firstFile: string, options: CsvOptions) {
    this.#options = options;
    this.#symbol = options.symbol ?? symbolOfFile(firstFile);
    this.#symbolIsGuess = options.symbol === undefined;
    const isCrypto = firstFile.split(sep).includes("crypto");
    this.#calendar = options.calendar ?? (isCrypto ? ALWAYS : calendarOf(this.#symbol));
    this.#clock = localClock(options.timeZone ?? this.#calendar.timeZone);
    if (options.size !== undefined) this.#daily = options.size.kind === "session";
  }

  async read(file: string): Promise<void> {
    let layout: role.Layout | undefined;
    let fields = new Fields(44);
    this.#file = file;
    this.#line = 0;
    for await (const piece of linesOf(file)) {
      let from = 0;
      if (layout === undefined) {
        if (piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf) from = 3;
        const end = lineEnd(piece, from);
        layout = role.layoutOf(file, piece.toString("utf8", from, end));
        fields = new Fields(layout.delimiter);
        this.#hasVolume ||= layout.hasVolume;
        this.#scale = this.#options.priceScale ?? this.#leanScale(layout);
        if (layout.hasHeader) {
          from = nextLine(piece, from);
          this.#line = 1;
        }
        this.#daily ??= isDaily(file, this.#samples(piece, from, layout));
      }
      this.#rows(piece, from, layout, fields);
    }
    if (layout === undefined) throw new CsvError(`${file}: the file is empty`);
  }

  finish(files: readonly string[]): BarFile {
    const { refused, refusedCount } = this.#table;
    if (refusedCount > 0 && this.#options.policy !== "skip") {
      const shown = refused.slice(0, SHOWN).map((row) => `${row.file}:${row.line}: ${row.reason}`);
      const more = refusedCount > SHOWN ? [`… and ${refusedCount - SHOWN} more`] : [];
      throw new CsvError([`${refusedCount} rows refused`, ...shown, ...more].join("\n"), refused);
    }
    const columns = this.#table.columns();
    const first = files[0] as string;
    if (columns.length === 0) throw new CsvError(`${first}: no bars`, refused);
    const size: BarSize =
      this.#options.size ?? (this.#daily === true ? DAY : intradaySize(first, columns.start, columns.length));
    return { symbol: this.#symbol, size, columns, refused, refusedCount, hasVolume: this.#hasVolume, files };
  }

  /** Headerless files are LEAN's; equity prices there are integers in 1/10000 dollar, crypto is plain. */
  #leanScale(layout: role.Layout): number {
    const isLean = !layout.hasHeader && /\.zip$/i.test(this.#file);
    return isLean && !this.#file.split(sep).includes("crypto") ? 10_000 : 1;
  }

  #samples(piece: Buffer, start: number, layout: role.Layout): Sample[] {
    const samples: Sample[] = [];
    const fields = new Fields(layout.delimiter);
    fields.bytes = piece;
    for (let from = start; from < piece.length && samples.length < SAMPLES; from = nextLine(piece, from)) {
      fields.at = from;
      fields.end = lineEnd(piece, from);
      if (isBlank(piece, from, fields.end)) continue;
      let fault = "";
      for (const each of layout.roles) {
        if (each === role.STAMP) fault ||= fields.stamp();
        else if (each === role.CLOCK) fault ||= fields.clock();
        else fields.skip();
        fields.at++;
      }
      if (layout.roles[0] === role.MS_OF_DAY) return [];
      if (fault === "") samples.push({ day: fields.day, msOfDay: fields.msOfDay });
    }
    return samples;
  }

  #rows(piece: Buffer, start: number, layout: role.Layout, fields: Fields): void {
    fields.bytes = piece;
    let from = start;
    while (from < piece.length) {
      let next = piece.indexOf(NEWLINE, from);
      if (next < 0) next = piece.length;
      const end = next > from && piece[next - 1] === RETURN ? next - 1 : next;
      this.#line++;
      if (!isBlank(piece, from, end)) {
        fields.at = from;
        fields.end = end;
        const fault = this.#parse(layout, fields);
        if (fault !== "") this.#table.refuse(this.#file, this.#line, fault);
      }
      from = next + 1;
    }
  }

  /** One row into the table; returns what is wrong, or "". */
  #parse(layout: role.Layout, fields: Fields): string {
    const { roles, delimiter } = layout;
    const row = this.#row;
    let fault = "";
    let msOfDay = NaN;
    row.volume = layout.hasVolume ? NaN : 0;
    for (let i = 0; i < roles.length; i++) {
      if (i > 0) {
        if (fields.at >= fields.end) return `${i} columns instead of ${roles.length}`;
        if (fields.bytes[fields.at] !== delimiter) return "broken quotes";
        fields.at++;
      }
      const each = roles[i] as number;
      if (each >= role.OPEN) {
        const value = fields.number();
        if (each === role.OPEN) row.open = value / this.#scale;
        else if (each === role.HIGH) row.high = value / this.#scale;
        else if (each === role.LOW) row.low = value / this.#scale;
        else if (each === role.CLOSE) row.close = value / this.#scale;
        else row.volume = value;
      } else if (each === role.STAMP) fault ||= fields.stamp();
      else if (each === role.CLOCK) fault ||= fields.clock();
      else if (each === role.MS_OF_DAY) msOfDay = fields.number();
      else if (each === role.SYMBOL) {
        const other = this.#isOtherSymbol(fields.text());
        if (other === true) return "";
        fault ||= other || "";
      } else fields.skip();
    }
    if (fields.at < fields.end) return `more than ${roles.length} columns`;
    return fault || this.#place(layout, fields, msOfDay) || faultOf(row) || this.#table.add(row, this.#options.size);
  }

  /** Puts the start of the bar into the row: the session's open for days, the moment itself for the rest. */
  #place(layout: role.Layout, fields: Fields, msOfDay: number): string {
    if (layout.roles[0] === role.MS_OF_DAY) {
      if (!(msOfDay >= 0 && msOfDay < 86_400_000)) return "milliseconds of the day are out of range";
      this.#row.start = this.#clock(layout.day, msOfDay);
      return "";
    }
    if (this.#daily === true) {
      // The date as written counts: `2024-03-04T00:00Z` and `2024-03-04 00:00-05:00` both mean the session of March 4.
      const date = isoDate(fields.day);
      const session = this.#calendar.sessionOn(date);
      if (session === undefined) return `${date} is not a session of the ${this.#calendar.name} calendar`;
      this.#row.start = session.open;
      return "";
    }
    if (Number.isNaN(fields.msOfDay)) return "a date without a time of day among intraday rows";
    this.#row.start = instantOf(fields, this.#clock);
    return "";
  }

  /** True: skip the row. Text: refuse it. False: it is ours. */
  #isOtherSymbol(symbol: string): boolean | string {
    if (symbol === this.#symbol) return false;
    if (!this.#symbolIsGuess)
      return this.#options.symbol === undefined ? `symbol ${symbol} among ${this.#symbol}` : true;
    this.#symbol = symbol;
    this.#symbolIsGuess = false;
    return false;
  }
}

function isBlank(bytes: Buffer, from: number, end: number): boolean {
  for (let i = from; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte !== SPACE && byte !== RETURN && byte !== 9) return false;
  }
  return true;
}

function lineEnd(bytes: Buffer, from: number): number {
  const next = bytes.indexOf(NEWLINE, from);
  const end = next < 0 ? bytes.length : next;
  return end > from && bytes[end - 1] === RETURN ? end - 1 : end;
}

function nextLine(bytes: Buffer, from: number): number {
  const next = bytes.indexOf(NEWLINE, from);
  return next < 0 ? bytes.length : next + 1;
}
