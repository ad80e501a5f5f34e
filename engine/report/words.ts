/**
 * Facts and comparisons in the words of the strategy language.
 *
 * Owns: the way back from canonical form to something a trader reads. May not: be parsed again by anything.
 */
import type { CanonicalCondition, FactRef, Operator, ParamValue } from "../core/program.ts";

const SIGNS: Readonly<Record<Operator, string>> = {
  lessThan: "<",
  lessThanInclusive: "<=",
  greaterThan: ">",
  greaterThanInclusive: ">=",
  equal: "==",
  notEqual: "!=",
  in: "in",
  notIn: "not in",
};

/** Parameters that are said in a way of their own. */
const SPECIAL = new Set([
  "of",
  "on",
  "symbol",
  "output",
  "lag",
  "lag_on",
  "op",
  "args",
  "condition",
  "horizon",
  "before",
  "rule",
  "value",
]);

export function signOf(operator: Operator): string {
  return SIGNS[operator];
}

export function factWords(ref: FactRef): string {
  const params = ref.params ?? {};
  const lag = params["lag"];
  const words = lagless(ref.fact, params);
  return typeof lag === "number" ? `${words}[${lag}]` : words;
}

function lagless(fact: string, params: NonNullable<FactRef["params"]>): string {
  switch (fact) {
    case "calc":
      return calcWords(String(params["op"]), (params["args"] ?? []) as readonly ParamValue[]);
    case "const":
      return String(params["value"]);
    case "bars_true":
      return `bars that ${conditionWords(params["condition"] as unknown as CanonicalCondition)} held`;
    case "seconds_true":
      return `seconds that ${conditionWords(params["condition"] as unknown as CanonicalCondition)} held`;
    case "bars_since":
      return `bars since ${conditionWords(params["condition"] as unknown as CanonicalCondition)}`;
    case "seconds_since":
      return `seconds since ${conditionWords(params["condition"] as unknown as CanonicalCondition)}`;
    default:
      return callWords(fact, params);
  }
}

function callWords(fact: string, params: NonNullable<FactRef["params"]>): string {
  const args: string[] = [];
  if (params["of"] !== undefined) args.push(valueWords(params["of"]));
  for (const [name, value] of Object.entries(params)) if (!SPECIAL.has(name)) args.push(valueWords(value));
  if (params["on"] !== undefined) args.push(`on: ${String(params["on"])}`);
  if (params["symbol"] !== undefined) args.push(`symbol: ${String(params["symbol"])}`);
  const call = args.length === 0 ? fact : `${fact}(${args.join(", ")})`;
  return params["output"] === undefined ? call : `${call}.${String(params["output"])}`;
}

function calcWords(op: string, args: readonly ParamValue[]): string {
  const words = args.map(valueWords);
  if (op === "neg") return `-${words[0]}`;
  if (op === "abs" || op === "min" || op === "max") return `${op}(${words.join(", ")})`;
  const inner = args.map((arg, index) =>
    isCalc(arg) && (op === "*" || op === "/") ? `(${words[index]})` : words[index],
  );
  return inner.join(` ${op} `);
}

function isCalc(value: ParamValue): boolean {
  return typeof value === "object" && "fact" in value && (value as { fact: ParamValue }).fact === "calc";
}

function valueWords(value: ParamValue): string {
  if (typeof value === "object" && "fact" in value) return factWords(value as unknown as FactRef);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function conditionWords(condition: CanonicalCondition): string {
  if ("all" in condition) return condition.all.map(nested).join(" and ");
  if ("any" in condition) return condition.any.map(nested).join(" or ");
  if ("not" in condition) return `not (${conditionWords(condition.not)})`;
  const { value } = condition;
  const right =
    typeof value === "number" ? String(value) : "fact" in value ? factWords(value) : `[${value.join(", ")}]`;
  return `${factWords(condition)} ${signOf(condition.operator)} ${right}`;
}

function nested(condition: CanonicalCondition): string {
  const words = conditionWords(condition);
  return "all" in condition || "any" in condition ? `(${words})` : words;
}
