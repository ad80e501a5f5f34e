/**
 * A whole journal computed again.
 *
 * Owns: counting what was compared, and the first difference as a result. May not: read files.
 */
import type { Calendar } from "../market/calendar.ts";
import type { JournalHeader, JournalRecord } from "../ports/journal.ts";
import { RebuildError, Recompute } from "./recompute.ts";
import type { Difference, Watch } from "./recompute.ts";

export interface Replayed {
  readonly header: JournalHeader;
  /** The input after which the snapshot was taken that the journal begins with, or null. */
  readonly after: number | null;
  readonly inputs: number;
  /** Outputs that were compared and are the same. */
  readonly outputs: number;
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
  let difference: Difference | null = null;
  try {
    for await (const record of records) run.take(record);
  } catch (error) {
    if (!(error instanceof RebuildError) || error.difference === undefined) throw error;
    ({ difference } = error);
  }
  const { header, now, inputs, outputs, untold } = run;
  if (header === undefined || now === undefined)
    throw new RebuildError("the journal holds no input yet: nothing has run", { code: "empty" });
  const unwritten = difference === null ? untold.length : 0;
  return { header, after, inputs, outputs, unwritten, marketTime: now.marketTime, difference };
}
