/**
 * What names mean inside one strategy.
 *
 * Owns: the look-up of params, named facts, named conditions and catalogue names; cycles and suggestions.
 * May not: compute. One scope per strategy file.
 */
import { FACTS, FUNCTIONS, ORDER_FACTS } from "../catalog/facts.ts";
import type { Indicator } from "../catalog/kernel.ts";
import type { Condition, SeriesRef } from "../core/program.ts";
import type { Code } from "./codes.ts";
import type { Findings, Span } from "./diagnostic.ts";
import type { Operand } from "./fact-refs.ts";
import type { FactTable } from "./fact-table.ts";
import type { Help } from "./fix.ts";
import { didYouMean } from "./suggest.ts";
import type { Node } from "./syntax.ts";
import { KEYWORD_LIST } from "./tokens.ts";

export interface Definition {
  /** Undefined when its text has a finding of its own. */
  readonly node: Node | undefined;
  readonly span: Span;
}

export interface Scope {
  readonly findings: Findings;
  readonly indicators: ReadonlyMap<string, Indicator>;
  readonly table: FactTable;
  readonly params: ReadonlyMap<string, Operand & { readonly kind: "const" }>;
  readonly facts: ReadonlyMap<string, Definition>;
  readonly conditions: ReadonlyMap<string, Definition>;
  /** Names being resolved, for cycles. */
  readonly open: string[];
  readonly known: Map<string, Operand | undefined>;
  /** Names of conditions and facts that something used. */
  readonly used: Set<string>;
  /** Params whose value has a finding of its own. */
  readonly broken: Set<string>;
  readonly spent: { steps: number };
  /** How many symbols the strategy has: no rank lies beyond. */
  readonly universe: number;
  /** Minutes after midnight at which the strategy can be evaluated: first and last. */
  readonly clock: readonly [number, number];
}

/** The two ways down, handed along so that the files that walk the tree need not import each other. */
export interface Lowering {
  number(context: Context, node: Node): Operand | undefined;
  condition(context: Context, node: Node): Condition | undefined;
}

/** Where a node is lowered: which bars a bare `close` means, and which rule owns its sequences. */
export interface Context {
  readonly scope: Scope;
  readonly series: SeriesRef;
  /** `on:` or `symbol:` was written around it. */
  readonly explicit: boolean;
  /** `forming:` was written around it. */
  readonly forming?: boolean | undefined;
  readonly rule: string | undefined;
  /** Under approval:, where the facts of an order are known. */
  readonly orders?: true;
  readonly lower: Lowering;
}

/** Longest canonical text of a fact, and most comparisons of all conditions together. */
const MAX_WEIGHT = 20_000;
const MAX_STEPS = 20_000;

/** Definitions that use each other twice grow without bound; they are refused before they do. */
export function isTooLarge(context: Context, span: Span, facts: readonly number[]): boolean {
  const { scope } = context;
  if (scope.spent.steps > MAX_STEPS) return true;
  if (++scope.spent.steps <= MAX_STEPS && scope.table.weight(facts) <= MAX_WEIGHT) return false;
  report(
    context,
    "types/too-large",
    span,
    "Written out, this becomes too large",
    "Use fewer definitions of definitions.",
  );
  return true;
}

export function report(context: Context, code: Code, span: Span, message: string, help: Help = ""): undefined {
  context.scope.findings.report(code, span, message, help);
}

/** `sma(10m)`, `close[10m]`: a duration is no number of bars, and would be read as one of seconds. */
export function isTimeForBars(context: Context, { quality }: Operand, span: Span, what: string): boolean {
  const { form } = quality;
  if (form !== "duration" && form !== "clock") return false;
  const found = form === "clock" ? "a time of day" : "a duration";
  report(context, "types/time", span, `${what} must be a plain number, not ${found}`, "Write how many bars, e.g. 20.");
  return true;
}

/** Resolves a definition once; a definition that needs itself is a finding. */
export function withoutCycle<T>(context: Context, name: string, span: Span, resolve: () => T): T | undefined {
  const { open } = context.scope;
  const at = open.indexOf(name);
  if (at >= 0) {
    const way = [...open.slice(at), name].join(" → ");
    return report(context, "names/cycle", span, `"${name}" is defined by itself: ${way}`, "Break the circle.");
  }
  open.push(name);
  const result = resolve();
  open.pop();
  return result;
}

/**
 * Names a person may not take. Names of indicators may be taken (`rsi: rsi(14)`): alone they mean the person's fact, with
 * arguments the indicator.
 */
export function isReserved(name: string): boolean {
  return KEYWORD_LIST.includes(name.toLowerCase()) || FACTS.has(name) || FUNCTIONS.has(name) || NAMESPACES.has(name);
}

const NAMESPACES: ReadonlySet<string> = new Set([
  "position",
  "account",
  "session",
  "order",
  "lag",
  "calc",
  "const",
  "bars_true",
  "seconds_true",
  "bars_since",
  "seconds_since",
]);

function allNames(scope: Scope): string[] {
  return [
    ...scope.params.keys(),
    ...scope.facts.keys(),
    ...scope.conditions.keys(),
    ...FACTS.keys(),
    ...FUNCTIONS.keys(),
    ...scope.indicators.keys(),
  ];
}

export function unknownName(context: Context, name: string, span: Span, isCall: boolean): undefined {
  if (ORDER_FACTS.has(name)) {
    const message = `"${name}" is known only while an order is made`;
    const help = "It stands alone, and under approval: only, in a strategy or in barwise.yaml.";
    return report(context, "facts/not-here", span, message, help);
  }
  // It is declared, and what is wrong with it has been said there.
  if (context.scope.broken.has(name)) return undefined;
  const what = isCall ? "indicator or function" : "name";
  const known = [...allNames(context.scope), ...(context.orders === true ? ORDER_FACTS.keys() : [])];
  const suggestion = didYouMean(name, known, "Define it under params, facts or conditions.");
  return report(context, "names/unknown", span, `Unknown ${what} "${name}"`, suggestion);
}
