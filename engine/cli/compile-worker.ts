/**
 * The thread that compiles: texts come in as its data, and what the compiler made of them goes out in pieces.
 *
 * Owns: that order. May not: run in the main thread.
 */
import { workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import type { Order } from "./compile-beside.ts";
import { piecesOf } from "./program-pieces.ts";
import { tryCompile } from "./try-compile.ts";

const { files, override, port } = workerData as Order & { readonly port: MessagePort };
for (const piece of piecesOf(tryCompile(files, override).compiled)) port.postMessage(piece);
port.close();
