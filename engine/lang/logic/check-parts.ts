/**
 * Single parts of a condition that say less than they seem to.
 *
 * Owns: logic/float-equality, time/for-shorter-than-bar and time/bars-on-tick.
 */
import type { Fact, LeafCondition } from "../../core/program.ts";
import { lengthOf } from "../../market/bar-size.ts";
import type { SeriesSize } from "../../market/bar-size.ts";
import type { Builder } from "../builder.ts";
import { partsOf } from "../syntax.ts";
import type { Node } from "../syntax.ts";
import type { Trees } from "./trees.ts";

export function checkParts(builder: Builder, trees: Trees, node: Node, on: SeriesSize): void {
  if (node.kind === "compare" && node.relation === "==") checkEquality(builder, trees, node);
  const { ticks } = builder.context.scope.table;
  if (ticks) checkTickCount(builder, node);
  else if (node.kind === "for" || node.kind === "within") checkDuration(builder, node, on);
  for (const kid of partsOf(node)) checkParts(builder, trees, kid, on);
}

/** Where an evaluation is a trade or a quote, so is a bar of a condition. */
function checkTickCount(builder: Builder, node: Node): void {
  if (!("quantity" in node) || !("bars" in node.quantity)) return;
  const { sources } = builder.file.findings;
  const { span } = node.quantity;
  const message = `Under on: tick ${sources.textOf(span)} are as many trades or quotes`;
  builder.file.findings.report("time/bars-on-tick", span, message, "Write a duration, e.g. 5m.");
}

function checkDuration(builder: Builder, node: Node & { readonly kind: "for" | "within" }, on: SeriesSize): void {
  const { quantity, kind } = node;
  if (!("ms" in quantity) || quantity.ms >= lengthOf(on)) return;
  const { sources } = builder.file.findings;
  const message = `${kind} ${sources.textOf(quantity.span)} is shorter than a bar of ${on.label}`;
  const effect = kind === "for" ? "It means two bars in a row" : "It means at this bar";
  builder.file.findings.report(
    "time/for-shorter-than-bar",
    quantity.span,
    message,
    `${effect}: write a number of bars, or use smaller bars.`,
  );
}

/** Averages, deviations and quotients; a price of a bar or an extreme of prices is an exact number. */
function checkEquality(builder: Builder, trees: Trees, node: Node): void {
  const leaf = trees.lower(node, undefined);
  if (leaf?.op !== "leaf" || leaf.operator !== "equal") return;
  const { table } = builder.context.scope;
  const sides = [leaf.left, ...("fact" in leaf.right ? [leaf.right.fact] : [])];
  if (!sides.some((index) => isComputed(table.facts, index)) || isBound(builder, leaf)) return;
  builder.file.findings.report(
    "logic/float-equality",
    node.span,
    "This compares computed numbers for being exactly equal",
    "Use between, crosses, <= or >=.",
  );
}

const FLOATS: ReadonlySet<string> = new Set(["sma", "ema", "wma", "rma", "rsi", "macd", "roc", "cci", "stddev", "atr"]);

function isComputed(facts: readonly Fact[], index: number): boolean {
  const spec = facts[index]?.spec;
  if (spec?.kind === "lag") return isComputed(facts, spec.of);
  if (spec?.kind === "calc") return spec.operator === "/" || spec.args.some((arg) => isComputed(facts, arg));
  return spec?.kind === "indicator" && FLOATS.has(spec.name);
}

/** `rsi(14) == 100` can be exact: the value rests at the end of its range. */
function isBound(builder: Builder, leaf: LeafCondition): boolean {
  if (!("value" in leaf.right)) return false;
  return builder.context.scope.table.operand(leaf.left).quality.range.includes(leaf.right.value);
}
