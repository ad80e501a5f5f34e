import { describe, expect, it } from "vitest";
import { InvariantError } from "../../engine/core/assert.ts";
import type { ExecutionInput, ReconciledInput } from "../../engine/core/event.ts";
import { LOOK_SOON_MS, RECONCILE_EVERY_MS, RECONCILE_RETRY_MS } from "../../engine/runtime/reconcile.ts";
import { reconciled } from "../support/core-driver.ts";
import { programOf, rig, START, threshold, turns } from "./support.ts";
import type { Rig } from "./support.ts";

const MINUTE = 60_000;
const SYMBOL = "ACME/USD";

/** A bar below the line, then one above it: the entry turns true. */
function fire({ feed }: Rig, minute = 0): void {
  feed.bar(SYMBOL, START + minute * MINUTE, 90);
  feed.bar(SYMBOL, START + (minute + 1) * MINUTE, 110);
}

async function started(marketTime: "wall" | "data" = "data"): Promise<Rig> {
  const made = rig(programOf(threshold(100)), marketTime);
  await made.start();
  return made;
}

const isReady = (made: Rig): boolean => made.engine.core.desk.state.ready;

describe("the engine and its journal", () => {
  it("has every input in the journal before the core sees it", async () => {
    const made = rig(programOf(threshold(100)));
    const seen: boolean[] = [];
    made.journal.append = (record) => {
      made.journal.records.push(record);
      if (record.kind === "in" && record.input.kind === "bar")
        seen.push(made.outputs.some(({ kind }) => kind === "confirm"));
    };
    await made.start();
    fire(made);
    expect(seen).toEqual([false, false]);
    const kinds = made.journal.records.map(({ kind }) => kind);
    expect(kinds.indexOf("in")).toBeLessThan(kinds.indexOf("out"));
    expect(made.journal.records.map((record) => ("n" in record ? record.n : -1))).toEqual(kinds.map((_, n) => n));
  });

  it("asks json-rules-engine at once, and lets no order out before the disk has the reason", async () => {
    const made = await started();
    made.journal.isSlow = true;
    fire(made);
    await turns();
    expect(made.journal.inputs).toContain("confirmation");
    expect(made.broker.submitted).toHaveLength(0);
    made.journal.release();
    await turns();
    expect(made.broker.submitted).toHaveLength(1);
  });

  it("announces the sync of an order with the question, when the firing is in the journal", async () => {
    const made = await started();
    await turns();
    const { syncs } = made.journal;
    fire(made);
    const [announced = 0, ...more] = made.journal.announced;
    expect(more).toEqual([]);
    expect(made.journal.syncs).toBe(syncs);
    const last = made.journal.records[announced - 1];
    expect(last?.kind === "out" && last.outputs.some(({ kind }) => kind === "confirm")).toBe(true);
    await turns();
    expect(made.broker.submitted).toHaveLength(1);
  });

  it.each<[string, (made: Rig) => void | Promise<void>, string]>([
    [
      "trading was halted",
      ({ engine }) => engine.command("halt", "ann", "a drill"),
      "trading is HALTED: a drill (ann)",
    ],
    [
      "entries were stopped",
      ({ engine }) => engine.command("reduce", "ann", "enough"),
      "trading is REDUCING: enough (ann)",
    ],
    [
      "the broker was lost",
      ({ broker }) => broker.say({ kind: "broker", status: "disconnected", detail: "" }),
      "the broker is not connected and reconciled",
    ],
    ["it was cancelled", ({ engine }) => engine.command("cancel-all", "ann", ""), "it was cancelled before it left"],
    ["too long a time passed", ({ clock }) => clock.pass(5_001), "it was decided 5001 ms ago"],
  ])("does not send an order that was decided before %s", async (_, happens, reason) => {
    const made = await started();
    made.journal.isSlow = true;
    fire(made);
    await turns();
    expect(made.outputs.filter(({ kind }) => kind === "submit")).toHaveLength(1);
    await happens(made);
    made.journal.release();
    await turns();
    expect(made.broker.submitted).toEqual([]);
    const told = made.outputs.flatMap((output) => (output.kind === "order" ? [output.order] : [])).at(-1);
    expect(told).toMatchObject({ state: "rejected", reason: `not_sent: ${reason}` });
    const alerts = made.outputs.flatMap((output) => (output.kind === "alert" ? [output] : []));
    expect(alerts).toContainEqual(
      expect.objectContaining({ code: "order/not-sent", message: expect.stringContaining(reason) as string }),
    );
  });

  it("asks the broker what it says of the symbols", async () => {
    const made = await started();
    await turns();
    expect(made.broker.asked).toEqual([[SYMBOL]]);
  });

  it("sends nothing any more when the disk fails under an order", async () => {
    const made = await started();
    made.journal.isSlow = true;
    fire(made);
    await turns();
    made.journal.failure = new Error("the disk is full");
    made.journal.release();
    await turns();
    expect(made.broker.submitted).toHaveLength(0);
    expect(made.fatal.map(({ message }) => message)).toEqual(["the disk is full"]);
    const { length } = made.outputs;
    fire(made, 5);
    await turns();
    expect(made.outputs).toHaveLength(length);
    await expect(made.engine.stop()).resolves.toBeUndefined();
  });

  it("notices a failed disk within a second though nothing trades", async () => {
    const made = await started();
    made.feed.bar(SYMBOL, START, 90);
    made.journal.failure = new Error("the disk is full");
    await made.clock.pass(1_000);
    expect(made.fatal).toHaveLength(1);
  });

  it("stops with the first broken invariant and tells it once", async () => {
    const made = await started();
    made.engine.core.signals.bar = () => {
      throw new InvariantError("impossible");
    };
    made.feed.bar(SYMBOL, START, 90);
    made.feed.bar(SYMBOL, START + MINUTE, 90);
    expect(made.fatal).toHaveLength(1);
    expect(made.fatal[0]).toBeInstanceOf(InvariantError);
    expect(made.clock.pending).toBe(0);
  });

  it("confirms many firings at once and still gives others their turn", async () => {
    const symbols = Array.from({ length: 120 }, (_, index) => `A${index}/USD`);
    const made = rig(programOf(threshold(100).replace(SYMBOL, symbols.join(", "))));
    await made.start();
    let othersRan = 0;
    const others = setInterval(() => othersRan++, 0);
    for (const symbol of symbols) made.feed.bar(symbol, START, 90);
    for (const symbol of symbols) made.feed.bar(symbol, START + MINUTE, 110);
    for (let i = 0; i < 200 && made.broker.submitted.length < 120; i++) await turns(1);
    clearInterval(others);
    expect(made.journal.inputs.filter((kind) => kind === "confirmation")).toHaveLength(120);
    expect(othersRan).toBeGreaterThan(0);
  });
});

