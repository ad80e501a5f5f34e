/** After a clean end the next process begins from the snapshot, and does what it would have done with the whole journal. */
import { describe, expect, it } from "vitest";
import { decode, encode } from "../../engine/adapters/journal/encode.ts";
import type { InputBody } from "../../engine/core/event.ts";
import { saveCore } from "../../engine/core/save.ts";
import { booksOf } from "../../engine/core/view.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { JournalRecord, SnapshotRecord } from "../../engine/ports/journal.ts";
import { rebuild } from "../../engine/runtime/rebuild.ts";
import type { Rebuilt } from "../../engine/runtime/rebuild.ts";
import { replay } from "../../engine/runtime/replay.ts";
import type { SavedRun } from "../../engine/runtime/saved-run.ts";
import { StatementWriter } from "../../engine/runtime/statement.ts";
import { HEADER } from "../e2e/support.ts";
import { reconciled } from "../support/core-driver.ts";
import { programOf, rig, START, threshold, turns } from "./support.ts";
import type { Rig } from "./support.ts";

const MINUTE = 60_000;
const SYMBOL = "ACME/USD";
const FILE = "strategies/a.strategy.yaml";

async function* all(records: readonly JournalRecord[]): AsyncGenerator<JournalRecord> {
  for (const record of [{ ...HEADER, id: "t", account: "t" }, ...records]) yield await Promise.resolve(record);
}

const isSnapshot = (record: JournalRecord): record is SnapshotRecord => record.kind === "snapshot";

/** As a journal on disk holds them: through text, the newest snapshot first. */
function fromSnapshot(records: readonly JournalRecord[]): JournalRecord[] {
  const at = records.findLastIndex(isSnapshot);
  expect(at).toBeGreaterThan(0);
  return decode(encode(records.slice(at))) as JournalRecord[];
}

const recover = (records: readonly JournalRecord[]): Promise<Rebuilt> => rebuild(all(records), calendarOf);

/** One share is held, one order will expire, another is being looked up, and a cooldown is under way. */
const RESTING = "type: limit, limit: 112, time_in_force: gtc";
const STRATEGY = `${threshold(100).replace("on: 1m", "on: 1m\nmax_entries: 3")}  - {name: lasting, when: close > 90 for 3m, then: {alert: {message: 'at {close}'}}}
  - {name: more, when: close > 115, then: {alert: {message: more}}, cooldown: 10m}
  - {name: rest, when: close > 116, then: {buy: {size: {qty: 1}, ${RESTING}, expire_after: 30m}}}
  - {name: lost, when: close > 117, then: {buy: {size: {qty: 1}, ${RESTING}}}}
`;

async function ran(strategy = STRATEGY, lasts = true): Promise<Rig> {
  const made = rig(programOf(strategy), "data", { [FILE]: strategy }, undefined, undefined, lasts);
  await made.start();
  made.feed.bar(SYMBOL, START, 90);
  made.feed.bar(SYMBOL, START + MINUTE, 110);
  await turns();
  const id = made.broker.submitted[0]?.clientOrderId ?? "";
  made.broker.say({ kind: "order.accepted", clientOrderId: id, brokerOrderId: "b1", legs: [] });
  const fill = { executionId: "x1", clientOrderId: id, brokerOrderId: "b1", symbol: SYMBOL, side: "buy" } as const;
  made.broker.say({ kind: "execution", ...fill, qty: "1", price: "111", fee: "1", cumulativeQty: "1", time: START });
  made.feed.bar(SYMBOL, START + 2 * MINUTE, 120);
  await turns();
  const named = (rule: string): string =>
    booksOf(made.engine.core).orders.find((order) => order.rule === rule)?.clientOrderId ?? "";
  made.broker.say({ kind: "order.accepted", clientOrderId: named("rest"), brokerOrderId: "b2", legs: [] });
  made.broker.say({ kind: "order.unknown", clientOrderId: named("lost"), reason: "no answer" });
  return made;
}

