/**
 * The projects that open documents belong to: what is on disk, and over it what is open.
 *
 * Owns: finding a document's project, reading it, and the findings of its open documents. May not: speak the protocol.
 */
import { access, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { FILE_MAX, takeSnapshot } from "../../adapters/files/snapshot.ts";
import { diagnoseProject, diagnoseTest, relevant, symbolsIn } from "../../editor/diagnose.ts";
import { editorFile } from "../../editor/editor-file.ts";
import type { EditorFile, Project } from "../../editor/editor-file.ts";
import { kindOf } from "../../editor/kinds.ts";
import { meaningOf } from "../../editor/meaning.ts";
import type { Meaning } from "../../editor/meaning.ts";
import type { Definition } from "../../editor/names.ts";
import { compile } from "../../lang/compile.ts";
import type { Diagnostic } from "../../lang/diagnostic.ts";
import { wantedBy } from "../../lang/references.ts";
import { csvKey } from "../../lang/test-file.ts";
import type { CsvTable, CsvWanted } from "../../lang/test-market.ts";
import { csvTable } from "../test-files.ts";

const PROJECT_FILE = "barwise.yaml";
const SHARED = ["templates", "watchlists"];
/** A test that wants files names them in one go, or in two when a strategy names more. */
const MOST_ROUNDS = 5;
const CSV_MAX = 32 * 1024 * 1024;

export class OpenProject implements Project {
  /** Absolute; undefined for a document that is nowhere on disk. */
  readonly root: string | undefined;
  readonly #disk = new Map<string, string>();
  readonly #open = new Map<string, string>();
  readonly #read = new Map<string, EditorFile>();
  readonly #csv = new Map<string, CsvTable>();
  /** Looked for and not there. */
  readonly #absent = new Set<string>();
  #findings: readonly Diagnostic[] | undefined;

  constructor(root: string | undefined) {
    this.root = root;
  }

  /** Reads what is on disk anew. Rejects when the folder itself cannot be read. */
  async refresh(): Promise<void> {
    if (this.root === undefined) return;
    const folders = [await this.#strategies(), ...SHARED];
    const { files } = await takeSnapshot({ root: this.root, folders });
    this.#disk.clear();
    for (const [path, text] of Object.entries(files)) this.#disk.set(path, text);
    this.#absent.clear();
    this.#csv.clear();
    await this.#readNamed();
    this.#changed();
  }

  /** Templates and watchlists that lie elsewhere in the project. */
  async #readNamed(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const wanted = wantedBy(this.texts(), this.#absent);
      if (wanted.length === 0) return;
      for (const path of wanted) await this.#readOne(path);
    }
  }

  /** Opening a file in an editor must not read what lies around the project. */
  async #readOne(path: string): Promise<void> {
    const place = resolve(this.root ?? "", path);
    const found = this.root !== undefined && isBelow(this.root, place) ? await textAt(place) : undefined;
    if (found === undefined) this.#absent.add(path);
    else this.#disk.set(path, found);
  }

  async #strategies(): Promise<string> {
    const text = this.#open.get(PROJECT_FILE) ?? (await textAt(join(this.root ?? "", PROJECT_FILE)));
    if (text === undefined) return "strategies";
    const folder = compile({ [PROJECT_FILE]: text }).project.strategies;
    return (
      relative(this.root ?? "", resolve(this.root ?? "", folder))
        .split(sep)
        .join("/") || "."
    );
  }

  set(path: string, text: string): void {
    if (this.#open.get(path) === text) return;
    this.#open.set(path, text);
    this.#changed();
  }

  close(path: string): void {
    this.#open.delete(path);
    this.#changed();
  }

  #changed(): void {
    this.#findings = undefined;
  }

  get opened(): readonly string[] {
    return [...this.#open.keys()];
  }

  text(path: string): string | undefined {
    return this.#open.get(path) ?? this.#disk.get(path);
  }

  texts(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#disk, ...this.#open]);
  }

  paths(): Iterable<string> {
    return new Set([...this.#disk.keys(), ...this.#open.keys()]);
  }

  file(path: string): EditorFile | undefined {
    const text = this.text(path);
    if (text === undefined) return undefined;
    const known = this.#read.get(path);
    if (known?.text === text) return known;
    const file = editorFile(path, text);
    if (file !== undefined) this.#read.set(path, file);
    return file;
  }

  symbols(): readonly string[] {
    return symbolsIn(this.texts());
  }

  meaning(path: string, definition: Definition): Meaning | undefined {
    return meaningOf(relevant(this.texts(), [path]), path, definition);
  }

  /** Of all open documents but the tests. */
  findings(): readonly Diagnostic[] {
    this.#findings ??= diagnoseProject(this.texts(), this.opened);
    return this.#findings;
  }

  /** Of one file, if it said this. */
  findingsIn(path: string, text: string): readonly Diagnostic[] {
    const files = { ...this.texts(), [path]: text };
    return diagnoseProject(files, [path]).filter(({ file }) => file === path);
  }

  /** What `lint --fix` would make of a file. */
  textsFor(path: string): Readonly<Record<string, string>> {
    return relevant(this.texts(), [path]);
  }

  async #table(wanted: CsvWanted): Promise<CsvTable> {
    const path = resolve(this.root ?? "", wanted.path);
    const size = await stat(path).then(
      (found) => (found.isFile() ? found.size : Number.POSITIVE_INFINITY),
      () => 0,
    );
    if (size > CSV_MAX) return { problem: `${wanted.path} is no file, or too large to be read while you type` };
    return await csvTable({ ...wanted, path });
  }

  /** Of an open test; what it names is read from disk when nobody has it open. */
  async testFindings(path: string): Promise<readonly Diagnostic[]> {
    for (let round = 0; ; round++) {
      const text = this.text(path) ?? "";
      const files = this.texts();
      const { diagnostics, wanted } = diagnoseTest(path, text, { files, absent: this.#absent, csv: this.#csv });
      if ((wanted.files.length === 0 && wanted.csv.length === 0) || round >= MOST_ROUNDS) return diagnostics;
      for (const file of wanted.files) await this.#readOne(file);
      for (const csv of wanted.csv) this.#csv.set(csvKey(csv), await this.#table(csv));
    }
  }
}

function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder + sep);
}

/** Undefined when it is not there or too large. */
async function textAt(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile() || found.size > FILE_MAX) return undefined;
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}

