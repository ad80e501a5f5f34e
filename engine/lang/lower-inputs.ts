/**
 * What an indicator reads: the value that replaces the close, a second one, fields of bars, other indicators.
 *
 * Owns: those inputs, and on which bars they come together. May not: know parameters or outputs.
 */
import { FACTS } from "../catalog/facts.ts";
import type { Indicator } from "../catalog/kernel.ts";
import { usageOf } from "../catalog/params.ts";
import type { SeriesRef } from "../core/program.ts";
import { isOfTime, lengthOf } from "../market/bar-size.ts";
import { barsWords } from "./bar-sizes.ts";
import { sameSeries } from "./fact-refs.ts";
import type { IndicatorUse } from "./fact-refs.ts";
import type { FactTable } from "./fact-table.ts";
import { lowerField, seesForming } from "./fields.ts";
import { isTooLarge, report } from "./scope.ts";
import type { Context } from "./scope.ts";
import type { Node } from "./syntax.ts";
import type { Quality } from "./units.ts";

/** The call, for messages. */
interface Caller {
  readonly name: string;
  readonly span: Node["span"];
}

interface Input {
  /** Undefined: the close. */
  readonly index: number | undefined;
  readonly quality: Quality | undefined;
}

export interface Values {
  readonly value: Input;
  readonly other: Input;
}

const NONE: Input = { index: undefined, quality: undefined };

/** Undefined after a finding. */
export function valuesOf(
  context: Context,
  call: Caller,
  entry: Indicator,
  given: { readonly of: Node | undefined; readonly with: Node | undefined },
): Values | undefined {
  const value = given.of === undefined ? NONE : inputOf(context, call, entry, given.of);
  const other = otherOf(context, call, entry, given.with);
  return value === undefined || other === undefined ? undefined : { value, other };
}

function inputOf(context: Context, call: Caller, entry: Indicator, node: Node): Input | undefined {
  const operand = context.lower.number(context, node);
  if (operand === undefined) return undefined;
  if (operand.kind === "fact") return { index: operand.index, quality: operand.quality };
  const message = `The input of ${call.name} is a constant`;
  return report(context, "types/arguments", node.span, message, `Usage: ${usageOf(entry)}.`);
}

/** What it is compared with; only entries that compare two values have it, and they need it. */
function otherOf(context: Context, call: Caller, entry: Indicator, node: Node | undefined): Input | undefined {
  if (!entry.inputs.includes("other")) return NONE;
  if (node !== undefined) return inputOf(context, call, entry, node);
  const help = `Write ${call.name}(20, with: close(symbol: SPY)).`;
  return report(context, "types/arguments", call.span, `${call.name} needs a second value (with:)`, help);
}

type Read = Pick<IndicatorUse, "series" | "inputs" | "forming" | "of" | "with">;

/** On `context.series`, which `on:` and `symbol:` of the call have set; undefined after a finding. */
export function readOf(
  context: Context,
  call: Caller,
  entry: Indicator,
  params: readonly number[],
  { value, other }: Values,
): Read | undefined {
  const { table } = context.scope;
  const { series } = context;
  const own = value.index === undefined ? series : table.fact(value.index).spec.series;
  if (!sameSeries(own, series) && context.explicit) {
    const message = `${call.name} is asked for on ${barsWords(series.size.label)}, but its input is computed on ${own.size.label}`;
    return report(context, "types/series", call.span, message, "Give on: to the inner expression too, or to none.");
  }
  const second = other.index === undefined ? own : table.fact(other.index).spec.series;
  const home = homeOfBoth(context, call, own, second);
  if (home === undefined) return undefined;
  const barsOf = { ...context, series: own };
  const indexOf = (name: Indicator["inputs"][number]): number => {
    const index = name === "value" ? value.index : name === "other" ? other.index : undefined;
    return index ?? barInput(barsOf, name);
  };
  const given = [value.index, other.index].filter((index) => index !== undefined);
  if (given.length > 0 && isTooLarge(context, call.span, given)) return undefined;
  const forming = seesForming(context, home);
  if (!given.every((index) => hasBars(context, call, forming, index) && isOfOne(context, call, index)))
    return undefined;
  const more = (entry.alsoReads?.(params) ?? []).map((also) => {
    const [doc] = also.entry.outputs;
    const quality: Quality = { unit: doc?.unit ?? "number", range: doc?.range ?? [-Infinity, Infinity] };
    const inputs = also.entry.inputs.map(indexOf);
    return table.indicator({ ...also, series: home, inputs, output: 0, quality, forming });
  });
  return {
    series: home,
    inputs: [...entry.inputs.map(indexOf), ...more],
    forming,
    ...(value.index === undefined || value.index === barInput(barsOf, "close") ? {} : { of: value.index }),
    ...(other.index === undefined ? {} : { with: other.index }),
  };
}

