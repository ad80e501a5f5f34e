/**
 * The page docs/reference/accuracy.md: the largest difference of each output to each reference.
 *
 * Owns: the table and its words. May not compute indicators.
 */
import { INDICATORS } from "../../engine/catalog/catalog.ts";
import { PATTERNS } from "../../engine/catalog/indicators/candles/all.ts";
import type { Indicator } from "../../engine/catalog/kernel.ts";

const COLUMNS = ["TA-Lib 0.4.0", "TA-Lib 0.8.1", "Skender", "LEAN"] as const;
type Column = (typeof COLUMNS)[number];

const INTRO = `# Accuracy of indicators

The largest difference between our values and those of other programs, as a part of the value or, for prices, of the price level, whichever is larger.
A double holds about 1e-16. Written by \`UPDATE_DOCS=1 npx vitest run tests/catalog/reference.test.ts\` from reference data beside the project, which it
needs; without it that test says that it is skipped. The column of TA-Lib 0.8.1 is of made-up bars that lie in \`tests/catalog/talib\`, and is tested everywhere.

- TA-Lib 0.4.0 computes deviations, weighted sums and CCI in a way that loses digits; ours are also held to sums without rounding (1e-12).
- LEAN's files print few decimals: its column is the width of that print. Skender's are printed in full.
- Where a source seeds differently, our option for it is compared; ADX, whose sums Skender and LEAN begin with one bar more, from where both have settled.
- An empty field has no reference there. What is not in the table has none anywhere and is held to a plain computation over all bars at once, in
  \`tests/catalog/textbook.test.ts\` and \`tests/core/signals/catalogue.test.ts\`.
`;

export class AccuracyTable {
  readonly #errors = new Map<string, Map<Column, number>>();

  note(entry: Indicator, output: string, source: string, relative: number): void {
    const key = entry.outputs.length === 1 ? entry.name : `${entry.name}.${output}`;
    const row = this.#errors.get(key) ?? new Map<Column, number>();
    this.#errors.set(key, row);
    const column = columnOf(source);
    row.set(column, Math.max(relative, row.get(column) ?? 0));
  }

  page(): string {
    const lines = [INTRO, `| Value | ${COLUMNS.join(" | ")} |`, `| --- |${" --- |".repeat(COLUMNS.length)}`];
    for (const entry of INDICATORS.values()) {
      if (entry.family === "candlestick") continue;
      for (const { name } of entry.outputs) {
        const key = entry.outputs.length === 1 ? entry.name : `${entry.name}.${name}`;
        const row = this.#errors.get(key);
        if (row === undefined) continue;
        const cells = COLUMNS.map((column) => shown(row.get(column)));
        lines.push(`| \`${key}\` |${cells.map((cell) => (cell === "" ? " |" : ` ${cell} |`)).join("")}`);
      }
    }
    const patterns =
      `All ${PATTERNS.length} candlestick patterns are found on exactly the bars on which TA-Lib 0.8.1 finds them, out of 20,000 ` +
      "made-up ones, and in windows that hold the rare ones.";
    const speed =
      "How long one update takes, beside technicalindicators and trading-signals in the same run on your machine: " +
      "`npm run bench:indicators`.";
    return `${lines.join("\n")}\n\n${patterns}\n\n${speed}\n`;
  }
}

function columnOf(source: string): Column {
  if (source.startsWith("talib-0.4")) return "TA-Lib 0.4.0";
  if (source.startsWith("TA-Lib")) return "TA-Lib 0.8.1";
  return source === "skender" ? "Skender" : "LEAN";
}

function shown(error: number | undefined): string {
  if (error === undefined) return "";
  return error === 0 ? "0" : error.toExponential(0);
}
