/**
 * Corrections that need to know how YAML is laid out.
 *
 * Owns: leaving out a key or an item with its lines. What cannot be cut out cleanly gives no correction. May not: know what a strategy is.
 */
import { isMap, isScalar, isSeq } from "yaml";
import { editing } from "./fix.ts";
import type { Edit, Proposal } from "./fix.ts";
import { nodeAt } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

/** Leaves out what stands at a path, its key included; the parent too when it would be empty. Never safe. */
export function without(file: YamlFile, path: Path, title: string): Proposal {
  return editing(title, false, () => {
    const edit = removalOf(file, path);
    return edit === undefined ? undefined : [edit];
  });
}

function removalOf(file: YamlFile, path: Path): Edit | undefined {
  const parent: unknown = path.length <= 1 ? file.document?.contents : nodeAt(file, path.slice(0, -1));
  if (!isMap(parent) && !isSeq(parent)) return undefined;
  if (parent.items.length <= 1) return path.length <= 1 ? undefined : removalOf(file, path.slice(0, -1));
  const index = isMap(parent)
    ? parent.items.findIndex(({ key }) => isScalar(key) && key.value === path.at(-1))
    : Number(path.at(-1));
  const spans = parent.items.map((item) => spanOfItem(item));
  const span = spans[index];
  if (span === undefined) return undefined;
  if (parent.flow === true) return flowRemoval(file.text, span, spans[index + 1], spans[index - 1]);
  return blockRemoval(file.text, span, spans[index + 1]);
}

interface Extent {
  readonly start: number;
  readonly end: number;
}

function spanOfItem(item: unknown): Extent | undefined {
  const { key, value, range } = item as { key?: unknown; value?: unknown; range?: readonly number[] };
  if (range !== undefined) return { start: range[0] as number, end: range[1] as number };
  const from = (key as { range?: readonly number[] } | null)?.range;
  const to = (value as { range?: readonly number[] } | null)?.range ?? from;
  return from === undefined || to === undefined ? undefined : { start: from[0] as number, end: to[1] as number };
}

function flowRemoval(
  text: string,
  own: Extent,
  next: Extent | undefined,
  before: Extent | undefined,
): Edit | undefined {
  if (next !== undefined) return { start: own.start, end: next.start, text: "" };
  if (before === undefined) return undefined;
  const between = text.slice(before.end, own.start);
  return between.includes("#") ? undefined : { start: before.end, end: own.end, text: "" };
}

/** Whole lines, with what is left of the last one; an item that does not begin its line stays. */
function blockRemoval(text: string, own: Extent, next: Extent | undefined): Edit | undefined {
  const start = text.lastIndexOf("\n", own.start - 1) + 1;
  const lead = text.slice(start, own.start);
  if (!/^\s*(?:- +)?$/.test(lead)) return undefined;
  // `- name: x` holds the first key of an item: cutting the line would take the dash along.
  if (lead.includes("-") && next !== undefined && !isDashed(text, next)) {
    return { start: own.start, end: next.start, text: "" };
  }
  const last = text.slice(own.start, own.end).trimEnd().length + own.start;
  const lineEnd = text.indexOf("\n", last);
  return { start, end: lineEnd < 0 ? text.length : lineEnd + 1, text: "" };
}

function isDashed(text: string, { start }: Extent): boolean {
  return /^\s*- +$/.test(text.slice(text.lastIndexOf("\n", start - 1) + 1, start));
}
