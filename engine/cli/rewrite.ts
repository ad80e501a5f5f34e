/**
 * Files that a command changes: what would change, and writing it.
 *
 * Owns: the difference shown, and that a file is replaced whole or not at all and never when somebody saved meanwhile.
 */
import { readFile, stat } from "node:fs/promises";
import { writeAtomically } from "../adapters/files/write-atomically.ts";
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

/** `again` is the command that would see the newer text. */
export async function writeRewrites(rewrites: readonly Rewrite[], again: string): Promise<void> {
  for (const { file, path, before, after } of rewrites) {
    // An editor may have saved since: its text is not to be lost.
    if ((await readFile(path, "utf8")) !== before) throw new CliError(`${file}: changed meanwhile; run ${again} again`);
    await writeAtomically(path, after, (await stat(path)).mode & 0o777);
  }
}
