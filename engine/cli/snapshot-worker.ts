/**
 * The thread that takes a snapshot of a run that goes on.
 *
 * Owns: that nobody else waits for it: on Linux a thread has a priority of its own. May not: run in the main thread.
 */
import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { takeSnapshot } from "./take-snapshot.ts";
import type { Taken } from "./take-snapshot.ts";

const { dir } = workerData as { readonly dir: string };
yieldToOthers();
const taken: Taken = await takeSnapshot(dir).catch((error: unknown) => ({
  kind: "failed",
  reason: error instanceof Error ? error.message : String(error),
}));
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread, not a window
parentPort?.postMessage(taken);

function yieldToOthers(): void {
  // Elsewhere this would be the whole process.
  if (process.platform !== "linux") return;
  try {
    // Where everybody is busy it gets a tenth of what others get: with less, a busy machine would never have a snapshot.
    setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // A container may forbid it: then it shares the processor as any thread does.
  }
}
