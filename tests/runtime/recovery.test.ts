/** A process ends without a word, and another one goes on with its journal. */
import { describe, expect, it } from "vitest";
import type { HistoryInput, ReconciledInput } from "../../engine/core/event.ts";
import { barSizeOf } from "../../engine/market/bar-size.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { JournalRecord } from "../../engine/ports/journal.ts";
import { gapOf } from "../../engine/runtime/gap.ts";
import { rebuild } from "../../engine/runtime/rebuild.ts";
import type { Rebuilt } from "../../engine/runtime/rebuild.ts";
import { HEADER } from "../e2e/support.ts";
import { reconciled } from "../support/core-driver.ts";
import { programOf, rig, START, threshold, turns } from "./support.ts";
import type { Rig } from "./support.ts";

const MINUTE = 60_000;
const SYMBOL = "ACME/USD";
const SOURCES = { "strategies/a.strategy.yaml": threshold(100) };

async function* all(records: readonly JournalRecord[]): AsyncGenerator<JournalRecord> {
  for (const record of records) yield await Promise.resolve(record);
}

function recover(records: readonly JournalRecord[]): Promise<Rebuilt> {
  return rebuild(all([{ ...HEADER, id: "t", account: "t" }, ...records]), calendarOf);
}

async function first(marketTime: "wall" | "data" = "data"): Promise<Rig> {
  const made = rig(programOf(threshold(100)), marketTime, SOURCES);
  await made.start();
  return made;
}

/** The next process. Its journal goes on with the records of the one before. */
async function second(
  records: readonly JournalRecord[],
  gap: readonly HistoryInput[] = [],
  gapEnd = START,
): Promise<Rig> {
  const recovered = await recover(records);
  const made = rig(recovered.program, "data", SOURCES, recovered);
  made.journal.records.push(...records);
  await made.engine.resume(gap, gapEnd);
  return made;
}

/** A bar below the line, then one above it: the entry turns true and is sent. */
async function entered(): Promise<Rig> {
  const made = await first();
  made.feed.bar(SYMBOL, START, 90);
  made.feed.bar(SYMBOL, START + MINUTE, 110);
  await turns();
  expect(made.broker.submitted).toHaveLength(1);
  return made;
}

const held = (over: Partial<ReconciledInput> = {}): ReconciledInput => ({ ...reconciled(), ...over });

