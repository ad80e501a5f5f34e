/**
 * Corrections that a finding carries.
 *
 * Owns: their shape, the few ways to propose one, and edits applied to a text. A finding's help names the replacement in
 * words; the proposal beside it is made where the help is written, and becomes a fix when the finding is reported.
 * May not: decide whether a whole file is better afterwards (see fix-files.ts).
 */
import type { Span } from "./diagnostic.ts";

/** Offsets in the file's text: `[start, end)` becomes `text`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Fix {
  /** What it does, in the imperative. */
  readonly title: string;
  /** In ascending order, without overlap. */
  readonly edits: readonly Edit[];
  /**
   * May be applied without asking: the file did not compile before, or its program keeps its digest, and nobody who
   * read the text correctly could have meant something else.
   */
  readonly safe: boolean;
}

/** The place of the finding and the file's text between two offsets. */
export interface Site {
  readonly place: Span;
  readonly source: (span: Span) => string;
}

/** Makes the fix when the place is known; undefined when the text is not what was expected. */
export type Proposal = (site: Site) => Fix | undefined;

/** What to do, in words, and the replacements that the words name. */
export interface Advice {
  readonly help: string;
  readonly fixes: readonly Proposal[];
}

export type Help = string | Advice;

export function helpText(help: Help): string {
  return typeof help === "string" ? help : help.help;
}

export function advice(help: string, ...fixes: readonly Proposal[]): Advice {
  return { help, fixes };
}

/** The same proposals under other words. */
export function reworded(help: Help, words: (help: string) => string): Help {
  return typeof help === "string" ? words(help) : { ...help, help: words(help.help) };
}

/** The whole place becomes another text. */
export function becomes(
  text: string | ((source: string) => string | undefined),
  { safe, title }: { readonly safe: boolean; readonly title?: string },
): Proposal {
  return ({ place, source }) => {
    const before = source(place);
    const after = typeof text === "string" ? text : text(before);
    if (after === undefined || after === before || place.end === place.start) return undefined;
    return { title: title ?? titleOf(before, after), edits: [{ ...place, text: after }], safe };
  };
}

/** One word of the place becomes another; nothing is proposed when the place holds it twice. */
export function wordBecomes(from: string, to: string, safe: boolean): Proposal {
  return ({ place, source }) => {
    const text = source(place);
    const at = text.indexOf(from);
    if (at < 0 || from === to || isWordAt(text, from, text.indexOf(from, at + 1)) || !isWordAt(text, from, at)) {
      return undefined;
    }
    const start = place.start + at;
    return { title: titleOf(from, to), edits: [{ start, end: start + from.length, text: to }], safe };
  };
}

function isWordAt(text: string, word: string, at: number): boolean {
  return at >= 0 && !/[\w]/.test(text[at - 1] ?? "") && !/[\w]/.test(text[at + word.length] ?? "");
}

/** Any edits, from the texts of other places. */
export function editing(title: string, safe: boolean, edits: (site: Site) => readonly Edit[] | undefined): Proposal {
  return (site) => {
    const found = edits(site);
    return found === undefined || found.length === 0 ? undefined : { title, edits: found, safe };
  };
}

/** In double quotes, as YAML and JSON both write text. */
export function quoted(safe: boolean): Proposal {
  return becomes((source) => (/["\n]/.test(source) ? undefined : JSON.stringify(source)), {
    safe,
    title: "Put it into quotes",
  });
}

function titleOf(before: string, after: string): string {
  return `Change ${shown(before)} to ${shown(after)}`;
}

function shown(text: string): string {
  const line = text.replace(/\s+/g, " ");
  const cut = line.length > 40 ? `${line.slice(0, 37)}…` : line;
  return cut.includes('"') ? cut : `"${cut}"`;
}

/** What `lint --fix` applies. */
export function safeFix({ fixes }: { readonly fixes: readonly Fix[] }): Fix | undefined {
  return fixes.find(({ safe }) => safe);
}

/** The text with the edits of one fix. */
export function withEdits(text: string, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}
