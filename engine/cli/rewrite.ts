/**
 * Files that a command changes: what would change, and writing it.
 *
 * Owns: the difference shown, and that no file is replaced before the new texts of all of them are on disk, nor when
 * somebody saved one meanwhile; what was written is said when the rest could not be.
 */
import { readFile, stat } from "node:fs/promises";
import { PartlyReplaced, stageTexts } from "../adapters/files/write-atomically.ts";
import type { NewText } from "../adapters/files/write-atomically.ts";
import { differenceOf } from "../lang/format-diff.ts";
import { CliError, painter } from "./io.ts";

export interface Rewrite {
  /** As it is named to people. */
  readonly file: string;
  /** Where it is on disk. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** As `diff -u` shows it, coloured for the stream that it goes to. */
export function differenceText(rewrites: readonly Rewrite[], stream: NodeJS.WriteStream): string {
  const paint = painter(stream);
  const lines = rewrites.flatMap(({ file, before, after }) => [
    paint("bold", `--- ${file}\n+++ ${file}`),
    ...differenceOf(before, after).map((line) => {
      const style = line.startsWith("-") ? "red" : line.startsWith("+") ? "green" : "dim";
      return line.startsWith(" ") ? line : paint(style, line);
    }),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}

/** All of them or, while that can still be chosen, none. `again` is the command that would see the newer text. */
export async function writeRewrites(rewrites: readonly Rewrite[], again: string): Promise<void> {
  const staged = await orNothing(async () => {
    const texts: NewText[] = [];
    for (const { path, after } of rewrites) texts.push({ path, content: after, mode: (await stat(path)).mode & 0o777 });
    return await stageTexts(texts);
  });
  try {
    // An editor may have saved since: its text is not to be lost.
    for (const { file, path, before } of rewrites) {
      if ((await orNothing(() => readFile(path, "utf8"))) !== before)
        throw new CliError(`${file}: changed meanwhile; nothing was written, run ${again} again`);
    }
  } catch (error) {
    await staged.discard();
    throw error;
  }
  try {
    await staged.replace();
  } catch (error) {
    if (!(error instanceof PartlyReplaced)) throw error;
    const names = rewrites.map(({ file }) => file);
    const done = names.slice(0, error.replaced);
    const left = names.slice(error.replaced);
    const written = done.length === 0 ? "nothing was written" : `written: ${done.join(", ")}`;
    throw new CliError(`${error.message}; ${written}; as before: ${left.join(", ")}`, 2, { cause: error });
  }
}

async function orNothing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CliError(`${(error as Error).message}; nothing was written`, 2, { cause: error });
  }
}
