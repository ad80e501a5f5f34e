/**
 * Removing what nobody needs to go on from: files before an old snapshot.
 *
 * Owns: which files those are, and the anchor that stays in their place. May not: change a file, or remove one of a
 * journal that does not verify. Safe beside a running writer: it touches only files that are finished.
 */
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../files/write-atomically.ts";
import { COMPACTED, anchorOf, readJournal, snapshotSegments } from "./read.ts";
import { JournalError, segmentRecordOf, segmentsIn, segmentsOf } from "./segments.ts";
import type { SegmentRecord } from "./segments.ts";
import { segmentName } from "./thread/segment-writer.js";

/** Snapshots that stay: the newest one, and one more should it turn out to be of no use. */
const SNAPSHOTS_KEPT = 2;

export interface Compaction {
  /** Files to remove, oldest first; empty when there are too few snapshots. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** Records that go with them. */
  readonly records: number;
  /** Whole snapshots that the journal holds, as far as they were looked for. */
  readonly snapshots: number;
  /** Number of the first file that stays. */
  readonly first: number;
}

/** What a compaction would remove; verifies the whole journal first. */
export async function planCompaction(dir: string): Promise<Compaction> {
  const records = readJournal(dir);
  let step = await records.next();
  for (; step.done !== true; step = await records.next());
  const anchor = await anchorOf(dir);
  const segments = await segmentsOf(dir, anchor?.first ?? 1);
  const kept: number[] = [];
  for await (const segment of snapshotSegments(dir, segments)) {
    kept.push(segment);
    if (kept.length === SNAPSHOTS_KEPT) break;
  }
  const first = (kept.length === SNAPSHOTS_KEPT ? kept.at(-1) : segments[0]) ?? 1;
  // What an interrupted compaction left is there, too.
  const files = (await segmentsIn(dir)).filter((segment) => segment < first).map(segmentName);
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(dir, name))).size));
  const before = anchor?.firstN ?? 0;
  const { firstN } = files.length === 0 ? { firstN: before } : await firstRecord(join(dir, segmentName(first)));
  return {
    files,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    records: firstN - before,
    snapshots: kept.length,
    first,
  };
}

/** Does what was planned. The anchor is durable before the first file goes, so that no crash leaves a gap. */
export async function compact(dir: string, { files, first }: Compaction): Promise<void> {
  if (files.length === 0) return;
  const { firstN, chain } = await firstRecord(join(dir, segmentName(first)));
  await writeAtomically(join(dir, COMPACTED), `${JSON.stringify({ first, firstN, chain })}\n`);
  for (const name of files) await rm(join(dir, name), { force: true });
}

async function firstRecord(file: string): Promise<SegmentRecord> {
  const record = await segmentRecordOf(file);
  if (record === undefined) throw new JournalError("corrupt", `${file}: holds no record`);
  return record;
}
