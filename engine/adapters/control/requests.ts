/**
 * What a request asks for, as far as its operation lets it.
 *
 * Owns: checking parameters and bodies against the schemas of the operation, and saying what does not fit. May not: touch
 * sockets.
 */
import { Ajv } from "ajv";
import type { ErrorObject, ValidateFunction } from "ajv";
import type { Refusal } from "./gate.ts";
import { OPERATIONS } from "./operations.ts";
import type { Operation, Write } from "./operations.ts";

type Values = { readonly values: Readonly<Record<string, unknown>> };

/** Parameters are texts: `7` and `true` become what the schema says. */
const parameters = new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true, strict: true });
const bodies = new Ajv({ allErrors: true, strict: true });

const queries = new Map<Operation, ValidateFunction>();
const writes = new Map<Operation, ValidateFunction>();
for (const operation of OPERATIONS) {
  const { query = {} } = operation;
  queries.set(operation, parameters.compile({ type: "object", properties: query, additionalProperties: false }));
  if (operation.method === "POST") writes.set(operation, bodies.compile(operation.body));
}

export function queryOf(operation: Operation, search: URLSearchParams): Refusal | Values {
  const values: Record<string, unknown> = {};
  for (const [name, value] of search) {
    if (Object.hasOwn(values, name)) return unfit([`${name}: given twice`]);
    values[name] = value;
  }
  return checked(queries.get(operation) as ValidateFunction, values);
}

export function bodyOf(operation: Write, bytes: Buffer): Refusal | Values {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    return { status: 400, code: "json", message: "the body is not JSON" };
  }
  return checked(writes.get(operation) as ValidateFunction, value);
}

function checked(validate: ValidateFunction, value: unknown): Refusal | Values {
  if (validate(value)) return { values: value as Readonly<Record<string, unknown>> };
  return unfit((validate.errors ?? []).map(placeText));
}

function unfit(places: readonly string[]): Refusal {
  return { status: 422, code: "invalid", message: `the request does not fit: ${places.join("; ")}`, places };
}

function placeText({ instancePath, keyword, params, message }: ErrorObject): string {
  const at = instancePath === "" ? "request" : instancePath.slice(1).replaceAll("/", ".");
  const extra = (params as Readonly<Record<string, unknown>>)["additionalProperty"];
  return keyword === "additionalProperties" ? `${at}: unknown field ${String(extra)}` : `${at}: ${message ?? keyword}`;
}
