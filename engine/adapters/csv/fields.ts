/**
 * Reads one field after the other from the bytes of a line.
 *
 * Owns: numbers and stamps as they stand in a file. Numbers of up to 15 digits take one division, which IEEE rounds
 * like `Number(text)`; everything else goes through the text. May not know columns or sessions.
 */
import { dayNumber, MS_PER_DAY } from "../../market/civil.ts";

const ZERO = 48;
const DOT = 46;
const MINUS = 45;
const PLUS = 43;
const SPACE = 32;
const QUOTE = 34;
const COLON = 58;
const SLASH = 47;

const POWERS = Float64Array.from({ length: 16 }, (_, k) => Number(`1e${k}`));
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Days of a month are checked here and not by Date, which would roll February 30 over. */
function isDate(year: number, month: number, day: number): boolean {
  if (year < 1900 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31) return false;
  return day <= 28 || new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}

export class Fields {
  bytes: Buffer = Buffer.alloc(0);
  /** Position of the next byte; after a field it stands on the delimiter or at `end`. */
  at = 0;
  end = 0;
  readonly delimiter: number;

  /** Of the last stamp: civil day and time of day (NaN without one), offset from UTC (NaN when not written), or epoch. */
  day = NaN;
  msOfDay = NaN;
  offset = NaN;
  epoch = NaN;

  #date = -1;
  #dateDay = 0;

  constructor(delimiter: number) {
    this.delimiter = delimiter;
  }

  /** Moves over the rest of the field. A quoted field may hold the delimiter. */
  skip(): void {
    const { bytes, end, delimiter } = this;
    let i = this.at;
    if (i < end && bytes[i] === QUOTE) {
      i++;
      while (i < end && bytes[i] !== QUOTE) i++;
    }
    while (i < end && bytes[i] !== delimiter) i++;
    this.at = i;
  }

  text(): string {
    const from = this.at;
    this.skip();
    return this.bytes
      .toString("utf8", from, this.at)
      .trim()
      .replace(/^"(.*)"$/, "$1")
      .trim();
  }

  /** The number of the field; NaN when it is none. */
  number(): number {
    const { bytes, end, delimiter } = this;
    let i = this.at;
    const negative = bytes[i] === MINUS;
    if (negative) i++;
    let mantissa = 0;
    let digits = 0;
    let decimals = 0;
    let byte = 0;
    for (; i < end; i++) {
      byte = (bytes[i] as number) - ZERO;
      if (byte < 0 || byte > 9) break;
      mantissa = mantissa * 10 + byte;
      digits++;
    }
    if (i < end && bytes[i] === DOT) {
      for (i++; i < end; i++) {
        byte = (bytes[i] as number) - ZERO;
        if (byte < 0 || byte > 9) break;
        mantissa = mantissa * 10 + byte;
        decimals++;
      }
    }
    const total = digits + decimals;
    if ((i === end || bytes[i] === delimiter) && total > 0 && total <= 15) {
      this.at = i;
      const value = decimals === 0 ? mantissa : mantissa / (POWERS[decimals] as number);
      return negative ? -value : value;
    }
    const source = this.text();
    return NUMBER.test(source) ? Number(source) : NaN;
  }

  /**
   * Reads a point in time: `YYYY-MM-DD`, with `/` or without separators, and `HH:MM[:SS[.fff]]`, `Z` or `+HH:MM` after
   * a space or `T`; or an epoch in s, ms, µs or ns by its magnitude. Returns what is wrong, or "".
   */
  stamp(): string {
    this.msOfDay = this.offset = this.epoch = this.day = NaN;
    const from = this.at;
    while (this.at < this.end && (this.bytes[this.at] === SPACE || this.bytes[this.at] === QUOTE)) this.at++;
    const first = this.at;
    const year = this.#digits(4);
    const separator = this.bytes[this.at] ?? 0;
    const separated = separator === MINUS || separator === SLASH;
    if (separated) this.at++;
    const month = this.#digits(2);
    if (separated && this.bytes[this.at++] !== separator) return this.#notATime(from);
    const day = this.#digits(2);
    const next = this.at < this.end ? (this.bytes[this.at] as number) : this.delimiter;
    if (!separated && next >= ZERO && next <= 57) return this.#epoch(first, from);
    if (!separated && (next === DOT || Number.isNaN(day))) return this.#epoch(first, from);
    if (Number.isNaN(year + month + day)) return this.#notATime(from);
    const date = year * 10_000 + month * 100 + day;
    if (date !== this.#date) {
      if (!isDate(year, month, day)) return this.#notATime(from);
      this.#date = date;
      this.#dateDay = dayNumber(year, month, day);
    }
    this.day = this.#dateDay;
    if (next === SPACE || next === 84) {
      this.at++;
      return this.clock(from);
    }
    return this.#finish(from);
  }

