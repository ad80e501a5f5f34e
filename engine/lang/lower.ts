/**
 * From the tree of an expression to facts and conditions: where kinds, names and units are checked.
 *
 * Owns: the meaning of every construct. Temporal ones become numeric facts with a standard comparison, so that
 * json-rules-engine can judge them unmodified. May not: read YAML.
 */
import { FACTS, FUNCTIONS } from "../catalog/facts.ts";
import { toCanonical } from "../core/canonical.ts";
import type { Condition, FactRef, LeafCondition, Operator, ParamValue, SeriesRef } from "../core/program.ts";
import type { Comparison, Node } from "./ast.ts";
import { lowerCall } from "./calls.ts";
import { suggestion } from "./diagnostic.ts";
import type { FactTable, FactValue, Literal, Value, ValueUnit } from "./scope.ts";
import { ExpressionError } from "./tokens.ts";

/** What names mean while one strategy is compiled. */
export interface Names {
  readonly params: ReadonlyMap<string, number>;
  /** A named fact, lowered on first use; `output` picks one of several. Undefined: no such name. */
  fact(name: string, at: Node): { readonly value: Value; readonly outputs?: ReadonlyMap<string, Value> } | undefined;
  condition(name: string, at: Node): Condition | undefined;
  readonly factNames: readonly string[];
  readonly conditionNames: readonly string[];
}

export interface Lowering {
  readonly table: FactTable;
  readonly names: Names;
  /** Rule that owns sequence facts (`A then B`). */
  readonly rule: string;
  /** Findings that do not stop the expression from being understood. */
  warn(code: string, node: { readonly start: number; readonly end: number }, message: string, help: string): void;
}

const OPERATORS: Readonly<Record<Comparison, Operator>> = {
  "<": "lessThan",
  "<=": "lessThanInclusive",
  ">": "greaterThan",
  ">=": "greaterThanInclusive",
  "==": "equal",
  "!=": "notEqual",
};
const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
  "==": "==",
  "!=": "!=",
};

export function fail(
  node: { readonly start: number; readonly end: number },
  message: string,
  help = "",
  code = "types/mismatch",
): never {
  throw new ExpressionError(node.start, node.end, message, help, code);
}

// ---------------------------------------------------------------------------------------------- conditions

export function lowerCondition(ctx: Lowering, node: Node): Condition {
  switch (node.kind) {
    case "or":
      return { op: "any", kids: node.items.map((item) => lowerCondition(ctx, item)) };
    case "and":
      return { op: "all", kids: node.items.map((item) => lowerCondition(ctx, item)) };
    case "not":
      return { op: "not", kid: lowerCondition(ctx, node.of) };
    case "compare":
      return compare(ctx, node, node.operator, node.left, node.right);
    case "between":
      return {
        op: "all",
        kids: [compare(ctx, node, ">=", node.of, node.low), compare(ctx, node, "<=", node.of, node.high)],
      };
    case "in":
      return membership(ctx, node);
    case "crosses":
      return crosses(ctx, node);
    case "for":
      return holdsFor(ctx, node);
    case "within":
      return heldWithin(ctx, node);
    case "then":
      return sequence(ctx, node);
    case "name": {
      const condition = ctx.names.condition(node.name, node);
      if (condition !== undefined) return condition;
      break;
    }
    default:
      break;
  }
  // Lowering it as a number first gives the better message for a misspelt name.
  lowerNumber(ctx, node, ctx.table.own);
  return fail(node, "expected a condition, found a number", 'compare it with something, e.g. "> 0"');
}

function compare(ctx: Lowering, node: Node, operator: Comparison, leftNode: Node, rightNode: Node): Condition {
  const left = lowerNumber(ctx, leftNode, ctx.table.own);
  const right = lowerNumber(ctx, rightNode, ctx.table.own);
  if (left.kind === "literal") {
    if (right.kind === "literal") return fail(node, "both sides are constants", "one side must be a fact");
    return leaf(ctx, node, right, MIRRORED[operator], left);
  }
  return leaf(ctx, node, left, operator, right);
}

