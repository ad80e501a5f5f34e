/**
 * What may be written inside an expression.
 *
 * Owns: which names, words and arguments fit at the cursor, and what each inserts.
 */
import { described } from "../catalog/describe.ts";
import { INDICATORS } from "../catalog/catalog.ts";
import { FACTS, FUNCTIONS, ORDER_FACTS } from "../catalog/facts.ts";
import type { FactDoc } from "../catalog/facts.ts";
import type { Indicator } from "../catalog/kernel.ts";
import type { Item } from "./completion.ts";
import type { ExpressionKind } from "./expressions.ts";
import { factMarkdown, outputMarkdown } from "./markdown.ts";
import { sourceOf } from "./navigation.ts";
import { isWord, wordIn } from "./scope-of.ts";
import type { Scoped } from "./scope-of.ts";
import { typedExpression } from "./typed-expression.ts";
import type { OpenCall } from "./typed-expression.ts";
import { ACTIVITY_DOCS, ARGUMENT_DOCS, BAR_SIZES, WORD_DOCS } from "./words-of-language.ts";

export interface ExpressionScope {
  readonly definitions: readonly Scoped[];
  readonly symbols: () => readonly string[];
  /** Under `approval:` there is an order and no bar yet. */
  readonly isApproval: boolean;
}

function factsOf({ isApproval }: ExpressionScope): readonly FactDoc[] {
  const all = [...FACTS.values()];
  return isApproval ? [...ORDER_FACTS.values(), ...all.filter(({ group }) => group === "account")] : all;
}

type Draft = Omit<Item, "span">;

/** `before`: the expression up to the cursor, which stands at `offset` in the file. */
export function expressionItems(
  before: string,
  kind: ExpressionKind,
  offset: number,
  scope: ExpressionScope,
): readonly Item[] {
  const typed = typedExpression(before);
  const span = { start: offset - typed.word.length, end: offset };
  const at = (drafts: readonly Draft[]): readonly Item[] => drafts.map((draft) => ({ ...draft, span }));
  // Directly behind a number nothing but more of it can follow.
  if (typed.word === "" && typed.expects !== "argument-word" && /[\w%]$/.test(before)) return [];
  if (typed.base !== undefined) return at(outputItems(typed.base, scope));
  switch (typed.expects) {
    case "argument-word":
      return argumentWords(before, offset, typed.call, scope);
    case "quantity":
      return at([simple("3 bars", "${1:3} bars", "evaluations"), simple("10m", "${1:10}m", "a duration")]);
    case "bars":
      return at([simple("bars", "bars", "evaluations")]);
    case "direction":
      return at([...words("direction"), ...operands(kind, scope)]);
    case "comparison":
      return at(words("direction"));
    case "list":
      return at([simple("[…]", "[$1]", "a list of numbers")]);
    case "operator":
      return at(words("operator"));
    case "operand": {
      if (choicesOf(typed.call).length > 0) return argumentWords(before, offset, typed.call, scope);
      const named = typed.call === undefined || !typed.beginsArgument ? [] : argumentNames(typed.call);
      return at([...named, ...operands(kind, scope)]);
    }
  }
}

function simple(label: string, snippet: string, detail: string): Draft {
  return { label, kind: "word", detail, markdown: "", snippet, rank: 0 };
}

function words(after: "operator" | "direction" | "operand"): readonly Draft[] {
  return [...WORD_DOCS]
    .filter(([, doc]) => doc.after === after)
    .filter(([label]) => !["last", "bar", "bars"].includes(label))
    .map(([label, { usage, doc, snippet }], rank) => ({
      label,
      kind: "word",
      detail: usage,
      markdown: doc,
      snippet,
      rank,
    }));
}

/** Everything that has a value, the person's own names first. */
function operands(kind: ExpressionKind, scope: ExpressionScope): readonly Draft[] {
  const own = scope.definitions
    .filter(isWord)
    .filter(({ definition }) => kind === "condition" || definition.section !== "conditions")
    .map(({ file, definition }): Draft => {
      const { name, section, value } = definition;
      const source = sourceOf(file, value);
      const itemKind = section === "params" ? "param" : section === "facts" ? "fact" : "condition";
      return { label: name, kind: itemKind, detail: source, markdown: "", snippet: name, rank: 0 };
    });
  const indicators = (scope.isApproval ? [] : [...INDICATORS.values()]).map((entry): Draft => ({
    label: entry.name,
    kind: "indicator",
    detail: entry.title,
    markdown: textOf(entry.name),
    snippet: callSnippet(entry),
    rank: 2,
  }));
  const functions = [...FUNCTIONS.values()].map(({ name, formula }): Draft => ({
    label: name,
    kind: "function",
    detail: formula,
    markdown: textOf(name),
    snippet: `${name}($1)`,
    rank: 3,
  }));
  const facts = factsOf(scope).map(({ name, doc, group }): Draft => ({
    label: name,
    kind: "fact",
    detail: doc,
    markdown: textOf(name),
    snippet: name,
    rank: group === "bar" ? 1 : 4,
  }));
  return [...own, ...facts, ...indicators, ...functions, ...(kind === "condition" ? words("operand") : [])];
}

