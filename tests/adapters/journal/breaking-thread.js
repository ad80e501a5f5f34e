/**
 * The journal's thread with a disk that breaks when a test says so: the file BREAK beside the journal names what happens.
 *
 * Owns: `CODE call` throws that error from that call, `stall call` never comes back from it, `hang call` stays in the system until somebody
 * opens the pipe HANG for writing, `exit call` ends the thread.
 */
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { DISK } from "../../../engine/adapters/journal/thread/segment-writer.js";
import { runWriter } from "../../../engine/adapters/journal/thread/writer.js";

const order = join(workerData.segments.dir, "BREAK");

/** @type {(name: string, ...args: any[]) => any} */
function call(name, ...args) {
  if (existsSync(order)) {
    const [what, where] = readFileSync(order, "utf8").split(" ");
    if (where === name) {
      if (what === "stall") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
      else if (what === "hang") closeSync(openSync(join(workerData.segments.dir, "HANG"), "r"));
      else if (what === "exit") process.exit(0);
      else throw Object.assign(new Error("made up"), { code: what });
    }
  }
  return /** @type {any} */ (DISK)[name](...args);
}

/** @type {any} */
const disk = Object.fromEntries(
  Object.keys(DISK).map((name) => [name, (/** @type {any[]} */ ...args) => call(name, ...args)]),
);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread, not a window
runWriter(workerData, disk, (message) => parentPort?.postMessage(message));
