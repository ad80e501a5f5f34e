/**
 * The kill switch, with the real processes: a venue, an engine, and commands beside it.
 *
 * The engine is stopped in the middle of its work; the venue's ledger says what works and what was sent.
 */
import { existsSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StatusView } from "../../engine/ports/control.ts";
import { build, Process } from "../cli/support.ts";
import type { Built, Ended } from "../cli/support.ts";

/** An order at every bar, none of which fills soon. */
const STRATEGY = `barwise: 1
name: a
symbols: [SPX]
on: 1d
max_entries: 200
rules:
  - name: enter
    when: close > 10
    fire: each
    then: {buy: {size: {qty: 1}, type: limit, limit: close * 0.91, time_in_force: gtc}}
  - name: leave
    when: close < 10
    then: {close: {}}
`;

let built: Built;
let folder: string;
let venue: Process;
let engine: Process;
let keys: Record<string, string>;
let url: string;

const latch = (): string => join(folder, ".barwise/HALTED");

beforeAll(async () => {
  built = await build();
  folder = await mkdtemp(join(tmpdir(), "barwise-kill-switch-"));
  venue = new Process(built.main, ["venue", "--port", "0", "--rate", "10", "--from", "2001-01-02"], folder, {}, 0);
  await venue.until("the venue's keys", () => venue.out.includes("APCA_API_SECRET_KEY="));
  const told = (name: string): string => new RegExp(`^${name}\\s*=?\\s*(\\S+)$`, "m").exec(venue.out)?.[1] ?? "";
  keys = { APCA_API_KEY_ID: told("APCA_API_KEY_ID"), APCA_API_SECRET_KEY: told("APCA_API_SECRET_KEY") };
  url = told("REST and data");
  await mkdir(join(folder, "strategies"));
  await writeFile(join(folder, "strategies/a.strategy.yaml"), STRATEGY);
  const risk = "risk: {max_orders_per_minute: 10000, max_orders_per_day: 10000}";
  await writeFile(join(folder, "barwise.yaml"), `barwise: 1\n${risk}\naccount: {venue: local, url: "${url}"}\n`);
  engine = start();
}, 120_000);

afterAll(async () => {
  for (const one of [engine, venue]) {
    one.child.kill("SIGCONT");
    one.child.kill("SIGKILL");
    await one.ended;
  }
  await built.remove();
  await rm(folder, { recursive: true });
});

function start(): Process {
  return new Process(built.main, ["run", ".", "--no-screen"], folder, keys, 0);
}

function barwise(...args: readonly string[]): Promise<Ended> {
  return new Process(built.main, args, folder, keys).ended;
}

interface VenueOrder {
  readonly id: string;
  readonly status: string;
}

async function venueOrders(status: "open" | "all"): Promise<VenueOrder[]> {
  const headers = {
    "APCA-API-KEY-ID": keys["APCA_API_KEY_ID"] ?? "",
    "APCA-API-SECRET-KEY": keys["APCA_API_SECRET_KEY"] ?? "",
  };
  const answer = await fetch(`${url}/v2/orders?status=${status}&limit=500`, { headers });
  return (await answer.json()) as VenueOrder[];
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error(`never: ${what}\n${engine.out}\n${engine.err}`);
    await sleep(50);
  }
}

async function status(): Promise<StatusView | undefined> {
  const { out } = await barwise("status", "--format", "json");
  return out === "" ? undefined : (JSON.parse(out) as { status: StatusView }).status;
}

async function tradesAgain(): Promise<void> {
  const { out, err, code } = await barwise("resume", "--reason", "the test goes on");
  expect([out, err, code]).toEqual(["account is ACTIVE\n", "", 0]);
  expect(existsSync(latch())).toBe(false);
  const before = (await venueOrders("all")).length;
  await until("an order after resuming", async () => (await venueOrders("all")).length > before);
}

/** The tape goes on, and not one order more is at the venue. */
async function sendsNothing(): Promise<void> {
  const before = (await venueOrders("all")).length;
  const from = (await status())?.market_time ?? "";
  await until("another five days of the tape", async () => {
    const { market_time: to } = (await status()) ?? { market_time: null };
    return to !== null && Date.parse(to) - Date.parse(from) >= 5 * 86_400_000;
  });
  expect((await venueOrders("all")).length).toBe(before);
  expect(await venueOrders("open")).toEqual([]);
}

