/** What is on the disk, and in which order: a power cut takes everything that nobody synced. */
import { openSync, readlinkSync } from "node:fs";
import { appendFile, open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { openFileJournal, openJournal } from "../../../engine/adapters/journal/open.ts";
import { DISK } from "../../../engine/adapters/journal/thread/segment-writer.js";
import type { Disk } from "../../../engine/adapters/journal/thread/segment-writer.js";
import { Folders, HEADER, numbers, readAll, record, snapshot, upTo, written } from "./support.ts";

const folders = new Folders();
afterAll(() => folders.remove());
afterEach(() => vi.restoreAllMocks());

/** A disk that says what it is told, by the names of files; a folder is `/`. */
function told(dir: string): { readonly disk: Disk; readonly calls: string[] } {
  const calls: string[] = [];
  const names = new Map<number, string>();
  const nameOf = (path: string): string => (path === dir ? "/" : basename(path));
  const disk: Disk = {
    openSync: (path, flags) => {
      const fd = openSync(path, flags);
      names.set(fd, nameOf(path));
      if (flags === "wx") calls.push(`create ${nameOf(path)}`);
      return fd;
    },
    writeSync: (fd, ...rest) => {
      calls.push(`write ${names.get(fd)}`);
      return DISK.writeSync(fd, ...rest);
    },
    fdatasyncSync: (fd) => {
      calls.push(`sync ${names.get(fd)}`);
      DISK.fdatasyncSync(fd);
    },
    fsyncSync: (fd) => {
      calls.push(`sync ${names.get(fd)}`);
      DISK.fsyncSync(fd);
    },
    fstatSync: (fd) => DISK.fstatSync(fd),
    closeSync: (fd) => DISK.closeSync(fd),
  };
  return { disk, calls };
}

const CREATED = (name: string): string[] => [`create ${name}`, `write ${name}`, `sync ${name}`, "sync /"];

describe("a journal", () => {
  it("has a file on the disk before it begins the next, and the name of that before anything is in it", async () => {
    const dir = await folders.make();
    const { disk, calls } = told(dir);
    const journal = await openFileJournal(dir, HEADER, { disk, segmentBytes: 600 });
    const [one, two, three] = ["000001.journal", "000002.journal", "000003.journal"] as const;
    const begun = [...CREATED(one), `write ${one}`, `sync ${one}`];
    expect(calls.splice(0)).toEqual(begun);
    for (let n = 0; n < 2; n++) journal.append(record(n));
    await journal.sync();
    expect(calls.splice(0)).toEqual([`write ${one}`, `sync ${one}`, ...CREATED(two)]);
    journal.append(record(2));
    await journal.snapshot(snapshot(2));
    expect(calls.splice(0)).toEqual([
      `write ${two}`,
      `sync ${two}`,
      ...CREATED(three),
      `write ${three}`,
      `sync ${three}`,
    ]);
    await journal.close();
  });

  it("has what a killed process wrote on the disk before anything is chained to it", async () => {
    const dir = await written(await folders.make(), 3);
    // Whole or torn: whether the process that wrote it had synced it, nobody knows.
    for (const [tail, last, next] of [
      ["", "000001.journal", "000002.journal"],
      ["torn", "000002.journal", "000003.journal"],
    ] as const) {
      await appendFile(join(dir, last), tail);
      const { disk, calls } = told(dir);
      const journal = await openFileJournal(dir, HEADER, { disk });
      expect(calls.slice(0, 3)).toEqual([`sync ${last}`, `create ${next}`, `write ${next}`]);
      await journal.close();
    }
    expect(numbers(await readAll(dir))).toEqual(upTo(3));
  });

  it("does not open when that sync fails", async () => {
    const dir = await written(await folders.make(), 3);
    const disk: Disk = {
      ...DISK,
      fsyncSync: () => {
        throw Object.assign(new Error("made up"), { code: "EIO" });
      },
    };
    await expect(openFileJournal(dir, HEADER, { disk })).rejects.toThrow("EIO: the disk reports an error");
    await (await openFileJournal(dir, HEADER)).close();
    expect(numbers(await readAll(dir))).toEqual(upTo(3));
  });

  it.skipIf(process.platform !== "linux")("has the names of its folders on the disk when it opens", async () => {
    const root = await folders.make();
    const handle = await open(root, "r");
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const synced = new Set<string>();
    // oxlint-disable-next-line typescript/unbound-method -- it is called with the handle that is synced
    const { sync } = prototype;
    vi.spyOn(prototype, "sync").mockImplementation(function spy(this: FileHandle) {
      synced.add(readlinkSync(`/proc/self/fd/${this.fd}`));
      return sync.call(this);
    });
    const dir = join(root, "a/b/run");
    await (await openJournal(dir, HEADER)).close();
    expect([...synced]).toEqual(expect.arrayContaining([root, join(root, "a"), join(root, "a/b")]));
    synced.clear();
    // Whether the process that made the folder came to sync its name, nobody knows.
    await (await openJournal(dir, HEADER)).close();
    expect([...synced]).toContain(join(root, "a/b"));
  });
});
