/**
 * The inputs of a template: which types there are, and whether a value is of one.
 *
 * Owns: their names, what each takes, and how a value reads in the middle of a text. May not: fill templates.
 */
import { isMap, isScalar, isSeq } from "yaml";
import type { Scalar, YAMLMap } from "yaml";
import { parseSeriesSize } from "../market/bar-size.ts";
import type { Span } from "./diagnostic.ts";
import type { Help } from "./fix.ts";
import { parseExpression } from "./parser.ts";
import { placesOf } from "./places.ts";
import { SYMBOL } from "./schema-parts.ts";
import { listed } from "./suggest.ts";
import { isCondition } from "./syntax.ts";
import { parseRatio, parseSpan } from "./values.ts";

export const INPUT_TYPES = {
  number: "A number.",
  integer: "A whole number.",
  percent: "A part of something, e.g. `2%`.",
  duration: "A time span or a number of bars: `30m`, `5 bars`.",
  bar_size: "A bar size: `5m`, `1d`, `500 ticks`.",
  time: "A time of day: `09:45`.",
  symbol: "One symbol.",
  symbols: "A list of symbols, or `{file: watchlists/tech.yaml}`.",
  text: "Any text.",
  boolean: "`true` or `false`.",
  expression: "A number or an expression, e.g. `2 * atr(14)`.",
  condition: "A condition, as text or in the object form.",
  choice: "One of `choices`.",
} as const;

export type InputType = keyof typeof INPUT_TYPES;

export interface Input {
  readonly name: string;
  readonly type: InputType;
  readonly description: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly choices: readonly (string | number)[];
  /** YAML nodes. */
  readonly default: unknown;
  readonly example: unknown;
}

export function inputsOf(map: YAMLMap): readonly Input[] {
  return map.items.flatMap(({ key, value }): Input[] => {
    if (!isScalar(key) || !isMap(value)) return [];
    const plain = (name: string): unknown => value.get(name);
    const number = (name: string): number | undefined => parseRatio(plain(name)) ?? undefined;
    const type = plain("type");
    const description = plain("description");
    if (typeof type !== "string" || !Object.hasOwn(INPUT_TYPES, type)) return [];
    const choices: unknown = value.get("choices", true);
    return [
      {
        name: String(key.value),
        type: type as InputType,
        description: typeof description === "string" ? description : "",
        min: number("min"),
        max: number("max"),
        choices: isSeq(choices) ? choices.items.map((item) => (isScalar(item) ? item.value : item) as string) : [],
        default: value.get("default", true),
        example: value.get("example", true),
      },
    ];
  });
}

export interface InputProblem {
  readonly message: string;
  readonly help: Help;
  /** Undefined: all of the value. */
  readonly span?: Span;
}

/** What is wrong with a value for an input, or undefined. `text`: where the value stands. */
export function inputProblem(input: Input, node: unknown, text: string): InputProblem | undefined {
  const value: unknown = isScalar(node) ? node.value : node;
  const expected = (): InputProblem => ({
    message: `"${input.name}" must be ${WORDS[input.type]}, not ${shown(node)}`,
    help: input.description,
  });
  switch (input.type) {
    case "number":
    case "integer": {
      const isRight = typeof value === "number" && Number.isFinite(value);
      if (!isRight || (input.type === "integer" && !Number.isInteger(value))) return expected();
      return outside(input, value, String);
    }
    case "percent": {
      const ratio = parseRatio(value);
      return ratio === undefined
        ? expected()
        : outside(input, ratio, (one) => `${Number((one * 100).toPrecision(12))}%`);
    }
    case "duration":
      return parseSpan(value) === undefined ? expected() : undefined;
    case "bar_size":
      return typeof value === "string" && parseSeriesSize(value) !== undefined ? undefined : expected();
    case "time":
      return typeof value === "string" && /^([01]?\d|2[0-3]):[0-5]\d$/.test(value) ? undefined : expected();
    case "symbol":
      return isSymbol(value) ? undefined : expected();
    case "symbols":
      return isSymbols(node) ? undefined : expected();
    case "text":
      return typeof value === "string" ? undefined : expected();
    case "boolean":
      return typeof value === "boolean" ? undefined : expected();
    case "choice":
      if (input.choices.includes(value as string)) return undefined;
      return {
        ...expected(),
        message: `"${input.name}" must be ${listed(input.choices.map(String))}, not ${shown(node)}`,
      };
    case "expression":
    case "condition":
      return expressionProblem(input, node, text, expected);
  }
}

const WORDS: Readonly<Record<InputType, string>> = {
  number: "a number",
  integer: "a whole number",
  percent: "a percentage such as 2%",
  duration: "a time span such as 30m or 5 bars",
  bar_size: "a bar size such as 5m",
  time: "a time of day such as 09:45",
  symbol: "a symbol",
  symbols: "a list of symbols",
  text: "text",
  boolean: "true or false",
  expression: "a number or an expression",
  condition: "a condition",
  choice: "one of the choices",
};

function outside(input: Input, value: number, words: (value: number) => string): InputProblem | undefined {
  const { name, min, max } = input;
  if ((min === undefined || value >= min) && (max === undefined || value <= max)) return undefined;
  const range =
    min === undefined
      ? `at most ${words(max as number)}`
      : max === undefined
        ? `at least ${words(min)}`
        : `from ${words(min)} to ${words(max)}`;
  return { message: `"${name}" must be ${range}, not ${words(value)}`, help: input.description };
}

function expressionProblem(
  input: Input,
  node: unknown,
  text: string,
  expected: () => InputProblem,
): InputProblem | undefined {
  // The object form is judged where it stands, like any other condition.
  if (input.type === "condition" && isMap(node)) return undefined;
  const value: unknown = isScalar(node) ? node.value : undefined;
  if (input.type === "expression" && typeof value === "number") return undefined;
  if (typeof value !== "string") return expected();
  const parsed = parseExpression(value, placesOf(text, node as Scalar));
  if ("problem" in parsed) return parsed.problem;
  // A name alone may be either: what it is, the strategy knows.
  if (input.type === "expression" && isCondition(parsed.node)) return expected();
  const isNumber = ["number", "calc", "call", "lookback"].includes(parsed.node.kind);
  return input.type === "condition" && isNumber ? expected() : undefined;
}

function isSymbol(value: unknown): boolean {
  return typeof value === "string" && new RegExp(SYMBOL).test(value);
}

function isSymbols(node: unknown): boolean {
  // Each symbol is judged where the list stands: a word that YAML reads as a boolean has a sentence of its own.
  if (isSeq(node)) return node.items.length > 0;
  return isMap(node) && typeof node.get("file") === "string";
}

function shown(node: unknown): string {
  if (isSeq(node)) return "a list";
  if (isMap(node)) return "a mapping";
  const value: unknown = isScalar(node) ? node.value : undefined;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" ? `"${value.slice(0, 60)}"` : "nothing";
}

/** How a value reads inside an expression or a message; undefined when it cannot stand there. */
export function textOf(input: Input, node: unknown): string | undefined {
  if (!isScalar(node)) return undefined;
  if (input.type === "boolean" || input.type === "symbols") return undefined;
  return typeof node.value === "number" ? (node.source ?? String(node.value)) : String(node.value);
}

/** Whether its text needs parentheses around it to stay one value. */
export function needsParentheses(input: Input, node: unknown): boolean {
  const isText = isScalar(node) && typeof node.value === "string";
  return isText && (input.type === "expression" || input.type === "condition") && !/^[\w.]+$/.test(String(node.value));
}
