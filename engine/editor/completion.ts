/**
 * What may be written at the cursor.
 *
 * Owns: keys, choices, symbols, bar sizes and codes of findings; expressions are in completion-expression.ts.
 */
import { CODES, isIgnorable } from "../lang/codes.ts";
import type { Code } from "../lang/codes.ts";
import type { Diagnostic, Span } from "../lang/diagnostic.ts";
import type { Path } from "../lang/yaml-file.ts";
import type { Schema } from "../lang/schema-parts.ts";
import { asLines, asValue, beginningsAt } from "./beginnings.ts";
import { expressionItems } from "./completion-expression.ts";
import { typedAt } from "./cursor.ts";
import type { TypedKey, TypedValue } from "./cursor.ts";
import type { EditorFile, Project } from "./editor-file.ts";
import { expressionKind } from "./expressions.ts";
import { fileNames, givenChoices, givenKeys, givenKind, placeholderItems } from "./completion-inputs.ts";
import { keyMarkdown } from "./markdown.ts";
import { choicesAt, choicesOf, keysAt, schemaOf, takesMapping } from "./schema-at.ts";
import type { Key } from "./schema-at.ts";
import { scopeOf } from "./scope-of.ts";
import { BAR_SIZES } from "./words-of-language.ts";

export type ItemKind =
  | "key"
  | "choice"
  | "indicator"
  | "fact"
  | "function"
  | "param"
  | "condition"
  | "word"
  | "symbol"
  | "beginning"
  | "code";

export interface Item {
  readonly label: string;
  readonly kind: ItemKind;
  /** A few words beside the label. */
  readonly detail: string;
  readonly markdown: string;
  /** What is written, with `$1` and `${1:…}` where the cursor stops. */
  readonly snippet: string;
  /** What it replaces. */
  readonly span: Span;
  /** Smaller comes first. */
  readonly rank: number;
}

export interface CompletionFrame {
  readonly project: Project;
  /** Symbols that the files of the project name. */
  readonly symbols: () => readonly string[];
  /** What is found in this file when it says this. */
  readonly findings: (text: string) => readonly Diagnostic[];
}

export function completionsAt(file: EditorFile, offset: number, frame: CompletionFrame): readonly Item[] {
  const codes = exceptionItems(file.text, offset, frame);
  if (codes !== undefined) return codes;
  const inputs = placeholderItems(file, offset, frame.project);
  if (inputs !== undefined) return inputs;
  const found: Item[] = [];
  for (const typed of typedAt(file.path, file.text, offset)) {
    if (typed.part === "key")
      found.push(...keyItems(file, typed, offset, frame.project), ...symbolKeys(file, typed, offset, frame));
    else found.push(...valueItems(file, typed, offset, frame));
  }
  return [...new Map(found.map((item) => [`${item.kind} ${item.label}`, item])).values()];
}

/** Dollar signs and braces of plain text in a snippet. */
export function plain(text: string): string {
  return text.replaceAll(/[\\$}]/g, (sign) => `\\${sign}`);
}

// ------------------------------------------------------------------------------------------------ exceptions

/** Behind `# lint-ignore`: the codes that may be overruled, those of the next line first. */
function exceptionItems(text: string, offset: number, { findings }: CompletionFrame): readonly Item[] | undefined {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const found = /^[ \t]*# *lint-ignore[ \t]+([\w/-]*)$/.exec(text.slice(start, offset));
  if (found === null) return undefined;
  const word = found[1] ?? "";
  const line = text.slice(0, start).split("\n").length;
  // Half a comment is an error, and errors keep the rest of the file from being judged.
  const without = text.slice(0, start) + " ".repeat(offset - start) + text.slice(offset);
  const near = new Set(
    findings(without)
      .filter((one) => one.line > line && one.line <= line + 2)
      .map((one) => one.code),
  );
  const rest = /^[\w/-]*([^\n]*)/.exec(text.slice(offset))?.[1] ?? "";
  return (Object.keys(CODES) as Code[]).filter(isIgnorable).map((code) => ({
    label: code,
    kind: "code",
    detail: CODES[code].severity,
    markdown: CODES[code].why,
    snippet: rest.trim() === "" ? `${code} -- \${1:reason}` : code,
    span: { start: offset - word.length, end: offset },
    rank: near.has(code) ? 0 : 1,
  }));
}

// ------------------------------------------------------------------------------------------------ keys

function keyItems(file: EditorFile, typed: TypedKey, offset: number, project: Project): readonly Item[] {
  if (file.kind === "strategy" && typed.path.join() === "with") return givenKeys(file, typed, offset, project);
  const root = schemaOf(file.kind);
  if (root === undefined) return [];
  const keys = keysAt(root, typed.path).filter(({ name }) => !typed.siblings.includes(name));
  const span = { start: offset - typed.word.length, end: offset };
  const items = keys.map((key, index): Item => ({
    label: key.name,
    kind: "key",
    detail: key.required ? "required" : "",
    markdown: keyMarkdown(key),
    snippet: typed.hasColon ? key.name : `${key.name}:${valueSnippet(key, typed)}`,
    span,
    rank: (key.required ? 0 : 1000) + index,
  }));
  return typed.siblings.length > 0 || typed.hasColon ? items : [...items, ...wholeMappings(file, root, typed, span)];
}

