/** The last run of an account, gone on with from the newest snapshot that is of use. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compact, planCompaction } from "../../engine/adapters/journal/compact.ts";
import { encode } from "../../engine/adapters/journal/encode.ts";
import { openFileJournal } from "../../engine/adapters/journal/open.ts";
import { allSnapshots, readJournal } from "../../engine/adapters/journal/read.ts";
import { readSnapshot, snapshotName, writeSnapshot } from "../../engine/adapters/journal/snapshots.ts";
import { openLastRun } from "../../engine/cli/open-run.ts";
import { saveCore } from "../../engine/core/save.ts";
import type { CoreState } from "../../engine/core/step.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { recall, snapshotOfRecalled } from "../../engine/runtime/rebuild.ts";
import { STORM_HEADER, withSnapshots } from "./support-snapshots.ts";

let root: string;
let dir: string;
/** Files beside which the snapshots lie, newest first. */
let places: number[];
/** What every way of going on must come to. */
let state: string;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "barwise-open-run-"));
  dir = join(root, "2024-01-01");
  mkdirSync(dir);
  await withSnapshots(dir);
  places = [];
  for await (const { segment } of allSnapshots(dir)) places.push(segment);
  state = textOf((await recall(readJournal(dir), calendarOf)).core);
});
afterEach(() => rmSync(root, { recursive: true }));

const textOf = (core: CoreState): string => encode(saveCore(core));

interface Opened {
  readonly text: string | undefined;
  readonly notes: readonly string[];
  /** The input after which the snapshot was taken that it went on from, or null. */
  readonly from: number | null;
  readonly played: number;
}

async function opened(): Promise<Opened> {
  let from: number | null = null;
  let played = 0;
  const run = await openLastRun({
    root,
    account: "test",
    watch: () => played++,
    begun: ({ desk }) => (from = desk.state.now.seq),
  });
  await run?.journal.close();
  const { recovered, notes = [] } = run ?? {};
  return { text: recovered === undefined ? undefined : textOf(recovered.core), notes, from, played };
}

const seqOf = async (segment: number | undefined): Promise<number> =>
  (await readSnapshot(dir, segment ?? 0)).snapshot.seq;

/** As another version of barwise would have left it. */
async function ofAnotherVersion(segment: number | undefined): Promise<void> {
  const { at, header, snapshot } = await readSnapshot(dir, segment ?? 0);
  await writeSnapshot(dir, at, { ...header, barwise: "9.9.9" }, { ...snapshot, core: 99 });
}

function damage(segment: number | undefined): void {
  const file = join(dir, snapshotName(segment ?? 0));
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(file, bytes);
}

describe("the last run of an account", () => {
  it("is gone on with from the newest snapshot, and only what came since is played", async () => {
    const { text, notes, from, played } = await opened();
    expect(text).toBe(state);
    expect(notes).toEqual([]);
    expect(from).toBe(await seqOf(places[0]));
    expect(played).toBeLessThan(200);
  });

  it("is gone on with without what a crash cut short at its end, which is told", async () => {
    const last = join(
      dir,
      readdirSync(dir)
        .sort()
        .findLast((name) => name.endsWith(".journal")) ?? "",
    );
    appendFileSync(last, "half a record");
    const { text, notes } = await opened();
    expect(notes).toEqual([
      expect.stringMatching(/^the last 13 bytes of .*\d{6}\.journal, from byte \d+ on, were a write/),
    ]);
    expect(text).toBe(state);
    expect((await opened()).notes).toEqual([]);
  });

  it("is gone on with from the one before where the newest is damaged, which is told", async () => {
    damage(places[0]);
    const { text, notes, from } = await opened();
    expect(text).toBe(state);
    expect(notes).toEqual([expect.stringMatching(/^passed over a snapshot: .*\.snapshot: /)]);
    expect(from).toBe(await seqOf(places[1]));
  });

  it("is gone on with from the one before where another version wrote the newest, which is told", async () => {
    await ofAnotherVersion(places[0]);
    const { text, notes, from } = await opened();
    expect(text).toBe(state);
    expect(notes).toEqual([
      expect.stringMatching(
        /^passed over the snapshot in .*: nobody can go on from its snapshot after input \d+: it was saved in format 99, .* version 9\.9\.9$/,
      ),
    ]);
    expect(from).toBe(await seqOf(places[1]));
  });

  it("is played from its beginning where none is of use", async () => {
    damage(places[0]);
    await ofAnotherVersion(places[1]);
    rmSync(join(dir, snapshotName(places[2] ?? 0)));
    const { text, notes, from } = await opened();
    expect(text).toBe(state);
    expect(notes).toHaveLength(2);
    expect(from).toBeNull();
  });

  it("is played from before a snapshot of a clean end that this version cannot read, or that a crash cut short", async () => {
    const snapshot = snapshotOfRecalled(await recall(readJournal(dir), calendarOf));
    if (snapshot === undefined) throw new Error("everything in it can be saved");
    const journal = await openFileJournal(dir, STORM_HEADER);
    await journal.snapshot({ ...snapshot, core: 99 });
    await journal.close();
    const { text, notes, from } = await opened();
    expect(text).toBe(state);
    expect(notes).toEqual([expect.stringContaining("it was saved in format 99")]);
    expect(from).toBe(await seqOf(places[0]));
    for (const segment of places) rmSync(join(dir, snapshotName(segment)));
    expect(await opened()).toMatchObject({ text: state, from: null });
    const again = await openFileJournal(dir, STORM_HEADER);
    await again.snapshot(snapshot);
    await again.close();
    expect(await opened()).toMatchObject({ text: state, from: snapshot.seq, played: 0, notes: [] });
    const last = await openFileJournal(dir, STORM_HEADER);
    await last.snapshot(snapshot);
    await last.close();
    const newest = (await allSnapshots(dir).next()).value;
    const file = join(dir, newest?.file ?? "");
    truncateSync(file, readFileSync(file).length - 10);
    expect(await opened()).toMatchObject({
      text: state,
      from: snapshot.seq,
      notes: [
        expect.stringContaining("a crash cut short"),
        expect.stringContaining("not all parts of its snapshot are there"),
      ],
    });
  });

  it("is not gone on with where what came before its snapshots was removed and none is of use", async () => {
    await compact(dir, await planCompaction(dir));
    expect(await opened()).toMatchObject({ text: state, from: await seqOf(places[0]) });
    await ofAnotherVersion(places[0]);
    expect(await opened()).toMatchObject({ text: state, from: await seqOf(places[1]) });
    await ofAnotherVersion(places[1]);
    await expect(opened()).rejects.toThrow(/cannot be gone on with: nobody can go on from its snapshot/);
    damage(places[1]);
    await expect(opened()).rejects.toThrow(/no journal, no trading|cannot be gone on with: .*\.snapshot/);
  });
});
