/**
 * Findings: what is wrong in a file, where, why it matters and what to do.
 *
 * Owns: the shape of a finding and the bag that collects them. Findings are values: collected, sorted, never thrown.
 * May not: print (see engine/report).
 */
import { LineCounter } from "yaml";
import { CODES } from "./codes.ts";
import type { Code } from "./codes.ts";
import { helpText } from "./fix.ts";
import type { Fix, Help } from "./fix.ts";

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
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Findings of one file. The same finding at the same place is kept once. */
export class Findings {
  readonly file: string;
  readonly text: string;
  readonly #lines = new LineCounter();
  readonly #found = new Map<string, Diagnostic>();

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.#lines.addNewLine(0);
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#lines.addNewLine(at + 1);
  }

  report(code: Code, span: Span, message: string, help: Help = "", why?: string): void {
    const start = clamp(span.start, this.text.length);
    const end = Math.max(start, clamp(span.end, this.text.length));
    const from = this.position(start);
    const to = this.position(end);
    const { severity, why: usual } = CODES[code];
    const finding: Diagnostic = {
      code,
      severity,
      file: this.file,
      start,
      end,
      line: from.line,
      column: from.column,
      endLine: to.line,
      endColumn: to.column,
      message,
      why: why ?? usual,
      help: helpText(help),
      fixes: this.#fixes(help, { start, end }),
    };
    const key = `${code}@${start}:${message}`;
    if (!this.#found.has(key)) this.#found.set(key, finding);
  }

  #fixes(help: Help, place: Span): readonly Fix[] {
    if (typeof help === "string") return [];
    const source = (span: Span): string => this.text.slice(span.start, span.end);
    return help.fixes.map((propose) => propose({ place, source })).filter((fix) => fix !== undefined);
  }

  /** 1-based line and column of an offset. */
  position(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  get hasErrors(): boolean {
    for (const finding of this.#found.values()) if (finding.severity === "error") return true;
    return false;
  }

  list(): Diagnostic[] {
    return [...this.#found.values()];
  }
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
