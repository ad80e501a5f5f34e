/**
 * `--fault` and `--seed`, for the commands that start a local venue.
 *
 * Owns: reading them, and saying what is wrong with all of them at once. The words are the venue's (adapters/venue).
 */
import type { Command } from "commander";
import { FAULT_NAMES, faultHelp, partialFillsOf, readFault } from "../adapters/venue/faults.ts";
import type { Fault, FaultLine, FaultProblem } from "../adapters/venue/faults.ts";
import { helpText } from "../lang/fix.ts";
import { didYouMean } from "../lang/suggest.ts";
import { CliError } from "./io.ts";

export interface FaultFlags {
  readonly fault: readonly string[];
  readonly seed?: string;
}

/** What goes wrong on purpose, and how it repeats. */
export interface Rehearsal {
  readonly faults: readonly Fault[];
  readonly partialFills: number;
  /** Undefined: the command's own. */
  readonly seed: string | undefined;
}

export function addFaultFlags(command: Command): Command {
  return command
    .option("--fault <name=value>", "what goes wrong on purpose; may be given several times", collect, [])
    .option("--seed <text>", "of the faults and partial fills: the same seed and the same orders fail alike");
}

export function faultsIn(command: Command): Command {
  return command.addHelpText("after", `\n${faultHelp()}`);
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** `symbols`: what the tape has; a fault about another one would never strike. */
export function rehearsalOf(flags: FaultFlags, symbols: readonly string[]): Rehearsal {
  const problems: FaultProblem[] = [];
  const faults: Fault[] = [];
  for (const text of flags.fault) {
    const read = readFault(text);
    if (read.ok) faults.push(read.fault);
    else problems.push(read.problem);
    const symbol = read.ok && "symbol" in read.fault ? read.fault.symbol : null;
    if (symbol === null || symbols.includes(symbol)) continue;
    const help = `the tape has ${symbols.join(", ")}`;
    problems.push({ text, column: text.indexOf("=") + 2, what: `there is no ${symbol} here`, help });
  }
  if (problems.length > 0)
    throw new CliError(["what shall go wrong is not clear", ...problems.map(sentence)].join("\n"));
  return { faults, partialFills: partialFillsOf(faults), seed: flags.seed };
}

/** With a mark below the character that is meant. */
function sentence({ text, column, what, help }: FaultProblem): string {
  const name = /^there is no fault "(.*)"$/.exec(what)?.[1];
  const guess = name === undefined ? "" : ` ${helpText(didYouMean(name, FAULT_NAMES))}`;
  const lead = "--fault ";
  return [`${lead}${text}`, `${" ".repeat(lead.length + column - 1)}^ ${what}.${guess}`.trimEnd(), `  ${help}`].join(
    "\n",
  );
}

/** As a line of a run or of the venue's log. */
export function faultLine({ fault, what }: FaultLine): string {
  return `fault ${fault}: ${what}`;
}
