#!/usr/bin/env node
/**
 * The composition root: commands, and how every failure ends.
 *
 * Owns: exit codes. 0 clean, 1 findings or failed, 2 could not run, 70 our own bug.
 */
import { Command, CommanderError } from "commander";
import { InvariantError } from "../core/assert.ts";
import { CliError, guardOutputs, painter, say } from "./io.ts";
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
  for (const add of await commands()) add(program);
  for (const command of program.commands.flatMap((one) => [one, ...one.commands])) command.exitOverride();
  try {
    await program.parseAsync();
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    return exitCodeOf(error);
  }
}

/** Somebody waits for the kill switch: it does not wait for the modules of other commands. */
async function commands(): Promise<readonly ((program: Command) => void)[]> {
  if (process.argv[2] === "kill") return [(await import("./kill.ts")).addKill];
  return (await import("./commands.ts")).COMMANDS;
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
