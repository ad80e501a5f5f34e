/**
 * A file as items with their comments.
 *
 * Owns: the model that the formatter prints: every comment belongs to an item, or to the end of a list or mapping.
 * May not: decide how anything is spelled.
 */
import { isCollection, isMap, isScalar } from "yaml";
import type { ParsedNode, Scalar, YAMLMap, YAMLSeq } from "yaml";

export interface Comment {
  readonly text: string;
  /** An empty line stands above it. */
  readonly blank: boolean;
}

/** An entry of a mapping or of a list. */
export interface Item {
  readonly key: Scalar | undefined;
  readonly value: Group | Scalar | undefined;
  readonly start: number;
  /** An empty line stands above it. */
  readonly blank: boolean;
  /** Comments on lines of their own above it. */
  readonly lead: Comment[];
  /** Comments behind it. */
  readonly trail: string[];
}

/** A mapping or a list. */
export interface Group {
  readonly node: YAMLMap | YAMLSeq;
  readonly isFlow: boolean;
  readonly start: number;
  readonly end: number;
  readonly column: number;
  readonly items: Item[];
  /** Comments after the last item, at its level. */
  readonly tail: Comment[];
  /** A comment stands inside brackets: they cannot stay on one line. */
  hasComment: boolean;
}

interface Placed {
  readonly item: Item;
  /** The groups around it, outermost first, each with the item that holds it. */
  readonly around: readonly { readonly group: Group; readonly holder: Item | undefined }[];
}

export const LINT_IGNORE = /^# *lint-ignore\b/;

export function isGroup(value: Group | Scalar | undefined): value is Group {
  return value !== undefined && "items" in value;
}

/** The comments of a file: every `#` outside scalars. Offsets count the text. */
export function commentsOf(text: string, contents: unknown): { readonly start: number; readonly text: string }[] {
  const scalars: (readonly [number, number])[] = [];
  collectScalars(contents, scalars);
  scalars.sort((a, b) => a[0] - b[0]);
  const found: { start: number; text: string }[] = [];
  let at = 0;
  for (const [from, to] of [...scalars, [text.length, text.length] as const]) {
    for (let i = text.indexOf("#", at); i >= 0 && i < from; i = text.indexOf("#", i)) {
      const lineEnd = text.indexOf("\n", i);
      const end = lineEnd < 0 ? text.length : lineEnd;
      found.push({ start: i, text: text.slice(i, end).trimEnd() });
      i = end;
    }
    at = Math.max(at, to);
  }
  return found;
}

function collectScalars(node: unknown, into: (readonly [number, number])[]): void {
  if (isScalar(node)) {
    const [from, to] = node.range ?? [0, 0];
    if (to > from) into.push([from, to]);
  } else if (isMap(node)) {
    for (const { key, value } of node.items) {
      collectScalars(key, into);
      collectScalars(value, into);
    }
  } else if (isCollection(node)) for (const item of node.items) collectScalars(item, into);
}

/** The tree of a file whose root is a mapping, with every comment from `from` on in its place. */
export function treeOf(text: string, contents: ParsedNode, from: number): Group {
  const placed: Placed[] = [];
  const root = groupOf(text, contents as unknown as YAMLMap, [], undefined, placed);
  for (const comment of commentsOf(text, contents)) if (comment.start >= from) attach(text, comment, placed, root);
  return root;
}

