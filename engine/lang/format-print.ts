/**
 * Items as text.
 *
 * Owns: the order of keys, indentation, empty lines and what stands on one line. Two blanks per level; brackets stay
 * where the author wrote them while they fit.
 */
import { isSeq } from "yaml";
import { isExpression, orderOf, shapeAt, shapeOfItems } from "./format-shape.ts";
import type { Shape } from "./format-shape.ts";
import { scalarLines } from "./format-scalar.ts";
import { isGroup, LINT_IGNORE } from "./format-tree.ts";
import type { Comment, Group, Item } from "./format-tree.ts";

const WIDTH = 120;

export interface PrintOptions {
  readonly text: string;
  /** Keys stay in their order and brackets on their line. */
  readonly keepLayout: boolean;
}

interface Printed {
  readonly lead: readonly Comment[];
  readonly blank: boolean;
  readonly lines: readonly string[];
}

/** The lines of a mapping or list in block style. */
export function printGroup(group: Group, shape: Shape, indent: number, options: PrintOptions): string[] {
  const printed = itemsOf(group, shape, indent, options, false).map(({ printed }) => printed);
  return joined(printed, group.tail, indent, isSection(group, shape));
}

/** Sections of a file and rules have air around them as soon as one takes more than a line. */
function isSection(group: Group, shape: Shape): boolean {
  return shape.schema === shape.root || orderOf(shapeOfItems(shape, group.node), undefined)?.[0] === "name";
}

function joined(items: readonly Printed[], tail: readonly Comment[], indent: number, airy: boolean): string[] {
  const lines: string[] = [];
  const pad = " ".repeat(indent);
  let isFirst = true;
  const add = (added: readonly string[], blank: boolean): void => {
    if (blank && !isFirst) lines.push("");
    lines.push(...added);
    isFirst = false;
  };
  for (const [index, { lead, blank, lines: body }] of items.entries()) {
    const isLong = (other: Printed | undefined): boolean => (other?.lines.length ?? 0) > 1;
    let wantsBlank = airy && index > 0 && (isLong(items[index]) || isLong(items[index - 1]));
    for (const comment of lead) {
      add([pad + comment.text], comment.blank || wantsBlank);
      wantsBlank = false;
    }
    const last = lead.at(-1);
    add(body, (blank && !(last !== undefined && LINT_IGNORE.test(last.text))) || wantsBlank);
  }
  for (const comment of tail) add([pad + comment.text], comment.blank);
  return lines;
}

/** `isPinned`: a line above speaks about the first line, so what stands there must not change. */
function itemsOf(
  group: Group,
  shape: Shape,
  indent: number,
  options: PrintOptions,
  isPinned: boolean,
): { readonly item: Item; readonly printed: Printed }[] {
  const sorted = options.keepLayout ? group.items : inOrder(group, shape);
  const items = isPinned && sorted[0] !== group.items[0] ? group.items : sorted;
  return items.map((item) => ({ item, printed: printItem(item, shapeOfItem(item, group, shape), indent, options) }));
}

function shapeOfItem(item: Item, group: Group, shape: Shape): Shape {
  return item.key === undefined ? shapeOfItems(shape, group.node) : shapeAt(shape, group.node, String(item.key.value));
}

/** The schema's order; a key that it does not know stays behind the one before it. */
export function inOrder(group: Group, shape: Shape): readonly Item[] {
  const order = orderOf(shape, group.node);
  if (order === undefined) return group.items;
  let rank = -1;
  const ranked = group.items.map((item) => {
    const known = order.indexOf(String(item.key?.value));
    if (known >= 0) rank = known;
    return { item, rank };
  });
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ item }) => item);
}

