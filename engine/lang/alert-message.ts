/**
 * From `alert:` to a message with numbers in it.
 *
 * Owns: finding `{expression}` in a text, and in which form its value is told.
 */
import { isScalar } from "yaml";
import type { Action, MessagePart } from "../core/program.ts";
import type { Builder } from "./builder.ts";
import type { Operand } from "./fact-refs.ts";
import { lowerNumber } from "./lower-number.ts";
import { parseExpression } from "./parser.ts";
import { placesOf } from "./places.ts";
import { nodeAt } from "./yaml-file.ts";
import type { Path } from "./yaml-file.ts";

export function readAlert(builder: Builder, path: Path): Action | undefined {
  const node = nodeAt(builder.file, [...path, "message"]);
  if (!isScalar(node) || typeof node.value !== "string") return undefined;
  const place = placesOf(builder.file.text, node);
  const parts: MessagePart[] = [];
  let isWhole = true;
  let at = 0;
  for (const found of node.value.matchAll(/\{([^{}]*)\}/g)) {
    if (found.index > at) parts.push(node.value.slice(at, found.index));
    at = found.index + found[0].length;
    const begin = found.index + 1;
    const parsed = parseExpression(found[1] as string, (offset, side) => place(begin + offset, side));
    if ("problem" in parsed) {
      const { span, message, help } = parsed.problem;
      builder.file.findings.report("types/syntax", span, message, help);
    }
    const operand = "node" in parsed ? lowerNumber(builder.context, parsed.node) : undefined;
    if (operand === undefined) {
      isWhole = false;
      continue;
    }
    const as = formOf(operand);
    parts.push({ expression: builder.index(operand), ...(as === undefined ? {} : { as }) });
  }
  if (!isWhole) return undefined;
  if (at < node.value.length) parts.push(node.value.slice(at));
  const level = builder.text([...path, "level"]) ?? "info";
  return { kind: "alert", message: parts, level: level as "info" | "warning" | "critical" };
}

/** A ratio reads as a percentage, minutes of the day as a time, seconds as a duration. */
function formOf({ quality: { unit } }: Operand): Exclude<MessagePart, string>["as"] {
  if (unit === "ratio") return "percent";
  if (unit === "clock") return "clock";
  return unit === "seconds" ? "duration" : undefined;
}
