/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema and a key of rules */
/**
 * Parts that both schemas are made of.
 *
 * Owns: small builders and the definitions of values (expressions, conditions, durations, limits).
 * May not: check anything itself. JSON Schema draft-07, because that is what editors understand.
 */

import { INDICATORS } from "../catalog/catalog.ts";
import { FACTS } from "../catalog/facts.ts";

export type Schema = { readonly [keyword: string]: unknown };

export function text(description: string, more: Schema = {}): Schema {
  return { type: "string", description, ...more };
}

export function ref(name: string, description: string): Schema {
  return { description, allOf: [{ $ref: `#/definitions/${name}` }] };
}

export function mapping(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema {
  return {
    type: "object",
    description,
    additionalProperties: false,
    properties,
    ...(required.length > 0 ? { required } : {}),
  };
}

/** Choices with a sentence each, as editors show them. */
export function choice(description: string, choices: Readonly<Record<string, string>>, fallback?: string): Schema {
  return {
    description,
    type: "string",
    oneOf: Object.entries(choices).map(([value, doc]) => ({ const: value, description: doc })),
    ...(fallback === undefined ? {} : { default: fallback }),
  };
}

export const SYMBOL = "^[A-Za-z0-9][A-Za-z0-9._/-]*$";

export function symbolList(description: string): Schema {
  return {
    type: "array",
    description,
    minItems: 1,
    maxItems: 5000,
    items: { type: "string", pattern: SYMBOL, maxLength: 32 },
  };
}

const OPERATORS: Readonly<Record<string, string>> = {
  lessThan: "`<`",
  lessThanInclusive: "`<=`",
  greaterThan: "`>`",
  greaterThanInclusive: "`>=`",
  equal: "`==`",
  notEqual: "`!=`",
  in: "One of a list of numbers.",
  notIn: "None of a list of numbers.",
};

/** What the catalogue has, with what it is; a name under facts: is just as good. */
function factName(): Schema {
  const known = [
    ...[...INDICATORS.values()].map(({ name, doc }) => [name, doc] as const),
    ...[...FACTS.values()].map(({ name, doc }) => [name, doc] as const),
  ];
  return {
    description: "A fact, an indicator, or a name under facts:.",
    anyOf: [{ oneOf: known.map(([name, doc]) => ({ const: name, description: doc })) }, { type: "string" }],
  };
}

/** Values that stand in many places. `forEditors` spells out the object form of conditions, which lang judges itself. */
export function definitions(forEditors: boolean): Readonly<Record<string, Schema>> {
  return {
    expression: {
      description: "A number or an expression, e.g. `close * 1.001` or `2 * atr(14)`.",
      type: ["number", "string"],
    },
    ratio: {
      description: "A part of something: `10%` and 0.1 are the same.",
      type: ["number", "string"],
    },
    duration: {
      description: "A number with a unit: `30s`, `5m`, `2h`, `1d`.",
      type: "string",
    },
    condition: {
      description: "An expression such as `rsi(14) < 30 and close > sma(200)`, or the json-rules-engine form.",
      type: ["string", "object"],
      ...(forEditors ? { if: { type: "object" }, then: { $ref: "#/definitions/conditionObject" } } : {}),
    },
    ...(forEditors ? objectForm() : {}),
    risk: riskLimits(),
    approval: mapping(
      "Orders that open or add and that a person must approve. Exits are never asked about.",
      {
        when: ref("condition", "E.g. `order.notional > 25000`: facts of the order and of the account."),
        expires: { ...ref("duration", "How long an answer is awaited."), default: "5m" },
      },
      ["when"],
    ),
  };
}

function objectForm(): Readonly<Record<string, Schema>> {
  const condition = { $ref: "#/definitions/condition" };
  const group = (description: string): Schema => ({ description, type: "array", minItems: 1, items: condition });
  return {
    conditionObject: {
      type: "object",
      description: "json-rules-engine's form: all, any, not, condition, or a comparison.",
      oneOf: [
        mapping("Every one must hold.", { all: group("Conditions that must all hold.") }, ["all"]),
        mapping("At least one must hold.", { any: group("Conditions of which one must hold.") }, ["any"]),
        mapping("Must not hold.", { not: ref("condition", "What must not hold.") }, ["not"]),
        mapping("A condition by name.", { condition: text("Its name under conditions:.") }, ["condition"]),
        mapping(
          "Compares a fact.",
          {
            fact: factName(),
            params: { type: "object", description: "Its parameters by name, e.g. {period: 14}." },
            operator: choice("How it is compared.", OPERATORS),
            value: {
              description: "A number, a list of numbers (in, notIn), an expression, or another {fact, params}.",
              type: ["number", "string", "array", "object"],
            },
          },
          ["fact", "operator", "value"],
        ),
      ],
    },
  };
}

function riskLimits(): Schema {
  const count = { type: "integer", minimum: 1 };
  return mapping("Limits that entries must keep. Exits are never trapped by them.", {
    max_position: {
      description: "Largest position per symbol: `10%` of equity, an amount in dollars, or {equity | notional | qty}.",
      type: ["number", "string", "object"],
      additionalProperties: false,
      properties: {
        equity: ref("ratio", "Part of the account's equity, e.g. `10%`."),
        notional: { type: "number", exclusiveMinimum: 0, description: "Dollars." },
        qty: { type: "number", exclusiveMinimum: 0, description: "Shares." },
      },
    },
    max_orders_per_day: { ...count, description: "Orders per trading day." },
    max_orders_per_minute: { ...count, description: "Orders per minute.", default: 60 },
    max_order_notional: { type: "number", exclusiveMinimum: 0, description: "Largest order in dollars." },
    max_order_qty: { type: "number", exclusiveMinimum: 0, description: "Largest order in shares." },
    max_daily_loss: ref("ratio", "Loss since the previous close, e.g. `2%`, from which on entries are refused."),
    price_collar: {
      ...ref("ratio", "How far an order price may lie from the market, e.g. `5%`."),
      default: "10%",
    },
    include_exits: {
      type: "array",
      description: "Limits that hold for exits too. An exit that one of them refuses leaves its position open.",
      items: {
        enum: ["max_orders_per_day", "max_orders_per_minute", "max_order_notional", "max_order_qty", "price_collar"],
      },
    },
  });
}
