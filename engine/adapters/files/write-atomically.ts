/**
 * Replaces files so that a reader, or a crash, sees the old text or the new one and nothing between.
 *
 * Owns: temporary file, fsync, rename, fsync of the folder; for several files every text is on disk before the first is
 * replaced; folders that are to hold such files. May not promise that several files change in one instant: no file system does.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

export interface NewText {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly mode?: number;
}

/** New texts that lie beside their files. One of both is called, once. */
export interface Staged {
  /** Rejects with a `PartlyReplaced` when a file cannot be replaced: those before it have been, it and the rest are not. */
  replace(): Promise<void>;
  discard(): Promise<void>;
}

export class PartlyReplaced extends Error {
  override readonly name = "PartlyReplaced";
  /** How many files have their new text, counted from the first that was given. */
  readonly replaced: number;
  constructor(replaced: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.replaced = replaced;
  }
}

export async function writeAtomically(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const staged = await stageTexts([{ path, content, ...(mode === undefined ? {} : { mode }) }]);
  await staged.replace();
}

/** When one of them cannot be written, nothing is left behind and nothing has changed. */
export async function stageTexts(texts: readonly NewText[]): Promise<Staged> {
  const staged: { readonly temporary: string; readonly target: string }[] = [];
  const discard = async (): Promise<void> => {
    for (const { temporary } of staged) await rm(temporary, { force: true });
  };
  try {
    for (const { path, content, mode = 0o644 } of texts) {
      // A symbolic link stays one: its target is replaced.
      const target = await realpath(path).catch(() => path);
      // The leading dot keeps the temporary file out of every snapshot.
      const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
      const file = await open(temporary, "wx", mode);
      staged.push({ temporary, target });
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
    }
  } catch (error) {
    await discard();
    throw error;
  }
  const replace = async (): Promise<void> => {
    for (const [index, { temporary, target }] of staged.entries()) {
      try {
        await rename(temporary, target);
      } catch (error) {
        await discard();
        throw new PartlyReplaced(index, error);
      }
    }
    for (const folder of new Set(staged.map(({ target }) => dirname(target)))) await syncFolder(folder);
  };
  return { replace, discard };
}

/** Makes a folder and those above it. A folder whose name is not on the disk takes all in it with it, so the names are synced. */
export async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true });
  const top = dirname(resolve(made ?? path));
  for (let parent = dirname(resolve(path)); ; parent = dirname(parent)) {
    await syncFolder(parent);
    if (parent === top) return;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
