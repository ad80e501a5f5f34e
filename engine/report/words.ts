/**
 * Facts and conditions in plain words.
 *
 * Owns: how a canonical condition reads aloud. It follows the expression language, so that it can be pasted back.
 */
import type { CanonicalCondition, CanonicalLeaf, FactRef, ParamValue } from "../core/program.ts";
import { crossOf } from "../lang/plan/comparisons.ts";

const SIGNS: Readonly<Record<string, string>> = {
  lessThan: "<",
  lessThanInclusive: "<=",
  greaterThan: ">",
  greaterThanInclusive: ">=",
  equal: "==",
  notEqual: "!=",
};

/** `<` for lessThan; the operator itself where the language has a word. */
export function signOf(operator: string): string {
  return SIGNS[operator] ?? (operator === "notIn" ? "not in" : operator);
}

type Params = NonNullable<FactRef["params"]>;

export function factWords(ref: FactRef): string {
  const { lag, lag_on: sampled, ...params } = ref.params ?? {};
  const base = plainFact(ref.fact, params);
  if (lag === undefined) return base;
  if (sampled === undefined) return `${base}[${shown(lag)}]`;
  return `${base} at the previous ${sampled === "tick" ? "evaluation" : `${shown(sampled)} bar`}`;
}

function plainFact(name: string, params: Params): string {
  switch (name) {
    case "const":
      return shown(params["value"]);
    case "lag":
      return operand(params["of"]);
    case "calc":
      return calcWords(params);
    case "bars_true":
      return `bars in a row with (${inner(params["of"])})`;
    case "seconds_true":
      return `seconds without a break with (${inner(params["of"])})`;
    case "bars_since":
      return `bars since (${inner(params["of"])})`;
    case "seconds_since":
      return `seconds since (${inner(params["of"])})`;
    case "prior":
      return `prior(${operand(withoutOn(params["of"], params["on"]))}, on: ${shown(params["on"])})`;
    case "rank":
      return `rank(${operand(params["of"])})`;
    default:
      return callWords(name, params);
  }
}

/** `prior` says the size of the bars for what stands in it. */
function withoutOn(of: ParamValue | undefined, on: ParamValue | undefined): ParamValue | undefined {
  if (typeof of !== "object" || Array.isArray(of)) return of;
  const { fact, params } = of as unknown as FactRef;
  const { on: own, ...rest } = params ?? {};
  return own === on && own !== undefined ? { fact, params: rest } : of;
}

function callWords(name: string, params: Params): string {
  const { output, of, with: other, on, symbol, forming, ...own } = params;
  const args = [
    ...Object.entries(own).map(([name, value]) => (isWord(value) ? `${name}: ${value}` : shown(value))),
    ...(of === undefined ? [] : [`of: ${operand(of)}`]),
    ...(other === undefined ? [] : [`with: ${operand(other)}`]),
    ...(on === undefined ? [] : [`on: ${shown(on)}`]),
    ...(symbol === undefined ? [] : [`symbol: ${shown(symbol)}`]),
    ...(forming === undefined ? [] : [`forming: ${shown(forming)}`]),
  ];
  const call = args.length === 0 ? name : `${name}(${args.join(", ")})`;
  return output === undefined ? call : `${call}.${shown(output)}`;
}

function calcWords(params: Params): string {
  const operator = shown(params["op"]);
  const args = Array.isArray(params["args"]) ? (params["args"] as readonly ParamValue[]) : [];
  const words = args.map((arg) => (isCalc(arg) ? `(${operand(arg)})` : operand(arg)));
  if (operator === "neg") return `-${words.join("")}`;
  if (operator === "abs" || operator === "min" || operator === "max")
    return `${operator}(${args.map(operand).join(", ")})`;
  return words.join(` ${operator} `);
}

function isCalc(value: ParamValue): boolean {
  if (typeof value !== "object" || Array.isArray(value)) return false;
  const ref = value as unknown as FactRef;
  return ref.fact === "calc" && /^[-+*/]$/.test(shown(ref.params?.["op"]));
}

function operand(value: ParamValue | undefined): string {
  if (typeof value === "object" && !Array.isArray(value)) return factWords(value as unknown as FactRef);
  return shown(value);
}

