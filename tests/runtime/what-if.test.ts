/** Other rules on the market of a journal. */
import { describe, expect, it } from "vitest";
import { MemoryJournal } from "../../engine/adapters/journal/memory-journal.ts";
import { createSimBroker } from "../../engine/adapters/sim/broker.ts";
import type { BarInput } from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import { compile } from "../../engine/lang/compile.ts";
import { barSizeOf } from "../../engine/market/bar-size.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { JournalRecord } from "../../engine/ports/journal.ts";
import { backtest } from "../../engine/runtime/backtest.ts";
import type { BacktestItem } from "../../engine/runtime/backtest.ts";
import { recordedMarket } from "../../engine/runtime/recorded-market.ts";
import { whatIf } from "../../engine/runtime/what-if.ts";
import type { Deed, WhatIf } from "../../engine/runtime/what-if.ts";
import { HEADER, newExchange } from "../e2e/support.ts";

const MINUTE = 60_000;
const START = Date.parse("2024-01-08T12:00:00Z");
/** What is ordered at one close is filled at the next bar. */
const CLOSES = [90, 95, 101, 111, 108, 96, 90, 104, 112, 99];

const files = (rules: string): Readonly<Record<string, string>> => ({
  "s.strategy.yaml": `barwise: 1\nname: s\nsymbols: [X/USD]\non: 1m\nrules:\n${rules}`,
});
const enter = (line: number, qty = 1): string =>
  `  - {name: enter, when: close > ${line}, then: {buy: {size: {qty: ${qty}}, time_in_force: gtc}}}\n`;
const LEAVE = "  - {name: leave, when: close < 98, then: {close: {time_in_force: gtc}}}\n";
const tell = (message: string): string => `  - {name: tell, when: close > 110, then: {alert: {message: ${message}}}}\n`;