/** What a test plays is told by symbol. */
function symbolKeys(file: EditorFile, typed: TypedKey, offset: number, { symbols }: CompletionFrame): readonly Item[] {
  const [tests, , data] = typed.path;
  const isData = ["bars", "trades", "quotes", "history"].includes(String(data));
  if (file.kind !== "test" || tests !== "tests" || !isData || typed.path.length !== 3) return [];
  const span = { start: offset - typed.word.length, end: offset };
  const open = symbols().filter((symbol) => !typed.siblings.includes(symbol));
  return open.map((symbol, rank): Item => {
    const label = quotedSymbol(symbol);
    const snippet = typed.hasColon ? label : `${label}: $1`;
    return { label, kind: "symbol", detail: "", markdown: "", snippet, span, rank };
  });
}

/** Where nothing stands yet, a whole beginning. */
function wholeMappings(file: EditorFile, root: Schema, { path, isFlow }: TypedKey, span: Span): readonly Item[] {
  const lineStart = file.text.lastIndexOf("\n", span.start - 1) + 1;
  // Editors repeat the blanks of the line; the dash before the first key is one more step in.
  const pad = (/^\s*((?:- +)*)/.exec(file.text.slice(lineStart, span.start))?.[1] ?? "").replaceAll("-", " ");
  return beginningsAt(root, path).flatMap(({ label, doc, body }, index): Item[] => {
    const lines = isFlow ? undefined : asLines(body, pad);
    return lines === undefined ? [] : [beginning(label, doc, lines, span, index)];
  });
}

function beginning(label: string, doc: string, snippet: string, span: Span, index: number): Item {
  return { label, kind: "beginning", detail: doc, markdown: "", snippet, span, rank: 2_000 + index };
}

/** Keys whose value is several lines in every file. */
const BLOCKS: Readonly<Record<string, string>> = {
  rules: "\n  - name: ${1:enter}\n    when: $2\n    then: $3",
  params: "\n  $1",
  facts: "\n  $1",
  conditions: "\n  $1",
  tests: "\n  - name: $1\n    bars: { $2 }\n    expect: $3",
};

function valueSnippet({ name, schema }: Key, { isFlow, path }: TypedKey): string {
  const block = Object.hasOwn(BLOCKS, name) && path.length === 0 && !isFlow ? BLOCKS[name] : undefined;
  if (block !== undefined) return block;
  const choices = choicesOf(schema);
  if (choices.length === 1) return ` ${plain(choices[0]?.value ?? "")}`;
  if (choices.length > 1) return ` \${1|${choices.map(({ value }) => value).join(",")}|}`;
  if (schema["type"] === "array") return " [$1]";
  if (takesMapping(schema) && [schema["type"]].flat().every((one) => one === "object" || one === "null"))
    return " { $1 }";
  return " $1";
}

// ------------------------------------------------------------------------------------------------ values

function valueItems(file: EditorFile, typed: TypedValue, offset: number, frame: CompletionFrame): readonly Item[] {
  const { path, before } = typed;
  const kind = expressionKind(file.kind, path) ?? givenKind(file, path, frame.project);
  const isApproval = path.includes("approval");
  const scope = { definitions: scopeOf(file, frame.project), symbols: frame.symbols, isApproval };
  if (kind === "message") {
    const open = /\{([^{}]*)$/.exec(before)?.[1];
    return open === undefined ? [] : expressionItems(open, "number", offset, scope);
  }
  const start = offset - (/[\w./-]*$/.exec(before)?.[0].length ?? 0);
  const root = schemaOf(file.kind);
  const isBlank = /^[\w-]*$/.test(before);
  const whole = (root === undefined || !isBlank ? [] : beginningsAt(root, path)).map(({ label, doc, body }, index) =>
    beginning(label, doc, asValue(body, typed.isFlow), { start, end: offset }, index),
  );
  if (kind !== undefined) return [...expressionItems(before, kind, offset, scope), ...whole];
  const words = [...wordsAt(file, path, frame)];
  const doc = (value: string): string =>
    root === undefined ? "" : (choicesAt(root, path).find((one) => one.value === value)?.doc ?? "");
  const items = words.map(([value, itemKind], rank): Item => ({
    label: value,
    kind: itemKind,
    detail: "",
    markdown: doc(value),
    snippet: plain(value),
    span: { start, end: offset },
    rank,
  }));
  return [...items, ...whole];
}

/** Words that may stand alone as a value. */
function* wordsAt(
  file: EditorFile,
  path: Path,
  { project, symbols }: CompletionFrame,
): Generator<readonly [string, ItemKind]> {
  const root = schemaOf(file.kind);
  if (root !== undefined) for (const { value } of choicesAt(root, path)) yield [value, "choice"];
  const [last, list] = [path.at(-1), path.at(-2)];
  if (last === "on") for (const size of BAR_SIZES) yield [size, "choice"];
  if (last === "symbol" || (list === "symbols" && typeof last === "number")) {
    for (const symbol of symbols()) yield [quotedSymbol(symbol), "symbol"];
  }
  for (const value of givenChoices(file, path, project)) yield [value, "choice"];
  yield* fileNames(file, path, project);
  if (file.kind === "test" && last === "rule") {
    for (const { definition } of scopeOf(file, project))
      if (definition.section === "rules") yield [definition.name, "word"];
  }
}

/** YAML reads some symbols as something else. */
function quotedSymbol(symbol: string): string {
  return /^(?:true|false|null|~|[\d.+-]+)$/i.test(symbol) ? JSON.stringify(symbol) : symbol;
}
