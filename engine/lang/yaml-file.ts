/**
 * Reading YAML that strangers wrote.
 *
 * Owns: limits, refusals with places, and the way from a path in the data to a place in the file.
 * May not: know what a strategy is. Never throws: a hostile file makes findings.
 */
import { isAlias, isMap, isNode, isScalar, isSeq, parseDocument, Scalar, visit } from "yaml";
import type { Document, Node, ParsedNode } from "yaml";
import { Findings } from "./diagnostic.ts";
import type { Span } from "./diagnostic.ts";
import type { Edit, Proposal } from "./fix.ts";
import { advice, editing } from "./fix.ts";
import { needsShield, shield, SHIELD, unshield } from "./shield.ts";
import { sentenceOf } from "./yaml-sentences.ts";

export type Path = readonly (string | number)[];

const MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 64;

export interface YamlFile {
  readonly findings: Findings;
  /** The file's text as the offsets of findings count it. */
  readonly text: string;
  /** Plain data; undefined when the file could not be read. */
  readonly data: Record<string, unknown> | undefined;
  readonly document: Document.Parsed | undefined;
}

export function readYaml(file: string, text: string): YamlFile {
  const findings = new Findings(file, text);
  const unread: YamlFile = { findings, text, data: undefined, document: undefined };
  if (!isReadable(text, findings)) return unread;
  const document = parse(text, findings);
  if (document === undefined || findings.hasErrors || !isPlain(text, document, findings)) return unread;
  if (!isMap(document.contents)) {
    const span = firstLine(text, spanOfNode(document.contents) ?? { start: 0, end: 0 });
    const help = "Begin with: barwise: 1";
    findings.report("yaml/not-a-mapping", span, `Expected a mapping, found ${typeOf(document.contents)}`, help);
    return unread;
  }
  const data = document.toJS({ maxAliasCount: 0 }) as Record<string, unknown>;
  return { findings, text, data, document };
}

/**
 * For editors: the document as far as it can be read, with what YAML found to say. A half-typed file has one too; a
 * hostile one has none.
 */
export function readLoosely(file: string, text: string): YamlFile {
  const findings = new Findings(file, text);
  const document = isReadable(text, findings) ? parse(text, findings) : undefined;
  return { findings, text, data: undefined, document };
}

function isReadable(text: string, findings: Findings): boolean {
  if (text.length > MAX_BYTES) {
    const message = `This file is larger than ${MAX_BYTES / 1024} KB`;
    findings.report("yaml/too-large", { start: 0, end: 0 }, message, "Split it into several strategies.");
    return false;
  }
  const bad = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue001-\ufefe\uff00-\ufffd]/u.exec(text.replace(/^\ufeff/, " "));
  const code = bad?.[0].codePointAt(0) ?? 0;
  if (bad !== null && !(code > 0xffff)) {
    const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    const span = { start: bad.index, end: bad.index + 1 };
    const message = `The character ${name} has no place in a text file`;
    findings.report("yaml/control-character", span, message, advice("Remove it.", withoutControls(bad[0])));
    return false;
  }
  const { depth, at } = deepest(text);
  if (depth > MAX_DEPTH) {
    const message = `Nested more than ${MAX_DEPTH} levels deep`;
    findings.report("yaml/too-deep", { start: at, end: at + 1 }, message, "Use named conditions.");
    return false;
  }
  return true;
}

/** All of its kind, so that one file is one correction. */
function withoutControls(character: string): Proposal {
  return editing("Remove it", true, ({ source }) => {
    const text = source({ start: 0, end: Number.POSITIVE_INFINITY });
    const edits: Edit[] = [];
    for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1))
      edits.push({ start: at, end: at + 1, text: "" });
    return edits;
  });
}

/** An upper bound of the nesting, found without recursion: open brackets plus indented block levels. */
function deepest(text: string): { readonly depth: number; readonly at: number } {
  let brackets = 0;
  let dashes = 0;
  let lineStart = true;
  let indent = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === "\n") {
      lineStart = true;
      indent = 0;
      dashes = 0;
      continue;
    }
    if (lineStart && (character === " " || character === "-" || character === "?")) {
      indent++;
      if (character !== " ") dashes++;
      // `- - - -` nests with every dash; blanks nest at most with every one.
      if (dashes > MAX_DEPTH || indent > 16 * MAX_DEPTH) return { depth: MAX_DEPTH + 1, at: i };
      continue;
    }
    lineStart = false;
    if (character === "[" || character === "{") brackets++;
    else if ((character === "]" || character === "}") && brackets > 0) brackets--;
    if (brackets > MAX_DEPTH) return { depth: brackets, at: i };
  }
  return { depth: 0, at: 0 };
}

const OPTIONS = { version: "1.2", strict: true, uniqueKeys: true, stringKeys: true, prettyErrors: false } as const;

