/**
 * "Did you mean".
 *
 * Owns: which known word is close enough to a misspelt one.
 */
import { distance } from "fastest-levenshtein";

/** The closest candidate within a third of the word's length, at least one edit. */
function closest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  const lower = word.toLowerCase();
  let best: string | undefined;
  let prefixed: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (word.length >= 3 && candidate.toLowerCase().startsWith(lower)) prefixed ??= candidate;
    // Cheap bound first: hostile files bring long words.
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const edits = distance(lower, candidate.toLowerCase());
    if (edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best ?? prefixed;
}

/** ` Did you mean "x"?` as help, or the fallback. */
export function didYouMean(word: string, candidates: Iterable<string>, otherwise = ""): string {
  const found = closest(word, candidates);
  return found === undefined ? otherwise : `Did you mean "${found}"?`;
}

/** `a, b or c` */
export function listed(words: readonly string[], joiner = "or"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${joiner} ${words.at(-1)}`;
}
