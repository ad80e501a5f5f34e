/**
 * `barwise fmt`: one layout for all files, every comment kept, no meaning changed.
 *
 * Owns: which files can be formatted, and the proof that a formatted file says what it said before.
 * May not: read or write anything.
 */
import { isScalar, visit } from "yaml";
import { invariant } from "../core/assert.ts";
import { compile } from "./compile.ts";
import type { FileTexts } from "./compile.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { sameExpression } from "./format-expression.ts";
import { inlineOf, printGroup } from "./format-print.ts";
import { isFormattable, shapeOfFile } from "./format-shape.ts";
import { commentsOf, lineStart, LINT_IGNORE, treeOf } from "./format-tree.ts";
import type { Comment } from "./format-tree.ts";
import { readYaml } from "./yaml-file.ts";
import type { YamlFile } from "./yaml-file.ts";

export interface Formatted {
  readonly file: string;
  /** The text as it should be; the text as it is where it cannot be formatted. */
  readonly text: string;
  /** Why it was left alone: errors of YAML. */
  readonly findings: readonly Diagnostic[];
  /** Why it was left alone, in words. */
  readonly note?: string;
}

/** Formats every file of a kind that it knows. */
export function formatFiles(files: FileTexts): readonly Formatted[] {
  const paths = Object.keys(files).filter(isFormattable).sort();
  const formatted = paths.map((path) => formatText(path, files[path] as string));
  const changed = formatted.filter(({ file, text }) => text !== files[file]);
  if (changed.length === 0) return formatted;
  if (keepsMeaning(files, { ...files, ...textsOf(changed) }, "the files")) return formatted;
  return formatted.map((one) => (one.text === files[one.file] ? one : gently(files, one)));
}

export { isFormattable };

/** One file by itself. The text comes back as it is when YAML refuses it or when it uses rare YAML. */
export function formatText(file: string, text: string, keepLayout = false): Formatted {
  const source = text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  const yaml = readYaml(file, source);
  const { contents } = yaml.document ?? {};
  if (yaml.data === undefined || contents === undefined || contents === null) {
    return { file, text, findings: readYaml(file, text).findings.list() };
  }
  const note = rareYaml(source, yaml);
  if (note !== undefined) return { file, text, findings: [], note };
  const result = layout(source, yaml, { file, keepLayout });
  prove(yaml, readYaml(file, result), file);
  return { file, text: result, findings: [] };
}

function layout(
  text: string,
  { document }: YamlFile,
  { file, keepLayout }: { readonly file: string; readonly keepLayout: boolean },
): string {
  const contents = document?.contents;
  invariant(contents !== undefined && contents !== null, "a file that was read has contents");
  const [start] = contents.range;
  const root = treeOf(text, contents, start);
  const shape = shapeOfFile(file);
  const head = text
    .slice(0, lineStart(text, start))
    .split("\n")
    .slice(0, -1)
    .map((line) => line.trim())
    .filter((line, index, all) => line !== "" || all[index - 1] !== "");
  const line = inlineOf(root, shape, { text, keepLayout });
  if (line !== undefined && (line.length <= 120 || keepLayout)) return finished([...head, ...above(root.tail), line]);
  const body = printGroup(root, shape, 0, { text, keepLayout });
  const [first] = root.items;
  // An exception above the first key speaks about that key and goes where it goes.
  const own = head.filter((one) => LINT_IGNORE.test(one));
  if (own.length === 0 || first === undefined || keepLayout) return finished([...head, ...body]);
  first.lead.unshift(...own.map((one): Comment => ({ text: one, blank: false })));
  const moved = printGroup(root, shape, 0, { text, keepLayout });
  if (moved.join("\n").startsWith(`${own[0]}\n`)) return finished([...head, ...body]);
  return finished([...head.filter((one) => !LINT_IGNORE.test(one)), ...moved]);
}

function above(comments: readonly Comment[]): string[] {
  return comments.map(({ text }) => text);
}

function finished(lines: readonly string[]): string {
  // Nothing but line ends: a word may end with a wide space, and the last line of a block with blanks.
  return `${lines.join("\n").replace(/^\n+|\n+$/g, "")}\n`;
}