function inner(value: ParamValue | undefined): string {
  return typeof value === "object" ? conditionWords(value as unknown as CanonicalCondition) : "";
}

/** `first` says nothing without its name; `15m` does. */
function isWord(value: ParamValue): value is string {
  return typeof value === "string" && /^[a-z]/.test(value);
}

function shown(value: ParamValue | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "");
}

/** One line, as an expression. */
export function conditionWords(condition: CanonicalCondition): string {
  if ("all" in condition) return allWords(condition.all);
  if ("any" in condition) return condition.any.map(part).join(" or ");
  if ("not" in condition) return `not ${part(condition.not)}`;
  return leafWords(condition);
}

function part(condition: CanonicalCondition): string {
  const isGroup = "all" in condition || "any" in condition;
  return isGroup && !("all" in condition && crossWords(condition.all) !== undefined)
    ? `(${conditionWords(condition)})`
    : conditionWords(condition);
}

/** What holds now, after what led to it: `(a) then (b) within 5 bars`. */
function allWords(kids: readonly CanonicalCondition[]): string {
  const steps = kids.flatMap((kid) => stepOf(kid) ?? []);
  const now = kids.filter((kid) => stepOf(kid) === undefined);
  const words = crossWords(now) ?? now.map(part).join(" and ");
  if (now.length === 0) return kids.map(part).join(" and ");
  return steps.reduce((then, { of, within }) => `(${of}) then (${then}) within ${within}`, words);
}

/** The earlier step of a sequence. */
function stepOf(condition: CanonicalCondition): { readonly of: string; readonly within: string } | undefined {
  if (!("operator" in condition) || condition.params?.["before"] !== true) return undefined;
  const { fact, params, operator, value } = condition;
  if (operator !== "lessThanInclusive" || params["horizon"] !== value || params["lag"] !== undefined) return undefined;
  return { of: inner(params["of"]), within: fact === "bars_since" ? `${String(value)} bars` : `${String(value)}s` };
}

function leafWords(leaf: CanonicalLeaf): string {
  const { fact, params, operator, value } = leaf;
  if (typeof value === "number" && params?.["lag"] === undefined && /^(bars|seconds)_/.test(fact)) {
    const of = inner(params?.["of"]);
    if (fact === "bars_true") return `(${of}) for ${value} bars`;
    if (fact === "seconds_true") return `(${of}) for ${value}s`;
    if (fact === "bars_since" && operator === "lessThan") return `(${of}) within ${value} bars`;
    if (fact === "bars_since") return `(${of}) at one of the ${value} bars before`;
    if (fact === "seconds_since" && operator === "lessThan") return `(${of}) within ${value}s`;
    if (fact === "seconds_since") return `(${of}) in the ${value}s before`;
  }
  const left = factWords(params === undefined ? { fact } : { fact, params });
  if (typeof value === "object" && "length" in value) {
    return `${left} ${operator === "notIn" ? "not in" : "in"} [${value.join(", ")}]`;
  }
  return `${left} ${SIGNS[operator] ?? operator} ${typeof value === "number" ? value : factWords(value)}`;
}

/** Two comparisons of one pair, before and now, read as a cross; further conditions follow. */
function crossWords(kids: readonly CanonicalCondition[]): string | undefined {
  const words: string[] = [];
  let found = false;
  for (let i = 0; i < kids.length; i++) {
    const before = kids[i] as CanonicalCondition;
    const now = kids[i + 1];
    const cross = now === undefined ? undefined : crossWordsOf(before, now);
    if (cross === undefined) words.push(part(before));
    else {
      words.push(cross);
      found = true;
      i++;
    }
  }
  return found ? words.join(" and ") : undefined;
}

function crossWordsOf(before: CanonicalCondition, now: CanonicalCondition): string | undefined {
  const direction = crossOf(before, now);
  if (direction === undefined || !("operator" in now)) return undefined;
  const { value } = now;
  const right = typeof value === "object" && "fact" in value ? factWords(value) : String(value);
  const left = factWords(now.params === undefined ? { fact: now.fact } : { fact: now.fact, params: now.params });
  return `${left} crosses ${direction} ${right}`;
}
