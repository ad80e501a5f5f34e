/**
 * A tape whose prices are adjusted for splits, or for splits and dividends.
 *
 * Owns: which factor holds when, and the check that prices are not adjusted twice. Prices are those of the last date of the data: the
 * last bar is as it was traded. May not read files.
 */
import type { BarInput, MarketInput, QuoteInput, TradeInput } from "../../core/event.ts";
import type { Calendar } from "../../market/calendar.ts";
import { isoDate } from "../../market/civil.ts";
import { calendarOf } from "../../market/instruments.ts";
import type { FactorFile, FactorRow } from "../csv/factors.ts";
import { CsvError } from "../csv/types.ts";
import type { Tape } from "./tape.ts";

export type Adjusting = "splits" | "all";

type Priced = BarInput | TradeInput | QuoteInput;

export interface AdjustedTape {
  readonly tape: Tape;
  /** What was done, a sentence for each symbol. */
  readonly notes: readonly string[];
}

/** Closes that are further from the file's reference prices than this are of other prices. */
const TOLERANCE = 0.02;

/** Rejects with a CsvError what would make prices wrong instead of right. */
export function adjusted(tape: Tape, files: readonly FactorFile[], adjusting: Adjusting): AdjustedTape {
  const stray = files.find(({ symbol }) => !tape.symbols.includes(symbol));
  if (stray !== undefined)
    throw new CsvError(
      `${stray.file}: factors of ${stray.symbol}, and the data has ${tape.symbols.join(", ")}; write SYMBOL=FILE where the name of a file does not say it`,
    );
  const bySymbol = new Map(files.map((file) => [file.symbol, new SymbolFactors(file, adjusting)]));
  for (const item of tape.items()) if (isPriced(item)) bySymbol.get(item.symbol)?.learn(item);
  const notes = tape.symbols.map((symbol) => bySymbol.get(symbol)?.conclude() ?? `${symbol}: prices are not adjusted`);
  const what = adjusting === "all" ? "splits and dividends" : "splits";
  return {
    tape: {
      ...tape,
      name: `${tape.name}, adjusted for ${what}`,
      items: () => adjustedItems(tape.items(), bySymbol),
    },
    notes,
  };
}

function* adjustedItems(
  items: Iterable<MarketInput>,
  bySymbol: ReadonlyMap<string, SymbolFactors>,
): Generator<MarketInput> {
  for (const item of items) {
    const factors = isPriced(item) ? bySymbol.get(item.symbol) : undefined;
    yield factors === undefined ? item : factors.adjust(item as Priced);
  }
}

class SymbolFactors {
  readonly #file: FactorFile;
  readonly #adjusting: Adjusting;
  readonly #calendar: Calendar;
  /** Closes as traded, by the index of the row they are the reference of. */
  readonly #closes = new Map<number, number>();
  #first = Number.NaN;
  #last = Number.NaN;
  /** Factors of the last date: everything is told in its prices. */
  #base = { price: 1, split: 1 };
  /** Extended hours of the day last looked up, and its row. */
  #from = Number.NaN;
  #until = Number.NaN;
  #row = 0;

  constructor(file: FactorFile, adjusting: Adjusting) {
    this.#file = file;
    this.#adjusting = adjusting;
    this.#calendar = calendarOf(file.symbol);
  }

