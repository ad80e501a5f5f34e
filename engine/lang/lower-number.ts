/**
 * From syntax to numeric facts.
 *
 * Owns: names, literals, arithmetic, lookbacks and functions. Calls of indicators are in lower-call.ts.
 * Each function answers undefined after it has reported why.
 */
import { FACTS, FUNCTIONS, ORDER_FACTS } from "../catalog/facts.ts";
import { calculatedOf } from "../core/arithmetic.ts";
import type { CalcOperator } from "../core/program.ts";
import type { Operand } from "./fact-refs.ts";
import { lowerField } from "./fields.ts";
import { lowerAcross } from "./lower-across.ts";
import { lowerCall, lowerIndicator } from "./lower-call.ts";
import { isOfOne } from "./lower-inputs.ts";
import { lowerTemporal } from "./lower-temporal.ts";
import { isTimeForBars, isTooLarge, report, unknownName, withoutCycle } from "./scope.ts";
import type { Context } from "./scope.ts";
import { advice, becomes } from "./fix.ts";
import { didYouMean, listed } from "./suggest.ts";
import { isCondition } from "./syntax.ts";
import type { Node } from "./syntax.ts";
import { literalUnit, mismatch, productUnit, sumUnit, UNBOUNDED } from "./units.ts";
import type { Quality } from "./units.ts";

/** Longer lookbacks are refused: they cost memory for every symbol. */
const MAX_LAG = 10_000;

export function lowerNumber(context: Context, node: Node): Operand | undefined {
  switch (node.kind) {
    case "number":
      return literal(node);
    case "name":
      return lowerName(context, node);
    case "call":
      return FUNCTIONS.has(node.name) ? lowerFunction(context, node) : lowerCall(context, node);
    case "lookback":
      return lowerLookback(context, node);
    case "calc":
      return lowerCalc(context, node.operator, node.args);
    case "temporal":
      return lowerTemporal(context, node);
    case "word":
      return report(context, "types/number-expected", node.span, `Expected a number, found "${node.word}"`);
    default:
      return report(context, "types/number-expected", node.span, "Expected a number or a fact, found a condition");
  }
}

function literal(node: Node & { readonly kind: "number" }): Operand {
  const { form } = node;
  const value = form === "duration" ? node.value / 1_000 : node.value;
  // What the canonical form holds is in the fact's own unit, whatever a person would write.
  const written = node.isCoded === true ? {} : { form };
  return { kind: "const", value, quality: { unit: literalUnit(form), range: [value, value], ...written } };
}

// ---------------------------------------------------------------------------------------------- names

function lowerName(context: Context, node: Node & { readonly kind: "name" }): Operand | undefined {
  const { scope } = context;
  const { name, span } = node;
  const param = scope.params.get(name);
  if (param !== undefined) {
    scope.used.add(name);
    return param;
  }
  if (scope.facts.has(name)) return lowerNamedFact(context, name, undefined, node);
  const doc = FACTS.get(name) ?? (context.orders === true ? ORDER_FACTS.get(name) : undefined);
  if (doc !== undefined) return lowerField(context, doc, context.series);
  if (scope.indicators.has(name)) return lowerIndicator(context, { name, nameSpan: span, args: [], span });
  if (scope.conditions.has(name)) {
    return report(context, "types/number-expected", span, `"${name}" is a condition, and a number is expected here`);
  }
  const dot = name.lastIndexOf(".");
  const base = name.slice(0, dot);
  const output = name.slice(dot + 1);
  if (dot > 0 && scope.facts.has(base)) return lowerNamedFact(context, base, output, node);
  if (dot > 0 && scope.indicators.has(base)) {
    return lowerIndicator(context, { name: base, nameSpan: span, args: [], output, span });
  }
  const called = FUNCTIONS.get(name) ?? FUNCTIONS.get(base);
  if (called !== undefined) {
    const help = called.usage === undefined ? called.formula : `Write ${called.usage}.`;
    return report(context, "types/arguments", span, `${called.name} needs arguments`, help);
  }
  return unknownName(context, name, span, false);
}

