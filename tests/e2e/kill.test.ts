/**
 * The real process, killed without warning and started again: nothing is lost, nothing is sent twice.
 *
 * The venue is a process of its own, as an account is, and its ledger is the judge.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJournal } from "../../engine/adapters/journal/read.ts";
import type { OrderView } from "../../engine/core/event.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { openOrders } from "../../engine/core/view.ts";
import { rebuild } from "../../engine/runtime/rebuild.ts";
import { build, changeBuilt, Process, startVenue } from "../cli/support.ts";
import type { Built, RunningVenue } from "../cli/support.ts";
import { SEED, amount, picker } from "../support/runs.ts";

const STRATEGY = `barwise: 1
name: a
symbols: [SPX]
on: 1d
rules:
  - name: enter
    when: close > sma(3)
    then: {buy: {size: {qty: 1}, time_in_force: gtc, bracket: {stop_loss: close * 0.98}}}
  - name: leave
    when: close < sma(3)
    then: {close: {}}
`;

interface VenueOrder {
  readonly id: string;
  readonly client_order_id: string;
  readonly filled_qty: string;
  readonly side: "buy" | "sell";
}

const KILLS = amount({ ci: 4, soak: 200 });
/** Days a second: the twenty years of the tape must last for all of them, at six seconds each, which a busy machine takes. */
const RATE = Math.max(1, Math.min(25, Math.floor(4_800 / (KILLS * 6))));

let built: Built;
let folder: string;
let venue: Process;
let keys: RunningVenue["keys"];
let url: string;

/** Files so small, and looks so frequent, that snapshots are taken all the time and some are killed with their process. */
async function hurry(program: Built): Promise<void> {
  await changeBuilt(program, "snapshots.js", /const DUE_BYTES = .*;/, "const DUE_BYTES = 1;");
  await changeBuilt(program, "snapshots.js", /const LOOK_MS = .*;/, "const LOOK_MS = 50;");
  await changeBuilt(program, "snapshots.js", /const REST = .*;/, "const REST = 0;");
  const small = "export const SEGMENT_BYTES = 8_000;";
  await changeBuilt(program, "../adapters/journal/thread-journal.js", /export const SEGMENT_BYTES = .*;/, small);
}

beforeAll(async () => {
  built = await build();
  await hurry(built);
  folder = await mkdtemp(join(tmpdir(), "barwise-kill-"));
  ({ venue, keys, url } = await startVenue(built, folder, RATE));
  await mkdir(join(folder, "strategies"));
  await writeFile(join(folder, "strategies/a.strategy.yaml"), STRATEGY);
  await writeFile(
    join(folder, "barwise.yaml"),
    `barwise: 1\nunknown_orders: resend\nrisk: {max_orders_per_minute: 10000, max_reconnects: 10000}\naccount: {venue: local, url: "${url}"}\n`,
  );
}, 120_000);

afterAll(async () => {
  venue.child.kill("SIGKILL");
  await venue.ended;
  await built.remove();
  await rm(folder, { recursive: true });
});

