/**
 * Reads LEAN tick files: trades with sale conditions, and one-sided quotes.
 *
 * Owns: which files of a path hold ticks, and `readLeanTicks`. Only a trade whose condition has bit 0 (regular) may set a price, every trade adds volume, and
 * suspicious rows are left out and counted: with that rule our minutes equal LEAN's own in 387 of 390.
 * May not build bars.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { QuoteInput, TradeInput } from "../../core/event.ts";
import { NYSE } from "../../market/nyse.ts";
import { Fields } from "./fields.ts";
import { dayOfName } from "./layout.ts";
import { linesOf, unzip } from "./source.ts";
import { CsvError, MAX_REFUSED, type RefusedRow } from "./types.ts";
import { type LocalClock, localClock } from "./zone.ts";

const SCALE = 10_000;
const COMMA = 44;
const NEWLINE = 10;
const RETURN = 13;
const REGULAR = 1;

export interface TickFile {
  readonly symbol: string;
  readonly trades: readonly TradeInput[];
  /** Each row moves one side; a quote is given from the moment both sides are known. */
  readonly quotes: readonly QuoteInput[];
  /** Rows marked suspicious, left out. */
  readonly suspicious: number;
  readonly refused: readonly RefusedRow[];
  readonly refusedCount: number;
}

export interface TickOptions {
  /** Default: the name of the folder. */
  readonly symbol?: string;
  readonly timeZone?: string;
  readonly priceScale?: number;
  readonly policy?: "strict" | "skip";
}

const TICK_FILE = /^\d{8}_(trade|quote)\.(zip|csv|csv\.gz)$/i;

/**
 * Trades and quotes of a folder, of a file, or of all files whose names begin so (`tick/ibm/20131007`); undefined where
 * the path holds no ticks. Bars have files of the same names: ticks are in `tick/SYMBOL`, or the archive's member says it.
 */
export async function leanTickFiles(path: string): Promise<readonly string[] | undefined> {
  const found = await stat(path).catch(() => undefined);
  const folder = found?.isDirectory() === true ? path : dirname(path);
  const begin = found?.isDirectory() === true ? "" : basename(path);
  const names = found?.isFile() === true ? [begin] : await readdir(folder).catch(() => []);
  const files = names.filter((name) => TICK_FILE.test(name) && name.startsWith(begin)).sort();
  const [first] = files;
  if (first === undefined) return undefined;
  const paths = files.map((name) => join(folder, name));
  if (basename(dirname(resolve(folder))) === "tick") return paths;
  const file = join(folder, first);
  return /\.zip$/i.test(first) && /_tick\.csv$/i.test(unzip(file, await readFile(file)).name) ? paths : undefined;
}

/** `files`: names such as `tick/ibm/20131007_trade.zip` and `…_quote.zip`, in any order. Rejects with a CsvError. */
export async function readLeanTicks(files: readonly string[], options: TickOptions = {}): Promise<TickFile> {
  const first = files[0];
  if (first === undefined) throw new CsvError("no tick file given");
  const symbol = options.symbol ?? basename(dirname(resolve(first))).toUpperCase();
  const reader = new TickReader(symbol, options);
  for (const file of [...files].sort((a, b) => (dayOfName(a) ?? 0) - (dayOfName(b) ?? 0))) await reader.read(file);
  const { refused, refusedCount } = reader;
  if (refusedCount > 0 && options.policy !== "skip") {
    const shown = refused.slice(0, 10).map((row) => `${row.file}:${row.line}: ${row.reason}`);
    throw new CsvError([`${refusedCount} rows refused`, ...shown].join("\n"), refused);
  }
  const { trades, quotes, suspicious } = reader;
  return { symbol, trades, quotes, suspicious, refused, refusedCount };
}

class TickReader {
  readonly trades: TradeInput[] = [];
  readonly quotes: QuoteInput[] = [];
  readonly refused: RefusedRow[] = [];
  refusedCount = 0;
  suspicious = 0;
  readonly #symbol: string;
  readonly #clock: LocalClock;
  readonly #scale: number;
  readonly #fields = new Fields(COMMA);
  #bid = 0;
  #bidSize = 0;
  #ask = 0;
  #askSize = 0;
  #last = -Infinity;

