/** The journal's thread: what it does when the disk is slow, full, dead or gone, and when the process is killed. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFileJournal, openJournal } from "../../../engine/adapters/journal/open.ts";
import type { ThreadJournal, ThreadOptions } from "../../../engine/adapters/journal/thread-journal.ts";
import { build } from "../../cli/support.ts";
import type { Built } from "../../cli/support.ts";
import { Folders, HEADER, numbers, readAll, record, snapshot, upTo } from "./support.ts";

const folders = new Folders();
afterAll(() => folders.remove());

const THREAD = new URL("breaking-thread.js", import.meta.url);
/** Long enough for a thread to start on a busy machine. */
const STALL_MS = 3_000;
const STALLED = "the disk has made no progress for 3 s while something waits for it";
const breaks = (dir: string, what: string): Promise<void> => writeFile(join(dir, "BREAK"), what);

async function breakable(options: ThreadOptions = {}): Promise<{ journal: ThreadJournal; dir: string }> {
  const dir = await folders.make();
  const journal = await openJournal(dir, HEADER, { thread: THREAD, ...options });
  journal.append(record(0));
  await journal.sync();
  return { journal, dir };
}

describe("group commit", () => {
  it("shares rounds among callers that come together", async () => {
    const journal = await openJournal(await folders.make(), HEADER);
    const before = journal.stats.syncs;
    const calls: Promise<void>[] = [];
    for (let n = 0; n < 2_000; n++) {
      journal.append(record(n));
      calls.push(journal.sync());
    }
    await Promise.all(calls);
    expect(journal.stats.syncs - before).toBeLessThan(200);
    await journal.close();
  });

  it("keeps the order when the ring overflows again and again", async () => {
    const dir = await folders.make();
    const journal = await openJournal(dir, HEADER, { ringBytes: 1_024, segmentBytes: 20_000 });
    const count = 20_000;
    for (let n = 0; n < count; n++) {
      journal.append(record(n));
      if (n % 997 === 0) await journal.sync();
      if (n === 7_777) await journal.snapshot(snapshot(n));
    }
    await journal.close();
    expect(numbers(await readAll(dir))).toEqual(upTo(count));
    expect(numbers(await readAll(dir, { from: "snapshot" }))).toEqual(upTo(count).slice(7_778));
  });

  it("gives the same files as the writer on this thread", async () => {
    const files: string[][] = [];
    for (const open of [openJournal, openFileJournal]) {
      const dir = await folders.make();
      const journal = await open(dir, HEADER, { segmentBytes: 100_000 });
      for (let n = 0; n < 100; n++) journal.append(record(n));
      await journal.snapshot(snapshot(99));
      for (let n = 100; n < 150; n++) journal.append(record(n));
      await journal.close();
      files.push(
        execFileSync("sha256sum", ["000001.journal", "000002.journal"], { cwd: dir, encoding: "utf8" }).split("\n"),
      );
    }
    expect(files[0]).toEqual(files[1]);
  });
});

describe("a sync that is announced", () => {
  it("has the thread write what has gathered, and promises nothing", async () => {
    const dir = await folders.make();
    const journal = await openJournal(dir, HEADER);
    for (let n = 0; n < 5; n++) journal.append(record(n));
    const { syncs } = journal.stats;
    journal.announce();
    await expect.poll(async () => numbers(await readAll(dir)), { timeout: 10_000 }).toEqual(upTo(5));
    journal.append(record(5));
    await journal.sync();
    expect(journal.stats.syncs).toBe(syncs + 1);
    expect(numbers(await readAll(dir))).toEqual(upTo(6));
    await journal.close();
    expect(() => journal.announce()).not.toThrow();
  });

  it("finds the failure of the disk before anybody waits for it", async () => {
    const { journal, dir } = await breakable();
    await breaks(dir, "ENOSPC writeSync");
    journal.append(record(1));
    journal.announce();
    await expect.poll(() => journal.failure?.message, { timeout: 10_000 }).toContain("the disk is full");
    await expect(journal.close()).rejects.toThrow("the disk is full");
  });
});