export function leaf(
  ctx: Lowering,
  node: { readonly start: number; readonly end: number },
  left: FactValue,
  operator: Comparison,
  right: Value,
): LeafCondition {
  checkUnits(node, left.unit, right.unit);
  if (right.kind === "literal") {
    checkRange(ctx, node, left, operator, right.value);
    return { op: "leaf", left: left.index, operator: OPERATORS[operator], right: { value: right.value } };
  }
  return { op: "leaf", left: left.index, operator: OPERATORS[operator], right: { fact: right.index } };
}

/** Units that can be told apart must agree; plain numbers fit everything but the clock. */
function checkUnits(node: { readonly start: number; readonly end: number }, a: ValueUnit, b: ValueUnit): void {
  if (a === b) return;
  const pair = new Set([a, b]);
  if (pair.has("clock") && !pair.has("none"))
    fail(
      node,
      `a time of day is compared with ${nameOf(a === "clock" ? b : a)}`,
      "compare times with each other, e.g. time >= 09:45",
      "types/unit",
    );
  if (pair.has("clock"))
    fail(node, "a time of day is compared with a plain number", "write it as a time, e.g. 09:45", "types/unit");
  if (pair.has("ratio") && (pair.has("price") || pair.has("volume"))) {
    fail(
      node,
      `a percentage is compared with ${nameOf(a === "ratio" ? b : a)}`,
      "5% means 0.05; compare a ratio, e.g. close / sma(20) - 1 > 5%",
      "types/unit",
    );
  }
  if (pair.has("price") && pair.has("volume")) fail(node, "a price is compared with a volume", "", "types/unit");
}

function nameOf(unit: ValueUnit): string {
  return unit === "price" ? "a price" : unit === "none" ? "a plain number" : `${unit}`;
}

/** A literal outside what a fact can be makes a comparison that is never, or always, true. */
function checkRange(
  ctx: Lowering,
  node: { readonly start: number; readonly end: number },
  { index, range }: FactValue,
  operator: Comparison,
  value: number,
): void {
  const [low, high] = range;
  const name = ctx.table.fact(index).ref.fact;
  const never =
    (operator === "<" && value <= low) ||
    (operator === "<=" && value < low) ||
    (operator === ">" && value >= high) ||
    (operator === ">=" && value > high) ||
    (operator === "==" && (value < low || value > high));
  if (never) fail(node, `this can never be true: ${name} lies between ${low} and ${high}`, "", "logic/never");
  const always =
    (operator === "<" && value > high) ||
    (operator === "<=" && value >= high) ||
    (operator === ">" && value < low) ||
    (operator === ">=" && value <= low);
  if (always)
    ctx.warn(
      "logic/always",
      node,
      `this is always true: ${name} lies between ${low} and ${high}`,
      "remove it or change the number",
    );
}

function membership(ctx: Lowering, node: Node & { kind: "in" }): Condition {
  const of = lowerNumber(ctx, node.of, ctx.table.own);
  if (of.kind === "literal") return fail(node.of, 'expected a fact before "in"');
  const values = node.items.map((item) => {
    const value = lowerNumber(ctx, item, ctx.table.own);
    if (value.kind !== "literal") fail(item, "a list may hold only numbers");
    return (value as Literal).value;
  });
  return { op: "leaf", left: of.index, operator: node.negated ? "notIn" : "in", right: { values } };
}

function crosses(ctx: Lowering, node: Node & { kind: "crosses" }): Condition {
  const left = lowerNumber(ctx, node.left, ctx.table.own);
  const right = lowerNumber(ctx, node.right, ctx.table.own);
  if (left.kind === "literal" && right.kind === "literal")
    return fail(node, "both sides are constants", "one side must be a fact");
  const up = (): Condition => crossing(ctx, node, left, right, "<=", ">");
  const down = (): Condition => crossing(ctx, node, left, right, ">=", "<");
  if (node.direction === "above") return up();
  if (node.direction === "below") return down();
  return { op: "any", kids: [up(), down()] };
}

