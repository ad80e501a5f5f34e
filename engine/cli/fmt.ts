/**
 * `barwise fmt`: one layout for the files of a project.
 *
 * Owns: which files are read and written, the difference shown, exit codes (0 clean or formatted, 1 something would
 * change or could not be formatted, 2 could not run). Files are replaced whole or not at all.
 */
import { access, readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { SHARED_FOLDERS } from "../adapters/files/project-files.ts";
import { strategiesFolderOf } from "../lang/project.ts";
import { formatFiles, isFormattable } from "../lang/format.ts";
import type { Formatted } from "../lang/format.ts";
import { renderDiagnostics } from "../report/diagnostics.ts";
import { CliError, print, say, wantsColour } from "./io.ts";
import { readPaths } from "./program.ts";
import { differenceText, writeRewrites } from "./rewrite.ts";
import type { Rewrite } from "./rewrite.ts";

const PROJECT_FILE = "barwise.yaml";

interface Flags {
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly stdinFilename: string;
}

type Texts = Readonly<Record<string, string>>;

export function addFmt(program: Command): void {
  program
    .command("fmt")
    .description(
      "format strategies, tests, templates, watchlists and project files: one layout, every comment kept, no meaning changed",
    )
    .argument(
      "[paths...]",
      "files, folders or patterns (default: this project); - reads standard input and prints the result",
    )
    .option("--check", "change nothing; exit code 1 when a file would change")
    .option("--diff", "change nothing; print what would change")
    .option("--stdin-filename <name>", "name of what comes on standard input", "stdin.strategy.yaml")
    .action(async (paths: string[], flags: Flags) => runFmt(paths, flags));
}

async function runFmt(paths: readonly string[], flags: Flags): Promise<void> {
  const isStdin = paths.includes("-");
  const files = isStdin ? await fromStdin(paths, flags) : await filesToFormat(paths);
  const formatted = formatFiles(files);
  const refused = formatted.filter((one) => one.findings.length > 0);
  report(formatted, files);
  const changed = formatted
    .map(({ file, text }): Rewrite => ({ file, path: file, before: files[file] as string, after: text }))
    .filter(({ before, after }) => before !== after);
  if (flags.diff === true) process.stdout.write(differenceText(changed, process.stdout));
  if (flags.check === true) for (const { file } of changed) print(file);
  const isDry = flags.check === true || flags.diff === true;
  if (isStdin && !isDry) process.stdout.write(formatted[0]?.text ?? "");
  else if (!isDry) await writeAll(changed);
  if (!isStdin) say(summary(formatted.length, changed.length, refused.length, isDry));
  if (refused.length > 0 || (flags.check === true && changed.length > 0)) process.exitCode = 1;
}

/** What could not be formatted, as lint says it. */
function report(formatted: readonly Formatted[], texts: Texts): void {
  for (const { file, findings, note } of formatted) {
    if (note !== undefined) say(`${file}: left alone, ${note}`);
    if (findings.length === 0) continue;
    say(renderDiagnostics(findings, { format: "pretty", color: wantsColour(process.stderr), texts }));
  }
}

async function writeAll(changed: readonly Rewrite[]): Promise<void> {
  await writeRewrites(changed, "fmt");
  for (const { file } of changed) print(file);
}

function summary(count: number, changed: number, refused: number, isDry: boolean): string {
  const files = `${count} ${count === 1 ? "file" : "files"}`;
  const done = isDry ? `${changed} would change` : `${changed} formatted`;
  return `${files}: ${done}${refused > 0 ? `, ${refused} with errors` : ""}`;
}

// ------------------------------------------------------------------------------------------------ files

async function fromStdin(paths: readonly string[], { stdinFilename }: Flags): Promise<Texts> {
  if (paths.length > 1) throw new CliError("- stands alone");
  mustBeFormattable(stdinFilename);
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Buffer));
  return { [stdinFilename]: Buffer.concat(chunks).toString("utf8") };
}

async function filesToFormat(paths: readonly string[]): Promise<Texts> {
  if (paths.length === 0) return await projectHere();
  const files = await readPaths(paths, isFormattable);
  for (const file of Object.keys(files)) mustBeFormattable(file);
  return { ...files, ...(await projectsIn(paths)) };
}

/** The project file, the limits beside it, and everything in its folders. */
async function projectHere(): Promise<Texts> {
  const files: Record<string, string> = {};
  for (const file of [PROJECT_FILE, "risk.yaml"]) if (await exists(file)) files[file] = await readFile(file, "utf8");
  const project = files[PROJECT_FILE];
  const folder = project === undefined ? "strategies" : strategiesFolderOf(project);
  if ((await exists(folder)) || project === undefined) Object.assign(files, await readPaths([folder], isFormattable));
  for (const shared of SHARED_FOLDERS)
    if (await hasFormattable(shared)) Object.assign(files, await readPaths([shared], isFormattable));
  return files;
}

async function hasFormattable(folder: string): Promise<boolean> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.some((name) => isFormattable(join(folder, name)));
}

/** A folder's project file is formatted with its strategies. */
async function projectsIn(paths: readonly string[]): Promise<Texts> {
  const found: Record<string, string> = {};
  for (const path of paths) {
    const file = join(path, PROJECT_FILE);
    if (basename(path) !== PROJECT_FILE && (await exists(file))) found[file] = await readFile(file, "utf8");
  }
  return found;
}

function mustBeFormattable(file: string): void {
  if (!isFormattable(file))
    throw new CliError(
      `${file}: no file that has a layout: *.strategy.yaml, *.test.yaml, *.template.yaml, watchlists, ${PROJECT_FILE}, risk.yaml`,
    );
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
