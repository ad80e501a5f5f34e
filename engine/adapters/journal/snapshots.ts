/**
 * Where one may begin to read a journal: snapshots in its files, and those beside them.
 *
 * Owns: `NNNNNN.snapshot`, what the core remembered where `NNNNNN.journal` begins. It is framed like a file of the journal and
 * chained to the record before that place, so it fits there and nowhere else; no record is chained to it. Finding whole ones, and removing
 * old ones. May not: touch a file of the journal.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { JournalHeader, Snapshot, SnapshotRecord } from "../../ports/journal.ts";
import { writeAtomically } from "../files/write-atomically.ts";
import { decode, encode } from "./encode.ts";
import { partsOf } from "./ordered-journal.ts";
import type { SnapshotPart } from "./ordered-journal.ts";
import { JournalError, markOf, readSegment, segmentRecordOf } from "./segments.ts";
import type { SegmentRecord } from "./segments.ts";
import { Frames, MAGIC } from "./thread/frames.js";
import { segmentName } from "./thread/segment-writer.js";

/** Snapshots of which a compaction keeps what follows: the newest one, and one more should it turn out to be of no use. */
export const SNAPSHOTS_KEPT = 2;
/** Files beside the journal that stay: one more, so that a compaction never finds gone what it has just chosen. */
const FILES_KEPT = SNAPSHOTS_KEPT + 1;

export interface FoundSnapshot {
  /** Number of the file that begins with it, or beside the beginning of which it lies. */
  readonly segment: number;
  readonly place: "inside" | "beside";
  /** Name of the file that holds it. */
  readonly file: string;
  readonly bytes: number;
  /** When the file was written last. */
  readonly writtenAt: number;
  /** The input after which it was taken; null when that cannot be read. */
  readonly seq: number | null;
  /** Why nobody can begin there, or null. */
  readonly problem: string | null;
}

/** What a file beside the journal holds. */
export interface SnapshotFile {
  /** The place in the journal that it belongs to. */
  readonly at: SegmentRecord;
  readonly header: JournalHeader;
  readonly snapshot: SnapshotRecord;
}

export function snapshotName(segment: number): string {
  return segmentName(segment).replace(/journal$/, "snapshot");
}

/** Puts a snapshot together from its parts. */
export class SnapshotParts {
  #parts: SnapshotPart[] = [];

  isDue({ part }: SnapshotPart): boolean {
    return part === this.#parts.length;
  }

