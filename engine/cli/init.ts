/**
 * `barwise init`: a repository of strategies.
 *
 * Owns: which files it has. Nothing that is there is lost: without --force the command writes nothing when a file of
 * the same name says something else, with --force the old text is kept beside the new one.
 */
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { writeAtomically } from "../adapters/files/write-atomically.ts";
import { renderSchemas } from "../lang/schema-render.ts";
import { CliError, print, say } from "./io.ts";
import { IGNORED, PROJECT, STRATEGY, TEST } from "./templates/project.ts";
import { editorSettings, EXTENSIONS, README, workflow } from "./templates/repository.ts";
import { VERSION } from "./version.ts";

interface Flags {
  readonly force?: boolean;
}

type Texts = Readonly<Record<string, string>>;

export function addInit(program: Command): void {
  program
    .command("init")
    .description("write a repository of strategies: project, example, schemas, editor settings, CI, README")
    .argument("[dir]", "where; made when it is not there", ".")
    .option("--force", "replace files of the same name; what they said is kept as NAME.old")
    .action(async (dir: string, flags: Flags) => runInit(dir, flags));
}

async function runInit(dir: string, { force = false }: Flags): Promise<void> {
  const files = repository();
  const present = await textsBelow(dir, [...Object.keys(files), GITIGNORE]);
  const others = Object.keys(files).filter((name) => Object.hasOwn(present, name) && present[name] !== files[name]);
  if (others.length > 0 && !force) {
    const list = others.map((name) => `  ${join(dir, name)}`).join("\n");
    throw new CliError(
      `nothing was written, these files are there already:\n${list}\n--force replaces them and keeps what they said as NAME.old`,
    );
  }
  // The old texts first: whatever happens then, nothing is lost.
  for (const name of others) await keepOld(dir, name, present[name] as string);
  const written = { ...files, ...ignoring(present[GITIGNORE]) };
  for (const [name, text] of Object.entries(written)) {
    if (present[name] === text) continue;
    await write(dir, name, text);
    print(join(dir, name));
  }
  say(`next: ${dir === "." ? "" : `cd ${dir} && `}npx barwise lint`);
}

/** Path -> text. */
function repository(): Texts {
  const schemas = Object.entries(renderSchemas());
  return {
    "barwise.yaml": PROJECT,
    "strategies/example.strategy.yaml": STRATEGY,
    "strategies/example.test.yaml": TEST,
    ...Object.fromEntries(schemas.map(([name, text]) => [`schemas/${name}`, text])),
    ".vscode/settings.json": editorSettings(schemas.map(([name]) => name)),
    ".vscode/extensions.json": EXTENSIONS,
    ".github/workflows/strategies.yml": workflow(VERSION),
    "README.md": README,
  };
}

const GITIGNORE = ".gitignore";

/** A line more in a file that most repositories have already. */
function ignoring(present = ""): Texts {
  if (present.split(/\r?\n/).some((line) => line.trim() === IGNORED)) return {};
  const start = present === "" || present.endsWith("\n") ? present : `${present}\n`;
  return { [GITIGNORE]: `${start}${IGNORED}\n` };
}

async function textsBelow(dir: string, names: readonly string[]): Promise<Texts> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const text = await textOf(join(dir, name));
    if (text !== undefined) found[name] = text;
  }
  return found;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliError(`${path}: ${error instanceof Error ? error.message : String(error)}`, 2, { cause: error });
  }
}

async function keepOld(dir: string, name: string, text: string): Promise<void> {
  for (let i = 1; ; i++) {
    const old = `${name}.old${i === 1 ? "" : i}`;
    const there = await textOf(join(dir, old));
    if (there === text) return;
    if (there !== undefined) continue;
    await write(dir, old, text);
    print(join(dir, old));
    return;
  }
}

async function write(dir: string, name: string, text: string): Promise<void> {
  const path = join(dir, name);
  await mkdir(dirname(path), { recursive: true });
  await writeAtomically(path, text);
}
