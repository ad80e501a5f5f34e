/**
 * What the thing under the cursor is.
 *
 * Owns: choosing whose documentation answers: the schema's, the catalogue's, the language's or the file's own.
 */
import { isScalar } from "yaml";
import type { Scalar } from "yaml";
import { described } from "../catalog/describe.ts";
import { INDICATORS } from "../catalog/catalog.ts";
import { FACTS } from "../catalog/facts.ts";
import { CODES, isCode } from "../lang/codes.ts";
import type { Span } from "../lang/diagnostic.ts";
import { placesOf } from "../lang/places.ts";
import type { Places } from "../lang/places.ts";
import { tokenize } from "../lang/tokens.ts";
import type { Token } from "../lang/tokens.ts";
import { placeAt } from "./cursor.ts";
import type { EditorFile, Project } from "./editor-file.ts";
import { expressionKind } from "./expressions.ts";
import { code, factMarkdown, keyMarkdown, outputMarkdown } from "./markdown.ts";
import type { Meaning } from "./meaning.ts";
import type { Definition } from "./names.ts";
import { nameAt, sourceOf } from "./navigation.ts";
import { choicesAt, keysAt, schemaOf } from "./schema-at.ts";
import { scopeOf, wordIn } from "./scope-of.ts";
import type { Scoped } from "./scope-of.ts";
import { ACTIVITY_DOCS, ARGUMENT_DOCS, signDoc, WORD_DOCS } from "./words-of-language.ts";

export interface Hover {
  readonly markdown: string;
  readonly span: Span;
}

export interface HoverFrame {
  readonly project: Project;
  /** What a definition comes to, where that is known. */
  readonly meaning: (path: string, definition: Definition) => Meaning | undefined;
}

export function hoverAt(file: EditorFile, offset: number, frame: HoverFrame): Hover | undefined {
  const exception = exceptionAt(file.text, offset);
  if (exception !== undefined) return exception;
  const input = nameAt(file, offset, frame.project);
  if (input?.definition.section === "inputs") return { markdown: definitionText(input, frame), span: input.at };
  const place = placeAt(file.yaml, offset);
  const [start, end] = place?.node.range ?? [0, 0];
  if (place === undefined) return undefined;
  const span = { start, end };
  const root = schemaOf(file.kind);
  if (place.part === "key") {
    const name = String(place.node.value);
    const own = scopeOf(file, frame.project).find(
      ({ definition }) => definition.span.start <= offset && offset <= definition.span.end,
    );
    if (own !== undefined && own.file === file) return { markdown: definitionText(own, frame), span };
    const key = root === undefined ? undefined : keysAt(root, place.path.slice(0, -1)).find((one) => one.name === name);
    return key === undefined ? undefined : { markdown: keyMarkdown(key), span };
  }
  const kind = expressionKind(file.kind, place.path);
  if (kind !== undefined && kind !== "message" && typeof place.node.value === "string") {
    return inExpression(file, place.node, offset, frame);
  }
  if (kind === "message") return inMessage(file, place.node, offset, frame);
  const value = String(place.node.value);
  const choice = root === undefined ? undefined : choicesAt(root, place.path).find((one) => one.value === value);
  return choice === undefined || choice.doc === "" ? undefined : { markdown: `**${value}**\n\n${choice.doc}`, span };
}