describe("the engine and its broker", () => {
  const pending = (): { promise: Promise<ReconciledInput>; answer: () => void; refuse: (error: Error) => void } => {
    let answer = (): void => {};
    let refuse: (error: Error) => void = () => {};
    const promise = new Promise<ReconciledInput>((resolve, reject) => {
      answer = () => resolve(reconciled());
      refuse = reject;
    });
    return { promise, answer, refuse };
  };

  it("asks once at the start, though the broker says that it is connected", async () => {
    const made = await started();
    await turns();
    expect(made.broker.calls).toEqual(["start", "reconcile"]);
  });

  it("does not start when the broker refuses to say what it holds", async () => {
    const made = rig(programOf(threshold(100)));
    made.broker.pictures = [() => Promise.reject(new Error("forbidden"))];
    await expect(made.start()).rejects.toThrow("forbidden");
    expect(made.journal.inputs).not.toContain("trading.started");
    await made.engine.stop();
  });

  it("sends nothing between a disconnect and the next picture", async () => {
    const made = await started();
    made.broker.say({ kind: "broker", status: "disconnected", detail: "closed" });
    fire(made);
    await turns();
    expect(made.broker.submitted).toHaveLength(0);
    expect(made.outputs.filter(({ kind }) => kind === "refused")).toHaveLength(1);
    made.broker.say({ kind: "broker", status: "connected", detail: "" });
    await turns();
    expect(isReady(made)).toBe(true);
    fire(made, 10);
    await turns();
    expect(made.broker.submitted).toHaveLength(1);
  });

  it("throws a picture away that was asked for before the connection was lost again", async () => {
    const made = await started();
    const late = pending();
    made.broker.pictures = [() => late.promise, () => Promise.resolve(reconciled())];
    made.broker.say({ kind: "broker", status: "disconnected", detail: "closed" });
    made.broker.say({ kind: "broker", status: "connected", detail: "" });
    made.broker.say({ kind: "broker", status: "disconnected", detail: "closed again" });
    late.answer();
    await turns();
    expect(isReady(made)).toBe(false);
    made.broker.say({ kind: "broker", status: "connected", detail: "" });
    await turns();
    expect(isReady(made)).toBe(true);
  });

  it("asks again for what it was asked during a question", async () => {
    const made = await started();
    const slow = pending();
    made.broker.pictures = [() => slow.promise, () => Promise.resolve(reconciled())];
    made.broker.say({ kind: "broker", status: "disconnected", detail: "closed" });
    made.broker.say({ kind: "broker", status: "connected", detail: "" });
    made.broker.say({ kind: "broker", status: "connected", detail: "" });
    expect(made.broker.calls.filter((call) => call === "reconcile")).toHaveLength(2);
    slow.answer();
    await turns();
    expect(made.broker.calls.filter((call) => call === "reconcile")).toHaveLength(3);
  });

  it("takes a broker in doubt seriously: nothing leaves until it has been asked", async () => {
    const made = await started();
    const slow = pending();
    made.broker.pictures = [() => slow.promise];
    made.broker.say({ kind: "broker", status: "connected", detail: "a trade update was not understood; reconcile" });
    expect(isReady(made)).toBe(false);
    slow.answer();
    await turns();
    expect(isReady(made)).toBe(true);
  });

  it("asks again after a failure, and not after it was stopped", async () => {
    const made = await started();
    made.broker.pictures = [() => Promise.reject(new Error("503"))];
    made.broker.say({ kind: "broker", status: "disconnected", detail: "closed" });
    made.broker.say({ kind: "broker", status: "connected", detail: "" });
    await turns();
    const asked = (): number => made.broker.calls.filter((call) => call === "reconcile").length;
    expect(asked()).toBe(2);
    await made.clock.pass(RECONCILE_RETRY_MS);
    expect(asked()).toBe(3);
    await made.engine.stop();
    await made.clock.pass(10 * RECONCILE_RETRY_MS);
    expect(asked()).toBe(3);
  });
});