async function ask<T>(path: string): Promise<T> {
  const headers = {
    "APCA-API-KEY-ID": keys["APCA_API_KEY_ID"] ?? "",
    "APCA-API-SECRET-KEY": keys["APCA_API_SECRET_KEY"] ?? "",
  };
  const answer = await fetch(`${url}${path}`, { headers });
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

/** Every order that the venue ever took, oldest first. */
async function allOrders(): Promise<VenueOrder[]> {
  const orders: VenueOrder[] = [];
  for (;;) {
    const last = orders.at(-1);
    const after = last === undefined ? "" : `&after_order_id=${last.id}`;
    const page = await ask<VenueOrder[]>(`/v2/orders?status=all&limit=500&direction=asc${after}`);
    orders.push(...page);
    if (page.length < 500) return orders;
  }
}

function start(): Process {
  return new Process(built.main, ["run", ".", "--no-screen"], folder, keys);
}

/** Kills that follow each other may leave an entry that nobody finds: the venue does not have it, and a person says so. */
async function decide(): Promise<void> {
  const listed = await new Process(built.main, ["resolve"], folder).ended;
  for (const [id] of listed.out.matchAll(/^bw-\w+/gm)) {
    const known = (await allOrders()).some((order) => order.client_order_id === id);
    expect([id, known]).toEqual([id, false]);
    const said = await new Process(built.main, ["resolve", id, ".", "--not-sent"], folder).ended;
    expect(said.code).toBe(0);
  }
}

describe("an engine that is killed at any moment", () => {
  it(
    `goes on ${KILLS} times with every order, fill and position as the venue has them, seed ${SEED}`,
    { timeout: KILLS * 15_000 + 60_000 },
    async () => {
      const pick = picker(SEED);
      // A person is asked once, by whichever process found nothing.
      let before = "";
      for (let kill = 0; kill < KILLS; kill++) {
        const process = start();
        const told = kill === 0 ? "journal" : "is live again";
        await process.until("the start", () => process.out.includes(told) || process.child.exitCode !== null);
        await sleep(100 + pick(1_200));
        process.child.kill("SIGKILL");
        await process.ended;
        before += process.out;
        // Else nothing is entered any more until the end.
        if (KILLS > 20 && process.out.includes("a person must decide")) await decide();
        expect(process.err).toBe("");
        expect(process.out).not.toContain("belong to no strategy here");
        expect(process.out).not.toMatch(/no snapshot was taken|passed over/);
        expect(process.out).not.toContain("an order that was not sent from here filled");
      }
      const last = start();
      await last.until("the last start", () => last.out.includes("is live again"));
      const hasOrdered = (): boolean => / order (?:buy|sell) /.test(last.out);
      const isAsked = (): boolean => (before + last.out).includes("a person must decide");
      await last.until("another order, or one that waits for a person", () => hasOrdered() || isAsked(), 60_000);
      if (!hasOrdered()) await decide();
      await last.until("another order", hasOrdered);
      const [run = ""] = readdirSync(join(folder, ".barwise/journal"));
      const files = (): string[] => readdirSync(join(folder, ".barwise/journal", run));
      await last.until("a snapshot", () => files().some((name) => name.endsWith(".snapshot")), 60_000);
      last.child.kill("SIGINT");
      const { code, out } = await last.ended;
      expect(code).toBe(0);
      expect(out).toMatch(/^Difference +0\.00$/m);

      const submitted: string[] = [];
      // The desk forgets what has long been over, and this tape plays years in a minute.
      const told = new Map<string, OrderView>();
      const { core } = await rebuild(readJournal(join(folder, ".barwise/journal", run)), calendarOf, (_, outputs) => {
        for (const output of outputs) {
          if (output.kind === "submit") submitted.push(output.order.clientOrderId);
          if (output.kind === "order") told.set(output.order.clientOrderId, output.order);
        }
      });
      // A few times more under the same id is what `unknown_orders: resend` is for; the venue takes an id once.
      for (const id of new Set(submitted)) expect(submitted.filter((other) => other === id).length).toBeLessThan(5);
      const atVenue = await allOrders();
      expect(atVenue.filter(({ client_order_id: id }) => !told.has(id))).toEqual([]);
      const open = new Set(openOrders(core).map(({ clientOrderId }) => clientOrderId));
      expect(openOrders(core).filter(({ state }) => state === "sent")).toEqual([]);
      // The venue went on after the last process ended: what fills since then is of orders that it knew to be open.
      let since = 0;
      for (const { client_order_id: id, filled_qty: filled, side } of atVenue) {
        const missing = Number(filled) - Number(told.get(id)?.filledQty ?? 0);
        if (missing !== 0) expect([id, open.has(id)]).toEqual([id, true]);
        since += side === "buy" ? missing : -missing;
      }
      const positions = await ask<{ readonly qty: string }[]>("/v2/positions");
      expect(core.desk.state.portfolio.netQty("SPX").toNumber() + since).toBe(Number(positions[0]?.qty ?? 0));
      // Most processes live for a second: enough that there was something to lose.
      expect(atVenue.length).toBeGreaterThan(KILLS / 2);

      // The clean end left a snapshot: the next start begins there, and so does its summary.
      for (let stop = 0; stop < 2; stop++) {
        const again = start();
        await again.until("the start from a snapshot", () => again.out.includes("is live again"));
        await again.until("an order after it", () => / order (?:buy|sell) /.test(again.out));
        again.child.kill("SIGINT");
        const ended = await again.ended;
        expect([ended.code, ended.err]).toEqual([0, ""]);
        expect(ended.out).toMatch(/^Statement since .*, the moment of the snapshot that it went on from$/m);
        expect(ended.out).toMatch(/^Difference +0\.00$/m);
        expect(ended.out).not.toContain("belong to no strategy here");
      }
      const journal = (...args: string[]): Promise<{ readonly code: number | null; readonly out: string }> =>
        new Process(built.main, ["journal", ...args, join(".barwise/journal", run)], folder).ended;
      const instruments = await journal("query", "--kind", "instrument", "--format", "ndjson");
      expect(instruments.out).toContain('"tradable":true');
      expect((await journal("compact")).out).toMatch(/^removes .*\/000001\.journal$/m);
      expect((await journal("verify")).code).toBe(0);
      const replayed = new Process(built.main, ["replay", join(".barwise/journal", run)], folder);
      expect((await replayed.ended).out).toMatch(/the same to the byte[\s\S]*They are those after input \d+:/);
      const after = start();
      await after.until("the start after a compaction", () => after.out.includes("is live again"));
      after.child.kill("SIGINT");
      expect((await after.ended).code).toBe(0);
    },
  );
});
