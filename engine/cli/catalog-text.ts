/**
 * The catalogue in words: what a strategy may read, for the terminal, for programs and for the docs page.
 *
 * Owns: one description per fact, from which all three are made. May not hold a word about a single indicator.
 */
import { INDICATORS } from "../catalog/catalog.ts";
import { FACTS, FUNCTIONS } from "../catalog/facts.ts";
import type { FactDoc, FactUnit, FunctionDoc } from "../catalog/facts.ts";
import type { Indicator, ParamDoc } from "../catalog/kernel.ts";

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
};

/** Headings and what stands under them, in the order of the docs. */
export function catalogue(): readonly { readonly heading: string; readonly entries: readonly FactText[] }[] {
  const facts = Object.entries(GROUPS).map(([group, heading]) => ({
    heading,
    entries: [...FACTS.values()].filter((fact) => fact.group === group).map((fact) => ofFact(fact)),
  }));
  return [
    { heading: "Indicators", entries: [...INDICATORS.values()].map((entry) => ofIndicator(entry)) },
    { heading: "Functions", entries: [...FUNCTIONS.values()].map((entry) => ofFunction(entry)) },
    ...facts,
  ];
}

function ofIndicator(entry: Indicator): FactText {
  const { name, title, doc, params, outputs, formula, source, inputs } = entry;
  const own = inputs.filter((input) => input !== "value");
  const reads = inputs.includes("value")
    ? [...own, "close, or what `of:` or the first argument says"].join(", ")
    : own.join(", ");
  const sample = params.map((param) => param.default ?? Math.min(param.max, Math.max(param.min, 20)));
  const warmup = entry.warmup(sample);
  return {
    name,
    kind: "indicator",
    usage: `${name}(${params.map((param) => signature(param)).join(", ")})`,
    title,
    doc,
    params: params.map((param) => ({ name: param.name, values: paramWords(param), doc: param.doc })),
    outputs: outputs.map((output) => ({
      name: outputs.length === 1 ? name : `${name}.${output.name}`,
      values: `${output.unitOfValue === true ? "unit of what it reads" : unitWords(output.unit)}, ${rangeWords(output.range)}`,
      doc: output.doc,
    })),
    notes: [
      ["formula", formula],
      ["reads", reads],
      ["warm-up", `${warmup} ${warmup === 1 ? "bar" : "bars"} for ${name}(${sample.join(", ")})`],
      ...(entry.resetsOn === undefined ? [] : [["starts over", "at each open of the session"] as const]),
      ["source", source],
    ],
  };
}

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

function signature({ name, default: usual }: ParamDoc): string {
  return usual === undefined ? name : `${name} = ${usual}`;
}

function paramWords({ integer, min, max, default: usual }: ParamDoc): string {
  const kind = integer ? "whole number" : "number";
  return `${kind}, ${rangeWords([min, max])}${usual === undefined ? "; required" : `; ${usual} when left out`}`;
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

// ------------------------------------------------------------------------------------------------ the three forms

/** One fact, for the terminal. */
export function factText({ usage, title, doc, params, outputs, notes }: FactText): string {
  const lines = [usage, ...(title === "" ? [] : [title]), "", ...wrapped(doc, 2)];
  const rows = (heading: string, items: FactText["params"]): void => {
    if (items.length === 0) return;
    lines.push("", heading);
    for (const item of items) {
      lines.push(`  ${[item.name, item.values].filter((part) => part !== "").join("  ")}`);
      if (item.doc !== "") lines.push(...wrapped(item.doc, 6));
    }
  };
  rows("Parameters", params);
  rows(outputs.length === 1 ? "Value" : "Values", outputs);
  if (notes.length > 0) lines.push("");
  for (const [name, text] of notes) lines.push(...wrapped(`${name}: ${text}`, 2));
  return `${lines.join("\n")}\n`;
}

/** Everything on a line each, for the terminal. */
export function catalogueText(): string {
  const sections = catalogue().map(({ heading, entries }) => {
    const width = Math.max(...entries.map(({ usage }) => usage.length));
    const lines = entries.map((entry) => `  ${entry.usage.padEnd(width)}  ${firstSentence(entry)}`);
    return [heading, ...lines].join("\n");
  });
  return `${sections.join("\n\n")}\n\nbarwise facts NAME says more about one.\n`;
}

function firstSentence({ title, doc }: FactText): string {
  return title === "" ? (/^.*?[.:](?=\s|$)/.exec(doc)?.[0] ?? doc).replace(/:$/, ".") : title;
}

/** The docs page. */
export function cataloguePage(): string {
  const lines = [
    "# Facts and indicators",
    "",
    "What a rule may read. Made from the catalogue, like `barwise facts`; `UPDATE_DOCS=1 npx vitest run tests/cli/facts.test.ts` writes it anew.",
    "",
    "Warm-up is the number of closed bars before the first value; until then a fact is [unknown](../concepts/unknown.md).",
  ];
  for (const { heading, entries } of catalogue()) {
    lines.push("", `## ${heading}`);
    if (entries.every(({ kind }) => kind === "fact")) {
      lines.push("", "| Name | Values | Means |", "| --- | --- | --- |");
      for (const { name, outputs, doc } of entries) lines.push(row([`\`${name}\``, outputs[0]?.values ?? "", doc]));
    } else for (const entry of entries) lines.push(...section(entry));
  }
  return `${lines.join("\n")}\n`;
}

function section({ name, usage, title, doc, params, outputs, notes }: FactText): string[] {
  const lines = ["", `### ${name}`, "", "```yaml", usage, "```", "", title === "" ? doc : `${title}. ${doc}`];
  if (params.length > 0) {
    lines.push("", "| Parameter | Values | Means |", "| --- | --- | --- |");
    for (const param of params) lines.push(row([`\`${param.name}\``, param.values, param.doc]));
  }
  lines.push("", "| Value | Unit and range | Means |", "| --- | --- | --- |");
  for (const output of outputs) lines.push(row([`\`${output.name}\``, output.values, output.doc]));
  lines.push("");
  for (const [label, text] of notes) lines.push(`- ${label}: ${label === "formula" ? `\`${text}\`` : text}`);
  return lines;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`.replaceAll("|  |", "| |");
}

const WIDTH = 100;

function wrapped(text: string, indent: number): string[] {
  const pad = " ".repeat(indent);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && pad.length + line.length + word.length >= WIDTH) {
      lines.push(pad + line);
      line = "";
    }
    line += (line === "" ? "" : " ") + word;
  }
  return [...lines, pad + line];
}