describe("the kill switch", () => {
  it("leaves no working order at the venue while the engine stands still, and the engine sends nothing when it goes on", async () => {
    await until("working orders", async () => (await venueOrders("open")).length >= 5);
    expect(statSync(join(folder, ".barwise/control.json")).mode & 0o777).toBe(0o600);
    engine.child.kill("SIGSTOP");
    const working = (await venueOrders("open")).length;
    const started = performance.now();
    const killing = new Process(built.main, ["kill", "--reason", "a drill", "--format", "json"], folder, keys);
    let none = Number.NaN;
    await until("no working order", async () => {
      if ((await venueOrders("open")).length > 0) return false;
      none = performance.now() - started;
      return true;
    });
    const { out, err, code } = await killing.ended;
    expect([err, code]).toEqual(["", 0]);
    const told = JSON.parse(out) as { orders: { cancelled: number; left: number; ms: number }; engine: string };
    expect(told).toMatchObject({ engine: "silent", orders: { cancelled: working, left: 0 } });
    console.log(
      `kill switch: ${working} orders gone ${Math.round(none)} ms after the command was started, ` +
        `${Math.round(told.orders.ms)} ms of them at the venue (target 500)`,
    );
    expect(JSON.parse(await readFile(latch(), "utf8"))).toMatchObject({ reason: "a drill" });
    engine.child.kill("SIGCONT");
    await engine.until("the halt", () => engine.out.includes("account is HALTED: a drill"));
    await sendsNothing();
    const shown = await barwise("status");
    expect(shown.code).toBe(1);
    expect(shown.out).toContain("HALTED: a drill");
    await tradesAgain();
  }, 120_000);

  it("is the file alone, for whoever can do no more than touch it", async () => {
    await writeFile(latch(), "");
    await engine.until("the halt", () => engine.out.includes("the file .barwise/HALTED is there (unknown)"));
    await until("no working order", async () => (await venueOrders("open")).length === 0);
    await sendsNothing();
    // Whoever removes the file has not said that all is well.
    await rm(latch());
    await sendsNothing();
    await tradesAgain();
  }, 120_000);

  it("is a signal", async () => {
    engine.child.kill("SIGUSR2");
    await engine.until("the halt", () => engine.out.includes("account is HALTED: SIGUSR2 (signal)"));
    expect(existsSync(latch())).toBe(true);
    await until("no working order", async () => (await venueOrders("open")).length === 0);
    await tradesAgain();
  }, 120_000);

  it("holds over a restart, and for an engine that starts", async () => {
    engine.child.kill("SIGINT");
    await engine.ended;
    expect(existsSync(join(folder, ".barwise/control.json"))).toBe(false);
    const none = await barwise("status");
    expect([none.code, none.err]).toEqual([2, expect.stringContaining("no engine runs in this folder")]);
    const killed = await barwise("kill");
    expect([killed.err, killed.code]).toEqual(["", 0]);
    expect(killed.out).toContain("no engine with a control API runs here");
    expect(await venueOrders("open")).toEqual([]);
    engine = start();
    await engine.until("the start", () => engine.out.includes("the kill switch is on"));
    await until("its API", async () => (await status())?.state === "HALTED");
    await sendsNothing();
    const refused = await barwise("resume", "--strategy", "a", "--reason", "only this one");
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("resume the account first")]);
    await tradesAgain();
  }, 120_000);

  it("says what it could not do without keys", async () => {
    const { out, err, code } = await new Process(built.main, ["kill"], folder).ended;
    expect(code).toBe(1);
    expect(out).toContain("were not all cancelled");
    expect(err).toContain("APCA_API_KEY_ID");
    expect(err).not.toContain(keys["APCA_API_SECRET_KEY"]);
    // The engine has heard all the same.
    await until("the halt", async () => (await status())?.state === "HALTED");
    await tradesAgain();
  }, 120_000);
});