/** Named facts mean the strategy's own bars, wherever they are used. */
export function lowerNamedFact(
  context: Context,
  name: string,
  output: string | undefined,
  at: { readonly span: Node["span"] },
): Operand | undefined {
  const { scope } = context;
  const definition = scope.facts.get(name);
  scope.used.add(name);
  if (definition?.node === undefined) return undefined;
  const node = definition.node;
  const key = output === undefined ? name : `${name}.${output}`;
  if (scope.known.has(key)) return scope.known.get(key);
  const own: Context = { ...context, series: scope.table.own, explicit: false, forming: undefined, rule: undefined };
  const outputs = outputsOf(own, node);
  if (output === undefined && outputs.length > 1 && !outputs.includes(calledName(node))) {
    const words = `Write ${listed(outputs.map((one) => `${name}.${one}`))}.`;
    const fixes = outputs.map((one) =>
      becomes((source) => (source === name ? `${name}.${one}` : undefined), { safe: false }),
    );
    const help = advice(words, ...fixes);
    return report(context, "facts/several-outputs", at.span, `"${name}" has several values`, help);
  }
  const result = withoutCycle(own, name, at.span, () =>
    output === undefined ? lowerNumber(own, node) : lowerOutput(own, name, node, output, at),
  );
  // A missing output is a finding of the place that uses it: the next place gets its own.
  if (result !== undefined || output === undefined) scope.known.set(key, result);
  return result;
}

function lowerOutput(
  context: Context,
  name: string,
  node: Node,
  output: string,
  at: { readonly span: Node["span"] },
): Operand | undefined {
  const outputs = outputsOf(context, node);
  if (node.kind === "call" && outputs.includes(output)) return lowerNumber(context, { ...node, output });
  if (node.kind === "name" && outputs.includes(output)) {
    return lowerIndicator(context, { name: node.name, nameSpan: node.span, args: [], output, span: node.span });
  }
  const help = outputs.length > 1 ? `It has ${listed(outputs, "and")}.` : "It has one value and no outputs.";
  const advice = didYouMean(output, outputs.length > 1 ? outputs : [], help);
  return report(context, "facts/unknown-output", at.span, `"${name}" has no output "${output}"`, advice);
}

function calledName(node: Node): string {
  return node.kind === "call" || node.kind === "name" ? node.name : "";
}

/** Names of the outputs an indicator call leaves open; empty for anything else. */
export function outputsOf(context: Context, node: Node): readonly string[] {
  if (node.kind === "call" && node.output !== undefined) return [];
  if (node.kind === "name" && context.scope.facts.has(node.name)) return [];
  const name = calledName(node);
  const doc = context.scope.indicators.get(name) ?? FUNCTIONS.get(name);
  return doc?.outputs?.map((output) => output.name) ?? [];
}

// ---------------------------------------------------------------------------------------------- lookbacks

function lowerLookback(context: Context, node: Node & { readonly kind: "lookback" }): Operand | undefined {
  const of = lowerNumber(context, node.of);
  const bars = lowerCount(context, node.bars, 0, MAX_LAG, "The lookback");
  if (of === undefined || bars === undefined) return undefined;
  if (of.kind === "const") {
    return report(context, "logic/constant", node.span, "A constant has no past", "Remove the lookback.");
  }
  if (bars === 0) return of;
  if (!isOfOne(context, node, of.index)) return undefined;
  const { table } = context.scope;
  // At ticks an evaluation is no bar: what bars do not say has no bars ago.
  const hasPast = table.closed(of.index) !== undefined || table.fact(of.index).spec.kind === "prior";
  if (table.ticks && node.sampled === undefined && !hasPast) {
    const help = "Look back at each part by itself, or use within and for with a duration.";
    return report(context, "types/series", node.span, "Only what bars of one size say has a value some bars ago", help);
  }
  const index = context.scope.table.lag(of.index, bars, node.sampled !== undefined);
  return { kind: "fact", index, quality: of.quality };
}

/** A whole number known at compile time. */
export function lowerCount(context: Context, node: Node, min: number, max: number, what: string): number | undefined {
  const operand = lowerNumber(context, node);
  if (operand === undefined) return undefined;
  if (operand.kind !== "const") {
    return report(context, "types/value", node.span, `${what} must be a constant`, "Use a number or a param.");
  }
  const { value } = operand;
  if (isTimeForBars(context, operand, node.span, what)) return undefined;
  if (!Number.isInteger(value) || value < min || value > max) {
    const message = `${what} must be a whole number from ${min} to ${max}, not ${value}`;
    return report(context, "types/value", node.span, message);
  }
  return value;
}

