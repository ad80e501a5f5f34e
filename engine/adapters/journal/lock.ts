/**
 * One process per journal.
 *
 * Owns: the LOCK file. It names the process and when that started, so that a lock left behind by a crash, or a process
 * id used again after a reboot or in a new container, does not keep anybody out. Local file systems only.
 */
import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, ownIdentity } from "../process-identity.ts";
import type { ProcessIdentity } from "../process-identity.ts";
import { JournalError } from "./segments.ts";

const held = new Set<string>();

/** Takes the lock; resolves to its release. */
export async function lock(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, "LOCK");
  if (held.has(path)) throw new JournalError("locked", `${dir}: this journal is already open in this process`);
  const mine = JSON.stringify(ownIdentity());
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await create(path, mine)) {
      // Somebody who judged the same stale lock may have removed ours: look again before believing it.
      if (attempt > 0) await sleep(50);
      if ((await readFile(path, "utf8").catch(() => "")) === mine) return hold(path);
      continue;
    }
    const owner = await ownerOf(path);
    if (owner !== null) {
      throw new JournalError(
        "locked",
        `${dir}: process ${owner} is writing this journal; stop it, or use another folder`,
      );
    }
    await rm(path, { force: true });
  }
  throw new JournalError("locked", `${dir}: another process took the lock`);
}

function hold(path: string): () => Promise<void> {
  held.add(path);
  return async () => {
    held.delete(path);
    await rm(path, { force: true });
  };
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(content);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The living process that holds the lock, or null. A lock cut short by a crash belongs to nobody. */
export async function ownerOf(path: string): Promise<number | null> {
  let owner: ProcessIdentity;
  try {
    owner = JSON.parse(await readFile(path, "utf8")) as typeof owner;
  } catch {
    return null;
  }
  return owner.pid !== process.pid && isAlive(owner) ? owner.pid : null;
}
