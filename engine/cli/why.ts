/**
 * `barwise explain --why` and `--why-not`: why there is an order, and why a rule did not fire.
 *
 * Owns: options, which records are read, exit codes (0 told, 1 no such order or rule there, 2 cannot be read or computed), printing.
 * May not: write a journal. It may be that of a running engine.
 */
import type { ReadOptions } from "../adapters/journal/read.ts";
import { RestoreError } from "../core/saved.ts";
import { calendarOf } from "../market/instruments.ts";
import type { SnapshotRecord } from "../ports/journal.ts";
import { savedRunOf } from "../runtime/saved-run.ts";
import { WhyError, whyNot } from "../runtime/why-not.ts";
import type { WhyNot } from "../runtime/why-not.ts";
import { whyOrder } from "../runtime/why-order.ts";
import { CliError, painter, print, progressLine } from "./io.ts";
import { findJournal, reading, recordsOf } from "./journal-folder.ts";
import type { FoundJournal } from "./journal-folder.ts";
import { snapshotsIn } from "./journal-snapshots.ts";
import { timeText } from "./replay-text.ts";
import { whyNotJson, whyNotText } from "./why-not-text.ts";
import { whyOrderJson, whyOrderText } from "./why-order-text.ts";

export interface WhyFlags {
  readonly why?: string;
  readonly whyNot?: string;
  readonly symbol?: string;
  readonly at?: string;
}

export async function runWhy(given: readonly string[], flags: WhyFlags, format: "pretty" | "json"): Promise<void> {
  const { why, whyNot: rule, symbol, at } = flags;
  if (why !== undefined && rule !== undefined) throw new CliError("--why and --why-not are two questions: ask one");
  if (given.length > 1) throw new CliError(`${given.join(" ")}: --why and --why-not take one journal`);
  const journal = await findJournal(given[0]);
  if (rule === undefined) {
    if (symbol !== undefined || at !== undefined) throw new CliError("--symbol and --at go with --why-not");
    return await runOrder(journal, why ?? "", format);
  }
  const time = at === undefined ? undefined : instantOf(at);
  const question = {
    rule,
    ...(symbol === undefined ? {} : { symbol }),
    ...(time === undefined ? {} : { at: time }),
  };
  const line = progressLine("why-not");
  const found = await asking(journal, async () => {
    try {
      const progress = (inputs: number, now: number): void => line.update(inputs, `inputs, ${timeText(now)}`);
      const ask = (options: ReadOptions = {}): Promise<WhyNot> =>
        whyNot(recordsOf(journal, undefined, options), calendarOf, question, progress);
      const from = time === undefined ? undefined : await snapshotBefore(journal, time);
      const near = from === undefined ? undefined : await ask({ from });
      // What was judged last may be before the snapshot.
      return near?.reports.every(({ last }) => last.length > 0) === true ? near : await ask();
    } finally {
      line.end();
    }
  });
  if (format === "json") print(JSON.stringify(whyNotJson(journal.shown, found), undefined, 2));
  else print(whyNotText(journal.shown, found, painter(process.stdout)));
}

/** The file that begins with the last snapshot from before a time, if there is one to go on from. */
async function snapshotBefore(journal: FoundJournal, at: number): Promise<number | undefined> {
  for (const { segment, problem } of await snapshotsIn(journal)) {
    if (problem !== null) continue;
    for await (const record of recordsOf(journal, undefined, { from: segment })) {
      if (record.kind !== "snapshot") continue;
      const time = timeOfSnapshot(record);
      if (time !== undefined && time <= at) return segment;
      break;
    }
  }
  return undefined;
}

/** Undefined for one of a version that saved otherwise: the records say the same. */
function timeOfSnapshot(record: SnapshotRecord): number | undefined {
  try {
    return savedRunOf(record).core.desk.state.now.marketTime;
  } catch (error) {
    if (error instanceof RestoreError) return undefined;
    throw error;
  }
}

async function runOrder(journal: FoundJournal, id: string, format: "pretty" | "json"): Promise<void> {
  const story = await asking(journal, () => whyOrder(() => recordsOf(journal), id));
  if (format === "json") print(JSON.stringify(whyOrderJson(journal.shown, story), undefined, 2));
  else print(whyOrderText(journal.shown, story, painter(process.stdout)));
}

async function asking<T>(journal: FoundJournal, work: () => Promise<T>): Promise<T> {
  try {
    return await reading(journal, work);
  } catch (error) {
    if (error instanceof WhyError) throw new CliError(`${journal.shown}: ${error.message}`, 1, { cause: error });
    throw error;
  }
}

/** An evaluation has an instant: a date alone does not name one. */
function instantOf(source: string): number {
  const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*(Z|[+-]\d{2}:\d{2})$/.test(source) ? Date.parse(source) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new CliError(
    `--at ${source}: expected a time with its offset such as 2024-03-04T15:30:00Z or 2024-03-04T10:30-05:00`,
  );
}