function crossing(
  ctx: Lowering,
  node: Node,
  left: Value,
  right: Value,
  before: Comparison,
  now: Comparison,
): Condition {
  const was = (value: Value): Value => (value.kind === "literal" ? value : lag(ctx, value, 1, ctx.table.own));
  return { op: "all", kids: [either(ctx, node, was(left), before, was(right)), either(ctx, node, left, now, right)] };
}

function either(ctx: Lowering, node: Node, left: Value, operator: Comparison, right: Value): Condition {
  if (left.kind === "fact") return leaf(ctx, node, left, operator, right);
  return leaf(ctx, node, right as FactValue, MIRRORED[operator], left);
}

function holdsFor(ctx: Lowering, node: Node & { kind: "for" | "within" }): Condition {
  const condition = lowerCondition(ctx, node.of);
  const params = { condition: canonical(ctx, condition) };
  const { own } = ctx.table;
  if ("bars" in node.span) {
    const fact = ctx.table.add(
      { fact: "bars_true", params },
      { kind: "bars_true", series: own, condition },
      warmupOf(ctx, condition) + node.span.bars - 1,
      "bars",
      [0, Number.POSITIVE_INFINITY],
    );
    return { op: "leaf", left: fact.index, operator: "greaterThanInclusive", right: { value: node.span.bars } };
  }
  const fact = ctx.table.add(
    { fact: "seconds_true", params },
    { kind: "seconds_true", series: own, condition },
    warmupOf(ctx, condition),
    "seconds",
    [-1, Number.POSITIVE_INFINITY],
  );
  return { op: "leaf", left: fact.index, operator: "greaterThanInclusive", right: { value: node.span.ms / 1_000 } };
}

function heldWithin(ctx: Lowering, node: Node & { kind: "for" | "within" }): Condition {
  const condition = lowerCondition(ctx, node.of);
  const inner = canonical(ctx, condition);
  const { own } = ctx.table;
  if ("bars" in node.span) {
    const horizon = node.span.bars;
    const spec = { kind: "bars_since", series: own, condition, horizon, before: false } as const;
    const fact = ctx.table.add(
      { fact: "bars_since", params: { condition: inner, horizon } },
      spec,
      warmupOf(ctx, condition) + horizon - 1,
      "bars",
      [0, horizon],
    );
    return { op: "leaf", left: fact.index, operator: "lessThan", right: { value: horizon } };
  }
  const horizonSeconds = node.span.ms / 1_000;
  const spec = { kind: "seconds_since", series: own, condition, horizonSeconds } as const;
  const fact = ctx.table.add(
    { fact: "seconds_since", params: { condition: inner, horizon: horizonSeconds } },
    spec,
    warmupOf(ctx, condition),
    "seconds",
    [0, horizonSeconds],
  );
  return { op: "leaf", left: fact.index, operator: "lessThan", right: { value: horizonSeconds } };
}

function sequence(ctx: Lowering, node: Node & { kind: "then" }): Condition {
  if (ctx.rule === "")
    return fail(
      node,
      '"A then B" belongs into a rule',
      "a firing uses a sequence up, so it cannot stand in a shared condition",
      "types/sequence",
    );
  const first = lowerCondition(ctx, node.first);
  const second = lowerCondition(ctx, node.second);
  const horizon = node.bars;
  const spec = {
    kind: "bars_since",
    series: ctx.table.own,
    condition: first,
    horizon,
    before: true,
    rule: ctx.rule,
  } as const;
  const ref: FactRef = {
    fact: "bars_since",
    params: { condition: canonical(ctx, first), horizon, before: true, rule: ctx.rule },
  };
  const fact = ctx.table.add(ref, spec, warmupOf(ctx, first) + horizon, "bars", [1, horizon + 1]);
  return {
    op: "all",
    kids: [second, { op: "leaf", left: fact.index, operator: "lessThanInclusive", right: { value: horizon } }],
  };
}

