/**
 * Calls: indicators with their parameters, and the functions of the language.
 *
 * Owns: positional and named arguments, `on:`, `of:`, `symbol:`, and their checks. May not: lower conditions.
 */
import { FUNCTIONS } from "../catalog/facts.ts";
import type { Indicator } from "../catalog/kernel.ts";
import { paramProblem } from "../catalog/params.ts";
import type { FactRef, ParamValue, SeriesRef } from "../core/program.ts";
import { parseBarSize } from "../market/bar-size.ts";
import type { NamedArgument, Node } from "./ast.ts";
import { suggestion } from "./diagnostic.ts";
import { calc, fail, lag, lowerNumber, unknownName } from "./lower.ts";
import type { Lowering } from "./lower.ts";
import type { FactValue, Value } from "./scope.ts";

type Call = Node & { readonly kind: "call" };

export function lowerCall(ctx: Lowering, node: Call, series: SeriesRef): Value {
  const place = { start: node.start, end: node.nameEnd };
  if (FUNCTIONS.has(node.name) || node.name === "prior") return lowerFunction(ctx, node, series);
  const dot = node.name.indexOf(".");
  const base = dot > 0 ? node.name.slice(0, dot) : node.name;
  const entry = ctx.table.indicators.get(base);
  if (entry === undefined) {
    const field = ctx.table.field(node.name, seriesFor(ctx, node, series));
    if (field === undefined) return unknownName(ctx, place, node.name);
    if (node.args.length > 0)
      return fail(node, `${node.name} takes no parameters`, "only on: and symbol:", "facts/parameters");
    return field;
  }
  const outputs = indicatorOutputs(ctx, entry, node, series);
  const name = dot > 0 ? node.name.slice(dot + 1) : (entry.outputs[0]?.name ?? "");
  const output = outputs.get(name);
  if (output === undefined)
    return fail(place, `${base} has no output "${name}"`, suggestion(name, [...outputs.keys()]), "names/unknown");
  return output;
}

/** All outputs of an indicator call, by name. */
export function indicatorOutputs(
  ctx: Lowering,
  entry: Indicator,
  node: Call,
  outer: SeriesRef,
): ReadonlyMap<string, FactValue> {
  const series = seriesFor(ctx, node, outer);
  const takesValue = entry.inputs.includes("value");
  const { params, of } = argumentsOf(ctx, entry, node, series, takesValue);
  const problem = paramProblem(entry, params);
  if (problem !== undefined) return fail(node, problem, usage(entry), "facts/parameters");
  const inputs = entry.inputs.map((input) => {
    if (input === "value" && of !== undefined) return ctx.table.indexOf(of);
    const field = ctx.table.field(input === "value" ? "close" : input, series);
    return ctx.table.indexOf(field as FactValue);
  });
  const warmup = entry.warmup(params) + Math.max(0, ...inputs.map((index) => ctx.table.fact(index).warmup - 1));
  const source = of === undefined || isClose(ctx, of, series) ? {} : { of: ctx.table.paramOf(of) };
  const named = Object.fromEntries(entry.params.map((param, index) => [param.name, params[index] as number]));
  const unit = of?.unit;
  return new Map(
    entry.outputs.map((output, index) => {
      const which: Record<string, ParamValue> = entry.outputs.length > 1 ? { output: output.name } : {};
      const all = { ...named, ...source, ...which, ...ctx.table.seriesParams(series) };
      const ref: FactRef = Object.keys(all).length === 0 ? { fact: entry.name } : { fact: entry.name, params: all };
      const range = output.rangeOfValue === true && of?.kind === "fact" ? of.range : output.range;
      const resultUnit = output.unitOfValue === true && unit !== undefined ? unit : output.unit;
      return [
        output.name,
        ctx.table.add(
          ref,
          { kind: "indicator", series, name: entry.name, inputs, params, output: index },
          warmup,
          resultUnit,
          range,
        ),
      ];
    }),
  );
}

function isClose(ctx: Lowering, value: Value, series: SeriesRef): boolean {
  if (value.kind === "literal") return false;
  const { spec } = ctx.table.fact(value.index);
  return (
    spec.kind === "field" &&
    spec.field === "close" &&
    spec.series.symbol === series.symbol &&
    spec.series.size.label === series.size.label
  );
}

