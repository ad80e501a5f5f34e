/** What every writer of a journal keeps to, whoever writes the bytes. */
import { afterAll, describe, expect, it } from "vitest";
import type { JournalRecord } from "../../../engine/ports/journal.ts";
import { Folders, HEADER, WRITERS, numbers, record, snapshot, upTo } from "./support.ts";

const folders = new Folders();
afterAll(() => folders.remove());

describe.each(WRITERS)("a journal $name", ({ open, read }) => {
  it("keeps records in their order, header first", async () => {
    const dir = await folders.make();
    const journal = await open(dir);
    for (let n = 0; n < 500; n++) {
      expect(journal.nextN).toBe(n);
      journal.append(record(n));
    }
    await journal.close();
    expect(await read(journal, dir)).toEqual([HEADER, ...upTo(500).map((n) => record(n))]);
  });

  it("holds what was appended when sync resolves, and resolves at once when nothing is new", async () => {
    const dir = await folders.make();
    const journal = await open(dir);
    await journal.sync();
    for (let n = 0; n < 5; n++) {
      journal.append(record(n));
      await journal.sync();
      expect(numbers(await read(journal, dir))).toEqual(upTo(n + 1));
      await journal.sync();
    }
    await journal.close();
  });

  it("resolves every sync of a crowd, each with its own records", async () => {
    const dir = await folders.make();
    const journal = await open(dir);
    const counts: Promise<number>[] = [];
    for (let n = 0; n < 300; n++) {
      journal.append(record(n));
      counts.push(journal.sync().then(() => n));
    }
    expect(await Promise.all(counts)).toEqual(upTo(300));
    expect(numbers(await read(journal, dir))).toEqual(upTo(300));
    await journal.close();
  });

  it("takes long records and letters of every width", async () => {
    const dir = await folders.make();
    const journal = await open(dir);
    const symbols = ["é", "€".repeat(3_000), "🚀".repeat(70_000), "x".repeat(3_000_000), "", 'a"\\\n'];
    for (const [n, symbol] of symbols.entries()) journal.append(record(n, 1, symbol));
    await journal.close();
    expect((await read(journal, dir)).slice(1)).toEqual(symbols.map((symbol, n) => record(n, 1, symbol)));
  });

  it("refuses a number that is not due, and nothing is accepted after that", async () => {
    const journal = await open(await folders.make());
    journal.append(record(0));
    expect(() => journal.append(record(2))).toThrow("record 2 appended where 1 is due");
    expect(() => journal.append(record(1))).toThrow("record 2 appended where 1 is due");
    await expect(journal.sync()).rejects.toThrow("record 2");
    await expect(journal.snapshot(snapshot(1))).rejects.toThrow("record 2");
    await expect(journal.close()).rejects.toThrow("record 2");
  });

  it("keeps a snapshot where it was taken, whatever its state holds", async () => {
    const dir = await folders.make();
    const journal = await open(dir);
    const state = { a: NaN, b: [Infinity, null, "#x", "é"], c: { d: -1.5 } };
    journal.append(record(0));
    await journal.snapshot(snapshot(0, state));
    journal.append(record(1));
    await journal.close();
    const expected: JournalRecord[] = [HEADER, record(0), { kind: "snapshot", ...snapshot(0, state) }, record(1)];
    expect(await read(journal, dir)).toEqual(expected);
  });

  it("takes nothing after close, and close may be called again", async () => {
    const journal = await open(await folders.make());
    await journal.close();
    await journal.close();
    expect(() => journal.append(record(0))).toThrow("closed");
    await expect(journal.sync()).rejects.toThrow("closed");
    await expect(journal.snapshot(snapshot(0))).rejects.toThrow("closed");
  });
});