async function stopped(strategy = STRATEGY, lasts = true): Promise<JournalRecord[]> {
  const made = await ran(strategy, lasts);
  await made.engine.stop();
  return made.journal.records;
}

/** The next process of these records, some minutes of prices, and everything that it said and wrote. */
async function next(records: readonly JournalRecord[]): Promise<{ readonly text: string; readonly made: Rig }> {
  const recovered = await recover(records);
  const made = rig(recovered.program, "data", { [FILE]: STRATEGY }, recovered, undefined, true);
  const positions = [{ symbol: SYMBOL, qty: "1", avgPrice: "111" }];
  made.broker.pictures = [() => Promise.resolve({ ...reconciled(), positions })];
  await made.engine.resume([], START + 3 * MINUTE);
  await made.engine.startFeeds();
  for (const [i, close] of [121, 122, 123, 124, 90, 91, 118].entries()) {
    made.feed.bar(SYMBOL, START + (3 + i) * MINUTE, close);
    await turns();
  }
  await made.clock.pass(20_000);
  const { broker, journal } = made;
  return { text: encode([journal.records, broker.calls, broker.submitted, saveCore(made.engine.core)]), made };
}

describe("an engine that ends cleanly", () => {
  it("leaves a snapshot as the last record, equal to what its inputs give", async () => {
    const records = await stopped();
    const last = records.at(-1);
    expect(records.filter(isSnapshot)).toEqual([last]);
    const whole = await recover(records);
    const run = (last as SnapshotRecord).state as SavedRun;
    expect(encode(run.core)).toBe(encode(saveCore(whole.core)));
    const byName = (timers: SavedRun["timers"]): unknown => [...timers].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(run.timers.map(({ id, clock }) => `${clock} ${id.split(":")[0]}`).sort()).toEqual([
      "arrival ack",
      "arrival lookup",
      "market expire",
    ]);
    expect(byName(run.timers)).toEqual(byName(whole.timers));
    expect(run.nextN).toBe(whole.nextN);
  });

  it("is gone on with from there as from the beginning of its journal, byte for byte", async () => {
    const records = await stopped();
    const [whole, short] = [await next(records), await next(fromSnapshot(records))];
    expect(short.text).toBe(whole.text);
    // The exit first cancels what would open more.
    expect(short.made.broker.calls).toEqual(expect.arrayContaining(["lookup", "cancel"]));
  });

  it("is gone on with from the last of several, and what a crash left behind it is played", async () => {
    const records = await stopped();
    const { made } = await next(records);
    const second = [...records, ...made.journal.records];
    expect((await next(fromSnapshot(second))).text).toBe((await next(second)).text);
    await made.engine.stop();
    const third = [...records, ...made.journal.records];
    expect(third.filter(isSnapshot)).toHaveLength(2);
    expect((await next(fromSnapshot(third))).text).toBe((await next(third)).text);
    const short = await replay(all(fromSnapshot(second)), calendarOf, () => {});
    const after = records.findLast(isSnapshot)?.seq;
    expect(short).toMatchObject({ difference: null, unwritten: 0, after });
    expect(short.inputs).toBe(made.journal.records.filter(({ kind }) => kind === "in").length);
  });

  it("leaves none where nobody goes on, nothing ran, or it died", async () => {
    expect((await stopped(STRATEGY, false)).filter(isSnapshot)).toEqual([]);
    const idle = rig(programOf(STRATEGY), "data", {}, undefined, undefined, true);
    await idle.engine.stop();
    expect(idle.journal.records).toEqual([]);
    const dying = await ran();
    dying.post({ kind: "nonsense" } as unknown as InputBody);
    expect(dying.fatal).toHaveLength(1);
    await dying.engine.stop();
    expect(dying.journal.records.filter(isSnapshot)).toEqual([]);
  });

  it("leaves none with facts whose memory cannot be saved: the journal brings them back", async () => {
    const theirs = STRATEGY.replace("close > 115", '"ema(3, source: technicalindicators) > 115"');
    expect((await stopped(theirs)).filter(isSnapshot)).toEqual([]);
  });

  it("says so when its snapshot cannot be written", async () => {
    const made = await ran();
    made.journal.snapshot = () => Promise.reject(new Error("the disk is full"));
    await expect(made.engine.stop()).rejects.toThrow("the disk is full");
  });
});

