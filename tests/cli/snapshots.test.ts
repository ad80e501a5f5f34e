/** When a run takes snapshots, and what becomes of it when one fails. */
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { segmentName } from "../../engine/adapters/journal/thread/segment-writer.js";
import { Snapshots, inThread } from "../../engine/cli/snapshots.ts";
import type { Taken } from "../../engine/cli/take-snapshot.ts";
import { FakeClock } from "../runtime/support.ts";

const MINUTE = 60_000;
const MB = 1_024 * 1_024;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "barwise-snapshots-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

/** Files of these sizes; the last one is being written. */
async function files(...megabytes: readonly number[]): Promise<void> {
  for (const [i, size] of megabytes.entries()) {
    const file = join(dir, segmentName(i + 1));
    await writeFile(file, "");
    await truncate(file, size * MB);
  }
}

/** A run in which snapshots are taken by hand. */
class Taker {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  program: string | undefined = "p1";
  begun = 0;
  isAborted = false;
  readonly snapshots: Snapshots;
  #answer: ((taken: Taken) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  constructor({ hangs = false }: { readonly hangs?: boolean } = {}) {
    this.snapshots = new Snapshots({
      dir,
      clock: this.clock,
      program: () => this.program,
      note: (message) => this.told.push(`note: ${message}`),
      alarm: (message) => this.told.push(`alarm: ${message}`),
      take: (_, signal) => {
        this.begun++;
        return new Promise((resolve, reject) => {
          this.#answer = resolve;
          this.#fail = reject;
          signal.addEventListener("abort", () => {
            this.isAborted = true;
            if (!hangs) reject(new Error("killed"));
          });
        });
      },
    });
    this.snapshots.begin();
  }

  /** Time passes, a minute at a time: looking at files takes its turns. */
  async pass(minutes: number): Promise<void> {
    for (let i = 0; i < minutes; i++) {
      await this.clock.pass(MINUTE);
      const { clock } = this;
      for (let turn = 0; turn < 500 && clock.pending === 0; turn++) await new Promise((done) => setTimeout(done, 1));
    }
  }

  async answer(taken: Taken | Error): Promise<void> {
    if (taken instanceof Error) this.#fail?.(taken);
    else this.#answer?.(taken);
    await this.pass(0);
    await new Promise(setImmediate);
  }
}

