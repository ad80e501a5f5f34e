/**
 * A condition as it was judged, for people and for programs.
 *
 * Owns: one line per comparison with both values, and the JSON of the same. May not: judge.
 */
import { blockingLeaf, unknownLeaf } from "../core/judged-tree.ts";
import type { JudgedLeaf, JudgedNode } from "../core/judged-tree.ts";
import type { FactRef } from "../core/program.ts";
import { conditionWords, factWords, signOf } from "../report/words.ts";
import { table } from "./io.ts";
import type { Painter, Style } from "./io.ts";

const STYLES: Readonly<Record<JudgedNode["truth"], Style>> = { true: "green", false: "red", unknown: "yellow" };
const GROUPS = { all: "all of", any: "one of", not: "not" } as const;

/** `notJudged`: what a comparison without a truth is called. */
export function conditionText(tree: JudgedNode, paint: Painter, notJudged = "unknown"): string {
  const blocking = { true: () => null, false: blockingLeaf, unknown: unknownLeaf }[tree.truth](tree);
  const rows: string[][] = [];
  const walk = (node: JudgedNode, depth: number): void => {
    const truth = paint(STYLES[node.truth], node.truth === "unknown" ? notJudged : node.truth);
    const indent = "  ".repeat(depth);
    if (node.op === "leaf") {
      const mark = node === blocking ? paint("bold", "<- this one") : "";
      rows.push(["", truth, indent + leafWords(node), valuesText(node), mark]);
      return;
    }
    rows.push(["", truth, indent + GROUPS[node.op], "", ""]);
    for (const kid of node.kids) walk(kid, depth + 1);
  };
  walk(tree, 0);
  return table(rows);
}

export function leafWords({ left, operator, right }: JudgedLeaf): string {
  return conditionWords({ ...left, operator, value: right });
}

/** `28.4 < 30`: both sides with their values. */
export function valuesText({ leftValue, operator, right, rightValue }: JudgedLeaf): string {
  const other = typeof right === "object" && "length" in right ? `[${right.join(", ")}]` : numberText(rightValue);
  return `${numberText(leftValue)} ${signOf(operator)} ${other}`;
}

export function numberText(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(8))) : "unknown";
}

export function conditionJson(node: JudgedNode): object {
  const { op, truth } = node;
  if (op !== "leaf") return { op, truth, kids: node.kids.map(conditionJson) };
  const { left, leftValue, operator, right, rightValue } = node;
  const text = leafWords(node);
  return { op, truth, text, left, left_value: known(leftValue), operator, right, right_value: known(rightValue) };
}

export function factJson(ref: FactRef): object {
  return { ...ref, text: factWords(ref) };
}

/** JSON has no NaN. */
export function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
