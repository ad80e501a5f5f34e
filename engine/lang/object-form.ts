/**
 * json-rules-engine's condition objects, in the safe profile.
 *
 * Owns: objects -> the same syntax tree that text makes. Refuses what the two evaluators could read differently:
 * other operators, decorators, paths, priorities, empty groups.
 */
import { isMap, isScalar, isSeq } from "yaml";
import type { YAMLMap } from "yaml";
import type { Code } from "./codes.ts";
import type { Span } from "./diagnostic.ts";
import type { Help } from "./fix.ts";
import { parseExpression } from "./parser.ts";
import { placesOf } from "./places.ts";
import { didYouMean, listed, notFinite } from "./suggest.ts";
import { WORD_ARGUMENTS } from "./syntax.ts";
import type { Argument, Node, Relation } from "./syntax.ts";
import { spanOfNode } from "./yaml-file.ts";
import type { YamlFile } from "./yaml-file.ts";

const RELATIONS: Readonly<Record<string, Relation | "in" | "notIn">> = {
  lessThan: "<",
  lessThanInclusive: "<=",
  greaterThan: ">",
  greaterThanInclusive: ">=",
  equal: "==",
  notEqual: "!=",
  in: "in",
  notIn: "notIn",
};

const GROUPS = ["all", "any", "not", "condition"];
const LEAF = ["fact", "params", "operator", "value"];
const NOT_SAFE: Readonly<Record<string, string>> = {
  path: "Paths are not part of the safe profile; a fact is a number.",
  priority: "Priorities of conditions change nothing but the order of work; remove it.",
  name: "Name it under conditions: and refer to it with {condition: name}.",
};

function notSafe(key: string): string | undefined {
  return Object.hasOwn(NOT_SAFE, key) ? NOT_SAFE[key] : undefined;
}

export class ConditionReader {
  readonly #file: YamlFile;

  constructor(file: YamlFile) {
    this.#file = file;
  }

  /** Any condition: text or object. Undefined after a finding. */
  condition(node: unknown): Node | undefined {
    if (isMap(node)) return this.#group(node);
    if (isScalar(node) && typeof node.value === "string") return this.expression(node);
    const message = "A condition must be text or a mapping";
    return this.#report("schema/condition-form", spanOf(node), message, "Write an expression such as rsi(14) < 30.");
  }

  /** A number or an expression. Undefined after a finding. */
  number(node: unknown): Node | undefined {
    if (isMap(node)) return this.#fact(node, ["fact", "params"]);
    if (isScalar(node) && typeof node.value === "number") return this.#literal(node.value, spanOf(node));
    if (isScalar(node) && typeof node.value === "string") return this.expression(node);
    return this.#report("schema/condition-form", spanOf(node), "Expected a number or an expression", "");
  }

