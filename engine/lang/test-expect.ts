/**
 * The expectations of a test.
 *
 * Owns: what an expectation compares, and the findings about it; test-when.ts says which moment it is about.
 * May not: judge a run.
 */
import { isScalar } from "yaml";
import type { Strategy } from "../core/program.ts";
import type { Span } from "./diagnostic.ts";
import { advice } from "./fix.ts";
import type { Fix } from "./fix.ts";
import { placesOf } from "./places.ts";
import { didYouMean, listed } from "./suggest.ts";
import type { Probed, Source } from "./test-probe.ts";
import { dataAt } from "./test-series.ts";
import type { Comparison, Expectation, Matcher, OrderMatch, Place, Wanted } from "./test-types.ts";
import { whenAt } from "./test-when.ts";
import type { ExpectFrame } from "./test-when.ts";
import { keyPlace, nodeAt, placeOf } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

/** An expectation before its condition is compiled. */
export interface Draft extends Omit<Expectation, "wanted"> {
  readonly path: Path;
  readonly wanted: Exclude<Wanted, { kind: "fact" }> | { readonly kind: "draft"; readonly source: Source };
}

type Item = Readonly<Record<string, unknown>>;

const KINDS = [
  "rule",
  "order",
  "approval",
  "fact",
  "position",
  "equity",
  "cash",
  "refused",
  "clamped",
  "alert",
] as const;

export function readExpectation(frame: ExpectFrame, path: Path): Draft | undefined {
  const item = dataAt(frame.file, path) as Item;
  if (!KINDS.some((kind) => Object.hasOwn(item, kind))) {
    const help = `Add ${listed(KINDS)}.`;
    frame.file.findings.report("schema/missing-key", placeOf(frame.file, path), "This expects nothing", help);
    return undefined;
  }
  const strategy = oneOf(frame, path, "strategy", names(frame.strategies));
  const symbols = [...new Set([...frame.series, ...frame.ticks].map(({ symbol }) => symbol))];
  const symbol = oneOf(frame, path, "symbol", symbols);
  if (strategy === null || symbol === null) return undefined;
  const rules = frame.strategies
    .filter(({ name }) => strategy === undefined || name === strategy)
    .flatMap((one) => names(one.rules));
  const rule = oneOf(frame, path, "rule", rules);
  const when = whenAt(frame, [...path, "at"], { strategy, symbol });
  const wanted = rule === null ? undefined : wantedAt(frame, path, item, rule);
  if (when === undefined || wanted === undefined) return undefined;
  return { path, place: placeIn(frame.file, path), text: textAt(frame.file, path), when, strategy, symbol, wanted };
}

export function names(items: readonly { readonly name: string }[]): string[] {
  return items.map(({ name }) => name);
}

/** Undefined when it is not written, null after a finding. */
export function oneOf(
  { file }: ExpectFrame,
  path: Path,
  key: string,
  known: readonly string[],
): string | undefined | null {
  const value = dataAt(file, [...path, key]);
  if (typeof value !== "string") return undefined;
  if (known.includes(value)) return value;
  const help = didYouMean(value, known, `There is ${listed(known, "and")}.`);
  file.findings.report("names/unknown", placeOf(file, [...path, key]), `Unknown ${key} "${value}"`, help, UNKNOWN_WHY);
  return null;
}

const UNKNOWN_WHY = "The test would look for something that cannot happen.";

export function placeIn(file: YamlFile, path: Path): Place {
  const { start } = placeOf(file, path);
  return file.findings.position(start);
}

export function textAt(file: YamlFile, path: Path): string {
  const range = nodeAt(file, path)?.range;
  const text = range === null || range === undefined ? "" : file.text.slice(range[0], range[1]);
  return text.replaceAll(/\s+/g, " ").trim();
}

// ---------------------------------------------------------------------------------------------- what

