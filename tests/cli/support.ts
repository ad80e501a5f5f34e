/**
 * The command line as a user has it: a process of its own, from the sources.
 *
 * Owns: starting it, its outputs and its end. Every process ends with the test.
 */
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "../..");
/** A strategy reads and compiles within this on a busy machine. */
const PATIENCE_MS = 60_000;

/** Trades every few days of the tape. */
export const STRATEGY = `barwise: 1
name: a
symbols: [SPX]
on: 1d
rules:
  - name: enter
    when: close > sma(3)
    then: {buy: {size: {qty: 1}, time_in_force: gtc}}
  - name: leave
    when: close < sma(3)
    then: {close: {}}
`;

export interface Built {
  /** Path of the program. */
  readonly main: string;
  remove(): Promise<void>;
}

/** Compiles what is in the working copy into a folder of its own, so that nobody else's build is in the way. */
export async function build(): Promise<Built> {
  const folder = await mkdtemp(join(tmpdir(), "barwise-build-"));
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  await promisify(execFile)(
    process.execPath,
    [compiler, "-p", "tsconfig.build.json", "--outDir", join(folder, "dist")],
    {
      cwd: ROOT,
    },
  );
  for (const name of ["node_modules", "docs"]) await symlink(join(ROOT, name), join(folder, name));
  await cp(join(ROOT, "package.json"), join(folder, "package.json"));
  return { main: join(folder, "dist/engine/cli/main.js"), remove: () => rm(folder, { recursive: true }) };
}

/** Changes a file of a program that was built, beside its `main`; whatever is to be replaced must be there. */
export async function changeBuilt({ main }: Built, file: string, from: RegExp, to: string): Promise<void> {
  const path = join(dirname(main), file);
  const text = await readFile(path, "utf8");
  if (!from.test(text)) throw new Error(`${file} holds no ${from}`);
  await writeFile(path, text.replace(from, to));
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class Process {
  readonly child: ChildProcessWithoutNullStreams;
  out = "";
  err = "";
  readonly ended: Promise<Ended>;

  constructor(
    main: string,
    args: readonly string[],
    cwd: string,
    env: Readonly<Record<string, string>> = {},
    patienceMs = PATIENCE_MS,
  ) {
    const { APCA_API_KEY_ID: _, APCA_API_SECRET_KEY: __, FORCE_COLOR: ___, ...rest } = process.env;
    this.child = spawn(process.execPath, [main, ...args], { cwd, env: { ...rest, ...env }, timeout: patienceMs });
    this.child.stdout.on("data", (data: Buffer) => (this.out += data.toString()));
    this.child.stderr.on("data", (data: Buffer) => (this.err += data.toString()));
    this.ended = new Promise((done) => {
      this.child.on("close", (code) => done({ code, out: this.out, err: this.err }));
    });
  }

  async until(what: string, done: () => boolean, patienceMs = 20_000): Promise<void> {
    for (let i = 0; i < patienceMs / 10; i++) {
      if (done()) return;
      if (this.child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`never: ${what}\n${this.out}\n${this.err}`);
  }
}

/** A folder with these files. */
export async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "barwise-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

export interface RunningVenue {
  readonly venue: Process;
  /** For the environment of whoever trades there. */
  readonly keys: Readonly<Record<string, string>>;
  readonly url: string;
}

/** A venue in a process of its own, on a free port; it lives until it is killed. */
export async function startVenue({ main }: Built, folder: string, rate: number): Promise<RunningVenue> {
  const args = ["venue", "--port", "0", "--rate", String(rate), "--from", "2001-01-02"];
  const venue = new Process(main, args, folder, {}, 0);
  await venue.until("the venue's keys", () => venue.out.includes("APCA_API_SECRET_KEY="), PATIENCE_MS);
  const told = (name: string): string => new RegExp(`^${name}\\s*=?\\s*(\\S+)$`, "m").exec(venue.out)?.[1] ?? "";
  const keys = { APCA_API_KEY_ID: told("APCA_API_KEY_ID"), APCA_API_SECRET_KEY: told("APCA_API_SECRET_KEY") };
  return { venue, keys, url: told("REST and data") };
}