  expression(scalar: unknown): Node | undefined {
    if (!isScalar(scalar)) return undefined;
    const text = String(scalar.value);
    const parsed = parseExpression(text, placesOf(this.#file.text, scalar));
    if ("node" in parsed) return parsed.node;
    const { span, message, help } = parsed.problem;
    const place = span.end > span.start || text.trim() !== "" ? span : spanOf(scalar);
    return this.#report("types/syntax", place, message, help);
  }

  #group(map: YAMLMap): Node | undefined {
    const keys = keysOf(map);
    const group = keys.find((key) => GROUPS.includes(key));
    if (group === undefined) return this.#leaf(map);
    const other = keys.find((key) => key !== group);
    if (other !== undefined) {
      const help = notSafe(other) ?? "A group has exactly one key: all, any, not or condition.";
      return this.#report(
        "schema/condition-form",
        keySpan(map, other),
        `"${other}" cannot stand beside "${group}"`,
        help,
      );
    }
    const value = map.get(group, true) as unknown;
    const span = spanOf(map);
    if (group === "condition") {
      if (isScalar(value) && typeof value.value === "string") {
        return { kind: "name", name: value.value, span: spanOf(value) };
      }
      return this.#report(
        "schema/condition-form",
        spanOf(value ?? map),
        "condition: needs the name of a condition",
        "",
      );
    }
    if (group === "not") {
      const kid = this.condition(value);
      return kid === undefined ? undefined : { kind: "not", kid, span };
    }
    if (!isSeq(value) || value.items.length === 0) {
      const message = isSeq(value) ? `An empty "${group}" has no meaning` : `"${group}" needs a list of conditions`;
      return this.#report("schema/condition-form", spanOf(value ?? map), message, "Write: all: [a, b].");
    }
    const kids = value.items.map((item) => this.condition(item));
    if (kids.some((kid) => kid === undefined)) return undefined;
    return { kind: group === "all" ? "all" : "any", kids: kids as Node[], span };
  }

  #leaf(map: YAMLMap): Node | undefined {
    const span = spanOf(map);
    const left = this.#fact(map, LEAF);
    if (left === undefined) return undefined;
    const word = map.get("operator", true) as unknown;
    const name = isScalar(word) ? String(word.value) : "";
    const relation = Object.hasOwn(RELATIONS, name) ? RELATIONS[name] : undefined;
    if (relation === undefined) return this.#refuseOperator(word ?? map, name);
    const value = map.get("value", true) as unknown;
    if (value === undefined || value === null) {
      return this.#report("schema/condition-form", span, "This comparison has no value", "Add value:.");
    }
    if (relation === "in" || relation === "notIn") return this.#list(left, value, relation === "notIn", span);
    if (isSeq(value)) {
      return this.#report(
        "schema/condition-form",
        spanOf(value),
        `A list goes with in and notIn, not with ${name}`,
        "",
      );
    }
    const right = this.#value(value);
    return right === undefined ? undefined : { kind: "compare", relation, left, right, span };
  }

  #value(node: unknown): Node | undefined {
    const value = this.number(node);
    return value?.kind === "number" && scalarNumber(node) !== undefined ? { ...value, isCoded: true } : value;
  }

  #refuseOperator(at: unknown, name: string): undefined {
    const known = Object.keys(RELATIONS);
    if (name === "")
      return this.#report(
        "schema/condition-form",
        spanOf(at),
        "This comparison has no operator",
        `Use ${listed(known)}.`,
      );
    const help = name.includes(":")
      ? "Decorators such as not: and someFact: are not part of the safe profile; use not, any and all."
      : didYouMean(name, known, `Use ${listed(known)}.`);
    return this.#report("schema/condition-form", spanOf(at), `Unknown operator "${name}"`, help);
  }

  #list(of: Node, value: unknown, negated: boolean, span: Span): Node | undefined {
    if (!isSeq(value) || value.items.length === 0) {
      return this.#report(
        "schema/condition-form",
        spanOf(value),
        "in and notIn need a list of numbers",
        "value: [1, 2]",
      );
    }
    const values = value.items.map((item) => this.#value(item));
    if (values.some((one) => one === undefined)) return undefined;
    return { kind: "in", of, values: values as Node[], negated, span };
  }

  // -------------------------------------------------------------------------------------------- facts

  #fact(map: YAMLMap, allowed: readonly string[]): Node | undefined {
    const span = spanOf(map);
    for (const key of keysOf(map)) {
      if (allowed.includes(key)) continue;
      const help = notSafe(key) ?? didYouMean(key, [...allowed, ...GROUPS], `Expected ${listed(allowed)}.`);
      return this.#report("schema/condition-form", keySpan(map, key), `"${key}" is not part of a comparison`, help);
    }
    const fact = map.get("fact", true) as unknown;
    if (!isScalar(fact) || typeof fact.value !== "string") {
      const help = "Write {fact: rsi, params: {period: 14}, operator: lessThan, value: 30}.";
      return this.#report(
        "schema/condition-form",
        fact === undefined ? span : spanOf(fact),
        "This comparison has no fact",
        help,
      );
    }
    const params = map.get("params", true) as unknown;
    if (params !== undefined && !isMap(params)) {
      return this.#report("schema/condition-form", spanOf(params), "params must be a mapping of names to values", "");
    }
    if (!/^[A-Za-z_][A-Za-z0-9_.]*$/.test(fact.value)) {
      const help = "An expression stands as text, not under fact:.";
      return this.#report("schema/condition-form", spanOf(fact), `"${fact.value}" is no name of a fact`, help);
    }
    return this.#call(fact.value, spanOf(fact), isMap(params) ? params : undefined, span);
  }

  #call(name: string, nameSpan: Span, params: YAMLMap | undefined, span: Span): Node | undefined {
    const get = (key: string): unknown => params?.get(key, true);
    switch (name) {
      case "const":
        return this.number(get("value"));
      case "calc":
        return this.#calc(get("op"), get("args"), params, span);
      case "lag": {
        const of = this.number(get("of"));
        return of === undefined ? undefined : this.#lagged(of, params, span);
      }
      case "bars_true":
      case "seconds_true":
      case "bars_since":
      case "seconds_since": {
        const of = this.condition(get("of"));
        const horizon = scalarNumber(get("horizon"));
        if (of === undefined) return undefined;
        if (
          name.endsWith("_since") &&
          !(horizon !== undefined && horizon >= 1 && horizon <= 1e7 && Number.isInteger(horizon))
        ) {
          return this.#report("schema/condition-form", span, `${name} needs a horizon: a whole number from 1`, "");
        }
        const before = isScalar(get("before")) && (get("before") as { value: unknown }).value === true;
        const node: Node = {
          kind: "temporal",
          fact: name,
          of,
          before,
          span,
          ...(horizon === undefined ? {} : { horizon }),
        };
        return this.#lagged(node, params, span);
      }
      default:
        return this.#indicator(name, nameSpan, params, span);
    }
  }

  #indicator(name: string, nameSpan: Span, params: YAMLMap | undefined, span: Span): Node | undefined {
    const args: Argument[] = [];
    for (const { key, value } of params?.items ?? []) {
      const parameter = isScalar(key) ? String(key.value) : "";
      if (parameter === "lag" || parameter === "lag_on") continue;
      const isWord = WORD_ARGUMENTS.has(parameter);
      const node = isWord ? wordOf(value) : this.number(value);
      if (node === undefined) return undefined;
      args.push({ name: parameter, nameSpan: spanOf(key), value: node });
    }
    // {fact: band, params: {output: upper}} for a fact that a person named is band.upper.
    const output = args.find((arg) => arg.name === "output")?.value;
    const plain: Node =
      args.length === 0
        ? { kind: "name", name, span: nameSpan }
        : args.length === 1 && output?.kind === "word"
          ? { kind: "name", name: `${name}.${output.word}`, span }
          : { kind: "call", name, nameSpan, args, span };
    return this.#lagged(plain, params, span);
  }

  #calc(op: unknown, args: unknown, params: YAMLMap | undefined, span: Span): Node | undefined {
    const operator = isScalar(op) ? String(op.value) : "";
    const known = ["+", "-", "*", "/", "neg", "abs", "min", "max"] as const;
    const found = known.find((one) => one === operator);
    const items = isSeq(args) ? args.items : [];
    const counts =
      found === "neg" || found === "abs" ? [1, 1] : found === "min" || found === "max" ? [2, 1000] : [2, 2];
    if (found === undefined || items.length < (counts[0] as number) || items.length > (counts[1] as number)) {
      return this.#report("schema/condition-form", span, "calc needs op and args", `op is one of ${listed(known)}.`);
    }
    const nodes = items.map((item) => this.number(item));
    if (nodes.some((node) => node === undefined)) return undefined;
    return this.#lagged({ kind: "calc", operator: found, args: nodes as Node[], span }, params, span);
  }

  #lagged(of: Node, params: YAMLMap | undefined, span: Span): Node {
    const lag = scalarNumber(params?.get("lag", true));
    if (lag === undefined) return of;
    const on = params?.get("lag_on", true) as unknown;
    const bars: Node = { kind: "number", value: lag, form: "number", span };
    return { kind: "lookback", of, bars, span, ...(isScalar(on) ? { sampled: String(on.value) } : {}) };
  }

  #literal(value: number, span: Span): Node | undefined {
    if (Number.isFinite(value)) return { kind: "number", value, form: "number", span };
    return this.#report("schema/type", span, notFinite(value), "");
  }

  #report(code: Code, span: Span, message: string, help: Help): undefined {
    this.#file.findings.report(code, span, message, help);
  }
}

function keysOf(map: YAMLMap): string[] {
  return map.items.map((item) => (isScalar(item.key) ? String(item.key.value) : ""));
}

function keySpan(map: YAMLMap, name: string): Span {
  return spanOf(map.items.find((item) => isScalar(item.key) && item.key.value === name)?.key);
}

function scalarNumber(node: unknown): number | undefined {
  return isScalar(node) && typeof node.value === "number" ? node.value : undefined;
}

function wordOf(node: unknown): Node {
  return { kind: "word", word: isScalar(node) ? String(node.value) : "", span: spanOf(node) };
}

/** Blocks are shown by their first key, and its value when that is on the same line: frames of whole blocks help nobody. */
function spanOf(node: unknown): Span {
  if (isMap(node) && node.flow !== true) {
    const [first] = node.items;
    const [key, value] = [spanOfNode(first?.key), isScalar(first?.value) ? spanOfNode(first.value) : undefined];
    if (key !== undefined) return { start: key.start, end: Math.max(key.end, value?.end ?? 0) };
  }
  return spanOfNode(node) ?? { start: 0, end: 0 };
}
