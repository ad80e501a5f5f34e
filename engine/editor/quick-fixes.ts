/**
 * What an editor offers to do about a finding.
 *
 * Owns: the corrections that findings carry, and the comment that overrules one. The reason of such a comment is left
 * to the person: without it the comment is itself a finding.
 */
import { isScalar, visit } from "yaml";
import { isIgnorable } from "../lang/codes.ts";
import type { Diagnostic, Span } from "../lang/diagnostic.ts";
import { safeFix } from "../lang/fix.ts";
import type { Edit } from "../lang/fix.ts";
import type { EditorFile } from "./editor-file.ts";

export interface QuickFix {
  readonly title: string;
  readonly edits: readonly Edit[];
  readonly finding: Diagnostic;
  /** The usual one: what `lint --fix` would do. */
  readonly preferred: boolean;
}

/** For the findings that touch a place. */
export function quickFixes(file: EditorFile, span: Span, findings: readonly Diagnostic[]): readonly QuickFix[] {
  const here = findings.filter((one) => one.file === file.path && one.start <= span.end && span.start <= one.end);
  return here.flatMap((finding) => {
    const safe = safeFix(finding);
    const corrections = finding.fixes.map((fix): QuickFix => ({
      title: fix.title,
      edits: fix.edits,
      finding,
      preferred: fix === safe,
    }));
    const overruling = ignoring(file, finding);
    return overruling === undefined ? corrections : [...corrections, overruling];
  });
}

function ignoring({ text, yaml }: EditorFile, finding: Diagnostic): QuickFix | undefined {
  if (!isIgnorable(finding.code)) return undefined;
  const start = text.lastIndexOf("\n", finding.start - 1) + 1;
  if (isInsideScalar(yaml.document, start)) return undefined;
  const indent = /^[ \t]*/.exec(text.slice(start, start + 1_000))?.[0] ?? "";
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const comment = `${indent}# lint-ignore ${finding.code} -- ${end}`;
  return {
    title: `Overrule ${finding.code} here (write the reason behind --)`,
    edits: [{ start, end: start, text: comment }],
    finding,
    preferred: false,
  };
}

/** A comment in the middle of a text of several lines would become a part of it. */
function isInsideScalar(document: EditorFile["yaml"]["document"], offset: number): boolean {
  let inside = false;
  if (document === undefined) return true;
  visit(document, {
    Scalar(_, node) {
      if (isScalar(node) && node.range !== null && node.range !== undefined) {
        const [from, to] = node.range;
        if (from < offset && offset < to) inside = true;
      }
      return inside ? visit.BREAK : undefined;
    },
  });
  return inside;
}
