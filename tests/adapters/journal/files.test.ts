/**
 * The files of a journal: what was confirmed is there after every kind of crash, and neither damage nor a change is hidden.
 */
import { appendFile, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { decode, encode } from "../../../engine/adapters/journal/encode.ts";
import { openFileJournal, openJournal } from "../../../engine/adapters/journal/open.ts";
import type { FileJournal } from "../../../engine/adapters/journal/file-journal.ts";
import { CHAIN, FIRST_CHAIN, HEAD, MAGIC, chainOf } from "../../../engine/adapters/journal/thread/frames.js";
import { DISK, SegmentWriter } from "../../../engine/adapters/journal/thread/segment-writer.js";
import { SEED, runs } from "../../support/runs.ts";
import {
  Folders,
  HEADER,
  fileOf,
  first,
  framesOf,
  numbers,
  payloadOf,
  readAll,
  record,
  upTo,
  withPayload,
  writeFormatOne,
  written,
} from "./support.ts";

const folders = new Folders();
afterAll(() => folders.remove());

const journalOf = async (count: number, segmentBytes?: number): Promise<string> =>
  written(await folders.make(), count, segmentBytes);
const reopen = (dir: string): Promise<FileJournal> => openFileJournal(dir, HEADER);

describe("records", () => {
  it("keep NaN, infinities, null and text that looks like them", () => {
    const value = { a: NaN, b: [Infinity, -Infinity, null, 1.5], c: "#NaN", d: "##x", e: "NaN", f: "null" };
    expect(decode(encode(value))).toEqual(value);
    expect(encode({ a: 1, b: "x" })).toBe('{"a":1,"b":"x"}');
  });

  it("continue after reopening, with a new header in between", async () => {
    const dir = await journalOf(3);
    const journal = await openFileJournal(dir, { ...HEADER, node: "v22" });
    expect([journal.nextN, journal.torn]).toEqual([3, null]);
    journal.append(record(3));
    await journal.close();
    const records = await readAll(dir);
    expect(records.map((each) => each.kind)).toEqual(["header", "in", "in", "in", "header", "in"]);
    expect(numbers(records)).toEqual([0, 1, 2, 3]);
  });

  it("span files, each chained to the one before", async () => {
    const dir = await journalOf(200, 2_000);
    const files = (await readdir(dir)).sort();
    expect(files.length).toBeGreaterThan(5);
    expect(numbers(await readAll(dir))).toEqual(upTo(200));
    await rm(join(dir, files[2] as string));
    await expect(readAll(dir)).rejects.toThrow("000003.journal is missing");
  });

  it("are read when an older version wrote them, and never continued", async () => {
    const dir = await folders.make();
    const records = [HEADER, record(0), record(1), { kind: "out", n: 2, seq: 1, outputs: [] } as const];
    await writeFormatOne(dir, records);
    expect(await readAll(dir)).toEqual(records);
    expect(await readAll(dir, { from: "snapshot" })).toEqual(records);
    const before = await readFile(first(dir));
    await expect(reopen(dir)).rejects.toThrow("older version (format 1): it can be read, not continued");
    expect(await readFile(first(dir))).toEqual(before);
    await truncate(first(dir), before.length - 3);
    expect(await readAll(dir)).toEqual(records.slice(0, 3));
  });
});

describe("the chain", () => {
  it("does not accept a file of another journal in its place", async () => {
    const dir = await journalOf(200, 2_000);
    const other = await written(await folders.make(), 200, 2_000, 7);
    await writeFile(join(dir, "000003.journal"), await readFile(join(other, "000003.journal")));
    await expect(readAll(dir)).rejects.toThrow("000003.journal: does not follow the file before it");
  });

  it("finds a record that was changed, taken out, put in or moved, though every checksum fits", async () => {
    const dir = await journalOf(12);
    const frames = framesOf(await readFile(first(dir)));
    const place = fc.integer({ min: 1, max: frames.length - 1 });
    const change = fc.oneof(
      place.map((i) => frames.map((frame, at) => (at === i ? changed(frame) : frame))),
      place.map((i) => frames.filter((_, at) => at !== i || at === frames.length - 1)),
      place.map((i) => [...frames.slice(0, i), frames[i] as Buffer, ...frames.slice(i)]),
      fc.tuple(place, place).map(([i, j]) => swapped(frames, i, j)),
    );
    await fc.assert(
      fc.asyncProperty(change, async (altered) => {
        await writeFile(first(dir), fileOf(altered));
        const isWhole = fileOf(altered).equals(fileOf(frames));
        const read = readAll(dir);
        if (isWhole) await expect(read).resolves.toHaveLength(13);
        else await expect(read).rejects.toThrow("a record was changed, taken out or put in");
      }),
      { numRuns: runs(100), seed: SEED },
    );
  });

  it("goes from file to file: a record changed at the end of one is found in it", async () => {
    const dir = await journalOf(200, 2_000);
    const frames = framesOf(await readFile(first(dir)));
    frames.push(changed(frames.pop() as Buffer));
    await writeFile(first(dir), fileOf(frames));
    await expect(readAll(dir)).rejects.toThrow(/000001\.journal: the record at byte \d+ does not follow/);
    frames.pop();
    await writeFile(first(dir), fileOf(frames));
    await expect(readAll(dir)).rejects.toThrow("000002.journal: does not follow the file before it");
  });
});

function changed(frame: Buffer): Buffer {
  return withPayload(frame, payloadOf(frame).replace("}", ',"x":1}'));
}

function swapped(frames: readonly Buffer[], i: number, j: number): Buffer[] {
  const copy = [...frames];
  [copy[i], copy[j]] = [copy[j] as Buffer, copy[i] as Buffer];
  return copy;
}

describe("a journal that is opened again", () => {
  it("has lost a torn tail, whatever its length, and nothing else", async () => {
    const source = await journalOf(5);
    const whole = await readFile(first(source));
    const frames = framesOf(whole);
    const last = whole.length - (frames.at(-1) as Buffer).length;
    // Every length of the last record, and some of the file before it.
    const sizes = [
      ...upTo(whole.length - last).map((i) => last + i),
      ...upTo(25).map((i) => Math.floor((last * i) / 25)),
    ];
    for (const size of sizes) {
      const dir = await folders.make();
      await writeFile(first(dir), whole.subarray(0, size));
      const journal = await reopen(dir);
      const kept = journal.nextN;
      if (size >= last) expect(kept).toBe(4);
      journal.append(record(kept));
      await journal.close();
      expect(numbers(await readAll(dir))).toEqual(upTo(kept + 1));
    }
  });

  it("takes zeros behind the last record for a torn tail and tells what it cut", async () => {
    const dir = await journalOf(3);
    const { length } = await readFile(first(dir));
    await appendFile(first(dir), Buffer.alloc(4_096));
    const journal = await reopen(dir);
    expect([journal.nextN, journal.torn]).toEqual([3, { file: first(dir), offset: length, bytes: 4_096 }]);
    await journal.close();
  });

  it("stops at damage in the middle, names the place and leaves the file as it is", async () => {
    const dir = await journalOf(20);
    const bytes = await readFile(first(dir));
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    await writeFile(first(dir), bytes);
    await expect(reopen(dir)).rejects.toThrow(/000001\.journal: damaged at byte \d+, but good records follow at \d+/);
    await expect(readAll(dir)).rejects.toThrow("damaged at byte");
    expect(await readFile(first(dir))).toEqual(bytes);
  });

  it("finds every flipped bit, and takes it for a torn tail only in the last record", async () => {
    const source = await journalOf(6);
    const whole = await readFile(first(source));
    const last = whole.length - (framesOf(whole).at(-1) as Buffer).length;
    const dir = await folders.make();
    for (let at = 0; at < whole.length; at += 5) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 4;
      await writeFile(first(dir), bytes);
      const outcome = await readAll(dir).then(
        (records) => `whole prefix ${numbers(records).length}`,
        (error: Error) => error.message,
      );
      if (at >= last) expect(outcome).toBe("whole prefix 5");
      else expect(outcome).toMatch(/damaged at byte/);
    }
  });

  it("calls a torn tail in an earlier file corruption, and an empty one too", async () => {
    const dir = await journalOf(200, 2_000);
    const { length } = await readFile(first(dir));
    await truncate(first(dir), length - 3);
    await expect(reopen(dir)).rejects.toThrow("and later files follow");
    await truncate(first(dir), 0);
    await expect(reopen(dir)).rejects.toThrow("holds no record, and later files follow");
  });

  it("writes a file again whose first record was cut short", async () => {
    for (const left of [Buffer.alloc(0), MAGIC.subarray(0, 5), Buffer.concat([MAGIC, Buffer.from([9, 0, 0])])]) {
      const dir = await journalOf(3);
      await writeFile(join(dir, "000002.journal"), left);
      const journal = await reopen(dir);
      journal.append(record(3));
      await journal.close();
      expect(numbers(await readAll(dir))).toEqual([0, 1, 2, 3]);
    }
  });

  it("is left alone when a version to come wrote its last file, or its records", async () => {
    const dir = await journalOf(3);
    const ours = await readFile(first(dir));
    const last = join(dir, "000002.journal");
    // Framed in a way that nobody knows yet, and short.
    await writeFile(last, "BARWISE3 and what a later version has to say");
    await expect(reopen(dir)).rejects.toThrow("000002.journal: begins as a file of another version of barwise");
    expect(await readFile(last, "utf8")).toContain("a later version");
    await rm(last);
    const frames = framesOf(ours);
    for (const [text, said] of [
      [payloadOf(frames[1] as Buffer).replace('"format":1', '"format":2'), "its records are of format 2"],
      ['{"kind":"tomorrow","n":0}', "does not know the record at byte"],
    ] as const) {
      const changed = withPayload(frames[1] as Buffer, text);
      const mark = (frames[0] as Buffer).toString("latin1", 8, HEAD);
      changed.write(
        chainOf(Buffer.concat([Buffer.from(mark, "latin1"), changed.subarray(HEAD)]), 0, CHAIN + text.length),
        8,
        "latin1",
      );
      const sealed = withPayload(changed, text);
      await writeFile(first(dir), fileOf([frames[0] as Buffer, sealed]));
      await expect(reopen(dir)).rejects.toThrow(said);
      expect(await readFile(first(dir))).toEqual(fileOf([frames[0] as Buffer, sealed]));
    }
  });

  it("is left alone when its last file has no beginning, and more than one could have", async () => {
    const dir = await journalOf(3);
    const last = join(dir, "000002.journal");
    for (const bytes of [Buffer.alloc(5_000), Buffer.alloc(5_000, "x")]) {
      await writeFile(last, bytes);
      await expect(reopen(dir)).rejects.toThrow("000002.journal: damaged at its beginning, and 5000 bytes follow");
      expect(await readFile(last)).toEqual(bytes);
    }
  });

  it("refuses one of another identity", async () => {
    const dir = await journalOf(1);
    await expect(openFileJournal(dir, { ...HEADER, id: "J2" })).rejects.toThrow("holds journal J1, not J2");
  });

  it("refuses what looks like a record inside a record", async () => {
    // A payload cannot hold the bytes of a frame: JSON writes control characters as text.
    const frame = framesOf(await readFile(first(await journalOf(1)))).at(-1) as Buffer;
    const dir = await folders.make();
    const journal = await reopen(dir);
    journal.append(record(0, 1, frame.toString("latin1")));
    journal.append(record(1));
    await journal.close();
    const bytes = await readFile(first(dir));
    await writeFile(first(dir), bytes.subarray(0, bytes.length - 1));
    expect(numbers(await readAll(dir))).toEqual([0]);
    const inside = framesOf(bytes)[2] as Buffer;
    await writeFile(first(dir), bytes.subarray(0, bytes.indexOf(inside) + HEAD + 300));
    expect(numbers(await readAll(dir))).toEqual([]);
  });
});

