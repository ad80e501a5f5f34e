/**
 * When trading in a symbol stands still.
 *
 * Owns: the halts of a book and the two questions about them. May not: change an order; matching asks and does nothing.
 */
import type { Book } from "./state.ts";

export function startHalt(book: Book, from: number): void {
  if (book.halts.at(-1)?.until !== Infinity) book.halts.push({ from, until: Infinity });
}

export function endHalt(book: Book, at: number): void {
  const last = book.halts.at(-1);
  if (last?.until === Infinity) last.until = Math.max(at, last.from);
}

export function isHalted(book: Book, time: number): boolean {
  return book.halts.some(({ from, until }) => from <= time && time < until);
}

/** Whether a halt covers any part of [start, end). */
export function meetsHalt(book: Book, start: number, end: number): boolean {
  return book.halts.some(({ from, until }) => from < end && until > start);
}