describe("the engine and a broker from which no news comes", () => {
  const asked = ({ broker }: Rig): number => broker.calls.filter((call) => call === "reconcile").length;

  it("asks every few minutes what it holds, and learns what was lost on the way", async () => {
    const made = await started();
    const held = { symbol: SYMBOL, qty: "3", avgPrice: "100" };
    made.broker.pictures = [() => Promise.resolve({ ...reconciled(), positions: [held] })];
    await made.clock.pass(RECONCILE_EVERY_MS - 1);
    expect(asked(made)).toBe(1);
    await made.clock.pass(1);
    expect(asked(made)).toBe(2);
    expect(made.outputs).toContainEqual(expect.objectContaining({ kind: "alert", code: "reconcile/position" }));
    expect(isReady(made)).toBe(true);
    await made.clock.pass(RECONCILE_EVERY_MS);
    expect(asked(made)).toBe(3);
    await made.engine.stop();
    await made.clock.pass(10 * RECONCILE_EVERY_MS);
    expect(asked(made)).toBe(3);
  });

  it("asks in a moment, once, what is left of coins that were bought: the fee may be taken in coins", async () => {
    const made = await started();
    made.broker.feesInCoins = true;
    fire(made);
    await turns();
    const [order] = made.broker.submitted;
    const bought = { ...order, kind: "execution", brokerOrderId: "B", qty: "1", price: "110", fee: "0", time: START };
    made.broker.say({ ...bought, executionId: "1", cumulativeQty: "1" } as ExecutionInput);
    await made.clock.pass(LOOK_SOON_MS / 2);
    made.broker.say({ ...bought, executionId: "2", cumulativeQty: "2" } as ExecutionInput);
    expect(asked(made)).toBe(1);
    const left = { symbol: SYMBOL, qty: "1.995", avgPrice: "110" };
    made.broker.pictures = [() => Promise.resolve({ ...reconciled(), positions: [left] })];
    await made.clock.pass(LOOK_SOON_MS / 2);
    expect([asked(made), isReady(made)]).toEqual([2, true]);
    expect(made.outputs).toContainEqual(expect.objectContaining({ kind: "alert", code: "reconcile/fee" }));
    await made.clock.pass(LOOK_SOON_MS);
    expect(asked(made)).toBe(2);
    await made.engine.stop();
  });

  it("goes on when one look fails, and stops sending after three in a row", async () => {
    const made = await started();
    made.broker.pictures = [() => Promise.reject(new Error("503"))];
    await made.clock.pass(RECONCILE_EVERY_MS);
    expect([asked(made), isReady(made)]).toEqual([2, true]);
    await made.clock.pass(RECONCILE_RETRY_MS);
    expect([asked(made), isReady(made)]).toEqual([3, true]);
    await made.clock.pass(RECONCILE_RETRY_MS);
    expect([asked(made), isReady(made)]).toEqual([4, false]);
    made.broker.pictures = [() => Promise.resolve(reconciled())];
    await made.clock.pass(RECONCILE_RETRY_MS);
    expect([asked(made), isReady(made)]).toEqual([5, true]);
  });
});

