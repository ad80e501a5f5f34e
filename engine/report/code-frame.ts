/**
 * The lines around a place, with a mark under it.
 *
 * Owns: widths, tabs and the left rule that shows when a pasted message is incomplete. May not know findings.
 */

/** East Asian wide characters and emoji take two columns on a terminal. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const NO_WIDTH = /\p{M}|\u200d|\ufe0f/u;

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

export interface FramePlace {
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

const CONTEXT = 1;
const MAX_LINE = 160;

/** One line before the place, the line itself, and carets. */
export function codeFrame(text: string, place: FramePlace): string[] {
  const lines = text.split("\n").map((line) => printable(line.replace(/\r$/, "")));
  const current = lines[place.line - 1] ?? "";
  const first = Math.max(1, place.line - CONTEXT);
  const digits = String(place.line).length;
  const result: string[] = [];
  for (let line = first; line < place.line; line++) {
    result.push(`    ${String(line).padStart(digits)} │ ${cut(lines[line - 1] ?? "")}`.trimEnd());
  }
  result.push(`  > ${place.line} │ ${cut(current)}`.trimEnd());
  const lead = widthOf(current.slice(0, place.column - 1));
  const end = place.endLine > place.line ? current.length + 1 : place.endColumn;
  const length = Math.max(1, widthOf(current.slice(place.column - 1, end - 1)));
  if (lead + length <= MAX_LINE) result.push(`    ${" ".repeat(digits)} │ ${" ".repeat(lead)}${"^".repeat(length)}`);
  return result;
}

/** Tabs and control characters would move the carets. */
function printable(line: string): string {
  return line.replace(/[\p{Cc}\ufeff\ue000]/gu, " ");
}

function cut(line: string): string {
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE - 1)}…` : line;
}
