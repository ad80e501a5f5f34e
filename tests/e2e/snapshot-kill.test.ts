/** The thread of the built program takes snapshots, and a process that is killed while it writes one has lost nothing. */
import { spawn } from "node:child_process";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allSnapshots } from "../../engine/adapters/journal/read.ts";
import type { takeBeside as TakeBeside } from "../../engine/cli/snapshots.ts";
import { takeSnapshot } from "../../engine/cli/take-snapshot.ts";
import { build } from "../cli/support.ts";
import type { Built } from "../cli/support.ts";
import { stateOf, withSnapshots } from "../cli/support-snapshots.ts";
import { SEED, amount, picker } from "../support/runs.ts";

const KILLS = amount({ ci: 6, soak: 500 });
/** Longer than one takes. */
const WRITES_MS = 150;

let built: Built;
let folder: string;
let dir: string;
let state: string;

beforeAll(async () => {
  built = await build();
  folder = await mkdtemp(join(tmpdir(), "barwise-snapshot-kill-"));
  dir = join(folder, "j");
  await withSnapshots(dir);
  state = await stateOf(dir);
}, 120_000);

afterAll(async () => {
  await built.remove();
  await rm(folder, { recursive: true });
});

/** Takes the newest snapshot of the journal over and over, and says each time that it begins. */
const AGAIN = (take: string): string => `
  const { takeSnapshot } = await import(${JSON.stringify(take)});
  const { readdirSync, rmSync } = await import("node:fs");
  const dir = process.argv[1];
  for (;;) {
    const newest = readdirSync(dir).filter((name) => name.endsWith(".journal")).sort().at(-1);
    rmSync(dir + "/" + newest.replace("journal", "snapshot"), { force: true });
    process.stdout.write("begins\\n");
    const { kind } = await takeSnapshot(dir);
    if (kind !== "taken") throw new Error(kind);
  }`;

describe("a snapshot of a run that goes on", () => {
  it("is taken by a thread of the built program, which ends when it is told to", { timeout: 60_000 }, async () => {
    const copy = join(folder, "copy");
    await cp(dir, copy, { recursive: true });
    for (const name of await readdir(copy)) if (name.endsWith(".snapshot")) await rm(join(copy, name));
    const { takeBeside } = (await import(pathToFileURL(join(dirname(built.main), "snapshots.js")).href)) as {
      readonly takeBeside: typeof TakeBeside;
    };
    const stop = new AbortController();
    const killed = takeBeside(copy, stop.signal);
    stop.abort();
    await expect(killed).rejects.toThrow("without an answer");
    let turns = 0;
    const turning = setInterval(() => turns++, 1);
    const taken = await takeBeside(copy, new AbortController().signal);
    clearInterval(turning);
    expect(taken).toMatchObject({ kind: "taken" });
    expect(turns).toBeGreaterThan(5);
    expect(await stateOf(copy, { from: "snapshot" })).toBe(state);
    expect(await takeBeside(copy, new AbortController().signal)).toMatchObject({ kind: "nothing" });
    expect(await takeBeside(join(folder, "nowhere"), new AbortController().signal)).toMatchObject({ kind: "nothing" });
  });

  it(
    `that is cut off by a kill ${KILLS} times is whole or not there, seed ${SEED}`,
    { timeout: KILLS * 10_000 + 30_000 },
    async () => {
      const pick = picker(SEED);
      const take = pathToFileURL(join(dirname(built.main), "take-snapshot.js")).href;
      let [whole, cut] = [0, 0];
      for (let kill = 0; kill < KILLS; kill++) {
        const child = spawn(process.execPath, ["--input-type=module", "-e", AGAIN(take), dir]);
        let [begun, failed] = [0, ""];
        child.stdout.on("data", (data: Buffer) => (begun += data.toString().split("begins").length - 1));
        child.stderr.on("data", (data: Buffer) => (failed += data.toString()));
        const ended = new Promise((resolve) => child.on("close", resolve));
        for (let i = 0; i < 1_000 && begun < 2 && child.exitCode === null; i++) await sleep(10);
        await sleep(pick(WRITES_MS));
        child.kill("SIGKILL");
        await ended;
        expect(failed).toBe("");
        expect(begun).toBeGreaterThan(1);
        const places: string[] = [];
        for await (const { problem, file } of allSnapshots(dir)) {
          expect(problem).toBeNull();
          places.push(file);
        }
        expect(places.length).toBeGreaterThan(1);
        expect(await stateOf(dir, { from: "snapshot" })).toBe(state);
        if ((await readdir(dir)).some((name) => name.endsWith(".tmp"))) cut++;
        if (places.length > 2) whole++;
      }
      console.log(`kills: ${KILLS}, ${whole} with a whole snapshot, ${cut} with a temporary file; seed ${SEED}`);
      await takeSnapshot(dir);
      await rm(join(dir, (await newest()) ?? ""));
      expect((await takeSnapshot(dir)).kind).toBe("taken");
      expect((await readdir(dir)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
      expect(await stateOf(dir)).toBe(state);
    },
  );
});

async function newest(): Promise<string | undefined> {
  for await (const { file } of allSnapshots(dir)) return file;
  return undefined;
}