/** YAML that no strategy needs and that this printer does not know. */
function rareYaml(text: string, { document }: YamlFile): string | undefined {
  if (/^(?:%|\.\.\.)/m.test(text)) return "it has YAML directives";
  // Reading has replaced what it could not read; writing that back would lose it.
  if (text.includes("\ufffd")) return "it has bytes that are no UTF-8";
  if (text.includes("\r")) return "it has a carriage return inside a line";
  if (/^--- *[^ \n#]/m.test(text)) return "its first key stands behind ---";
  let found: string | undefined;
  if (document === undefined) return undefined;
  visit(document, {
    Pair(_, { key }) {
      const [at] = (isScalar(key) ? key.range : undefined) ?? [0];
      if (/\?\s+(?:#[^\n]*\s+)*$/.test(text.slice(lineStart(text, at), at))) found = "it has an explicit key (?)";
      // In brackets a colon or a quote may stand inside a word; on a line of its own it may not.
      if (isScalar(key) && key.type === "PLAIN" && /[:#"'()[\]{},&*!|>%@`\\]/.test(key.source ?? "")) {
        found = "it has keys with special characters";
      }
      if (isScalar(key) && String(key.value).includes("\n")) found = "it has a key of several lines";
    },
    Collection(_, node) {
      if (node.tag !== undefined) found = "it has tags";
    },
    Scalar(_, node) {
      if (node.tag !== undefined) found = "it has tags";
      // What follows it may have been read as a part of an argument: another layout would read otherwise.
      if (node.type === "PLAIN" && isOpen(String(node.value))) found = "it has a parenthesis that nothing closes";
      if (/^[|>]\d*\+/.test(text.slice(node.range?.[0]))) found = "it has text that keeps its last empty lines (|+)";
    },
  });
  return found;
}

function isOpen(text: string): boolean {
  return text.split("(").length > text.split(")").length;
}

/** Refuses to go on when the data or a comment is not what it was. */
function prove(before: YamlFile, after: YamlFile, file: string): void {
  invariant(after.data !== undefined, `${file}: the formatted text cannot be read`);
  invariant(isSame(before.data, after.data), `${file}: the formatted text says something else`);
  const comments = ({ text, document }: YamlFile): string =>
    commentsOf(text, document?.contents)
      .map((comment) => comment.text)
      .sort()
      .join("\n");
  invariant(comments(before) === comments(after), `${file}: the formatted text has lost a comment`);
}

/** Same data, but for the spelling of expressions. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === "string" && typeof b === "string") return a === b || sameExpression(a, b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  const right = b as Readonly<Record<string, unknown>>;
  if (left.length !== Object.keys(right).length) return false;
  return left.every(([key, value]) => Object.hasOwn(right, key) && isSame(value, right[key]));
}

interface Meaning {
  /** Undefined when the files have errors. */
  readonly digest: string | undefined;
  readonly findings: string;
}

/** The program's digest and what is found in which file: exceptions must go on silencing what they silenced. */
function meaningOf(files: FileTexts): Meaning {
  const { program, diagnostics } = compile(files);
  const findings = diagnostics.map(({ file, code }) => `${file} ${code}`).sort();
  return { digest: program?.digest, findings: findings.join("\n") };
}

function keepsMeaning(before: FileTexts, after: FileTexts, file: string): boolean {
  const [a, b] = [meaningOf(before), meaningOf(after)];
  const isOtherProgram = a.digest !== undefined && b.digest !== undefined && a.digest !== b.digest;
  invariant(!isOtherProgram, `${file}: the formatted text is another program`);
  return a.findings === b.findings && a.digest === b.digest;
}

/** Where a moved line has lost its exception, only blanks are touched; where that does not help either, nothing is. */
function gently(files: FileTexts, one: Formatted): Formatted {
  const { file } = one;
  const text = files[file] as string;
  const isFine = (changed: string): boolean => keepsMeaning({ [file]: text }, { [file]: changed }, file);
  if (isFine(one.text)) return one;
  const gentle = formatText(file, text, true);
  if (isFine(gentle.text)) return gentle;
  return { file, text, findings: [], note: "a lint-ignore in it would speak about another line" };
}

function textsOf(formatted: readonly Formatted[]): FileTexts {
  return Object.fromEntries(formatted.map(({ file, text }) => [file, text]));
}
