/**
 * One process per journal, and per account of a project.
 *
 * Owns: the lock files. Whoever wants a lock first puts a file of its own name there, whole from its first moment, and then looks for those of
 * others: of two that come at once the later one sees the earlier, and nobody ever removes the file of a living process. It names the
 * process and when that started, so that a file left behind by a crash, or a process id used again after a reboot or in a
 * new container, does not keep anybody out. Local file systems only.
 */
import { randomBytes, randomInt } from "node:crypto";
import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeAtomically } from "../files/write-atomically.ts";
import { isAlive, ownIdentity } from "../process-identity.ts";
import type { ProcessIdentity } from "../process-identity.ts";
import { JournalError } from "./segments.ts";

/** What is locked: `LOCK` is the journal that a folder holds. */
const JOURNAL = "LOCK";
/** Two that come at once both step back, and come again one after the other. */
const ATTEMPTS = 4;
const PATIENCE_MS = 1_000;

const held = new Set<string>();

/** Takes the lock; resolves to its release. `busy` says what its owner does and what to do about it. */
export async function lock(
  dir: string,
  name = JOURNAL,
  busy = "is writing this journal; stop it, or use another folder",
): Promise<() => Promise<void>> {
  const file = `${name}.${randomBytes(6).toString("hex")}`;
  const path = join(dir, file);
  const release = async (): Promise<void> => {
    held.delete(path);
    // Where the disk stands still, the end of the process gives it back.
    await Promise.race([rm(path, { force: true }), sleep(PATIENCE_MS, undefined, { ref: false })]);
  };
  for (let attempt = 1; ; attempt++) {
    await writeAtomically(path, JSON.stringify(ownIdentity()));
    held.add(path);
    let owner: number | null;
    try {
      owner = await firstOwner(dir, name, file);
    } catch (error) {
      await release();
      throw error;
    }
    if (owner === null) return release;
    await release();
    const who = owner === process.pid ? "this very process" : `process ${owner}`;
    if (attempt === ATTEMPTS) throw new JournalError("locked", `${dir}: ${who} ${busy}`);
    await sleep(randomInt(10, 60));
  }
}

/** The living process that holds the lock of a journal, or null. */
export async function ownerOf(dir: string): Promise<number | null> {
  for (const { owner } of await locksIn(dir, JOURNAL)) if (owner !== null) return owner;
  return null;
}

/** Somebody else, or null; what the dead left is removed. */
async function firstOwner(dir: string, name: string, own: string): Promise<number | null> {
  for (const { file, owner } of await locksIn(dir, name)) {
    if (file === own) continue;
    if (owner !== null) return owner;
    await rm(join(dir, file), { force: true });
  }
  return null;
}

interface Found {
  readonly file: string;
  readonly owner: number | null;
}

/** All of that name; a version of before had a single file. */
async function locksIn(dir: string, name: string): Promise<Found[]> {
  const found: Found[] = [];
  for (const file of await readdir(dir)) {
    if (file !== name && !(file.startsWith(`${name}.`) && /^[0-9a-f]{12}$/.test(file.slice(name.length + 1)))) continue;
    const path = join(dir, file);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      // Released meanwhile. One that cannot be read may be that of a living process.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
      throw error;
    }
    const owner = identityOf(text);
    found.push({ file, owner: owner !== undefined && lives(owner, path) ? owner.pid : null });
  }
  return found;
}

function lives(owner: ProcessIdentity, path: string): boolean {
  // Where nobody knows when a process started, one of our number that we do not hold was there before us.
  return owner.pid === process.pid && owner.started === null ? held.has(path) : isAlive(owner);
}

/** Undefined for a text that no process wrote in full: it belongs to nobody. */
function identityOf(text: string): ProcessIdentity | undefined {
  let found: Partial<ProcessIdentity> | null;
  try {
    found = JSON.parse(text) as typeof found;
  } catch {
    return undefined;
  }
  const { pid, started } = found ?? {};
  const isOne = Number.isSafeInteger(pid) && (pid as number) > 0 && (started === null || typeof started === "string");
  return isOne ? (found as ProcessIdentity) : undefined;
}
