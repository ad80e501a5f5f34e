#!/usr/bin/env node
/**
 * The composition root: commands, and how every failure ends.
 *
 * Owns: exit codes. 0 clean, 1 findings or failed, 2 could not run, 70 our own bug.
 */
import { Command, CommanderError } from "commander";
import { InvariantError } from "../core/assert.ts";
import { addAccept } from "./accept.ts";
import { addBacktest } from "./backtest.ts";
import { addCheck } from "./check.ts";
import { addExplain } from "./explain.ts";
import { addControls } from "./controls.ts";
import { addFacts } from "./facts.ts";
import { addFmt } from "./fmt.ts";
import { addInit } from "./init.ts";
import { CliError, guardOutputs, painter, say } from "./io.ts";
import { addJournal } from "./journal.ts";
import { addLint } from "./lint.ts";
import { addPlan } from "./plan.ts";
import { addLsp } from "./lsp.ts";
import { addResolve } from "./resolve.ts";
import { addReplay } from "./replay.ts";
import { addRun } from "./run.ts";
import { addTest } from "./test.ts";
import { addVenue } from "./venue.ts";
import { VERSION } from "./version.ts";

const LINGER_MS = 250;

async function main(): Promise<number> {
  const program = new Command("barwise")
    .description(
      "Trading strategies as YAML: lint them, backtest them, run them on a live stream, reload them while they run.",
    )
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) });
  addLint(program);
  addFmt(program);
  addExplain(program);
  addFacts(program);
  addControls(program);
  addInit(program);
  addBacktest(program);
  addCheck(program);
  addPlan(program);
  addAccept(program);
  addLsp(program);
  addReplay(program);
  addJournal(program);
  addRun(program);
  addResolve(program);
  addTest(program);
  addVenue(program);
  for (const command of program.commands.flatMap((one) => [one, ...one.commands])) command.exitOverride();
  try {
    await program.parseAsync();
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const paint = painter(process.stderr);
  if (error instanceof CliError) {
    say(`${paint("red", "error")}: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof Error && !(error instanceof InvariantError) && isFromOutside(error)) {
    say(`${paint("red", "error")}: ${error.message}`);
    return 2;
  }
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say(`${paint("red", "barwise stopped because of a bug in itself")}: ${what}`);
  return 70;
}

/** Disk, network, broker, feed and journal errors carry a code; a mistake of ours does not. */
function isFromOutside(error: Error): boolean {
  return "code" in error && typeof error.code === "string" && !error.code.startsWith("ERR_");
}

guardOutputs();
process.exitCode = await main();
// Alpaca's SDK leaves the deadline of an answer without a body (a cancel's 204) running for its whole time; nothing
// that matters is open any more, so nobody should wait for it.
setTimeout(() => process.exit(), LINGER_MS).unref();
