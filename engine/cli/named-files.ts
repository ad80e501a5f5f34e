/**
 * Files that the files of a command name: templates, strategies that are extended, watchlists.
 *
 * Owns: reading them until nothing is wanted any more. A file that is not there is left out: `compile` has the sentence.
 */
import { readFile, stat } from "node:fs/promises";
import { wantedBy } from "../lang/references.ts";
import type { FileSet } from "../ports/files.ts";

const MAX_READ = 1024 * 1024;
const MOST_FILES = 10_000;

/** `root`: folder of the project, in the paths of the files. */
export async function withNamed(files: FileSet, root = ""): Promise<FileSet> {
  const all: Record<string, string> = { ...files };
  const absent = new Set<string>();
  for (;;) {
    const wanted = wantedBy(all, absent, root);
    if (wanted.length === 0 || Object.keys(all).length > MOST_FILES) return all;
    for (const path of wanted) {
      const text = await textOf(path);
      if (text === undefined) absent.add(path);
      else all[path] = text;
    }
  }
}

/** Undefined when it cannot be read or is too large to be a file of ours. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() && found.size <= MAX_READ ? await readFile(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}
