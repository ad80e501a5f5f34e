/** Snapshots of a run that goes on: what goes on from one is what played the whole journal. */
import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compact, planCompaction } from "../../engine/adapters/journal/compact.ts";
import { decode, encode } from "../../engine/adapters/journal/encode.ts";
import { describeJournals } from "../../engine/adapters/journal/find.ts";
import { openFileJournal } from "../../engine/adapters/journal/open.ts";
import { allSnapshots, readJournal } from "../../engine/adapters/journal/read.ts";
import { segmentRecordOf } from "../../engine/adapters/journal/segments.ts";
import type { SegmentRecord } from "../../engine/adapters/journal/segments.ts";
import { readSnapshot, snapshotName, writeSnapshot } from "../../engine/adapters/journal/snapshots.ts";
import type { FoundSnapshot } from "../../engine/adapters/journal/snapshots.ts";
import { segmentName } from "../../engine/adapters/journal/thread/segment-writer.js";
import { takeSnapshot } from "../../engine/cli/take-snapshot.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { saveCore } from "../../engine/core/save.ts";
import { recall } from "../../engine/runtime/rebuild.ts";
import type { SavedRun } from "../../engine/runtime/saved-run.ts";
import { replay } from "../../engine/runtime/replay.ts";
import { SEED, amount, picker } from "../support/runs.ts";
import { KNOWN, STORM_HEADER, stateOf, stormy, withSnapshots } from "./support-snapshots.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "barwise-snapshots-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function found(): Promise<readonly FoundSnapshot[]> {
  const all: FoundSnapshot[] = [];
  for await (const each of allSnapshots(dir)) all.push(each);
  return all;
}

const names = async (ending: string): Promise<string[]> =>
  (await readdir(dir)).filter((name) => name.endsWith(ending)).sort();

async function flip(name: string, at: (bytes: Buffer) => number): Promise<void> {
  const bytes = await readFile(join(dir, name));
  bytes[at(bytes)]! ^= 1;
  await writeFile(join(dir, name), bytes);
}

describe("a snapshot of a run that goes on", { timeout: 3_600_000 }, () => {
  it("is gone on from with the state that the whole journal gives, wherever its file ends", async () => {
    const runs = amount({ ci: 2, soak: 300 });
    let [snapshots, split] = [0, 0];
    for (let i = 0; i < runs; i++) {
      const seed = SEED + i;
      const pick = picker(seed);
      await stormy(dir, seed, async (core) => {
        if (pick(30) > 0) return;
        const taken = await takeSnapshot(dir);
        expect(["taken", "nothing"]).toContain(taken.kind);
        if (taken.kind !== "taken") return;
        snapshots++;
        if (((await readSnapshot(dir, taken.segment)).snapshot.state as SavedRun).untold !== undefined) split++;
        const again = await recall(readJournal(dir, { from: taken.segment }), calendarOf);
        expect(encode(saveCore(again.core)), `BARWISE_SEED=${seed}`).toBe(encode(saveCore(core)));
      });
      const whole = await stateOf(dir);
      for (const { segment } of await found()) expect(await stateOf(dir, { from: segment })).toBe(whole);
      const { difference, snapshots: compared } = await replay(readJournal(dir), calendarOf, () => {});
      expect(difference).toBeNull();
      expect(compared).toBe((await found()).length);
      for (const name of await readdir(dir)) await rm(join(dir, name));
    }
    console.log(`snapshots: ${snapshots} taken, ${split} between an input and its outputs; BARWISE_SEED=${SEED}`);
    expect(snapshots).toBeGreaterThan(0);
  });

  it("may lie between an input and its outputs", async () => {
    let split = 0;
    await stormy(dir, KNOWN, async () => {
      if (split > 0) return;
      const taken = await takeSnapshot(dir);
      if (taken.kind !== "taken") return;
      const { untold, nextN } = (await readSnapshot(dir, taken.segment)).snapshot.state as SavedRun;
      if (untold === undefined) return;
      split++;
      expect((await segmentRecordOf(join(dir, segmentName(taken.segment))))?.firstN).toBe(nextN);
      expect(await stateOf(dir, { from: taken.segment })).toBe(await stateOf(dir));
    });
    expect(split).toBeGreaterThan(0);
  });

  it("leaves the journal as it is: no byte of its files changes, and it verifies without them", async () => {
    await stormy(dir, KNOWN);
    const before = await Promise.all((await names(".journal")).map((name) => readFile(join(dir, name))));
    const taken = await takeSnapshot(dir);
    expect(taken).toMatchObject({ kind: "taken", segment: before.length });
    expect(await Promise.all((await names(".journal")).map((name) => readFile(join(dir, name))))).toEqual(before);
    expect(await takeSnapshot(dir)).toEqual({ kind: "nothing", segment: before.length });
    await rm(join(dir, snapshotName(before.length)));
    await stateOf(dir);
  });

  it("is not taken of a journal without a finished file, or in which nothing has run", async () => {
    const journal = await openFileJournal(dir, STORM_HEADER);
    await journal.close();
    expect(await takeSnapshot(dir)).toEqual({ kind: "nothing", segment: 1 });
    const again = await openFileJournal(dir, STORM_HEADER);
    await again.close();
    expect(await takeSnapshot(dir)).toEqual({ kind: "nothing", segment: 2 });
    // A file that was just begun and holds no whole record yet is no place.
    await writeFile(join(dir, segmentName(3)), "BARW");
    expect(await takeSnapshot(dir)).toEqual({ kind: "nothing", segment: 2 });
  });

  it("keeps the newest three, and what a crash left of one is removed", async () => {
    await writeFile(join(dir, ".000004.snapshot.0123456789ab.tmp"), "half");
    await writeFile(join(dir, "notes.tmp"), "");
    await withSnapshots(dir);
    for (let i = 0; i < 2; i++) {
      await (await openFileJournal(dir, STORM_HEADER)).close();
      expect((await takeSnapshot(dir)).kind).toBe("taken");
    }
    const files = (await found()).map(({ file }) => file);
    expect(files).toHaveLength(3);
    expect(await names("snapshot")).toEqual([...files].reverse());
    expect(await names(".tmp")).toEqual(["notes.tmp"]);
  });
});