describe("the engine and time", () => {
  it("closes a bar of trades by the clock, at its end and a grace, when no trade follows", async () => {
    const made = rig(programOf(threshold(100, "1s"), "barwise: 1\ngrace: 500ms\n"), "wall");
    await made.start();
    made.feed.trade(SYMBOL, START + 100, 90);
    await made.clock.pass(1_400);
    expect(made.outputs.filter(({ kind }) => kind === "bar")).toHaveLength(0);
    await made.clock.pass(100);
    expect(made.outputs.filter(({ kind }) => kind === "bar")).toHaveLength(1);
    expect(made.engine.marketTime).toBe(START + 1_500);
  });

  it("moves market time by data alone on a tape", async () => {
    const made = rig(programOf(threshold(100, "1s")), "data");
    await made.start();
    made.feed.trade(SYMBOL, START + 100, 90);
    await made.clock.pass(60_000);
    expect(made.engine.marketTime).toBe(START + 100);
    made.feed.trade(SYMBOL, START + 5_000, 90);
    expect(made.outputs.some(({ kind }) => kind === "bar")).toBe(true);
  });

  it("gives up waiting for an acknowledgement by the clock of arrivals, also on a tape", async () => {
    const made = await started();
    fire(made);
    await turns();
    expect(made.broker.submitted).toHaveLength(1);
    await made.clock.pass(60_000);
    expect(made.broker.calls).toContain("lookup");
  });
});

describe("the end of the engine", () => {
  it("is idle only when what was sent is answered", async () => {
    const made = await started();
    fire(made);
    let idle = false;
    const waiting = made.engine.idle().then(() => (idle = true));
    await turns();
    expect(idle).toBe(false);
    const clientOrderId = made.broker.submitted[0]?.clientOrderId ?? "";
    made.broker.say({ kind: "order.rejected", clientOrderId, code: "x", reason: "no" });
    await waiting;
  });

  it("leaves no timer, wakes who waits, and hears nothing afterwards", async () => {
    const made = await started("wall");
    made.feed.trade(SYMBOL, START + 100, 90);
    await made.engine.stop();
    await made.engine.idle();
    expect(made.clock.pending).toBe(0);
    expect(made.feed.isStopped).toBe(true);
    expect(made.broker.calls.at(-1)).toBe("stop");
    const { length } = made.journal.records;
    made.feed.trade(SYMBOL, START + 200, 90);
    made.broker.say({ kind: "broker", status: "connected", detail: "" });
    expect(made.journal.records).toHaveLength(length);
    await made.engine.stop();
  });

  it("says so when the end of the journal could not be written", async () => {
    const made = await started();
    made.journal.failure = new Error("the disk is full");
    await expect(made.engine.stop()).rejects.toThrow("the disk is full");
    expect(made.broker.calls.at(-1)).toBe("stop");
  });
});
