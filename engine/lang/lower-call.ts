/**
 * From calls to indicator facts: `sma(200, on: 1d)`, `ema(close, 12)`, `bollinger(20, 2).upper`.
 *
 * Owns: arguments, the series a call is computed on, and outputs.
 */
import { FACTS } from "../catalog/facts.ts";
import type { Indicator } from "../catalog/kernel.ts";
import { paramProblem, usageOf } from "../catalog/params.ts";
import { REFUSED, TECHNICALINDICATORS } from "../catalog/sources/technicalindicators.ts";
import type { SeriesRef } from "../core/program.ts";
import { isOfTime, isSmaller, parseSeriesSize } from "../market/bar-size.ts";
import { sameSeries } from "./fact-refs.ts";
import type { Operand } from "./fact-refs.ts";
import { lowerField } from "./fields.ts";
import { readOf, valuesOf } from "./lower-inputs.ts";

import { isTimeForBars, report, unknownName } from "./scope.ts";
import type { Context } from "./scope.ts";
import { advice, becomes } from "./fix.ts";
import type { Advice, Proposal } from "./fix.ts";
import { didYouMean, listed } from "./suggest.ts";
import { WORD_ARGUMENTS } from "./syntax.ts";
import type { Argument, Node } from "./syntax.ts";
import type { Quality } from "./units.ts";
import { barsWords, sentence, sizeProblem } from "./bar-sizes.ts";

export interface Call {
  readonly name: string;
  readonly nameSpan: Node["span"];
  readonly args: readonly Argument[];
  readonly output?: string;
  readonly span: Node["span"];
}

export function lowerCall(context: Context, call: Call): Operand | undefined {
  const { scope } = context;
  if (scope.indicators.has(call.name)) return lowerIndicator(context, call);
  const doc = FACTS.get(call.name);
  if (doc === undefined) {
    if (scope.facts.has(call.name) || scope.params.has(call.name) || scope.conditions.has(call.name)) {
      return report(context, "types/arguments", call.span, `"${call.name}" takes no arguments`, nameAlone(call));
    }
    return unknownName(context, call.name, call.nameSpan, true);
  }
  const isBar = doc.group === "bar";
  const series = seriesOf(context, call, isBar ? ["on", "symbol"] : ["symbol"]);
  if (series === undefined) return undefined;
  const forming = isBar ? formingOf(context, call, series) : context.forming;
  if (forming === null) return undefined;
  const known = isBar ? ["on", "symbol", "forming"] : ["on", "symbol"];
  const extra = call.args.find((arg) => arg.name === undefined || !known.includes(arg.name));
  if (extra !== undefined || call.output !== undefined) {
    const help = isBar ? "It takes on:, symbol: and forming: only." : "Use the name alone.";
    return report(
      context,
      "types/arguments",
      extra?.nameSpan ?? extra?.value.span ?? call.span,
      `${call.name} takes no such argument`,
      help,
    );
  }
  if (series.symbol !== context.series.symbol && (doc.group === "session" || doc.group === "account")) {
    return report(context, "types/arguments", call.span, `${call.name} has no symbol`, "Use the name alone.");
  }
  return lowerField({ ...context, forming }, doc, series);
}

/** What `forming:` says, or what was said around the call; null after a finding. */
function formingOf(context: Context, call: Call, { size }: SeriesRef): boolean | undefined | null {
  const given = call.args.find((arg) => arg.name === "forming");
  const word = given?.value.kind === "word" ? given.value.word : "";
  if (given !== undefined && word !== "true" && word !== "false") {
    report(context, "types/value", given.value.span, `forming: is true or false, not "${word}"`);
    return null;
  }
  const forming = given === undefined ? context.forming : word === "true";
  if (forming === true && !isOfTime(size)) {
    const message = `${call.name} cannot see a bar of ${size.label} that is still being built`;
    const help = "Leave forming: out, or use bars of time.";
    report(context, "types/arguments", given?.value.span ?? call.span, message, help);
    return null;
  }
  if (given !== undefined && forming === true) {
    const message = `${call.name} sees a bar that is still being built: what it says can change until the bar closes`;
    report(context, "time/repaints", given.value.span, message, "Leave forming: out to see closed bars.");
  }
  return forming;
}

function nameAlone({ name, nameSpan, args, output }: Call): Advice {
  const isEmpty = args.length === 0 && output === undefined;
  const cut: Proposal = ({ place }) => ({
    title: `Write ${name} alone`,
    edits: [{ start: nameSpan.end, end: place.end, text: "" }],
    safe: isEmpty,
  });
  return advice("Use the name alone.", cut);
}