/** The code of a finding in a comment that overrules it. */
function exceptionAt(text: string, offset: number): Hover | undefined {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const found = /^([ \t]*# *lint-ignore[ \t]+)([\w/-]+)/.exec(text.slice(start, start + 200));
  const [, lead = "", name = ""] = found ?? [];
  const span = { start: start + lead.length, end: start + lead.length + name.length };
  if (found === null || offset < span.start || offset > span.end || !isCode(name)) return undefined;
  const { severity, why } = CODES[name];
  return { markdown: `**${name}** (${severity})\n\n${why}`, span };
}

// ------------------------------------------------------------------------------------------------ expressions

interface Placed {
  readonly token: Token;
  readonly index: number;
  readonly span: Span;
}

function inExpression(file: EditorFile, scalar: Scalar, offset: number, frame: HoverFrame): Hover | undefined {
  return inText(String(scalar.value), placesOf(file.text, scalar), { file, offset, frame });
}

function inMessage(file: EditorFile, scalar: unknown, offset: number, frame: HoverFrame): Hover | undefined {
  if (!isScalar(scalar) || typeof scalar.value !== "string") return undefined;
  const place = placesOf(file.text, scalar);
  for (const { index, 1: inner = "" } of scalar.value.matchAll(/\{([^{}]*)\}/g)) {
    const found = inText(inner, (at, side) => place(index + 1 + at, side), { file, offset, frame });
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Asked {
  readonly file: EditorFile;
  readonly offset: number;
  readonly frame: HoverFrame;
}

function inText(text: string, place: Places, asked: Asked): Hover | undefined {
  const tokens = tokenize(text);
  if ("message" in tokens) return undefined;
  const placed = tokens.map((token, index): Placed => {
    const start = place(token.start);
    return { token, index, span: { start, end: token.end > token.start ? place(token.end - 1, "end") : start } };
  });
  const here = placed.findLast(
    ({ span, token }) => token.kind !== "end" && span.start <= asked.offset && asked.offset <= span.end,
  );
  if (here === undefined) return undefined;
  const markdown = ofToken(here, tokens, asked);
  return markdown === undefined ? undefined : { markdown, span: here.span };
}

function ofToken(
  { token, index, span }: Placed,
  tokens: readonly Token[],
  { file, offset, frame }: Asked,
): string | undefined {
  if (token.kind === "sign") {
    const doc = signDoc(token.text);
    return doc === undefined ? undefined : `${code(token.text)}\n${doc}`;
  }
  if (token.kind === "word") {
    // `last` is a word behind `within`, and a fact anywhere else.
    const isFact = FACTS.has(token.text) && tokens[index - 1]?.text !== "within";
    return isFact ? nameText(token.text, 0, [], frame) : wordText(tokens, index);
  }
  if (token.kind !== "name") return undefined;
  const [before, after] = [tokens[index - 1], tokens[index + 1]];
  if (before?.kind === "number" && tokens[index - 2]?.text === ":" && tokens[index - 3]?.text === "on") {
    const amount = ACTIVITY_DOCS[token.text];
    return amount === undefined ? undefined : `${code(amount.usage)}\n${amount.doc}`;
  }
  const call = callAround(tokens, index);
  if (after?.text === ":" && call !== undefined) return argumentText(call, token.text);
  if (before?.text === ":" || before === undefined || before.text !== ".") {
    return before?.text === ":" && isWordArgument(tokens[index - 2])
      ? undefined
      : nameText(token.text, offset - span.start, after?.text === "(" ? [] : scopeOf(file, frame.project), frame);
  }
  const entry = described(callBefore(tokens, index - 1) ?? "");
  return entry === undefined ? undefined : outputMarkdown(entry, token.text);
}

function isWordArgument(token: Token | undefined): boolean {
  return token !== undefined && ["on", "symbol", "output", "source"].includes(token.text);
}

function wordText(tokens: readonly Token[], index: number): string | undefined {
  const word = (tokens[index] as Token).text;
  const both = [
    [index, index + 1],
    [index - 1, index],
  ].map(([a = 0, b = 0]) => `${tokens[a]?.text} ${tokens[b]?.text}`);
  const found = both.find((one) => WORD_DOCS.has(one)) ?? word;
  const doc = WORD_DOCS.get(found);
  return doc === undefined ? undefined : `${code(doc.usage)}\n${doc.doc}`;
}

/** `at`: how far into the word the cursor is; in `band.upper` each half has its own answer. */
function nameText(text: string, at: number, scope: readonly Scoped[], frame: HoverFrame): string | undefined {
  const own = wordIn(scope, text.split(".", 1)[0] as string);
  const dot = text.indexOf(".");
  if (own !== undefined) {
    const output = dot > 0 && at > dot ? text.slice(dot + 1) : undefined;
    return (output === undefined ? undefined : outputOf(own, output)) ?? definitionText(own, frame);
  }
  const whole = described(text);
  if (whole !== undefined) return factMarkdown(whole);
  const entry = dot > 0 ? described(text.slice(0, dot)) : undefined;
  if (entry === undefined) return undefined;
  return at > dot ? outputMarkdown(entry, text.slice(dot + 1)) : factMarkdown(entry);
}

function outputOf({ file, definition }: Scoped, output: string): string | undefined {
  const name = /^\w+/.exec(sourceOf(file, definition.value).replace(/^["']/, ""))?.[0] ?? "";
  const entry = described(name);
  return entry === undefined ? undefined : outputMarkdown(entry, output);
}

function argumentText(call: string, name: string): string | undefined {
  const param = described(call)?.params.find((one) => one.name === name);
  if (param !== undefined) return `**${name}** of ${call} (${param.values})\n\n${param.doc}`;
  const doc = INDICATORS.has(call) || described(call) !== undefined ? ARGUMENT_DOCS[name] : undefined;
  return doc === undefined ? undefined : `**${name}**\n\n${doc}`;
}

/** The call whose parentheses are open at a token. */
function callAround(tokens: readonly Token[], index: number): string | undefined {
  let depth = 0;
  for (let i = index - 1; i >= 0; i--) {
    const { kind, text } = tokens[i] as Token;
    if (kind !== "sign") continue;
    if (text === ")") depth++;
    if (text === "(" && depth-- === 0) return tokens[i - 1]?.kind === "name" ? tokens[i - 1]?.text : undefined;
  }
  return undefined;
}

/** `bollinger(20, 2).`: the call that ends before the dot. */
function callBefore(tokens: readonly Token[], dot: number): string | undefined {
  return tokens[dot - 1]?.text === ")" ? callAround(tokens, dot - 1) : undefined;
}

const KINDS: Readonly<Record<Definition["section"], string>> = {
  inputs: "An input of this template",
  params: "A param of this strategy",
  facts: "A fact of this strategy",
  conditions: "A condition of this strategy",
  rules: "A rule of this strategy",
};

function definitionText({ file, definition }: Scoped, { meaning }: HoverFrame): string {
  const { name, section, value } = definition;
  const lines = [code(`${name}: ${sourceOf(file, value)}`), `${KINDS[section]}.`];
  const found = meaning(file.path, definition);
  if (found !== undefined) {
    const bars = found.warmup ?? 0;
    lines.push("", "Canonical:", "", code(found.words.join("\n")));
    if (section === "facts")
      lines.push(bars === 0 ? "Known at once." : `Warm-up: ${bars} ${bars === 1 ? "bar" : "bars"}.`);
  }
  return lines.join("\n");
}
