import { setTimeout as sleep } from "node:timers/promises";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { MemoryJournal } from "../../engine/adapters/journal/memory-journal.ts";
import { createSimBroker } from "../../engine/adapters/sim/broker.ts";
import { PaperBroker } from "../../engine/adapters/sim/paper-broker.ts";
import { WebSocketFeed } from "../../engine/adapters/websocket/websocket-feed.ts";
import type { ExecutionInput, Input, Output } from "../../engine/core/event.ts";
import { knownAt } from "../../engine/core/known-at.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { Engine } from "../../engine/runtime/engine.ts";
import { FakeClock, programOf, START, threshold } from "../runtime/support.ts";
import { HEADER, newExchange } from "./support.ts";

const SYMBOL = "ACME/USD";

/** The backend of a user: a plain server that says what it is told to. */
class Backend {
  readonly server = new WebSocketServer({ host: "127.0.0.1", port: 0 });

  async listen(): Promise<string> {
    if (this.server.address() === null) await new Promise<void>((done) => this.server.once("listening", () => done()));
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  say(message: unknown): void {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    for (const client of this.server.clients) client.send(text);
  }

  price(price: number, timestamp: number | string, symbol = SYMBOL): void {
    this.say({ symbol, price, volume: 2, timestamp });
  }

  drop(): void {
    for (const client of this.server.clients) client.terminate();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise<void>((done) => this.server.close(() => done()));
  }
}

class Setup {
  readonly backend = new Backend();
  readonly clock = new FakeClock();
  readonly inputs: Input[] = [];
  readonly outputs: Output[] = [];
  readonly refused: string[] = [];
  readonly fatal: Error[] = [];
  engine!: Engine;

  async start(): Promise<void> {
    const url = await this.backend.listen();
    const broker = new PaperBroker(createSimBroker(newExchange([SYMBOL])), (input) => knownAt(input, calendarOf));
    const timers = { now: () => this.clock.now(), after: (ms: number, call: () => void) => this.clock.after(ms, call) };
    const feed = new WebSocketFeed({ url }, [SYMBOL], { timers, random: () => 0 });
    this.engine = new Engine({
      account: "paper",
      journalId: "t",
      calendarOf,
      journal: new MemoryJournal(HEADER),
      broker,
      feeds: [broker.watching(feed)],
      clock: this.clock,
      marketTime: "wall",
      observe: (input, outputs) => {
        this.inputs.push({ ...input });
        this.outputs.push(...outputs);
      },
      onRefused: (_, reason, sample) => this.refused.push(`${reason}: ${sample}`),
      onFatal: (error) => this.fatal.push(error),
    });
    const program = programOf(threshold(100, "1s"), "barwise: 1\ngrace: 200ms\n");
    await this.engine.start({ program, sources: {}, warmup: [] });
    // From here on a message comes when the bar before it is closed.
    await this.clock.pass(300);
  }

  async until(what: string, done: () => boolean): Promise<void> {
    for (let i = 0; i < 1_000; i++) {
      if (done()) return;
      await sleep(5);
    }
    throw new Error(`never: ${what}`);
  }

  /** One trade a second; each has arrived before the clock goes on. */
  async second(price: number): Promise<void> {
    const seen = this.trades;
    this.backend.price(price, this.clock.now() - 50);
    await this.until(`the trade at ${price}`, () => this.trades > seen);
    await this.clock.pass(1_000);
    await this.engine.idle();
  }

  get trades(): number {
    return this.inputs.filter(({ kind }) => kind === "trade").length;
  }

  get fills(): ExecutionInput[] {
    return this.inputs.flatMap((input) => (input.kind === "execution" ? [input] : []));
  }

  get bars(): number[] {
    return this.outputs.flatMap((output) => (output.kind === "bar" ? [output.bar.close] : []));
  }
}

let setup: Setup;
afterEach(async () => {
  await setup.engine.stop();
  await setup.backend.close();
});

describe("paper trading on the user's own WebSocket", () => {
  it("makes bars of plain messages, and orders and fills of bars", async () => {
    setup = new Setup();
    await setup.start();
    for (const price of [90, 90, 110, 111, 112, 90, 89]) await setup.second(price);
    expect(setup.bars.slice(0, 3)).toEqual([90, 90, 110]);
    expect(setup.fills.map(({ side, qty, price }) => `${side} ${qty} @ ${Number(price)}`)).toEqual([
      "buy 1 @ 111",
      "sell 1 @ 89",
    ]);
    // A bar was judged when its second and the grace were over, not when the next message came.
    const order = setup.outputs.find((output) => output.kind === "confirm");
    expect(order?.kind === "confirm" ? order.firing.time : 0).toBe(START + 3_000);
    expect(setup.fatal).toEqual([]);
  });

  it("counts and shows what is malformed or too old, and trades on", async () => {
    setup = new Setup();
    await setup.start();
    await setup.second(90);
    setup.backend.say("{not json");
    setup.backend.price(-5, setup.clock.now());
    setup.backend.price(95, "yesterday");
    setup.backend.price(95, setup.clock.now() - 3_600_000);
    setup.backend.say([1, null]);
    setup.backend.say({ symbol: SYMBOL, price: "NaN", volume: 1, timestamp: setup.clock.now() });
    await setup.until("seven refusals", () => setup.refused.length === 7);
    expect(setup.refused.map((text) => text.split(":")[0])).toEqual([
      "a message is not JSON",
      "price is not a positive number",
      "time is not a time with a zone or an epoch",
      "older than the newest trade by more than 60 s",
      "a message is not an object",
      "a message is not an object",
      "price is not a positive number",
    ]);
    for (const price of [90, 110, 111]) await setup.second(price);
    expect(setup.fills).toHaveLength(1);
  });

  it("puts trades that come out of order into the bar they belong to", async () => {
    setup = new Setup();
    await setup.start();
    await setup.second(90);
    const now = setup.clock.now() - 300;
    setup.backend.price(91, now + 900);
    setup.backend.price(95, now + 300);
    setup.backend.price(92, now + 400);
    await setup.until("three trades", () => setup.trades === 4);
    await setup.clock.pass(1_300);
    const bar = setup.outputs.findLast((output) => output.kind === "bar");
    expect(bar?.kind === "bar" ? bar.bar : undefined).toMatchObject({ high: 95, low: 91, volume: 6 });
    expect(setup.fatal).toEqual([]);
  });

  it("says that the stream is down, comes back, and makes no bar of a gap", async () => {
    setup = new Setup();
    await setup.start();
    for (const price of [90, 90]) await setup.second(price);
    setup.backend.price(150, setup.clock.now() - 50);
    await setup.until("a trade of a bar that will stay open", () => setup.trades === 3);
    setup.backend.drop();
    const feed = (status: string): number =>
      setup.inputs.filter((input) => input.kind === "feed" && input.status === status).length;
    await setup.until("the feed is down", () => feed("down") === 1);
    await setup.clock.pass(2_500);
    await setup.until("the feed is back", () => feed("live") === 2);
    const before = setup.bars.length;
    for (const price of [110, 111, 112]) await setup.second(price);
    expect(setup.bars.length).toBeGreaterThan(before);
    expect(setup.bars).not.toContain(150);
    expect(setup.outputs.some((output) => output.kind === "alert" && output.code === "data/incomplete-bar")).toBe(true);
    expect(setup.fatal).toEqual([]);
  });
});
