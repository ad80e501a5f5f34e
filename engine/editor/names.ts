/**
 * The names that a person gives in a strategy, and where they are used.
 *
 * Owns: definitions and uses with their exact places. May not: judge whether a use is right (see engine/lang).
 */
import { isMap, isScalar, isSeq, visit } from "yaml";
import type { Span } from "../lang/diagnostic.ts";
import { partsOf } from "../lang/syntax.ts";
import type { Node } from "../lang/syntax.ts";
import { nodeAt, spanOfNode } from "../lang/yaml-file.ts";
import type { Path, YamlFile } from "../lang/yaml-file.ts";
import type { EditorFile } from "./editor-file.ts";
import { expressionsOf } from "./expressions.ts";
import { givenInputs } from "./family.ts";

export type Section = "inputs" | "params" | "facts" | "conditions" | "rules";

export interface Definition {
  readonly name: string;
  readonly section: Section;
  readonly path: Path;
  /** Where the name stands, without quotes. */
  readonly span: Span;
  /** The whole of it. */
  readonly extent: Span;
  /** What it stands for, as YAML has it. */
  readonly value: unknown;
}

export interface Use {
  readonly name: string;
  readonly section: Section | undefined;
  readonly span: Span;
}

const WORDS: readonly Section[] = ["params", "facts", "conditions"];

/** Keys of a template's body stand one level deeper. */
function bodyOf(file: EditorFile): Path {
  return file.kind === "template" && isMap(nodeAt(file.yaml, ["strategy"])) ? ["strategy"] : [];
}

const defined = new WeakMap<EditorFile, readonly Definition[]>();
const used = new WeakMap<EditorFile, readonly Use[]>();
/** Uses whose letters are not found in the text: escapes in quotes. */
const unplaced = new WeakMap<EditorFile, readonly Span[]>();

export function definitionsOf(file: EditorFile): readonly Definition[] {
  const found = defined.get(file) ?? readDefinitions(file);
  defined.set(file, found);
  return found;
}

function readDefinitions(file: EditorFile): readonly Definition[] {
  if (file.kind !== "strategy" && file.kind !== "template") return [];
  const body = bodyOf(file);
  const found: Definition[] = [];
  const inputs: readonly (readonly [Section, Path])[] = file.kind === "template" ? [["inputs", ["inputs"]]] : [];
  const words = WORDS.map((section) => [section, [...body, section]] as const);
  for (const [section, at] of [...inputs, ...words]) {
    const map = nodeAt(file.yaml, at);
    if (!isMap(map)) continue;
    for (const { key, value } of map.items) {
      if (!isScalar(key) || typeof key.value !== "string" || key.value === "") continue;
      const span = nameSpan(file.text, spanOfNode(key), key.value);
      if (span === undefined) continue;
      const extent = { start: span.start, end: spanOfNode(value)?.end ?? span.end };
      found.push({ name: key.value, section, path: [...at, key.value], span, extent, value });
    }
  }
  return [...found, ...rulesOf(file.yaml, body)];
}

function rulesOf(yaml: YamlFile, body: Path): readonly Definition[] {
  const rules = nodeAt(yaml, [...body, "rules"]);
  if (!isSeq(rules)) return [];
  return rules.items.flatMap((rule, index): Definition[] => {
    const node: unknown = isMap(rule) ? rule.get("name", true) : undefined;
    const extent = spanOfNode(rule);
    if (!isScalar(node) || typeof node.value !== "string" || extent === undefined) return [];
    const span = nameSpan(yaml.text, spanOfNode(node), node.value);
    const path = [...body, "rules", index];
    return span === undefined ? [] : [{ name: node.value, section: "rules", path, span, extent, value: rule }];
  });
}

/** The word itself, inside its quotes; undefined when it is written in another way. */
function nameSpan(text: string, span: Span | undefined, name: string): Span | undefined {
  if (span === undefined) return undefined;
  const at = text.slice(span.start, span.end).indexOf(name);
  return at < 0 ? undefined : { start: span.start + at, end: span.start + at + name.length };
}

