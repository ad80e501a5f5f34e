/** The real process on an account that outlives it: what its files say and what runs are told apart, whoever starts and ends it. */
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { build, folderOf, Process } from "../cli/support.ts";
import type { Built } from "../cli/support.ts";

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

let built: Built;
let folder: string;
let venue: Process;
let keys: Record<string, string>;

beforeAll(async () => {
  built = await build();
  folder = await folderOf({});
  const args = ["venue", "--port", "0", "--rate", "4", "--from", "2001-01-02"];
  venue = new Process(built.main, args, folder, {}, 0);
  await venue.until("the venue's keys", () => venue.out.includes("APCA_API_SECRET_KEY="));
  const told = (name: string): string => new RegExp(`^${name}\\s*=?\\s*(\\S+)$`, "m").exec(venue.out)?.[1] ?? "";
  keys = { APCA_API_KEY_ID: told("APCA_API_KEY_ID"), APCA_API_SECRET_KEY: told("APCA_API_SECRET_KEY") };
  await rm(folder, { recursive: true });
  folder = await folderOf({
    "barwise.yaml": `barwise: 1\naccount: {venue: local, url: "${told("REST and data")}"}\n`,
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

it("tells of history that new facts lack, loads what it journaled after a kill, and lists what runs", async () => {
  const first = start();
  await first.until("the position", () => first.out.includes("filled buy 1 SPX"));
  await save(STRATEGY.replace("close < 1", "close < sma(400) / 9_000"));
  await first.until("the reload", () => first.out.includes("reloaded   ~ leave"));
  expect(first.out).toMatch(/^SPX 1d: \d+ bars of history, \d+ wanted; facts stay unknown/m);
  const renamed = STRATEGY.replace("name: a", "name: b");
  await save(renamed);
  await first.until("the guard", () => first.out.includes("plan/orphan"));
  first.child.kill("SIGKILL");
  await first.ended;

  const second = start();
  await second.until("the start", () => second.out.includes("journal "));
  expect(second.out).toContain("held back");
  expect(second.out).toMatch(/^strategy +a: SPX, 1d$/m);
  expect(second.out).not.toMatch(/^strategy +b:/m);
  await save(STRATEGY.replace("close < 1", "close < sma(400) / 9_000"));
  await second.until("what runs", () => second.out.includes("the files say what runs"));
  second.child.kill("SIGTERM");
  expect((await second.ended).code).toBe(0);
}, 120_000);