function wantedAt(frame: ExpectFrame, path: Path, item: Item, rule: string | undefined): Draft["wanted"] | undefined {
  const { file } = frame;
  const main = KINDS.filter((kind) => Object.hasOwn(item, kind));
  const kind = main.find((one) => one !== "rule") ?? "rule";
  const other = main.find(
    (one) => one !== kind && !(one === "rule" && ["order", "approval", "refused", "clamped", "alert"].includes(kind)),
  );
  if (other !== undefined && !(kind === "equity" && other === "cash")) {
    const help = `Make it an item of its own, with the same at:.`;
    const message = `"${other}" cannot stand beside "${kind}"`;
    file.findings.report("schema/value", keyPlace(file, [...path, other]) ?? placeOf(file, path), message, help);
    return undefined;
  }
  const { level } = item;
  if (level !== undefined && kind !== "alert") {
    const message = `"level" belongs to an alert, not to "${kind}"`;
    file.findings.report(
      "schema/value",
      keyPlace(file, [...path, "level"]) ?? placeOf(file, path),
      message,
      "Remove it.",
    );
    return undefined;
  }
  switch (kind) {
    case "rule":
    case "order": {
      const order = item["order"] === undefined ? undefined : orderAt(file, [...path, "order"]);
      return order === null ? undefined : { kind: "order", rule, order };
    }
    case "approval": {
      const order = orderAt(file, [...path, "approval"]);
      return order === null ? undefined : { kind: "order", rule, order, asked: true };
    }
    case "fact":
      return { kind: "draft", source: item["fact"] as Source };
    case "position": {
      const numbers = numbersAt(file, [...path, "position"], ["qty", "avg_price"] as const);
      return numbers === undefined ? undefined : { kind: "position", numbers };
    }
    case "equity":
    case "cash": {
      const numbers = numbersAt(file, path, ["equity", "cash"] as const);
      return numbers === undefined ? undefined : { kind: "account", numbers };
    }
    case "refused":
    case "clamped":
      return { kind, rule, code: String(item[kind]) };
    case "alert":
      return { kind: "alert", text: String(item["alert"]), ...(typeof level === "string" ? { level } : {}) };
  }
}

const ORDER_NUMBERS = ["qty", "limit", "stop", "trail", "stop_loss", "take_profit"] as const;

function orderAt(file: YamlFile, path: Path): OrderMatch | null {
  const order = dataAt(file, path) as Item;
  const numbers = numbersAt(file, path, ORDER_NUMBERS);
  if (numbers === undefined) return null;
  const words = order as Readonly<Record<string, string | undefined>>;
  const { side, type, class: orderClass, time_in_force: timeInForce } = words;
  return {
    numbers,
    ...(side === undefined ? {} : { side }),
    ...(type === undefined ? {} : { type }),
    ...(orderClass === undefined ? {} : { orderClass }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
  };
}

function numbersAt<K extends string>(
  file: YamlFile,
  path: Path,
  keys: readonly K[],
): Partial<Record<K, Matcher>> | undefined {
  const found: Partial<Record<K, Matcher>> = {};
  for (const key of keys) {
    const value = dataAt(file, [...path, key]) as string | number | undefined;
    if (value === undefined) continue;
    const matcher = parseMatcher(value);
    if (matcher === undefined) {
      const message = `"${String(value)}" is no number and no comparison with one`;
      file.findings.report("types/value", placeOf(file, [...path, key]), message, "Write 10 or '>0'.");
      return undefined;
    }
    found[key] = matcher;
  }
  return found;
}

export function parseMatcher(source: string | number): Matcher | undefined {
  if (typeof source === "number") return { comparison: "==", value: source };
  const found = /^\s*(>=|<=|==|!=|>|<)?\s*(-?\d+(?:\.\d+)?)\s*$/.exec(source);
  if (found === null) return undefined;
  return { comparison: (found[1] ?? "==") as Comparison, value: Number(found[2]) };
}

/** A draft with its condition, or a finding at the very place in the text. */
export function withCondition(
  { file }: ExpectFrame,
  { path, wanted, ...rest }: Draft,
  strategy: Strategy | undefined,
  { conditions, problems }: Probed,
  index: number,
): Expectation | undefined {
  if (wanted.kind !== "draft") return { ...rest, wanted };
  const condition = strategy === undefined ? undefined : conditions.get(strategy.file)?.[index];
  const problem = strategy === undefined ? undefined : problems.get(strategy.file)?.[index];
  const here = [...path, "fact"];
  if (strategy !== undefined && condition !== undefined) {
    const text = typeof wanted.source === "string" ? wanted.source : JSON.stringify(wanted.source);
    return { ...rest, wanted: { kind: "fact", text, strategy: strategy.name, condition } };
  }
  const node = nodeAt(file, here);
  if (problem === undefined) {
    const message = "This condition cannot be judged";
    file.findings.report("types/condition-expected", placeOf(file, here), message, "Write a comparison.");
    return undefined;
  }
  const { finding, span, fixes } = problem;
  if (span === undefined || !isScalar(node)) {
    file.findings.report(finding.code, placeOf(file, here), finding.message, finding.help, finding.why);
    return undefined;
  }
  const toFile = placesOf(file.text, node);
  const spanIn = ({ start, end }: Span): Span => {
    const from = toFile(start);
    return { start: from, end: end > start ? Math.max(from + 1, toFile(end - 1, "end")) : from };
  };
  const place = spanIn(span);
  const proposals = fixes.map(({ edits, ...fix }) => (): Fix => {
    return { ...fix, edits: edits.map(({ text, ...edit }) => ({ text, ...spanIn(edit) })) };
  });
  const help = proposals.length === 0 ? finding.help : advice(finding.help, ...proposals);
  const whole = place.end > place.start ? place : { start: place.start, end: place.start + 1 };
  file.findings.report(finding.code, whole, finding.message, help, finding.why);
  return undefined;
}
