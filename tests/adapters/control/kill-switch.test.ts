/** The parts of the kill switch, each by itself. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cancelAll } from "../../../engine/adapters/alpaca/cancel-all.ts";
import { findControlFile, removeControlFile, writeControlFile } from "../../../engine/adapters/control/control-file.ts";
import type { ControlFile } from "../../../engine/adapters/control/control-file.ts";
import { GuardedBroker } from "../../../engine/adapters/control/guarded-broker.ts";
import { Latch } from "../../../engine/adapters/control/latch.ts";
import type { LatchWord } from "../../../engine/adapters/control/latch.ts";
import { ownIdentity } from "../../../engine/adapters/process-identity.ts";
import type { ApprovedOrder } from "../../../engine/core/event.ts";
import type { Broker, LastLook } from "../../../engine/ports/broker.ts";
import { startVenue } from "../../../engine/adapters/venue/venue.ts";
import type { Venue, VenueOptions } from "../../../engine/adapters/venue/options.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";
import { instruments, newExchange } from "../../e2e/support.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "barwise-latch-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("the file HALTED", () => {
  it("says who left it, and keeps the first word", () => {
    const latch = new Latch(root);
    expect(latch.isSet).toBe(false);
    latch.set({ by: "ann", reason: "a drill" }, "2026-01-01T00:00:00Z");
    latch.set({ by: "bob", reason: "later" }, "2026-01-01T00:00:01Z");
    expect(latch.isSet).toBe(true);
    expect(latch.read()).toEqual({ by: "ann", reason: "a drill" });
    latch.clear();
    expect(latch.isSet).toBe(false);
    latch.clear();
  });

  it.each([
    ["", "the file .barwise/HALTED is there"],
    ["{", "the file .barwise/HALTED is there"],
    ["{}", "the file .barwise/HALTED is there"],
    [`{"by": 7, "reason": 8}`, "the file .barwise/HALTED is there"],
    ["x".repeat(10_000), "the file .barwise/HALTED is there"],
    ["the lights are red\n", "the lights are red"],
  ])("holds whatever is in it: %.30j", (text, reason) => {
    mkdirSync(join(root, ".barwise"));
    const latch = new Latch(root);
    writeFileSync(latch.path, text);
    expect(latch.isSet).toBe(true);
    expect(latch.read()).toEqual({ by: "unknown", reason });
  });

  it("has its word from the first moment on: whoever looks meanwhile never finds it empty", async () => {
    const latch = new Latch(root);
    const stop = new Int32Array(new SharedArrayBuffer(8));
    const reader = new Worker(
      `const { workerData: { path, stop } } = require("node:worker_threads");
       const { readFileSync } = require("node:fs");
       Atomics.store(stop, 1, 1);
       let empty = 0;
       while (Atomics.load(stop, 0) === 0) try { if (readFileSync(path, "utf8") === "") empty++; } catch {}
       require("node:worker_threads").parentPort.postMessage(empty);`,
      { eval: true, workerData: { path: latch.path, stop } },
    );
    const empty = new Promise((done) => reader.once("message", done));
    while (Atomics.load(stop, 1) === 0) await sleep(5);
    for (let i = 0; i < 300; i++) {
      latch.set({ by: "ann", reason: "a drill" }, "");
      latch.clear();
    }
    Atomics.store(stop, 0, 1);
    expect(await empty).toBe(0);
    expect(readdirSync(join(root, ".barwise"))).toEqual([]);
  });

  it("counts as there when nobody can look", () => {
    const latch = new Latch(root);
    // A file where the folder should be: the look fails with something else than "not there".
    writeFileSync(join(root, ".barwise"), "");
    expect(latch.isSet).toBe(true);
  });

  it("is told once each time that it comes", async () => {
    const latch = new Latch(root);
    const told: LatchWord[] = [];
    const stop = latch.watch((word) => told.push(word));
    const until = async (count: number): Promise<void> => {
      for (let i = 0; i < 400 && told.length < count; i++) await sleep(10);
    };
    try {
      latch.set({ by: "ann", reason: "one" }, "");
      await until(1);
      await sleep(250);
      expect(told).toEqual([{ by: "ann", reason: "one" }]);
      latch.clear();
      await sleep(250);
      latch.set({ by: "ann", reason: "two" }, "");
      await until(2);
      expect(told.map(({ reason }) => reason)).toEqual(["one", "two"]);
    } finally {
      stop();
    }
  });

  it("that is there at the start is told at once", () => {
    const latch = new Latch(root);
    latch.set({ by: "ann", reason: "before" }, "");
    const told: LatchWord[] = [];
    latch.watch((word) => told.push(word))();
    expect(told).toEqual([{ by: "ann", reason: "before" }]);
  });
});

describe("a guarded broker", () => {
  it("lets no order leave while the switch is on, and every other request", async () => {
    const seen: string[] = [];
    const looks: LastLook[] = [];
    const broker = {
      name: "b",
      live: true,
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
      submit: ({ clientOrderId }: ApprovedOrder, lastLook: LastLook) => {
        seen.push(`submit ${clientOrderId}`);
        looks.push(lastLook);
      },
      instruments: (symbols: readonly string[]) => void seen.push(`instruments ${symbols.join()}`),
      cancel: (id: string) => void seen.push(`cancel ${id}`),
      lookup: (id: string) => void seen.push(`lookup ${id}`),
    } as unknown as Broker;
    let isHalted = false;
    const sent: string[] = [];
    const guarded = new GuardedBroker(broker, {
      isHalted: () => isHalted,
      onSend: ({ clientOrderId }) => void sent.push(clientOrderId),
    });
    await guarded.start({ broker: () => {} });
    const order = (clientOrderId: string): ApprovedOrder => ({ clientOrderId }) as unknown as ApprovedOrder;
    let core: string | undefined;
    guarded.submit(order("1"), () => core);
    guarded.submit(order("2"), () => core);
    guarded.cancel("1", null);
    guarded.lookup("1");
    guarded.instruments(["A", "B"]);
    expect([guarded.name, guarded.live]).toEqual(["b", true]);
    expect(seen).toEqual(["submit 1", "submit 2", "cancel 1", "lookup 1", "instruments A,B"]);
    const [first, second] = looks;
    expect([first?.(), sent]).toEqual([undefined, ["1"]]);
    core = "the broker is not connected";
    expect(second?.()).toBe("the broker is not connected");
    [isHalted, core] = [true, undefined];
    expect(second?.()).toBe("the kill switch is on");
    expect(sent).toEqual(["1"]);
  });
});

describe("the control file", () => {
  const file = (over: Partial<ControlFile> = {}): ControlFile => ({
    ...{ format: 1, url: "http://127.0.0.1:1", token: "t", journal: "j", account: "a", orders: { kind: "inside" } },
    ...ownIdentity(),
    ...over,
  });

  it("is for this user alone, found while its process lives, and removed by its token", async () => {
    await writeControlFile(root, file());
    expect(statSync(join(root, ".barwise/control.json")).mode & 0o777).toBe(0o600);
    expect(await findControlFile(root)).toEqual(file());
    await removeControlFile(root, "another");
    expect(await findControlFile(root)).toBeDefined();
    await removeControlFile(root, "t");
    expect(existsSync(join(root, ".barwise/control.json"))).toBe(false);
  });

  it("narrows a file that others could read", async () => {
    await writeControlFile(root, file());
    chmodSync(join(root, ".barwise/control.json"), 0o644);
    await writeControlFile(root, file());
    expect(statSync(join(root, ".barwise/control.json")).mode & 0o777).toBe(0o600);
  });

  it.each([
    ["of a process that is gone", { pid: 2 ** 22 + 1 }],
    ["of an earlier process with the same number", { started: "another boot/1" }],
    ["of another format", { format: 2 as 1 }],
  ])("counts for nothing: one %s", async (_, over) => {
    await writeControlFile(root, file(over));
    expect(await findControlFile(root)).toBeUndefined();
  });

  it("counts for nothing when it is cut short", async () => {
    mkdirSync(join(root, ".barwise"));
    writeFileSync(join(root, ".barwise/control.json"), '{"format": 1,');
    expect(await findControlFile(root)).toBeUndefined();
  });
});

describe("cancelling everything at the broker", () => {
  const credentials = { keyId: "PKTEST", secret: "secret-of-the-test" };
  const SYMBOL = "ACME/USD";
  let venue: Venue;
  afterEach(() => venue.stop());

  async function withOrders(count: number, options: Partial<VenueOptions> = {}): Promise<void> {
    const start = Date.UTC(2024, 2, 4, 15);
    const bar = { kind: "bar", symbol: SYMBOL, size: "1m", revised: false } as const;
    const input = { ...bar, start, open: 100, high: 100, low: 100, close: 100, volume: 10 };
    venue = await startVenue({
      ...{ exchange: newExchange([SYMBOL]), instruments: instruments([SYMBOL]), ...credentials, calendarOf },
      ...{ calendar: calendarOf(SYMBOL), tape: [{ at: start + 60_000, input }], pace: "manual", startAt: start },
      ...options,
    });
    for (let n = 0; n < count; n++) {
      const order = { symbol: SYMBOL, qty: "1", side: "buy", type: "limit", limit_price: "10", time_in_force: "gtc" };
      const answer = await ask("/v2/orders", { method: "POST", body: JSON.stringify(order) });
      expect(answer.status).toBe(200);
    }
  }

  function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const keys = { "APCA-API-KEY-ID": credentials.keyId, "APCA-API-SECRET-KEY": credentials.secret };
    return fetch(venue.url + path, { ...init, headers: { ...keys, "Content-Type": "application/json" } });
  }

  async function open(): Promise<number> {
    return ((await (await ask("/v2/orders?status=open")).json()) as unknown[]).length;
  }

  it("leaves none, and says how many and how long", async () => {
    await withOrders(7);
    const account = { kind: "loopback", url: venue.url } as const;
    const result = await cancelAll({ account, credentials, patienceMs: 10_000 });
    expect(result).toMatchObject({ cancelled: 7, left: 0, problem: "" });
    expect(result.ms).toBeGreaterThan(0);
    expect(await open()).toBe(0);
  });

  it("cancels what arrives while it works, too", async () => {
    await withOrders(1);
    const account = { kind: "loopback", url: venue.url } as const;
    const killing = cancelAll({ account, credentials, patienceMs: 10_000 });
    await sleep(50);
    const late = { symbol: SYMBOL, qty: "1", side: "buy", type: "limit", limit_price: "10", time_in_force: "gtc" };
    await ask("/v2/orders", { method: "POST", body: JSON.stringify(late) });
    expect(await killing).toMatchObject({ cancelled: 2, left: 0 });
  });

  it("tries again while the broker fails", async () => {
    await withOrders(3);
    let left = 4;
    venue.faults.onRequest(() => {
      left -= 1;
      if (left < 0) return undefined;
      return left % 2 === 0 ? { kind: "reset", after: true } : { kind: "status", status: 500 };
    });
    const account = { kind: "loopback", url: venue.url } as const;
    expect(await cancelAll({ account, credentials, patienceMs: 10_000 })).toMatchObject({ left: 0, problem: "" });
    expect(await open()).toBe(0);
  });

  it("gives up at once when the keys are wrong, and tells no key", async () => {
    await withOrders(1);
    const account = { kind: "loopback", url: venue.url } as const;
    const wrong = { keyId: "PKWRONG", secret: "another-secret" };
    const result = await cancelAll({ account, credentials: wrong, patienceMs: 60_000 });
    expect(result).toMatchObject({ left: null, ms: null, cancelled: 0 });
    expect(result.problem).toContain("401");
    expect(result.problem).not.toContain("another-secret");
    expect(await open()).toBe(1);
  });

  it("says that it does not know when nobody answers", async () => {
    await withOrders(0);
    const account = { kind: "loopback", url: "http://127.0.0.1:1" } as const;
    expect(await cancelAll({ account, credentials, patienceMs: 300 })).toMatchObject({ left: null, ms: null });
  });
});