  constructor(symbol: string, options: TickOptions) {
    this.#symbol = symbol;
    this.#clock = localClock(options.timeZone ?? NYSE.timeZone);
    this.#scale = options.priceScale ?? SCALE;
  }

  async read(file: string): Promise<void> {
    const day = dayOfName(file);
    const kind = /_(trade|quote)\./i.exec(basename(file))?.[1]?.toLowerCase();
    if (day === undefined || kind === undefined) {
      throw new CsvError(`${file}: a tick file is named YYYYMMDD_trade.zip or YYYYMMDD_quote.zip`);
    }
    this.#last = -Infinity;
    // A quote of yesterday is no quote of today.
    this.#bid = this.#ask = this.#bidSize = this.#askSize = 0;
    let line = 0;
    for await (const piece of linesOf(file)) {
      this.#fields.bytes = piece;
      for (let from = 0; from < piece.length;) {
        const found = piece.indexOf(NEWLINE, from);
        const next = found < 0 ? piece.length : found;
        const end = next > from && piece[next - 1] === RETURN ? next - 1 : next;
        line++;
        if (end > from) {
          this.#fields.at = from;
          this.#fields.end = end;
          const fault = kind === "trade" ? this.#trade(day) : this.#quote(day);
          if (fault !== "") this.#refuse({ file, line, reason: fault });
        }
        from = next + 1;
      }
    }
  }

  #refuse(row: RefusedRow): void {
    this.refusedCount++;
    if (this.refused.length < MAX_REFUSED) this.refused.push(row);
  }

  #next(): Fields {
    this.#fields.at++;
    return this.#fields;
  }

  /** Ticks of the same millisecond are normal; going back is not. */
  #time(day: number): number {
    const ms = this.#fields.number();
    const time = ms >= 0 && ms < 86_400_000 ? this.#clock(day, ms) : NaN;
    if (!(time >= this.#last)) return NaN;
    this.#last = time;
    return time;
  }

  /** `ms,price,size,exchange,condition,suspicious` */
  #trade(day: number): string {
    const time = this.#time(day);
    if (Number.isNaN(time)) return "time is malformed or earlier than the row before";
    const price = this.#next().number() / this.#scale;
    const size = this.#next().number();
    this.#next().skip();
    const conditionText = this.#next().text();
    const suspicious = this.#next().number();
    if (!(price > 0 && price < Infinity)) return `price ${price} is not positive`;
    if (!(size >= 0 && size < Infinity)) return `size ${size} is not a size`;
    if (!/^[0-9a-f]{1,8}$/i.test(conditionText)) return `condition "${conditionText}" is not hexadecimal`;
    if (suspicious === 1) {
      this.suspicious++;
      return "";
    }
    const setsPrice = (Number.parseInt(conditionText, 16) & REGULAR) !== 0;
    this.trades.push({ kind: "trade", symbol: this.#symbol, time, price, size, setsPrice });
    return "";
  }

  /** `ms,bid,bidSize,ask,askSize,exchange,condition,suspicious`; the side that did not move is 0. */
  #quote(day: number): string {
    const time = this.#time(day);
    if (Number.isNaN(time)) return "time is malformed or earlier than the row before";
    const bid = this.#next().number() / this.#scale;
    const bidSize = this.#next().number();
    const ask = this.#next().number() / this.#scale;
    const askSize = this.#next().number();
    this.#next().skip();
    this.#next().skip();
    const suspicious = this.#next().number();
    if (!(bid >= 0 && ask >= 0 && bidSize >= 0 && askSize >= 0)) return "a price or size is malformed or negative";
    if (suspicious === 1) {
      this.suspicious++;
      return "";
    }
    if (bid > 0) {
      this.#bid = bid;
      this.#bidSize = bidSize;
    }
    if (ask > 0) {
      this.#ask = ask;
      this.#askSize = askSize;
    }
    // Sides arrive one by one: between two rows the book can look crossed although it never was.
    if (this.#bid === 0 || this.#ask === 0 || this.#bid > this.#ask) return "";
    this.quotes.push({
      kind: "quote",
      symbol: this.#symbol,
      time,
      bid: this.#bid,
      bidSize: this.#bidSize,
      ask: this.#ask,
      askSize: this.#askSize,
    });
    return "";
  }
}
