/**
 * `barwise facts`: what a strategy may read.
 */
import type { Command } from "commander";
import { catalogue } from "../catalog/describe.ts";
import { helpText } from "../lang/fix.ts";
import { didYouMean } from "../lang/suggest.ts";
import { catalogueText, factText } from "./catalog-text.ts";
import { CliError, print } from "./io.ts";

interface Flags {
  readonly format: string;
}

export function addFacts(program: Command): void {
  program
    .command("facts")
    .description("what a rule may read: indicators and facts with parameters, units, ranges, formulas and warm-up")
    .argument("[names...]", "facts to say more about, e.g. rsi or position.qty")
    .option("--format <format>", "pretty or json", "pretty")
    .action((names: string[], flags: Flags) => runFacts(names, flags));
}

function runFacts(names: readonly string[], { format }: Flags): void {
  if (format !== "pretty" && format !== "json") throw new CliError(`--format ${format}: expected pretty or json`);
  const all = new Map(catalogue().flatMap(({ entries }) => entries.map((entry) => [entry.name, entry] as const)));
  const chosen = names.map((name) => {
    // `band.upper` and `rsi(14)` are what people paste from a strategy.
    const entry = all.get(name) ?? all.get(name.replace(/\(.*$|\.\w+$/s, ""));
    if (entry !== undefined) return entry;
    const help = helpText(didYouMean(name, all.keys(), "barwise facts lists what there is."));
    throw new CliError(`there is no fact "${name}". ${help}`);
  });
  if (format === "json") {
    const facts = names.length === 0 ? [...all.values()] : chosen;
    const entries = facts.map(({ notes, ...entry }) => ({ ...entry, ...Object.fromEntries(notes.map(jsonNote)) }));
    print(JSON.stringify({ format_version: 1, facts: entries }, undefined, 2));
  } else print(names.length === 0 ? catalogueText() : chosen.map(factText).join("\n"));
}

function jsonNote([name, text]: readonly [string, string]): readonly [string, string] {
  return [name.replaceAll(/[- ]/g, "_"), text];
}
