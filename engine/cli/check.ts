/**
 * `barwise check lookahead`: proof on your own data that no decision depends on what came later.
 *
 * Owns: options, progress and printing; exit codes (0 nothing found, 1 a decision looks ahead, 2 could not run).
 */
import type { Command } from "commander";
import { createSimBroker } from "../adapters/sim/broker.ts";
import { isoTime } from "../core/time.ts";
import { calendarOf } from "../market/instruments.ts";
import { checkLookahead } from "../runtime/lookahead.ts";
import type { LookaheadResult } from "../runtime/lookahead.ts";
import { checkData, collect, overData, overrideOf } from "./backtest.ts";
import { CliError, painter, print, printable, progressLine, say } from "./io.ts";
import { createSimExchange } from "./local-venue.ts";
import { loadProgram } from "./program.ts";
import { openTape } from "./tapes.ts";

interface Flags {
  readonly data: readonly string[];
  readonly symbol?: string;
  readonly factors?: readonly string[];
  readonly adjust?: string;
  readonly on?: string;
  readonly param: readonly string[];
  readonly barSize?: string;
  readonly timeZone?: string;
  readonly cuts: string;
  readonly format: string;
}

export function addCheck(program: Command): void {
  const check = program.command("check").description("prove things about strategies on recorded data");
  const lookahead = check
    .command("lookahead")
    .description(
      "cut the data off at many instants and compare: what was decided before a cut must not change with what comes after",
    );
  overData(lookahead)
    .option("--param <name=value...>", "replace a param of the strategies", collect, [])
    .option("--bar-size <size>", "size of the file's bars, where it cannot be found")
    .option("--time-zone <zone>", "zone of the file's wall-clock times")
    .option("--cuts <n>", "at how many instants, spread evenly", "25")
    .option("--format <format>", "pretty or json", "pretty")
    .action(async (paths: string[], flags: Flags) => runLookahead(paths, flags));
  check.exitOverride();
  for (const command of check.commands) command.exitOverride();
}

const MOST_CUTS = 10_000;

async function runLookahead(paths: readonly string[], flags: Flags): Promise<void> {
  if (flags.format !== "json" && flags.format !== "pretty")
    throw new CliError(`--format ${flags.format}: expected pretty or json`);
  const cuts = Number(flags.cuts);
  if (!Number.isInteger(cuts) || cuts < 1 || cuts > MOST_CUTS)
    throw new CliError(`--cuts ${flags.cuts}: expected a whole number from 1 to ${MOST_CUTS}`);
  const { symbol, timeZone, barSize, factors, adjust } = flags;
  const { tape, notes } = await openTape(flags.data, { symbol, timeZone, barSize, factors, adjust });
  const loaded = await loadProgram(paths, overrideOf(flags, tape));
  for (const note of [...notes, ...loaded.notes, ...checkData(loaded.program, tape)]) say(note);
  const line = progressLine("check");
  try {
    const result = await checkLookahead({
      ...loaded,
      items: () => tape.items(),
      broker: () =>
        createSimBroker(
          createSimExchange({
            symbols: tape.symbols,
            cash: "100000",
            fees: "none",
            slippage: 0,
            leverage: 1,
            seed: "check",
          }),
        ),
      calendarOf,
      account: "check",
      journalId: "check",
      confirm: { mode: "full" },
      cuts,
      progress: (done) => line.update(done, `of ${cuts} cuts`),
    });
    line.end();
    if (result.compared === 0) throw new CliError("the data is too short: no evaluation lies before a cut", 2);
    print(flags.format === "json" ? JSON.stringify({ format_version: 1, ...result }, undefined, 2) : words(result));
    if (result.difference !== undefined) process.exitCode = 1;
  } finally {
    line.end();
  }
}

function words({ items, cuts, evaluations, compared, difference }: LookaheadResult): string {
  const paint = painter(process.stdout);
  const number = (value: number): string => value.toLocaleString("en-US");
  if (difference === undefined) {
    const text = `no lookahead: ${number(compared)} evaluations before ${cuts} cuts are what they are on the whole data`;
    return `${paint("green", text)}\n${number(items)} items, ${number(evaluations)} evaluations`;
  }
  const { cut, time, strategy, symbol, what, cutOff, whole } = difference;
  return [
    paint("red", `lookahead: an evaluation changes with what comes after it`),
    `  ${strategy} ${symbol} at ${isoTime(time)}, data cut off after ${number(cut)} items`,
    `  ${printable(what)}`,
    `    cut off   ${printable(cutOff)}`,
    `    whole     ${printable(whole)}`,
  ].join("\n");
}