export interface Located {
  readonly project: OpenProject;
  /** In the project, with forward slashes. */
  readonly path: string;
}

export class Workspace {
  readonly #projects = new Map<string, OpenProject>();
  readonly #onError: (message: string) => void;

  constructor(onError: (message: string) => void) {
    this.#onError = onError;
  }

  /** Where a document belongs. `path` is absolute; undefined for one that is nowhere, which is then a project alone. */
  async locate(uri: string, path: string | undefined): Promise<Located> {
    if (path === undefined) {
      const name = basename(new URL(uri).pathname) || uri;
      return { project: this.#projectAt(uri, undefined), path: name };
    }
    const root = await rootOf(path);
    const isNew = !this.#projects.has(root);
    const project = this.#projectAt(root, root);
    if (isNew) await this.refresh(project);
    return { project, path: relative(root, path).split(sep).join("/") };
  }

  #projectAt(key: string, root: string | undefined): OpenProject {
    const known = this.#projects.get(key);
    if (known !== undefined) return known;
    const project = new OpenProject(root);
    this.#projects.set(key, project);
    return project;
  }

  get projects(): readonly OpenProject[] {
    return [...this.#projects.values()];
  }

  /** A folder that cannot be read is told; what is open is judged all the same. */
  async refresh(project: OpenProject): Promise<void> {
    try {
      await project.refresh();
    } catch (error) {
      this.#onError(`${project.root} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Forgets a project in which nothing is open. */
  forget(project: OpenProject): void {
    if (project.opened.length > 0) return;
    for (const [key, one] of this.#projects) if (one === project) this.#projects.delete(key);
  }
}

/** The folder with barwise.yaml around a file; without one, the folder that holds its strategies. */
async function rootOf(path: string): Promise<string> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (await exists(join(folder, PROJECT_FILE))) return folder;
    if (dirname(folder) === folder) break;
  }
  const own = dirname(path);
  return kindOf(path) !== undefined && ["strategies", ...SHARED].includes(basename(own)) ? dirname(own) : own;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
