/**
 * `.barwise/control.json`: where the running engine of a project can be reached.
 *
 * Owns: writing it for this user alone, removing it, and telling a file that a crash left from one that counts. It holds the
 * token: whoever reads it may do what the API may. May not: open a connection.
 */
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeAtomically } from "../files/write-atomically.ts";
import { isAlive } from "../process-identity.ts";
import type { ProcessIdentity } from "../process-identity.ts";

export const CONTROL_FILE = ".barwise/control.json";

/** Where a run's orders are; enough for the kill switch to cancel them without the engine. */
export type OrdersAt =
  | { readonly kind: "alpaca"; readonly account: "paper" | "live" }
  | { readonly kind: "venue"; readonly url: string }
  /** The exchange is inside the engine's process: nobody else can reach it. */
  | { readonly kind: "inside" };

export interface ControlFile extends ProcessIdentity {
  readonly format: 1;
  readonly url: string;
  readonly token: string;
  readonly journal: string;
  readonly account: string;
  readonly orders: OrdersAt;
}

export async function writeControlFile(root: string, file: ControlFile): Promise<void> {
  const path = join(root, CONTROL_FILE);
  await mkdir(dirname(path), { recursive: true });
  await writeAtomically(path, `${JSON.stringify(file, undefined, 2)}\n`, 0o600);
}

/** Removes it, unless another engine has written its own meanwhile. */
export async function removeControlFile(root: string, token: string): Promise<void> {
  const current = await readFileAt(root);
  if (current?.token === token) await rm(join(root, CONTROL_FILE), { force: true });
}

/** What a living engine wrote; undefined when there is no file, or its process is gone. */
export async function findControlFile(root: string): Promise<ControlFile | undefined> {
  const file = await readFileAt(root);
  return file !== undefined && isAlive(file) ? file : undefined;
}

async function readFileAt(root: string): Promise<ControlFile | undefined> {
  let file: Partial<ControlFile>;
  try {
    file = JSON.parse(await readFile(join(root, CONTROL_FILE), "utf8")) as Partial<ControlFile>;
  } catch {
    return undefined;
  }
  const { format, url, token, pid, orders } = file;
  const isWhole = format === 1 && typeof url === "string" && typeof token === "string" && typeof pid === "number";
  return isWhole && typeof orders?.kind === "string" ? (file as ControlFile) : undefined;
}
