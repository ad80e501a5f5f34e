/**
 * `barwise explain`: what a strategy file means, in words and in canonical form; or what a finding means.
 */
import { access, readFile } from "node:fs/promises";
import type { Command } from "commander";
import { toCanonical } from "../core/canonical.ts";
import type { Program } from "../core/program.ts";
import { CODES } from "../lang/codes.ts";
import { explain } from "../report/explain.ts";
import { CliError, print } from "./io.ts";
import { loadProgram } from "./program.ts";

interface Flags {
  readonly format: string;
}

export function addExplain(program: Command): void {
  program
    .command("explain")
    .description(
      "what a strategy means: rules in words, canonical json-rules-engine conditions, facts with their warm-up; or what a finding's code means",
    )
    .argument("<target...>", "strategy files or folders, or the code of a finding such as risk/no-exit")
    .option("--format <format>", "pretty or json", "pretty")
    .action(async (targets: string[], flags: Flags) => runExplain(targets, flags));
}

async function runExplain(targets: readonly string[], flags: Flags): Promise<void> {
  const [first] = targets;
  if (first !== undefined && targets.length === 1 && Object.hasOwn(CODES, first)) {
    print(await pageOf(first as keyof typeof CODES));
    return;
  }
  const asCode = targets.length === 1 && /^[a-z]+\/[a-z-]+$/.test(first ?? "") ? first : undefined;
  if (
    asCode !== undefined &&
    !(await access(asCode).then(
      () => true,
      () => false,
    ))
  )
    throw new CliError(`${asCode}: no such file or folder, and no finding has this code`);
  const { program } = await loadProgram(targets, {});
  if (flags.format === "json") print(JSON.stringify(canonical(program), undefined, 2));
  else if (flags.format === "pretty") print(explain(program));
  else throw new CliError(`--format ${flags.format}: expected pretty or json`);
}

/** The page of a code where the docs are installed, else the sentence of the code itself. */
async function pageOf(code: keyof typeof CODES): Promise<string> {
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

function canonical(program: Program): object {
  return {
    format_version: 1,
    digest: program.digest,
    strategies: program.strategies.map((strategy) => ({
      name: strategy.name,
      digest: strategy.digest,
      symbols: strategy.symbols,
      on: strategy.on.label,
      session: strategy.session,
      facts: strategy.facts.map(({ key, ref, warmup }) => ({ key, ...ref, warmup })),
      rules: strategy.rules.map((rule) => ({
        name: rule.name,
        digest: rule.digest,
        fire: rule.fire,
        start: rule.start,
        conditions: toCanonical(strategy.facts, rule.condition),
        ...(rule.rearm === undefined ? {} : { rearm: toCanonical(strategy.facts, rule.rearm) }),
        action: rule.action,
      })),
    })),
  };
}
