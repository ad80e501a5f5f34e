/** After a split: history until there is one, the broker until it has followed. */
import { describe, expect, it } from "vitest";
import type { HistoryInput, ReconciledInput } from "../../engine/core/event.ts";
import { SplitRebuild } from "../../engine/runtime/split-rebuild.ts";
import { reconciled } from "../support/core-driver.ts";
import { programOf, rig, START, threshold, turns } from "./support.ts";
import type { Rig } from "./support.ts";

const MINUTE = 60_000;
const SYMBOL = "ACME/USD";

interface Made extends Rig {
  readonly rebuild: SplitRebuild;
  readonly notes: string[];
  warm: () => Promise<readonly HistoryInput[]>;
}

async function split(marketTime: "wall" | "data" = "data"): Promise<Made> {
  const made = rig(programOf(threshold(100)), marketTime, { "strategies/a.strategy.yaml": threshold(100) });
  await made.start();
  made.feed.bar(SYMBOL, START, 90);
  made.feed.bar(SYMBOL, START + MINUTE, 110);
  await turns();
  const [order] = made.broker.submitted;
  const id = order?.clientOrderId ?? "";
  made.broker.say({ kind: "order.accepted", clientOrderId: id, brokerOrderId: "b", legs: [] });
  made.broker.say({
    ...{ kind: "execution", executionId: "x", clientOrderId: id, brokerOrderId: "b", symbol: SYMBOL, side: "buy" },
    ...{ qty: "1", price: "110", fee: "0", cumulativeQty: "1", time: START + MINUTE },
  });
  const notes: string[] = [];
  const all: Made = {
    ...made,
    notes,
    warm: () => Promise.resolve([]),
    rebuild: new SplitRebuild({
      engine: made.engine,
      clock: made.clock,
      warm: () => all.warm(),
      tell: (text) => notes.push(text),
    }),
  };
  made.feed.send({ kind: "split", symbol: SYMBOL, time: START + 3 * MINUTE, newShares: "2", oldShares: "1" });
  return all;
}

const holding = (qty: string): ReconciledInput => ({
  ...reconciled(),
  positions: [{ symbol: SYMBOL, qty, avgPrice: "55" }],
});
const loads = (made: Made): unknown[] =>
  made.journal.records.flatMap((record) =>
    record.kind === "in" && record.input.kind === "program.loaded" ? [record.input.rebuilds] : [],
  );

describe("after a split", () => {
  it("the same program is loaded with what history says, and bars that close meanwhile are part of it", async () => {
    const made = await split();
    const bar = { start: START + MINUTE, open: 55, high: 55, low: 55, close: 55, volume: 2 };
    let answer: (bars: readonly HistoryInput[]) => void = () => {};
    made.warm = () => new Promise((resolve) => (answer = resolve));
    made.rebuild.follow();
    made.feed.bar(SYMBOL, START + 3 * MINUTE, 56);
    answer([{ kind: "history", symbol: SYMBOL, size: "1m", bars: [bar] }]);
    await made.rebuild.rebuild();
    expect(loads(made)).toEqual([undefined, [SYMBOL]]);
    const last = made.journal.records.findLast((one) => one.kind === "in" && one.input.kind === "program.loaded");
    const warmup = last?.kind === "in" && last.input.kind === "program.loaded" ? last.input.warmup : [];
    expect(warmup.flatMap(({ bars }) => bars.map(({ close }) => close))).toEqual([55, 56]);
    expect(made.engine.core.signals.awaitingHistory.size).toBe(0);
    made.rebuild.stop();
  });

  it("history that cannot be had is asked for again, and that is said", async () => {
    const made = await split();
    made.warm = () => Promise.reject(new Error("no answer"));
    made.rebuild.follow();
    await turns();
    expect(made.notes).toEqual(["facts of ACME/USD stay unknown after the split: no answer; it is tried again"]);
    made.warm = () => Promise.resolve([]);
    await made.clock.pass(5_000);
    expect(loads(made)).toEqual([undefined, [SYMBOL]]);
    made.rebuild.stop();
  });

  it("a reload that comes first is followed by facts of its own program", async () => {
    const made = await split();
    let answer: () => void = () => {};
    made.warm = () => new Promise((resolve) => (answer = () => resolve([])));
    made.rebuild.follow();
    made.engine.load({ program: programOf(threshold(50)), sources: {}, warmup: [] });
    made.warm = () => Promise.resolve([]);
    answer();
    await made.rebuild.rebuild();
    expect(loads(made)).toEqual([undefined, undefined, [SYMBOL]]);
    made.rebuild.stop();
  });

  it("a reload that still waits for its turn is not undone", async () => {
    const made = await split("wall");
    await turns();
    const next = programOf(threshold(50));
    const { engine, clock } = made;
    const swap = engine.swap.bind(engine);
    let isReloaded = false;
    engine.swap = (program) => {
      const begun = swap(program);
      const prepare = begun.prepare.bind(begun);
      begun.prepare = async (history) => {
        await prepare(history);
        if (isReloaded) return;
        isReloaded = true;
        // This turn of the event loop is over for the core: what is posted now waits.
        engine.command("halt", "ann", "");
        clock.time += 100;
        engine.load({ program: next, sources: {}, warmup: [] });
        expect(engine.core.signals.program).not.toBe(next);
      };
      return begun;
    };
    made.rebuild.follow();
    await made.rebuild.rebuild();
    expect(loads(made)).toEqual([undefined, undefined, [SYMBOL]]);
    expect(engine.core.signals.program).toBe(next);
    made.rebuild.stop();
  });

  it("the broker is asked every 15 seconds until it shows the new shares, and no longer", async () => {
    const made = await split();
    const asked = (): number => made.broker.calls.filter((call) => call === "reconcile").length;
    made.broker.pictures = [() => Promise.resolve(holding("1"))];
    made.rebuild.follow();
    await made.clock.pass(20_000);
    expect(asked()).toBe(3);
    made.broker.pictures = [() => Promise.resolve(holding("2"))];
    await made.clock.pass(15_000);
    expect(made.engine.core.desk.state.splits.unsettled).toEqual([]);
    const count = asked();
    await made.clock.pass(60_000);
    expect(asked()).toBe(count);
    expect(made.outputs.flatMap((output) => (output.kind === "alert" ? [output.code] : []))).toEqual([
      ...["split/begun", "split/not-booked", "split/settled"],
    ]);
    made.rebuild.stop();
  });
});
