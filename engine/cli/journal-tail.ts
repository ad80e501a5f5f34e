/**
 * The last entries of a journal as JSON.
 *
 * Owns: reading them, and doing so beside the event loop where a run asks. May not: write.
 */
import { extname } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import { Follower } from "../adapters/journal/follow.ts";
import { ControlError } from "../ports/control.ts";
import { EntryReader, entryJson } from "./journal-entries.ts";

export interface TailOrder {
  readonly dir: string;
  readonly count: number;
}

const EXTENSION = extname(import.meta.url);
const PATIENCE_MS = 10_000;

export async function journalTail({ dir, count }: TailOrder): Promise<readonly unknown[]> {
  const reader = new EntryReader();
  const records = await new Follower(dir).last(count);
  return records.flatMap((record) => reader.read(record).map((entry) => JSON.parse(entryJson(entry)) as unknown));
}

/** A thread loads JavaScript: where barwise runs from its sources the same is done at once. */
export async function journalTailBeside(order: TailOrder): Promise<readonly unknown[]> {
  if (EXTENSION === ".ts") return await journalTail(order);
  const program = new URL(`journal-tail-worker${EXTENSION}`, import.meta.url);
  const { port1: here, port2: port } = new MessageChannel();
  const worker = new Worker(program, {
    workerData: { ...order, port },
    transferList: [port],
    name: "journal-tail",
    execArgv: [],
  });
  worker.unref();
  try {
    return await new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new ControlError("failed", `the journal could not be read: ${why}`));
      const late = setTimeout(() => fail(`it took longer than ${PATIENCE_MS / 1_000} s`), PATIENCE_MS).unref();
      here.on("message", (entries: readonly unknown[]) => resolve(entries));
      worker.on("error", (error) => fail(error instanceof Error ? error.message : String(error)));
      here.on("close", () => {
        clearTimeout(late);
        fail("its thread ended");
      });
    });
  } finally {
    here.close();
    void worker.terminate();
  }
}
