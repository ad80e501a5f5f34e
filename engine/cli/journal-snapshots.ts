/**
 * `barwise journal snapshots`: from where one can go on with a run.
 *
 * Owns: the command and its table. May not: take or remove one.
 */
import type { Command } from "commander";
import type { FoundSnapshot } from "../adapters/journal/snapshots.ts";
import { allSnapshots } from "../adapters/journal/read.ts";
import { isoTime } from "../core/time.ts";
import { LIST_FORMAT, listFormat, megabytes, print, say, table } from "./io.ts";
import { JOURNAL_ARGUMENT, findJournal, reading } from "./journal-folder.ts";
import type { FoundJournal } from "./journal-folder.ts";

export function addSnapshots(journal: Command): void {
  journal
    .command("snapshots")
    .description("the snapshots from which a start can go on, newest first")
    .argument("[journal]", JOURNAL_ARGUMENT)
    .option(...LIST_FORMAT)
    .action(runSnapshots);
}

export async function snapshotsIn(journal: FoundJournal): Promise<readonly FoundSnapshot[]> {
  return await reading(journal, async () => {
    const found: FoundSnapshot[] = [];
    for await (const each of allSnapshots(journal.folder)) found.push(each);
    return found;
  });
}

async function runSnapshots(given: string | undefined, flags: { readonly format: string }): Promise<void> {
  const format = listFormat(flags.format);
  const journal = await findJournal(given);
  const rows = (await snapshotsIn(journal)).map(({ file, place, seq, bytes, writtenAt, problem }) => ({
    file,
    place,
    after_input: seq,
    bytes,
    written: isoTime(writtenAt),
    usable: problem === null,
    problem,
  }));
  if (format === "json") print(JSON.stringify(rows, undefined, 2));
  else if (format === "ndjson") for (const row of rows) print(JSON.stringify(row));
  else if (rows.length === 0) say(`${journal.shown}: no snapshot yet`);
  else {
    const cells = rows.map(({ file, place, after_input: seq, bytes, written, problem }) => [
      ...[seq === null ? "" : String(seq), file, place === "inside" ? "left by a clean stop" : "taken while it ran"],
      ...[megabytes(bytes), written, problem ?? ""],
    ]);
    print(table([["After input", "File", "", "Size", "Written", ""], ...cells], [0, 3]));
  }
}
