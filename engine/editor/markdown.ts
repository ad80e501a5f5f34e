/**
 * Documentation as markdown, as editors show it beside the cursor.
 *
 * Owns: the layout. What is said comes from the catalogue, the schemas and the file itself.
 */
import type { FactText } from "../catalog/describe.ts";
import type { Key } from "./schema-at.ts";
import { choicesOf, defaultOf } from "./schema-at.ts";

export function code(text: string, language = "yaml"): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

export function factMarkdown({ usage, title, doc, params, outputs, notes }: FactText): string {
  const lines = [code(usage), ...(title === "" ? [] : [`**${title}**`, ""]), doc];
  if (params.length > 0) lines.push("", ...params.map((one) => item(one.name, one.values, one.doc)));
  if (outputs.length === 1) lines.push("", `Value: ${outputs[0]?.values ?? ""}`);
  else lines.push("", "Values:", "", ...outputs.map((one) => item(one.name, one.values, one.doc)));
  for (const [name, text] of notes) lines.push("", `${capital(name)}: ${name === "formula" ? `\`${text}\`` : text}`);
  return lines.join("\n");
}

/** One of several values. */
export function outputMarkdown(entry: FactText, output: string): string | undefined {
  const found = entry.outputs.find(({ name }) => name === `${entry.name}.${output}`);
  if (found === undefined) return undefined;
  const formula = entry.notes.find(([name]) => name === "formula")?.[1];
  return [
    code(found.name),
    found.doc,
    "",
    `Value: ${found.values}`,
    ...(formula === undefined ? [] : ["", `Formula: \`${formula}\``]),
  ].join("\n");
}

export function keyMarkdown({ name, doc, required, schema }: Key): string {
  const usual = defaultOf([{ schema }]);
  const choices = choicesOf(schema).filter((one) => one.doc !== "");
  return [
    `**${name}**${required ? " (required)" : ""}`,
    "",
    doc,
    ...(choices.length === 0 ? [] : ["", ...choices.map((one) => `- \`${one.value}\`: ${one.doc}`)]),
    ...(usual === undefined ? [] : ["", `Left out: \`${usual}\``]),
  ].join("\n");
}

function item(name: string, values: string, doc: string): string {
  return `- \`${name}\` (${values})${doc === "" ? "" : `: ${doc}`}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