/** Uses of words in expressions; whether a word is a person's or the catalogue's is for the caller to know. */
export function usesOf(file: EditorFile): readonly Use[] {
  const found = used.get(file) ?? readUses(file);
  used.set(file, found);
  return found;
}

function readUses(file: EditorFile): readonly Use[] {
  const found: Use[] = [];
  const lost: Span[] = [];
  unplaced.set(file, lost);
  const walk = (node: Node): void => {
    if (node.kind === "name") {
      const name = node.name.split(".", 1)[0] as string;
      const isInput = file.text[node.span.start] === "$";
      // Inputs of a template have uses of their own.
      if (isInput) return;
      const span = useSpan(file.text, node.span, name);
      if (span === undefined) lost.push(node.span);
      else found.push({ name, section: undefined, span });
    }
    for (const part of partsOf(node)) walk(part);
  };
  for (const { tree } of expressionsOf(file.kind, file.yaml)) if (tree !== undefined) walk(tree);
  if (file.kind === "test") return [...found, ...ofTests(file)];
  return [...found, ...(file.kind === "template" ? ofTemplate(file) : ofFilling(file))];
}

/** In text the name begins the node, perhaps in quotes; in an object it stands behind `fact:`. */
function useSpan(text: string, { start, end }: Span, name: string): Span | undefined {
  const source = text.slice(start, end);
  const quote = /^["']/.test(source) ? 1 : 0;
  if (source.startsWith(name, quote)) return { start: start + quote, end: start + quote + name.length };
  const escaped = name.replaceAll(/\W/g, String.raw`\$&`);
  const found = new RegExp(`\\bfact:\\s*["']?${escaped}\\b`).exec(source);
  if (found === null) return undefined;
  const at = start + found.index + found[0].length - name.length;
  return { start: at, end: at + name.length };
}

/** `$name`, wherever a value stands. */
function ofTemplate({ text, yaml }: EditorFile): readonly Use[] {
  const found: Use[] = [];
  const body: unknown = nodeAt(yaml, ["strategy"]);
  if (!isMap(body)) return [];
  visit(body, {
    Scalar(_, node) {
      const [start, end] = node.range ?? [0, 0];
      for (const { index, 1: name = "" } of text.slice(start, end).matchAll(/\$([A-Za-z_]\w*)/g)) {
        const at = start + index + 1;
        found.push({ name, section: "inputs", span: { start: at, end: at + name.length } });
      }
    },
  });
  return found;
}

/** Keys of `with:`. */
function ofFilling(file: EditorFile): readonly Use[] {
  return givenInputs(file).flatMap(({ key }): Use[] => {
    if (!isScalar(key) || typeof key.value !== "string") return [];
    const span = nameSpan(file.text, spanOfNode(key), key.value);
    return span === undefined ? [] : [{ name: key.value, section: "inputs", span }];
  });
}

/** A test names rules and params of its strategy. */
function ofTests({ text, yaml }: EditorFile): readonly Use[] {
  const tests = nodeAt(yaml, ["tests"]);
  if (!isSeq(tests)) return [];
  const found: Use[] = [];
  const add = (node: unknown, section: Section): void => {
    if (!isScalar(node) || typeof node.value !== "string") return;
    const span = nameSpan(text, spanOfNode(node), node.value);
    if (span !== undefined) found.push({ name: node.value, section, span });
  };
  for (const index of tests.items.keys()) {
    const params = nodeAt(yaml, ["tests", index, "given", "params"]);
    if (isMap(params)) for (const { key } of params.items) add(key, "params");
    const expect = nodeAt(yaml, ["tests", index, "expect"]);
    if (isSeq(expect)) for (const item of expect.items) if (isMap(item)) add(item.get("rule", true), "rules");
  }
  return found;
}

/** Expressions of the file that cannot be read, and names written in escapes: what they use is not known. */
export function unreadable(file: EditorFile): readonly Span[] {
  usesOf(file);
  const unread = expressionsOf(file.kind, file.yaml).flatMap(({ tree, yaml }) => {
    const span = tree === undefined ? spanOfNode(yaml) : undefined;
    return span === undefined ? [] : [span];
  });
  return [...unread, ...(unplaced.get(file) ?? [])];
}