describe("a disk that fails", () => {
  it.each([
    ["ENOSPC writeSync", "cannot be written (ENOSPC: the disk is full)"],
    ["EIO fdatasyncSync", "cannot be written (EIO: the disk reports an error)"],
    ["exit fdatasyncSync", "cannot be written (its thread ended)"],
  ])("with %s rejects every waiter and takes nothing more", async (what, text) => {
    const { journal, dir } = await breakable();
    await breaks(dir, what);
    journal.append(record(1));
    const waiting = [journal.sync(), journal.sync(), journal.snapshot(snapshot(1))];
    for (const each of waiting) await expect(each).rejects.toThrow(text);
    expect(() => journal.append(record(2))).toThrow(text);
    await expect(journal.sync()).rejects.toThrow(text);
    await expect(journal.close()).rejects.toThrow(text);
    expect(numbers(await readAll(dir))[0]).toBe(0);
  });

  it("is noticed by whoever appends, though nobody waits", async () => {
    const { journal, dir } = await breakable();
    await breaks(dir, "ENOSPC writeSync");
    const fill = async (): Promise<void> => {
      for (let n = 1; n < 100_000; n++) {
        journal.append(record(n));
        if (n % 100 === 0) await new Promise(setImmediate);
      }
    };
    await expect(fill()).rejects.toThrow("ENOSPC");
    await expect(journal.close()).rejects.toThrow("ENOSPC");
  });

  it("at the first file refuses to open", async () => {
    const dir = await folders.make();
    await breaks(dir, "EROFS openSync");
    await expect(openJournal(dir, HEADER, { thread: THREAD })).rejects.toThrow("EROFS: the disk is read-only");
    await breaks(dir, "EIO nothing");
    await (await openJournal(dir, HEADER, { thread: THREAD })).close();
  });

  it("that stands still fails after the patience it is given, and the process may go on", async () => {
    const { journal, dir } = await breakable({ stallMs: STALL_MS });
    await breaks(dir, "stall fdatasyncSync");
    journal.append(record(1));
    await expect(journal.sync()).rejects.toThrow(STALLED);
    expect(() => journal.append(record(2))).toThrow(STALLED);
    await expect(journal.close()).rejects.toThrow(STALLED);
  });

  it.each([
    ["EIO closeSync", "EIO", {}],
    ["exit fdatasyncSync", "its thread ended", {}],
    ["stall closeSync", STALLED, { stallMs: STALL_MS }],
    ["stall fdatasyncSync", STALLED, { stallMs: STALL_MS }],
  ])("at the end is told to whoever closes: %s", async (what, text, options) => {
    const { journal, dir } = await breakable(options);
    journal.append(record(1));
    await breaks(dir, what);
    await expect(journal.close()).rejects.toThrow(text);
    expect(numbers(await readAll(dir))).toEqual([0, 1]);
    await rm(join(dir, "BREAK"));
    await (await openJournal(dir, HEADER)).close();
  });

  it("keeps everybody out while a call hangs in it that may still write", async () => {
    const { journal, dir } = await breakable({ stallMs: STALL_MS });
    execFileSync("mkfifo", [join(dir, "HANG")]);
    await breaks(dir, "hang writeSync");
    journal.append(record(1));
    await expect(journal.close()).rejects.toThrow(STALLED);
    await rm(join(dir, "BREAK"));
    await expect(openJournal(dir, HEADER)).rejects.toThrow("this very process is writing this journal");
    await writeFile(join(dir, "HANG"), "");
    const isFree = async (): Promise<boolean> => (await readdir(dir)).every((name) => !name.startsWith("LOCK"));
    while (!(await isFree())) await new Promise((resolve) => setTimeout(resolve, 10));
    await (await openJournal(dir, HEADER)).close();
  });

  it("that stands still while nobody waits is no failure until memory for what it has not taken is used up", async () => {
    const { journal, dir } = await breakable({ ringBytes: 4_096, waitingBytes: 20_000, stallMs: 60_000 });
    await breaks(dir, "stall writeSync");
    const fill = (): void => {
      for (let n = 1; n < 1_000; n++) journal.append(record(n));
    };
    expect(fill).toThrow("the disk does not keep up");
    await expect(journal.close()).rejects.toThrow("the disk does not keep up");
  });
});

