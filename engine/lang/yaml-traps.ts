/**
 * Traps of YAML that leave a valid file with another meaning.
 *
 * Owns: comments that swallow a part of an expression, and commas inside `{…}` that cut one in two.
 */
import { isMap, isPair, isSeq, Scalar, visit } from "yaml";
import type { Node } from "yaml";
import { advice, editing } from "./fix.ts";
import { callInQuotes } from "./fix-quotes.ts";
import { spanOfNode } from "./yaml-file.ts";
import type { YamlFile } from "./yaml-file.ts";

/** What follows ` #` reads like a part of an expression and not like a remark. */
const SWALLOWED = [
  /^#[\w(<>=]/,
  /^#\s*[<>=+*/-]=?\s*[\d(]/,
  /^#\s*(and|or|not)\b.*([<>=]|\bcrosses\b|\bbetween\b)/,
  /^#\s*(for|within)\s+\d+\s*(bars?\b|[smhd]\b)/,
  /^#\s*then\b.*\bwithin\b/,
];

export function checkTraps(file: YamlFile): void {
  const { document } = file;
  if (document === undefined) return;
  visit(document, {
    Scalar(key, node, path) {
      if (key === "key") {
        checkKey(file, node, path.at(-2));
        return;
      }
      if (typeof node.value !== "string" || node.type !== Scalar.PLAIN) return;
      checkComment(file, node);
      checkComma(file, node, path.at(-1));
    },
  });
}

function checkComment(file: YamlFile, node: Scalar): void {
  const end = node.range?.[1] ?? 0;
  const lineEnd = file.text.indexOf("\n", end);
  const rest = file.text.slice(end, lineEnd < 0 ? undefined : lineEnd).replace(/\r$/, "");
  const hash = /^[ \t]+(#.*)$/.exec(rest);
  if (hash === null) return;
  const comment = (hash[1] as string).trimEnd();
  const open = count(String(node.value), "(") > count(String(node.value), ")");
  if (!open && !SWALLOWED.some((pattern) => pattern.test(comment))) return;
  const start = end + rest.indexOf("#");
  const words = "Put a space after # when it is a remark; quote the value when it is not.";
  const help = advice(
    words,
    editing("Make it a remark", false, () =>
      comment.startsWith("# ") ? undefined : [{ start: start + 1, end: start + 1, text: " " }],
    ),
    editing("Take it into the value", false, ({ source }) => {
      const value = source({ start: node.range?.[0] ?? 0, end: start + comment.length });
      return /["\n\\]/.test(value)
        ? undefined
        : [{ start: node.range?.[0] ?? 0, end: start + comment.length, text: JSON.stringify(value) }];
    }),
  );
  file.findings.report(
    "yaml/comment-in-expression",
    { start, end: start + comment.length },
    `"${comment.slice(0, 40)}" is a comment and not part of the value`,
    help,
  );
}

/** `{stop: atr(14, on: 1d)}`: in flow style the comma ends the text. */
function checkComma(file: YamlFile, node: Scalar, parent: unknown): void {
  const flow = (isMap(parent) || isSeq(parent) || isPair(parent)) && isInFlow(file, node);
  const text = String(node.value);
  if (flow && count(text, "(") > count(text, ")")) reportComma(file, node, text);
}

function checkKey(file: YamlFile, node: Scalar, parent: unknown): void {
  const text = String(node.value);
  if (isMap(parent) && parent.flow === true && count(text, "(") > count(text, ")")) reportComma(file, node, text);
}

function reportComma(file: YamlFile, node: Node, text: string): void {
  const message = `"${text.slice(0, 40)}" is cut at the comma`;
  const help = advice("Quote the expression, or write it on a line of its own.", callInQuotes());
  file.findings.report("yaml/comma-in-flow", spanOfNode(node) ?? { start: 0, end: 0 }, message, help);
}

function isInFlow(file: YamlFile, node: Scalar): boolean {
  const after = /^\s*(.)/.exec(file.text.slice(node.range?.[1] ?? 0))?.[1];
  const begin = node.range?.[0] ?? 0;
  const before = file.text.slice(Math.max(0, begin - 200), begin).trimEnd();
  return after === "," || ((after === "}" || after === "]") && /[,[{:]$/.test(before));
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
