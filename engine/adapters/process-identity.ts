/**
 * Which process wrote a file, and whether it still lives.
 *
 * Owns: telling a process from a later one with the same number, after a reboot or in a new container. May not: end one.
 */
import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  /** In the kernel's terms; null where there is no /proc. */
  readonly started: string | null;
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) };
}

export function isAlive({ pid, started }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  if (started === null) return true;
  const seen = lookAt(pid);
  // It answers, and what it is may not be seen: it may be the one.
  return seen === undefined || (!seen.isOver && seen.started === started);
}

function startOf(pid: number): string | null {
  return lookAt(pid)?.started ?? null;
}

interface Seen {
  readonly started: string;
  /** It has ended, and its parent has not asked how: under a parent that never does, that stays so. */
  readonly isOver: boolean;
}

function lookAt(pid: number): Seen | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Fields from the third on: they stand behind the command name, which may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, threads, start] = [fields[0], fields[17], fields[19]];
    // A thread that hangs in a call to the disk outlives the first one, and may still write.
    return { started: `${boot}/${start}`, isOver: state === "X" || (state === "Z" && Number(threads) <= 1) };
  } catch {
    return undefined;
  }
}
