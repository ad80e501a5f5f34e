/**
 * Reads trades or quotes from a CSV file with a header.
 *
 * Owns: `readTicks`: columns by name, times in the exchange's zone unless they say another. May not guess: what is
 * malformed or out of order is refused with file and line.
 */
import type { QuoteInput, TradeInput } from "../../core/event.ts";
import { calendarOf } from "../../market/instruments.ts";
import { Fields } from "./fields.ts";
import { CLOCK, fieldsOf, placeTime, SKIP, STAMP } from "./layout.ts";
import { linesOf } from "./source.ts";
import { CsvError, MAX_REFUSED } from "./types.ts";
import type { RefusedRow } from "./types.ts";
import { instantOf, type LocalClock, localClock } from "./zone.ts";

type Kind = "trade" | "quote";
const NAMES: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  trade: { price: "price", size: "size", volume: "size", qty: "size", quantity: "size" },
  quote: {
    ...{ bid: "bid", bid_price: "bid", ask: "ask", ask_price: "ask" },
    ...{ bid_size: "bid_size", bidsize: "bid_size", ask_size: "ask_size", asksize: "ask_size" },
  },
};
const NEEDED: Readonly<Record<Kind, readonly string[]>> = { trade: ["price"], quote: ["bid", "ask"] };
/** Where the file has no column of them. */
const SIZE = 100;
const SHOWN = 10;

/** Rejects with a CsvError. */
export async function readTicks(
  file: string,
  symbol: string,
  kind: Kind,
): Promise<readonly (TradeInput | QuoteInput)[]> {
  const reader = new TickRows(file, symbol, kind);
  for await (const piece of linesOf(file)) {
    const lines = piece.toString("utf8").split(/\r?\n/);
    if (lines.at(-1) === "") lines.pop();
    for (const line of lines) reader.line(line);
  }
  return reader.finish();
}

class TickRows {
  readonly #file: string;
  readonly #symbol: string;
  readonly #kind: Kind;
  readonly #clock: LocalClock;
  readonly #ticks: (TradeInput | QuoteInput)[] = [];
  readonly #refused: RefusedRow[] = [];
  #fields: Fields | undefined;
  /** Per column: the role of a time, or the name of a number. */
  #columns: (number | string)[] = [];
  #line = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(file: string, symbol: string, kind: Kind) {
    this.#file = file;
    this.#symbol = symbol;
    this.#kind = kind;
    this.#clock = localClock(calendarOf(symbol).timeZone);
  }

  line(text: string): void {
    this.#line++;
    if (this.#fields === undefined) return this.#header(text.replace(/^\ufeff/, ""));
    if (text.trim() === "") return;
    const fault = this.#row(this.#fields, Buffer.from(text));
    if (fault !== "" && this.#refused.length < MAX_REFUSED)
      this.#refused.push({ file: this.#file, line: this.#line, reason: fault });
  }

  finish(): readonly (TradeInput | QuoteInput)[] {
    if (this.#fields === undefined) throw new CsvError(`${this.#file}: the file is empty`);
    if (this.#refused.length > 0) {
      const shown = this.#refused.slice(0, SHOWN).map(({ file, line, reason }) => `${file}:${line}: ${reason}`);
      throw new CsvError([`${this.#refused.length} rows refused`, ...shown].join("\n"), this.#refused);
    }
    return this.#ticks;
  }

  #header(text: string): void {
    const { fields, delimiter } = fieldsOf(text);
    const roles = fields.map(() => SKIP);
    placeTime(this.#file, fields, roles);
    const names = NAMES[this.#kind];
    this.#columns = roles.map((role, i) => {
      const name = fields[i] as string;
      if (role !== SKIP) return role;
      return name === "symbol" || name === "ticker" ? "symbol" : (names[name] ?? SKIP);
    });
    const missing = NEEDED[this.#kind].filter((name) => !this.#columns.includes(name));
    if (missing.length > 0)
      throw new CsvError(`${this.#file}:1: no column ${missing.join(", ")} in the header; ${this.#kind}s need them`);
    this.#fields = new Fields(delimiter);
  }

  /** What is wrong with the row, or "". */
  #row(fields: Fields, bytes: Buffer): string {
    fields.bytes = bytes;
    fields.at = 0;
    fields.end = bytes.length;
    const numbers: Record<string, number> = {};
    for (const [i, column] of this.#columns.entries()) {
      if (i > 0 && fields.at >= fields.end) return `${i} columns instead of ${this.#columns.length}`;
      if (i > 0) fields.at++;
      if (column === SKIP) fields.skip();
      else if (column === "symbol") {
        if (fields.text() !== this.#symbol) return "";
      } else if (typeof column === "string") numbers[column] = fields.number();
      else {
        const fault = column === STAMP ? fields.stamp() : column === CLOCK ? fields.clock() : "";
        if (fault !== "") return fault;
      }
    }
    if (fields.at < fields.end) return `more than ${this.#columns.length} columns`;
    const time = instantOf(fields, this.#clock);
    if (Number.isNaN(time)) return "a date without a time of day";
    if (time < this.#last) return "earlier than the row before";
    const fault = this.#faultOf(numbers);
    if (fault !== "") return fault;
    this.#last = time;
    this.#ticks.push(this.#tickOf(time, numbers));
    return "";
  }

  #faultOf(numbers: Readonly<Record<string, number>>): string {
    for (const [name, value] of Object.entries(numbers)) {
      if (!Number.isFinite(value)) return `${name} is missing or not a number`;
      if (value < 0 || (name === "price" && value === 0))
        return `${name} ${value} is not ${name === "price" ? "above" : "at least"} 0`;
    }
    return "";
  }

  #tickOf(time: number, numbers: Readonly<Record<string, number>>): TradeInput | QuoteInput {
    const symbol = this.#symbol;
    const { price = 0, size = SIZE, bid = 0, ask = 0, bid_size: bidSize = SIZE, ask_size: askSize = SIZE } = numbers;
    return this.#kind === "trade"
      ? { kind: "trade", symbol, time, price, size, setsPrice: true }
      : { kind: "quote", symbol, time, bid, bidSize, ask, askSize };
  }
}
