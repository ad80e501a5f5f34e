/**
 * What the desk remembers of each (strategy, symbol) beside the position itself.
 *
 * Owns: entries in flight, protection to restore, the exit in progress, and the view that signals gets of it.
 */
import type { BookView } from "../event.ts";
import type { TimeInForce } from "../program.ts";
import { ZERO } from "../decimal.ts";
import { signedRemaining } from "./orders.ts";
import type { Order, OrderBook, OrderOrigin } from "./orders.ts";
import type { Portfolio } from "./portfolio.ts";
import { restoredExit, savedExit } from "./procedure.ts";
import type { ExitProcedure, SavedExit } from "./procedure.ts";

export interface Protection {
  readonly stopLoss: string | undefined;
  readonly stopLossLimit: string | undefined;
  readonly takeProfit: string | undefined;
  readonly timeInForce: TimeInForce;
}

export interface Book {
  readonly strategy: string;
  readonly symbol: string;
  /** Entries whose confirmation is pending. */
  pendingEntries: number;
  /** Exits whose confirmation is pending. */
  pendingExits: number;
  /** Of those, the ones that close everything. */
  pendingCloses: number;
  /** Entries that are over and have filled since the position was last flat. */
  filledEntries: number;
  protection: Protection | undefined;
  /** Protection that could not be restored (halted, or the broker is away): it is tried again when that is over. */
  unprotected: OrderOrigin | undefined;
  /** Restorations since the last fill of what the broker cancelled by itself: it is not fought for ever. */
  restored: number;
  exit: ExitProcedure | undefined;
}

export interface SavedBook extends Omit<Book, "exit"> {
  readonly exit: SavedExit | undefined;
}

/** Firings for which it may still send something. */
export function firingsOf({ exit, unprotected }: Book): string[] {
  return [exit?.origin, exit?.opening && { firing: exit.opening.firing.id }, unprotected].flatMap(
    (origin) => origin?.firing ?? [],
  );
}

export class Books {
  readonly #books = new Map<string, Book>();

  get(strategy: string, symbol: string): Book {
    const key = `${strategy}/${symbol}`;
    let book = this.#books.get(key);
    if (book === undefined) {
      book = {
        strategy,
        symbol,
        pendingEntries: 0,
        pendingExits: 0,
        pendingCloses: 0,
        filledEntries: 0,
        protection: undefined,
        unprotected: undefined,
        restored: 0,
        exit: undefined,
      };
      this.#books.set(key, book);
    }
    return book;
  }

  /** The same without making one. */
  find(strategy: string, symbol: string): Book | undefined {
    return this.#books.get(`${strategy}/${symbol}`);
  }

  get all(): IterableIterator<Book> {
    return this.#books.values();
  }

  save(): SavedBook[] {
    return [...this.#books.values()].map(({ exit, ...book }) => ({ ...book, exit: exit && savedExit(exit) }));
  }

  restore(saved: readonly SavedBook[], orders: OrderBook): void {
    for (const { exit, ...book } of saved) {
      const { protection, unprotected } = book;
      Object.assign(this.get(book.strategy, book.symbol), book, { protection, unprotected });
      this.get(book.strategy, book.symbol).exit = exit && restoredExit(exit, orders);
    }
  }
}

/** The position that these were of is gone. */
export function forgetPosition(book: Book): void {
  book.filledEntries = 0;
  book.protection = undefined;
  book.unprotected = undefined;
}

/** Entries that are on their way. */
export function openEntriesOf(book: Book, open: readonly Order[]): number {
  return book.pendingEntries + open.filter((order) => order.role === "entry").length;
}

/** Entries that count against `max_entries`: those on their way, and those the position is made of. */
export function entriesOf(book: Book, open: readonly Order[]): number {
  return openEntriesOf(book, open) + book.filledEntries;
}

export function viewOfBook(book: Book, portfolio: Portfolio, orders: OrderBook): BookView {
  const position = portfolio.position(book.strategy, book.symbol);
  const open = orders.openOf(book.strategy, book.symbol);
  const entries = open.filter((order) => order.role === "entry");
  const working = entries.reduce((sum, order) => sum.plus(signedRemaining(order)), ZERO);
  return {
    strategy: book.strategy,
    symbol: book.symbol,
    qty: position.qty.toNumber(),
    openQty: position.qty.plus(working).toNumber(),
    avgPrice: position.avgPrice.toNumber(),
    openedAt: position.openedAt,
    entryOpen: book.pendingEntries > 0 || entries.length > 0 || book.exit?.opening !== undefined,
    exitOpen: book.pendingExits > 0 || book.exit !== undefined,
    closing: book.pendingCloses > 0 || (isClosing(book) && !isWaiting(book)),
    waiting: isWaiting(book),
    guarded: open.some(isGuard),
  };
}

export function isGuard({ role }: Order): boolean {
  return role === "stop_loss" || role === "take_profit";
}

/** An exit of everything after which nothing opens: a second one would change nothing. */
export function isClosing({ exit }: Book): boolean {
  return exit !== undefined && "all" in exit.aim && exit.opening === undefined && exit.form.guards === undefined;
}

/** Such an exit whose order waits for a price. */
export function isWaiting(book: Book): boolean {
  return isClosing(book) && book.exit?.form.type !== "market";
}