  learn(item: Priced): void {
    const time = item.kind === "bar" ? item.start : item.time;
    if (!(time >= this.#first)) this.#first = time;
    if (!(time <= this.#last)) this.#last = time;
    const close = item.kind === "bar" ? item.close : item.kind === "trade" && item.setsPrice ? item.price : undefined;
    if (close === undefined) return;
    const row = this.#rowAt(time);
    const session = this.#calendar.sessionAtOrBefore(time);
    if (session === undefined || time >= session.close) return;
    if (session.day === this.#file.rows[row]?.day) this.#closes.set(row, close);
  }

  /** After everything was learned: the base is known, and whether the data is as it was traded. */
  conclude(): string {
    const { symbol, rows, file } = this.#file;
    const [first, last] = [this.#rowAt(this.#first), this.#rowAt(this.#last)];
    const end = rows.at(-1) as FactorRow;
    if (last === rows.length && (end.split !== 1 || end.price !== 1))
      throw new CsvError(
        `${file}: ends on ${isoDate(end.day)} with factors that are not 1, and the data of ${symbol} goes on; take a newer file`,
      );
    this.#base = this.#factors(last);
    this.#mustBeRaw();
    const changes = this.#changes(first, last);
    const what = this.#adjusting === "all" ? "splits and dividends" : "splits";
    const until = isoDate(this.#calendar.sessionAtOrBefore(this.#last)?.day ?? Math.floor(this.#last / 86_400_000));
    if (changes === 0) return `${symbol}: no ${what.replace("and", "or")} until ${until}, prices are as traded`;
    const factor = Number(this.#factorOf(first).toPrecision(6));
    return `${symbol}: prices are adjusted for ${what} as of ${until}, ${changes} ${changes === 1 ? "change" : "changes"}; the first are multiplied by ${factor}, and orders fill at these prices`;
  }

  adjust(item: Priced): MarketInput {
    const row = this.#rowAt(item.kind === "bar" ? item.start : item.time);
    const factor = this.#factorOf(row);
    const shares = this.#base.split / this.#factors(row).split;
    if (factor === 1 && shares === 1) return item;
    const price = (value: number): number => rounded(value * factor);
    const size = (value: number): number => rounded(value * shares);
    switch (item.kind) {
      case "bar": {
        const { open, high, low, close, volume } = item;
        return {
          ...item,
          open: price(open),
          high: price(high),
          low: price(low),
          close: price(close),
          volume: size(volume),
        };
      }
      case "trade":
        return { ...item, price: price(item.price), size: size(item.size) };
      case "quote":
        return {
          ...item,
          bid: price(item.bid),
          ask: price(item.ask),
          bidSize: size(item.bidSize),
          askSize: size(item.askSize),
        };
    }
  }

  /** Adjusting what is adjusted already would be wrong by the same factor again. */
  #mustBeRaw(): void {
    const { rows, file, symbol } = this.#file;
    let seen = 0;
    let wrong = 0;
    let example = "";
    for (const [index, close] of this.#closes) {
      const { reference, day } = rows[index] as FactorRow;
      const { price, split } = this.#factors(index);
      // Where little or nothing is adjusted, adjusted and traded prices look alike.
      const isTelling = Math.abs((price * split) / (this.#base.price * this.#base.split) - 1) > TOLERANCE;
      if (Number.isNaN(reference) || !isTelling) continue;
      seen++;
      if (Math.abs(close / reference - 1) <= TOLERANCE) continue;
      wrong++;
      example ||= `its close of ${isoDate(day)} is ${Number(close.toPrecision(7))}, and ${reference} in the file`;
    }
    if (wrong * 2 > seen)
      throw new CsvError(
        `${file}: the data of ${symbol} is not as it was traded (${example}): it is adjusted already, or of another security; leave the factors out`,
      );
  }

  #changes(first: number, last: number): number {
    let changes = 0;
    for (let row = first; row < last; row++) if (this.#factorOf(row) !== this.#factorOf(row + 1)) changes++;
    return changes;
  }

  #factorOf(row: number): number {
    const { price, split } = this.#factors(row);
    const ofSplits = split / this.#base.split;
    return this.#adjusting === "all" ? ofSplits * (price / this.#base.price) : ofSplits;
  }

  #factors(row: number): { readonly price: number; readonly split: number } {
    return this.#file.rows[row] ?? { price: 1, split: 1 };
  }

  /** The first row that holds on the trading date of a time; the number of rows behind the last. */
  #rowAt(time: number): number {
    if (time >= this.#from && time < this.#until) return this.#row;
    const session = this.#calendar.sessionAtOrBefore(time);
    const next = session === undefined ? undefined : this.#calendar.sessionAtOrAfter(session.extendedClose);
    this.#from = session?.extendedOpen ?? Number.NaN;
    this.#until = next?.extendedOpen ?? Number.NaN;
    const day = session?.day ?? Math.floor(time / 86_400_000);
    const found = this.#file.rows.findIndex((row) => row.day >= day);
    this.#row = found < 0 ? this.#file.rows.length : found;
    return this.#row;
  }
}

function isPriced(item: MarketInput): item is Priced {
  return item.kind === "bar" || item.kind === "trade" || item.kind === "quote";
}

/** To a millionth: what a product of factors has beyond that says nothing about the market. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
