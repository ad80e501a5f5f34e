/**
 * Compiling beside the event loop, in a thread of its own for each time.
 *
 * Owns: the thread's life, and that an answer comes: from a thread that dies or hangs it is a reason. May not: compile.
 *
 * A thread loads JavaScript: in the built program. Where barwise runs from its sources there is none, and the same work is
 * done at once.
 */
import { extname } from "node:path";
import { MessageChannel, Worker, receiveMessageOnPort } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import type { Compiled } from "../lang/compile.ts";
import type { FileSet } from "../ports/files.ts";
import { CliError } from "./io.ts";
import { Assembly } from "./program-pieces.ts";
import type { Piece } from "./program-pieces.ts";
import { tryCompile } from "./try-compile.ts";
import type { Override } from "./try-compile.ts";

/** What is compiled. */
export interface Order {
  readonly files: FileSet;
  readonly override: Override;
}

export interface ThreadOptions {
  /** The thread's program; tests put one here that dies or hangs. */
  readonly program?: URL;
  readonly patienceMs?: number;
}

const EXTENSION = extname(import.meta.url);
const PATIENCE_MS = 30_000;

export async function compileBeside(order: Order, options: ThreadOptions = {}): Promise<Compiled> {
  if (EXTENSION === ".ts" && options.program === undefined) return tryCompile(order.files, order.override).compiled;
  const { port1: here, port2: port } = new MessageChannel();
  const program = options.program ?? new URL(`compile-worker${EXTENSION}`, import.meta.url);
  const worker = new Worker(program, {
    workerData: { ...order, port },
    transferList: [port],
    name: "compile",
    execArgv: [],
  });
  // Whoever stops meanwhile does not wait for it.
  worker.unref();
  try {
    await ended(worker, options.patienceMs ?? PATIENCE_MS);
    return await read(here);
  } finally {
    here.close();
    void worker.terminate();
  }
}

function ended(worker: Worker, patienceMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void =>
      reject(new CliError(`compiling failed, so the program that runs stays: ${reason}; the next save tries again`));
    const late = setTimeout(() => fail(`it took longer than ${patienceMs / 1_000} s`), patienceMs).unref();
    worker.on("error", (error) => fail(error instanceof Error ? error.message : String(error)));
    worker.on("exit", (code) => {
      clearTimeout(late);
      if (code === 0) resolve();
      else fail(`its thread ended with ${code}`);
    });
  });
}

/** One piece a turn: what waits meanwhile goes first. */
async function read(port: MessagePort): Promise<Compiled> {
  const assembly = new Assembly();
  for (;;) {
    const next: { readonly message: Piece } | undefined = receiveMessageOnPort(port);
    if (next === undefined)
      throw new CliError("compiling failed, so the program that runs stays: its answer is cut short");
    const whole = assembly.add(next.message);
    if (whole !== undefined) return whole;
    await new Promise(setImmediate);
  }
}