function groupOf(
  text: string,
  node: YAMLMap | YAMLSeq,
  outer: Placed["around"],
  holder: Item | undefined,
  placed: Placed[],
): Group {
  const [start, end] = node.range ?? [0, 0];
  const items: Item[] = [];
  const column = start - lineStart(text, start);
  const isFlow = node.flow === true;
  const group: Group = { node, isFlow, start, end, column, items, tail: [], hasComment: false };
  const around = [...outer, { group, holder }];
  for (const entry of node.items) {
    const pair = isMap(node) ? (entry as YAMLMap["items"][number]) : undefined;
    const key = pair === undefined ? undefined : (pair.key as Scalar);
    const value = (pair === undefined ? entry : pair.value) as Scalar | YAMLMap | YAMLSeq | null;
    const at = (key ?? value)?.range?.[0] ?? end;
    const item: { -readonly [K in keyof Item]: Item[K] } = {
      ...{ key, value: undefined, start: at, blank: isBlankAbove(text, at), lead: [], trail: [] },
    };
    items.push(item);
    placed.push({ item, around });
    if (isCollection(value)) item.value = groupOf(text, value, around, item, placed);
    else if (value !== null) item.value = value;
  }
  return group;
}

function attach(
  text: string,
  comment: { readonly start: number; readonly text: string },
  placed: readonly Placed[],
  root: Group,
): void {
  const { start } = comment;
  const line = lineStart(text, start);
  const own = /^[\s-]*$/.test(text.slice(line, start));
  const next = placed.find(({ item }) => item.start > start);
  const before = placed.findLast(({ item }) => item.start < start);
  const note: Comment = { text: comment.text, blank: isBlankAbove(text, start) };
  const brackets = (before?.around ?? []).filter(({ group }) => group.isFlow && group.end > start);
  if (before !== undefined && isGroup(before.item.value)) markOpen(before.item.value, start);
  for (const { group } of brackets) group.hasComment = true;
  if (before === undefined) {
    (next?.item.lead ?? root.tail).push(note);
  } else if (!own) {
    // Brackets that ended before the comment stand on one line with what holds them.
    const ended = before.around.find(({ group }) => group.isFlow && group.end <= start);
    // Nothing holds the brackets of a whole file.
    if (ended !== undefined && ended.holder === undefined) root.tail.push(note);
    else (ended?.holder ?? before.item).trail.push(comment.text);
  } else if (isStillToCome(before.item, start)) {
    before.item.lead.push(note);
  } else {
    // Behind a dash it speaks for what the dash begins.
    const isDashed = start > line && text.slice(line, start).includes("-");
    const end = isDashed ? undefined : groupEndingAt(comment, start - line, before, next);
    (end?.tail ?? next?.item.lead ?? root.tail).push(note);
  }
}

function markOpen(group: Group, offset: number): void {
  if (group.isFlow && group.start < offset && offset < group.end) group.hasComment = true;
}

/** The comment stands between a key and its value, which will be printed on the key's line. */
function isStillToCome({ value }: Item, offset: number): boolean {
  if (value === undefined) return false;
  if (isGroup(value)) return value.isFlow && value.start > offset;
  return (value.range?.[0] ?? 0) > offset && (value.source ?? "") !== "";
}

/** The innermost group that is over at this comment and to whose level it is indented. */
function groupEndingAt(
  { text, start }: { readonly text: string; readonly start: number },
  column: number,
  before: Placed,
  next: Placed | undefined,
): Group | undefined {
  const held = isGroup(before.item.value) ? [before.item.value] : [];
  const open = [...before.around.map(({ group }) => group), ...held];
  const inside = open.findLast((group) => group.isFlow && group.start < start && start < group.end);
  if (inside !== undefined) return next !== undefined && next.item.start < inside.end ? undefined : inside;
  // It speaks for the next line, wherever its author put it.
  if (LINT_IGNORE.test(text)) return undefined;
  const nextColumn = next?.around.at(-1)?.group.column ?? -1;
  const continued = new Set(next?.around.map(({ group }) => group));
  return open.findLast(
    (group) => !group.isFlow && !continued.has(group) && group.column <= column && group.column > nextColumn,
  );
}

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

function isBlankAbove(text: string, offset: number): boolean {
  const line = lineStart(text, offset);
  if (line === 0 || !/^[\s-]*$/.test(text.slice(line, offset))) return false;
  return text.slice(lineStart(text, line - 1), line - 1).trim() === "";
}