describe("a process of its own", () => {
  let built: Built;
  beforeAll(async () => {
    built = await build();
  });
  afterAll(() => built.remove());

  const script = (dir: string, body: string): string => `
    import { openJournal } from ${JSON.stringify(join(built.main, "../../adapters/journal/open.js"))};
    const journal = await openJournal(${JSON.stringify(dir)}, ${JSON.stringify(HEADER)}, { segmentBytes: 50000 });
    const record = (n) => ({ kind: "in", n, input: { seq: n, marketTime: n, arrivalTime: n, kind: "timer", id: "x".repeat(n % 400), clock: "market", at: n } });
    ${body}`;
  const node = (code: string): string[] => ["--input-type=module", "-e", code];

  it("that is killed has lost nothing that was acknowledged, and the next one goes on", async () => {
    const dir = await folders.make();
    let next = 0;
    for (let round = 0; round < 20; round++) {
      const code = script(
        dir,
        `for (let n = journal.nextN; ; n++) {
          journal.append(record(n));
          if (n % 7 === 0) await journal.snapshot({ seq: n, program: "p", core: 1, state: { n } });
          else if (n % 3 === 0) { await journal.sync(); }
          else continue;
          process.stdout.write(n + "\\n");
        }`,
      );
      const child = spawn(process.execPath, node(code), { stdio: ["ignore", "pipe", "pipe"], timeout: 20_000 });
      let out = "";
      let err = "";
      child.stderr.on("data", (data: Buffer) => (err += data.toString()));
      const acknowledged = await new Promise<number>((resolve) => {
        child.stdout.on("data", (data: Buffer) => {
          out += data.toString();
          // Somewhere in the middle of what it does, at another place each round.
          if (out.split("\n").length > 5 + round * 3) child.kill("SIGKILL");
        });
        child.on("close", () => resolve(Number(out.split("\n").at(-2) ?? -1)));
      });
      expect(err).toBe("");
      const found = numbers(await readAll(dir));
      expect(found).toEqual(upTo(found.length));
      expect(found.length).toBeGreaterThan(acknowledged);
      expect(acknowledged).toBeGreaterThanOrEqual(next);
      const late = numbers(await readAll(dir, { from: "snapshot" }));
      expect(late).toEqual(found.slice(found.length - late.length));
      next = found.length;
    }
  }, 90_000);

  it("ends by itself: the thread keeps nothing alive, unless somebody waits", async () => {
    const dir = await folders.make();
    const code = script(dir, `journal.append(record(0)); await journal.sync(); process.stdout.write("durable");`);
    const closed = script(
      await folders.make(),
      `journal.append(record(0)); await journal.close(); process.stdout.write("closed");`,
    );
    const after = spawnSync(process.execPath, node(closed), { encoding: "utf8", timeout: 20_000 });
    expect([after.stdout, after.stderr, after.status]).toEqual(["closed", "", 0]);
    const ended = spawnSync(process.execPath, node(code), { encoding: "utf8", timeout: 20_000 });
    expect([ended.stdout, ended.stderr, ended.status]).toEqual(["durable", "", 0]);
    expect(numbers(await readAll(dir))).toEqual([0]);
  });

  it.skipIf(process.platform === "win32")("that reaches a limit of the file system is told so at once", async () => {
    const dir = await folders.make();
    const code = script(
      dir,
      `try { for (let n = 0; ; n++) { journal.append(record(n)); await journal.sync(); process.stdout.write(n + "\\n"); } }
       catch (error) { process.stdout.write(error.message); await journal.close().catch(() => {}); }`,
    );
    const child = spawnSync("bash", ["-c", `ulimit -f 16; exec "$0" "$@"`, process.execPath, ...node(code)], {
      encoding: "utf8",
      timeout: 20_000,
    });
    const lines = child.stdout.split("\n");
    expect(lines.at(-1)).toContain("cannot be written (EFBIG: the file has grown over a limit of the system)");
    const acknowledged = Number(lines.at(-2));
    expect(acknowledged).toBeGreaterThan(10);
    expect(numbers(await readAll(dir)).length).toBeGreaterThan(acknowledged);
    expect(child.status).toBe(0);
  });
});
