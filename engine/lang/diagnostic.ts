/**
 * Findings: what is wrong in a file, where, why it matters and what to do.
 *
 * Owns: the shape of a finding and the bag that collects them. Findings are values: collected, sorted, never thrown.
 * May not: print (see engine/report).
 */
import { CODES } from "./codes.ts";
import type { Code } from "./codes.ts";
import { helpText } from "./fix.ts";
import type { Fix, Help } from "./fix.ts";
import { Sources } from "./sources.ts";
import type { Place, Span } from "./sources.ts";

export type { Span } from "./sources.ts";

export type Severity = "error" | "warning" | "info";

export interface Diagnostic {
  /** `area/name`. */
  readonly code: Code;
  readonly severity: Severity;
  readonly file: string;
  /** Offsets in the file's text, in UTF-16 code units: `[start, end)`. */
  readonly start: number;
  readonly end: number;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** What is wrong here. */
  readonly message: string;
  /** Why that matters. */
  readonly why: string;
  /** What to do; empty when the message says it all. */
  readonly help: string;
  /** Corrections that the help names; the first is the usual one. */
  readonly fixes: readonly Fix[];
  /** Who uses the file of this finding, when it is a template, a watchlist or a strategy that is extended. */
  readonly related?: readonly Related[];
}

export interface Related {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Findings of one file and of what it is composed of. The same finding at the same place is kept once. */
export class Findings {
  readonly file: string;
  readonly sources: Sources;
  readonly #found = new Map<string, Diagnostic>();

  constructor(file: string, text: string) {
    this.file = file;
    this.sources = new Sources();
    this.sources.add(file, text);
  }

  /** All texts in the offsets that spans count in. */
  get text(): string {
    return this.sources.text;
  }

  report(code: Code, span: Span, message: string, help: Help = "", why?: string): void {
    const { length } = this.text;
    const start = clamp(span.start, length);
    const place = this.sources.whole({ start, end: clamp(span.end, length) });
    const from = this.sources.place(place.start);
    const to = this.sources.place(place.end);
    const { severity, why: usual } = CODES[code];
    const related = this.sources.ways(start).map((place) => relatedTo(place));
    const finding: Diagnostic = {
      code,
      severity,
      file: from.file,
      start: from.offset,
      end: to.offset,
      line: from.line,
      column: from.column,
      endLine: to.line,
      endColumn: to.column,
      message,
      why: why ?? usual,
      help: helpText(help),
      fixes: this.#fixes(help, place),
      ...(related.length === 0 ? {} : { related }),
    };
    const key = keyOf(finding);
    if (!this.#found.has(key)) this.#found.set(key, finding);
  }

  /** Corrections in the offsets of the finding's file; one that reaches into another file is none. */
  #fixes(help: Help, place: Span): readonly Fix[] {
    if (typeof help === "string") return [];
    const source = (span: Span): string => this.sources.textOf(span);
    const { file } = this.sources.place(place.start);
    return help.fixes.flatMap((propose) => {
      const fix = propose({ place, source });
      if (fix === undefined) return [];
      const edits = fix.edits.map(({ text, ...span }) => ({ text, ...this.sources.places(span) }));
      if (edits.some(({ from, to }) => from.file !== file || to.file !== file)) return [];
      return [{ ...fix, edits: edits.map(({ text, from, to }) => ({ start: from.offset, end: to.offset, text })) }];
    });
  }

  /** File, 1-based line and column of an offset. */
  position(offset: number): Pick<Place, "file" | "line" | "column"> {
    const { file, line, column } = this.sources.place(offset);
    return { file, line, column };
  }

  get hasErrors(): boolean {
    for (const finding of this.#found.values()) if (finding.severity === "error") return true;
    return false;
  }

  /** Takes over what was found in a file that this one is composed of; `via`: the place that names that file. */
  take(found: readonly Diagnostic[], via?: Span): void {
    const ways = via === undefined ? [] : [this.sources.place(via.start), ...this.sources.ways(via.start)];
    const related = ways.map((place) => relatedTo(place));
    for (const finding of found) {
      const key = keyOf(finding);
      if (this.#found.has(key)) continue;
      this.#found.set(key, related.length === 0 ? finding : { ...finding, related });
    }
  }

  list(): Diagnostic[] {
    return [...this.#found.values()];
  }
}

function relatedTo({ file, line, column }: Place): Related {
  return { file, line, column, message: "used here" };
}

function keyOf({ code, file, start, message }: Diagnostic): string {
  return `${code}@${file}@${start}:${message}`;
}

/** How many users of a shared file are named. */
const RELATED_MOST = 5;

/** The same finding in a file that several strategies use is one, with all who use it. */
export function merged(findings: readonly Diagnostic[]): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const finding of findings) {
    const key = keyOf(finding);
    const known = found.get(key);
    if (known === undefined) {
      found.set(key, finding);
      continue;
    }
    const all = [...(known.related ?? []), ...(finding.related ?? [])];
    const related = [...new Map(all.map((one) => [`${one.file}:${one.line}:${one.column}`, one])).values()];
    if (related.length > 0) found.set(key, { ...known, related: related.slice(0, RELATED_MOST) });
  }
  return [...found.values()];
}

/** File, place, code: the order in which people read. */
export function inReadingOrder(findings: readonly Diagnostic[]): Diagnostic[] {
  return findings.toSorted(
    (a, b) => compareText(a.file, b.file) || a.start - b.start || compareText(a.code, b.code) || a.end - b.end,
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function clamp(offset: number, length: number): number {
  return Math.min(Math.max(0, offset), length);
}
