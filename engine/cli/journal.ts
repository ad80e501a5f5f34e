/**
 * `barwise journal`: what runs have recorded.
 *
 * Owns: the commands that read entries one by one, `verify` and `compact`. The tables are in journal-tables.ts. May not:
 * change a record; `compact` removes whole files and says which.
 */
import type { Command } from "commander";
import { compact, planCompaction } from "../adapters/journal/compact.ts";
import { describeJournals } from "../adapters/journal/find.ts";
import { Follower } from "../adapters/journal/follow.ts";
import { isJournal, readJournal } from "../adapters/journal/read.ts";
import type { JournalTail } from "../adapters/journal/read.ts";
import { JournalError } from "../adapters/journal/segments.ts";
import { isoTime } from "../core/time.ts";
import type { JournalHeader, NumberedRecord } from "../ports/journal.ts";
import { dateOf } from "./backtest.ts";
import { CliError, LIST_FORMAT, listFormat, megabytes, painter, print, progressLine, say, table } from "./io.ts";
import type { ListFormat } from "./io.ts";
import { EntryReader, KINDS, entryJson, entryLine } from "./journal-entries.ts";
import type { Entry, EntryFilter } from "./journal-entries.ts";
import { JOURNAL_ARGUMENT, findJournal, reading, recordsOf } from "./journal-folder.ts";
import type { FoundJournal } from "./journal-folder.ts";
import { addSnapshots, snapshotsIn } from "./journal-snapshots.ts";
import { addTables } from "./journal-tables.ts";
import { placeOf } from "./plan-sides.ts";

export function addJournal(program: Command): void {
  const journal = program.command("journal").description("what runs have recorded: entries, orders, fills, alerts");
  journal
    .command("list")
    .description("the runs that have a journal, newest first")
    .argument("[folder]", "folder of runs (default: the one of this project)")
    .option(...LIST_FORMAT)
    .action(runList);
  journal
    .command("tail")
    .description("the last entries")
    .argument("[journal]", JOURNAL_ARGUMENT)
    .option("-n, --lines <n>", "how many records", "20")
    .option("-f, --follow", "go on with what is being written", false)
    .option(...LIST_FORMAT)
    .action(runTail);
  journal
    .command("show")
    .description("an input in full, with what came of it")
    .argument("<seq>", "number of the input")
    .argument("[journal]", JOURNAL_ARGUMENT)
    .option(...LIST_FORMAT)
    .action(runShow);
  journal
    .command("query")
    .description("the entries that match")
    .argument("[journal]", JOURNAL_ARGUMENT)
    .option("--kind <kinds>", "inputs or outputs of these kinds, e.g. execution,order,alert")
    .option("--strategy <name>", "about this strategy")
    .option("--symbol <symbol>", "about this symbol")
    .option("--order <id>", "about the order with this id, ours or the broker's")
    .option("--since <time>", "from this market time on")
    .option("--until <time>", "before this market time")
    .option(...LIST_FORMAT)
    .action(runQuery);
  journal
    .command("verify")
    .description("read all of a journal and check every record against the one before it")
    .argument("[journal]", JOURNAL_ARGUMENT)
    .option("--format <format>", "pretty or json", "pretty")
    .action(runVerify);
  journal
    .command("compact")
    .description("remove the files before the last snapshot but one")
    .argument("<journal>", "folder of a run")
    .option("--dry-run", "say what would be removed", false)
    .action(runCompact);
  addSnapshots(journal);
  addTables(journal);
}

// ------------------------------------------------------------------------------------------------ entries

interface QueryFlags {
  readonly kind?: string;
  readonly strategy?: string;
  readonly symbol?: string;
  readonly order?: string;
  readonly since?: string;
  readonly until?: string;
  readonly format: string;
}

/** Prints entries as they come; the list of `json` is closed at the end. */
class Printer {
  readonly #format: ListFormat;
  #count = 0;

  constructor(format: ListFormat) {
    this.#format = format;
  }