/** The bars a call asks for; undefined after a finding. */
export function seriesOf(context: Context, call: Call, allowed: readonly string[]): SeriesRef | undefined {
  let { symbol, size } = context.series;
  for (const { name, value, nameSpan } of call.args) {
    if (name !== "on" && name !== "symbol") continue;
    if (!allowed.includes(name)) {
      return report(context, "types/arguments", nameSpan ?? call.span, `${call.name} does not take ${name}:`);
    }
    const word = value.kind === "word" ? value.word : "";
    if (name === "symbol") {
      symbol = word;
      continue;
    }
    const found = parseSeriesSize(word);
    if (found === undefined) {
      const { message, help } = sizeProblem(word, "facts");
      return report(context, "time/bar-size", value.span, message, help);
    }
    size = found;
  }
  const { own } = context.scope.table;
  if (isSmaller(size, own.size)) {
    const message = `${sentence(barsWords(size.label))} are smaller than the strategy's ${barsWords(own.size.label)}`;
    return report(context, "types/series", call.span, message, "Evaluate the strategy on the smaller bars (on:).");
  }
  return { symbol, size };
}

// ---------------------------------------------------------------------------------------------- indicators

interface Given {
  readonly of: Node | undefined;
  readonly with: Node | undefined;
  readonly params: ReadonlyMap<string, Node>;
}

export function lowerIndicator(context: Context, call: Call): Operand | undefined {
  const entry = context.scope.indicators.get(call.name) as Indicator;
  const series = seriesOf(context, call, ["on", "symbol"]);
  const given = givenTo(context, call, entry);
  const around = series === undefined ? undefined : formingOf(context, call, series);
  if (series === undefined || given === undefined || around === null) return undefined;
  const explicit = context.explicit || !sameSeries(series, context.series);
  const inner: Context = { ...context, series, explicit, forming: around };
  const output = outputOf(context, call, entry);
  const values = valuesOf(inner, call, entry, given);
  // `sma(perid)`: once the name is known, it may well be the period.
  const params = paramsOf(inner, call, entry, { ...given, isComplete: values !== undefined });
  const source = params === undefined ? undefined : sourceOf(context, call, entry, params);
  if (params === undefined || output === undefined || values === undefined || source === undefined) return undefined;
  const read = readOf(inner, call, entry, params, values);
  if (read === undefined || (read.forming && !canPeek(inner, call, source.source))) return undefined;
  const quality = qualityOf(entry, output, values.value.quality);
  const index = context.scope.table.indicator({ entry, params, output, quality, ...read, ...source });
  return { kind: "fact", index, quality };
}

function canPeek(context: Context, call: Call, source: string | undefined): boolean {
  if (source === undefined) return true;
  const help = "Leave source: out, or add forming: false.";
  report(context, "facts/source", call.span, `${source} cannot look at a bar that is still being built`, help);
  return false;
}

/** Who computes it: our own kernel unless `source:` names another one that is right for it. */
function sourceOf(
  context: Context,
  call: Call,
  entry: Indicator,
  params: readonly number[],
): { readonly source?: string } | undefined {
  const word = call.args.find((arg) => arg.name === "source")?.value;
  if (word?.kind !== "word") return {};
  const changed = entry.params.find((doc, i) => doc.choices !== undefined && params[i] !== doc.default);
  if (changed !== undefined && word.word === TECHNICALINDICATORS) {
    const message = `${entry.name} of ${word.word} has no ${changed.name}:`;
    return report(context, "facts/source", word.span, message, `Leave source: or ${changed.name}: out.`);
  }
  if (entry.sources !== undefined && Object.hasOwn(entry.sources, word.word)) return { source: word.word };
  const known = Object.keys(entry.sources ?? {});
  if (word.word !== TECHNICALINDICATORS) {
    const message = `There is no source "${word.word}" of ${entry.name}`;
    return report(context, "facts/source", word.span, message, didYouMean(word.word, known, "Leave source: out."));
  }
  const why =
    REFUSED[entry.family === "candlestick" ? "candles" : entry.name] ?? "It has not been compared for this indicator.";
  return report(context, "facts/source", word.span, `${entry.name} is not taken from ${word.word}`, why);
}

function qualityOf(entry: Indicator, output: number, value: Quality | undefined): Quality {
  const doc = entry.outputs[output];
  if (doc === undefined) throw new RangeError(`${entry.name} has no output ${output}`);
  const unit = doc.unitOfValue === true && value !== undefined ? value.unit : doc.unit;
  return { unit, range: doc.rangeOfValue === true && value !== undefined ? value.range : doc.range };
}

