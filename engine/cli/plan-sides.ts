/**
 * The two programs of a plan: what is in the files now, and what they are compared with.
 *
 * Owns: finding the project, reading its files, a journal or a revision. May not: compare, print results.
 */
import { realpath, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { projectFiles } from "../adapters/files/project-files.ts";
import { GitError, Repository } from "../adapters/git/revision.ts";
import { newestJournal, writerOf } from "../adapters/journal/find.ts";
import { readJournal } from "../adapters/journal/read.ts";
import { JournalError } from "../adapters/journal/segments.ts";
import type { Program, ProgramSettings } from "../core/program.ts";
import { compile, isStrategyFile } from "../lang/compile.ts";
import { parseSeriesSize } from "../market/bar-size.ts";
import { calendarOf } from "../market/instruments.ts";
import type { FileSet } from "../ports/files.ts";
import type { JournalRecord } from "../ports/journal.ts";
import { renderDiagnostics } from "../report/diagnostics.ts";
import { rebuild } from "../runtime/rebuild.ts";
import type { Rebuilt } from "../runtime/rebuild.ts";
import { RebuildError } from "../runtime/recompute.ts";
import { CliError, say, wantsColour } from "./io.ts";
import { PROJECT_FILE, exists, foldersOf, readText } from "./program.ts";
import { tryCompile } from "./try-compile.ts";
import type { Override } from "./try-compile.ts";

/** A project on disk, and the part of it that is asked about. */
export interface Place {
  readonly root: string;
  readonly files: FileSet;
  readonly folders: readonly string[];
  /** Where its runs are kept. */
  readonly journals: string;
  /** Files and folders below the root, with `/`; empty for all of it. */
  readonly only: readonly string[];
}

export async function placeOf(paths: readonly string[]): Promise<Place> {
  // Real paths, so that a link into the project is not taken for something outside.
  const named = await Promise.all(paths.map((path) => realpathOf(path)));
  const here = await realpath(process.cwd());
  const root = await rootOf(named[0] ?? here, here);
  if (root !== here) say(`project ${relative(here, root)}`);
  const only = named.filter((path) => path !== root).map((path) => below(root, path));
  const file = join(root, PROJECT_FILE);
  const text = (await exists(file)) ? await readText(file) : undefined;
  const around = await Promise.all(
    only.map(async (path) => ((await isFolder(join(root, path))) ? path : dirname(path))),
  );
  // What lies in the root is read anyway, and without a project file nobody said that all of it is one project.
  const folders = text === undefined && only.length > 0 ? around.filter((folder) => folder !== ".") : foldersOf(text);
  const { files, refused } = await projectFiles(root, { folders }).read();
  for (const { path, reason } of refused) throw new CliError(`${path}: ${reason}`, 1);
  return { root, files, folders, journals: resolve(root, compile(files).project.journal), only };
}

async function realpathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw new CliError(`${path}: no such file or folder`, 2, { cause: error });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}

/**
 * The nearest folder with a project file. A folder that has strategies itself and no project file is a project of its own,
 * as for the other commands; without any, the current folder, or the one that is named.
 */
async function rootOf(path: string, here: string): Promise<string> {
  const start = (await isFolder(path)) ? path : dirname(path);
  if (!(await exists(join(start, PROJECT_FILE))) && (await exists(join(start, "strategies")))) return start;
  for (let folder = start; ; folder = dirname(folder)) {
    if (await exists(join(folder, PROJECT_FILE))) return folder;
    if (folder === dirname(folder)) break;
  }
  return start === here || start.startsWith(here + sep) ? here : start;
}

function below(root: string, path: string): string {
  const inside = relative(root, path);
  if (inside === ".." || inside.startsWith(`..${sep}`) || resolve(root, inside) !== path)
    throw new CliError(`${path}: outside the project in ${root}; plan one project at a time`);
  return inside.replaceAll(sep, "/");
}

/** The program of the files, compiled as the other side was. */
export function programOf(files: FileSet, override: Override, failed: string, exitCode: 1 | 2): Program {
  const { compiled, notes } = tryCompile(files, override);
  for (const note of notes) say(note);
  if (compiled.program !== null) return compiled.program;
  say(renderDiagnostics(compiled.diagnostics, { format: "pretty", color: wantsColour(process.stderr), texts: files }));
  throw new CliError(failed, exitCode);
}

