/**
 * The OpenAPI document of the control API.
 *
 * Owns: writing the table of operations as OpenAPI 3.1. May not: say anything that the table does not.
 */
import { OPERATIONS } from "./operations.ts";
import type { Operation } from "./operations.ts";
import { SCHEMAS, ref } from "./schemas.ts";
import type { Schema } from "./schemas.ts";

const JSON_TYPE = "application/json";

const REFUSALS: Readonly<Record<string, string>> = {
  400: "The body is no JSON.",
  401: "The token or the signature is missing or wrong.",
  403: "Another Host, another Origin, or a page of another site.",
  413: "The body is too large.",
  415: "The content type is not application/json.",
  422: "A parameter or a field does not fit; `places` says which.",
  429: "Too many requests; Retry-After says when to ask again.",
  500: "A bug; nothing is told about it here.",
  503: "The run is ending, or too many listen.",
};
const OF_WRITES = ["400", "413", "415", "404", "409"];
const MORE: Readonly<Record<string, string>> = {
  404: "Nothing of that name is here.",
  409: "It cannot be carried out in this state.",
};

function responsesOf({ method, path, answer, open, query }: Operation): Schema {
  const content =
    answer === "openapi"
      ? { [JSON_TYPE]: { schema: { type: "object" } } }
      : typeof answer === "string"
        ? { [answer]: { schema: { type: "string" } } }
        : { [JSON_TYPE]: { schema: answer } };
  const all = { ...REFUSALS, ...MORE };
  const wanted = Object.entries(all).filter(([status]) => {
    if (status === "401") return open !== true;
    if (status === "422") return method === "POST" || query !== undefined;
    if (status === "404" && path.includes("{")) return true;
    return method === "POST" || !OF_WRITES.includes(status);
  });
  return {
    200: { description: "Done.", content },
    ...Object.fromEntries(
      wanted.map(([status, description]) => [
        status,
        { description, content: { [JSON_TYPE]: { schema: ref("Error") } } },
      ]),
    ),
  };
}

function operationOf(operation: Operation): Schema {
  const { id, summary, query = {}, open, signed } = operation;
  const parameters: Schema[] = Object.entries(query).map(([name, { description, ...schema }]) => ({
    ...{ name, in: "query", required: false, description, schema },
  }));
  for (const [, name] of operation.path.matchAll(/\{(\w+)\}/g))
    parameters.push({ name, in: "path", required: true, description: "Its id.", schema: { type: "string" } });
  if (operation.answer === "text/event-stream")
    parameters.push({
      ...{ name: "Last-Event-ID", in: "header", required: false, schema: { type: "string" } },
      description: "The id of the last event that was seen.",
    });
  return {
    operationId: id,
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.method === "GET"
      ? {}
      : { requestBody: { required: true, content: { [JSON_TYPE]: { schema: operation.body } } } }),
    responses: responsesOf(operation),
    security: [...(open === true ? [{}] : []), { token: [] }, ...(signed === true ? [{ signature: [] }] : [])],
  };
}

export function openApi(): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const operation of OPERATIONS)
    (paths[operation.path] ??= {})[operation.method.toLowerCase()] = operationOf(operation);
  return {
    openapi: "3.1.0",
    info: {
      title: "barwise control API",
      version: "1",
      description: "A running engine on 127.0.0.1. Address and token are in .barwise/control.json.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "http://127.0.0.1:{port}", variables: { port: { default: "0" } } }],
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        token: { type: "http", scheme: "bearer" },
        signature: {
          ...{ type: "apiKey", in: "header", name: "barwise-signature" },
          description:
            "`v1=HEX`: HMAC-SHA256 with the secret of a webhook over `TIMESTAMP.BODY`; `barwise-timestamp` has the seconds since 1970.",
        },
      },
    },
  };
}

/** As the file in `schemas/` has it. */
export function openApiText(): string {
  return `${JSON.stringify(openApi(), undefined, 2)}\n`;
}