function argumentsOf(
  ctx: Lowering,
  entry: Indicator,
  node: Call,
  series: SeriesRef,
  takesValue: boolean,
): { readonly params: number[]; readonly of: Value | undefined } {
  const given = new Map<string, number>();
  let of: Value | undefined;
  const positional = node.args.map((arg) => ({ arg, value: lowerNumber(ctx, arg, series) }));
  // A leading series replaces the close: ema(volume, 20); a number alone is the first parameter.
  const [first] = positional;
  if (first !== undefined && first.value.kind === "fact") {
    if (!takesValue)
      return fail(first.arg, `${entry.name} reads bars, it takes no series`, usage(entry), "facts/parameters");
    of = first.value;
    positional.shift();
  }
  if (positional.length > entry.params.length) {
    return fail(
      node,
      `${entry.name} takes at most ${entry.params.length} parameter${entry.params.length === 1 ? "" : "s"}`,
      usage(entry),
      "facts/parameters",
    );
  }
  for (const [index, { arg, value }] of positional.entries())
    given.set(entry.params[index]?.name ?? "", constant(arg, value));
  for (const argument of node.named) {
    const { name, value } = argument;
    if (name === "on" || name === "symbol") continue;
    if (name === "forming")
      fail(argument, "a forming bar is not built yet", "indicators see closed bars", "schema/not-built");
    if (value === undefined) fail(argument, `"${name}" needs a value`);
    else if (name === "of") {
      if (!takesValue) fail(argument, `${entry.name} reads bars, it takes no "of:"`, usage(entry), "facts/parameters");
      of = lowerNumber(ctx, value, series);
    } else if (!entry.params.some((param) => param.name === name)) {
      fail(
        { start: argument.start, end: argument.start + name.length },
        `${entry.name} has no parameter "${name}"`,
        suggestion(name, [...entry.params.map((param) => param.name), "on", "of", "symbol"]),
        "facts/parameters",
      );
    } else if (given.has(name)) fail(argument, `"${name}" is given twice`, "", "facts/parameters");
    else given.set(name, constant(value, lowerNumber(ctx, value, series)));
  }
  const params = entry.params.map((param) => {
    const value = given.get(param.name) ?? param.default;
    if (value === undefined) return fail(node, `${entry.name} needs "${param.name}"`, usage(entry), "facts/parameters");
    return value;
  });
  return { params, of };
}

function constant(node: Node, value: Value): number {
  if (value.kind === "fact")
    return fail(
      node,
      "expected a number, found a fact",
      "parameters are constants; a series goes first or into of:",
      "facts/parameters",
    );
  return value.value;
}

function usage(entry: Indicator): string {
  const params = entry.params.map((param) =>
    param.default === undefined ? param.name : `${param.name} = ${param.default}`,
  );
  return `${entry.name}(${params.join(", ")})`;
}

export function seriesFor(ctx: Lowering, node: Call, outer: SeriesRef): SeriesRef {
  let { symbol, size } = outer;
  for (const argument of node.named) {
    if (argument.name === "symbol") symbol = argument.word;
    if (argument.name !== "on") continue;
    const parsed = parseBarSize(argument.word);
    if (parsed === undefined)
      return fail(
        argument,
        `"${argument.word}" is not a bar size`,
        "sizes are 1s to 12h and 1d, e.g. 5m, 1h, 1d",
        "time/bar-size",
      );
    if (parsed.ms < ctx.table.on.ms) {
      return fail(
        argument,
        `${parsed.label} bars are shorter than the strategy's own ${ctx.table.on.label} bars`,
        "a fact may use the strategy's bars or longer ones",
        "time/shorter-bars",
      );
    }
    if (parsed.ms < outer.size.ms)
      return fail(
        argument,
        `${parsed.label} inside ${outer.size.label} would need bars that are not there yet`,
        "",
        "time/shorter-bars",
      );
    size = parsed;
  }
  return { symbol, size };
}

function lowerFunction(ctx: Lowering, node: Call, outer: SeriesRef): Value {
  const series = seriesFor(ctx, node, outer);
  refuseNamed(
    node.name === "prior" ? node.named : node.named.filter(({ name }) => name !== "on" && name !== "symbol"),
    node,
  );
  const values = node.args.map((arg) => lowerNumber(ctx, arg, series));
  const [first, second] = values;
  if (first === undefined)
    return fail(node, `${node.name} needs a value`, FUNCTIONS.get(node.name)?.formula ?? "", "facts/parameters");
  switch (node.name) {
    case "prior":
      if (series.size.label === outer.size.label) return first.kind === "literal" ? first : lag(ctx, first, 1, series);
      return first;
    case "change": {
      const [, bars] = node.args;
      const n = bars === undefined || second === undefined ? 1 : constant(bars, second);
      if (!Number.isInteger(n) || n < 1)
        return fail(node, "change needs a whole number of bars of at least 1", "change(close, 5)", "facts/parameters");
      if (first.kind === "literal") return fail(node, "change needs a fact, not a constant", "", "facts/parameters");
      return calc(ctx, "-", [first, lag(ctx, first, n, ctx.table.fact(first.index).spec.series)], first.unit);
    }
    case "abs":
      return first.kind === "literal"
        ? { ...first, value: Math.abs(first.value) }
        : calc(ctx, "abs", [first], first.unit);
    default:
      if (values.length < 2)
        return fail(
          node,
          `${node.name} needs at least two values`,
          node.name === "min"
            ? "for the lowest over time use lowest(x, n)"
            : "for the highest over time use highest(x, n)",
          "facts/parameters",
        );
      return calc(
        ctx,
        node.name as "min" | "max",
        values,
        first.unit === "none" ? (second?.unit ?? "none") : first.unit,
      );
  }
}

function refuseNamed(named: readonly NamedArgument[], node: Call): void {
  const extra = named.find(({ name }) => name !== "on" && name !== "symbol");
  if (extra !== undefined) fail(extra, `${node.name} has no parameter "${extra.name}"`, "", "facts/parameters");
}