describe("a process that goes on with the journal of another", () => {
  it("asks what became of an order that was sent, and does not send it again", async () => {
    const before = await entered();
    const [order] = before.broker.submitted;
    const after = await second(before.journal.records);
    expect(after.broker.open).toMatchObject([{ clientOrderId: order?.clientOrderId, state: "sent" }]);
    await after.clock.pass(20_000);
    expect(after.broker.submitted).toEqual([]);
    expect(after.broker.calls.slice(0, 3)).toEqual(["start", "reconcile", "lookup"]);
    // The timer of the acknowledgement went on, too.
    expect(after.outputs).toContainEqual(expect.objectContaining({ kind: "alert", code: "order/unknown" }));
  });

  it("books what filled meanwhile, once", async () => {
    const before = await entered();
    const id = before.broker.submitted[0]?.clientOrderId ?? "";
    const after = await second(before.journal.records);
    after.broker.say({ kind: "order.accepted", clientOrderId: id, brokerOrderId: "b1", legs: [] });
    const fill = { executionId: "x1", clientOrderId: id, brokerOrderId: "b1", symbol: SYMBOL, side: "buy" } as const;
    const amounts = { qty: "1", price: "111", fee: "0", cumulativeQty: "1", time: START } as const;
    after.broker.say({ kind: "execution", ...fill, ...amounts });
    const third = await second(after.journal.records);
    third.broker.say({ kind: "execution", ...fill, ...amounts });
    third.broker.say({ kind: "execution", ...fill, ...amounts, executionId: "x1 as REST has it" });
    expect(third.engine.core.desk.state.portfolio.position("a", SYMBOL).qty.toFixed()).toBe("1");
    expect(third.broker.open).toEqual([]);
  });

  it("writes down what the last input led to, when a crash kept that from the disk", async () => {
    const before = await entered();
    const { records } = before.journal;
    const last = records.findLastIndex(({ kind }) => kind === "out");
    expect(records[last]).toMatchObject({
      outputs: expect.arrayContaining([expect.objectContaining({ kind: "submit" })]) as unknown,
    });
    const after = await second(records.slice(0, last));
    expect(after.journal.records[last]).toEqual(records[last]);
    expect(after.broker.submitted).toEqual([]);
    // What both wrote is one journal.
    await expect(recover(after.journal.records)).resolves.toMatchObject({ untold: [] });
  });

  it("sends again that an order is to be cancelled, when the broker still works it", async () => {
    const before = await entered();
    const [order] = before.broker.submitted;
    const id = order?.clientOrderId ?? "";
    before.broker.say({ kind: "order.accepted", clientOrderId: id, brokerOrderId: "b1", legs: [] });
    before.engine.command("halt", "ann", "test");
    await turns();
    expect(before.broker.calls.at(-1)).toBe("cancel");
    const recovered = await recover(before.journal.records);
    const made = rig(recovered.program, "data", SOURCES, recovered);
    const open = {
      clientOrderId: id,
      brokerOrderId: "b1",
      symbol: SYMBOL,
      side: "buy",
      qty: "1",
      filledQty: "0",
      type: "market",
    } as const;
    made.broker.pictures = [() => Promise.resolve(held({ openOrders: [open] }))];
    await made.engine.resume([], START);
    await turns();
    expect(made.broker.calls).toEqual(["start", "reconcile", "cancel"]);
    expect(made.engine.core.desk.state.states.in("account").state).toBe("HALTED");
  });

  it("lets facts follow the bars of the time between, and fires for none of them", async () => {
    const before = await first();
    for (let i = 0; i < 3; i++) before.feed.bar(SYMBOL, START + i * MINUTE, 90);
    const bar = (i: number, close: number) => ({
      start: START + i * MINUTE,
      open: close,
      high: close,
      low: close,
      close,
      volume: 1,
    });
    const bars = [bar(2, 90), bar(3, 110), bar(4, 111)];
    const recovered = await recover(before.journal.records);
    const now = START + 5 * MINUTE;
    const gap = await gapOf(recovered.core, { bars: () => Promise.resolve(bars) }, now, calendarOf);
    expect(gap.history.map(({ bars: [one] }) => one?.close)).toEqual([110, 111]);
    expect(gap.unfilled).toEqual([]);
    const after = await second(before.journal.records, gap.history, now);
    await after.engine.startFeeds();
    await turns();
    expect(after.broker.submitted).toEqual([]);
    expect(after.engine.core.signals.graph.series.values().next().value?.bar.close).toBe(111);
    after.feed.bar(SYMBOL, now, 90);
    after.feed.bar(SYMBOL, now + MINUTE, 120);
    await turns();
    expect(after.broker.submitted).toHaveLength(1);
  });

  it("says which series nobody had bars of", async () => {
    const before = await first();
    before.feed.bar(SYMBOL, START, 90);
    const { core } = await recover(before.journal.records);
    const asked: number[] = [];
    const nothing = {
      bars: (_symbol: string, _size: unknown, _before: number, count: number) => {
        asked.push(count);
        return Promise.resolve([]);
      },
    };
    const gap = await gapOf(core, nothing, START + 10 * MINUTE, calendarOf);
    expect(gap).toEqual({ history: [], unfilled: [`${SYMBOL} ${barSizeOf("1m").label}`] });
    expect(asked).toEqual([9]);
    expect((await gapOf(core, nothing, START + MINUTE, calendarOf)).unfilled).toEqual([]);
  });

  it("cannot begin with a journal in which nothing has run", async () => {
    await expect(recover([])).rejects.toMatchObject({ name: "RebuildError", code: "empty" });
  });
});