function parse(text: string, findings: Findings): Document.Parsed | undefined {
  let document: Document.Parsed = parseDocument(text, OPTIONS);
  if (needsShield(text) && (document.errors.length > 0 || hasOpenKey(document))) {
    const shielded: Document.Parsed = parseDocument(shield(text), OPTIONS);
    if (shielded.errors.length < document.errors.length || hasOpenKey(document)) document = withoutShield(shielded);
  }
  const lines = new Set<number>();
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    const [from, end] = pos;
    const said = sentenceOf(code, unshield(message), text, from);
    const start = from + (said.shift ?? 0);
    // One broken line makes YAML complain more than once, and about everything after it.
    const { line } = findings.position(start);
    const isEcho =
      said.code === "yaml/syntax" && (lines.has(line - 1) || (lines.size > 0 && message.includes("in YAML stream")));
    if (isEcho || lines.has(line) || lines.size >= 3) continue;
    lines.add(line);
    const width = said.width ?? Math.max(1, end - start);
    findings.report(said.code, { start, end: start + width }, said.message, said.help);
  }
  return document;
}

function hasOpenKey(document: Document.Parsed): boolean {
  let found = false;
  visit(document, {
    Pair(_, pair) {
      if (isScalar(pair.key) && typeof pair.key.value === "string" && /\([^)]*$/.test(pair.key.value)) found = true;
      return found ? visit.BREAK : undefined;
    },
  });
  return found;
}

function withoutShield(document: Document.Parsed): Document.Parsed {
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "string" && node.value.includes(SHIELD)) node.value = unshield(node.value);
      if (node.source !== undefined) node.source = unshield(node.source);
    },
  });
  return document;
}

/** Tags that only say again what a plain value is. */
const PLAIN_TAG = /^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)$/;

/** The tag of a node as it is written before its value. */
function tagAt(text: string, node: Node, end: number): string {
  if (node.tag === undefined) return "";
  return /![^\s]*\s*$/.exec(text.slice(Math.max(0, end - 200), end))?.[0].trim() ?? "";
}

/** Anchors, aliases, tags and depth. */
function isPlain(text: string, document: Document.Parsed, findings: Findings): boolean {
  let plain = true;
  visit(document, {
    Node(_, node, path) {
      const value = spanOfNode(node) ?? { start: 0, end: 0 };
      const mark = node.anchor !== undefined && !isAlias(node) ? `&${node.anchor}` : tagAt(text, node, value.start);
      const before = mark === "" ? -1 : text.lastIndexOf(mark, value.start);
      const span = before < 0 ? value : { start: before, end: before + mark.length };
      const refuse = (code: "yaml/anchor" | "yaml/tag" | "yaml/too-deep", message: string, help: string): symbol => {
        plain = false;
        findings.report(code, span, message, help);
        return visit.SKIP;
      };
      if (isAlias(node))
        return refuse(
          "yaml/anchor",
          "Aliases (*name) are not allowed",
          "Use params, facts or conditions to name things.",
        );
      if (node.anchor !== undefined && node.anchor !== "") {
        return refuse(
          "yaml/anchor",
          "Anchors (&name) are not allowed",
          "Use params, facts or conditions to name things.",
        );
      }
      if (node.tag !== undefined && !PLAIN_TAG.test(node.tag)) {
        return refuse("yaml/tag", `Tags (${mark}) are not allowed`, "Remove the tag.");
      }
      if (path.length > 2 * MAX_DEPTH) return refuse("yaml/too-deep", `Nested more than ${MAX_DEPTH} levels deep`, "");
      return undefined;
    },
  });
  return plain;
}

function typeOf(node: unknown): string {
  if (isSeq(node)) return "a list";
  if (isScalar(node) && node.value !== null) return `a ${typeof node.value}`;
  return "nothing";
}

export function spanOfNode(node: unknown): Span | undefined {
  if (!isNode(node) || node.range === null || node.range === undefined) return undefined;
  const [start, end] = node.range;
  return { start, end };
}

/** The YAML node at a path, or undefined. */
export function nodeAt(file: YamlFile, path: Path): ParsedNode | undefined {
  const node: unknown = file.document?.getIn(path, true);
  return isNode(node) ? (node as ParsedNode) : undefined;
}

/** Where the value at a path stands; the nearest parent when it is missing or empty. */
export function placeOf(file: YamlFile, path: Path): Span {
  for (let length = path.length; length >= 0; length--) {
    const here = path.slice(0, length);
    const node = length === 0 ? file.document?.contents : nodeAt(file, here);
    const span = spanOfNode(node);
    if (span !== undefined && span.end > span.start) return trimmed(file, node, span);
    const key = keyPlace(file, here);
    if (key !== undefined) return key;
  }
  return { start: 0, end: 0 };
}

/** A collection is shown by its first line: frames of whole blocks help nobody. */
function trimmed(file: YamlFile, node: unknown, span: Span): Span {
  if (isScalar(node) && (node.type === Scalar.BLOCK_FOLDED || node.type === Scalar.BLOCK_LITERAL)) {
    return { start: span.start, end: span.start + 1 };
  }
  return firstLine(file.text, span);
}

function firstLine(text: string, { start, end }: Span): Span {
  const line = text.slice(start, end).split("\n", 1)[0] as string;
  return { start, end: Math.min(text.length, start + Math.max(1, line.trimEnd().length)) };
}

/** Where the key of a path stands. */
export function keyPlace(file: YamlFile, path: Path): Span | undefined {
  const parent: unknown = path.length <= 1 ? file.document?.contents : nodeAt(file, path.slice(0, -1));
  const name = path.at(-1);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === name);
  return spanOfNode(pair?.key);
}

/** The scalar at a path as a person wrote it. */
export function sourceAt(file: YamlFile, path: Path): string {
  const node = nodeAt(file, path);
  return isScalar(node) ? (node.source ?? String(node.value)) : "";
}
