/**
 * Order books from snapshots and changes, as far as their best prices go.
 *
 * Owns: the levels of each symbol for one connection, and telling when a book cannot be right. May not: tell anything
 * but the best bid and offer, or mend a book: a broken one is forgotten until its next snapshot.
 */
import type { Path } from "./path.ts";
import { valueAt } from "./path.ts";

export interface LevelPaths {
  readonly price: readonly Path[];
  readonly size: readonly Path[];
}

export interface Best {
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
}

export type Level = readonly [price: number, size: number];

/** More than any backend keeps; a stream that only ever adds must not take all memory. */
const LEVELS_MAX = 20_000;

class Side {
  readonly #levels = new Map<number, number>();
  readonly #isBetter: (a: number, b: number) => boolean;
  #best = Number.NaN;
  /** The best level has gone: the next one is looked for when it is asked for. */
  #isLost = false;

  constructor(isBetter: (a: number, b: number) => boolean) {
    this.#isBetter = isBetter;
  }

  get count(): number {
    return this.#levels.size;
  }

  /** Price of the best level, NaN when there is none. */
  get best(): number {
    if (this.#isLost) this.#findBest();
    return this.#best;
  }

  get size(): number {
    return this.#levels.get(this.best) ?? 0;
  }

  set([price, size]: Level): void {
    if (size > 0) {
      this.#levels.set(price, size);
      if (Number.isNaN(this.#best) || this.#isBetter(price, this.#best)) this.#best = price;
    } else if (this.#levels.delete(price) && price === this.#best) this.#isLost = true;
  }

  #findBest(): void {
    this.#isLost = false;
    this.#best = Number.NaN;
    for (const price of this.#levels.keys())
      if (Number.isNaN(this.#best) || this.#isBetter(price, this.#best)) this.#best = price;
  }
}

class Book {
  readonly bids = new Side((a, b) => a > b);
  readonly asks = new Side((a, b) => a < b);
  told: Best | undefined;
}

export class Books {
  readonly #books = new Map<string, Book>();

  /**
   * Takes a message about a book. The best prices when they changed, null when not (or no snapshot came yet), text when the
   * book cannot be right. A side of the book without a level is 0: nobody quotes.
   */
  apply(symbol: string, isDelta: boolean, bids: readonly Level[], asks: readonly Level[]): Best | null | string {
    const known = this.#books.get(symbol);
    if (isDelta && known === undefined) return null;
    const book = isDelta && known !== undefined ? known : new Book();
    for (const level of bids) book.bids.set(level);
    for (const level of asks) book.asks.set(level);
    if (book !== known) {
      book.told = known?.told;
      this.#books.set(symbol, book);
    }
    const problem = problemOf(book);
    if (problem !== "") {
      this.#books.delete(symbol);
      return problem;
    }
    const { told } = book;
    const best = bestOf(book);
    if (told !== undefined && isSame(told, best)) return null;
    book.told = best;
    return best;
  }

  /** Of one symbol or of all; those whose books were known. */
  forget(only?: string): readonly string[] {
    const symbols = [...this.#books.keys()].filter((symbol) => only === undefined || symbol === only);
    for (const symbol of symbols) this.#books.delete(symbol);
    return symbols;
  }
}

function problemOf({ bids, asks }: Book): string {
  if (bids.best > asks.best) return `the book is crossed: bid ${bids.best} is above ask ${asks.best}`;
  return bids.count + asks.count > LEVELS_MAX ? `the book has more than ${LEVELS_MAX} levels` : "";
}

function bestOf({ bids, asks }: Book): Best {
  const priceOf = ({ best }: Side): number => (best === best ? best : 0);
  return { bid: priceOf(bids), bidSize: bids.size, ask: priceOf(asks), askSize: asks.size };
}

function isSame(a: Best, b: Best): boolean {
  return a.bid === b.bid && a.ask === b.ask && a.bidSize === b.bidSize && a.askSize === b.askSize;
}

/** Levels of one side; undefined when one of them is no level. `numberOf` reads a number or gives NaN. */
export function levelsOf(
  list: unknown,
  { price, size }: LevelPaths,
  numberOf: (value: unknown) => number,
): readonly Level[] | undefined {
  if (list === undefined) return [];
  if (!Array.isArray(list)) return undefined;
  const levels: Level[] = [];
  for (const item of list as readonly unknown[]) {
    const level = [numberOf(first(item, price)), numberOf(first(item, size))] as const;
    if (!(level[0] > 0 && level[0] < Infinity && level[1] >= 0 && level[1] < Infinity)) return undefined;
    levels.push(level);
  }
  return levels;
}

function first(item: unknown, paths: readonly Path[]): unknown {
  for (const { steps } of paths) {
    const value = valueAt(item, steps);
    if (value !== undefined) return value;
  }
  return undefined;
}