function programOf(sources: Readonly<Record<string, string>>): Program {
  const { program, diagnostics } = compile(sources);
  if (program === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return program;
}

const bars: readonly BarInput[] = CLOSES.map((close, i) => ({
  kind: "bar",
  symbol: "X/USD",
  size: "1m",
  revised: false,
  start: START + i * MINUTE,
  open: close,
  high: close,
  low: close,
  close,
  volume: 1,
}));

async function ran(rules: string, items: readonly BacktestItem[] = bars): Promise<readonly JournalRecord[]> {
  const journal = new MemoryJournal(HEADER);
  await backtest({
    program: programOf(files(rules)),
    sources: files(rules),
    items,
    broker: createSimBroker(newExchange(["X/USD"])),
    calendarOf,
    account: HEADER.account,
    journalId: HEADER.id,
    confirm: { mode: "full" },
    journal,
  });
  return journal.records;
}

async function* all(records: readonly JournalRecord[]): AsyncGenerator<JournalRecord> {
  for (const record of records) yield await Promise.resolve(record);
}

async function compared(records: readonly JournalRecord[], rules: string): Promise<WhatIf> {
  return whatIf({
    market: await recordedMarket(all(records), calendarOf),
    program: programOf(files(rules)),
    calendarOf,
    broker: () => createSimBroker(newExchange(["X/USD"])),
    progress: () => {},
  });
}

const words = ({ time, rule, orders, refused }: Deed): string =>
  `${(time - START) / MINUTE} ${rule} ${orders.map(({ side, qty, avgPrice }) => `${side} ${qty} @ ${avgPrice}`).join()}${refused ?? ""}`;
const changes = (result: WhatIf): string[] =>
  result.changes.map(
    ({ what, before, after }) =>
      `${what}: ${[before, after].flatMap((deed) => (deed === null ? [] : [words(deed)])).join(" -> ")}`,
  );

describe("the recorded rules", () => {
  it("do in the simulation what they did, and the same rules do nothing else", async () => {
    const records = await ran(enter(100) + LEAVE);
    const result = await compared(records, enter(100) + LEAVE);
    expect(changes(result)).toEqual([]);
    expect(result.before.deeds.map(words)).toEqual([
      "3 enter buy 1 @ 111",
      "6 leave sell 1 @ 90",
      "8 enter buy 1 @ 112",
    ]);
    const submitted = records
      .flatMap((record) => (record.kind === "out" ? record.outputs : []))
      .filter(({ kind }) => kind === "submit");
    expect(submitted).toHaveLength(3);
    expect(result.after).toEqual(result.before);
  });

  it("keep the commands of the operator and the programs that were loaded on the way", async () => {
    const halt = { kind: "command", command: "halt", by: "test", reason: "" } as const;
    const items = [...bars.slice(0, 7), halt, ...bars.slice(7)];
    const records = await ran(enter(100) + LEAVE, items);
    const result = await compared(records, enter(100) + LEAVE);
    expect(result.before.deeds.map(words).slice(0, 2)).toEqual(["3 enter buy 1 @ 111", "6 leave sell 1 @ 90"]);
    expect(result.before.deeds.slice(2).flatMap(({ orders }) => orders)).toEqual([]);
    const at = records.findIndex(
      (record) => record.kind === "in" && record.input.kind === "bar" && record.input.start === START + 7 * MINUTE,
    );
    const sources = {
      digest: programOf(files(enter(200) + LEAVE)).digest,
      files: files(enter(200) + LEAVE),
      settings: null,
    };
    const reload: JournalRecord = {
      kind: "in",
      n: 0,
      input: { kind: "program.loaded", seq: 0, marketTime: START, arrivalTime: START, sources, warmup: [] },
    };
    const reloaded = await compared(
      [...records.slice(0, at), reload, ...records.slice(at)].filter(
        (record) => record.kind !== "in" || record.input.kind !== "command",
      ),
      enter(100) + LEAVE,
    );
    expect(changes(reloaded)).toEqual(["added: 8 enter buy 1 @ 112"]);
  });
});

describe("other rules", () => {
  it("add, miss and change firings, orders and alerts", async () => {
    const records = await ran(enter(100) + LEAVE + tell("high"));
    const result = await compared(records, enter(110, 2) + LEAVE + tell("higher"));
    expect(changes(result)).toEqual([
      "missing: 3 enter buy 1 @ 111",
      "missing: 4 high ",
      "added: 4 enter buy 2 @ 108",
      "added: 4 higher ",
      "changed: 6 leave sell 1 @ 90 -> 6 leave sell 2 @ 90",
      "missing: 8 enter buy 1 @ 112",
      "missing: 9 high ",
      "added: 9 enter buy 2 @ 99",
      "added: 9 higher ",
    ]);
    expect(result.before.statement.trades).toBe(1);
    expect(result.after.statement.endEquity).not.toBe(result.before.statement.endEquity);
  });

  it("know the bars that warmed the run", async () => {
    const slow =
      "  - {name: slow, when: close > sma(5), start: fire, then: {buy: {size: {qty: 1}, time_in_force: gtc}}}\n";
    const records = await ran(slow);
    const history = bars.map((bar, i) => ({ ...bar, start: bar.start - (bars.length - i) * MINUTE }));
    const warm = records.map((record) =>
      record.kind === "in" && record.input.kind === "program.loaded"
        ? {
            ...record,
            input: {
              ...record.input,
              warmup: [{ kind: "history", symbol: "X/USD", size: "1m", bars: history } as const],
            },
          }
        : record,
    );
    const cold = await compared(records, slow);
    expect(cold.after.missing).toEqual(["X/USD 1m: 0 of 25 bars"]);
    const result = await compared(warm, slow);
    // Ten bars are enough for the average, twenty more would be for conditions that look back.
    expect(result.after.missing).toEqual([]);
    expect((result.after.deeds[0] as Deed).time).toBeLessThan((cold.after.deeds[0] as Deed).time);
  });

  it("cannot play what holds no market", async () => {
    const records = await ran(enter(100));
    await expect(recordedMarket(all(records.slice(0, 1)), calendarOf)).rejects.toThrow("no program or no market data");
  });
});

describe("a market that splits", () => {
  it("is told in the shares of its end", async () => {
    const split = { kind: "split", symbol: "X/USD", newShares: "2", oldShares: "1" } as const;
    const [early, late] = [bars.slice(0, 5), bars.slice(5)];
    const halved = late.map((bar) => ({ ...bar, open: bar.open / 2, close: bar.close / 2 }));
    const time = late[0]?.start ?? 0;
    const trade = { kind: "trade", symbol: "X/USD", time: time - 1, price: 100, size: 3, setsPrice: true } as const;
    const records = await ran(enter(1_000), [...early, trade, { ...split, time }, ...halved]);
    const { items, bars: known } = await recordedMarket(all(records), calendarOf);
    expect(items.map((item) => (item.kind === "bar" ? item.close : item.kind))).toEqual([
      ...early.map(({ close }) => close / 2),
      "trade",
      ...halved.map(({ close }) => close),
    ]);
    expect(items.find(({ kind }) => kind === "trade")).toMatchObject({ price: 50, size: 6 });
    expect(await known.bars("X/USD", barSizeOf("1m"), time, 9)).toEqual([]);
  });
});