describe("a journal with as many files as there are names", () => {
  it("is full, which is told", async () => {
    const dir = await folders.make();
    await writeFile(join(dir, "999999.journal"), "");
    const begun = (): unknown =>
      new SegmentWriter({ dir, segment: 1_000_000, nextN: 0, chain: FIRST_CHAIN, segmentBytes: 1 }, DISK);
    expect(begun).toThrow("it has 999999 files, begin a new one");
    expect(await readdir(dir)).toEqual(["999999.journal"]);
  });
});

describe("a disk that fails", () => {
  it.each([
    ["writeSync", "ENOSPC", "ENOSPC: the disk is full"],
    ["fdatasyncSync", "EIO", "EIO: the disk reports an error"],
  ] as const)("at %s is told for ever", async (call, code, text) => {
    let isBroken = false;
    const failing = (...args: never[]): unknown => {
      if (isBroken) throw Object.assign(new Error("made up"), { code });
      return (DISK[call] as (...all: never[]) => unknown)(...args);
    };
    const journal = await openFileJournal(await folders.make(), HEADER, { disk: { ...DISK, [call]: failing } });
    journal.append(record(0));
    await journal.sync();
    isBroken = true;
    journal.append(record(1));
    const both = [journal.sync(), journal.sync()];
    for (const each of both) await expect(each).rejects.toThrow(`cannot be written (${text})`);
    isBroken = false;
    await expect(journal.sync()).rejects.toThrow(code);
    expect(() => journal.append(record(2))).toThrow(code);
    await expect(journal.close()).rejects.toThrow(code);
  });

  it.each([
    ["removed", "somebody removed 000001.journal", (dir: string) => rm(first(dir))],
    ["cut", "somebody else changed 000001.journal", (dir: string) => truncate(first(dir), 100)],
    ["written by another", "somebody else changed 000001.journal", (dir: string) => appendFile(first(dir), "more")],
  ] as const)("no longer holds what is written when its file is %s: that is noticed", async (_, text, harm) => {
    for (const open of [openFileJournal, openJournal]) {
      const dir = await folders.make();
      const journal = await open(dir, HEADER);
      journal.append(record(0));
      await journal.sync();
      await harm(dir);
      journal.append(record(1));
      await expect(journal.sync()).rejects.toThrow(`cannot be written (${text} while it was written)`);
      await expect(journal.close()).rejects.toThrow(text);
    }
  });

  it("never leaves a journal that reads as something else: each call fails once", async () => {
    for (let fails = 0; fails < 40; fails++) {
      let calls = 0;
      const counted = Object.fromEntries(
        Object.entries(DISK).map(([name, work]) => [
          name,
          (...args: never[]): unknown => {
            if (calls++ === fails) throw Object.assign(new Error("made up"), { code: "EIO" });
            return (work as (...all: never[]) => unknown)(...args);
          },
        ]),
      ) as unknown as typeof DISK;
      const dir = await folders.make();
      let acknowledged = 0;
      const run = async (): Promise<void> => {
        const journal = await openFileJournal(dir, HEADER, { segmentBytes: 600, disk: counted });
        for (let n = 0; n < 12; n++) {
          journal.append(record(n));
          await journal.sync().catch(async (error: Error) => {
            await expect(journal.close()).rejects.toBe(error);
            throw error;
          });
          acknowledged = n + 1;
        }
        await journal.close();
      };
      await run().catch((error: Error) => expect(error.message).toContain("EIO"));
      const journal = await reopen(dir);
      expect(journal.nextN).toBeGreaterThanOrEqual(acknowledged);
      await journal.close();
      expect(numbers(await readAll(dir))).toEqual(upTo(journal.nextN));
    }
  });
});
