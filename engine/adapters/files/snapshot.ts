/**
 * Reads the text files of a project once.
 *
 * Owns: which files belong to a project, what is refused, and the hash of all of it. May not watch or compile.
 *
 * A project is `*.yaml` in its root (barwise.yaml, risk.yaml) and every `*.yaml` under its folders of
 * strategies, templates and watchlists. Names that start with a dot, node_modules and symbolic links out of the project are left
 * out; a link inside it is followed, as Kubernetes mounts are made of them.
 */
import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { FileSet } from "../../ports/files.ts";

export interface Layout {
  readonly root: string;
  /** Folders below the root that are read with all that is in them; `.` is the root itself. */
  readonly folders: readonly string[];
}

export interface Refused {
  readonly path: string;
  readonly reason: string;
}

export interface Snapshot {
  readonly files: FileSet;
  readonly refused: readonly Refused[];
  /** SHA-256 over paths, texts and refusals. */
  readonly hash: string;
  /** Newest modification of any file, epoch milliseconds. */
  readonly modifiedAt: number;
  /** Where the folders really are: a link that is set to another folder takes all that is below it along. */
  readonly places: string;
}

export const FILE_MAX = 1024 * 1024;
const DEPTH_MAX = 12;
const FILES_MAX = 10_000;
const YAML = /\.ya?ml$/i;

/** Whether a relative path (with `/`) may belong to the project; folders on the way to one count as well. */
export function isRelevant(layout: Layout, path: string): boolean {
  const parts = path.split("/");
  // `..data` and `..2026_…` are how a ConfigMap swaps its content: not read, but their change means a change.
  if (parts.some((part) => (part.startsWith(".") && !part.startsWith("..")) || part === "node_modules")) return false;
  if (parts.length === 1 && (YAML.test(path) || path.startsWith(".."))) return true;
  return layout.folders.some(
    (folder) => folder === "." || path === folder || path.startsWith(`${folder}/`) || folder.startsWith(`${path}/`),
  );
}

/** Whether the file of this relative path belongs to the project. */
export function belongs(layout: Layout, path: string): boolean {
  return YAML.test(path) && isRelevant(layout, path) && !path.split("/").some((part) => part.startsWith("."));
}

/** Reads everything now. Rejects only when the root itself cannot be read. */
export async function takeSnapshot(layout: Layout): Promise<Snapshot> {
  const reader = new Reader(layout, await realpath(layout.root));
  await reader.folder("", 0);
  return reader.finish();
}

class Reader {
  readonly #layout: Layout;
  readonly #root: string;
  readonly #texts = new Map<string, string>();
  readonly #refused: Refused[] = [];
  /** Real paths of the folders that are being read right now. */
  readonly #open = new Set<string>();
  readonly #places: string[] = [];
  #modifiedAt = 0;

  constructor(layout: Layout, root: string) {
    this.#layout = layout;
    this.#root = root;
  }

  async folder(path: string, depth: number): Promise<void> {
    if (depth > DEPTH_MAX) return this.#refuse(path, `folders are nested deeper than ${DEPTH_MAX}`);
    let real: string;
    let entries: Dirent[];
    try {
      real = await realpath(join(this.#root, path));
      if (this.#open.has(real)) return this.#refuse(path, "a symbolic link back to a folder that it is in");
      entries = await readdir(real, { withFileTypes: true });
    } catch (error) {
      if (path === "") throw error;
      // Folders come and go while they are read; the next snapshot differs and is taken again.
      return this.#refuseFault(path, error);
    }
    this.#open.add(real);
    this.#places.push(real);
    for (const entry of entries) {
      const child = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.name.startsWith(".") || !isRelevant(this.#layout, child)) continue;
      if (entry.isDirectory()) await this.folder(child, depth + 1);
      else if (entry.isSymbolicLink()) await this.#link(child, depth);
      else if (entry.isFile() && YAML.test(entry.name)) await this.#file(child);
    }
    this.#open.delete(real);
  }

  finish(): Snapshot {
    const paths = [...this.#texts.keys()].sort();
    const hash = createHash("sha256");
    const add = (text: string): void => {
      hash.update(`${Buffer.byteLength(text)}:`).update(text);
    };
    for (const path of paths) {
      add(path);
      add(this.#texts.get(path) as string);
    }
    this.#refused.sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const { path, reason } of this.#refused) add(`${path}\n${reason}`);
    const files = Object.fromEntries(paths.map((path) => [path, this.#texts.get(path) as string]));
    const places = this.#places.sort().join("\n");
    return { files, refused: this.#refused, hash: hash.digest("hex"), modifiedAt: this.#modifiedAt, places };
  }

  async #link(path: string, depth: number): Promise<void> {
    try {
      const target = await realpath(join(this.#root, path));
      if (target !== this.#root && !target.startsWith(this.#root + sep)) {
        return this.#refuse(path, "a symbolic link out of the project; copy the file, or mount the folder");
      }
      if ((await stat(target)).isDirectory()) await this.folder(path, depth + 1);
      else if (YAML.test(path)) await this.#file(path);
    } catch (error) {
      this.#refuseFault(path, error);
    }
  }

  async #file(path: string): Promise<void> {
    if (this.#texts.size >= FILES_MAX) return this.#refuse(path, `more than ${FILES_MAX} files`);
    try {
      const file = await open(join(this.#root, path), "r");
      try {
        const found = await file.stat();
        if (!found.isFile()) return this.#refuse(path, "not a regular file");
        if (found.size > FILE_MAX) return this.#refuse(path, `${found.size} bytes; a strategy file has at most 1 MiB`);
        const bytes = await readUpTo(file, FILE_MAX + 1);
        if (bytes.length > FILE_MAX) return this.#refuse(path, "over 1 MiB");
        this.#modifiedAt = Math.max(this.#modifiedAt, found.mtimeMs);
        this.#texts.set(path, new TextDecoder("utf-8", { fatal: true }).decode(bytes));
      } finally {
        await file.close();
      }
    } catch (error) {
      this.#refuseFault(path, error);
    }
  }

  #refuseFault(path: string, error: unknown): void {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return;
    this.#refuse(path, code === "ERR_ENCODING_INVALID_ENCODED_DATA" ? "not UTF-8 text" : `cannot be read (${code})`);
  }

  #refuse(path: string, reason: string): void {
    this.#refused.push({ path, reason });
  }
}

/** A file may grow while it is read: never more than the limit comes into memory. */
async function readUpTo(file: Awaited<ReturnType<typeof open>>, most: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  while (length < most) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(64 * 1024, most - length)));
    if (bytesRead === 0) break;
    pieces.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(pieces);
}
