/**
 * `barwise explain`: what a strategy file means, in words and in canonical form; or what a finding means. `--why` and `--why-not` are in why.ts.
 */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { INDICATORS } from "../catalog/catalog.ts";
import { described } from "../catalog/describe.ts";
import type { Fact } from "../core/program.ts";
import { CODES, isCode } from "../lang/codes.ts";
import type { Code } from "../lang/codes.ts";
import { helpText } from "../lang/fix.ts";
import { didYouMean } from "../lang/suggest.ts";
import { explain } from "../report/explain.ts";
import { explainJson } from "../report/explain-json.ts";
import { CliError, print } from "./io.ts";
import { exists, loadProgram } from "./program.ts";
import { runWhy } from "./why.ts";
import type { WhyFlags } from "./why.ts";

interface Flags extends WhyFlags {
  readonly format: string;
}

export function addExplain(program: Command): void {
  program
    .command("explain")
    .description(
      "what a strategy means: rules in words, canonical json-rules-engine conditions, the history it needs, facts with units and warm-up; or what a finding's code means; or why a run has an order, or a rule of it did not fire",
    )
    .argument(
      "[target...]",
      "strategy files or folders, or the code of a finding such as risk/no-exit; of --why and --why-not a journal (default: the newest run of this project)",
    )
    .option("--why <order>", "why there is this order: its id, ours or the broker's, the beginning of it, or a firing")
    .option("--why-not <rule>", "why this rule did not fire: RULE or STRATEGY/RULE")
    .option("--symbol <symbol>", "with --why-not: in this symbol")
    .option("--at <time>", "with --why-not: at this market time (default: the last evaluation of the run)")
    .option("--format <format>", "pretty or json", "pretty")
    .action(async (targets: string[], flags: Flags) => runExplain(targets, flags));
}

async function runExplain(targets: readonly string[], { format, ...why }: Flags): Promise<void> {
  if (format !== "pretty" && format !== "json") throw new CliError(`--format ${format}: expected pretty or json`);
  if (why.why !== undefined || why.whyNot !== undefined) return await runWhy(targets, why, format);
  if (why.symbol !== undefined || why.at !== undefined) throw new CliError("--symbol and --at go with --why-not");
  if (targets.length === 0)
    throw new CliError("nothing to explain: name a strategy, the code of a finding, or ask --why");
  const [first = ""] = targets;
  if (targets.length === 1 && isCode(first)) return await explainCode(first, format);
  if (targets.length === 1 && /^[a-z]+\/[a-z-]+$/.test(first) && !(await exists(first))) {
    const help = helpText(didYouMean(first, Object.keys(CODES)));
    throw new CliError(`${first}: no such file or folder, and no finding has this code. ${help}`.trimEnd());
  }
  const { program } = await loadProgram(targets, {});
  if (format === "json") print(JSON.stringify(explainJson(program, valuesOf), undefined, 2));
  else print(explain(program, valuesOf));
}

async function explainCode(code: Code, format: "pretty" | "json"): Promise<void> {
  const page = await pageOf(code);
  const { severity, why } = CODES[code];
  if (format === "json") print(JSON.stringify({ format_version: 1, code, severity, why, page }, undefined, 2));
  else print(page);
}

/** What the catalogue says of a fact's values. An average has the unit of what it averages, a past value that of now. */
function valuesOf(facts: readonly Fact[], index: number): string {
  const fact = facts[index];
  if (fact === undefined) return "";
  const { spec, ref } = fact;
  if (spec.kind === "lag") return valuesOf(facts, spec.of);
  if (spec.kind !== "indicator") return described(ref.fact)?.outputs[0]?.values ?? "";
  const values = described(spec.name)?.outputs[spec.output]?.values ?? "";
  const entry = INDICATORS.get(spec.name);
  const output = entry?.outputs[spec.output];
  const input = spec.inputs[entry?.inputs.indexOf("value") ?? -1];
  if (output?.unitOfValue !== true || input === undefined) return values;
  const read = valuesOf(facts, input);
  return output.rangeOfValue === true || read === "" ? read : values.replace(/^[^,]*/, read.replace(/,.*$/, ""));
}

/** The page of a code where the docs are installed, else the sentence of the code itself. */
async function pageOf(code: Code): Promise<string> {
  for (const root of ["../../docs", "../../../docs"]) {
    try {
      return await readFile(
        new URL(`${root}/reference/findings/${code.replace("/", "-")}.md`, import.meta.url),
        "utf8",
      );
    } catch {
      continue;
    }
  }
  return `${code} (${CODES[code].severity})\n${CODES[code].why}\n`;
}
