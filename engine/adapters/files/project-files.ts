/**
 * The project's files on disk.
 *
 * Owns: `projectFiles`, which fills the Files port: a settled read, and a watch that never gives up. May not parse YAML.
 */
import type { Files } from "../../ports/files.ts";
import { type Layout, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { type Known, Watch, type WatchOptions } from "./watch.ts";
import { WALL_CLOCK } from "../wall-clock.ts";

export interface FilesOptions extends Partial<WatchOptions> {
  /** Folders below the root that are read whole. Default: `strategies` and SHARED_FOLDERS. */
  readonly folders?: readonly string[];
}

/** What strategies are made of, beside the folder of the strategies themselves. */
export const SHARED_FOLDERS: readonly string[] = ["templates", "watchlists"];

const SETTLE_READS_MAX = 25;

export function projectFiles(root: string, options: FilesOptions = {}): Files {
  const folders = (options.folders ?? ["strategies", ...SHARED_FOLDERS]).map((folder) =>
    folder.replace(/^\.\/|\/+$/g, ""),
  );
  const layout: Layout = { root, folders };
  const settings: WatchOptions = {
    timers: options.timers ?? WALL_CLOCK,
    quietMs: options.quietMs ?? 120,
    betweenMs: options.betweenMs ?? 80,
    pollMs: options.pollMs ?? 30_000,
    usePolling: options.usePolling ?? false,
    ...(options.createWatcher === undefined ? {} : { createWatcher: options.createWatcher }),
  };
  // What was read last is what the caller knows: no change after it is lost, and none that takes it back.
  const known: Known = { hash: undefined };
  return {
    async read() {
      const { files, refused, hash } = await settled(layout, settings);
      known.hash = hash;
      return { files, refused };
    },
    watch: (onChange, onError) => Watch.start(layout, settings, known, onChange, onError),
  };
}

/** Reads until two reads agree. A project at rest is read twice without waiting; one that was just written is given time. */
async function settled(layout: Layout, { timers, betweenMs }: WatchOptions): Promise<Snapshot> {
  let last = await takeSnapshot(layout);
  for (let i = 0; i < SETTLE_READS_MAX; i++) {
    const isFresh = Math.abs(timers.now() - last.modifiedAt) < 2 * betweenMs;
    if (isFresh || i > 0) await new Promise<void>((resolve) => void timers.after(betweenMs, resolve));
    const next = await takeSnapshot(layout);
    if (next.hash === last.hash) return next;
    last = next;
  }
  return last;
}
