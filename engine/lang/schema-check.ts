/**
 * Validates data against a schema and says what is wrong in sentences, at the right place.
 *
 * Owns: ajv, and the words for its errors. May not: know what the data mean beyond its schema.
 */
import { Ajv } from "ajv";
import type { ErrorObject, ValidateFunction } from "ajv";
import { advice, becomes, editing, quoted, reworded } from "./fix.ts";
import type { Help } from "./fix.ts";
import { misplacedHelp } from "./misplaced.ts";
import { notBuiltKey } from "./not-built.ts";
import type { KeyPlace } from "./not-built.ts";
import type { Schema } from "./schema-parts.ts";
import { didYouMean, listed, notFinite } from "./suggest.ts";
import { keyPlace, placeOf, sourceAt } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

/** Errors that only repeat what a nested error says. */
const SILENT: ReadonlySet<string> = new Set(["if", "allOf", "propertyNames"]);

export function compileSchema(schema: Schema): ValidateFunction {
  return new Ajv({
    allErrors: true,
    verbose: true,
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
  }).compile(schema);
}

/** Reports every problem; true when there is none. */
export function checkSchema(
  validate: ValidateFunction,
  file: YamlFile,
  kind: "strategy" | "project" | "plain",
): boolean {
  if (validate(file.data)) return true;
  const errors = validate.errors ?? [];
  for (const error of errors) {
    if (SILENT.has(error.keyword) || isInsideOneOf(error)) continue;
    reportError(error, file, kind);
  }
  return false;
}

/** `oneOf` over constants is a list of choices; its branches need no sentence of their own. */
function isInsideOneOf(error: ErrorObject): boolean {
  return error.keyword === "const" && /\/oneOf\/\d+\/const$/.test(error.schemaPath);
}

function reportError(error: ErrorObject, file: YamlFile, kind: "strategy" | "project" | "plain"): void {
  const path = pathOf(error.instancePath, file.data);
  const { findings } = file;
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case "additionalProperties":
      return unknownKey(error, file, path, placeKind(path, kind));
    case "required": {
      const missing = String(params["missingProperty"]);
      const place = path.length === 0 ? { start: 0, end: 0 } : (keyPlace(file, path) ?? placeOf(file, path));
      findings.report(
        "schema/missing-key",
        place,
        `${subject(path)} has no "${missing}"`,
        missingHelp(missing, `Add ${missing}:. ${docOf(error, missing)}`.trim(), file, path),
      );
      return;
    }
    case "type":
      return wrongType(error, file, path);
    case "oneOf":
    case "enum":
      return wrongChoice(error, file, path);
    case "const":
      // A wrong type has its own sentence.
      if (path.at(-1) === "barwise" && typeof error.data !== "number") return;
      if (path.at(-1) === "barwise") {
        const message = `Language version ${shown(error.data)} is unknown`;
        findings.report("schema/version", placeOf(file, path), message, "This barwise reads version 1: barwise: 1");
        return;
      }
      break;
    case "pattern":
      return wrongPattern(error, file, path);
    case "minProperties":
    case "maxProperties": {
      const keys = Object.keys((error.parentSchema?.["properties"] ?? {}) as object);
      const message = `${subject(path)} must name exactly one of ${listed(keys, "and")}`;
      findings.report("schema/value", placeOf(file, path), message, "");
      return;
    }
    case "maxItems":
      // Only the list of feeds has a most.
      findings.report("schema/not-built", placeOf(file, path), "More than two feeds are not built yet", "Keep two.");
      return;
    case "minItems":
      findings.report("schema/value", placeOf(file, path), `${subject(path)} must not be empty`, "");
      return;
    default:
      break;
  }
  findings.report("schema/value", placeOf(file, path), `${subject(path)} ${error.message ?? "is not valid"}`, "");
}

function unknownKey(error: ErrorObject, file: YamlFile, path: Path, where: KeyPlace | undefined): void {
  const key = String((error.params as { additionalProperty: unknown }).additionalProperty);
  const place = keyPlace(file, [...path, key]) ?? placeOf(file, path);
  const planned = where === undefined ? undefined : notBuiltKey(where, key);
  if (planned !== undefined) {
    file.findings.report("schema/not-built", place, planned.message, planned.help);
    return;
  }
  const known = Object.keys((error.parentSchema?.["properties"] ?? {}) as object);
  const expected = known.length === 0 ? "It takes no keys." : `Expected ${listed(known)}.`;
  const name = path.length === 0 ? "" : ` in ${pathText(path)}`;
  const elsewhere = where === "trade" ? misplacedHelp(String(path.at(-1)), key) : undefined;
  const help = elsewhere ?? gluedHelp(key, known) ?? didYouMean(key, known, expected, { keys: true });
  file.findings.report("schema/unknown-key", place, `Unknown key "${key}"${name}`, help);
}

/** `{qty:1}` is one word to YAML. */
function gluedHelp(key: string, known: readonly string[]): Help | undefined {
  const [before = "", after] = key.split(/:(.*)/s);
  if (after === undefined || !known.includes(before)) return undefined;
  const spaced = `${before}: ${after}`;
  const fix = becomes((source) => (source === key ? spaced : undefined), { safe: true });
  return advice(`Write a space after the colon: ${spaced}.`, fix);
}

