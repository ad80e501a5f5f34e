/**
 * `--split`, for the commands that start a local venue.
 *
 * Owns: reading it: `SYMBOL@DATE=NEW/OLD`. May not: look whether the tape's prices say the same.
 */
import type { Command } from "commander";
import type { SplitInput } from "../core/feed-event.ts";
import { calendarOf } from "../market/instruments.ts";
import { CliError } from "./io.ts";

export interface SplitFlags {
  readonly split: readonly string[];
}

const FORM = /^([^@\s]+)@(\d{4}-\d{2}-\d{2})=(\d{1,6})\/(\d{1,6})$/;
const HELP = "expected SYMBOL@DATE=NEW/OLD, such as SPY@2024-03-06=4/1";

export function addSplitFlag(command: Command): Command {
  const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
  return command.option(
    "--split <split>",
    "a split on the tape, whose prices are those of their day: SPY@2024-03-06=4/1; may be given several times",
    collect,
    [],
  );
}

/** `symbols`: what the tape has. */
export function splitsOf({ split }: SplitFlags, symbols: readonly string[]): readonly SplitInput[] {
  return split.map((text) => {
    const [, symbol = "", date = "", newShares = "", oldShares = ""] = FORM.exec(text) ?? [];
    if (symbol === "" || Number(newShares) === 0 || Number(oldShares) === 0)
      throw new CliError(`--split ${text}: ${HELP}`);
    if (!symbols.includes(symbol)) throw new CliError(`--split ${text}: the tape has ${symbols.join(", ")}`);
    if (newShares === oldShares) throw new CliError(`--split ${text}: ${newShares} for ${oldShares} changes nothing`);
    const calendar = calendarOf(symbol);
    const session = calendar.sessionOn(date);
    if (session === undefined) throw new CliError(`--split ${text}: ${date} is no trading day of ${symbol}`);
    const time = session.open - calendar.localTime(session.open).minutes * 60_000;
    return { kind: "split", symbol, time, newShares, oldShares };
  });
}
