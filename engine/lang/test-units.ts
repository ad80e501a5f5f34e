/**
 * The comparisons of a strategy, for coverage.
 *
 * Owns: finding every comparison that a person wrote, in rules and named conditions, text and object form.
 * May not: judge them. What cannot be parsed has findings of its own and is left out.
 */
import { isMap, isScalar, isSeq } from "yaml";
import { readStrategy } from "./compose.ts";
import type { FileTexts } from "./compile.ts";
import { parseExpression } from "./parser.ts";
import { asWritten, placesOf } from "./places.ts";
import type { Node } from "./syntax.ts";
import type { Source } from "./test-probe.ts";
import type { Place } from "./test-types.ts";
import { nodeAt, spanOfNode } from "./yaml-file.ts";
import type { YamlFile } from "./yaml-file.ts";

export interface UnitSource {
  readonly source: Source;
  readonly text: string;
  readonly place: Place;
}

/** In the order of the file, and of the files that it is composed of. */
export function comparisonsOf(path: string, files: FileTexts): UnitSource[] {
  const file = readStrategy(path, files);
  const found: UnitSource[] = [];
  const conditions = nodeAt(file, ["conditions"]);
  if (isMap(conditions)) for (const pair of conditions.items) collect(file, pair.value, found);
  const rules = nodeAt(file, ["rules"]);
  if (isSeq(rules)) {
    for (const rule of rules.items) {
      if (!isMap(rule)) continue;
      collect(file, rule.get("when", true), found);
      collect(file, rule.get("rearm", true), found);
    }
  }
  const order = [...file.findings.sources.files.keys()];
  const rank = ({ place }: UnitSource): number => order.indexOf(place.file);
  return found.sort((a, b) => rank(a) - rank(b) || a.place.line - b.place.line || a.place.column - b.place.column);
}

function collect(file: YamlFile, node: unknown, found: UnitSource[]): void {
  if (isScalar(node) && typeof node.value === "string") {
    const value = node.value;
    const toFile = placesOf(file.text, node);
    const parsed = parseExpression(value, asWritten);
    if (!("node" in parsed)) return;
    for (const { span } of leavesOf(parsed.node)) {
      const source = value.slice(span.start, span.end);
      found.push({ source, text: source, place: file.findings.position(toFile(span.start)) });
    }
    return;
  }
  if (!isMap(node)) return;
  for (const group of ["all", "any"]) {
    const kids: unknown = node.get(group, true);
    if (isSeq(kids)) for (const kid of kids.items) collect(file, kid, found);
  }
  if (node.has("not")) collect(file, node.get("not", true), found);
  if (!node.has("operator") || file.document === undefined) return;
  const source = node.toJS(file.document) as object;
  const place = file.findings.position(spanOfNode(node)?.start ?? 0);
  found.push({ source, text: JSON.stringify(source), place });
}

function leavesOf(node: Node): Node[] {
  switch (node.kind) {
    case "compare":
    case "between":
    case "in":
    case "crosses":
      return [node];
    case "all":
    case "any":
      return node.kids.flatMap(leavesOf);
    case "not":
      return leavesOf(node.kid);
    case "for":
    case "within":
      return leavesOf(node.of);
    case "then":
      return [...leavesOf(node.first), ...leavesOf(node.second)];
    default:
      return [];
  }
}
