/**
 * Notices that the project changed, whatever way an editor, git or Kubernetes writes files.
 *
 * Owns: the watcher on the parent of the project (a folder that is renamed and made again is not lost), the settle
 * window, and a hash poll for what no event tells. An event only means "look again"; its content is ignored. May not
 * stop on its own: a failed watcher is made again, and polling takes over where the system has no watches left.
 */
import { basename, dirname, relative, resolve, sep } from "node:path";
import { watch as chokidarWatch } from "chokidar";
import { isRelevant, type Layout, takeSnapshot } from "./snapshot.ts";
import type { Clock } from "../../ports/clock.ts";

/** What is needed of a watcher; chokidar in production. */
export interface Watcher {
  on(event: "all" | "error" | "ready", listener: (detail: unknown) => void): unknown;
  close(): Promise<void>;
}

export interface WatchOptions {
  readonly timers: Clock;
  /** Quiet time after the last event. */
  readonly quietMs: number;
  /** Distance of the two looks that must agree. */
  readonly betweenMs: number;
  readonly pollMs: number;
  /** For network and shared file systems that send no events. */
  readonly usePolling: boolean;
  readonly createWatcher?: (folder: string, ignored: (path: string) => boolean, usePolling: boolean) => Watcher;
}

const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 30_000;
const READY_MS = 5_000;
/** Watchers lose saves that follow each other within milliseconds: what came last is found by looking once more. */
const SECOND_LOOK_MS = 1_000;
/** The system has no more watches or files to give; polling needs neither. */
const EXHAUSTED = new Set(["ENOSPC", "EMFILE", "ENFILE"]);

export class Watch {
  readonly #layout: Layout;
  readonly #options: WatchOptions;
  readonly #onChange: () => void;
  readonly #onError: (error: Error) => void;
  #hash: string;
  #watcher: Watcher | undefined;
  #usePolling: boolean;
  #closed = false;
  #retries = 0;
  /** Raised by every event: a look that began before it does not count. */
  #events = 0;
  #looking = false;
  #cancelQuiet: (() => void) | undefined;
  #cancelPoll: (() => void) | undefined;
  #cancelSecondLook: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;

  private constructor(
    layout: Layout,
    options: WatchOptions,
    hash: string,
    onChange: () => void,
    onError: (error: Error) => void,
  ) {
    this.#layout = layout;
    this.#options = options;
    this.#hash = hash;
    this.#onChange = onChange;
    this.#onError = onError;
    this.#usePolling = options.usePolling;
  }

  /** `known`: the hash that the caller has already seen. Resolves when changes are being noticed. */
  static async start(
    layout: Layout,
    options: WatchOptions,
    known: string | undefined,
    onChange: () => void,
    onError: (error: Error) => void,
  ): Promise<Watch> {
    const hash = known ?? (await takeSnapshot(layout)).hash;
    const watch = new Watch(layout, options, hash, onChange, onError);
    await watch.#open();
    watch.#poll();
    watch.#event();
    return watch;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelQuiet?.();
    this.#cancelPoll?.();
    this.#cancelSecondLook?.();
    this.#cancelRetry?.();
    const watcher = this.#watcher;
    this.#watcher = undefined;
    await watcher?.close();
  }

  async #open(): Promise<void> {
    const root = resolve(this.#layout.root);
    const parent = dirname(root);
    const ignored = (path: string): boolean => !this.#concerns(root, path);
    const create = this.#options.createWatcher ?? createChokidar;
    try {
      const watcher = create(parent === root ? root : parent, ignored, this.#usePolling);
      this.#watcher = watcher;
      const mine = (): boolean => !this.#closed && this.#watcher === watcher;
      watcher.on("all", () => mine() && this.#event());
      watcher.on("error", (error) => mine() && this.#broken(error));
      await new Promise<void>((done) => {
        const cancel = this.#options.timers.after(READY_MS, done);
        const settle = (): void => {
          cancel();
          done();
        };
        watcher.on("ready", settle);
        watcher.on("error", settle);
      });
    } catch (error) {
      this.#broken(error);
    }
  }

  #concerns(root: string, path: string): boolean {
    const inside = relative(root, resolve(path));
    if (inside === "" || inside === ".." || basename(root) === "") return true;
    if (inside.startsWith(`..${sep}`)) return false;
    return isRelevant(this.#layout, inside.split(sep).join("/"));
  }

  #broken(reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const old = this.#watcher;
    this.#watcher = undefined;
    old?.close().catch(() => {});
    if (EXHAUSTED.has(code) && !this.#usePolling) {
      this.#usePolling = true;
      const message = `the system has no file watches left (${code}); changes are found by polling from now on`;
      this.#onError(new Error(message, { cause: error }));
    } else {
      this.#onError(
        new Error(`watching for changes failed (${code || error.message}); trying again`, { cause: error }),
      );
    }
    const wait = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * (1 << Math.min(this.#retries++, 5)));
    this.#cancelRetry = this.#options.timers.after(wait, () => {
      // What changed while nobody watched is found by the look that follows.
      void this.#open().then(() => this.#event());
    });
  }

  #event(): void {
    if (this.#closed) return;
    this.#events++;
    this.#wait();
  }

  /** Looks when it has been quiet for long enough. */
  #wait(): void {
    this.#cancelQuiet?.();
    this.#cancelQuiet = this.#options.timers.after(this.#options.quietMs, () => {
      this.#cancelQuiet = undefined;
      if (this.#looking) return this.#wait();
      void this.#look();
      this.#lookAgainLater();
    });
  }

  #lookAgainLater(): void {
    this.#cancelSecondLook?.();
    this.#cancelSecondLook = this.#options.timers.after(SECOND_LOOK_MS, () => {
      if (!this.#looking && this.#cancelQuiet === undefined) void this.#look();
    });
  }

  /** Two equal looks with no event in between are a settled state; a new one is told. */
  async #look(): Promise<void> {
    this.#looking = true;
    const events = this.#events;
    try {
      const { timers, betweenMs } = this.#options;
      const first = await takeSnapshot(this.#layout);
      if (first.hash === this.#hash) return;
      await new Promise<void>((done) => void timers.after(betweenMs, done));
      const second = await takeSnapshot(this.#layout);
      if (this.#closed || this.#events !== events) return;
      if (first.hash !== second.hash) return this.#event();
      this.#hash = second.hash;
      this.#retries = 0;
      this.#onChange();
    } catch (error) {
      if (!this.#closed)
        this.#onError(new Error(`the project cannot be read: ${(error as Error).message}`, { cause: error }));
    } finally {
      this.#looking = false;
    }
  }

  #poll(): void {
    this.#cancelPoll = this.#options.timers.after(this.#options.pollMs, () => {
      this.#poll();
      // An event that is being looked into needs no second look, and must not have its quiet time cut short.
      if (!this.#looking && this.#cancelQuiet === undefined) void this.#look();
    });
  }
}

function createChokidar(folder: string, ignored: (path: string) => boolean, usePolling: boolean): Watcher {
  return chokidarWatch(folder, {
    ignored,
    usePolling,
    interval: 1_000,
    ignoreInitial: true,
    depth: 14,
    atomic: false,
    ignorePermissionErrors: true,
  });
}
