/**
 * Replaces a file so that a reader, or a crash, sees the old text or the new one and nothing between.
 *
 * Owns: temporary file, fsync, rename, fsync of the folder. May not create folders.
 */
import { randomBytes } from "node:crypto";
import { open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export async function writeAtomically(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  // A symbolic link stays one: its target is replaced.
  const target = await realpath(path).catch(() => path);
  // The leading dot keeps the temporary file out of every snapshot.
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const folder = await open(dirname(target), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
