/**
 * What the schemas say about a place in a file.
 *
 * Owns: the way from a path to the schemas that speak about it, through references and alternatives. The schemas are
 * those of engine/lang; nothing about keys is repeated here. May not: look at the text of a file.
 */
import type { Schema } from "../lang/schema-parts.ts";
import { renderSchemas } from "../lang/schema-render.ts";
import type { Path } from "../lang/yaml-file.ts";
import type { FileKind } from "./kinds.ts";

/** A schema, and the definition that it was found under. */
export interface Spoken {
  readonly schema: Schema;
  readonly definition: string | undefined;
}

export interface Key {
  readonly name: string;
  readonly doc: string;
  readonly required: boolean;
  readonly schema: Schema;
}

export interface Choice {
  readonly value: string;
  readonly doc: string;
}

/** References lead at most this deep; the schemas are ours and shallow. */
const MAX_DEPTH = 12;

const roots = new Map<FileKind, Schema | undefined>();

/** Undefined: no schema speaks about such files. */
export function schemaOf(kind: FileKind): Schema | undefined {
  if (roots.size === 0) {
    const texts = renderSchemas();
    for (const one of ["strategy", "template", "watchlist", "test", "project"] as const) {
      const text = texts[`${one}.schema.json`];
      roots.set(one, text === undefined ? undefined : (JSON.parse(text) as Schema));
    }
  }
  return roots.get(kind);
}

/** Answers that were given already; people choose some of the keys, so they are forgotten before they grow. */
const known = new WeakMap<Schema, Map<string, readonly Spoken[]>>();
const MOST_KNOWN = 5_000;

/** The schemas that speak about the value at a path, alternatives spread out. */
export function spokenAt(root: Schema, path: Path): readonly Spoken[] {
  const answers = known.get(root) ?? new Map<string, readonly Spoken[]>();
  known.set(root, answers);
  // Which item of a list it is makes no difference.
  const key = path.map((step) => (typeof step === "number" ? "#" : JSON.stringify(step))).join("/");
  const answer = answers.get(key);
  if (answer !== undefined) return answer;
  const last = path.at(-1);
  const found =
    last === undefined
      ? spread(root, { schema: root, definition: undefined }, 0)
      : spokenAt(root, path.slice(0, -1)).flatMap((one) => stepped(root, one, last));
  if (answers.size >= MOST_KNOWN) answers.clear();
  answers.set(key, found);
  return found;
}

function stepped(root: Schema, { schema }: Spoken, step: string | number): readonly Spoken[] {
  const found: unknown[] =
    typeof step === "number"
      ? [schema["items"]]
      : [valueOf(schema["properties"], step) ?? schema["additionalProperties"]];
  return found.flatMap((one) => (isSchema(one) ? spread(root, { schema: one, definition: undefined }, 0) : []));
}

/** The schema itself and everything that it refers to as also, or instead, being so. */
function spread(root: Schema, one: Spoken, depth: number): readonly Spoken[] {
  if (depth > MAX_DEPTH) return [];
  const { schema } = one;
  const found: Spoken[] = [one];
  const add = (inner: unknown, definition = one.definition): void => {
    if (isSchema(inner)) found.push(...spread(root, { schema: inner, definition }, depth + 1));
  };
  const ref = schema["$ref"];
  if (typeof ref === "string") {
    const name = ref.replace("#/definitions/", "");
    add(valueOf(root["definitions"], name), name);
  }
  for (const keyword of ["allOf", "oneOf", "anyOf"]) {
    const list = schema[keyword];
    if (Array.isArray(list)) for (const inner of list) if (isSchema(inner) && !("const" in inner)) add(inner);
  }
  for (const keyword of ["then", "else"]) add(schema[keyword]);
  return found;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueOf(mapping: unknown, key: string): unknown {
  return isSchema(mapping) && Object.hasOwn(mapping, key) ? mapping[key] : undefined;
}

/** The keys that may stand in the mapping at a path, in the order of the schema. */
export function keysAt(root: Schema, path: Path): readonly Key[] {
  const keys = new Map<string, Key>();
  for (const { schema } of spokenAt(root, path)) {
    const required = Array.isArray(schema["required"]) ? (schema["required"] as readonly string[]) : [];
    for (const [name, value] of Object.entries(isSchema(schema["properties"]) ? schema["properties"] : {})) {
      if (!isSchema(value) || keys.has(name)) continue;
      keys.set(name, { name, doc: docOf([{ schema: value }]), required: required.includes(name), schema: value });
    }
  }
  return [...keys.values()];
}

/** The words that may stand at a path, where the schema lists them. */
export function choicesAt(root: Schema, path: Path): readonly Choice[] {
  const found = spokenAt(root, path).flatMap(({ schema }) => choicesOf(schema));
  return [...new Map(found.map((one) => [one.value, one])).values()];
}

export function choicesOf(schema: Schema): readonly Choice[] {
  const choices: Choice[] = [];
  const add = (value: unknown, doc = ""): void => {
    if (["string", "number", "boolean"].includes(typeof value)) choices.push({ value: String(value), doc });
  };
  const one = schema["oneOf"];
  if (Array.isArray(one)) {
    for (const inner of one) if (isSchema(inner) && "const" in inner) add(inner["const"], docOf([{ schema: inner }]));
  }
  if (Array.isArray(schema["enum"])) for (const value of schema["enum"]) add(value);
  if ("const" in schema) add(schema["const"]);
  if (schema["type"] === "boolean") for (const value of [true, false]) add(value);
  if (Array.isArray(schema["examples"])) for (const value of schema["examples"]) add(value);
  return choices;
}

/** The first description. */
export function docOf(spoken: readonly { readonly schema: Schema }[]): string {
  const found = spoken.find(({ schema }) => typeof schema["description"] === "string");
  return found === undefined ? "" : String(found.schema["description"]);
}

/** What is used when the key is left out, as it would be written. */
export function defaultOf(spoken: readonly { readonly schema: Schema }[]): string | undefined {
  const found = spoken.find(({ schema }) => schema["default"] !== undefined);
  return found === undefined ? undefined : String(found.schema["default"]);
}

/** Whether a mapping may stand here. */
export function takesMapping(schema: Schema): boolean {
  return [schema["type"]].flat().includes("object") || isSchema(schema["properties"]);
}
