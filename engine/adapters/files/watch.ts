/**
 * Notices that the project changed, whatever way an editor, git or Kubernetes writes files.
 *
 * Owns: the watcher on the parent of the project (a folder that is renamed and made again is not lost), the settle
 * window, and a hash poll for what no event tells. An event only means "look again"; its content is ignored. May not
 * stop on its own: a watcher that failed, that told nothing of a change or that holds on to a folder which is not the
 * project's any more is made again, and polling takes over where the system has no watches left.
 */
import { basename, dirname, relative, resolve, sep } from "node:path";
import { watch as chokidarWatch } from "chokidar";
import { isRelevant, type Layout, takeSnapshot } from "./snapshot.ts";
import type { Clock } from "../../ports/clock.ts";

/** What is needed of a watcher; chokidar in production. */
export interface Watcher {
  on(event: "all" | "error" | "ready" | "raw", listener: (...details: unknown[]) => void): unknown;
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

/** What the owner of the files has read, or was told to read. */
export interface Known {
  hash: string | undefined;
}

const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 30_000;
const READY_MS = 5_000;
/** Watchers lose saves that follow each other within milliseconds: what came last is found by looking once more. */
const SECOND_LOOK_MS = 1_000;
/** Some file of a folder may never be quiet: what differs from it after this time is told all the same. */
const PATIENCE_MS = 2_000;
/** The system has no more watches or files to give; polling needs neither. */
const EXHAUSTED = new Set(["ENOSPC", "EMFILE", "ENFILE"]);

export class Watch {
  readonly #layout: Layout;
  readonly #options: WatchOptions;
  readonly #onChange: () => void;
  readonly #onError: (error: Error) => void;
  readonly #known: Known;
  #places: string | undefined;
  #watcher: Watcher | undefined;
  #usePolling: boolean;
  #closed = false;
  #retries = 0;
  /** Raised by every event: a look that began before it does not count. */
  #events = 0;
  /** When the first came that has not been looked into; undefined: all have. */
  #since: number | undefined;
  #looking = false;
  #cancelQuiet: (() => void) | undefined;
  #cancelPoll: (() => void) | undefined;
  #cancelSecondLook: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;

  private constructor(
    layout: Layout,
    options: WatchOptions,
    known: Known,
    onChange: () => void,
    onError: (error: Error) => void,
  ) {
    this.#layout = layout;
    this.#options = options;
    this.#known = known;
    this.#onChange = onChange;
    this.#onError = onError;
    this.#usePolling = options.usePolling;
  }

  /** Resolves when changes are being noticed. */
  static async start(
    layout: Layout,
    options: WatchOptions,
    known: Known,
    onChange: () => void,
    onError: (error: Error) => void,
  ): Promise<Watch> {
    known.hash ??= (await takeSnapshot(layout)).hash;
    const watch = new Watch(layout, options, known, onChange, onError);
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
      // A link that is set to another folder is the same folder to chokidar; the system tells that its name moved.
      watcher.on("raw", (_, name, from) => mine() && this.#concerns(root, rawPath(name, from)) && this.#event());
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

  /** The folders are others now, or it is deaf. One that failed is on its way back already. */
  async #reopen(): Promise<void> {
    const old = this.#watcher;
    if (old === undefined) return;
    this.#watcher = undefined;
    await old.close().catch(() => {});
    if (this.#closed) return;
    await this.#open();
    // What changed while nobody watched is found by the look that follows.
    this.#event();
  }

  #event(): void {
    if (this.#closed) return;
    this.#events++;
    this.#since ??= this.#options.timers.now();
    this.#wait(this.#isOverdue(this.#since) ? 0 : this.#options.quietMs);
  }

  /** Looks when it has been quiet for long enough, or was not for too long. */
  #wait(ms: number): void {
    this.#cancelQuiet?.();
    this.#cancelQuiet = this.#options.timers.after(ms, () => {
      this.#cancelQuiet = undefined;
      if (this.#looking) return this.#wait(this.#options.quietMs);
      void this.#look();
      this.#lookAgainLater();
    });
  }

  #follow(places: string): void {
    const before = this.#places;
    this.#places = places;
    if (before !== undefined && before !== places) void this.#reopen();
  }

  #isOverdue(since: number | undefined): boolean {
    return since !== undefined && this.#options.timers.now() - since >= PATIENCE_MS;
  }

  #lookAgainLater(): void {
    this.#cancelSecondLook?.();
    this.#cancelSecondLook = this.#options.timers.after(SECOND_LOOK_MS, () => {
      if (!this.#looking && this.#cancelQuiet === undefined) void this.#look();
    });
  }

  /** Two equal looks with no event in between are a settled state; a new one is told. */
  async #look(): Promise<void> {
    const events = this.#events;
    const since = this.#since;
    this.#looking = true;
    this.#since = undefined;
    try {
      const first = await takeSnapshot(this.#layout);
      this.#follow(first.places);
      if (first.hash === this.#known.hash) return;
      await new Promise<void>((done) => void this.#options.timers.after(this.#options.betweenMs, done));
      const second = await takeSnapshot(this.#layout);
      if (this.#closed || second.hash === this.#known.hash) return;
      if (this.#events !== events && !this.#isOverdue(since)) {
        this.#since = since ?? this.#since;
        return;
      }
      if (first.hash !== second.hash) return this.#event();
      this.#known.hash = second.hash;
      this.#retries = 0;
      // No event led here.
      if (since === undefined) void this.#reopen();
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

/** What the system told: a name in the folder that is watched. */
function rawPath(name: unknown, from: unknown): string {
  const { watchedPath = "" } = (from ?? {}) as { readonly watchedPath?: string };
  return typeof name === "string" ? resolve(watchedPath, name) : watchedPath;
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
