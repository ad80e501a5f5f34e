/**
 * `# lint-ignore code -- reason` on the line above a finding.
 *
 * Owns: which findings a person has overruled. A reason is required; an exception that matches nothing is a finding.
 */
import { isCode, isIgnorable } from "./codes.ts";
import { Findings } from "./diagnostic.ts";
import type { Diagnostic } from "./diagnostic.ts";

interface Exception {
  readonly code: string;
  readonly reason: string;
  /** The line it speaks for: the next that is no comment and not empty. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

const PATTERN = /^[ \t]*# *lint-ignore\b[ \t]*([^\s]*)[ \t]*(?:--[ \t]*(.*?))?[ \t]*\r?$/;

export function applyExceptions(file: string, text: string, found: readonly Diagnostic[]): Diagnostic[] {
  if (!text.includes("lint-ignore")) return [...found];
  const own = new Findings(file, text);
  let kept = [...found];
  for (const exception of exceptionsIn(text)) {
    const { code, reason, line } = exception;
    if (!isCode(code)) {
      const message = code === "" ? "lint-ignore needs a code" : `There is no finding "${code}"`;
      own.report("schema/ignore", exception, message, "Write: # lint-ignore risk/no-exit -- reason");
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
    if (kept.length === before) {
      own.report(
        "schema/unused-ignore",
        exception,
        `Nothing on line ${line} has the finding ${code}`,
        "Remove the comment.",
      );
    }
  }
  return [...kept, ...own.list()];
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