describe("snapshots of a run that goes on", () => {
  it("are due when half a file or more was finished since the last", async () => {
    const taker = new Taker();
    await files(100);
    await taker.pass(5);
    expect(taker.begun).toBe(0);
    await files(20, 20);
    await taker.pass(5);
    expect(taker.begun).toBe(0);
    await files(20, 20, 1);
    await taker.pass(1);
    expect(taker.begun).toBe(1);
    await taker.answer({ kind: "taken", segment: 3, seq: 1 });
    await taker.pass(60);
    expect(taker.begun).toBe(1);
    await files(20, 20, 64, 1);
    await taker.pass(1);
    expect(taker.begun).toBe(2);
    await taker.answer({ kind: "nothing", segment: 4 });
    await taker.pass(60);
    expect(taker.begun).toBe(2);
    expect(taker.told).toEqual([]);
    await taker.snapshots.stop();
  });

  it("are taken one at a time, and after each follows nine times its rest", async () => {
    const taker = new Taker();
    await files(64, 64, 1);
    await taker.pass(1);
    await taker.pass(10);
    expect(taker.begun).toBe(1);
    await taker.answer({ kind: "taken", segment: 3, seq: 1 });
    await files(64, 64, 64, 1);
    await taker.pass(89);
    expect(taker.begun).toBe(1);
    await taker.pass(2);
    expect(taker.begun).toBe(2);
    await taker.snapshots.stop();
  });

  it("that take long are told each half hour", async () => {
    const taker = new Taker();
    await files(64, 1);
    await taker.pass(1);
    await taker.pass(29);
    expect(taker.told).toEqual([]);
    await taker.pass(35);
    expect(taker.told).toEqual([
      "alarm: a snapshot has been under way for 30 minutes; until it ends there is no other",
      "alarm: a snapshot has been under way for 60 minutes; until it ends there is no other",
    ]);
    await taker.snapshots.stop();
  });

  it("that fail are told, and tried again after an hour", async () => {
    const taker = new Taker();
    await files(64, 1);
    await taker.pass(1);
    await taker.answer(new Error("the disk is full"));
    await taker.pass(55);
    expect(taker.begun).toBe(1);
    await taker.pass(10);
    expect(taker.begun).toBe(2);
    await taker.answer({ kind: "failed", reason: "it differs" });
    expect(taker.told).toEqual([
      "alarm: no snapshot was taken, the run goes on and its journal is whole: the disk is full",
      "alarm: no snapshot was taken, the run goes on and its journal is whole: it differs",
    ]);
    await taker.snapshots.stop();
  });

  it("say when the folder cannot be read, and look again", async () => {
    const taker = new Taker();
    await files(64, 1);
    await rm(join(dir, segmentName(1)));
    await taker.pass(1);
    expect(taker.told).toEqual([expect.stringContaining("000001.journal is missing")]);
    await files(64, 1);
    await taker.pass(70);
    expect(taker.begun).toBe(1);
    await taker.snapshots.stop();
  });

  it("are left alone while a program runs whose facts nobody can save, which is told once", async () => {
    const taker = new Taker();
    await files(64, 1);
    await taker.pass(1);
    await taker.answer({ kind: "unsaved", program: "p1" });
    await taker.pass(120);
    expect(taker.begun).toBe(1);
    expect(taker.told).toEqual([expect.stringMatching(/^note: no snapshots while this program runs/)]);
    taker.program = "p2";
    await taker.pass(1);
    expect(taker.begun).toBe(2);
    await taker.snapshots.stop();
  });

  it("wait for a program, and end with the run: one under way is given up, and nothing is told", async () => {
    const taker = new Taker();
    taker.program = undefined;
    await files(64, 1);
    await taker.pass(3);
    expect(taker.begun).toBe(0);
    taker.program = "p1";
    await taker.pass(1);
    await taker.snapshots.stop();
    expect(taker.isAborted).toBe(true);
    await taker.clock.pass(200 * MINUTE);
    expect(taker.begun).toBe(1);
    expect(taker.told).toEqual([]);
    taker.snapshots.begin();
    expect(taker.clock.pending).toBe(0);
  });

  it("keep no run from ending when one hangs in a call to the disk", async () => {
    const taker = new Taker({ hangs: true });
    await files(64, 1);
    await taker.pass(1);
    expect(taker.begun).toBe(1);
    await taker.snapshots.stop();
    expect(taker.isAborted).toBe(true);
    expect(taker.told).toEqual([]);
  });
});

describe("the thread that takes one", () => {
  const thread = (code: string): URL => new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  const never = new AbortController().signal;

  it("answers with what it has taken", async () => {
    const code = `import { parentPort, workerData } from "node:worker_threads";
      parentPort.postMessage({ kind: "failed", reason: workerData.dir });`;
    expect(await inThread(thread(code), "here", never)).toEqual({ kind: "failed", reason: "here" });
  });

  it("that dies or ends without an answer says why, and the process lives", async () => {
    await expect(inThread(thread("throw new Error('boom')"), dir, never)).rejects.toThrow("boom");
    await expect(inThread(thread("process.exit(3)"), dir, never)).rejects.toThrow("its thread ended with 3");
    await expect(inThread(thread("import 'no-such-thing'"), dir, never)).rejects.toThrow("no-such-thing");
  });

  it("is killed when the run ends, whatever it is doing", async () => {
    const stop = new AbortController();
    const taken = inThread(thread("for (;;);"), dir, stop.signal);
    stop.abort();
    await expect(taken).rejects.toThrow("without an answer");
  });
});
