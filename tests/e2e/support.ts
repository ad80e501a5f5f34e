/**
 * A whole run over sockets in lockstep: venue, official SDK, our market-data client, engine.
 */
import { createAlpacaBroker } from "../../engine/adapters/alpaca/broker.ts";
import { createAlpacaMarketData } from "../../engine/adapters/alpaca/market-data.ts";
import { MemoryJournal } from "../../engine/adapters/journal/memory-journal.ts";
import { createSimBroker } from "../../engine/adapters/sim/broker.ts";
import { startVenue } from "../../engine/adapters/venue/venue.ts";
import type { ExecutionInput, Input, MarketInput, OrderRequest, Output } from "../../engine/core/event.ts";
import { knownAt } from "../../engine/core/known-at.ts";
import type { Program } from "../../engine/core/program.ts";
import { createExchange } from "../../engine/exchange/exchange.ts";
import { noFees } from "../../engine/exchange/fees.ts";
import type { Exchange, Instrument } from "../../engine/exchange/types.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import type { JournalHeader } from "../../engine/ports/journal.ts";
import { backtest } from "../../engine/runtime/backtest.ts";
import { WALL_CLOCK } from "../../engine/adapters/wall-clock.ts";
import { Engine } from "../../engine/runtime/engine.ts";

export interface TestTape {
  readonly symbols: readonly string[];
  readonly data: "minute" | "daily" | "ticks";
  readonly items: readonly MarketInput[];
  /** A margin account that may sell short. */
  readonly margin?: true;
}

export interface Ran {
  readonly orders: readonly OrderRequest[];
  readonly fills: readonly string[];
  readonly journal: MemoryJournal;
}

export const HEADER: JournalHeader = {
  kind: "header",
  format: 1,
  barwise: "test",
  node: "",
  v8: "",
  tz: "",
  icu: "",
  id: "t",
  account: "t",
  seed: "",
  createdAt: 0,
};

export function newExchange(
  symbols: readonly string[],
  { margin = false, partialFills = 0 }: { readonly margin?: boolean | undefined; readonly partialFills?: number } = {},
): Exchange {
  return createExchange({
    cash: "100000",
    partialFills,
    multiplier: margin ? 4 : 1,
    shorting: margin,
    instruments: instruments(symbols),
    calendarOf,
    fees: noFees,
    slippageRatio: 0,
    seed: "t",
  });
}

export function instruments(symbols: readonly string[]): Instrument[] {
  return symbols.map((symbol) => ({
    symbol,
    name: symbol,
    assetClass: "us_equity",
    tradable: true,
    shortable: true,
    fractionable: true,
  }));
}

class Watch {
  readonly orders: OrderRequest[] = [];
  readonly fills: string[] = [];
  updates = 0;
  market = 0;

  observe(input: Input, outputs: readonly Output[]): void {
    if (input.kind === "execution") this.fills.push(fillText(input));
    if (input.kind === "execution" || input.kind === "order.update") this.updates++;
    if (input.kind === "bar" || input.kind === "trade" || input.kind === "quote") this.market++;
    for (const output of outputs) if (output.kind === "submit") this.orders.push(output.order);
  }
}

function fillText({ symbol, side, qty, price, time }: ExecutionInput): string {
  return `${time} ${side} ${qty} ${symbol} @ ${Number(price)}`;
}

export async function runBacktest(program: Program, tape: TestTape): Promise<Ran> {
  const watch = new Watch();
  const journal = new MemoryJournal(HEADER);
  await backtest({
    program,
    sources: {},
    items: tape.items,
    broker: createSimBroker(newExchange(tape.symbols, tape)),
    calendarOf,
    account: "t",
    journalId: "t",
    confirm: { mode: "full" },
    journal,
    observe: (input, outputs) => watch.observe(input, outputs),
  });
  return { orders: watch.orders, fills: watch.fills, journal };
}

async function until(what: string, done: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!done()) {
    if (performance.now() > deadline) throw new Error(`waited 5 s for ${what}`);
    await new Promise(setImmediate);
  }
}

/** Plays the tape over real sockets; between two times everything settles, so that nothing depends on speed. */
export async function runOverSockets(
  program: Program,
  tape: TestTape,
  sources: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const watch = new Watch();
  const credentials = { keyId: "PKTEST", secret: "secret-of-the-test" };
  const venue = await startVenue({
    exchange: newExchange(tape.symbols, tape),
    instruments: instruments(tape.symbols),
    ...credentials,
    calendar: calendarOf(tape.symbols[0] ?? ""),
    calendarOf,
    tape: tape.items.map((input) => ({ at: knownAt(input, calendarOf) ?? 0, input })),
    pace: "manual",
    startAt: (knownAt(tape.items[0] as MarketInput, calendarOf) ?? 0) - 1,
    limits: { requestsPerMinute: 1_000_000 },
  });
  const { symbols } = tape;
  const channels =
    tape.data === "daily"
      ? { dailyBars: symbols }
      : tape.data === "minute"
        ? { bars: symbols, updatedBars: symbols }
        : { trades: symbols, quotes: symbols };
  const journal = new MemoryJournal(HEADER);
  let fatal: Error | undefined;
  const engine = new Engine({
    account: "t",
    journalId: "t",
    calendarOf,
    journal,
    broker: createAlpacaBroker({
      account: { kind: "loopback", url: venue.url },
      credentials,
      submitConcurrency: 1,
      requestsPerMinute: 1_000_000,
    }),
    feeds: [
      createAlpacaMarketData({
        feed: "iex",
        credentials,
        calendar: calendarOf(symbols[0] ?? ""),
        venueUrl: venue.url,
        channels,
        dailyBarsAreFinal: true,
      }),
    ],
    clock: WALL_CLOCK,
    marketTime: "data",
    observe: (input, outputs) => watch.observe(input, outputs),
    onFatal: (error) => {
      fatal = error;
    },
  });
  const settled = async (): Promise<void> => {
    await engine.idle();
    await until("trade updates", () => watch.updates >= venue.stats().tradeUpdates || fatal !== undefined);
    await engine.idle();
    if (fatal !== undefined) throw fatal;
  };
  try {
    await engine.start({ program, sources, warmup: [] });
    let sent = 0;
    while ((await venue.exchangePhase()) !== undefined) {
      await settled();
      sent += (await venue.dataPhase()).messages;
      await until("market data", () => watch.market >= sent);
      await settled();
    }
  } finally {
    await engine.stop();
    await venue.stop();
  }
  return { orders: watch.orders, fills: watch.fills, journal };
}
