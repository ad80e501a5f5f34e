/** The end of a journal while it is being written. */
import { appendFile, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Follower } from "../../../engine/adapters/journal/follow.ts";
import { openFileJournal } from "../../../engine/adapters/journal/open.ts";
import { endOf, readJournal } from "../../../engine/adapters/journal/read.ts";
import { segmentName } from "../../../engine/adapters/journal/thread/segment-writer.js";
import {
  Folders,
  HEADER,
  fileOf,
  first,
  framesOf,
  numbers,
  record,
  snapshot,
  upTo,
  writeFormatOne,
  written,
} from "./support.ts";

const folders = new Folders();
afterAll(() => folders.remove());

describe("the end of a journal", () => {
  it("is its last records, over files, with the input of the first", async () => {
    const dir = await written(await folders.make(), 100, 2_000);
    expect(numbers(await new Follower(dir).last(5))).toEqual([95, 96, 97, 98, 99]);
    expect(numbers(await new Follower(dir).last(80))).toEqual(upTo(100).slice(20));
    expect(numbers(await new Follower(dir).last(1_000))).toEqual(upTo(100));
    const journal = await openFileJournal(dir, HEADER);
    journal.append({ kind: "out", n: 100, seq: 99, outputs: [] });
    await journal.close();
    expect(numbers(await new Follower(dir).last(1))).toEqual([99, 100]);
  });

  it("is followed record by record, through torn writes, new files and snapshots", async () => {
    const source = await written(await folders.make(), 30, 1_500);
    const writer = await openFileJournal(source, HEADER, { segmentBytes: 1_500 });
    await writer.snapshot(snapshot(29));
    for (let n = 30; n < 60; n++) writer.append(record(n));
    await writer.close();
    const dir = await folders.make();
    const follower = new Follower(dir);
    expect(await follower.last(10)).toEqual([]);
    const seen: number[] = [];
    for (let segment = 1; ; segment++) {
      const name = `${String(segment).padStart(6, "0")}.journal`;
      const bytes = await readFile(join(source, name)).catch(() => undefined);
      if (bytes === undefined) break;
      for (let at = 0; at < bytes.length; at += 97) {
        await appendFile(join(dir, name), bytes.subarray(at, at + 97));
        seen.push(...numbers(await follower.next()));
      }
    }
    expect(seen).toEqual(upTo(60));
    expect(await follower.next()).toEqual([]);
  });

  it("misses nothing when files end while it looks", async () => {
    const dir = await folders.make();
    const writer = await openFileJournal(dir, HEADER, { segmentBytes: 500 });
    const follower = new Follower(dir);
    const seen = numbers(await follower.last(10));
    let isWriting = true;
    const write = async (): Promise<void> => {
      for (let n = 0; n < 400; n++) {
        writer.append(record(n));
        await writer.sync();
        // Sometimes it waits for more, sometimes it has just looked.
        for (let turns = (n * 7) % 13; turns > 0; turns--) await new Promise(setImmediate);
      }
      isWriting = false;
    };
    const writing = write();
    // oxlint-disable-next-line typescript/no-unnecessary-condition -- the writer says so
    while (isWriting) seen.push(...numbers(await follower.next()));
    await writing;
    await writer.close();
    seen.push(...numbers(await follower.next()));
    expect(seen).toEqual(upTo(400));
  });

  it("stops at damage that a later file follows", async () => {
    const dir = await written(await folders.make(), 3);
    const follower = new Follower(dir);
    await follower.last(1);
    await appendFile(first(dir), "torn");
    expect(await follower.next()).toEqual([]);
    await writeFile(join(dir, "000002.journal"), await readFile(first(dir)));
    await expect(follower.next()).rejects.toThrow("000001.journal: damaged at byte");
  });

  it("shows no records over a gap between files", async () => {
    const dir = await written(await folders.make(), 30, 1_500);
    const bytes = await readFile(join(dir, "000002.journal"));
    await writeFile(join(dir, "000002.journal"), fileOf(framesOf(bytes).slice(0, -2)));
    await expect(new Follower(dir).last(100)).rejects.toThrow(
      /record \d+ where \d+ is due: a file was lost or replaced/,
    );
    const follower = new Follower(dir);
    await follower.last(1);
    const later = (await readdir(dir)).length + 1;
    await writeFile(join(dir, segmentName(later)), await readFile(join(dir, "000003.journal")));
    await expect(follower.next()).rejects.toThrow("a file was lost or replaced");
  });

  it("is known from the last files alone", async () => {
    const dir = await written(await folders.make(), 100, 2_000);
    const whole = async (folder: string): Promise<unknown> => {
      const records = readJournal(folder);
      let step = await records.next();
      for (; step.done !== true; step = await records.next());
      return step.value;
    };
    expect(await endOf(dir)).toEqual(await whole(dir));
    await writeFile(join(dir, "000099.journal"), "").catch(() => {});
    await expect(endOf(dir)).rejects.toThrow("is missing");
    const one = await folders.make();
    await writeFormatOne(one, [HEADER, record(0)]);
    expect(await endOf(one)).toEqual(await whole(one));
    const torn = await written(await folders.make(), 5);
    const bytes = await readFile(first(torn));
    await writeFile(first(torn), bytes.subarray(0, bytes.length - (framesOf(bytes).at(-1) as Buffer).length + 5));
    expect(await endOf(torn)).toEqual(await whole(torn));
    expect(await endOf(await folders.make())).toEqual(await whole(await folders.make()));
  });
});
