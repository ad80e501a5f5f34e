/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema and a key of rules */
/**
 * Parts that both schemas are made of.
 *
 * Owns: small builders and the definitions of values (expressions, conditions, durations, limits).
 * May not: check anything itself. JSON Schema draft-07, because that is what editors understand.
 */

import { INDICATORS } from "../catalog/catalog.ts";
import { FACTS } from "../catalog/facts.ts";
import { EXIT_LIMITS, LIMITS } from "../core/desk/risk/catalogue.ts";
import type { LimitSpec } from "../core/risk-limits.ts";
import { durationText } from "./values.ts";

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

const DATE = String.raw`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`;

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
    risk: mapping(RISK, riskLimits()),
    accountRisk: accountLimits(),
    approval: approval(),
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

function origins(description: string): Schema {
  const items = choice("Who wants the order.", {
    rule: "A rule of the strategy.",
    operator: "A person's command.",
    ai: "An AI, within its bounds.",
  });
  return { type: "array", description, minItems: 1, uniqueItems: true, items };
}

function approval(): Schema {
  const policy = (what: string): Schema =>
    choice(
      what,
      { consume: "The firing stays used up.", rearm: "The rule may fire again, as if it had not fired." },
      "consume",
    );
  return mapping("Orders that open or add and that a person must approve. Exits are never asked about.", {
    when: ref("condition", "E.g. `order.notional > 25000`: facts of the order and of the account."),
    symbols: symbolList("Every order in one of these symbols."),
    first_orders: { type: "integer", minimum: 1, description: "The first so many entries that a strategy sends." },
    outside: choice("Orders outside these hours.", { regular: "The regular session of the exchange." }),
    origin: origins("Every order that one of these wants."),
    second: ref("condition", "When two people must approve, e.g. `order.notional > 100000`."),
    expires: { ...ref("duration", "How long an answer is awaited."), default: "5m" },
    max_drift: { ...ref("ratio", "How far the price may move until the answer comes."), default: "0.5%" },
    fresh: { ...ref("duration", "How old the last price may be when the answer comes."), default: "30s" },
    edits: choice(
      "What a person may change before they approve.",
      {
        none: "Nothing.",
        lower: "A smaller quantity, the limit price, the time in force.",
        any: "The same, and a larger quantity within all limits.",
      },
      "lower",
    ),
    on_reject: policy("What becomes of the firing when a person says no."),
    on_expiry: policy("What becomes of the firing when nobody answers in time."),
    market_as: choice(
      "What an order at the market becomes when it is asked about.",
      { limit: "A limit order at the price that was shown and max_drift.", market: "It stays an order at the market." },
      "limit",
    ),
    max_pending: {
      type: "integer",
      minimum: 1,
      default: 20,
      description: "Requests that may wait at once; more are refused.",
    },
    approvers: {
      type: "object",
      description:
        "Who may decide, by channel: `{cli: [ann], telegram: [12345]}`. Without it: whoever the channel lets in.",
      additionalProperties: {
        type: "array",
        description: "Names as the channel knows them.",
        minItems: 1,
        items: {
          description: "A name, or {id, person} where the same person has another name in another channel.",
          type: ["string", "integer", "object"],
          additionalProperties: false,
          properties: {
            id: { type: ["string", "integer"], description: "The name in this channel." },
            person: text("The person: two approvals must be those of two persons."),
          },
          required: ["id", "person"],
        },
      },
    },
  });
}

const RISK = "Limits that entries must keep. Exits are never trapped by them.";

/** From the catalogue of controls. */
function riskLimits(): Readonly<Record<string, Schema>> {
  const all = Object.fromEntries(LIMITS.map((limit) => [limit.name, limitSchema(limit)]));
  return {
    ...all,
    reduce_only: {
      type: "array",
      description: "Symbols, and strategies as `strategy:NAME`, that may only be closed.",
      items: { type: "string", minLength: 1 },
    },
    include_exits: {
      type: "array",
      description: "Limits that hold for exits too. An exit that one of them refuses leaves its position open.",
      items: { enum: [...EXIT_LIMITS.keys()] },
    },
  };
}

function accountLimits(): Schema {
  const within = (description: string, names?: string): Schema => ({
    description,
    type: "object",
    ...(names === undefined ? {} : { propertyNames: { pattern: names } }),
    additionalProperties: ref("risk", "Limits that can only tighten the account's."),
  });
  return mapping(RISK, {
    ...riskLimits(),
    strategies: within("Tighter limits of single strategies, by their name."),
    symbols: within("Tighter limits of single symbols, for all strategies together.", SYMBOL),
    live: {
      description: "Strategies that may trade real money; on paper all may.",
      type: "object",
      additionalProperties: mapping(
        "Whose word it is.",
        {
          by: text("The person who lets it trade.", { minLength: 1 }),
          since: text("The day from which on, in UTC, e.g. `2026-11-01`.", { pattern: DATE }),
        },
        ["by", "since"],
      ),
    },
    groups: {
      description: "Symbols that move together, by a name for them: what max_group bounds.",
      type: "object",
      additionalProperties: symbolList("Symbols of the group."),
    },
  });
}

function limitSchema(spec: LimitSpec): Schema {
  if (spec.kind === "symbols") return { ...symbolList(spec.doc), minItems: spec.joined === "common" ? 1 : 0 };
  const { kind, doc, default: fallback } = spec;
  switch (kind) {
    case "count":
      return {
        type: "integer",
        minimum: 1,
        description: doc,
        ...(fallback === undefined ? {} : { default: fallback }),
      };
    case "money":
    case "shares":
      return {
        type: "number",
        exclusiveMinimum: 0,
        description: doc,
        ...(fallback === undefined ? {} : { default: fallback }),
      };
    case "ratio":
      return {
        ...ref("ratio", doc),
        ...(fallback === undefined ? {} : { default: `${Number((fallback * 100).toPrecision(12))}%` }),
      };
    case "duration":
      return { ...ref("duration", doc), ...(fallback === undefined ? {} : { default: durationText(fallback) }) };
    case "probation":
      return mapping(
        doc,
        {
          orders: { type: "integer", minimum: 0, description: "Entries of the rule; 0 turns it off." },
          max_notional: { type: "number", exclusiveMinimum: 0, default: 1000, description: "Dollars an entry." },
        },
        ["orders"],
      );
    case "position":
      return {
        description: doc,
        type: ["number", "string", "object"],
        additionalProperties: false,
        properties: {
          equity: ref("ratio", "Part of the account's equity, e.g. `10%`."),
          notional: { type: "number", exclusiveMinimum: 0, description: "Dollars." },
          qty: { type: "number", exclusiveMinimum: 0, description: "Shares." },
        },
      };
  }
}
