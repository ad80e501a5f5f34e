/**
 * A snapshot of a run that goes on, made from its journal alone.
 *
 * Owns: the core of the newest snapshot, the finished files since played into it, and what comes out beside the file that is
 * being written now. By determinism that is what the engine would have saved there. May not: touch the engine, or a file of the journal.
 */
import { join } from "node:path";
import { filesOf, readJournal } from "../adapters/journal/read.ts";
import { segmentRecordOf } from "../adapters/journal/segments.ts";
import type { SegmentRecord } from "../adapters/journal/segments.ts";
import { newestSnapshot, removeOldSnapshots, writeSnapshot } from "../adapters/journal/snapshots.ts";
import { segmentName } from "../adapters/journal/thread/segment-writer.js";
import { calendarOf } from "../market/instruments.ts";
import { RebuildError } from "../runtime/recompute.ts";
import { recall, snapshotOfRecalled } from "../runtime/rebuild.ts";
import type { Recalled } from "../runtime/rebuild.ts";

export type Taken =
  | { readonly kind: "taken"; readonly segment: number; readonly seq: number }
  /** No file before this one was finished since the last one, or nothing has run yet. */
  | { readonly kind: "nothing"; readonly segment: number }
  /** The program with this digest has facts whose memory nobody can save. */
  | { readonly kind: "unsaved"; readonly program: string }
  | { readonly kind: "failed"; readonly reason: string };

export async function takeSnapshot(dir: string): Promise<Taken> {
  const { anchor, segments } = await filesOf(dir);
  const first = anchor?.first ?? 1;
  const place = await placeIn(dir, segments);
  if (place === undefined) return { kind: "nothing", segment: first };
  const { segment } = place;
  const newest = await newestSnapshot(dir, segments);
  if (newest !== undefined && newest.segment >= segment) return { kind: "nothing", segment };
  const run = await recalled(dir, segment);
  if (run === undefined) return { kind: "nothing", segment };
  const snapshot = snapshotOfRecalled(run);
  if (snapshot === undefined) return { kind: "unsaved", program: run.program.digest };
  await writeSnapshot(dir, place, run.header, snapshot);
  await removeOldSnapshots(dir, first);
  return { kind: "taken", segment, seq: run.seq };
}

/** The beginning of the last file that has one: everything before it is finished. */
async function placeIn(dir: string, segments: readonly number[]): Promise<SegmentRecord | undefined> {
  for (const segment of segments.slice(1).reverse()) {
    const record = await segmentRecordOf(join(dir, segmentName(segment)));
    if (record !== undefined) return record;
  }
  return undefined;
}

/** One that cannot be gone on from is passed over, as it is by a start. */
async function recalled(dir: string, before: number): Promise<Recalled | undefined> {
  const play = (from: "snapshot" | "start"): Promise<Recalled> =>
    recall(readJournal(dir, { from, before }), calendarOf);
  try {
    return await play("snapshot").catch((error: unknown) => {
      if (error instanceof RebuildError && error.code === "snapshot") return play("start");
      throw error;
    });
  } catch (error) {
    if (error instanceof RebuildError && error.code === "empty") return undefined;
    throw error;
  }
}
