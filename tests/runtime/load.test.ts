/**
 * An engine that does not keep up. Its slowness is a clock that moves with every input that the journal gets.
 */
import { describe, expect, it } from "vitest";
import { createCore, step } from "../../engine/core/step.ts";
import type { Input, Output } from "../../engine/core/event.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { programOf, rig, START, threshold, turns } from "./support.ts";
import type { Rig } from "./support.ts";

const SYMBOL = "ACME/USD";
const MINUTE = 60_000;

async function slow(msPerInput: number): Promise<Rig & { speed: { ms: number } }> {
  const program = programOf(threshold(100));
  const made = rig(program, "wall");
  const speed = { ms: 0 };
  const append = made.journal.append.bind(made.journal);
  made.journal.append = (record) => {
    append(record);
    if (record.kind === "in") made.clock.time += speed.ms;
  };
  await made.start();
  speed.ms = msPerInput;
  return { ...made, speed };
}

const inputsOf = ({ journal }: Rig): Input[] =>
  journal.records.flatMap((record) =>
    record.kind === "in" && record.input.kind !== "program.loaded" ? [record.input as Input] : [],
  );

const quote = (made: Rig, bid: number): void =>
  made.feed.send({ kind: "quote", symbol: SYMBOL, time: made.clock.time, bid, bidSize: 1, ask: bid + 1, askSize: 1 });

async function settle(made: Rig): Promise<void> {
  for (let i = 0; i < 10_000 && made.engine.lag.waiting > 0; i++) await turns(1);
  await turns();
}

describe("an engine that is slower than its data", () => {
  it("takes every trade, and only the latest of the quotes that waited", async () => {
    const made = await slow(3);
    for (let i = 0; i < 500; i++) {
      made.feed.trade(SYMBOL, made.clock.time, 100 + i / 100);
      quote(made, 90 + i / 100);
    }
    expect(made.engine.lag.waiting).toBeGreaterThan(400);
    await settle(made);
    const inputs = inputsOf(made);
    const trades = inputs.filter(({ kind }) => kind === "trade");
    expect(trades.map((input) => (input.kind === "trade" ? input.price : 0))).toEqual(
      Array.from({ length: 500 }, (_, i) => 100 + i / 100),
    );
    const quotes = inputs.flatMap((input) => (input.kind === "quote" ? [input.bid] : []));
    expect(quotes.length).toBeLessThan(10);
    expect(quotes.at(-1)).toBe(94.99);
    expect(made.engine.lag.conflated).toBe(500 - quotes.length);
  });

  it("judges what waited as of when it came", async () => {
    const made = await slow(200);
    const came = made.clock.time;
    for (let i = 0; i < 100; i++) made.feed.trade(SYMBOL, came, 90);
    await settle(made);
    const times = inputsOf(made).flatMap((input) => (input.kind === "trade" ? [input.marketTime - came] : []));
    expect(Math.max(...times)).toBeLessThan(1_000);
    expect(made.clock.time - came).toBeGreaterThan(19_000);
  });

  it("closes a bar over all the trades that waited for it, though a later quote took the place of an early one", async () => {
    const made = await slow(20);
    quote(made, 90);
    made.clock.time = Math.ceil(made.clock.time / 60_000) * 60_000 - 100;
    quote(made, 90);
    quote(made, 90);
    for (let i = 0; i < 10; i++) made.feed.trade(SYMBOL, made.clock.time, 90);
    made.clock.time += 10_000;
    quote(made, 91);
    made.feed.trade(SYMBOL, made.clock.time, 90);
    await settle(made);
    expect(made.engine.lag.conflated).toBeGreaterThan(0);
    const bars = made.journal.records.flatMap((record) =>
      record.kind === "out" ? record.outputs.filter(({ kind }) => kind === "bar") : [],
    );
    expect(bars).toMatchObject([{ bar: { volume: 10 } }]);
  });

  it("lets a command pass the data that waits", async () => {
    const made = await slow(100);
    for (let i = 0; i < 100; i++) made.feed.trade(SYMBOL, made.clock.time, 90);
    made.engine.command("halt", "test", "enough");
    await turns(3);
    const kinds = inputsOf(made).map(({ kind }) => kind);
    expect(kinds.indexOf("command")).toBeGreaterThan(0);
    expect(made.engine.lag.waiting).toBeGreaterThan(50);
    await settle(made);
  });

  it("pauses entries and not exits while it is behind, goes on afterwards, and a replay says the same", async () => {
    const made = await slow(0);
    const bar = (minute: number, close: number): void => made.feed.bar(SYMBOL, START + minute * MINUTE, close);
    const codes = (): string[] =>
      made.outputs.flatMap((output) =>
        output.kind === "alert" || output.kind === "refused" ? [output.code] : output.kind === "submit" ? ["sent"] : [],
      );
    const late = async (ms: number): Promise<void> => {
      for (let i = 0; i < 4; i++) {
        made.feed.trade(SYMBOL, made.clock.time - ms, 90);
        await made.clock.pass(1_000);
      }
    };
    bar(0, 90);
    bar(1, 110);
    await turns();
    const entry = made.broker.submitted[0];
    made.broker.say({
      kind: "execution",
      executionId: "1",
      clientOrderId: entry?.clientOrderId ?? "",
      brokerOrderId: "b1",
      symbol: SYMBOL,
      side: "buy",
      qty: "1",
      price: "110",
      fee: "0",
      cumulativeQty: "1",
      time: made.clock.time,
    });
    await late(9_000);
    expect(codes()).toEqual(["sent", "data/behind"]);
    expect(made.engine.lag).toMatchObject({ behind: true, lagMs: 9_000 });
    bar(2, 90);
    await turns();
    expect(made.broker.submitted.map(({ side }) => side)).toEqual(["buy", "sell"]);
    made.broker.say({
      kind: "execution",
      executionId: "2",
      clientOrderId: made.broker.submitted[1]?.clientOrderId ?? "",
      brokerOrderId: "b2",
      symbol: SYMBOL,
      side: "sell",
      qty: "1",
      price: "90",
      fee: "0",
      cumulativeQty: "1",
      time: made.clock.time,
    });
    bar(3, 110);
    await turns();
    expect(codes()).toEqual(["sent", "data/behind", "sent", "market_data"]);
    await late(10);
    bar(4, 90);
    bar(5, 110);
    await turns();
    expect(codes()).toEqual(["sent", "data/behind", "sent", "market_data", "data/current", "sent"]);

    const program = programOf(threshold(100));
    const core = createCore({ account: "t", journal: "t", calendarOf });
    const again: Output[] = [];
    for (const record of made.journal.records) {
      if (record.kind !== "in") continue;
      const { input } = record;
      again.push(...step(core, input.kind === "program.loaded" ? { ...input, program } : input));
    }
    expect(again).toEqual(made.outputs);
  });

  it("stops trading aloud when more waits than may wait", async () => {
    const program = programOf(threshold(100));
    const made = rig(program, "wall", undefined, undefined, { maxLagMs: 5_000, maxWaiting: 100 });
    await made.start();
    made.journal.append = () => void (made.clock.time += 10);
    for (let i = 0; i < 200; i++) made.feed.trade(SYMBOL, made.clock.time, 90);
    expect(made.fatal.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^100 inputs wait to be taken.*max_waiting/),
    ]);
    made.feed.trade(SYMBOL, made.clock.time, 90);
    await turns();
    expect(made.fatal).toHaveLength(1);
  });
});
