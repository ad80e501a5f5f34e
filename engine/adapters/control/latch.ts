/**
 * `.barwise/HALTED`: while this file is there, nothing is sent.
 *
 * Owns: the file. Anybody may make it (`touch`), whatever state the engine is in; only `barwise resume` removes it. May not:
 * decide what a halt means. It is looked at with one call of the system, so that every order can ask.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

export const LATCH_FILE = ".barwise/HALTED";

/** A file is noticed after this time at the latest; an order asks by itself. */
const LOOK_MS = 100;
const MAX_BYTES = 4_096;

export interface LatchWord {
  readonly by: string;
  readonly reason: string;
}

export class Latch {
  readonly path: string;

  constructor(root: string) {
    this.path = join(root, LATCH_FILE);
  }

  /** A file that cannot be looked at counts as there. */
  get isSet(): boolean {
    try {
      return statSync(this.path, { throwIfNoEntry: false }) !== undefined;
    } catch {
      return true;
    }
  }

  /** Leaves the file, on the disk when it returns, with its word from the first moment on. One that is there keeps its own. */
  set({ by, reason }: LatchWord, at: string): void {
    mkdirSync(dirname(this.path), { recursive: true });
    const draft = `${this.path}.${process.pid}`;
    const file = openSync(draft, "w", 0o644);
    try {
      writeSync(file, `${JSON.stringify({ by, reason, at })}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    try {
      linkSync(draft, this.path);
    } catch (error) {
      // A file system without links: then the later word may stand.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") renameSync(draft, this.path);
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** Whose it is; a file that somebody just touched says nothing. */
  read(): LatchWord {
    const unsaid = { by: "unknown", reason: `the file ${LATCH_FILE} is there` };
    try {
      if (statSync(this.path).size > MAX_BYTES) return unsaid;
      const text = readFileSync(this.path, "utf8").trim();
      if (!text.startsWith("{")) return text === "" ? unsaid : { ...unsaid, reason: text.slice(0, 200) };
      const { by, reason } = JSON.parse(text) as Partial<LatchWord>;
      return {
        by: typeof by === "string" && by !== "" ? by : unsaid.by,
        reason: typeof reason === "string" && reason !== "" ? reason : unsaid.reason,
      };
    } catch {
      return unsaid;
    }
  }

  /** Throws when the file is there and cannot be removed. */
  clear(): void {
    rmSync(this.path, { force: true });
    if (existsSync(this.path)) throw new Error(`${this.path} cannot be removed`);
  }

  /** Calls once for each time that the file comes. Polled: no event is lost on any file system, nor while the process stood still. */
  watch(onSet: (word: LatchWord) => void): () => void {
    let told = false;
    const look = (): void => {
      const { isSet } = this;
      if (isSet && !told) onSet(this.read());
      told = isSet;
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }
}
