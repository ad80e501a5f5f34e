/**
 * Where the thread of the journal begins.
 *
 * Owns: nothing but the start; it runs when a worker loads it.
 */
import { parentPort, workerData } from "node:worker_threads";
import { DISK } from "./segment-writer.js";
import { runWriter } from "./writer.js";

const data = /** @type {import("./writer.js").ThreadData} */ (workerData);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread, not a window
runWriter(data, DISK, (message) => parentPort?.postMessage(message));
