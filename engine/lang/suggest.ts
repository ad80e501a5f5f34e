/**
 * "Did you mean".
 *
 * Owns: which known word is close enough to a misspelt one, and when there is no doubt about it.
 */
import { distance } from "fastest-levenshtein";
import { advice, wordBecomes } from "./fix.ts";
import type { Help } from "./fix.ts";

interface Near {
  readonly word: string;
  /** Letters inserted, left out, replaced or swapped; 0 when only the case differs. */
  readonly edits: number;
}

/** Candidates within a third of the word's length, at least one edit, the closest first. */
function near(word: string, candidates: Iterable<string>): readonly Near[] {
  const limit = Math.max(1, Math.floor(word.length / 3));
  const lower = word.toLowerCase();
  const found: Near[] = [];
  for (const candidate of new Set(candidates)) {
    // Cheap bound first: hostile files bring long words.
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const other = candidate.toLowerCase();
    const edits = isSwapped(lower, other) ? 1 : distance(lower, other);
    if (edits <= limit) found.push({ word: candidate, edits });
  }
  return found.toSorted((a, b) => a.edits - b.edits);
}

/** `clsoe` for `close`: two neighbours have changed places. */
function isSwapped(a: string, b: string): boolean {
  if (a.length !== b.length || a === b) return false;
  let i = 0;
  while (a[i] === b[i]) i++;
  return a[i] === b[i + 1] && a[i + 1] === b[i] && a.slice(i + 2) === b.slice(i + 2);
}

/**
 * One slip of the finger: the case, or one letter of a word of at least four. Short words and numbers are close to too
 * much (`sma` and `ema`, `gtd` and `gtc`, `trend20` and `trend50`).
 */
function isSlip(word: string, { word: other, edits }: Near): boolean {
  if (edits === 0) return true;
  return edits === 1 && word.length > 3 && word.replace(/\D/g, "") === other.replace(/\D/g, "");
}

interface DidYouMean {
  /** The candidates are the few keys of one mapping: being the only one near leaves no doubt. */
  readonly keys?: boolean;
}

/** ` Did you mean "x"?` as help, with the correction, or the fallback. */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
  otherwise = "",
  { keys = false }: DidYouMean = {},
): Help {
  const known = [...candidates];
  const found = near(word, known);
  const [best] = found;
  if (best === undefined) {
    const lower = word.toLowerCase();
    const longer = word.length < 3 ? undefined : known.find((one) => one.toLowerCase().startsWith(lower));
    if (longer === undefined) return otherwise;
    return advice(`Did you mean "${longer}"?`, wordBecomes(word, longer, false));
  }
  const equal = found.filter(({ edits }) => edits === best.edits);
  const isOnly = keys ? found.length === 1 && word.length > 3 : false;
  const safe = isOnly || (equal.length === 1 && isSlip(word, best));
  return advice(`Did you mean "${best.word}"?`, ...equal.map((one) => wordBecomes(word, one.word, safe)));
}

/** `a, b or c` */
export function listed(words: readonly string[], joiner = "or"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${joiner} ${words.at(-1)}`;
}

/** The schema and the reader of conditions say the same about `.inf` and `.nan`. */
export function notFinite(value: number): string {
  return `${value} is no number to compute with`;
}