function canonical(ctx: Lowering, condition: Condition): ParamValue {
  return toCanonical(ctx.table.facts, condition) as unknown as ParamValue;
}

function warmupOf(ctx: Lowering, condition: Condition): number {
  switch (condition.op) {
    case "all":
    case "any":
      return Math.max(0, ...condition.kids.map((kid) => warmupOf(ctx, kid)));
    case "not":
      return warmupOf(ctx, condition.kid);
    case "leaf": {
      const right = "fact" in condition.right ? ctx.table.fact(condition.right.fact).warmup : 0;
      return Math.max(ctx.table.fact(condition.left).warmup, right);
    }
  }
}

// ---------------------------------------------------------------------------------------------- numbers

export function lowerNumber(ctx: Lowering, node: Node, series: SeriesRef): Value {
  switch (node.kind) {
    case "number":
      return { kind: "literal", value: node.value, unit: node.unit };
    case "name":
      return lowerName(ctx, node, series);
    case "call":
      return lowerCall(ctx, node, series);
    case "negative": {
      const of = lowerNumber(ctx, node.of, series);
      return of.kind === "literal" ? { ...of, value: -of.value } : calc(ctx, "neg", [of], of.unit);
    }
    case "arithmetic":
      return arithmetic(ctx, node, series);
    case "lookback":
      return lookback(ctx, node, series);
    default:
      return fail(node, "expected a number or a fact, found a condition");
  }
}

function arithmetic(ctx: Lowering, node: Node & { kind: "arithmetic" }, series: SeriesRef): Value {
  const left = lowerNumber(ctx, node.left, series);
  const right = lowerNumber(ctx, node.right, series);
  const { operator } = node;
  if (operator === "/" && right.kind === "literal" && right.value === 0)
    return fail(node.right, "division by zero", "", "types/zero");
  const unit = unitOf(operator, left.unit, right.unit);
  if (left.kind === "literal" && right.kind === "literal") {
    const { value: a } = left;
    const { value: b } = right;
    const value = operator === "+" ? a + b : operator === "-" ? a - b : operator === "*" ? a * b : a / b;
    return { kind: "literal", value, unit };
  }
  return calc(ctx, operator, [left, right], unit);
}

function unitOf(operator: string, a: ValueUnit, b: ValueUnit): ValueUnit {
  if (operator === "/" && a === b) return a === "none" ? "none" : "number";
  if (operator === "+" || operator === "-") return a === b ? a : a === "none" || a === "ratio" ? b : a;
  if (a === "none" || a === "ratio" || a === "number") return b === "none" ? a : b;
  return b === "none" || b === "ratio" || b === "number" ? a : "number";
}

export function calc(
  ctx: Lowering,
  operator: "+" | "-" | "*" | "/" | "neg" | "abs" | "min" | "max",
  values: readonly Value[],
  unit: ValueUnit,
): FactValue {
  const { table } = ctx;
  const args = values.map((value) => table.indexOf(value));
  const ref: FactRef = { fact: "calc", params: { op: operator, args: values.map((value) => table.paramOf(value)) } };
  const warmup = Math.max(0, ...args.map((index) => table.fact(index).warmup));
  const range = operator === "abs" ? ([0, Number.POSITIVE_INFINITY] as const) : ANYTHING;
  return table.add(ref, { kind: "calc", series: seriesOf(ctx, args), operator, args }, warmup, unit, range);
}

const ANYTHING = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

/** A computation lives on the series of its inputs when they share one, else on the strategy's evaluations. */
function seriesOf(ctx: Lowering, args: readonly number[]): SeriesRef {
  const facts = args.map((index) => ctx.table.fact(index)).filter(({ spec }) => spec.kind !== "const");
  const [first] = facts;
  const shared =
    first !== undefined &&
    facts.every(
      ({ spec }) =>
        spec.series.symbol === first.spec.series.symbol && spec.series.size.label === first.spec.series.size.label,
    );
  return shared ? first.spec.series : ctx.table.own;
}

