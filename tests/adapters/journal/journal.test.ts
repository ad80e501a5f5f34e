/**
 * The journal on disk: what was confirmed is there after every kind of crash, and damage is never hidden.
 */
import { spawnSync } from "node:child_process";
import { appendFile, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decode, encode } from "../../../engine/adapters/journal/encode.ts";
import { type FileJournal, type JournalOptions, openJournal } from "../../../engine/adapters/journal/file-journal.ts";
import { MemoryJournal } from "../../../engine/adapters/journal/memory-journal.ts";
import { readJournal } from "../../../engine/adapters/journal/read.ts";
import type { JournalHeader, JournalRecord } from "../../../engine/ports/journal.ts";

const HEADER: JournalHeader = {
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

const record = (n: number, price = n + 0.5): JournalRecord => ({
  kind: "in",
  n,
  input: {
    seq: n,
    marketTime: n,
    arrivalTime: n,
    kind: "trade",
    symbol: "SPY",
    time: n,
    price,
    size: 1,
    setsPrice: true,
  },
});

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "barwise-journal-"));
});
afterAll(async () => {
  await rm(root, { recursive: true });
});

const folder = (): Promise<string> => mkdtemp(join(root, "j-"));

async function readAll(dir: string): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  for await (const each of readJournal(dir)) records.push(each);
  return records;
}

async function written(count: number, options?: JournalOptions): Promise<string> {
  const dir = await folder();
  const journal = await openJournal(dir, HEADER, options);
  for (let n = 0; n < count; n++) {
    journal.append(record(n));
    if (n % 10 === 9) await journal.sync();
  }
  await journal.close();
  return dir;
}

const numbers = (records: JournalRecord[]): number[] =>
  records.flatMap((each) => (each.kind === "header" ? [] : [each.n]));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe("records", () => {
  it("come back as they were, header first", async () => {
    const dir = await written(25);
    const records = await readAll(dir);
    expect(records[0]).toEqual(HEADER);
    expect(records.slice(1)).toEqual(upTo(25).map((n) => record(n)));
  });

  it("keep NaN, infinities, null and text that looks like them", () => {
    const value = { a: NaN, b: [Infinity, -Infinity, null, 1.5], c: "#NaN", d: "##x", e: "NaN", f: "null" };
    expect(decode(encode(value))).toEqual(value);
    expect(encode({ a: 1, b: "x" })).toBe('{"a":1,"b":"x"}');
  });

  it("must be numbered without a gap, and a wrong number ends the journal", async () => {
    const journal = await openJournal(await folder(), HEADER);
    journal.append(record(0));
    expect(() => journal.append(record(2))).toThrow("record 2 appended where 1 is due");
    expect(() => journal.append(record(1))).toThrow("record 2 appended where 1 is due");
    await expect(journal.sync()).rejects.toThrow("record 2");
    await expect(journal.close()).rejects.toThrow("record 2");
    const memory = new MemoryJournal(HEADER);
    memory.append(record(0));
    expect(() => memory.append(record(0))).toThrow("record 0 appended where 1 is due");
  });

  it("continue after reopening, with a new header in between", async () => {
    const dir = await written(3);
    const journal = await openJournal(dir, { ...HEADER, node: "v22" });
    expect([journal.nextN, journal.torn]).toEqual([3, null]);
    journal.append(record(3));
    await journal.close();
    const records = await readAll(dir);
    expect(records.map((each) => each.kind)).toEqual(["header", "in", "in", "in", "header", "in"]);
    expect(numbers(records)).toEqual([0, 1, 2, 3]);
  });

  it("span files, each chained to the one before", async () => {
    const dir = await written(200, { segmentBytes: 2_000 });
    const files = (await readdir(dir)).sort();
    expect(files.length).toBeGreaterThan(5);
    expect(numbers(await readAll(dir))).toEqual(upTo(200));
    await rm(join(dir, files[2] as string));
    await expect(readAll(dir)).rejects.toThrow("000003.journal is missing");
  });

  it("does not accept a file of another journal in its place", async () => {
    const dir = await written(200, { segmentBytes: 2_000 });
    const other = await folder();
    const journal = await openJournal(other, { ...HEADER, seed: "t" }, { segmentBytes: 2_000 });
    for (let n = 0; n < 200; n++) {
      journal.append(record(n, 7));
      if (n % 10 === 9) await journal.sync();
    }
    await journal.close();
    await writeFile(join(dir, "000003.journal"), await readFile(join(other, "000003.journal")));
    await expect(readAll(dir)).rejects.toThrow("000003.journal: does not follow the file before it");
  });
});

