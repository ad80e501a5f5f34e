/**
 * `barwise replay`: a journal computed again and compared to the byte, or its market given to other rules.
 *
 * Owns: options, exit codes (0 the same, 1 a difference, 2 cannot be read or computed), printing. May not: write a journal.
 */
import type { Command } from "commander";
import { createSimBroker } from "../adapters/sim/broker.ts";
import { calendarOf } from "../market/instruments.ts";
import { recordedMarket } from "../runtime/recorded-market.ts";
import type { RecordedMarket } from "../runtime/recorded-market.ts";
import { replay } from "../runtime/replay.ts";
import { whatIf } from "../runtime/what-if.ts";
import type { WhatIf } from "../runtime/what-if.ts";
import { CliError, painter, print, progressLine, say } from "./io.ts";
import { JOURNAL_ARGUMENT, findJournal, reading, recordsOf } from "./journal-folder.ts";
import type { FoundJournal } from "./journal-folder.ts";
import { createSimExchange } from "./local-venue.ts";
import { overrideOf } from "./plan-sides.ts";
import { loadProgram } from "./program.ts";
import { replayJson, replayText, timeText, whatIfJson, whatIfText } from "./replay-text.ts";

interface Flags {
  readonly with?: readonly string[];
  readonly format: string;
}

export function addReplay(program: Command): void {
  program
    .command("replay")
    .description("compute a journal again and compare it byte by byte, or show what other rules would have done")
    .argument("[journal]", JOURNAL_ARGUMENT)
    .option(
      "--with <path...>",
      "strategy files or folders: play the recorded market with these rules and with the recorded ones, and compare",
    )
    .option("--format <format>", "pretty or json", "pretty")
    .action(async (given: string | undefined, flags: Flags) => {
      if (flags.format !== "json" && flags.format !== "pretty")
        throw new CliError(`--format ${flags.format}: expected pretty or json`);
      const journal = await findJournal(given);
      await (flags.with === undefined ? runReplay(journal, flags.format) : runWith(journal, flags.with, flags.format));
    });
}

async function runReplay(journal: FoundJournal, format: "json" | "pretty"): Promise<void> {
  const line = progressLine("replay");
  const started = performance.now();
  let torn = 0;
  const result = await reading(journal, async () => {
    try {
      const records = recordsOf(journal, ({ bytes }) => (torn = bytes));
      return await replay(records, calendarOf, (inputs, time) => line.update(inputs, `inputs, ${timeText(time)}`));
    } finally {
      line.end();
    }
  });
  // What a living writer has not finished is no damage.
  if (torn > 0 && journal.writer === null)
    say(
      `${journal.shown}: the last ${torn} bytes are a write that a crash cut short; nobody was told that they were kept`,
    );
  if (journal.writer !== null) say(`${journal.shown}: process ${journal.writer} is writing it; compared up to now`);
  if (format === "json") print(JSON.stringify(replayJson(journal.shown, result), undefined, 2));
  else print(replayText(journal.shown, result, performance.now() - started, painter(process.stdout)));
  if (result.difference !== null) process.exitCode = 1;
}

async function runWith(journal: FoundJournal, paths: readonly string[], format: "json" | "pretty"): Promise<void> {
  const line = progressLine("replay");
  const market = await reading(journal, async () => {
    try {
      const progress = (inputs: number, time: number): void => line.update(inputs, `inputs read, ${timeText(time)}`);
      return await recordedMarket(recordsOf(journal), calendarOf, progress);
    } finally {
      line.end();
    }
  });
  const { loaded, symbols } = market;
  const { program, notes } = await loadProgram(paths, {
    ...overrideOf(loaded.files, loaded.settings),
    available: symbols,
  });
  for (const note of notes) say(note);
  for (const note of accountNotes(market)) say(note);
  try {
    const result = await whatIf({
      market,
      program,
      calendarOf,
      broker: () => createSimBroker(exchangeOf(market)),
      progress: (items, time) => line.update(items, `items, ${timeText(time)}`),
    });
    line.end();
    for (const note of historyNotes(result)) say(note);
    if (format === "json") print(JSON.stringify(whatIfJson(journal.shown, program, market, result), undefined, 2));
    else print(whatIfText(journal.shown, result, painter(process.stdout)));
  } finally {
    line.end();
  }
}

function historyNotes({ before, after }: WhatIf): string[] {
  const names = new Map<string, string[]>();
  for (const [side, { missing }] of Object.entries({ "recorded rules": before, "new rules": after }))
    for (const short of missing) names.set(short, [...(names.get(short) ?? []), side]);
  return [...names].map(
    ([short, sides]) => `${sides.join(" and ")}: ${short} are known, facts of it are unknown at first`,
  );
}

const NO_ACCOUNT = { cash: "100000", multiplier: 1 };

function exchangeOf({ symbols, account }: RecordedMarket): ReturnType<typeof createSimExchange> {
  const { cash, multiplier } = account ?? NO_ACCOUNT;
  return createSimExchange({ symbols, cash, fees: "none", slippage: 0, leverage: multiplier, seed: "replay" });
}

/** Both sides play on the same exchange; what it is not, is said. */
function accountNotes({ account, held }: RecordedMarket): string[] {
  const { cash } = account ?? NO_ACCOUNT;
  const notes = [
    `both sides play on the simulated exchange with cash ${cash}, no fees and no slippage: fills are not those of the run`,
  ];
  if (held.length > 0) notes.push(`the account held ${held.join(", ")} before the run: left out on both sides`);
  return notes;
}
