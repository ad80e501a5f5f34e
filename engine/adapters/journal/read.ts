/**
 * Reads a journal from the start, verifying it on the way.
 *
 * Owns: contiguous numbers, the chain between files, the header first. May not write or repair.
 */
import { join } from "node:path";
import type { JournalRecord } from "../../ports/journal.ts";
import { JournalError, readSegment, type SegmentEnd, segmentName, type SegmentRecord, segmentsOf } from "./segments.ts";

/** What a crash cut short: bytes behind the last whole record. They were never confirmed to anybody. */
export interface TornTail {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface JournalTail {
  /** The next free number. */
  readonly nextN: number;
  /** Files with at least one whole record; a crash can leave one more behind them. */
  readonly segments: number;
  /** Checksum of the last record. */
  readonly chain: number;
  readonly torn: TornTail | null;
}

/**
 * Yields the records in order; returns how the journal ends. A header comes first, and again at each point where a
 * process opened the journal anew. Throws a JournalError at corruption; a torn tail just ends it.
 */
export async function* readJournal(dir: string): AsyncGenerator<JournalRecord, JournalTail> {
  const segments = await segmentsOf(dir);
  let tail: JournalTail = { nextN: 0, segments: 0, chain: 0, torn: null };
  let seenHeader = false;
  for (const segment of segments) {
    const file = join(dir, segmentName(segment));
    const isLast = segment === segments.length;
    const records = readSegment(file, isLast);
    let { nextN } = tail;
    let step = await records.next();
    if (step.done !== true) {
      checkSegment(file, step.value, segment, tail);
      step = await records.next();
    } else if (!isLast) throw new JournalError("corrupt", `${file}: empty, and later files follow`);
    for (; step.done !== true; step = await records.next()) {
      const record = step.value;
      if (record.kind === "segment") throw new JournalError("corrupt", `${file}: a second segment record`);
      if (record.kind === "header") seenHeader = true;
      else if (!seenHeader) throw new JournalError("corrupt", `${file}: a record before the header`);
      else if (record.n !== nextN) {
        throw new JournalError("corrupt", `${file}: record ${record.n} where ${nextN} is due: records are missing`);
      } else nextN++;
      yield record;
    }
    tail = tailOf(file, step.value, { ...tail, nextN, segments: segment });
  }
  return tail;
}

function tailOf(file: string, end: SegmentEnd, tail: JournalTail): JournalTail {
  const torn = end.torn > 0 ? { file, offset: end.size, bytes: end.torn } : null;
  // A file without a whole record does not count: it is written again under the same number.
  return end.records === 0 ? { ...tail, segments: tail.segments - 1, torn } : { ...tail, chain: end.crc, torn };
}

function checkSegment(
  file: string,
  record: JournalRecord | SegmentRecord,
  segment: number,
  { nextN, chain }: JournalTail,
): void {
  if (record.kind !== "segment" || record.format !== 1) {
    throw new JournalError("corrupt", `${file}: not a journal segment of format 1`);
  }
  if (record.segment !== segment || record.firstN !== nextN || record.chain !== chain) {
    throw new JournalError("corrupt", `${file}: does not follow the file before it: one was lost, swapped or replaced`);
  }
}
