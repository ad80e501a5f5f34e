/**
 * The expressions and conditions of a file, wherever they stand.
 *
 * Owns: which values are expressions (the schemas say so), and their syntax trees as the language reads them. May not:
 * parse by itself, or ask whether a name exists.
 */
import { isMap, isScalar, isSeq } from "yaml";
import type { Scalar } from "yaml";
import { Findings } from "../lang/diagnostic.ts";
import { ConditionReader } from "../lang/object-form.ts";
import { parseExpression } from "../lang/parser.ts";
import { placesOf } from "../lang/places.ts";
import type { Node } from "../lang/syntax.ts";
import type { Schema } from "../lang/schema-parts.ts";
import type { Path, YamlFile } from "../lang/yaml-file.ts";
import type { FileKind } from "./kinds.ts";
import { schemaOf, spokenAt } from "./schema-at.ts";

export type ExpressionKind = "condition" | "number" | "message";

export interface Placed {
  readonly path: Path;
  readonly kind: ExpressionKind;
  /** The value as YAML has it. */
  readonly yaml: unknown;
  /** Undefined: it cannot be read. */
  readonly tree: Node | undefined;
}

const NUMBERS: ReadonlySet<string> = new Set(["expression", "ratio"]);
/** Where a stop loss is a price, or a mapping with one. */
const LEGS: ReadonlySet<unknown> = new Set(["bracket", "oto", "oco"]);

/** What kind of expression may stand at a path; undefined: none. */
export function expressionKind(kind: FileKind, path: Path): ExpressionKind | undefined {
  const [section, , , , ...inner] = path;
  if (kind === "test") return section === "tests" && inner.at(-1) === "fact" ? "condition" : undefined;
  const root = kind === "watchlist" ? undefined : schemaOf(kind);
  if (root === undefined) return undefined;
  if (kind === "project") return spokenKind(root, path);
  const body: Path = kind === "template" && path[0] === "strategy" ? path.slice(1) : path;
  if ((body[0] === "facts" || body[0] === "params") && body.length === 2) return "number";
  return spokenKind(root, path);
}

function spokenKind(root: Schema, path: Path): ExpressionKind | undefined {
  const spoken = spokenAt(root, path);
  if (spoken.some(({ definition }) => definition === "condition")) return "condition";
  if (spoken.some(({ definition }) => NUMBERS.has(definition ?? ""))) return "number";
  // It may be a mapping too, so its schema cannot refer to an expression.
  if (path.at(-1) === "stop_loss" && LEGS.has(path.at(-2))) return "number";
  if (path.at(-1) === "message" && path.at(-2) === "alert") return "message";
  return path.at(-1) === "value" && isInCondition(root, path) ? "number" : undefined;
}

function isInCondition(root: Schema, path: Path): boolean {
  return spokenAt(root, path.slice(0, -1)).some(({ definition }) => definition === "conditionObject");
}

/** Every expression of the file, in the order of the text. */
export function expressionsOf(kind: FileKind, file: YamlFile): readonly Placed[] {
  const found: Placed[] = [];
  // What the reader says about mistakes is for lint; here only the trees count.
  const reader = new ConditionReader({ ...file, findings: new Findings(file.findings.file, file.text) });
  const walk = (node: unknown, path: Path): void => {
    const expression = isScalar(node) || isMap(node) ? expressionKind(kind, path) : undefined;
    if (expression === "message" && isScalar(node)) found.push(...ofMessage(file, node, path));
    else if (expression !== undefined && expression !== "message") {
      const isTree =
        isMap(node) || (isScalar(node) && (typeof node.value === "string" || typeof node.value === "number"));
      const tree = !isTree ? undefined : expression === "condition" ? reader.condition(node) : reader.number(node);
      if (isTree) found.push({ path, kind: expression, yaml: node, tree });
    } else if (isMap(node)) {
      for (const { key, value } of node.items) walk(value, [...path, isScalar(key) ? String(key.value) : ""]);
    } else if (isSeq(node)) for (const [i, item] of node.items.entries()) walk(item, [...path, i]);
  };
  walk(file.document?.contents, []);
  return found;
}

/** `{expression}` in the text of an alert. */
function ofMessage(file: YamlFile, node: Scalar, path: Path): readonly Placed[] {
  if (typeof node.value !== "string") return [];
  const place = placesOf(file.text, node);
  return [...node.value.matchAll(/\{([^{}]*)\}/g)].map(({ index, 1: text = "" }) => {
    const parsed = parseExpression(text, (offset, side) => place(index + 1 + offset, side));
    return { path, kind: "message", yaml: node, tree: "node" in parsed ? parsed.node : undefined };
  });
}