function lookback(ctx: Lowering, node: Node & { kind: "lookback" }, series: SeriesRef): Value {
  const of = lowerNumber(ctx, node.of, series);
  if (of.kind === "literal" || node.bars === 0) return of;
  return lag(ctx, of, node.bars, ctx.table.fact(of.index).spec.series);
}

/** The value `bars` closed bars of `sampled` ago. A lag of a lag on the same series is one lag. */
export function lag(ctx: Lowering, of: FactValue, bars: number, sampled: SeriesRef): FactValue {
  const { table } = ctx;
  const fact = table.fact(of.index);
  const same =
    fact.spec.kind === "lag" &&
    fact.spec.series.size.label === sampled.size.label &&
    fact.spec.series.symbol === sampled.symbol;
  const base = same && fact.spec.kind === "lag" ? fact.spec.of : of.index;
  const total = same && fact.spec.kind === "lag" ? fact.spec.bars + bars : bars;
  const { ref, warmup, spec } = table.fact(base);
  const elsewhere = spec.series.size.label !== sampled.size.label || spec.series.symbol !== sampled.symbol;
  const params = { ...ref.params, lag: total, ...(elsewhere ? { lag_on: sampled.size.label } : {}) };
  // Bars of another series cannot be added up: the longer series decides.
  const total_warmup = elsewhere ? Math.max(warmup, total) : warmup + total;
  return table.add(
    { fact: ref.fact, params },
    { kind: "lag", series: sampled, of: base, bars: total },
    total_warmup,
    of.unit,
    of.range,
  );
}

function lowerName(ctx: Lowering, node: Node & { kind: "name" }, series: SeriesRef): Value {
  const { names } = ctx;
  const param = names.params.get(node.name);
  if (param !== undefined) return { kind: "literal", value: param, unit: "none" };
  const named = names.fact(node.name, node);
  if (named !== undefined) return named.value;
  const dot = node.name.indexOf(".");
  if (dot > 0) {
    const output = namedOutput(ctx, node, node.name.slice(0, dot), node.name.slice(dot + 1));
    if (output !== undefined) return output;
  }
  const field = ctx.table.field(node.name, series);
  if (field !== undefined) return field;
  if (ctx.table.indicators.has(node.name))
    return lowerCall(
      ctx,
      { kind: "call", name: node.name, args: [], named: [], nameEnd: node.end, start: node.start, end: node.end },
      series,
    );
  if (names.condition(node.name, node) !== undefined)
    return fail(node, `"${node.name}" is a condition, expected a number or a fact`);
  return unknownName(ctx, node, node.name);
}

function namedOutput(ctx: Lowering, node: Node, base: string, output: string): Value | undefined {
  const named = ctx.names.fact(base, node);
  if (named === undefined) return undefined;
  const value = named.outputs?.get(output);
  if (value !== undefined) return value;
  const outputs = [...(named.outputs?.keys() ?? [])];
  if (outputs.length === 0)
    return fail(node, `"${base}" has one value, not "${output}"`, `write ${base}`, "names/unknown");
  return fail(node, `"${base}" has no output "${output}"`, suggestion(output, outputs), "names/unknown");
}

const NOT_BUILT: Readonly<Record<string, string>> = {
  rank: "rank over the symbols of a strategy",
  opening_range: "the opening range",
};

export function unknownName(ctx: Lowering, at: { readonly start: number; readonly end: number }, name: string): never {
  const planned = NOT_BUILT[name];
  if (planned !== undefined) return fail(at, `${planned} is not built yet`, "", "schema/not-built");
  const { names, table } = ctx;
  const candidates = [
    ...names.params.keys(),
    ...names.factNames,
    ...names.conditionNames,
    ...FACTS.keys(),
    ...table.indicators.keys(),
    ...FUNCTIONS.keys(),
  ];
  return fail(at, `unknown name "${name}"`, suggestion(name, candidates), "names/unknown");
}