/** The one key whose value is known without asking. */
function missingHelp(key: string, help: string, file: YamlFile, path: Path): Help {
  const start = keyPlace(file, [Object.keys(file.data ?? {})[0] ?? ""])?.start;
  if (key !== "barwise" || path.length > 0 || start === undefined) return help;
  const text = `barwise: 1${file.text.includes("\r\n") ? "\r\n" : "\n"}`;
  return advice(
    help,
    editing("Add barwise: 1", true, () => [{ start, end: start, text }]),
  );
}

function placeKind(path: Path, kind: "strategy" | "project" | "plain"): KeyPlace | undefined {
  if (kind === "project") return path.length === 0 ? "project" : path[2] === "tape" ? "tape" : undefined;
  if (kind === "plain") return undefined;
  if (path.length === 0) return "";
  if (path[0] !== "rules") return undefined;
  if (path.length === 2) return "rule";
  if (path[2] !== "then") return undefined;
  return path.length === 3 ? "action" : path.length === 4 ? "trade" : undefined;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  array: "a list",
  null: "nothing",
};

function wrongType(error: ErrorObject, file: YamlFile, path: Path): void {
  const { type } = error.params as { type: string | readonly string[] };
  const types = (typeof type === "string" ? type.split(",") : type).filter((name) => name !== "null");
  const expected = listed(types.map((name) => TYPE_WORDS[name] ?? name));
  const source = sourceAt(file, path);
  const place = placeOf(file, path);
  if (typeof error.data === "number" && !Number.isFinite(error.data) && types.includes("number")) {
    file.findings.report("schema/type", place, notFinite(error.data), "");
    return;
  }
  const found = `${subject(path)} must be ${expected}, found ${describe(error.data)}`;
  const isScalar = typeof error.data !== "object" || error.data === null;
  if (isScalar && path[0] === "symbols" && path.length === 2) {
    const message = `The symbol ${source === "" ? "~" : source} is read as ${describe(error.data)}`;
    file.findings.report("yaml/unquoted-symbol", place, message, advice(`Quote it: "${source}".`, quoted(true)));
    return;
  }
  const isFreeText = ["name", "description", "message"].includes(String(path.at(-1)));
  const help =
    isFreeText && isScalar && source !== "" ? advice(`Quote it: "${source}".`, quoted(true)) : docText(error);
  file.findings.report("schema/type", place, found, help);
}

function wrongChoice(error: ErrorObject, file: YamlFile, path: Path): void {
  const schema = error.parentSchema ?? {};
  const choices = (schema["enum"] ??
    ((schema["oneOf"] ?? []) as { const?: unknown }[]).map((one) => one.const)) as unknown[];
  const known = choices.filter((one) => typeof one === "string");
  // A wrong type has its own sentence.
  if (typeof error.data !== "string") return;
  const expected = `Expected ${listed(known)}.`;
  const help = didYouMean(error.data, known, expected);
  const message = `${subject(path)} cannot be "${cut(error.data)}"`;
  const whole = reworded(help, (words) => (words === expected ? words : `${words} ${expected}`));
  file.findings.report("schema/value", placeOf(file, path), message, whole);
}

function wrongPattern(error: ErrorObject, file: YamlFile, path: Path): void {
  const isKey = error.propertyName !== undefined;
  const name = isKey ? String(error.propertyName) : String(error.data);
  const place = isKey ? (keyPlace(file, [...path, name]) ?? placeOf(file, path)) : placeOf(file, path);
  const isSymbol = path[0] === "symbols";
  const message = isSymbol
    ? `"${cut(name)}" is no symbol`
    : `"${cut(name)}" cannot be used as ${isKey ? "a name" : pathText(path)}`;
  const help = isSymbol
    ? "Symbols are letters, digits, dots, dashes and slashes."
    : isKey
      ? "Use letters, digits and underscores; a dash would read as minus."
      : "Use letters, digits, dashes and underscores.";
  file.findings.report("schema/value", place, message, patternHelp(error) ?? help);
}

function patternHelp(error: ErrorObject): string | undefined {
  const pattern = typeof error.schema === "string" ? error.schema : "";
  if (pattern.includes("wss")) return "Write an address such as wss://example.test/stream.";
  return pattern.startsWith("^\\$") ? "Write a path such as $.price." : undefined;
}

/** `/rules/0/then` -> ["rules", 0, "then"]; a number only where the data have a list. */
function pathOf(pointer: string, data: unknown): Path {
  const path: (string | number)[] = [];
  let here: unknown = data;
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    const step = Array.isArray(here) ? Number(name) : name;
    path.push(step);
    here = (here as Record<string | number, unknown> | undefined)?.[step];
  }
  return path;
}

function pathText(path: Path): string {
  return path.map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)).join("");
}

function subject(path: Path): string {
  return path.length === 0 ? "The file" : `"${pathText(path)}"`;
}

function describe(value: unknown): string {
  const kind = kindOf(value);
  if (kind === "object" || kind === "array" || kind === "null") return TYPE_WORDS[kind] as string;
  return `${shown(value)} (${kind === "string" ? "text" : `a ${kind}`})`;
}

function kindOf(value: unknown): string {
  return value === null || value === undefined ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function shown(value: unknown): string {
  return typeof value === "string" ? `"${cut(value)}"` : String(value);
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
}

function docText(error: ErrorObject): string {
  const doc: unknown = error.parentSchema?.["description"];
  return typeof doc === "string" ? doc : "";
}

function docOf(error: ErrorObject, key: string): string {
  const properties = (error.parentSchema?.["properties"] ?? {}) as Readonly<Record<string, { description?: unknown }>>;
  const doc = Object.hasOwn(properties, key) ? properties[key]?.description : undefined;
  return typeof doc === "string" ? doc : "";
}