// ---------------------------------------------------------------------------------------------- the other side

export interface JournalSide {
  readonly kind: "journal";
  readonly program: Program;
  readonly rebuilt: Rebuilt;
  /** Relative to the current folder. */
  readonly folder: string;
  /** The process that is writing it, or null: then it is the last run, and nothing is running. */
  readonly writer: number | null;
  readonly override: Override;
  again(): AsyncIterable<JournalRecord>;
}

export interface GitSide {
  readonly kind: "git";
  readonly program: Program;
  readonly commit: string;
  readonly override: Override;
}

export type Side = JournalSide | GitSide;

export const RUNNING = "running";

export async function sideOf(against: string, place: Place): Promise<Side> {
  if (against === RUNNING) {
    const journal = await newestJournal(place.journals);
    if (journal !== undefined) return await fromJournal(journal);
    const folder = relative(process.cwd(), place.journals) || ".";
    throw new CliError(`${folder}: no journal, so nothing has run here; --against HEAD compares with a git revision`);
  }
  const journal = await newestJournal(against);
  return journal === undefined ? await fromGit(against, place) : await fromJournal(journal);
}

async function fromJournal(folder: string): Promise<JournalSide> {
  const shown = relative(process.cwd(), folder) || ".";
  const again = (): AsyncIterable<JournalRecord> => readJournal(folder);
  const writer = await writerOf(folder);
  try {
    const rebuilt = await rebuild(untorn(folder, writer), calendarOf);
    const { program, files, settings } = rebuilt;
    return { kind: "journal", program, rebuilt, folder: shown, writer, override: overrideOf(files, settings), again };
  } catch (error) {
    if (error instanceof RebuildError) throw new CliError(`${shown}: ${error.message}`, 2, { cause: error });
    if (error instanceof JournalError) throw new CliError(error.message, 2, { cause: error });
    throw error;
  }
}

/** What a living writer has not finished is no damage; what a crash cut short leaves unknown what ran last. */
async function* untorn(folder: string, writer: number | null): AsyncGenerator<JournalRecord, void> {
  const { torn } = yield* readJournal(folder);
  if (torn === null || writer !== null) return;
  const { file, offset, bytes } = torn;
  const what = `ends in the middle of a record (${bytes} bytes from byte ${offset} on), cut short by a crash`;
  throw new RebuildError(`${file} ${what}: what was running is not exactly known. Compare with a git revision.`);
}

/** What the running program was compiled with beside its files: the files of now are compiled with the same. */
export function overrideOf(files: FileSet, settings: ProgramSettings | null): Override {
  if (settings === null) return {};
  const { params, on, symbols, only } = settings;
  const size = on === null ? undefined : parseSeriesSize(on);
  const chosen = only === undefined ? {} : { only };
  const plain = compile(files, { params, ...chosen });
  const isReplaced = plain.program?.strategies.some(
    ({ name, symbols: own }) => symbols !== null && symbols[name]?.join() !== own.join(),
  );
  // Only what there is data for was played; that is what all of them name together.
  const available = [...new Set(Object.values(symbols ?? {}).flat())];
  return {
    params,
    ...chosen,
    ...(size === undefined ? {} : { on: size }),
    ...(isReplaced === true ? { available } : {}),
  };
}

async function fromGit(revision: string, { root, folders }: Place): Promise<GitSide> {
  const [commit, files] = await revisionFiles(revision, root, folders);
  const program = programOf(files, {}, `the files at ${revision} have errors`, 2);
  return { kind: "git", program, commit, override: {} };
}

async function revisionFiles(
  revision: string,
  root: string,
  folders: readonly string[],
): Promise<readonly [commit: string, files: FileSet]> {
  try {
    const repository = await Repository.open(root);
    const commit = await repository.commit(revision);
    const text = await repository.file(commit, PROJECT_FILE);
    const files = await repository.files(commit, { folders: text === undefined ? folders : foldersOf(text) });
    if (Object.keys(files).some(isStrategyFile)) return [commit, files];
    throw new CliError(`at ${revision} there is no *.strategy.yaml of this project`);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const known = error.code === "unknown-revision" || error.code === "not-a-repository";
    const hint = known ? `, and no folder "${revision}" holds a journal` : "";
    throw new CliError(`--against ${JSON.stringify(revision)}: ${error.message}${hint}`, 2, { cause: error });
  }
}