// ---------------------------------------------------------------------------------------------- arithmetic

function lowerFunction(context: Context, node: Node & { readonly kind: "call" }): Operand | undefined {
  const doc = FUNCTIONS.get(node.name);
  if (node.name === "prior" || node.name === "opening_range" || node.name === "rank") {
    return lowerAcross(context, { ...node, name: node.name });
  }
  const named = node.args.find((arg) => arg.name !== undefined);
  if (named !== undefined || node.output !== undefined) {
    const span = named?.nameSpan ?? node.span;
    return report(context, "types/arguments", span, `${node.name} takes no named arguments`, doc?.formula ?? "");
  }
  const args = node.args.map((arg) => arg.value);
  const [first, second] = args;
  if (node.name === "change" && first !== undefined && args.length <= 2) {
    const bars: Node = second ?? { kind: "number", value: 1, form: "number", span: node.span };
    const past: Node = { kind: "lookback", of: first, bars, span: first.span };
    return lowerCalc(context, "-", [first, past]);
  }
  if (node.name === "abs" && args.length === 1) return lowerCalc(context, "abs", args);
  if ((node.name === "min" || node.name === "max") && args.length >= 2) return lowerCalc(context, node.name, args);
  const help = doc === undefined ? "" : `Write ${doc.name}(${doc.params.map((param) => param.name).join(", ")}).`;
  const message = `${node.name} does not take ${args.length} argument${args.length === 1 ? "" : "s"}`;
  return report(context, "types/arguments", node.span, message, help);
}

function lowerCalc(context: Context, operator: CalcOperator, args: readonly Node[]): Operand | undefined {
  const operands: Operand[] = [];
  for (const arg of args) {
    if (isCondition(arg)) {
      report(context, "types/number-expected", arg.span, "Expected a number or a fact, found a condition");
      continue;
    }
    const operand = lowerNumber(context, arg);
    if (operand !== undefined) operands.push(operand);
  }
  if (operands.length < args.length) return undefined;
  const [a, b] = operands as [Operand, Operand | undefined];
  const span = { start: args[0]?.span.start ?? 0, end: args.at(-1)?.span.end ?? 0 };
  if (operator === "/" && b?.kind === "const" && b.value === 0) {
    return report(context, "types/value", args[1]?.span ?? span, "This divides by zero");
  }
  if (b !== undefined && operator !== "*" && operator !== "/") {
    const problem = mismatch(a.quality, b.quality, "adds");
    if (problem !== undefined) report(context, problem.code, span, problem.message, problem.help);
  }
  const quality = qualityOf(operator, operands);
  if (operands.every((one) => one.kind === "const")) return fold(operator, operands, quality);
  const facts = operands.flatMap((one) => (one.kind === "fact" ? [one.index] : []));
  if (isTooLarge(context, span, facts)) return undefined;
  return { kind: "fact", index: context.scope.table.calc(operator, operands, quality), quality };
}

function qualityOf(operator: CalcOperator, operands: readonly Operand[]): Quality {
  const [a, b] = operands as [Operand, Operand | undefined];
  if (operator === "abs") return { unit: a.quality.unit, range: [0, Infinity] };
  if (b === undefined) return { unit: a.quality.unit, range: UNBOUNDED };
  if (operator === "*" || operator === "/") {
    return { unit: productUnit(a, b, operator), range: UNBOUNDED };
  }
  const unit = operands.map((one) => one.quality.unit).reduce(sumUnit);
  return { unit, range: UNBOUNDED };
}

function fold(
  operator: CalcOperator,
  operands: readonly { readonly value: number; readonly quality: Quality }[],
  quality: Quality,
): Operand {
  const values = operands.map((one) => one.value);
  const result = calculatedOf(operator, values);
  const forms = new Set(operands.map((one) => one.quality.form ?? "number"));
  // 2 * 1% is still a percentage; 1h / 2 is still a duration.
  const form = forms.has("percent") && quality.unit === "ratio" ? "percent" : undefined;
  return {
    kind: "const",
    value: result,
    quality: { unit: quality.unit, range: [result, result], form: form ?? "number" },
  };
}