function barInput(context: Context, name: Indicator["inputs"][number]): number {
  const doc = FACTS.get(name === "value" ? "close" : name);
  const operand = doc === undefined ? undefined : lowerField(context, doc, context.series);
  if (operand?.kind !== "fact") throw new RangeError(`no bar field ${name}`);
  return operand.index;
}

/**
 * Where two inputs are computed together: of one symbol on its bars, of two at the evaluations of the strategy on its own
 * bars, or bar by bar on larger ones.
 */
function homeOfBoth(context: Context, call: Caller, a: SeriesRef, b: SeriesRef): SeriesRef | undefined {
  const { own } = context.scope.table;
  if (sameSeries(a, b)) return a;
  const [first, second] = [barsWords(a.size.label), barsWords(b.size.label)];
  if (a.size.label !== b.size.label) {
    const message = `${call.name} compares bar by bar, and its values are computed on ${first} and ${second}`;
    const larger = lengthOf(a.size) > lengthOf(b.size) ? a : b;
    const help = `Ask for both on the same bars, with on: ${larger.size.label} beside with:.`;
    return report(context, "types/series", call.span, message, help);
  }
  if (!isOfTime(a.size)) {
    const message = `${call.name} compares bar by bar, and ${first} of two symbols do not begin and end together`;
    return report(context, "types/series", call.span, message, "Give on: with a time, such as on: 5m.");
  }
  if (a.size.label === own.size.label) return own;
  if (!seesForming(context, a)) return a;
  const message = `${call.name} of two symbols is about closed ${first}: two that are being built do not belong together`;
  return report(context, "types/series", call.span, message, "Leave forming: out.");
}

/** Where an evaluation is no bar, and at a forming one, an indicator needs bars to go by. */
function hasBars(context: Context, call: Caller, forming: boolean, of: number): boolean {
  const { table } = context.scope;
  if (!forming && !table.ticks) return true;
  const closed = table.closed(of);
  if (closed !== undefined && (forming || closed === of)) return true;
  const message = `${call.name} goes from bar to bar, and its input is not computed on bars of one size`;
  report(context, "types/series", call.span, message, "Give it what bars of one size say.");
  return false;
}

/** What compares two symbols on larger bars is known at evaluations; the bars at which it changed are nobody's. */
export function isOfOne(context: Context, call: { readonly span: Node["span"] }, of: number): boolean {
  const { table } = context.scope;
  if (!isOfTwo(table, of)) return true;
  const size = table.fact(of).spec.series.size.label;
  const message = `What compares two symbols on ${size} bars has no past of its own, nor averages`;
  report(context, "types/series", call.span, message, `Evaluate the strategy on ${size} bars (on:).`);
  return false;
}

/** Whether it compares two symbols on larger bars, or is computed from what does. */
function isOfTwo(table: FactTable, of: number): boolean {
  const { spec } = table.fact(of);
  if (spec.kind === "calc") return spec.args.some((arg) => isOfTwo(table, arg));
  if (spec.kind !== "indicator" || spec.series.size.label === table.own.size.label) return false;
  return spec.inputs.some((input) => !sameSeries(table.fact(input).spec.series, spec.series));
}
