import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { createAlpacaBroker } from "../../engine/adapters/alpaca/broker.ts";
import { createAlpacaMarketData } from "../../engine/adapters/alpaca/market-data.ts";
import { MemoryJournal } from "../../engine/adapters/journal/memory-journal.ts";
import type { Venue } from "../../engine/adapters/venue/options.ts";
import { startVenue } from "../../engine/adapters/venue/venue.ts";
import type { BarInput, Input, Output } from "../../engine/core/event.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { WALL_CLOCK } from "../../engine/adapters/wall-clock.ts";
import { Engine } from "../../engine/runtime/engine.ts";
import { programOf, START, threshold } from "../runtime/support.ts";
import { HEADER, instruments, newExchange } from "./support.ts";

const SYMBOL = "ACME/USD";
const MINUTE = 60_000;
const KEYS = { keyId: "PKTEST", secret: "secret-of-the-test" };
const BACKOFF = { firstMs: 20, maxMs: 50 };

class Setup {
  readonly inputs: Input[] = [];
  readonly outputs: Output[] = [];
  readonly fatal: Error[] = [];
  venue!: Venue;
  engine!: Engine;

  async start(closes: readonly number[], credentials = KEYS): Promise<void> {
    const tape = closes.map((close, index) => {
      const prices = { open: close, high: close, low: close, close, volume: 10 };
      const start = START + index * MINUTE;
      const input: BarInput = { kind: "bar", symbol: SYMBOL, size: "1m", revised: false, start, ...prices };
      return { at: start + MINUTE, input };
    });
    this.venue = await startVenue({
      exchange: newExchange([SYMBOL]),
      instruments: instruments([SYMBOL]),
      ...KEYS,
      calendar: calendarOf(SYMBOL),
      calendarOf,
      tape,
      pace: "manual",
      startAt: START,
    });
    const venueUrl = this.venue.url;
    const calendar = calendarOf(SYMBOL);
    this.engine = new Engine({
      account: "t",
      journalId: "t",
      calendarOf,
      journal: new MemoryJournal(HEADER),
      broker: createAlpacaBroker({
        account: { kind: "loopback", url: venueUrl },
        credentials,
        stream: { reconnect: BACKOFF },
      }),
      feeds: [createAlpacaMarketData({ feed: "iex", credentials, calendar, venueUrl, channels: { bars: [SYMBOL] } })],
      clock: WALL_CLOCK,
      marketTime: "data",
      observe: (input, outputs) => {
        this.inputs.push(input);
        this.outputs.push(...outputs);
      },
      onFatal: (error) => this.fatal.push(error),
    });
    await this.engine.start({ program: programOf(threshold(100)), sources: {}, warmup: [] });
  }

  async until(what: string, done: () => boolean): Promise<void> {
    for (let i = 0; i < 1_600; i++) {
      if (done()) return;
      await sleep(5);
    }
    throw new Error(`never: ${what}`);
  }

  async bar(): Promise<void> {
    const bars = this.count("bar");
    await this.venue.exchangePhase();
    await this.engine.idle();
    await this.venue.dataPhase();
    await this.until("the bar", () => this.count("bar") > bars);
    await this.engine.idle();
  }

  count(kind: Input["kind"], status?: string): number {
    return this.inputs.filter((input) => input.kind === kind && (status === undefined || statusOf(input) === status))
      .length;
  }

  get orders(): string[] {
    return this.outputs.flatMap((output) => (output.kind === "submit" ? [output.order.side] : []));
  }
}

function statusOf(input: Input): string {
  return "status" in input ? input.status : "";
}

let setup: Setup;
afterEach(async () => {
  await setup.engine.stop();
  await setup.venue.stop();
});

describe("a venue that goes away while the engine trades", () => {
  it("stops orders until the broker is reconciled again, and then goes on", async () => {
    setup = new Setup();
    await setup.start([90, 110, 90, 110, 110]);
    await setup.bar();
    setup.venue.faults.refuseSockets(true);
    setup.venue.faults.dropSockets("trading");
    await setup.until("the disconnect", () => setup.count("broker", "disconnected") === 1);
    await setup.bar();
    expect(setup.orders).toEqual([]);
    const refused = setup.outputs.flatMap((output) => (output.kind === "refused" ? [output.code] : []));
    expect(refused).toEqual(["readiness"]);
    setup.venue.faults.refuseSockets(false);
    await setup.until("the next picture", () => setup.count("reconciled") === 2);
    await setup.bar();
    await setup.bar();
    expect(setup.orders).toEqual(["buy"]);
    expect(setup.fatal).toEqual([]);
  }, 30_000);

  it("learns of a fill that happened meanwhile, once", async () => {
    setup = new Setup();
    await setup.start([90, 110, 110, 110]);
    await setup.bar();
    await setup.bar();
    expect(setup.orders).toEqual(["buy"]);
    setup.venue.faults.refuseSockets(true);
    setup.venue.faults.dropSockets("trading");
    await setup.until("the disconnect", () => setup.count("broker", "disconnected") === 1);
    await setup.bar();
    expect(setup.count("execution")).toBe(0);
    setup.venue.faults.refuseSockets(false);
    await setup.until("the next picture", () => setup.count("reconciled") === 2);
    await setup.bar();
    expect(setup.count("execution")).toBe(1);
    expect(setup.fatal).toEqual([]);
  }, 30_000);

  it("says that market data is down and when it is back", async () => {
    setup = new Setup();
    await setup.start([90, 90, 90]);
    await setup.bar();
    setup.venue.faults.dropSockets("market");
    await setup.until("the feed is down", () => setup.count("feed", "down") === 1);
    await setup.until("the feed is back", () => setup.count("feed", "live") === 2);
    await setup.bar();
    expect(setup.fatal).toEqual([]);
  }, 30_000);
});

it("a login that is refused ends the start with what to check, and no key in it", async () => {
  setup = new Setup();
  const wrong = { keyId: "PKWRONG", secret: "another-secret" };
  const error = await setup.start([90], wrong).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: "BrokerError", code: "auth" });
  expect((error as Error).message).toContain("APCA_API_KEY_ID");
  expect((error as Error).message).not.toContain("another-secret");
});