  /** The whole, with its last part. */
  take(record: SnapshotPart): SnapshotRecord | undefined {
    this.#parts.push(record);
    const { part, parts, text: _, ...rest } = record;
    if (part + 1 < parts) return undefined;
    return { ...rest, state: decode(this.#parts.map(({ text }) => text).join("")) };
  }
}

/** Writes one beside the file that begins with the record `at`: a crash leaves all of it or nothing. */
export async function writeSnapshot(
  dir: string,
  { firstN, chain, segment }: SegmentRecord,
  header: JournalHeader,
  snapshot: Snapshot,
): Promise<void> {
  const own: SegmentRecord = { kind: "segment", format: 2, segment, firstN, chain, snapshot: true };
  const frames = new Frames(markOf(own));
  frames.addPlain(MAGIC);
  for (const text of [encode(own), encode(header), ...partsOf(snapshot)])
    if (!frames.addText(text)) throw new JournalError("write", `${dir}: a part of a snapshot is larger than 64 MiB`);
  await writeAtomically(join(dir, snapshotName(segment)), frames.bytes.subarray(0, frames.length));
}

/** Throws a JournalError when it is damaged, or belongs elsewhere. */
export async function readSnapshot(dir: string, segment: number): Promise<SnapshotFile> {
  const found = await wholeIn(dir, segment);
  const begins = await segmentRecordOf(join(dir, segmentName(segment))).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  const { at } = found;
  if (at.segment !== segment || at.firstN !== begins?.firstN || at.chain !== begins.chain)
    throw new JournalError(
      "corrupt",
      `${join(dir, snapshotName(segment))}: it belongs to another place than the beginning of ${segmentName(segment)}`,
    );
  return found;
}

/** Whether there is a whole one that was made for this place, whatever lies there now. */
export async function tellsOf(dir: string, segment: number): Promise<boolean> {
  return await wholeIn(dir, segment).then(
    ({ at }) => at.segment === segment,
    (error: unknown) => {
      if (error instanceof JournalError) return false;
      throw error;
    },
  );
}

async function wholeIn(dir: string, segment: number): Promise<SnapshotFile> {
  const file = join(dir, snapshotName(segment));
  const fail = (what: string): JournalError => new JournalError("corrupt", `${file}: ${what}`);
  const records = await readSegment(file, true);
  const parts = new SnapshotParts();
  let at: SegmentRecord | undefined;
  let header: JournalHeader | undefined;
  let snapshot: SnapshotRecord | undefined;
  for (const { record } of records) {
    if (record.kind === "segment" && at === undefined) at = record;
    else if (record.kind === "header" && header === undefined) header = record;
    else if (record.kind === "snapshot" && snapshot === undefined && parts.isDue(record)) snapshot = parts.take(record);
    else throw fail(`a record of kind "${record.kind}" does not belong there`);
  }
  if (at === undefined || header === undefined || snapshot === undefined) throw fail("it is cut short");
  return { at, header, snapshot };
}

/** All of a journal with these files, newest first, those too of which nobody can begin. */
export async function* snapshotsOf(dir: string, segments: readonly number[]): AsyncGenerator<FoundSnapshot, void> {
  const first = segments[0] ?? 1;
  const beside = new Set((await besideIn(dir)).filter((segment) => segment >= first));
  const places = [...new Set([...segments, ...beside])].sort((a, b) => b - a);
  for (const segment of places) {
    const file = join(dir, segmentName(segment));
    if (segments.includes(segment) && (await segmentRecordOf(file))?.snapshot === true)
      yield await describe(dir, segment, "inside", await inside(file, segment === segments.at(-1)));
    else if (beside.has(segment)) yield await describe(dir, segment, "beside", await besideAt(dir, segment));
  }
}

/** The newest one from which one can begin, before the file `before` if that is given. */
export async function newestSnapshot(
  dir: string,
  segments: readonly number[],
  before = Number.POSITIVE_INFINITY,
): Promise<FoundSnapshot | undefined> {
  for await (const found of snapshotsOf(dir, segments))
    if (found.problem === null && found.segment < before) return found;
  return undefined;
}

/** Removes those beside the journal that newer ones have replaced, and what a crash left of one; `anchor` is where the journal begins. */
export async function removeOldSnapshots(dir: string, anchor: number): Promise<void> {
  const all = await besideIn(dir);
  const old = all.slice(0, Math.max(0, all.length - FILES_KEPT)).filter((segment) => segment !== anchor);
  const left = (await readdir(dir)).filter((name) => /^\.\d{6}\.snapshot\.[0-9a-f]+\.tmp$/.test(name));
  for (const name of [...old.map(snapshotName), ...left]) await rm(join(dir, name), { force: true });
}

/** Numbers of the files beside the journal, ascending. */
export async function besideIn(dir: string): Promise<number[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const numbers = names.flatMap((name) => (/^\d{6}\.snapshot$/.test(name) ? [Number(name.slice(0, 6))] : []));
  return numbers.sort((a, b) => a - b);
}

type Verdict = Pick<FoundSnapshot, "seq" | "problem">;

async function describe(
  dir: string,
  segment: number,
  place: FoundSnapshot["place"],
  verdict: Verdict,
): Promise<FoundSnapshot> {
  const file = place === "inside" ? segmentName(segment) : snapshotName(segment);
  const { size: bytes, mtimeMs: writtenAt } = await stat(join(dir, file));
  return { segment, place, file, bytes, writtenAt, ...verdict };
}

/** Damage of a file of the journal is damage of the journal, and throws. */
async function inside(file: string, isLast: boolean): Promise<Verdict> {
  const problem = `${file}: not all parts of its snapshot are there`;
  let due = 0;
  for (const { record } of await readSegment(file, isLast)) {
    if (record.kind === "snapshot") {
      if (record.part !== due) return { seq: record.seq, problem };
      due++;
      if (due === record.parts) return { seq: record.seq, problem: null };
    } else if (due > 0) break;
  }
  return { seq: null, problem };
}

/** That of one beside it is not: the records are all there. */
async function besideAt(dir: string, segment: number): Promise<Verdict> {
  try {
    const { snapshot } = await readSnapshot(dir, segment);
    return { seq: snapshot.seq, problem: null };
  } catch (error) {
    return { seq: null, problem: (error as Error).message };
  }
}
