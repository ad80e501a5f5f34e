/**
 * Beginnings that the schemas offer: a rule, a bracket, a condition to change.
 *
 * Owns: writing them as YAML, on lines of their own or inside braces. What they are is the business of the schemas.
 */
import type { Schema } from "../lang/schema-parts.ts";
import type { Path } from "../lang/yaml-file.ts";
import { spokenAt } from "./schema-at.ts";

export interface Beginning {
  readonly label: string;
  readonly doc: string;
  /** Text or a tree, with places to fill in. */
  readonly body: unknown;
}

export function beginningsAt(root: Schema, path: Path): readonly Beginning[] {
  const found = spokenAt(root, path).flatMap(({ schema }) => {
    const snippets = schema["defaultSnippets"];
    return Array.isArray(snippets) ? (snippets as readonly Readonly<Record<string, unknown>>[]) : [];
  });
  const all = found.map(({ label, description, body }) => ({ label: String(label), doc: String(description), body }));
  return [...new Map(all.map((one) => [one.label, one])).values()];
}

/** Behind a colon: a tree in braces, a text as it is. */
export function asValue(body: unknown, isFlow: boolean): string {
  if (typeof body === "object" && body !== null) return inBraces(body);
  return isFlow ? quotedInFlow(scalar(body)) : scalar(body);
}

/** Where a mapping begins: a line for each key; `pad` is what the lines after the first stand behind. */
export function asLines(body: unknown, pad: string): string | undefined {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  const lines = Object.entries(body).map(([key, value]) => `${key}: ${asValue(value, false)}`);
  return lines.join(`\n${pad}`);
}

function inBraces(body: object): string {
  if (Array.isArray(body)) return `[${body.map((one) => asValue(one, true)).join(", ")}]`;
  const entries = Object.entries(body).map(([key, value]) => `${key}: ${asValue(value, true)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

function scalar(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** In braces a comma ends a text and brackets begin a list; places to fill in have braces of their own. */
function quotedInFlow(text: string): string {
  const bare = text.replaceAll(/\$\{\d+\|[^|]*\|\}/g, "").replaceAll(/\$\{\d+:([^}]*)\}/g, "$1");
  return /[,[\]{}#]|: /.test(bare) ? `"${text}"` : text;
}
