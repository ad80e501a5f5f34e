/**
 * What persons have said, kept as files beside the project.
 *
 * Owns: `.barwise/accepted/*.yaml`, one file for each transition of a run that was accepted and for each order that was
 * decided about; writing, reading and watching them, and that one which is over is read no more: it is called `.used` then. A
 * file that cannot be understood says nothing and is an error.
 * May not: decide what needs a word.
 */
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { projectFiles } from "../adapters/files/project-files.ts";
import { writeAtomically } from "../adapters/files/write-atomically.ts";
import type { Files } from "../ports/files.ts";
import type { Acceptance, NotSent } from "../runtime/acceptance.ts";
import { CliError } from "./io.ts";

const HOME = ".barwise";
const FOLDER = "accepted";
const USED = ".used";

export interface Words {
  readonly reloads: readonly Acceptance[];
  readonly orders: readonly NotSent[];
}

export interface Acceptances {
  read(): Promise<Words>;
  /** Nobody is told of it; what else is there is told again. */
  retire(words: readonly Acceptance[]): Promise<void>;
  watch: Files["watch"];
}

/** The folder is made, so that its first file is noticed. */
export async function openAcceptances(root: string): Promise<Acceptances> {
  const home = join(root, HOME);
  await mkdir(join(home, FOLDER), { recursive: true });
  const files = projectFiles(home, { folders: [FOLDER] });
  // A reload reads words of every kind and takes its own: what it has seen must still be told to whoever takes the others.
  const watched = projectFiles(home, { folders: [FOLDER] });
  await watched.read();
  const paths = new WeakMap<object, string>();
  let tell: () => void = () => {};
  return {
    read: async () => {
      const read = await files.read();
      const [refused] = read.refused;
      if (refused !== undefined) throw new CliError(`${HOME}/${refused.path}: ${refused.reason}`);
      const words = Object.entries(read.files)
        .filter(([path]) => path.startsWith(`${FOLDER}/`))
        .map(([path, text]) => {
          const word = wordOf(`${HOME}/${path}`, text);
          paths.set(word, join(home, path));
          return word;
        });
      return {
        reloads: words.filter((word) => "findings" in word),
        orders: words.filter((word) => "order" in word),
      };
    },
    retire: async (words) => {
      for (const word of words) {
        const path = paths.get(word);
        if (path !== undefined) await rename(path, `${path}${USED}`);
      }
      const left = await watched.read();
      if (Object.keys(left.files).length > 0 || left.refused.length > 0) tell();
    },
    watch: (onChange, onError) => {
      tell = onChange;
      return watched.watch(onChange, onError);
    },
  };
}

/** Returns the path of the file, relative to the project. */
export async function saveWord(root: string, word: Acceptance | NotSent): Promise<string> {
  const name = `${word.run}-${"order" in word ? word.order : word.to.slice(0, 12)}.yaml`;
  await mkdir(join(root, HOME, FOLDER), { recursive: true });
  await writeAtomically(join(root, HOME, FOLDER, name), stringify(word));
  return join(HOME, FOLDER, name);
}

function wordOf(path: string, text: string): Acceptance | NotSent {
  let value: Partial<Acceptance & NotSent> | null;
  try {
    value = parse(text) as typeof value;
  } catch (error) {
    throw new CliError(`${path}: not YAML: ${(error as Error).message}`, 2, { cause: error });
  }
  const { from, to, run, by, reason, findings, order } = value ?? {};
  const isText = (...items: readonly unknown[]): boolean => items.every((item) => typeof item === "string");
  const isReload = isText(from, to) && Array.isArray(findings);
  if (!isText(run, by, reason) || (!isReload && !isText(order)))
    throw new CliError(`${path}: nothing that \`barwise accept\` or \`resolve\` wrote. Remove the file to go on.`);
  return value as Acceptance | NotSent;
}