  show(entry: Entry): void {
    if (this.#format === "pretty") print(entryLine(entry));
    else if (this.#format === "ndjson") print(entryJson(entry));
    else process.stdout.write(`${this.#count === 0 ? "[" : ","}\n${entryJson(entry)}`);
    this.#count++;
  }

  end(): void {
    if (this.#format === "json") print(this.#count === 0 ? "[]" : "\n]");
  }
}

async function runQuery(given: string | undefined, flags: QueryFlags): Promise<void> {
  const { kind, since, until, format, ...rest } = flags;
  const printer = new Printer(listFormat(format));
  const filter: EntryFilter = {
    ...rest,
    ...(kind === undefined ? {} : { kind: kindsOf(kind) }),
    ...(since === undefined ? {} : { since: dateOf("--since", since) }),
    ...(until === undefined ? {} : { until: dateOf("--until", until) }),
  };
  const reader = new EntryReader();
  await eachRecord(await findJournal(given), (record) => {
    for (const entry of reader.read(record)) if (reader.isWanted(entry, filter)) printer.show(entry);
  });
  printer.end();
}

function kindsOf(source: string): string[] {
  const kinds = source.split(",").map((kind) => kind.trim());
  const strange = kinds.find((kind) => !Object.hasOwn(KINDS, kind));
  if (strange === undefined) return kinds;
  throw new CliError(`--kind ${strange}: expected some of ${Object.keys(KINDS).sort().join(", ")}`);
}

async function runShow(seq: string, given: string | undefined, flags: { readonly format: string }): Promise<void> {
  if (!/^\d{1,15}$/.test(seq)) throw new CliError(`${seq}: expected the number of an input`);
  const format = listFormat(flags.format);
  const wanted = Number(seq);
  const reader = new EntryReader();
  const printer = new Printer(format);
  const journal = await findJournal(given);
  let found = 0;
  await eachRecord(journal, (record) => {
    for (const entry of reader.read(record)) {
      if (entry.seq !== wanted) continue;
      found++;
      if (format === "pretty")
        print(`${entryLine(entry)}\n${JSON.stringify(JSON.parse(entryJson(entry)), undefined, 2)}`);
      else printer.show(entry);
    }
  });
  if (found === 0) throw new CliError(`${journal.shown}: no input has the number ${seq}`, 1);
  if (format !== "pretty") printer.end();
}

async function eachRecord(journal: FoundJournal, take: (record: NumberedRecord) => void): Promise<void> {
  await reading(journal, async () => {
    for await (const record of recordsOf(journal)) if ("n" in record) take(record);
  });
}

const POLL_MS = 250;

interface TailFlags {
  readonly lines: string;
  readonly follow: boolean;
  readonly format: string;
}

async function runTail(given: string | undefined, flags: TailFlags): Promise<void> {
  const format = listFormat(flags.format);
  if (!/^\d{1,6}$/.test(flags.lines))
    throw new CliError(`--lines ${flags.lines}: expected a whole number up to 999999`);
  if (flags.follow && format === "json") throw new CliError("--follow never ends: use --format ndjson");
  const journal = await findJournal(given);
  const follower = new Follower(journal.folder);
  const reader = new EntryReader();
  const printer = new Printer(format);
  const show = (records: readonly NumberedRecord[]): void => {
    for (const record of records) for (const entry of reader.read(record)) printer.show(entry);
  };
  show(await reading(journal, () => follower.last(Number(flags.lines))));
  printer.end();
  while (flags.follow) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    show(await reading(journal, () => follower.next()));
  }
}

// ------------------------------------------------------------------------------------------------ journals

async function runList(given: string | undefined, flags: { readonly format: string }): Promise<void> {
  const format = listFormat(flags.format);
  const folder = given ?? (await placeOf([])).journals;
  const rows = (await describeJournals(folder)).map(({ name, header, files, bytes, changedAt, writer }) => ({
    run: name,
    id: header?.id ?? null,
    account: header?.account ?? null,
    // A backtest's journal holds nothing of the moment it ran.
    started: header === undefined || header.createdAt === 0 ? null : isoTime(header.createdAt),
    changed: isoTime(changedAt),
    files,
    bytes,
    barwise: header?.barwise ?? null,
    writer,
  }));
  if (format === "json") print(JSON.stringify(rows, undefined, 2));
  else if (format === "ndjson") for (const row of rows) print(JSON.stringify(row));
  else if (rows.length === 0) say(`${folder}: no journal here`);
  else {
    const cells = rows.map(({ run, account, started, changed, bytes, barwise, writer }) => [
      ...[run, account ?? "unreadable", started ?? "", changed, megabytes(bytes), barwise ?? ""],
      writer === null ? "" : `process ${writer} is writing`,
    ]);
    print(table([["Run", "Account", "Started", "Last written", "Size", "Version", ""], ...cells], [4]));
  }
}

async function runVerify(given: string | undefined, flags: { readonly format: string }): Promise<void> {
  if (flags.format !== "pretty" && flags.format !== "json")
    throw new CliError(`--format ${flags.format}: expected pretty or json`);
  const journal = await findJournal(given);
  const line = progressLine("verify");
  let header: JournalHeader | undefined;
  let [records, snapshots] = [0, 0];
  let tail: JournalTail | undefined;
  let damage: string | null = null;
  try {
    const all = readJournal(journal.folder);
    let step = await all.next();
    for (; step.done !== true; step = await all.next()) {
      if (step.value.kind === "header") header = step.value;
      else if (step.value.kind === "snapshot") snapshots++;
      else records++;
      if (records % 10_000 === 0) line.update(records, "records");
    }
    tail = step.value;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    damage = error.message;
  } finally {
    line.end();
  }
  const result = {
    format_version: 1,
    journal: { folder: journal.shown, id: header?.id ?? null },
    whole: damage === null,
    damage,
    records,
    snapshots,
    // The records say the same: none of them is missed.
    unusable_snapshots: damage === null ? await unusableIn(journal) : [],
    // In format 1 it is a checksum and proves nothing about what is before.
    chain: tail === undefined || tail.format === 1 ? null : Buffer.from(tail.chain, "latin1").toString("hex"),
    torn_bytes: tail?.torn?.bytes ?? 0,
  };
  if (flags.format === "json") print(JSON.stringify(result, undefined, 2));
  else print(verifyText(result, journal));
  if (damage !== null) process.exitCode = 1;
}

async function unusableIn(journal: FoundJournal): Promise<string[]> {
  return (await snapshotsIn(journal)).flatMap(({ problem }) => problem ?? []);
}

interface Verified {
  readonly damage: string | null;
  readonly records: number;
  readonly snapshots: number;
  readonly unusable_snapshots: readonly string[];
  readonly chain: string | null;
  readonly torn_bytes: number;
}

function verifyText(verified: Verified, journal: FoundJournal): string {
  const { damage, records, snapshots, unusable_snapshots: unusable, chain, torn_bytes: torn } = verified;
  const paint = painter(process.stdout);
  const count = `${records.toLocaleString("en-US")} records and ${snapshots} snapshots`;
  if (damage !== null) return `${paint("red", damage)}\n${count} before it are whole.`;
  const lines = [paint("green", `${journal.shown}: whole`), `${count} follow one another.`];
  lines.push(chain === null ? "Written by an older version: records have no chain." : `Chain of the last: ${chain}`);
  for (const problem of unusable)
    lines.push(paint("yellow", `A snapshot is of no use, a start passes over it: ${problem}`));
  if (torn > 0 && journal.writer === null)
    lines.push(
      `The last ${torn} bytes are a write that a crash cut short; they are cut off when the journal is opened.`,
    );
  return lines.join("\n");
}

async function runCompact(given: string, flags: { readonly dryRun: boolean }): Promise<void> {
  // What removes files takes no newest run for the one that was meant.
  if (!(await isJournal(given))) throw new CliError(`${given}: no journal here; name the folder of the run itself`);
  const journal = await findJournal(given);
  await reading(journal, async () => {
    const plan = await planCompaction(journal.folder);
    const { files, bytes, records, snapshots, first } = plan;
    if (files.length === 0) {
      const why =
        snapshots < 2 ? `it holds ${snapshots === 0 ? "no snapshot" : "one snapshot"}, two stay` : "nothing is older";
      print(`${journal.shown}: nothing to remove: ${why}`);
      return;
    }
    for (const name of files) print(`${flags.dryRun ? "would remove" : "removes"} ${journal.shown}/${name}`);
    print(`${records.toLocaleString("en-US")} records, ${megabytes(bytes)}; file ${first} and later ones stay`);
    if (!flags.dryRun) await compact(journal.folder, plan);
  });
}