  /** Reads `HH:MM[:SS[.fff]]` with an optional zone, as the second half of a stamp or a column of its own. */
  clock(from: number = this.at): string {
    while (this.at < this.end && (this.bytes[this.at] === SPACE || this.bytes[this.at] === QUOTE)) this.at++;
    const hour = this.#digits(2);
    if (this.bytes[this.at++] !== COLON) return this.#notATime(from);
    const minute = this.#digits(2);
    let ms = 0;
    if (this.at < this.end && this.bytes[this.at] === COLON) {
      this.at++;
      ms = this.#digits(2) * 1000;
      if (ms >= 60_000) return this.#notATime(from);
      if (this.at < this.end && this.bytes[this.at] === DOT) {
        let unit = 100;
        for (this.at++; this.at < this.end; this.at++, unit /= 10) {
          const digit = (this.bytes[this.at] as number) - ZERO;
          if (digit < 0 || digit > 9) break;
          ms += digit * unit;
        }
      }
    }
    if (!(hour < 24 && minute < 60)) return this.#notATime(from);
    this.msOfDay = hour * 3_600_000 + minute * 60_000 + Math.floor(ms);
    return this.#finish(from);
  }

  /** An optional `Z` or `+HH[:MM]`, then the end of the field. */
  #finish(from: number): string {
    const { bytes, end, delimiter } = this;
    const byte = this.at < end ? (bytes[this.at] as number) : delimiter;
    if (byte === 90) {
      this.at++;
      this.offset = 0;
    } else if (byte === PLUS || byte === MINUS) {
      this.at++;
      const hours = this.#digits(2);
      if (this.at < end && bytes[this.at] === COLON) this.at++;
      const minutes = this.at < end && bytes[this.at] !== delimiter ? this.#digits(2) : 0;
      if (!(hours < 15 && minutes < 60)) return this.#notATime(from);
      this.offset = (hours * 60 + minutes) * 60_000 * (byte === MINUS ? -1 : 1);
    }
    while (this.at < end && (bytes[this.at] === SPACE || bytes[this.at] === QUOTE)) this.at++;
    return this.at === end || bytes[this.at] === delimiter ? "" : this.#notATime(from);
  }

  /** Seconds, milliseconds, microseconds or nanoseconds, told apart by magnitude (valid 1973 to 5138). */
  #epoch(first: number, from: number): string {
    this.at = first;
    const value = this.number();
    if (!(value >= 1e8)) return this.#notATime(from);
    this.epoch = Math.floor(
      value < 1e11 ? value * 1e3 : value < 1e14 ? value : value < 1e17 ? value / 1e3 : value / 1e6,
    );
    this.day = Math.floor(this.epoch / MS_PER_DAY);
    this.msOfDay = this.epoch - this.day * MS_PER_DAY;
    return "";
  }

  #digits(count: number): number {
    let value = 0;
    for (let k = 0; k < count; k++) {
      const digit = this.at < this.end ? (this.bytes[this.at] as number) - ZERO : -1;
      if (digit < 0 || digit > 9) return NaN;
      value = value * 10 + digit;
      this.at++;
    }
    return value;
  }

  #notATime(from: number): string {
    this.at = from;
    return `"${this.text().slice(0, 40)}" is not a time; write YYYY-MM-DD [HH:MM[:SS]] or an epoch`;
  }
}
