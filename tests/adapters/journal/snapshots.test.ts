/** Snapshots in a journal: where reading may begin, and what may be removed before them. */
import { appendFile, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { compact, planCompaction } from "../../../engine/adapters/journal/compact.ts";
import { newestJournal } from "../../../engine/adapters/journal/find.ts";
import { openFileJournal, openJournal } from "../../../engine/adapters/journal/open.ts";
import { segmentName } from "../../../engine/adapters/journal/thread/segment-writer.js";
import { Folders, HEADER, first, framesOf, numbers, readAll, record, snapshot, upTo } from "./support.ts";

const folders = new Folders();
afterAll(() => folders.remove());

/** Ten records between snapshots: after 10, 20, … */
async function withSnapshots(count: number, dir?: string): Promise<string> {
  const folder = dir ?? (await folders.make());
  const journal = await openFileJournal(folder, HEADER);
  for (let i = 0; i < count; i++) {
    for (let n = 0; n < 10; n++) journal.append(record(journal.nextN));
    await journal.snapshot(snapshot(journal.nextN - 1));
  }
  for (let n = 0; n < 5; n++) journal.append(record(journal.nextN));
  await journal.close();
  return folder;
}

const names = async (dir: string): Promise<string[]> => (await readdir(dir)).sort();
const kinds = async (dir: string, from: "start" | "snapshot"): Promise<string> =>
  (await readAll(dir, { from })).map(({ kind }) => kind[0]).join("");

describe("a snapshot", () => {
  it("begins a file of its own, and reading may begin there", async () => {
    const dir = await withSnapshots(2);
    expect(await names(dir)).toEqual(["000001.journal", "000002.journal", "000003.journal"]);
    expect(await kinds(dir, "start")).toBe(`h${"i".repeat(10)}s${"i".repeat(10)}siiiii`);
    expect(await kinds(dir, "snapshot")).toBe("hsiiiii");
    const [header, found, next] = await readAll(dir, { from: "snapshot" });
    expect([header, found]).toEqual([HEADER, { kind: "snapshot", ...snapshot(19) }]);
    expect(next).toEqual(record(20));
  });

  it("needs nothing of what is before it", async () => {
    const dir = await withSnapshots(2);
    await writeFile(first(dir), "not a journal");
    expect(numbers(await readAll(dir, { from: "snapshot" }))).toEqual([20, 21, 22, 23, 24]);
    await expect(readAll(dir)).rejects.toThrow("damaged at byte 0");
    const journal = await openFileJournal(dir, HEADER);
    expect(journal.nextN).toBe(25);
    await journal.close();
  });

  it("counts only when it is whole: before that one the one before is taken", async () => {
    const big = "x".repeat(20 * 1024 * 1024);
    const dir = await withSnapshots(1);
    const journal = await openFileJournal(dir, HEADER);
    await journal.snapshot(snapshot(14, { big }));
    await journal.close();
    const file = join(dir, "000004.journal");
    const bytes = await readFile(file);
    expect(framesOf(bytes)).toHaveLength(5);
    const [, taken] = await readAll(dir, { from: "snapshot" });
    expect(taken).toEqual({ kind: "snapshot", ...snapshot(14, { big }) });
    await truncate(file, bytes.length - 10);
    expect(numbers(await readAll(dir, { from: "snapshot" }))).toEqual([10, 11, 12, 13, 14]);
    const again = await openFileJournal(dir, HEADER);
    again.append(record(15));
    await again.close();
    expect(numbers(await readAll(dir))).toEqual(upTo(16));
    expect(numbers(await readAll(dir, { from: "snapshot" }))).toEqual([10, 11, 12, 13, 14, 15]);
  });

  for (const [writer, open] of [
    ["this thread", openFileJournal],
    ["a thread", openJournal],
  ] as const) {
    it(`larger than a file stays whole in one, written by ${writer}, whatever its parts begin with`, async () => {
      const dir = await folders.make();
      // Larger than the ring too, and a part that begins with the letter that escapes.
      const state = { big: "#".repeat(20 * 1024 * 1024) };
      const journal = await open(dir, HEADER, { segmentBytes: 10_000 });
      journal.append(record(0));
      await journal.snapshot(snapshot(0, state));
      journal.append(record(1));
      await journal.sync();
      journal.append(record(2));
      await journal.close();
      expect(await names(dir)).toEqual(["000001.journal", "000002.journal", "000003.journal"]);
      for (const from of ["start", "snapshot"] as const) {
        const found = (await readAll(dir, { from })).find(({ kind }) => kind === "snapshot");
        expect(found !== undefined && "state" in found && found.state).toEqual(state);
      }
      expect(numbers(await readAll(dir))).toEqual([0, 1, 2]);
    });
  }

  it("that is damaged stops reading instead of an older one being taken", async () => {
    const dir = await withSnapshots(2);
    const file = join(dir, "000003.journal");
    const bytes = await readFile(file);
    bytes[bytes.indexOf('"snapshot","seq"')]! ^= 1;
    await writeFile(file, bytes);
    await expect(readAll(dir, { from: "snapshot" })).rejects.toThrow("damaged at byte");
  });
});

describe("compaction", () => {
  it("removes what is before the snapshot before the last, and the rest verifies", async () => {
    const dir = await withSnapshots(4);
    const plan = await planCompaction(dir);
    expect(plan).toMatchObject({ files: [1, 2, 3].map(segmentName), records: 30, snapshots: 2, first: 4 });
    await compact(dir, plan);
    expect(await names(dir)).toEqual(["000004.journal", "000005.journal", "COMPACTED"]);
    expect(numbers(await readAll(dir))).toEqual(upTo(45).slice(30));
    expect((await readAll(dir))[1]).toEqual({ kind: "snapshot", ...snapshot(29) });
    expect(await newestJournal(dir)).toBe(dir);
    expect(await planCompaction(dir)).toMatchObject({ files: [], bytes: 0, records: 0 });
  });

  it("removes nothing while there are fewer than two snapshots", async () => {
    for (const count of [0, 1]) {
      const dir = await withSnapshots(count);
      const before = await names(dir);
      const plan = await planCompaction(dir);
      expect(plan).toMatchObject({ files: [], snapshots: count });
      await compact(dir, plan);
      expect(await names(dir)).toEqual(before);
    }
  });

  it("may be interrupted between any two files, and is finished by the next", async () => {
    for (let removed = 0; removed < 3; removed++) {
      const dir = await withSnapshots(4);
      const kept = new Map(
        await Promise.all([1, 2, 3].map(async (n) => [n, await readFile(join(dir, segmentName(n)))] as const)),
      );
      await compact(dir, await planCompaction(dir));
      for (const n of [1, 2, 3]) if (n > removed) await writeFile(join(dir, segmentName(n)), kept.get(n) as Buffer);
      expect(numbers(await readAll(dir))).toEqual(upTo(45).slice(30));
      const plan = await planCompaction(dir);
      expect(plan.files).toEqual([1, 2, 3].filter((n) => n > removed).map(segmentName));
      await compact(dir, plan);
      expect(await names(dir)).toEqual(["000004.journal", "000005.journal", "COMPACTED"]);
    }
  });

  it("goes on after more snapshots, and opening anew continues", async () => {
    const dir = await withSnapshots(3);
    await compact(dir, await planCompaction(dir));
    await withSnapshots(2, dir);
    const plan = await planCompaction(dir);
    expect(plan.snapshots).toBe(2);
    await compact(dir, plan);
    expect(numbers(await readAll(dir))).toEqual(upTo(60).slice(45));
  });

  it("is not made of a journal that does not verify, and a lost file is not taken for one", async () => {
    const dir = await withSnapshots(3);
    const bytes = await readFile(first(dir));
    bytes[100]! ^= 1;
    await writeFile(first(dir), bytes);
    await expect(planCompaction(dir)).rejects.toThrow("damaged at byte");
    await rm(first(dir));
    await expect(readAll(dir)).rejects.toThrow("000001.journal is missing");
    await rm(join(dir, "000002.journal"));
    await expect(readAll(dir)).rejects.toThrow("000001.journal is missing");
  });

  it("cannot be feigned: another first file, or an anchor that was written by hand", async () => {
    const dir = await withSnapshots(4);
    await compact(dir, await planCompaction(dir));
    const anchor = await readFile(join(dir, "COMPACTED"), "utf8");
    await writeFile(join(dir, "COMPACTED"), anchor.replace('"first":4', '"first":5'));
    await expect(readAll(dir)).rejects.toThrow("000005.journal: does not follow the file before it");
    await writeFile(join(dir, "COMPACTED"), "{}");
    await expect(readAll(dir)).rejects.toThrow("does not say what the first file of the journal is");
    await writeFile(join(dir, "COMPACTED"), anchor.replace('"first":4', '"first":9'));
    await expect(readAll(dir)).rejects.toThrow("000009.journal is missing");
    await writeFile(join(dir, "COMPACTED"), anchor);
    await appendFile(join(dir, "000005.journal"), "x");
    expect(numbers(await readAll(dir))).toHaveLength(15);
  });
});
