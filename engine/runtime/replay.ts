/**
 * A whole journal computed again.
 *
 * Owns: counting what was compared, snapshots on the way among it, and the first difference as a result. May not: read files.
 */
import { SAVED_FORMAT, saveCore } from "../core/save.ts";
import type { Calendar } from "../market/calendar.ts";
import type { JournalHeader, JournalRecord, SnapshotRecord } from "../ports/journal.ts";
import { firstDifference } from "./difference.ts";
import { RebuildError, Recompute, symbolOf } from "./recompute.ts";
import type { Difference, Watch } from "./recompute.ts";
import type { SavedRun } from "./saved-run.ts";

export interface Replayed {
  readonly header: JournalHeader;
  /** The input after which the snapshot was taken that the journal begins with, or null. */
  readonly after: number | null;
  readonly inputs: number;
  /** Outputs that were compared and are the same. */
  readonly outputs: number;
  /** Snapshots on the way that hold what the core is at their place. */
  readonly snapshots: number;
  /** Outputs of the last input that a run which was cut short did not write any more. */
  readonly unwritten: number;
  /** Market time of the last input. */
  readonly marketTime: number;
  readonly difference: Difference | null;
}

const PROGRESS_EVERY = 10_000;

/** Rejects with a RebuildError when the journal cannot be computed again at all. */
export async function replay(
  records: AsyncIterable<JournalRecord>,
  calendarOf: (symbol: string) => Calendar,
  progress: (inputs: number, marketTime: number) => void,
): Promise<Replayed> {
  let after: number | null = null;
  const see: Watch = ({ marketTime }) => {
    if (run.inputs % PROGRESS_EVERY === 0) progress(run.inputs, marketTime);
  };
  const run = new Recompute(calendarOf, see, ({ desk }) => {
    after = desk.state.now.seq;
  });
  let snapshots = 0;
  let difference: Difference | null = null;
  try {
    for await (const record of records) {
      run.take(record);
      // The first one of a journal that begins with it is what the core is made of.
      if (record.kind !== "snapshot" || run.inputs === 0 || record.core !== SAVED_FORMAT) continue;
      difference = differenceIn(record, run);
      if (difference !== null) break;
      snapshots++;
    }
  } catch (error) {
    if (!(error instanceof RebuildError) || error.difference === undefined) throw error;
    ({ difference } = error);
  }
  const { header, now, inputs, outputs, untold } = run;
  if (header === undefined || now === undefined)
    throw new RebuildError("the journal holds no input yet: nothing has run", { code: "empty" });
  const unwritten = difference === null ? untold.length : 0;
  return { header, after, inputs, outputs, snapshots, unwritten, marketTime: now.marketTime, difference };
}

/** A start would go on from what a snapshot says: that must be what the records give. */
function differenceIn({ state }: SnapshotRecord, { core, last }: Recompute): Difference | null {
  if (core === undefined || last === undefined) return null;
  const found = firstDifference("snapshot.core", (state as SavedRun).core, saveCore(core));
  if (found === undefined) return null;
  const { seq, marketTime, kind } = last;
  return { ...found, seq, marketTime, kind, symbol: symbolOf(last) };
}
