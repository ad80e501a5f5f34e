/**
 * `# lint-ignore code -- reason` on the line above a finding.
 *
 * Owns: which findings a person has overruled. A reason is required; an exception that matches nothing is a finding,
 * unless errors have kept the file from being judged: what it speaks about may come back with the correction.
 */
import { CODES, isCode, isIgnorable } from "./codes.ts";
import { Findings } from "./diagnostic.ts";
import type { Diagnostic, Span } from "./diagnostic.ts";
import { advice, editing } from "./fix.ts";
import type { Edit } from "./fix.ts";
import { didYouMean } from "./suggest.ts";

interface Exception {
  readonly code: string;
  readonly reason: string;
  /** The line it speaks for: the next that is no comment and not empty. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

const PATTERN = /^[ \t]*# *lint-ignore\b[ \t]*([^\s]*)[ \t]*(?:--[ \t]*(.*?))?[ \t]*\r?$/;

/** Each file's exceptions speak about the findings of that file. */
export function exceptIn(texts: ReadonlyMap<string, string>, found: readonly Diagnostic[]): Diagnostic[] {
  const files = new Set([...found.map(({ file }) => file), ...texts.keys()]);
  return [...files].flatMap((file) => {
    const own = found.filter((finding) => finding.file === file);
    const text = texts.get(file);
    return text === undefined ? own : applyExceptions(file, text, own);
  });
}

export function applyExceptions(file: string, text: string, found: readonly Diagnostic[]): Diagnostic[] {
  if (!text.includes("lint-ignore")) return [...found];
  const own = new Findings(file, text);
  let kept = [...found];
  const isUnjudged = found.some((finding) => finding.severity === "error" && !isIgnorable(finding.code));
  for (const exception of exceptionsIn(text)) {
    const { code, reason, line } = exception;
    if (!isCode(code)) {
      const message = code === "" ? "lint-ignore needs a code" : `There is no finding "${code}"`;
      const usual = "Write: # lint-ignore risk/no-exit -- reason";
      const help = code === "" ? usual : didYouMean(code, Object.keys(CODES), usual);
      own.report("schema/ignore", exception, message, help);
      continue;
    }
    if (reason === "") {
      own.report("schema/ignore", exception, "lint-ignore needs a reason", `Write: # lint-ignore ${code} -- reason`);
      continue;
    }
    if (!isIgnorable(code)) {
      own.report("schema/ignore", exception, `${code} is an error and cannot be ignored`, "Correct the error.");
      continue;
    }
    const before = kept.length;
    kept = kept.filter((finding) => finding.code !== code || finding.line !== line);
    if (kept.length === before && !isUnjudged) {
      own.report(
        "schema/unused-ignore",
        exception,
        `Nothing on line ${line} has the finding ${code}`,
        advice(
          "Remove the comment.",
          editing("Remove the comment", true, () => [lineAround(text, exception)]),
        ),
      );
    }
  }
  return [...kept, ...own.list()];
}

/** The comment's line and its line end; a last line without one goes with the line end before it. */
function lineAround(text: string, { start, end }: Span): Edit {
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const next = text.indexOf("\n", end);
  if (next >= 0) return { start: from, end: next + 1, text: "" };
  return { start: Math.max(0, from - (text[from - 2] === "\r" ? 2 : 1)), end: text.length, text: "" };
}

function* exceptionsIn(text: string): Generator<Exception> {
  const lines = text.split("\n");
  let offset = 0;
  for (const [index, content] of lines.entries()) {
    const match = PATTERN.exec(content);
    if (match !== null) {
      let target = index + 1;
      while (target < lines.length && /^[ \t\r]*(#|$)/.test(lines[target] as string)) target++;
      const start = offset + content.indexOf("#");
      const end = offset + content.trimEnd().length;
      yield { code: match[1] ?? "", reason: match[2] ?? "", line: target + 1, start, end };
    }
    offset += content.length + 1;
  }
}
