/**
 * Facts as a person wrote them, for messages.
 *
 * Owns: the text of a canonical reference. It follows the expression language.
 */
import type { FactRef, ParamValue } from "../../core/program.ts";

export function wordsOf(ref: FactRef): string {
  const { lag, lag_on: _sampled, ...params } = ref.params ?? {};
  const base = plain(ref.fact, params);
  return lag === undefined ? base : `${base}[${shown(lag)}]`;
}

function plain(name: string, params: { readonly [key: string]: ParamValue }): string {
  if (name === "const") return shown(params["value"]);
  if (name === "calc") {
    const args = Array.isArray(params["args"]) ? (params["args"] as readonly ParamValue[]).map(operand) : [];
    const operator = shown(params["op"]);
    if (operator === "neg") return `-${args.join("")}`;
    return /^[a-z]/.test(operator) ? `${operator}(${args.join(", ")})` : `(${args.join(` ${operator} `)})`;
  }
  const counted = COUNTED[name];
  if (counted !== undefined) return counted;
  const { output, of, with: other, on, symbol, forming, source: _source, ...own } = params;
  const args = [
    ...(of === undefined ? [] : [operand(of)]),
    ...Object.entries(own).map(([name, value]) => (isWord(value) ? `${name}: ${value}` : shown(value))),
    ...(other === undefined ? [] : [`with: ${operand(other)}`]),
    ...(on === undefined ? [] : [`on: ${shown(on)}`]),
    ...(symbol === undefined ? [] : [`symbol: ${shown(symbol)}`]),
    ...(forming === undefined ? [] : [`forming: ${shown(forming)}`]),
  ];
  const call = args.length === 0 ? name : `${name}(${args.join(", ")})`;
  return output === undefined ? call : `${call}.${shown(output)}`;
}

const COUNTED: Readonly<Record<string, string>> = {
  bars_true: "bars in a row",
  seconds_true: "seconds in a row",
  bars_since: "bars since",
  seconds_since: "seconds since",
};

function operand(value: ParamValue | undefined): string {
  return typeof value === "object" && !Array.isArray(value) ? wordsOf(value as unknown as FactRef) : shown(value);
}

/** `first` says nothing without its name; `15m` does. */
function isWord(value: ParamValue): value is string {
  return typeof value === "string" && /^[a-z]/.test(value);
}

function shown(value: ParamValue | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? "");
}
