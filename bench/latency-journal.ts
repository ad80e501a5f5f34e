/**
 * The journal's thread, with the time of each fdatasync.
 *
 * Owns: those times; told when the journal is closed, so that nobody is woken for them before.
 */
import { BroadcastChannel, parentPort, workerData } from "node:worker_threads";
import { DISK } from "../engine/adapters/journal/thread/segment-writer.js";
import { runWriter } from "../engine/adapters/journal/thread/writer.js";
import type { ThreadData } from "../engine/adapters/journal/thread/writer.js";
import { nowUs } from "./monotonic.ts";

/** Of one fdatasync, in microseconds. */
export interface Round {
  readonly began: number;
  readonly ended: number;
}

export const ROUNDS = "barwise-bench-rounds";

const rounds: Round[] = [];

function fdatasyncSync(fd: number): void {
  const began = nowUs();
  DISK.fdatasyncSync(fd);
  rounds.push({ began, ended: nowUs() });
}

function tellRounds(): void {
  const channel = new BroadcastChannel(ROUNDS);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel of threads, not a window
  channel.postMessage(rounds);
  // An open one would keep the thread alive.
  channel.close();
}

// The thread that measures knows this file by its types and the name of the channel alone.
if (parentPort !== null) {
  runWriter(workerData as ThreadData, { ...DISK, fdatasyncSync }, (message) => {
    if ("closed" in message && message.closed) tellRounds();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread, not a window
    parentPort?.postMessage(message);
  });
}