function textOf(name: string): string {
  const entry = described(name);
  return entry === undefined ? "" : factMarkdown(entry);
}

/** `rsi(14)`, `bollinger(20, 2).upper`: what is usual, ready to be changed. */
function callSnippet(entry: Indicator): string {
  const shown = entry.params.filter(({ option }) => option !== true);
  const params = shown.map((param, i) => `\${${i + 1}:${param.default ?? param.name}}`);
  if (entry.inputs.includes("other")) params.push(`with: \${${params.length + 1}:close(symbol: SPY)}`);
  const needsOutput = entry.outputs.length > 1 && !entry.outputs.some(({ name }) => name === entry.name);
  const output = needsOutput ? `.\${${params.length + 1}|${entry.outputs.map(({ name }) => name).join(",")}|}` : "";
  return `${entry.name}(${params.join(", ")})${output}`;
}

// ------------------------------------------------------------------------------------------------ arguments

function argumentNames({ name, given, index }: OpenCall): readonly Draft[] {
  const entry = INDICATORS.get(name);
  if (entry === undefined) {
    if (FACTS.get(name)?.group !== "bar") return [];
    return ["on", "symbol"].filter((one) => !given.includes(one)).map((one) => argument(one, ARGUMENT_DOCS[one] ?? ""));
  }
  const params = entry.params.slice(given.length === 0 ? index : 0).map((param) => argument(param.name, param.doc));
  const shared = Object.entries(ARGUMENT_DOCS)
    .filter(([one]) => one !== "of" || entry.inputs.includes("value"))
    .filter(([one]) => one !== "with" || entry.inputs.includes("other"))
    .filter(([one]) => one !== "output" || entry.outputs.length > 1)
    .filter(([one]) => one !== "source" || entry.sources !== undefined)
    .map(([one, doc]) => argument(one, doc));
  return [...params, ...shared].filter(({ label }) => !given.includes(label.slice(0, -1)));
}

function argument(name: string, doc: string): Draft {
  return { label: `${name}:`, kind: "key", detail: "", markdown: doc, snippet: `${name}: $1`, rank: 5 };
}

/** Words that the parameter which is being written takes. */
function choicesOf(call: OpenCall | undefined): readonly string[] {
  const params = call === undefined ? [] : (INDICATORS.get(call.name)?.params ?? []);
  return params.find(({ name }) => name === call?.argument)?.choices ?? [];
}

/** Behind `on:`, `symbol:`, `output:`, `source:` and some parameters stands a word. */
function argumentWords(
  before: string,
  offset: number,
  call: OpenCall | undefined,
  { symbols }: ExpressionScope,
): readonly Item[] {
  const amount = call?.argument === "on" ? /(\d[\d_]*)\s+[A-Za-z]*$/.exec(before) : null;
  const word = (amount ?? /[\w./-]*$/.exec(before))?.[0] ?? "";
  const entry = call === undefined ? undefined : INDICATORS.get(call.name);
  const values: Readonly<Record<string, readonly string[]>> = {
    // Behind a number stands what is counted.
    on: amount === null ? BAR_SIZES : Object.keys(ACTIVITY_DOCS).map((kind) => `${amount[1]} ${kind}`),
    symbol: call?.argument === "symbol" ? symbols() : [],
    output: entry?.outputs.map(({ name }) => name) ?? [],
    source: Object.keys(entry?.sources ?? {}),
  };
  const kind = call?.argument === "symbol" ? "symbol" : "choice";
  return (values[call?.argument ?? ""] ?? choicesOf(call)).map((label, rank) => ({
    label,
    kind,
    detail: "",
    markdown: "",
    snippet: label,
    span: { start: offset - word.length, end: offset },
    rank,
  }));
}

// ------------------------------------------------------------------------------------------------ outputs

/** Behind a dot: outputs of an indicator or of a fact that is one, and facts such as `position.qty`. */
function outputItems(base: string, scope: ExpressionScope): readonly Draft[] {
  const own = wordIn(scope.definitions, base);
  const called =
    own === undefined ? base : (/^\w+/.exec(sourceOf(own.file, own.definition.value).replace(/^["']/, ""))?.[0] ?? "");
  const entry = INDICATORS.get(called);
  const text = described(called);
  const outputs = (entry !== undefined && entry.outputs.length > 1 ? entry.outputs : []).map(
    ({ name, doc }, rank): Draft => ({
      label: name,
      kind: "fact",
      detail: doc,
      markdown: (text === undefined ? undefined : outputMarkdown(text, name)) ?? "",
      snippet: name,
      rank,
    }),
  );
  const facts = factsOf(scope)
    .filter(({ name }) => name.startsWith(`${base}.`))
    .map(({ name, doc }, rank): Draft => {
      const label = name.slice(base.length + 1);
      return { label, kind: "fact", detail: doc, markdown: textOf(name), snippet: label, rank };
    });
  return [...outputs, ...facts];
}
