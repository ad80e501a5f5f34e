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

/** The place of the character at an offset of a scalar's value; with `end`, the place behind it. */
export type Places = (offset: number, side?: "end") => number;

/** Of a text that stands for itself. */
export const asWritten: Places = (offset, side) => (side === "end" ? offset + 1 : offset);

/** Scalars that no file holds as they are: a filled template knows where each character was written. */
const COMPOSED = new WeakMap<Scalar, Places>();

export function setPlaces(scalar: Scalar, places: Places): void {
  COMPOSED.set(scalar, places);
}

/** Maps offsets of `scalar.value` to offsets of the file. */
export function placesOf(text: string, scalar: Scalar): Places {
  const composed = COMPOSED.get(scalar);
  if (composed !== undefined) return composed;
  const value = String(scalar.value);
  const [from, to] = scalar.range ?? [0, 0];
  const written = charactersOf(text, scalar, from, to);
  const last = written.at(-1)?.end ?? from;
  /** Number of non-blank characters before each offset of the value. */
  const before: number[] = [];
  let count = 0;
  for (let i = 0; i < value.length; i++) {
    before.push(count);
    if (!isBlank(value[i])) count++;
  }
  return (offset, side) => {
    const found = written[before[offset] ?? count];
    if (found === undefined) return last;
    // Behind a blank is where the next character begins.
    return side === "end" && !isBlank(value[offset]) ? found.end : found.start;
  };
}

interface Written {
  readonly start: number;
  readonly end: number;
}

/** Where the non-blank characters of the scalar's value stand in the file: one entry per UTF-16 code unit. */
function charactersOf(text: string, scalar: Scalar, from: number, to: number): readonly Written[] {
  const double = scalar.type === Scalar.QUOTE_DOUBLE;
  const single = scalar.type === Scalar.QUOTE_SINGLE;
  let at = from;
  if (double || single) at++;
  if (scalar.type === Scalar.BLOCK_FOLDED || scalar.type === Scalar.BLOCK_LITERAL) {
    const header = text.indexOf("\n", from);
    at = header < 0 ? to : header + 1;
  }
  const written: Written[] = [];
  while (at < to) {
    const character = text[at] as string;
    if ((double && character === '"') || (single && character === "'" && text[at + 1] !== "'")) break;
    const isEscape = double && character === "\\";
    const end = at + (isEscape ? escapeWidth(text, at) : single && character === "'" ? 2 : 1);
    // An escape that stands for white space has no character of its own in the expression.
    for (const unit of isEscape ? unescaped(text, at, end).split("") : [character])
      if (!isBlank(unit)) written.push({ start: at, end });
    at = end;
  }
  return written;
}

function escapeWidth(text: string, at: number): number {
  const kind = text[at + 1];
  return kind === "x" ? 4 : kind === "u" ? 6 : kind === "U" ? 10 : 2;
}

/** Escapes of one letter that stand for white space. A line end behind a backslash stands for nothing. */
const BLANKS: ReadonlySet<string> = new Set(["n", "r", "t", "v", "f", " ", "\t", "_", "L", "P", "\n", "\r"]);

/** What an escape stands for; which letter does not matter here. */
function unescaped(text: string, at: number, end: number): string {
  if (end - at > 2) {
    const code = Number.parseInt(text.slice(at + 2, end), 16);
    return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "x";
  }
  return BLANKS.has(text[at + 1] ?? "\n") ? " " : "x";
}
