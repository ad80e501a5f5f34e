/** The real process on an account that outlives it: what its files say and what runs are told apart, whoever starts and ends it. */
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { build, folderOf, Process, startVenue } from "../cli/support.ts";
import type { Built, RunningVenue } from "../cli/support.ts";

const FILE = "strategies/a.strategy.yaml";
const STRATEGY = `barwise: 1
name: a
symbols: [SPX]
on: 1d
rules:
  - name: enter
    when: close > 1
    start: fire
    then: {buy: {size: {qty: 1}, time_in_force: gtc}}
  - name: leave
    when: close < 1
    then: {close: {}}
`;

/** Of each step; processes share the machine with other tests. */
const PATIENCE_MS = 60_000;

let built: Built;
let folder: string;
let venue: Process;
let keys: RunningVenue["keys"];

beforeAll(async () => {
  built = await build();
  folder = await folderOf({});
  const running = await startVenue(built, folder, 4);
  ({ venue, keys } = running);
  await rm(folder, { recursive: true });
  folder = await folderOf({
    "barwise.yaml": `barwise: 1\naccount: {venue: local, url: "${running.url}"}\n`,
    [FILE]: STRATEGY,
  });
}, 120_000);

afterAll(async () => {
  venue.child.kill("SIGKILL");
  await venue.ended;
  await built.remove();
  await rm(folder, { recursive: true });
});

const start = (): Process => new Process(built.main, ["run", ".", "--no-screen", "--no-stop-at-end"], folder, keys, 0);

/** As editors do it. */
async function save(text: string): Promise<void> {
  await writeFile(join(folder, "saved"), text);
  await rename(join(folder, "saved"), join(folder, FILE));
}

it("tells of history that new facts lack, and goes on after a kill or a stop with what it journaled, whatever files say", async () => {
  const first = start();
  await first.until("the position", () => first.out.includes("filled buy 1 SPX"), PATIENCE_MS);
  await save(STRATEGY.replace("close < 1", "close < sma(400) / 9_000"));
  await first.until("the reload", () => first.out.includes("reloaded   ~ leave"), PATIENCE_MS);
  expect(first.out).toMatch(/^SPX 1d: \d+ bars of history, \d+ wanted; facts stay unknown/m);
  const renamed = STRATEGY.replace("name: a", "name: b");
  await save(renamed);
  await first.until("the guard", () => first.out.includes("plan/orphan"), PATIENCE_MS);
  first.child.kill("SIGKILL");
  await first.ended;

  const second = start();
  await second.until("the start", () => second.out.includes("journal "), PATIENCE_MS);
  expect(second.out).toContain("held back");
  expect(second.out).toMatch(/^strategy +a: SPX, 1d$/m);
  expect(second.out).not.toMatch(/^strategy +b:/m);
  await save(STRATEGY.replace("close < 1", "close < sma(400) / 9_000"));
  await second.until("what runs", () => second.out.includes("the files say what runs"), PATIENCE_MS);
  second.child.kill("SIGTERM");
  expect((await second.ended).code).toBe(0);

  // Saved while nobody ran.
  await save(STRATEGY.replace("close < 1", "close < smaa(3)"));
  const third = start();
  await third.until("the start", () => third.out.includes("journal "), PATIENCE_MS);
  expect(third.out).toContain("not reloaded, the old rules keep running: 1 error");
  expect(third.out).toContain(`${FILE}:11:19: error`);
  expect(third.out).toMatch(/^strategy +a: SPX, 1d$/m);
  third.child.kill("SIGTERM");
  expect((await third.ended).out).toContain("Still held: 1 SPX (a)");

  await rm(join(folder, FILE));
  const fourth = start();
  await fourth.until("the start", () => fourth.out.includes("journal "), PATIENCE_MS);
  expect(fourth.out).toContain("not reloaded, the old rules keep running: every strategy file is gone");
  fourth.child.kill("SIGTERM");
  await fourth.ended;
  // What nobody has run cannot go on.
  const fresh = new Process(built.main, ["run", ".", "--new-run"], folder, keys, 0);
  expect(await fresh.ended).toMatchObject({ code: 2, err: expect.stringContaining("no *.strategy.yaml") as string });
  await save(STRATEGY);
  await writeFile(join(folder, "barwise.yaml"), "barwise: 1\naccount: {venue: nowhere}\n");
  const unsound = start();
  expect(await unsound.ended).toMatchObject({ code: 1, err: expect.stringContaining("nothing was started") as string });
}, 300_000);
