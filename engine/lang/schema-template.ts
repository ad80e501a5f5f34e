/**
 * The schemas of templates and watchlists.
 *
 * Owns: their keys, types and documentation. The strategy inside a template is that of schema-strategy.ts with a
 * placeholder allowed wherever a value stands; what it becomes when it is filled is checked there.
 */
import { choice, definitions, mapping, symbolList, text } from "./schema-parts.ts";
import type { Schema } from "./schema-parts.ts";
import { strategySchema } from "./schema-strategy.ts";
import { INPUT_TYPES } from "./template-inputs.ts";

const DRAFT = "http://json-schema.org/draft-07/schema#";
const WORD = "^[A-Za-z_][A-Za-z0-9_]*$";

function inputSchema(): Schema {
  const any = (description: string): Schema => ({ description });
  const bound = (description: string): Schema => ({ description, type: ["number", "string"] });
  return mapping(
    "One input: whoever fills the template gives its value, or the default counts.",
    {
      type: choice("What it takes.", INPUT_TYPES),
      description: text("For people; shown when a value is missing or wrong."),
      default: any("The value when none is given; without it the input is required."),
      example: any("A value that the template is checked with when there is no default."),
      min: bound("Least value of a number, an integer or a percent."),
      max: bound("Greatest value of a number, an integer or a percent."),
      choices: { type: "array", minItems: 1, items: { type: ["string", "number"] }, description: "With type: choice." },
    },
    ["type"],
  );
}

export function templateSchema(forEditors: boolean): Schema {
  return {
    $schema: DRAFT,
    title: "barwise template",
    ...mapping(
      "A strategy with inputs. A strategy file fills it: template: NAME.template.yaml, with: {input: value}.",
      {
        barwise: { type: "integer", const: 1, description: "Version of the language." },
        description: text("For people."),
        inputs: {
          type: "object",
          description: "What has to be given, by name. `$name` stands for the value below strategy:.",
          propertyNames: { pattern: WORD },
          additionalProperties: inputSchema(),
        },
        strategy: forEditors ? body() : { type: "object", description: "Keys of a strategy." },
      },
      ["barwise", "strategy"],
    ),
    ...(forEditors ? { definitions: { ...definitions(true), placeholder: PLACEHOLDER } } : {}),
  };
}

const PLACEHOLDER: Schema = {
  type: "string",
  pattern: "^\\$[A-Za-z_][A-Za-z0-9_]*$",
  description: "The value of an input.",
};

const PLACEHOLDER_REF: Schema = { $ref: "#/definitions/placeholder" };

/** The properties of a strategy, none required: whoever fills the template may add what is missing. */
function body(): Schema {
  const { properties } = strategySchema(true) as { readonly properties: Readonly<Record<string, Schema>> };
  const { barwise: _barwise, name: _name, template: _template, with: _with, extends: _extends, ...own } = properties;
  return {
    type: "object",
    description: "Keys of a strategy; `$name` stands for an input.",
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(own).map(([key, schema]) => [key, orPlaceholder(schema)])),
  };
}

/** Expressions and conditions take any text; everything else takes a placeholder too, at every depth. */
function orPlaceholder(schema: Schema): Schema {
  const inner = inside(schema);
  const { anyOf } = inner;
  if (Array.isArray(anyOf)) return { ...inner, anyOf: [...(anyOf as Schema[]), PLACEHOLDER_REF] };
  const takesText = [schema["type"]].flat().includes("string") && !("oneOf" in schema) && !("pattern" in schema);
  const isReference = "$ref" in schema || "allOf" in schema;
  if (takesText || (isReference && !JSON.stringify(schema).includes("risk"))) return inner;
  const { description, default: fallback, ...alternative } = inner;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [alternative, PLACEHOLDER_REF],
  };
}

/** The same schema with placeholders below it; what is required may come from whoever fills the template. */
function inside(schema: Schema): Schema {
  const { required: _required, ...rest } = schema;
  const of = (key: "items" | "additionalProperties"): Schema => {
    const inner = schema[key];
    return isSchema(inner) ? { [key]: orPlaceholder(inner) } : {};
  };
  const { anyOf, properties } = schema;
  const keys = Object.entries((properties ?? {}) as Readonly<Record<string, Schema>>);
  return {
    ...rest,
    ...of("items"),
    ...of("additionalProperties"),
    ...(Array.isArray(anyOf) ? { anyOf: (anyOf as Schema[]).map(inside) } : {}),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(keys.map(([key, one]) => [key, orPlaceholder(one)])) }),
  };
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function watchlistSchema(): Schema {
  return {
    $schema: DRAFT,
    title: "barwise watchlist",
    ...mapping(
      "Symbols that strategies name with symbols: {file: watchlists/NAME.yaml}.",
      {
        barwise: { type: "integer", const: 1, description: "Version of the language." },
        description: text("For people."),
        symbols: symbolList("The symbols."),
      },
      ["barwise", "symbols"],
    ),
  };
}