describe("sync", () => {
  it("shares one round among callers that come together", async () => {
    const journal = await openJournal(await folder(), HEADER);
    const before = journal.stats.syncs;
    const calls: Promise<void>[] = [];
    for (let n = 0; n < 1_000; n++) {
      journal.append(record(n));
      calls.push(journal.sync());
    }
    await Promise.all(calls);
    expect(journal.stats.syncs - before).toBeLessThanOrEqual(2);
    await journal.close();
  });

  it("means the bytes are in the file", async () => {
    const dir = await folder();
    const journal = await openJournal(dir, HEADER);
    journal.append(record(0));
    await journal.sync();
    expect(numbers(await readAll(dir))).toEqual([0]);
    await journal.close();
    await journal.close();
    await expect(journal.sync()).rejects.toThrow("closed");
  });

  it.each(["write", "datasync"] as const)("rejects for ever after a failed %s", async (call) => {
    let broken = false;
    const journal = await openJournal(await folder(), HEADER, {
      open: async (path, flags) => {
        const file = await open(path, flags);
        const works = file[call].bind(file) as (...args: unknown[]) => Promise<unknown>;
        const fails = (...args: unknown[]): Promise<unknown> =>
          broken ? Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" })) : works(...args);
        return Object.assign(file, { [call]: fails });
      },
    });
    journal.append(record(0));
    await journal.sync();
    broken = true;
    journal.append(record(1));
    const both = [journal.sync(), journal.sync()];
    for (const each of both) await expect(each).rejects.toThrow("cannot be written (ENOSPC)");
    broken = false;
    await expect(journal.sync()).rejects.toThrow("ENOSPC");
    expect(() => journal.append(record(2))).toThrow("ENOSPC");
    await expect(journal.close()).rejects.toThrow("ENOSPC");
  });
});

describe("recovery", () => {
  const reopen = async (dir: string): Promise<FileJournal> => openJournal(dir, HEADER);
  const first = (dir: string): string => join(dir, "000001.journal");

  it("cuts a torn tail at every possible length and keeps all whole records", async () => {
    const source = await written(5);
    const whole = await readFile(first(source));
    for (let size = whole.length - 1; size >= 0; size -= 13) {
      const dir = await folder();
      await writeFile(first(dir), whole.subarray(0, size));
      const journal = await reopen(dir);
      const kept = journal.nextN;
      journal.append(record(kept));
      await journal.close();
      expect(numbers(await readAll(dir))).toEqual(upTo(kept + 1));
    }
  });

  it("takes zeros behind the last record for a torn tail and tells what it cut", async () => {
    const dir = await written(3);
    const { length } = await readFile(first(dir));
    await appendFile(first(dir), Buffer.alloc(4_096));
    const journal = await reopen(dir);
    expect([journal.nextN, journal.torn]).toEqual([3, { file: first(dir), offset: length, bytes: 4_096 }]);
    await journal.close();
  });

  it("stops at damage in the middle, names the place and leaves the file as it is", async () => {
    const dir = await written(20);
    const bytes = await readFile(first(dir));
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    await writeFile(first(dir), bytes);
    await expect(reopen(dir)).rejects.toThrow(/000001\.journal: damaged at byte \d+, but good records follow at \d+/);
    await expect(readAll(dir)).rejects.toThrow("damaged at byte");
    expect(await readFile(first(dir))).toEqual(bytes);
  });

  it("finds every flipped bit but one in the last record", async () => {
    const source = await written(6);
    const whole = await readFile(first(source));
    const dir = await folder();
    for (let at = 0; at < whole.length; at += 17) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 4;
      await writeFile(first(dir), bytes);
      const outcome = await readAll(dir).then(
        (records) => `whole prefix ${numbers(records).length}`,
        (error: Error) => error.message,
      );
      expect(outcome).toMatch(/damaged at byte|whole prefix 5/);
    }
  });

  it("calls a torn tail in an earlier file corruption", async () => {
    const dir = await written(200, { segmentBytes: 2_000 });
    const { length } = await readFile(first(dir));
    await truncate(first(dir), length - 3);
    await expect(reopen(dir)).rejects.toThrow("and later files follow");
  });

  it("writes a file again whose first record was cut short", async () => {
    const dir = await written(3);
    await writeFile(join(dir, "000002.journal"), Buffer.from([9, 0, 0]));
    const journal = await reopen(dir);
    journal.append(record(3));
    await journal.close();
    expect(numbers(await readAll(dir))).toEqual([0, 1, 2, 3]);
  });

  it("refuses a journal of another identity", async () => {
    const dir = await written(1);
    await expect(openJournal(dir, { ...HEADER, id: "J2" })).rejects.toThrow("holds journal J1, not J2");
  });

  it("keeps what a killed process had confirmed", async () => {
    const dir = await written(10);
    const journal = await reopen(dir);
    for (let n = 10; n < 20; n++) journal.append(record(n));
    await journal.sync();
    for (let n = 20; n < 30; n++) journal.append(record(n));
    // The process would die here: what was not synced is not in the file, what was is.
    expect(numbers(await readAll(dir))).toEqual(upTo(20));
    await journal.close();
  });
});

describe("the lock", () => {
  it("keeps a second writer out and is released by close", async () => {
    const dir = await folder();
    const journal = await openJournal(dir, HEADER);
    await expect(openJournal(dir, HEADER)).rejects.toThrow("already open in this process");
    await journal.close();
    await (await openJournal(dir, HEADER)).close();
  });

  it("respects a living process and ignores a dead one", async () => {
    const dir = await folder();
    await writeFile(join(dir, "LOCK"), JSON.stringify({ pid: process.ppid, started: null }));
    await expect(openJournal(dir, HEADER)).rejects.toThrow(`process ${process.ppid} is writing this journal`);
    const gone = spawnSync(process.execPath, ["-e", ""]).pid;
    await writeFile(join(dir, "LOCK"), JSON.stringify({ pid: gone, started: null }));
    await (await openJournal(dir, HEADER)).close();
    await writeFile(join(dir, "LOCK"), JSON.stringify({ pid: process.ppid, started: "an earlier boot/1" }));
    await (await openJournal(dir, HEADER)).close();
  });
});
