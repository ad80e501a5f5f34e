/** Words of persons, as files that a run reads, watches and puts away. */
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openAcceptances, saveWord } from "../../engine/cli/acceptances.ts";
import type { Acceptance, NotSent } from "../../engine/runtime/acceptance.ts";

const RELOAD: Acceptance = { from: "a".repeat(64), to: "b".repeat(64), run: "r", by: "ann", reason: "", findings: [] };
const ORDER: NotSent = { order: "o-1", run: "r", by: "ann", reason: "" };

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "barwise-words-"));
});
afterEach(async () => rm(root, { recursive: true }));

async function watched() {
  const acceptances = await openAcceptances(root);
  let told = 0;
  const watch = await acceptances.watch(
    () => told++,
    (error) => expect.unreachable(error.message),
  );
  return { acceptances, told: () => told, close: () => watch.close() };
}

describe("the words of a run", () => {
  it("are told although a reload has read them, and are read until they are put away, of which nobody is told", async () => {
    const { acceptances, told, close } = await watched();
    await saveWord(root, RELOAD);
    const { reloads } = await acceptances.read();
    expect(reloads).toEqual([RELOAD]);
    await expect.poll(told, { timeout: 5_000 }).toBe(1);
    await acceptances.retire(reloads);
    expect(await acceptances.read()).toEqual({ reloads: [], orders: [] });
    expect(readdirSync(join(root, ".barwise/accepted"))).toEqual(["r-bbbbbbbbbbbb.yaml.used"]);
    await sleep(400);
    expect(told()).toBe(1);
    await saveWord(root, RELOAD);
    await expect.poll(told, { timeout: 5_000 }).toBe(2);
    expect((await acceptances.read()).reloads).toEqual([RELOAD]);
    await close();
  });

  it("that came while others were put away are told", async () => {
    const { acceptances, told, close } = await watched();
    await saveWord(root, RELOAD);
    await expect.poll(told, { timeout: 5_000 }).toBe(1);
    const { reloads } = await acceptances.read();
    await saveWord(root, ORDER);
    await acceptances.retire(reloads);
    await expect.poll(told, { timeout: 5_000 }).toBe(2);
    expect(await acceptances.read()).toEqual({ reloads: [], orders: [ORDER] });
    await close();
  });
});
