/**
 * Keys and values as lines.
 *
 * Owns: the text of scalars. Quotes, folding and line breaks stay as the author chose; only expressions are spelled anew.
 */
import { Scalar } from "yaml";
import { formatExpression } from "./format-expression.ts";
import { readYaml } from "./yaml-file.ts";

/** Lines of a scalar without their common indentation; the first stands behind its key. */
export function scalarLines(text: string, node: Scalar, asExpression: boolean): readonly string[] {
  const [from, to] = node.range ?? [0, 0];
  const source = text.slice(from, to);
  if (node.type === Scalar.BLOCK_FOLDED || node.type === Scalar.BLOCK_LITERAL) {
    return blockLines(text, node, asExpression);
  }
  const written = source.split("\n").map((line) => line.replace(/^[ \t]+|[ \t]+$/g, ""));
  if (!asExpression || typeof node.value !== "string") return written;
  const quote = node.type === Scalar.QUOTE_DOUBLE ? '"' : node.type === Scalar.QUOTE_SINGLE ? "'" : "";
  const inner = quote === "" ? source : source.slice(1, -1);
  if (inner.includes("\\") || (quote !== "" && inner.includes(quote))) return written;
  const lines = formatExpression(inner);
  if (lines === undefined) return written;
  const quoted = lines.map(
    (line, index) => (index === 0 ? quote : "") + line + (index === lines.length - 1 ? quote : ""),
  );
  return quote === "" && !isStillPlain(quoted, inner) ? written : quoted;
}

/**
 * Blanks after a colon are read as text only in some places, and without an odd blank around it `1` is a number: where the
 * text would be read otherwise, the author's spelling stays.
 */
function isStillPlain(lines: readonly string[], before: string): boolean {
  const joined = lines.join(" ");
  const isWord = joined !== before && !/\s/.test(joined);
  if (!isWord && (!joined.includes(": ") || before.includes(": "))) return true;
  return readYaml("", `x: ${joined}\n`).data?.["x"] === joined;
}

function blockLines(text: string, node: Scalar, asExpression: boolean): readonly string[] {
  const [from, to] = node.range ?? [0, 0];
  const [header = "", ...content] = text.slice(from, to).replace(/\n$/, "").split("\n");
  const value = String(node.value).split("\n");
  const first = content.findIndex((line) => line.trim() !== "");
  const ownBlanks = leading(value.find((line) => line.trim() !== "") ?? "");
  const indent = first < 0 ? 0 : leading(content[first] as string) - ownBlanks;
  const plain = content.map((line) => line.slice(indent));
  while (plain.at(-1)?.trim() === "") plain.pop();
  const lines = asExpression ? formatExpression(plain.join("\n")) : undefined;
  // A number in the header counts the blanks of the indentation, which is two from now on.
  return [header.trimEnd().replace(/^([|>][+-]?)\d/, (_, mark: string) => `${mark}2`), ...(lines ?? plain)];
}

function leading(line: string): number {
  return /^ */.exec(line)?.[0].length ?? 0;
}
