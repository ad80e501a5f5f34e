/**
 * Findings about files that people wrote.
 *
 * Owns: the shape and the collector. Findings are collected, never thrown. May not: format (report does) or read files.
 */
import { distance } from "fastest-levenshtein";

export type Severity = "error" | "warning" | "info";

/** 1-based line and column; `offset` counts from 0 in the file's text. */
export interface Position {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

export interface Diagnostic {
  /** `area/name`; each has a page under docs/reference/findings. */
  readonly code: string;
  readonly severity: Severity;
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
  /** What is wrong. */
  readonly message: string;
  /** Why it matters; empty when the message says it all. */
  readonly why: string;
  /** What to do. */
  readonly help: string;
}

/** The closest candidate that is near enough to be meant: an edit distance of a third of its length. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

/** `did you mean "rsi"?`, or what else could have been meant. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const best = closest(word, candidates);
  if (best !== undefined) return `did you mean "${best}"?`;
  return candidates.length > 0 && candidates.length <= 12 ? `expected one of ${candidates.join(", ")}` : "";
}