function printItem(item: Item, shape: Shape, indent: number, options: PrintOptions): Printed {
  const pad = " ".repeat(indent);
  const isDash = item.key === undefined;
  const key = item.key === undefined ? "-" : `${scalarLines(options.text, item.key, false).join(" ")}:`;
  const isPinned = item.lead.some(({ text }) => LINT_IGNORE.test(text));
  const { value, blank } = item;
  if (!isGroup(value)) {
    const [first = "", ...rest] = value === undefined ? [""] : scalarLines(options.text, value, isExpression(shape));
    const lines = [first === "" ? pad + key : `${pad}${key} ${first}`];
    for (const line of rest) lines.push(line === "" ? "" : `${pad}  ${line}`);
    return withTrail(item, { lead: item.lead, blank, lines }, lines.length - 1);
  }
  const line = inlineOf(value, shape, options);
  if (line !== undefined) {
    const whole = `${pad}${key} ${line}`;
    // Without items there is nothing to unfold: `{}` on a line of its own would be no value at all.
    if (whole.length <= WIDTH || options.keepLayout || isPinned || value.items.length === 0) {
      return withTrail(item, { lead: [...item.lead, ...value.tail], blank, lines: [whole] }, 0);
    }
  }
  if (!isDash) {
    const lines = [pad + key, ...printGroup(value, shape, indent + 2, options)];
    return withTrail(item, { lead: item.lead, blank, lines }, 0);
  }
  return withTrail(item, behindDash(item, value, shape, indent, options), undefined);
}

/** The first entry stands on the line of the dash, so its comments go above the dash. */
function behindDash(item: Item, value: Group, shape: Shape, indent: number, options: PrintOptions): Printed {
  const isPinned = item.lead.some(({ text }) => LINT_IGNORE.test(text));
  const all = itemsOf(value, shape, indent + 2, options, isPinned).map(({ printed }) => printed);
  const [first, ...others] = all as [Printed, ...Printed[]];
  const bare: Printed = { ...first, lead: [], blank: false };
  const lines = joined([bare, ...others], value.tail, indent + 2, false);
  lines[0] = `${" ".repeat(indent)}- ${(lines[0] as string).slice(indent + 2)}`;
  return { lead: [...item.lead, ...first.lead], blank: item.blank, lines };
}

/** One comment may stand behind a line; `at` is that line, undefined when there is none. */
function withTrail(item: Item, printed: Printed, at: number | undefined): Printed {
  const above = at === undefined ? item.trail : item.trail.slice(0, -1);
  const lead = [...printed.lead, ...above.map((text) => ({ text, blank: false }))];
  const behind = at === undefined ? undefined : item.trail.at(-1);
  if (behind === undefined) return { ...printed, lead };
  const lines = printed.lines.map((line, index) => (index === at ? `${line} ${behind}` : line));
  return { ...printed, lead, lines };
}

/** A bracketed value on one line; undefined when it cannot stand on one. */
export function inlineOf(group: Group, shape: Shape, options: PrintOptions): string | undefined {
  if (group.items.length === 0) return kindOf(group) === "seq" ? "[]" : "{}";
  if (!group.isFlow || group.hasComment) return undefined;
  const items = options.keepLayout ? group.items : inOrder(group, shape);
  const parts: string[] = [];
  for (const item of items) {
    const own = shapeOfItem(item, group, shape);
    const value = isGroup(item.value) ? inlineOf(item.value, own, options) : inlineScalar(item, own, options);
    if (value === undefined) return undefined;
    if (item.key === undefined) parts.push(value);
    else {
      const key = scalarLines(options.text, item.key, false).join(" ");
      if (item.value === undefined) parts.push(key);
      else parts.push(value === "" ? `${key}:` : `${key}: ${value}`);
    }
  }
  return kindOf(group) === "seq" ? `[${parts.join(", ")}]` : `{ ${parts.join(", ")} }`;
}

function inlineScalar(item: Item, shape: Shape, options: PrintOptions): string | undefined {
  if (item.value === undefined || isGroup(item.value)) return "";
  const lines = scalarLines(options.text, item.value, isExpression(shape));
  // An empty line inside a scalar is a line break of its value.
  return lines.includes("") && lines.length > 1 ? undefined : lines.join(" ");
}

function kindOf(group: Group): "map" | "seq" {
  return isSeq(group.node) ? "seq" : "map";
}
