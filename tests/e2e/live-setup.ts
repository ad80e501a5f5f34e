/**
 * A live engine with the official SDK against a venue that a test plays bar by bar.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createAlpacaBroker } from "../../engine/adapters/alpaca/broker.ts";
import { createAlpacaMarketData } from "../../engine/adapters/alpaca/market-data.ts";
import { MemoryJournal } from "../../engine/adapters/journal/memory-journal.ts";
import type { Venue, VenueOptions } from "../../engine/adapters/venue/options.ts";
import { startVenue } from "../../engine/adapters/venue/venue.ts";
import { WALL_CLOCK } from "../../engine/adapters/wall-clock.ts";
import type { BarInput, Input, Output } from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import type { Exchange } from "../../engine/exchange/types.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { Engine } from "../../engine/runtime/engine.ts";
import { programOf, START, threshold } from "../runtime/support.ts";
import { HEADER, instruments, newExchange } from "./support.ts";

export const SYMBOL = "ACME/USD";
const MINUTE = 60_000;
const KEYS = { keyId: "PKTEST", secret: "secret-of-the-test" };
const BACKOFF = { firstMs: 20, maxMs: 50 };

interface LiveOptions extends Pick<VenueOptions, "faults" | "seed"> {
  readonly credentials?: typeof KEYS;
  readonly partialFills?: number;
  readonly program?: Program;
  readonly journal?: MemoryJournal;
  readonly observe?: (input: Input, outputs: readonly Output[]) => void;
}

export class LiveSetup {
  readonly inputs: Input[] = [];
  readonly outputs: Output[] = [];
  readonly fatal: Error[] = [];
  exchange!: Exchange;
  venue!: Venue;
  engine!: Engine;

  async start(closes: readonly number[], options: LiveOptions = {}): Promise<void> {
    const { credentials = KEYS, partialFills = 0, program = programOf(threshold(100)), ...more } = options;
    const { journal = new MemoryJournal(HEADER), observe, ...venue } = more;
    const tape = closes.map((close, index) => {
      const prices = { open: close, high: close, low: close, close, volume: 10 };
      const start = START + index * MINUTE;
      const input: BarInput = { kind: "bar", symbol: SYMBOL, size: "1m", revised: false, start, ...prices };
      return { at: start + MINUTE, input };
    });
    this.exchange = newExchange([SYMBOL], { partialFills });
    this.venue = await startVenue({
      ...venue,
      exchange: this.exchange,
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
      journal,
      broker: createAlpacaBroker({
        account: { kind: "loopback", url: venueUrl },
        credentials,
        stream: { reconnect: BACKOFF },
      }),
      feeds: [createAlpacaMarketData({ feed: "iex", credentials, calendar, venueUrl, channels: { bars: [SYMBOL] } })],
      clock: WALL_CLOCK,
      marketTime: "data",
      observe: (input, outputs) => {
        this.inputs.push({ ...input });
        this.outputs.push(...outputs);
        observe?.(input, outputs);
      },
      onFatal: (error) => this.fatal.push(error),
    });
    await this.engine.start({ program, sources: {}, warmup: [] });
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
