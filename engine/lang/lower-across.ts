/**
 * Functions that look beyond the strategy's own bars of one symbol: prior, opening_range, rank.
 *
 * Owns: their arguments, and what may stand inside them.
 */
import { FUNCTIONS } from "../catalog/facts.ts";
import { inputsOf } from "../core/canonical.ts";
import type { FactSpec } from "../core/program.ts";
import { isOfTime } from "../market/bar-size.ts";
import { barsWords } from "./bar-sizes.ts";
import { durationText } from "./values.ts";
import { sameSeries } from "./fact-refs.ts";
import type { Operand } from "./fact-refs.ts";
import type { FactTable } from "./fact-table.ts";
import { outputOf, seriesOf } from "./lower-call.ts";
import type { Call } from "./lower-call.ts";
import { isOfOne } from "./lower-inputs.ts";
import { isTooLarge, report } from "./scope.ts";
import type { Context } from "./scope.ts";
import { didYouMean } from "./suggest.ts";
import type { Node } from "./syntax.ts";

type Across = Call & { readonly name: "prior" | "opening_range" | "rank" };

/** Like the largest bars. */
const LONGEST_SPAN_MS = 12 * 3_600_000;

const NAMED: Readonly<Record<Across["name"], readonly string[]>> = {
  prior: ["of", "on", "symbol"],
  opening_range: ["span", "symbol", "output"],
  rank: ["of"],
};

const USAGE: Readonly<Record<Across["name"], string>> = {
  prior: "Write prior(high, on: 1d).",
  opening_range: "Write opening_range(15m).high.",
  rank: "Write rank(roc(20)).",
};

export function lowerAcross(context: Context, call: Across): Operand | undefined {
  const first = argumentOf(context, call);
  if (first === undefined) return undefined;
  switch (call.name) {
    case "prior":
      return lowerPrior(context, call, first);
    case "opening_range":
      return lowerOpeningRange(context, call, first);
    case "rank":
      return lowerRank(context, call, first);
  }
}

/** The one argument that is no word; undefined after a finding. */
function argumentOf(context: Context, call: Across): Node | undefined {
  const { name, args } = call;
  const known = NAMED[name];
  const [main = ""] = known;
  for (const { name: key, nameSpan, value } of args) {
    if (key === undefined || known.includes(key)) continue;
    const help = didYouMean(key, known, USAGE[name]);
    return report(context, "types/arguments", nameSpan ?? value.span, `${name} has no parameter "${key}"`, help);
  }
  const [first, second] = args.filter((arg) => arg.name === undefined || arg.name === main);
  if (second !== undefined) {
    return report(context, "types/arguments", second.value.span, `${name} takes one argument`, USAGE[name]);
  }
  if (first === undefined) {
    return report(
      context,
      "types/arguments",
      call.span,
      `${name} needs ${main === "of" ? "a value" : "a span"}`,
      USAGE[name],
    );
  }
  return first.value;
}

function lowerPrior(context: Context, call: Across, of: Node): Operand | undefined {
  if (call.output !== undefined)
    return report(context, "types/arguments", call.span, "prior has one value", USAGE.prior);
  if (!call.args.some(({ name }) => name === "on")) {
    return report(context, "types/arguments", call.span, "prior needs the size of the bars (on:)", USAGE.prior);
  }
  const series = seriesOf(context, call, ["on", "symbol"]);
  if (series === undefined) return undefined;
  const { table } = context.scope;
  const isOwn = series.size.label === table.own.size.label;
  if (!isOwn && !isOfTime(series.size)) {
    const message = `A bar of ${series.size.label} begins with a trade: no other bar lies in one`;
    return report(
      context,
      "types/arguments",
      call.span,
      message,
      `Look back instead: high(on: ${series.size.label})[1].`,
    );
  }
  const forming = isOwn ? undefined : false;
  const operand = context.lower.number({ ...context, series, explicit: true, forming }, of);
  if (operand === undefined) return undefined;
  if (operand.kind === "const") {
    return report(context, "logic/constant", call.span, "A constant has no past", "Remove prior.");
  }
  if (!isOwn && table.isForming(operand.index)) {
    const message = "A prior value is one of a closed bar";
    return report(context, "types/arguments", of.span, message, "Remove forming: true.");
  }
  const home = table.fact(operand.index).spec.series;
  if (!sameSeries(home, series)) {
    const message = `prior is asked for on ${barsWords(series.size.label)}, but its value is computed on ${home.size.label}`;
    const help = "Only what is computed on those bars has a prior value; named facts mean the strategy's own bars.";
    return report(context, "types/series", call.span, message, help);
  }
  if (!isOfOne(context, call, operand.index) || isTooLarge(context, call.span, [operand.index])) return undefined;
  return { ...operand, index: isOwn ? table.lag(operand.index, 1, false) : table.prior(operand.index) };
}