/** Which argument is what. A leading argument that is no constant replaces the close. */
function givenTo(context: Context, call: Call, entry: Indicator): Given | undefined {
  const takesValue = entry.inputs.includes("value");
  const positional = call.args.filter((arg) => arg.name === undefined).map((arg) => arg.value);
  const named = call.args.filter((arg) => arg.name !== undefined);
  let of = named.find((arg) => arg.name === "of")?.value;
  if (of === undefined && takesValue && positional.length > 0 && !isConstant(context, positional[0] as Node)) {
    of = positional.shift();
  }
  let other = named.find((arg) => arg.name === "with")?.value;
  const takesOther = entry.inputs.includes("other");
  if (other === undefined && takesOther && positional.length > 0 && !isConstant(context, positional[0] as Node)) {
    other = positional.shift();
  }
  const numbers = entry.params.filter(({ choices }) => choices === undefined);
  const params = new Map<string, Node>();
  for (const [i, node] of positional.entries()) {
    const doc = numbers[i];
    if (doc === undefined) {
      const message = `${call.name} takes at most ${numbers.length} parameter(s)`;
      const more = numbers.length < entry.params.length ? "Words such as first are given by name. " : "";
      return report(context, "types/arguments", node.span, message, `${more}${usage(entry)}`);
    }
    params.set(doc.name, node);
  }
  for (const { name, nameSpan, value } of named) {
    if ((name === "of" && takesValue) || (name === "with" && takesOther)) continue;
    if (WORD_ARGUMENTS.has(name as string)) continue;
    const span = nameSpan ?? value.span;
    if (!entry.params.some((doc) => doc.name === name)) {
      const inputs = [...(takesValue ? ["of"] : []), ...(takesOther ? ["with"] : [])];
      const known = [...entry.params.map((doc) => doc.name), ...inputs, "on", "symbol", "source", "forming"];
      return report(
        context,
        "types/arguments",
        span,
        `${call.name} has no parameter "${name}"`,
        didYouMean(name ?? "", known, usage(entry)),
      );
    }
    if (params.has(name as string)) {
      return report(context, "types/arguments", span, `${call.name} is given "${name}" twice`);
    }
    params.set(name as string, value);
  }
  return { of, with: other, params };
}

function isConstant(context: Context, node: Node): boolean {
  switch (node.kind) {
    case "number":
      return true;
    case "name":
      return context.scope.params.has(node.name) || isConstantFact(context, node.name);
    case "calc":
      return node.args.every((arg) => isConstant(context, arg));
    default:
      return false;
  }
}

function isConstantFact(context: Context, name: string): boolean {
  return context.scope.facts.get(name)?.node?.kind === "number";
}

function usage(entry: Indicator): string {
  return `Usage: ${usageOf(entry)}.`;
}

function paramsOf(
  context: Context,
  call: Call,
  entry: Indicator,
  given: Given & { readonly isComplete: boolean },
): readonly number[] | undefined {
  const values: number[] = [];
  for (const doc of entry.params) {
    const node = given.params.get(doc.name);
    if (node === undefined) {
      if (doc.default === undefined && !given.isComplete) return undefined;
      if (doc.default === undefined) {
        const message = `${call.name} needs "${doc.name}"`;
        return report(context, "types/arguments", call.span, message, usage(entry));
      }
      values.push(doc.default);
      continue;
    }
    if (doc.choices !== undefined) {
      const at = node.kind === "name" ? doc.choices.indexOf(node.name) : -1;
      if (at < 0) {
        const message = `"${doc.name}" of ${call.name} is ${listed(doc.choices)}`;
        const help = didYouMean(node.kind === "name" ? node.name : "", doc.choices, usage(entry));
        return report(context, "types/value", node.span, message, help);
      }
      values.push(at);
      continue;
    }
    const operand = context.lower.number(context, node);
    if (operand === undefined) return undefined;
    if (operand.kind !== "const") {
      const message = `"${doc.name}" of ${call.name} must be a constant`;
      return report(context, "types/arguments", node.span, message, "Use a number or a param.");
    }
    if (isTimeForBars(context, operand, node.span, `"${doc.name}" of ${call.name}`)) return undefined;
    values.push(operand.value);
  }
  const problem = paramProblem(entry, values);
  if (problem === undefined) return values;
  // The first that is out of its own range; else it is about several together.
  const guilty = entry.params.find(
    (doc, i) => paramProblem({ name: entry.name, params: [doc] }, [values[i] as number]) !== undefined,
  );
  const node = given.params.get(guilty?.name ?? "") ?? [...given.params.values()][0];
  return report(
    context,
    "types/value",
    node?.span ?? call.span,
    `${call.name}: ${problem.replace(/\.$/, "")}`,
    usage(entry),
  );
}

export function outputOf(context: Context, call: Call, entry: Pick<Indicator, "name" | "outputs">): number | undefined {
  const word = call.args.find((arg) => arg.name === "output")?.value;
  const name = call.output ?? (word?.kind === "word" ? word.word : undefined);
  const names = entry.outputs.map((output) => output.name);
  if (name === undefined) {
    if (names.length === 1) return 0;
    const same = names.indexOf(entry.name);
    if (same >= 0) return same;
    const words = `Write ${listed(names.map((one) => `${entry.name}(…).${one}`))}.`;
    const help = advice(words, ...names.map((one) => becomes((source) => `${source}.${one}`, { safe: false })));
    return report(context, "facts/several-outputs", call.span, `${entry.name} has several values`, help);
  }
  const index = names.indexOf(name);
  if (index >= 0) return index;
  const message = `${entry.name} has no output "${name}"`;
  const help = names.length > 1 ? `It has ${listed(names, "and")}.` : "It has one value and no outputs.";
  return report(context, "facts/unknown-output", word?.span ?? call.span, message, didYouMean(name, names, help));
}