describe("a snapshot that is of no use", () => {
  /** The newest one is passed over for this reason, and the one before gives the same state. */
  async function passedOver(reason: RegExp): Promise<void> {
    const [newest, before] = await found();
    expect(newest?.problem).toMatch(reason);
    expect(before?.problem).toBeNull();
    const whole = await stateOf(dir);
    expect(await stateOf(dir, { from: "snapshot" })).toBe(whole);
    const records = readJournal(dir, { from: "snapshot" });
    await records.next();
    expect((await records.next()).value).toMatchObject({ kind: "snapshot", seq: before?.seq });
    const journal = await openFileJournal(dir, STORM_HEADER);
    await journal.close();
    expect(await stateOf(dir)).toBe(whole);
  }

  const newestFile = async (): Promise<string> => (await found())[0]?.file ?? "";

  it("is passed over when it is damaged", async () => {
    await withSnapshots(dir);
    await flip(await newestFile(), (bytes) => bytes.indexOf('"kind":"snapshot"') + 40);
    await passedOver(/it is cut short|damaged at byte/);
  });

  it("is passed over wherever it is cut", async () => {
    await withSnapshots(dir);
    const file = join(dir, await newestFile());
    const bytes = await readFile(file);
    for (const size of [0, 5, 8, 100, 700, bytes.length >> 1, bytes.length - 1]) {
      await writeFile(file, bytes.subarray(0, size));
      expect((await found())[0]?.problem, String(size)).toMatch(/cut short/);
    }
    await passedOver(/cut short/);
  });

  it("is passed over when it belongs to another place or another journal", async () => {
    await withSnapshots(dir);
    const [newest, before] = await found();
    await copyFile(join(dir, before?.file ?? ""), join(dir, newest?.file ?? ""));
    await passedOver(/belongs to another place than the beginning of/);
  });

  it("is passed over where its file of the journal is not, and a record that was changed makes all behind it so", async () => {
    await withSnapshots(dir);
    const [newest] = await found();
    const next = (newest?.segment ?? 0) + 9;
    await copyFile(join(dir, newest?.file ?? ""), join(dir, snapshotName(next)));
    await passedOver(/belongs to another place/);
    // Whoever writes the file before anew gets another chain, and the snapshot fits no longer.
    const { at, header, snapshot } = await readSnapshot(dir, newest?.segment ?? 0);
    const other: SegmentRecord = { ...at, chain: "0".repeat(32) };
    await writeSnapshot(dir, other, header, snapshot);
    expect((await found()).find(({ segment }) => segment === at.segment)?.problem).toMatch(/belongs to another place/);
  });

  it("is no such one where its file of the journal is gone or empty: the end was lost, and nobody goes on", async () => {
    await withSnapshots(dir);
    const [newest] = await found();
    const { segment = 0 } = newest ?? {};
    const journals = (await names(".journal")).filter((name) => name >= segmentName(segment));
    for (const name of journals.slice(1)) await rm(join(dir, name));
    const last = join(dir, segmentName(segment));
    const bytes = await readFile(last);
    const lost = new RegExp(
      `${snapshotName(segment)} is of the beginning of ${segmentName(segment)}, which is gone or empty`,
    );
    for (const left of [0, 20, undefined]) {
      if (left === undefined) await rm(last);
      else await writeFile(last, bytes.subarray(0, left));
      await expect(openFileJournal(dir, STORM_HEADER)).rejects.toThrow(lost);
      await expect(stateOf(dir)).rejects.toThrow(lost);
      if (left !== undefined) expect(await readFile(last)).toHaveLength(left);
    }
    await rm(join(dir, snapshotName(segment)));
    await (await openFileJournal(dir, STORM_HEADER)).close();
  });

  it("is found by a replay when it says something else than the records", async () => {
    await withSnapshots(dir);
    const [newest] = await found();
    const { at, header, snapshot } = await readSnapshot(dir, newest?.segment ?? 0);
    const text = encode(snapshot.state).replace(/("portfolio":.*?"cash":)"[^"]*"/, '$1"1"');
    await writeSnapshot(dir, at, header, { ...snapshot, state: decode(text) });
    expect((await found())[0]?.problem).toBeNull();
    const { difference } = await replay(readJournal(dir), calendarOf, () => {});
    expect(difference).toMatchObject({
      seq: snapshot.seq,
      path: "snapshot.core.desk.state.portfolio.cash",
      recorded: '"1"',
    });
  });
});

