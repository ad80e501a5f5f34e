/**
 * Snapshots of a run that goes on: when one is due, and the thread that takes it.
 *
 * Owns: one thread at a time, its end with the run, and that a failure is told and hurts nothing else: the journal alone is
 * enough to go on from. May not: touch the engine.
 *
 * What a start has to play is measured in bytes, not in hours: a run on daily bars fills a file in years, and is played in a moment.
 * So one is due when files were finished since the last, and a fast stream is kept from doing nothing else by a rest after each.
 */
import { stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { filesOf } from "../adapters/journal/read.ts";
import { segmentName } from "../adapters/journal/thread/segment-writer.js";
import type { Clock } from "../ports/clock.ts";
import { takeSnapshot } from "./take-snapshot.ts";
import type { Taken } from "./take-snapshot.ts";

/** Finished files of this size, half of a full one, are worth a snapshot; they take about two seconds to play. */
const DUE_BYTES = 32 * 1024 * 1024;
const LOOK_MS = 60_000;
/** After one that took so long, the thread rests for this many times as long: a tenth of a processor is what it may have. */
const REST = 9;
/** What failed is not tried again before. */
const FAILED_REST_MS = 60 * 60_000;
/** One that takes longer is told, each time that it is found still at work. */
const LONG_MS = 30 * 60_000;
/** A thread that does not hang ends within this when it is told to. */
const END_MS = 1_000;

export interface SnapshotsOptions {
  readonly dir: string;
  readonly clock: Clock;
  /** Digest of the program that runs. */
  readonly program: () => string | undefined;
  readonly note: (message: string) => void;
  readonly alarm: (message: string) => void;
  /** Told of each that was taken or not, for whoever counts them. */
  readonly onResult?: (result: "taken" | "failed") => void;
  readonly dueBytes?: number;
  readonly lookMs?: number;
  /** Takes one; tests put something else here. */
  readonly take?: (dir: string, signal: AbortSignal) => Promise<Taken>;
}

export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #stopped = new AbortController();
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #since = 0;
  #restUntil = Number.NEGATIVE_INFINITY;
  /** Files before this one are in a snapshot, or could not be brought into one. */
  #done = 0;
  #unsaved: string | undefined;
  #toldLong = 0;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  begin(): void {
    if (this.#stopped.signal.aborted) return;
    this.#cancel = this.#options.clock.after(this.#options.lookMs ?? LOOK_MS, () => void this.#look());
  }

  /** One that is under way is given up: a clean end leaves its own. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#cancel?.();
    // A thread that hangs in a call to the disk ends when that call does: trading ends before.
    await Promise.race([this.#running, sleep(END_MS, undefined, { ref: false })]);
  }

  async #look(): Promise<void> {
    try {
      if (this.#running !== undefined) this.#isSlow();
      else if (await this.#isDue()) this.#running = this.#take().finally(() => (this.#running = undefined));
    } catch (error) {
      this.#restUntil = this.#options.clock.now() + FAILED_REST_MS;
      this.#fail(error);
    }
    this.begin();
  }

  #isSlow(): void {
    const { clock, alarm } = this.#options;
    const long = Math.floor((clock.now() - this.#since) / LONG_MS);
    if (long <= this.#toldLong) return;
    this.#toldLong = long;
    alarm(`a snapshot has been under way for ${(long * LONG_MS) / 60_000} minutes; until it ends there is no other`);
  }

  async #isDue(): Promise<boolean> {
    const { dir, clock, program, dueBytes = DUE_BYTES } = this.#options;
    if (clock.now() < this.#restUntil) return false;
    const digest = program();
    if (digest === undefined || digest === this.#unsaved) return false;
    const { segments } = await filesOf(dir);
    const last = segments.at(-1) ?? 0;
    const finished = segments.filter((segment) => segment >= this.#done && segment < last);
    const sizes = await Promise.all(
      finished.map(async (segment) => (await stat(join(dir, segmentName(segment)))).size),
    );
    return !this.#stopped.signal.aborted && sizes.reduce((sum, size) => sum + size, 0) >= dueBytes;
  }

  async #take(): Promise<void> {
    const { dir, clock, take = takeBeside } = this.#options;
    this.#since = clock.now();
    this.#toldLong = 0;
    let least = 0;
    try {
      this.#told(await take(dir, this.#stopped.signal));
    } catch (error) {
      least = FAILED_REST_MS;
      this.#fail(error);
    }
    const now = clock.now();
    this.#restUntil = now + Math.max(least, (now - this.#since) * REST);
  }

  #told(taken: Taken): void {
    if (taken.kind === "failed") throw new Error(taken.reason);
    if (taken.kind !== "unsaved") {
      this.#done = taken.segment;
      this.#options.onResult?.("taken");
      return;
    }
    this.#unsaved = taken.program;
    this.#options.note(
      "no snapshots while this program runs: it has facts of technicalindicators, whose memory nobody can save; a start after a crash plays the whole journal",
    );
  }

  #fail(error: unknown): void {
    if (this.#stopped.signal.aborted) return;
    this.#options.onResult?.("failed");
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.alarm(`no snapshot was taken, the run goes on and its journal is whole: ${reason}`);
  }
}

const EXTENSION = extname(import.meta.url);

/** In a thread of its own in the built program; from the sources, which no thread can load, at once. */
export async function takeBeside(dir: string, signal: AbortSignal): Promise<Taken> {
  if (EXTENSION === ".ts") return await takeSnapshot(dir);
  return await inThread(new URL(`snapshot-worker${EXTENSION}`, import.meta.url), dir, signal);
}

/** Rejects when the thread ends without an answer. */
export function inThread(program: URL, dir: string, signal: AbortSignal): Promise<Taken> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { workerData: { dir }, name: "snapshot", execArgv: [] });
    // Whoever stops meanwhile does not wait for it.
    worker.unref();
    const kill = (): void => void worker.terminate();
    signal.addEventListener("abort", kill, { once: true });
    worker.on("message", resolve);
    worker.on("error", reject);
    worker.on("exit", (code) => {
      signal.removeEventListener("abort", kill);
      reject(new Error(`its thread ended with ${code} and without an answer`));
    });
  });
}
