/**
 * From a place inside a YAML scalar to a place in the file.
 *
 * Owns: the mapping for plain, quoted, folded and literal scalars. The expression language ignores white space, so the
 * k-th non-blank character of the value is the k-th non-blank character of the source, whatever folding YAML did.
 */
import { Scalar } from "yaml";

function isBlank(character: string | undefined): boolean {
  return character !== undefined && /[\s\u00a0]/.test(character);
}

/** Scalars that no file holds as they are: a filled template knows where each character was written. */
const COMPOSED = new WeakMap<Scalar, (offset: number) => number>();

export function setPlaces(scalar: Scalar, places: (offset: number) => number): void {
  COMPOSED.set(scalar, places);
}

/** Maps offsets of `scalar.value` to offsets of the file. */
export function placesOf(text: string, scalar: Scalar): (offset: number) => number {
  const composed = COMPOSED.get(scalar);
  if (composed !== undefined) return composed;
  const value = String(scalar.value);
  const [from, to] = scalar.range ?? [0, 0];
  const starts = sourceStarts(text, scalar, from, to);
  const last = starts.at(-1);
  const end = last === undefined ? from : Math.min(last + 1, Math.max(to, last + 1));
  /** Number of non-blank characters before each offset of the value. */
  const before: number[] = [];
  let count = 0;
  for (let i = 0; i < value.length; i++) {
    before.push(count);
    if (!isBlank(value[i])) count++;
  }
  return (offset) => {
    const index = offset < before.length ? before[offset] : count;
    return (index === undefined ? undefined : starts[index]) ?? end;
  };
}

/** File offsets of the non-blank characters that the scalar's value is made of. */
function sourceStarts(text: string, scalar: Scalar, from: number, to: number): number[] {
  const double = scalar.type === Scalar.QUOTE_DOUBLE;
  const single = scalar.type === Scalar.QUOTE_SINGLE;
  let at = from;
  if (double || single) at++;
  if (scalar.type === Scalar.BLOCK_FOLDED || scalar.type === Scalar.BLOCK_LITERAL) {
    const header = text.indexOf("\n", from);
    at = header < 0 ? to : header + 1;
  }
  const starts: number[] = [];
  while (at < to) {
    const character = text[at];
    if (isBlank(character)) {
      at++;
      continue;
    }
    if (double && character === "\\") {
      const width = escapeWidth(text, at);
      // An escape that stands for white space has no character of its own in the expression.
      if (!isBlank(unescaped(text[at + 1]))) starts.push(at);
      at += width;
      continue;
    }
    if (double && character === '"') break;
    if (single && character === "'") {
      if (text[at + 1] !== "'") break;
      starts.push(at);
      at += 2;
      continue;
    }
    starts.push(at);
    at++;
  }
  return starts;
}

function escapeWidth(text: string, at: number): number {
  const kind = text[at + 1];
  return kind === "x" ? 4 : kind === "u" ? 6 : kind === "U" ? 10 : 2;
}

/** What an escape stands for, as far as white space goes. */
function unescaped(letter: string | undefined): string {
  if (letter === undefined || "nrt\n\r ve_NLPf".includes(letter)) return " ";
  return "x";
}
