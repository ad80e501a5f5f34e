/**
 * The journal that a command is about: found, read, and what goes wrong with it told as an error of the command.
 *
 * Owns: finding it, and exit code 2 for one that cannot be read. May not: write one.
 */
import { relative } from "node:path";
import { newestJournal, writerOf } from "../adapters/journal/find.ts";
import { readJournal } from "../adapters/journal/read.ts";
import type { ReadOptions, TornTail } from "../adapters/journal/read.ts";
import { JournalError } from "../adapters/journal/segments.ts";
import type { JournalRecord } from "../ports/journal.ts";
import { RebuildError } from "../runtime/recompute.ts";
import { CliError } from "./io.ts";
import { placeOf } from "./plan-sides.ts";

export interface FoundJournal {
  readonly folder: string;
  /** Relative to the current folder. */
  readonly shown: string;
  /** The process that is writing it, or null. */
  readonly writer: number | null;
}

export const JOURNAL_ARGUMENT = "folder of a run, or of runs: the newest (default: the newest run of this project)";

export async function findJournal(given: string | undefined): Promise<FoundJournal> {
  const place = given ?? (await placeOf([])).journals;
  const folder = await newestJournal(place);
  if (folder === undefined) throw new CliError(`${relative(process.cwd(), place) || "."}: no journal here`);
  return { folder, shown: relative(process.cwd(), folder) || ".", writer: await writerOf(folder) };
}

/** The records; a write that a crash cut short is told when they are through. */
export async function* recordsOf(
  { folder }: FoundJournal,
  onTorn: (torn: TornTail) => void = () => {},
  options: ReadOptions = {},
): AsyncGenerator<JournalRecord, void> {
  const { torn } = yield* readJournal(folder, options);
  if (torn !== null) onTorn(torn);
}

/** What cannot be read, or computed again, ends the command with 2. */
export async function reading<T>({ shown }: FoundJournal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RebuildError) throw new CliError(`${shown}: ${error.message}`, 2, { cause: error });
    if (error instanceof JournalError) throw new CliError(error.message, 2, { cause: error });
    throw error;
  }
}
