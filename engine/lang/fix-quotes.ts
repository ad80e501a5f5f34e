/**
 * Corrections that put a value into quotes which YAML read as something else.
 *
 * Owns: where such a value ends, in a text that YAML could not read as it was meant.
 */
import type { Edit, Proposal } from "./fix.ts";

/** A value that YAML cut at a comma inside parentheses: from its start to where the parentheses close. */
export function callInQuotes(): Proposal {
  return ({ place, source }) => {
    const line = source({ start: place.start, end: place.start + 1_000 }).split("\n", 1)[0] as string;
    const end = balanced(line);
    const call = line.slice(0, end);
    if (end === 0 || /["'\\]/.test(call)) return undefined;
    const edit: Edit = { start: place.start, end: place.start + end, text: JSON.stringify(call) };
    return { title: "Put the expression into quotes", edits: [edit], safe: true };
  };
}

/** Where the text ends that a comma, a closing bracket or a brace of YAML would end if it were quoted; 0 when unclear. */
function balanced(line: string): number {
  let depth = 0;
  for (let i = 0; i < line.length; i++) {
    const character = line[i] as string;
    if (character === "(" || character === "[") depth++;
    else if (character === ")" || character === "]") {
      if (depth === 0) return line.slice(0, i).trimEnd().length;
      depth--;
    } else if (depth === 0 && (character === "," || character === "}")) return line.slice(0, i).trimEnd().length;
  }
  return 0;
}

/** The rest of the line after `key:` or `-`, without its comment, in double quotes. */
export function valueInQuotes(): Proposal {
  return ({ place, source }) => {
    const before = source({ start: Math.max(0, place.start - 2_000), end: place.start });
    const lineStart = place.start - (before.length - (before.lastIndexOf("\n") + 1));
    const line = source({ start: lineStart, end: lineStart + 2_000 }).split(/\r?\n/, 1)[0] as string;
    const lead = /^\s*(?:- +)*(?:[\w-]+:[ \t]+)?/.exec(line)?.[0] ?? "";
    const value = line
      .slice(lead.length)
      .replace(/[ \t]+#.*$/, "")
      .trimEnd();
    if (value === "" || /["'\\{}[\]]/.test(value) || /^[|>]/.test(value)) return undefined;
    const start = lineStart + lead.length;
    const edit: Edit = { start, end: start + value.length, text: JSON.stringify(value) };
    return { title: "Put the value into quotes", edits: [edit], safe: true };
  };
}
