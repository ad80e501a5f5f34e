/** Journals for tests: records, whole journals of each writer, files of the first format. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { encode } from "../../../engine/adapters/journal/encode.ts";
import { MemoryJournal } from "../../../engine/adapters/journal/memory-journal.ts";
import { openFileJournal, openJournal } from "../../../engine/adapters/journal/open.ts";
import { readJournal } from "../../../engine/adapters/journal/read.ts";
import type { ReadOptions } from "../../../engine/adapters/journal/read.ts";
import { HEAD, MAGIC } from "../../../engine/adapters/journal/thread/frames.js";
import type { Journal, JournalHeader, JournalRecord, NumberedRecord, Snapshot } from "../../../engine/ports/journal.ts";

export const HEADER: JournalHeader = {
  kind: "header",
  format: 1,
  barwise: "0.0.0",
  node: "v20",
  v8: "1",
  tz: "2025a",
  icu: "1",
  id: "J1",
  account: "A1",
  seed: "s",
  createdAt: 1,
};

export const record = (n: number, price = n + 0.5, symbol = "SPY"): NumberedRecord => ({
  kind: "in",
  n,
  input: {
    seq: n,
    marketTime: n,
    arrivalTime: n,
    kind: "trade",
    symbol,
    time: n,
    price,
    size: 1,
    setsPrice: true,
  },
});

export const snapshot = (seq: number, state: unknown = { at: seq }): Snapshot => ({
  seq,
  program: "abc",
  core: 1,
  state,
});

export class Folders {
  readonly #made: string[] = [];

  async make(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "barwise-journal-"));
    this.#made.push(folder);
    return folder;
  }

  async remove(): Promise<void> {
    for (const folder of this.#made) await rm(folder, { recursive: true, force: true });
  }
}

export async function readAll(dir: string, options?: ReadOptions): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const each of readJournal(dir, options)) records.push(each);
  return records;
}

export const numbers = (records: readonly JournalRecord[]): number[] =>
  records.flatMap((each) => ("n" in each ? [each.n] : []));
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
export const first = (dir: string): string => join(dir, "000001.journal");

/** A journal of `count` records, a sync at every tenth. */
export async function written(dir: string, count: number, segmentBytes?: number, price?: number): Promise<string> {
  const journal = await openFileJournal(dir, HEADER, segmentBytes === undefined ? {} : { segmentBytes });
  for (let n = 0; n < count; n++) {
    journal.append(record(n, price));
    if (n % 10 === 9) await journal.sync();
  }
  await journal.close();
  return dir;
}

/** One of each kind of writer, with what it wrote read back. */
export interface Writer {
  readonly name: string;
  readonly open: (dir: string) => Promise<Journal & { readonly nextN: number }>;
  readonly read: (journal: Journal, dir: string) => Promise<readonly JournalRecord[]>;
}

export const WRITERS: readonly Writer[] = [
  {
    name: "in memory",
    open: () => Promise.resolve(new MemoryJournal(HEADER)),
    read: (journal) => Promise.resolve((journal as MemoryJournal).records),
  },
  { name: "on this thread", open: (dir) => openFileJournal(dir, HEADER), read: (_, dir) => readAll(dir) },
  { name: "on a thread", open: (dir) => openJournal(dir, HEADER), read: (_, dir) => readAll(dir) },
  {
    name: "on a thread behind a tiny ring",
    open: (dir) => openJournal(dir, HEADER, { ringBytes: 256 }),
    read: (_, dir) => readAll(dir),
  },
];

/** The one file of a journal of format 1. */
export async function writeFormatOne(dir: string, records: readonly JournalRecord[]): Promise<void> {
  const segment = { kind: "segment", format: 1, segment: 1, firstN: 0, chain: 0 };
  const frames = [segment, ...records].map((each) => {
    const payload = Buffer.from(encode(each));
    const head = Buffer.alloc(8);
    head.writeUInt32LE(payload.length, 0);
    head.writeUInt32LE(crc32(payload), 4);
    return Buffer.concat([head, payload]);
  });
  await writeFile(first(dir), Buffer.concat(frames));
}

/** The frames of a file of format 2, each with its head. */
export function framesOf(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = MAGIC.length; at < bytes.length;) {
    const end = at + HEAD + bytes.readUInt32LE(at);
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

export const fileOf = (frames: readonly Buffer[]): Buffer => Buffer.concat([MAGIC, ...frames]);

/** The frame with another payload and a checksum that fits: damage this is not. */
export function withPayload(frame: Buffer, text: string): Buffer {
  const payload = Buffer.from(text);
  const changed = Buffer.concat([frame.subarray(0, HEAD), payload]);
  changed.writeUInt32LE(payload.length, 0);
  changed.writeUInt32LE(crc32(changed.subarray(8)), 4);
  return changed;
}

export const payloadOf = (frame: Buffer): string => frame.toString("utf8", HEAD);
