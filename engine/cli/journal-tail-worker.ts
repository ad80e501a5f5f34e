/**
 * The thread that reads the end of a journal for the control API: a file of it may be large, and trading must not wait.
 *
 * Owns: that one answer. May not: run in the main thread.
 */
import { workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { journalTail } from "./journal-tail.ts";
import type { TailOrder } from "./journal-tail.ts";

const { port, ...order } = workerData as TailOrder & { readonly port: MessagePort };
port.postMessage(await journalTail(order));
port.close();
