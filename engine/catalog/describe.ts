/**
 * The catalogue in words: what a strategy may read.
 *
 * Owns: one description per indicator, fact and function, from which the terminal, the docs page and editors speak. May
 * not hold a word about a single indicator.
 */
import { INDICATORS } from "./catalog.ts";
import { FACTS, FUNCTIONS, ORDER_FACTS } from "./facts.ts";
import type { FactDoc, FactUnit, FunctionDoc } from "./facts.ts";
import type { Indicator, OutputDoc, ParamDoc } from "./kernel.ts";
import { usageOf } from "./params.ts";

export interface FactText {
  readonly name: string;
  readonly kind: "indicator" | "fact" | "function";
  /** How it is written, with defaults. */
  readonly usage: string;
  readonly title: string;
  readonly doc: string;
  readonly params: readonly { readonly name: string; readonly values: string; readonly doc: string }[];
  readonly outputs: readonly { readonly name: string; readonly values: string; readonly doc: string }[];
  /** Further lines: name and text. */
  readonly notes: readonly (readonly [name: string, text: string])[];
}

const GROUPS: Readonly<Record<FactDoc["group"], string>> = {
  bar: "Of a bar",
  quote: "Of the market now",
  session: "Of the session",
  position: "Of the strategy's position",
  account: "Of the account",
  order: "Of an order, under approval:",
};

/** Headings and what stands under them, in the order of the docs. */
export function catalogue(): readonly { readonly heading: string; readonly entries: readonly FactText[] }[] {
  const facts = Object.entries(GROUPS).map(([group, heading]) => ({
    heading,
    entries: [...FACTS.values(), ...ORDER_FACTS.values()]
      .filter((fact) => fact.group === group)
      .map((fact) => ofFact(fact)),
  }));
  return [
    { heading: "Indicators", entries: indicators(undefined) },
    { heading: "Candlestick patterns", entries: indicators("candlestick") },
    { heading: "Functions", entries: [...FUNCTIONS.values()].map((entry) => ofFunction(entry)) },
    ...facts,
  ];
}

function indicators(family: Indicator["family"]): readonly FactText[] {
  return [...INDICATORS.values()].filter((entry) => entry.family === family).map((entry) => ofIndicator(entry));
}

let byName: ReadonlyMap<string, FactText> | undefined;

export function described(name: string): FactText | undefined {
  byName ??= new Map(catalogue().flatMap(({ entries }) => entries.map((entry) => [entry.name, entry] as const)));
  return byName.get(name);
}

function ofIndicator(entry: Indicator): FactText {
  const { name, title, doc, params, outputs, formula, source, inputs } = entry;
  const reads = inputs.map((input) => INPUT_WORDS[input] ?? input).join(", ");
  const sample = params.map((param) => param.default ?? Math.min(param.max, Math.max(param.min, 20)));
  const warmup = entry.warmup(sample);
  const numbers = sample.filter((_, i) => params[i]?.choices === undefined);
  const anchor = entry.resetsOn?.(sample);
  return {
    name,
    kind: "indicator",
    usage: usageOf(entry),
    title,
    doc,
    params: params.map((param) => ({ name: param.name, values: paramWords(param), doc: param.doc })),
    outputs: outputs.map((output) => ({
      name: outputs.length === 1 ? name : `${name}.${output.name}`,
      values: valueWords(output),
      doc: output.doc,
    })),
    notes: [
      ["formula", formula],
      ["reads", reads],
      ["warm-up", `${warmup} ${warmup === 1 ? "bar" : "bars"} for ${name}(${numbers.join(", ")})`],
      ...(anchor === undefined ? [] : [["starts over", `at the first open of each ${anchor}`] as const]),
      ["source", source],
    ],
  };
}

const INPUT_WORDS: Readonly<Record<string, string>> = {
  value: "close, or what `of:` or the first argument says",
  other: "what `with:` says",
};

function ofFunction({ name, doc, formula, params, usage, variadic, result, range, outputs }: FunctionDoc): FactText {
  const names = params.map((param) => param.name).join(", ");
  const unit = result === "unit of the arguments" ? result : unitWords(result);
  return {
    name,
    kind: "function",
    usage: usage ?? `${name}(${names}${variadic ? ", …" : ""})`,
    title: "",
    doc,
    params: params.map((param) => ({ name: param.name, values: "", doc: param.doc })),
    outputs: outputs?.map((output) => ({
      name: `${name}.${output.name}`,
      values: `${unitWords(output.unit)}, ${rangeWords(output.range)}`,
      doc: output.doc,
    })) ?? [{ name, values: `${unit}, ${rangeWords(range)}`, doc: "" }],
    notes: [["formula", formula]],
  };
}

function ofFact({ name, doc, unit, range }: FactDoc): FactText {
  const outputs = [{ name, values: `${unitWords(unit)}, ${rangeWords(range)}`, doc: "" }];
  return { name, kind: "fact", usage: name, title: "", doc, params: [], outputs, notes: [] };
}

function paramWords({ integer, min, max, default: usual, choices }: ParamDoc): string {
  if (choices !== undefined) return `${choices.join(", ")}; ${choices[usual ?? 0] ?? ""} when left out`;
  const kind = integer ? "whole number" : "number";
  return `${kind}, ${rangeWords([min, max])}${usual === undefined ? "; required" : `; ${usual} when left out`}`;
}

function valueWords({ unit, unitOfValue, range }: OutputDoc): string {
  if (unit === "flag") return unitWords(unit);
  return `${unitOfValue === true ? "unit of what it reads" : unitWords(unit)}, ${rangeWords(range)}`;
}

const UNITS: Partial<Readonly<Record<FactUnit, string>>> = {
  money: "dollars",
  clock: "time of day (minutes after midnight)",
  flag: "1 or 0",
  weekday: "day of the week",
  ratio: "ratio (0.1 is 10%)",
};

function unitWords(unit: FactUnit): string {
  return UNITS[unit] ?? unit;
}

function rangeWords([low, high]: readonly [number, number]): string {
  if (Number.isFinite(low) && Number.isFinite(high)) return `${low} to ${high}`;
  if (Number.isFinite(low)) return low === 0 ? "never negative" : `${low} or more`;
  return Number.isFinite(high) ? `${high} or less` : "any value";
}
