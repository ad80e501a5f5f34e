/**
 * The files of a project as they were at a git revision.
 *
 * Owns: asking the `git` program, without a shell, for objects only: nothing of the repository is run, fetched or written,
 * and what comes back is bounded in size and time. May not: parse YAML or touch the work tree.
 */
import { spawn } from "node:child_process";
import type { FileSet } from "../../ports/files.ts";
import { FILE_MAX, belongs } from "../files/snapshot.ts";
import type { Layout } from "../files/snapshot.ts";

export class GitError extends Error {
  override readonly name = "GitError";
  readonly code: "no-git" | "not-a-repository" | "unknown-revision" | "refused" | "failed";
  constructor(code: GitError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface RevisionFiles {
  /** Full id of the commit. */
  readonly commit: string;
  /** By path relative to the project's root. */
  readonly files: FileSet;
}

const TIMEOUT_MS = 20_000;
const OUTPUT_MAX = 64 * 1024 * 1024;
const FILES_MAX = 10_000;

/** A revision that one may ask for: a name, not an option, a range or a path. Undefined, or why not. */
export function revisionProblem(revision: string): string | undefined {
  if (revision === "") return "an empty name is no revision";
  if (revision.startsWith("-")) return "a revision does not begin with a hyphen";
  if (revision.length > 250) return "it is too long for a revision";
  if (revision.includes("..")) return "this is a range; name one revision";
  if (revision.includes(":")) return "this names a file; name a commit, branch or tag";
  return /^[\w./@{}^~+#-]+$/u.test(revision) ? undefined : "it has characters that no revision has";
}

export class Repository {
  readonly #root: string;
  /** From the top of the work tree to the project, with a slash at the end; empty at the top. */
  readonly #prefix: string;

  private constructor(root: string, prefix: string) {
    this.#root = root;
    this.#prefix = prefix;
  }

  /** Rejects with a GitError when the folder is in no repository. */
  static async open(root: string): Promise<Repository> {
    const { code, out, err } = await git(root, ["rev-parse", "--show-prefix"]);
    if (code !== 0) {
      const reason = /not a git repository/.test(err) ? "not in a git repository" : `git refuses: ${firstLine(err)}`;
      throw new GitError("not-a-repository", `${root}: ${reason}`);
    }
    return new Repository(root, out.toString("utf8").replace(/\n$/, ""));
  }

  /** The commit that a revision names. */
  async commit(revision: string): Promise<string> {
    const problem = revisionProblem(revision);
    if (problem !== undefined) throw new GitError("refused", `${JSON.stringify(revision)}: ${problem}`);
    const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`];
    const { code, out } = await git(this.#root, args);
    const id = out.toString("utf8").trim();
    if (code !== 0 || !/^[0-9a-f]{40,64}$/.test(id))
      throw new GitError("unknown-revision", `there is no revision "${revision}" in this repository`);
    return id;
  }

  /** One file, or undefined where the commit does not have it. */
  async file(commit: string, path: string): Promise<string | undefined> {
    return (await this.#read(await this.#list(commit, [path])))[path];
  }

  /** Every file of the project at that commit. */
  async files(commit: string, layout: Pick<Layout, "folders">): Promise<FileSet> {
    const entries = await this.#list(commit, []);
    return await this.#read(entries.filter(({ path }) => belongs({ root: this.#root, ...layout }, path)));
  }

  async #list(commit: string, paths: readonly string[]): Promise<readonly Entry[]> {
    const wanted = (paths.length > 0 ? paths : [""])
      .map((path) => `${this.#prefix}${path}`)
      .filter((path) => path !== "");
    const args = ["ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", commit, ...wanted];
    const { code, out, err } = await git(this.#root, args);
    if (code !== 0) throw new GitError("failed", `git cannot list ${commit.slice(0, 12)}: ${firstLine(err)}`);
    const lines = out.toString("utf8").split("\0");
    return lines.flatMap((line) => {
      const match = /^(\d+) blob ([0-9a-f]+) +(\d+)\t([^]*)$/.exec(line);
      const path = match?.[4];
      if (match === null || path === undefined || !path.startsWith(this.#prefix)) return [];
      const [, mode, id, size] = match as unknown as readonly [string, string, string, string];
      return [{ mode, id, size: Number(size), path: path.slice(this.#prefix.length) }];
    });
  }

  async #read(entries: readonly Entry[]): Promise<Record<string, string>> {
    if (entries.length > FILES_MAX) throw new GitError("refused", `more than ${FILES_MAX} files at this revision`);
    for (const { mode, path, size } of entries) {
      if (mode === "120000")
        throw new GitError("refused", `${path} is a symbolic link at this revision; it is not followed`);
      if (size > FILE_MAX)
        throw new GitError("refused", `${path} has ${size} bytes; a strategy file has at most 1 MiB`);
    }
    if (entries.length === 0) return {};
    const { code, out, err } = await git(
      this.#root,
      ["cat-file", "--batch"],
      entries.map(({ id }) => `${id}\n`).join(""),
    );
    if (code !== 0) throw new GitError("failed", `git cannot read files: ${firstLine(err)}`);
    return textsOf(entries, out);
  }
}

interface Entry {
  readonly mode: string;
  readonly id: string;
  readonly size: number;
  /** Relative to the project. */
  readonly path: string;
}

/** Each object: a line `<id> blob <size>`, its bytes, a line end. */
function textsOf(entries: readonly Entry[], out: Buffer): Record<string, string> {
  const texts: Record<string, string> = {};
  let at = 0;
  for (const { id, path } of entries) {
    const end = out.indexOf("\n", at);
    const head = end < 0 ? "" : out.toString("utf8", at, end);
    const size = new RegExp(`^${id} blob (\\d+)$`).exec(head)?.[1];
    if (size === undefined) throw new GitError("failed", `git does not give ${path}: ${head || "no answer"}`);
    const bytes = out.subarray(end + 1, end + 1 + Number(size));
    try {
      texts[path] = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch (error) {
      throw new GitError("refused", `${path} is not UTF-8 text at this revision`, { cause: error });
    }
    at = end + 1 + Number(size) + 1;
  }
  return texts;
}

interface Answer {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

/**
 * Settings that could run a program of the repository's choice are off: hooks, a file watcher, and fetching what a partial
 * clone left out.
 */
const SAFE = ["--no-replace-objects", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"];

function git(folder: string, args: readonly string[], input = ""): Promise<Answer> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  const env = {
    ...Object.fromEntries(own),
    LC_ALL: "C",
    GIT_ALLOW_PROTOCOL: "none",
    GIT_NO_LAZY_FETCH: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_TERMINAL_PROMPT: "0",
  };
  return new Promise((resolve, reject) => {
    const child = spawn("git", [...SAFE, "-C", folder, ...args], { env, timeout: TIMEOUT_MS, shell: false });
    const chunks: Buffer[] = [];
    let size = 0;
    let err = "";
    let tooMuch = false;
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > OUTPUT_MAX) {
        tooMuch = true;
        child.kill();
      } else chunks.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      if (err.length < 10_000) err += chunk.toString("utf8");
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      const missing = "git is not installed, so there are no revisions to compare with";
      reject(new GitError("no-git", error.code === "ENOENT" ? missing : `git: ${error.message}`, { cause: error }));
    });
    child.on("close", (code, signal) => {
      if (tooMuch) reject(new GitError("refused", "git answers more than 64 MiB"));
      else if (signal !== null) reject(new GitError("failed", `git did not answer within ${TIMEOUT_MS / 1_000} s`));
      else resolve({ code, out: Buffer.concat(chunks), err });
    });
    // A program that ends early closes its input; its exit code tells.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

function firstLine(text: string): string {
  return (
    text
      .trim()
      .split("\n")[0]
      ?.replace(/^fatal: /, "") ?? ""
  );
}
