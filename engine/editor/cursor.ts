/**
 * What stands at an offset of a file, and what is being typed there.
 *
 * Owns: the way from an offset to a path, in files that are in order and in files that are half typed. For the latter a
 * mark is put at the cursor and the text is read again. May not: know what may stand at a path.
 */
import { isMap, isScalar, isSeq } from "yaml";
import type { Scalar } from "yaml";
import { readLoosely } from "../lang/yaml-file.ts";
import type { Path, YamlFile } from "../lang/yaml-file.ts";

export interface Place {
  readonly path: Path;
  readonly part: "key" | "value";
  readonly node: Scalar;
}

/** The key or the value under the cursor. */
export function placeAt(file: YamlFile, offset: number): Place | undefined {
  return find(file.document?.contents, [], (node) => {
    const range = node.range;
    return range !== null && range !== undefined && range[0] <= offset && offset <= range[1];
  });
}

function find(node: unknown, path: Path, isIt: (node: Scalar) => boolean): Place | undefined {
  if (isScalar(node)) return isIt(node) ? { path, part: "value", node } : undefined;
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const here = [...path, isScalar(key) ? String(key.value) : ""];
      if (isScalar(key) && isIt(key)) return { path: here, part: "key", node: key };
      const found = find(value, here, isIt);
      if (found !== undefined) return found;
    }
  }
  if (isSeq(node)) {
    for (const [i, item] of node.items.entries()) {
      const found = find(item, [...path, i], isIt);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

// ------------------------------------------------------------------------------------------------ typing

/** A character that no file needs; the language refuses it nowhere and means it nowhere. */
const MARK = "\ue001";

export interface TypedKey {
  readonly part: "key";
  /** Of the mapping. */
  readonly path: Path;
  /** What is there of the word before the cursor. */
  readonly word: string;
  /** A colon follows already. */
  readonly hasColon: boolean;
  /** Inside `{…}`. */
  readonly isFlow: boolean;
  readonly siblings: readonly string[];
}

export interface TypedValue {
  readonly part: "value";
  readonly path: Path;
  /** The value up to the cursor. */
  readonly before: string;
  readonly isFlow: boolean;
}

export type Typed = TypedKey | TypedValue;

/** What the cursor may be in: on a line of its own a word can become a key or be a value. */
export function typedAt(file: string, text: string, offset: number): readonly Typed[] {
  const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
  const lineEnd = text.indexOf("\n", offset);
  const before = text.slice(lineStart, offset);
  const after = text.slice(offset, lineEnd < 0 ? text.length : lineEnd).replace(/\r$/, "");
  if (isComment(before)) return [];
  const alone = /^\s*(?:- +)*[\w-]*$/.test(before) && /^\s*$/.test(after);
  const texts = alone ? [`${MARK}:`, MARK] : [MARK];
  const found: Typed[] = [];
  for (const mark of texts) {
    const marked = readLoosely(file, text.slice(0, offset) + mark + text.slice(offset));
    const typed = ofMark(marked, mark.length > 1);
    if (typed !== undefined && !(alone && mark === MARK && !isAlone(typed, before))) found.push(typed);
  }
  return found;
}

function isComment(before: string): boolean {
  return /^\s*#/.test(before) || (/\s#\s/.test(before) && !/["']/.test(before));
}

/** YAML joins a lone word with its neighbours; then it is no value of its own. */
function isAlone(typed: Typed, before: string): boolean {
  return typed.part === "value" && typed.before === /[\w-]*$/.exec(before)?.[0];
}

function ofMark(file: YamlFile, withColon: boolean): Typed | undefined {
  const place = find(
    file.document?.contents,
    [],
    (node) => typeof node.value === "string" && node.value.includes(MARK),
  );
  if (place === undefined) return undefined;
  const value = String(place.node.value);
  const before = value.slice(0, value.indexOf(MARK));
  const parent = place.path.slice(0, -1);
  if (place.part === "value") return { part: "value", path: place.path, before, isFlow: isInFlow(file, place.path) };
  const map: unknown = parent.length === 0 ? file.document?.contents : file.document?.getIn(parent, true);
  const siblings = isMap(map)
    ? map.items.flatMap(({ key }) => (isScalar(key) && key !== place.node ? [String(key.value)] : []))
    : [];
  const next = file.text.slice(place.node.range?.[1] ?? 0).match(/^\s*:/) !== null;
  return {
    part: "key",
    path: parent,
    word: before,
    hasColon: !withColon && next,
    isFlow: isMap(map) && map.flow === true,
    siblings,
  };
}

function isInFlow(file: YamlFile, path: Path): boolean {
  for (let length = path.length - 1; length >= 0; length--) {
    const node: unknown = length === 0 ? file.document?.contents : file.document?.getIn(path.slice(0, length), true);
    if ((isMap(node) || isSeq(node)) && node.flow === true) return true;
  }
  return false;
}