function lowerOpeningRange(context: Context, call: Across, span: Node): Operand | undefined {
  const series = seriesOf({ ...context, series: { ...context.series, size: context.scope.table.own.size } }, call, [
    "symbol",
  ]);
  const operand = context.lower.number(context, span);
  if (series === undefined || operand === undefined) return undefined;
  if (operand.kind !== "const" || operand.quality.form !== "duration") {
    const message = "The span of an opening range must be a duration";
    return report(context, "types/value", span.span, message, USAGE.opening_range);
  }
  const ms = operand.value * 1_000;
  if (!(ms > 0) || ms > LONGEST_SPAN_MS) {
    return report(context, "types/value", span.span, "The span of an opening range lies between one bar and 12h");
  }
  const { size } = series;
  if (size.kind !== "intraday" || ms % size.ms !== 0) {
    const message = `Bars of ${size.label} do not divide the first ${durationText(ms)} of a session`;
    return report(context, "time/bar-size", span.span, message, "Choose a span that is a whole number of bars.");
  }
  const outputs = FUNCTIONS.get("opening_range")?.outputs ?? [];
  const output = outputOf(context, call, { name: "opening_range", outputs });
  if (output === undefined) return undefined;
  const field = (["high", "mid", "low"] as const)[output] ?? "high";
  const index = context.scope.table.openingRange({ ...series, size }, { label: durationText(ms), ms }, field);
  return context.scope.table.operand(index);
}

const COMPARABLE: ReadonlySet<FactSpec["kind"]> = new Set([
  "field",
  "indicator",
  "lag",
  "calc",
  "const",
  "prior",
  "opening_range",
  "bars_true",
]);

function lowerRank(context: Context, call: Across, of: Node): Operand | undefined {
  if (call.output !== undefined) return report(context, "types/arguments", call.span, "rank has one value", USAGE.rank);
  const { table, universe } = context.scope;
  if (table.ticks) {
    const help = "Rank in a strategy on bars.";
    return report(context, "types/arguments", call.span, "A rank compares closed bars, not ticks", help);
  }
  if (!isOfTime(table.own.size)) {
    const message = `A rank compares bars that end together, and bars of ${table.own.size.label} do not`;
    return report(context, "types/arguments", call.span, message, "Rank in a strategy on bars of time, e.g. on: 5m.");
  }
  const operand = context.lower.number(context, of);
  if (operand === undefined) return undefined;
  const inside = operand.kind === "const" ? [] : specsOf(table, operand.index);
  if (!inside.some(({ kind, series }) => kind !== "const" && series.symbol === null)) {
    const message = "This is the same for every symbol, so there is nothing to rank";
    return report(context, "types/arguments", of.span, message, USAGE.rank);
  }
  const other = inside.find((spec) => !COMPARABLE.has(spec.kind) || (spec.kind === "field" && spec.forming === true));
  if (other !== undefined || operand.kind === "const") {
    const message = other?.kind === "rank" ? "A rank may not read another rank" : "A rank may read closed bars only";
    const help =
      "A rank compares what every symbol's bars say; it cannot read forming bars, positions, quotes or the time.";
    return report(context, "types/arguments", of.span, message, help);
  }
  if (isTooLarge(context, call.span, [operand.index])) return undefined;
  return table.operand(table.rank(operand.index, universe));
}

/** A fact and everything it is computed from. */
function specsOf(table: FactTable, index: number): FactSpec[] {
  const seen = new Set([index]);
  for (const one of seen) for (const input of inputsOf(table.fact(one).spec)) seen.add(input);
  return [...seen].map((one) => table.fact(one).spec);
}
