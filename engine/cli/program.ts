/**
 * From paths on disk to a compiled program, for every command.
 *
 * Owns: finding the project, applying overrides and saying which. May not: hide a finding.
 */
import { access, readFile, readdir, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { projectFiles, SHARED_FOLDERS } from "../adapters/files/project-files.ts";
import { WALL_CLOCK } from "../adapters/wall-clock.ts";
import type { Program } from "../core/program.ts";
import { compile, isStrategyFile } from "../lang/compile.ts";
import type { Diagnostic } from "../lang/diagnostic.ts";
import { strategiesFolderOf } from "../lang/project.ts";
import type { Project } from "../lang/project.ts";
import type { Files, FileSet } from "../ports/files.ts";
import { renderDiagnostics } from "../report/diagnostics.ts";
import { Reloader } from "../runtime/reload.ts";
import type { AcceptedWords, ReloadResult } from "../runtime/reload.ts";
import { isPattern, matching } from "./globs.ts";
import { compileBeside } from "./compile-beside.ts";
import { CliError, say, wantsColour } from "./io.ts";
import { withNamed } from "./named-files.ts";
import { tryCompile } from "./try-compile.ts";
import type { Override } from "./try-compile.ts";
import { inSlices } from "../runtime/slices.ts";
import { needsAhead, needsOf } from "../runtime/warmup.ts";
import type { Session } from "./live-session.ts";
import type { LiveView } from "./live-view.ts";

export const PROJECT_FILE = "barwise.yaml";

export interface Loaded {
  readonly program: Program;
  /** What differs from the files, and warnings, one line each. */
  readonly notes: readonly string[];
}

/** Compiles with an override; `notes` say what it changed. Errors are printed and end the command with 1. */
export function compileFiles(files: FileSet, override: Override, failed = "the files have errors"): Loaded {
  const { compiled, notes } = tryCompile(files, override);
  const { program, diagnostics } = compiled;
  if (program === null) {
    say(renderDiagnostics(diagnostics, { format: "pretty", color: wantsColour(process.stderr), texts: files }));
    throw new CliError(failed, 1);
  }
  const warnings = diagnostics.filter(({ severity }) => severity === "warning");
  const lines = renderDiagnostics(warnings, { format: "concise", color: false, texts: files }).split("\n");
  return { program, notes: [...notes, ...lines.filter((line) => line !== "")] };
}

/** Strategy files and folders named on the command line, with the project around the first. */
export async function loadProgram(
  paths: readonly string[],
  override: Override,
): Promise<Loaded & { readonly sources: FileSet }> {
  const named = await readPaths(paths);
  const files = await withNamed(named);
  const extended = Object.keys(files).some((path) => isStrategyFile(path) && !Object.hasOwn(named, path));
  const only = extended ? { only: Object.keys(named).filter(isStrategyFile) } : {};
  return { ...compileFiles(files, { ...override, ...only }), sources: files };
}

/** Texts by path as written, folders searched for strategy files. */
export async function readPaths(paths: readonly string[], isWanted = isStrategyFile): Promise<FileSet> {
  const files: Record<string, string> = {};
  for (const path of paths) {
    for (const file of await filesAt(path, isWanted))
      files[relative(process.cwd(), resolve(file)) || file] = await readText(file);
  }
  return files;
}

async function filesAt(path: string, isWanted: (path: string) => boolean): Promise<string[]> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch (error) {
    if (isPattern(path)) return await filesMatching(path, isWanted);
    throw new CliError(`${path}: no such file or folder`, 2, { cause: error });
  }
  if (!isFolder) return [path];
  const names = await readdir(path, { recursive: true });
  const found = names.filter((name) => isWanted(join(path, name)) && !name.includes("node_modules")).sort();
  if (found.length === 0) throw new CliError(`${path}: no *.strategy.yaml in this folder`);
  return found.map((name) => join(path, name));
}

async function filesMatching(pattern: string, isWanted: (path: string) => boolean): Promise<string[]> {
  const found = (await matching(pattern)).filter((path) => isWanted(path));
  if (found.length === 0) throw new CliError(`${pattern}: no *.strategy.yaml matches`);
  return found;
}

const MAX_READ = 1024 * 1024;

export async function readText(path: string): Promise<string> {
  if ((await stat(path)).size > MAX_READ) throw new CliError(`${path}: larger than 1 MiB, not read`, 1);
  return await readFile(path, "utf8");
}

export interface LoadedProject {
  readonly root: string;
  readonly files: FileSet;
  readonly settings: Project;
  /** Whether the project file says them: where it has errors they are not what was meant. */
  readonly isSound: boolean;
  /** The first file that was not read, and why. */
  readonly refused: string | undefined;
  /** Absolute. */
  readonly journal: string;
  readonly source: Files;
}

