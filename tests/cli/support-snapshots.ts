/**
 * Journals of storms on disk, in files so small that they end anywhere, and what one goes on from.
 *
 * Owns: writing one as an engine does, and the whole state of a run as text.
 */
import { rmSync } from "node:fs";
import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "../../engine/adapters/journal/encode.ts";
import { openFileJournal } from "../../engine/adapters/journal/open.ts";
import { readJournal } from "../../engine/adapters/journal/read.ts";
import type { ReadOptions } from "../../engine/adapters/journal/read.ts";
import { DISK } from "../../engine/adapters/journal/thread/segment-writer.js";
import type { Disk } from "../../engine/adapters/journal/thread/segment-writer.js";
import { takeSnapshot } from "../../engine/cli/take-snapshot.ts";
import type { Input } from "../../engine/core/event.ts";
import { saveCore } from "../../engine/core/save.ts";
import { createCore, step } from "../../engine/core/step.ts";
import type { CoreState } from "../../engine/core/step.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { JournalHeader, JournaledInput } from "../../engine/ports/journal.ts";
import { rebuild } from "../../engine/runtime/rebuild.ts";
import { HEADER } from "../e2e/support.ts";
import { randomProject } from "../support/random-strategies.ts";
import { picker } from "../support/runs.ts";
import { Storm } from "../support/storm.ts";

export const STORM_HEADER: JournalHeader = { ...HEADER, id: "j", account: "test" };

/** What is on the disk when is not asked here. */
const HASTY: Disk = { ...DISK, fsyncSync: () => {}, fdatasyncSync: () => {} };
/** Kept small: what is asked for is that files end between any two records, and that there are many. */
const SEGMENT_BYTES = 12_000;

/** Writes the journal of a storm; `between` is called after every input, when everything is on disk. */
export async function stormy(
  dir: string,
  seed: number,
  between: (core: CoreState) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { before, after } = randomProject(picker(seed));
  const storm = new Storm(picker(seed), [before, after]).go(120);
  const journal = await openFileJournal(dir, STORM_HEADER, { segmentBytes: SEGMENT_BYTES, disk: HASTY });
  const core = createCore({ account: "test", journal: "j", calendarOf });
  const recorded = (input: Input): JournaledInput => {
    if (input.kind !== "program.loaded") return input;
    const { program, ...rest } = input;
    const { digest, settings = null } = program;
    return { ...rest, sources: { digest, files: storm.filesOf.get(program) ?? {}, settings } };
  };
  for (const input of storm.inputs) {
    journal.append({ kind: "in", n: journal.nextN, input: recorded(input) });
    // A file may end between an input and its outputs.
    await journal.sync();
    const outputs = step(core, input);
    if (outputs.length > 0) journal.append({ kind: "out", n: journal.nextN, seq: input.seq, outputs });
    await journal.sync();
    await between(core);
  }
  await journal.close();
}

/** A seed whose storm fills many files. */
export const KNOWN = 11;

let made: string | undefined;

/** The journal of a known storm with three snapshots beside it, taken while it was written. */
export async function withSnapshots(dir: string): Promise<void> {
  if (made === undefined) {
    made = await mkdtemp(join(tmpdir(), "barwise-storm-"));
    const folder = made;
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    let inputs = 0;
    await stormy(folder, KNOWN, async () => {
      if (++inputs % 60 === 0) await takeSnapshot(folder);
    });
  }
  await cp(made, dir, { recursive: true });
}

/** Everything that a run which goes on from there would have. */
export async function stateOf(dir: string, options: ReadOptions = {}): Promise<string> {
  const { core, timers, nextN, seq, marketTime, untold, program } = await rebuild(
    readJournal(dir, options),
    calendarOf,
  );
  const sorted = [...timers].sort((a, b) => (`${a.clock} ${a.id}` < `${b.clock} ${b.id}` ? -1 : 1));
  return encode([saveCore(core), sorted, nextN, seq, marketTime, untold, program.digest]);
}
