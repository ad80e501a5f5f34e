/**
 * What the schema knows about the layout of a file: the order of keys, and which texts are expressions.
 *
 * Owns: walking the schema beside the file, so that a new key of the language has its place without a line here.
 */
import { isMap, isScalar, isSeq } from "yaml";
import { isStrategyFile, isTemplateFile, isTestFile, isWatchlistFile } from "./references.ts";
import { strategySchema } from "./schema-strategy.ts";
import { projectSchema, riskFileSchema } from "./schema-project.ts";
import type { Schema } from "./schema-parts.ts";
import { templateSchema, watchlistSchema } from "./schema-template.ts";
import { testSchema } from "./schema-test.ts";

export interface Shape {
  /** Undefined: nobody knows this place; its keys stay as they are. */
  readonly schema: Schema | undefined;
  readonly root: Schema;
  /** In test files numbers may be price paths and comparisons: there only a `fact` is an expression. */
  readonly isTest: boolean;
  readonly key: string;
}

interface FileKind {
  readonly isKind: (path: string) => boolean;
  readonly schema: () => Schema;
}

/** The kinds of files that have a layout. */
const KINDS: readonly FileKind[] = [
  { isKind: isStrategyFile, schema: () => strategySchema(true) },
  { isKind: (path) => /(?:^|[/\\])barwise\.yaml$/.test(path), schema: () => projectSchema(true) },
  { isKind: isTestFile, schema: testSchema },
  { isKind: isTemplateFile, schema: () => templateSchema(true) },
  { isKind: (path) => isWatchlistFile(path.replaceAll("\\", "/")), schema: watchlistSchema },
  { isKind: (path) => /(?:^|[/\\])risk\.ya?ml$/.test(path), schema: riskFileSchema },
];

const schemas = new Map<FileKind, Schema>();

export function isFormattable(path: string): boolean {
  return KINDS.some(({ isKind }) => isKind(path));
}

export function shapeOfFile(path: string): Shape {
  const kind = KINDS.find(({ isKind }) => isKind(path));
  const isTest = isTestFile(path);
  if (kind === undefined) return { schema: undefined, root: {}, isTest, key: "" };
  const root = schemas.get(kind) ?? kind.schema();
  schemas.set(kind, root);
  return { schema: root, root, isTest, key: "" };
}

/** Keys in the order of the schema; undefined where an order is the author's. */
export function orderOf(shape: Shape, node: unknown): readonly string[] | undefined {
  const properties = resolve(shape, node)?.["properties"] as Schema | undefined;
  return properties === undefined ? undefined : Object.keys(properties);
}

export function shapeAt(shape: Shape, node: unknown, key: string): Shape {
  const schema = resolve(shape, node);
  const properties = (schema?.["properties"] ?? {}) as Readonly<Record<string, Schema>>;
  if (Object.hasOwn(properties, key)) return { ...shape, key, schema: properties[key] };
  const more = schema?.["additionalProperties"];
  return { ...shape, key, schema: typeof more === "object" ? (more as Schema) : undefined };
}

export function shapeOfItems(shape: Shape, node: unknown): Shape {
  return { ...shape, schema: resolve(shape, node)?.["items"] as Schema | undefined };
}

/** A text that may also be a number, or a condition, is an expression. */
export function isExpression(shape: Shape): boolean {
  if (shape.isTest) return shape.key === "fact";
  const names = [shape.schema?.["$ref"], (shape.schema?.["allOf"] as readonly Schema[] | undefined)?.[0]?.["$ref"]];
  if (names.includes("#/definitions/condition")) return true;
  const type = resolve(shape, undefined)?.["type"];
  return Array.isArray(type) && type.includes("string") && type.includes("number");
}

/** Follows references and picks the alternative that fits the node. */
function resolve(shape: Shape, node: unknown): Schema | undefined {
  let schema = shape.schema;
  for (let steps = 0; schema !== undefined && steps < 16; steps++) {
    const next: Schema | undefined = referred(schema, shape.root) ?? alternative(schema, node);
    if (next === undefined) return schema;
    schema = next;
  }
  return schema;
}

function referred(schema: Schema, root: Schema): Schema | undefined {
  const inner = (schema["allOf"] as readonly Schema[] | undefined)?.[0];
  const reference = schema["$ref"] ?? inner?.["$ref"];
  if (typeof reference !== "string") return undefined;
  const definitions = root["definitions"] as Readonly<Record<string, Schema>>;
  return definitions[reference.replace("#/definitions/", "")];
}

function alternative(schema: Schema, node: unknown): Schema | undefined {
  if (schema["if"] !== undefined)
    return isMap(node) ? part(schema, "then") : isSeq(node) ? part(schema, "else") : undefined;
  const options = schema["properties"] === undefined ? (schema["anyOf"] as readonly Schema[] | undefined) : undefined;
  // What stands first is meant; a placeholder for it comes last.
  if (options !== undefined)
    return (
      options.find(({ type }) => (isMap(node) ? type === "object" : isSeq(node) && type === "array")) ?? options[0]
    );
  const choices = schema["oneOf"] as readonly Schema[] | undefined;
  if (choices === undefined || !isMap(node)) return undefined;
  const keys = new Set(node.items.map(({ key }) => (isScalar(key) ? String(key.value) : "")));
  return choices.find((choice) => (choice["required"] as readonly string[] | undefined)?.every((key) => keys.has(key)));
}

function part(schema: Schema, keyword: string): Schema | undefined {
  return schema[keyword] as Schema | undefined;
}