describe("a journal with snapshots beside it", () => {
  it("is made shorter while it is written, and what is left is verified, played and gone on with", async () => {
    let [inputs, removed] = [0, 0];
    await stormy(dir, KNOWN, async () => {
      if (++inputs % 50 > 0) return;
      await takeSnapshot(dir);
      const plan = await planCompaction(dir);
      removed += plan.files.filter((name) => name.endsWith(".journal")).length;
      await compact(dir, plan);
    });
    expect(removed).toBeGreaterThan(3);
    const [newest, before, ...others] = await found();
    expect(others).toEqual([]);
    const state = await stateOf(dir);
    expect(await stateOf(dir, { from: newest?.segment ?? 0 })).toBe(state);
    expect((await names(".journal"))[0]).toBe(segmentName(before?.segment ?? 0));
    const first = await readJournal(dir).next();
    expect(first.value).toMatchObject({ kind: "header", id: "j" });
    expect(await describeJournals(dir)).toMatchObject([{ header: { id: "j", account: "test" } }]);
    const result = await replay(readJournal(dir), calendarOf, () => {});
    expect(result).toMatchObject({ difference: null, after: before?.seq, snapshots: 1 });
    for (let process = 0; process < 2; process++) await (await openFileJournal(dir, STORM_HEADER)).close();
    expect(await stateOf(dir)).toBe(state);
    expect(await takeSnapshot(dir)).toMatchObject({ kind: "taken" });
    expect(await stateOf(dir, { from: "snapshot" })).toBe(state);
  });

  it("keeps the snapshot that it begins with, and says so when that is gone", async () => {
    await withSnapshots(dir);
    const whole = await stateOf(dir);
    const plan = await planCompaction(dir);
    await compact(dir, plan);
    for (let i = 0; i < 5; i++) {
      await (await openFileJournal(dir, STORM_HEADER)).close();
      await takeSnapshot(dir);
    }
    const beside = await names(".snapshot");
    expect(beside).toHaveLength(4);
    expect(beside[0]).toBe(snapshotName(plan.first));
    expect(await stateOf(dir)).toBe(whole);
    await rm(join(dir, snapshotName(plan.first)));
    await expect(stateOf(dir)).rejects.toThrow(`${snapshotName(plan.first)} is missing: nobody can begin`);
    // A start needs the newest one alone.
    expect(await stateOf(dir, { from: "snapshot" })).toBe(whole);
  });

  it("is not made shorter up to a snapshot that is damaged, or gone by then", async () => {
    await withSnapshots(dir);
    const [newest, second, third] = await found();
    await flip(newest?.file ?? "", (bytes) => bytes.length - 5);
    const plan = await planCompaction(dir);
    expect(plan.first).toBe(third?.segment);
    expect(plan.files).not.toContain(second?.file);
    await rm(join(dir, third?.file ?? ""));
    const before = await readdir(dir);
    await expect(compact(dir, plan)).rejects.toThrow("no such file");
    expect(await readdir(dir)).toEqual(before);
  });
});
