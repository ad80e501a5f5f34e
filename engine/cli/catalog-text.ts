/**
 * The catalogue in words, for the terminal, for programs and for the docs page.
 *
 * Owns: the three forms of what catalog/describe.ts says, and rows and lines for others. May not hold a word about a single indicator.
 */
import { catalogue } from "../catalog/describe.ts";
import type { FactText } from "../catalog/describe.ts";

// ------------------------------------------------------------------------------------------------ the three forms

/** One fact, for the terminal. */
export function factText({ usage, title, doc, params, outputs, notes }: FactText): string {
  const lines = [usage, ...(title === "" ? [] : [title]), "", ...wrapped(doc, 2)];
  const rows = (heading: string, items: FactText["params"]): void => {
    if (items.length === 0) return;
    lines.push("", heading);
    for (const item of items) {
      lines.push(`  ${[item.name, item.values].filter((part) => part !== "").join("  ")}`);
      if (item.doc !== "") lines.push(...wrapped(item.doc, 6));
    }
  };
  rows("Parameters", params);
  rows(outputs.length === 1 ? "Value" : "Values", outputs);
  if (notes.length > 0) lines.push("");
  for (const [name, text] of notes) lines.push(...wrapped(`${name}: ${text}`, 2));
  return `${lines.join("\n")}\n`;
}

/** Everything on a line each, for the terminal. */
export function catalogueText(): string {
  const sections = catalogue().map(({ heading, entries }) => {
    const width = Math.max(...entries.map(({ usage }) => usage.length));
    const lines = entries.map((entry) => `  ${entry.usage.padEnd(width)}  ${firstSentence(entry)}`);
    return [heading, ...lines].join("\n");
  });
  return `${sections.join("\n\n")}\n\nbarwise facts NAME says more about one.\n`;
}

function firstSentence({ title, doc }: FactText): string {
  return title === "" ? (/^.*?[.:](?=\s|$)/.exec(doc)?.[0] ?? doc).replace(/:$/, ".") : title;
}

/** The docs page. */
export function cataloguePage(): string {
  const lines = [
    "# Facts and indicators",
    "",
    "What a rule may read. Made from the catalogue, like `barwise facts`; `UPDATE_DOCS=1 npx vitest run tests/cli/facts.test.ts` writes it anew.",
    "",
    "Warm-up is the number of closed bars before the first value; until then a fact is [unknown](../concepts/unknown.md). A missing bar is no bar: the one before it is `[1]`. A bar with an unknown input gives unknown and leaves the indicator as it was. What a market without movement or volume gives is said for each. How close the numbers are to TA-Lib, Skender and LEAN, and how long one update takes, is in [accuracy](accuracy.md).",
  ];
  for (const { heading, entries } of catalogue()) {
    lines.push("", `## ${heading}`);
    if (entries.every(({ kind }) => kind === "fact")) {
      lines.push("", "| Name | Values | Means |", "| --- | --- | --- |");
      for (const { name, outputs, doc } of entries) lines.push(row([`\`${name}\``, outputs[0]?.values ?? "", doc]));
    } else for (const entry of entries) lines.push(...section(entry));
  }
  return `${lines.join("\n")}\n`;
}

function section({ name, usage, title, doc, params, outputs, notes }: FactText): string[] {
  const lines = ["", `### ${name}`, "", "```yaml", usage, "```", "", title === "" ? doc : `${title}. ${doc}`];
  if (params.length > 0) {
    lines.push("", "| Parameter | Values | Means |", "| --- | --- | --- |");
    for (const param of params) lines.push(row([`\`${param.name}\``, param.values, param.doc]));
  }
  lines.push("", "| Value | Unit and range | Means |", "| --- | --- | --- |");
  for (const output of outputs) lines.push(row([`\`${output.name}\``, output.values, output.doc]));
  lines.push("");
  for (const [label, text] of notes) lines.push(`- ${label}: ${label === "formula" ? `\`${text}\`` : text}`);
  return lines;
}

export function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`.replaceAll("|  |", "| |");
}

const WIDTH = 100;

export function wrapped(text: string, indent: number): string[] {
  const pad = " ".repeat(indent);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && pad.length + line.length + word.length >= WIDTH) {
      lines.push(pad + line);
      line = "";
    }
    line += (line === "" ? "" : " ") + word;
  }
  return [...lines, pad + line];
}