export async function loadProject(folder: string, options: { readonly demo: boolean }): Promise<LoadedProject> {
  const root = resolve(folder);
  if (!(await exists(root))) throw new CliError(`${folder}: no such folder`);
  const file = join(root, PROJECT_FILE);
  const hasFile = await exists(file);
  if (!hasFile && !options.demo)
    throw new CliError(`${folder}: no ${PROJECT_FILE} here (barwise run --demo needs none)`);
  const folders = foldersOf(hasFile ? await readText(file) : undefined);
  const source = projectFiles(root, { folders });
  const { files, refused } = await source.read();
  const [unread] = refused;
  const { project, diagnostics } = compile(files);
  const isWrong = diagnostics.some((finding) => finding.severity === "error" && finding.file === PROJECT_FILE);
  return {
    ...{ root, files, settings: project, journal: resolve(root, project.journal), source },
    isSound: !isWrong && hasFile === Object.hasOwn(files, PROJECT_FILE),
    refused: unread === undefined ? undefined : `${unread.path}: ${unread.reason}`,
  };
}

/** Folders of a project that are read whole, by the text of its project file. */
export function foldersOf(projectText: string | undefined): readonly string[] {
  if (projectText === undefined) return ["strategies", ...SHARED_FOLDERS];
  return [relative(".", strategiesFolderOf(projectText)) || ".", ...SHARED_FOLDERS];
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * `running`: what ran last, where a run is gone on with. A bad save stops it no more while nobody ran than at any other time: the
 * reload before the first price says what is wrong, and what ran goes on.
 */
export function compileProject(project: LoadedProject, override: Override, running?: Program): Loaded {
  const { files, refused, isSound } = project;
  if (running !== undefined && isSound && !canStart(project, override)) return { program: running, notes: [] };
  if (refused !== undefined) throw new CliError(refused, 1);
  const loaded = compileFiles(files, override, "nothing was started: the files have errors");
  mustTrade(project);
  return loaded;
}

function canStart({ files, refused }: LoadedProject, override: Override): boolean {
  if (refused !== undefined || !Object.keys(files).some(isStrategyFile)) return false;
  return tryCompile(files, override).compiled.program !== null;
}

/** Strategies of nothing would run for ever and do nothing. */
function mustTrade(project: LoadedProject): void {
  if (Object.keys(project.files).some(isStrategyFile)) return;
  const folder = join(relative(process.cwd(), project.root) || ".", project.settings.strategies);
  throw new CliError(`${folder}: no *.strategy.yaml here, so there is nothing to trade`);
}

/** Every symbol whose data the rules read, those of other symbols' facts included. */
export function symbolsOf(program: Program): readonly string[] {
  const symbols = new Set<string>();
  for (const { symbols: own } of program.strategies) for (const symbol of own) symbols.add(symbol);
  for (const { symbol } of needsOf(program)) symbols.add(symbol);
  return [...symbols].sort();
}

export interface WatchOptions {
  readonly project: LoadedProject;
  readonly program: Program;
  readonly override: Override;
  readonly session: Session;
  readonly view: LiveView;
  readonly onResult: (result: ReloadResult<Diagnostic>) => void;
  /** Why this program cannot be traded on the feeds that are connected, or undefined. */
  readonly unfit: (program: Program) => string | undefined;
  readonly live: boolean;
  readonly acceptances: AcceptedWords;
}

export function watchedFiles(options: WatchOptions): Reloader<Diagnostic> {
  const { project, program, override, session, view, onResult, unfit, live, acceptances } = options;
  let settings = fixedPart(project.settings);
  return new Reloader<Diagnostic>(program, {
    files: project.source,
    engine: session.engine,
    clock: WALL_CLOCK,
    compile: async (files) => {
      const compiled = await compileBeside({ files, override });
      if (compiled.program === null) return compiled;
      // Whoever asks for it next finds it done.
      await inSlices(needsAhead(compiled.program));
      if (!Object.keys(files).some(isStrategyFile)) throw new CliError("every strategy file is gone");
      const why = unfit(compiled.program);
      if (why !== undefined) throw new CliError(why);
      if (fixedPart(compiled.project) !== settings) {
        settings = fixedPart(compiled.project);
        view.note(
          `${PROJECT_FILE}: account, control, feeds, failover, load, journal, notify, dead_man and folders take effect at the next start`,
        );
      }
      return compiled;
    },
    warm: (next) => session.warm(next),
    onResult,
    live,
    acceptances,
  });
}

/** What a running engine cannot change. */
function fixedPart({ account, control, feeds, failover, load, journal, strategies, notify, deadMan }: Project): string {
  return JSON.stringify({ account, control, feeds, failover, load, journal, strategies, notify, deadMan });
}