describe("a journal that begins with a snapshot", () => {
  it("is refused with a code of its own when this version cannot read it", async () => {
    const [snapshot, ...rest] = fromSnapshot(await stopped()) as [SnapshotRecord];
    await expect(recover([{ ...snapshot, core: 0 }, ...rest])).rejects.toMatchObject({
      name: "RebuildError",
      code: "snapshot",
      message: expect.stringMatching(
        /^nobody can go on from its snapshot after input \d+: it was saved in format 0, .*; the journal was written by version test$/,
      ) as string,
    });
    const run = snapshot.state as SavedRun;
    const moved = { ...run, core: { ...run.core, account: "other" } };
    await expect(recover([{ ...snapshot, state: moved }])).rejects.toMatchObject({ code: "snapshot" });
  });

  it("is refused when its strategies mean something else now", async () => {
    const [snapshot] = fromSnapshot(await stopped()) as [SnapshotRecord];
    const run = snapshot.state as SavedRun;
    const other = { ...run, sources: { ...run.sources, files: { [FILE]: threshold(101) } } };
    await expect(recover([{ ...snapshot, state: other }])).rejects.toThrow("its strategies mean something else");
  });

  it("may not stand where another input was the last", async () => {
    const records = await stopped();
    const at = records.findLastIndex(({ kind }) => kind === "in");
    await expect(recover([...records.slice(0, at), records.at(-1) as JournalRecord])).rejects.toThrow("stands behind");
  });
});

describe("the statement of a run that is gone on with from a snapshot", () => {
  it("counts from there, adds up, and knows the orders of before", async () => {
    const writer = new StatementWriter();
    const records = fromSnapshot(await stopped());
    const recovered = await rebuild(all(records), calendarOf, undefined, (core) => {
      const { account, now } = core.desk.state;
      writer.begin({ ...booksOf(core), time: now.marketTime, priceOf: (symbol) => account.markOf(symbol) });
    });
    // One share at 111, now 120; a dollar was paid for it before.
    expect(writer.statement()).toMatchObject({
      since: START + 3 * MINUTE,
      realized: "0.00",
      unrealized: "0.00",
      fees: "0.00",
      difference: "0.00",
      orders: 0,
      trades: 0,
    });
    const before = writer.statement();
    expect(before.endEquity).toBe(before.startCash);
    const [order] = booksOf(recovered.core).orders;
    const fill = { kind: "execution", executionId: "x2", brokerOrderId: "b2", symbol: SYMBOL, side: "sell" } as const;
    const amounts = { qty: "1", price: "115", fee: "2", cumulativeQty: "1", time: START + 5 * MINUTE } as const;
    const stamp = { seq: 1, marketTime: START + 5 * MINUTE, arrivalTime: 0 };
    const cash = String(Number(booksOf(recovered.core).cash) + 113);
    const flat = { strategy: "a", symbol: SYMBOL, qty: "0", avgPrice: "0", realized: "4", fees: "3", cash };
    writer.observe({ ...fill, ...amounts, ...stamp, clientOrderId: order?.clientOrderId ?? "" }, [
      { kind: "position", position: flat },
    ]);
    // It fell from 120 to 115: what it had won before is not won again.
    expect(writer.statement()).toMatchObject({
      realized: "4.00",
      unrealized: "-9.00",
      fees: "2.00",
      difference: "0.00",
      trades: 1,
    });
    expect(Number(writer.statement().endEquity) - Number(before.endEquity)).toBeCloseTo(-7, 9);
    expect(writer.fills).toMatchObject([{ strategy: "a", rule: "enter" }]);
  });
});
