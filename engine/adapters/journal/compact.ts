/**
 * Removing what nobody needs to go on from: files before an old snapshot.
 *
 * Owns: which files those are, and the anchor that stays in their place. May not: change a file, or remove one of a
 * journal that does not verify. Safe beside a running writer: it touches only files that are finished.
 */
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../files/write-atomically.ts";
import { COMPACTED, allSnapshots, anchorOf, filesOf, readJournal } from "./read.ts";
import { JournalError, segmentRecordOf, segmentsIn } from "./segments.ts";
import type { SegmentRecord } from "./segments.ts";
import { SNAPSHOTS_KEPT, besideIn, readSnapshot, snapshotName } from "./snapshots.ts";
import { segmentName } from "./thread/segment-writer.js";

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
  const { anchor, segments } = await filesOf(dir);
  const kept: number[] = [];
  for await (const { segment, problem } of allSnapshots(dir)) {
    if (problem === null) kept.push(segment);
    if (kept.length === SNAPSHOTS_KEPT) break;
  }
  const first = (kept.length === SNAPSHOTS_KEPT ? kept.at(-1) : segments[0]) ?? 1;
  const isOld = (segment: number): boolean => segment < first;
  // What an interrupted compaction left is there, too.
  const old = (await segmentsIn(dir)).filter(isOld).map(segmentName);
  const files = [...old, ...(await besideIn(dir)).filter(isOld).map(snapshotName)];
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
  const { firstN, chain, snapshot } = await firstRecord(join(dir, segmentName(first)));
  // Another one that was planned later may have gone further.
  if (((await anchorOf(dir))?.first ?? 1) > first) return;
  // From now on nobody can do without it.
  if (snapshot !== true && first > 1) await readSnapshot(dir, first);
  await writeAtomically(join(dir, COMPACTED), `${JSON.stringify({ first, firstN, chain })}\n`);
  for (const name of files) await rm(join(dir, name), { force: true });
}

async function firstRecord(file: string): Promise<SegmentRecord> {
  const record = await segmentRecordOf(file);
  if (record === undefined) throw new JournalError("corrupt", `${file}: holds no record`);
  return record;
}
