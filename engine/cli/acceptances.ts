/**
 * What persons have accepted, kept as files beside the project.
 *
 * Owns: `.barwise/accepted/*.yaml`, one file for each transition of a run; writing, reading and watching them. A file that
 * cannot be understood accepts nothing and is an error. May not: decide what needs to be accepted.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { projectFiles } from "../adapters/files/project-files.ts";
import { writeAtomically } from "../adapters/files/write-atomically.ts";
import type { Files } from "../ports/files.ts";
import type { Acceptance } from "../runtime/acceptance.ts";
import { CliError } from "./io.ts";

const HOME = ".barwise";
const FOLDER = "accepted";

export interface Acceptances {
  read(): Promise<readonly Acceptance[]>;
  watch: Files["watch"];
}

/** The folder is made, so that its first file is noticed. */
export async function openAcceptances(root: string): Promise<Acceptances> {
  const home = join(root, HOME);
  await mkdir(join(home, FOLDER), { recursive: true });
  const files = projectFiles(home, { folders: [FOLDER] });
  return {
    read: async () => {
      const read = await files.read();
      const [refused] = read.refused;
      if (refused !== undefined) throw new CliError(`${HOME}/${refused.path}: ${refused.reason}`);
      return Object.entries(read.files)
        .filter(([path]) => path.startsWith(`${FOLDER}/`))
        .map(([path, text]) => acceptanceOf(`${HOME}/${path}`, text));
    },
    watch: (onChange, onError) => files.watch(onChange, onError),
  };
}

/** Returns the path of the file, relative to the project. */
export async function saveAcceptance(root: string, acceptance: Acceptance): Promise<string> {
  const name = `${acceptance.run}-${acceptance.to.slice(0, 12)}.yaml`;
  await mkdir(join(root, HOME, FOLDER), { recursive: true });
  await writeAtomically(join(root, HOME, FOLDER, name), stringify(acceptance));
  return join(HOME, FOLDER, name);
}

function acceptanceOf(path: string, text: string): Acceptance {
  let value: Partial<Acceptance> | null;
  try {
    value = parse(text) as Partial<Acceptance> | null;
  } catch (error) {
    throw new CliError(`${path}: not YAML: ${(error as Error).message}`, 2, { cause: error });
  }
  const { from, to, run, by, reason, findings } = value ?? {};
  const texts = [from, to, run, by, reason];
  if (!texts.every((item) => typeof item === "string") || !Array.isArray(findings))
    throw new CliError(`${path}: not an acceptance; \`barwise accept\` writes them. Remove the file to go on.`);
  return value as Acceptance;
}
