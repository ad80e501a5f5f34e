/**
 * Who answers the special trades of latency-server.ts: echoes with and without a disk, and the engine.
 *
 * Owns: the same frames, the same journal and the same way out for each of them. May not: measure; see latency-stages.ts.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { placeOrder } from "../engine/adapters/alpaca/orders.ts";
import { tradingApis } from "../engine/adapters/alpaca/sdk.ts";
import { openJournal } from "../engine/adapters/journal/open.ts";
import { WALL_CLOCK } from "../engine/adapters/wall-clock.ts";
import { WebSocketFeed } from "../engine/adapters/websocket/websocket-feed.ts";
import type { ApprovedOrder, OrderRequest, ReconciledInput, TradeInput } from "../engine/core/event.ts";
import { compile } from "../engine/lang/compile.ts";
import { calendarOf } from "../engine/market/instruments.ts";
import type { Broker, BrokerSink } from "../engine/ports/broker.ts";
import type { Feed } from "../engine/ports/feed.ts";
import { Engine } from "../engine/runtime/engine.ts";
import { MarkingJournal } from "./latency-stages.ts";
import type { Stages } from "./latency-stages.ts";

/** How an order leaves: as a frame, or as a POST by Alpaca's SDK. */
export type Way = "frame" | "sdk";

/** Connects to the server; resolves with what ends it. */
export type Client = (port: number, stages: Stages) => Promise<() => Promise<void>>;

const FILES = {
  "barwise.yaml":
    "barwise: 1\nrisk: {max_orders_per_minute: 1000000, max_identical_orders: 1000000, max_entries_per_rule: 1000000, price_collar: 50%}\n",
  "a.strategy.yaml": `barwise: 1
name: a
symbols: [X/USD]
on: tick
bars: 1m
rules:
  - {name: enter, when: last > 103, then: {buy: {size: {qty: 1}, time_in_force: gtc}}}
  - {name: leave, when: last < 97, fire: once, then: {close: {time_in_force: gtc}}}
`,
};

const isSpecial = (price: number): boolean => price > 103 || price < 97;

type Leave = (order: OrderRequest) => void;

async function wayOut(way: Way, port: number): Promise<{ leave: Leave; close: () => void }> {
  if (way === "frame") {
    const socket = await connected(port);
    socket.send("orders");
    const leave: Leave = ({ clientOrderId, symbol, side, qty }) =>
      socket.send(JSON.stringify({ clientOrderId, symbol, side, qty }));
    return { leave, close: () => socket.close() };
  }
  const credentials = { keyId: "bench", secret: "bench" };
  const { orders } = tradingApis({ credentials, baseUrl: `http://127.0.0.1:${port}`, timeoutMs: 10_000 });
  return { leave: (order) => void placeOrder(orders, order), close: () => undefined };
}

async function connected(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return socket;
}

async function markingJournal(stages: Stages): Promise<{ journal: MarkingJournal; remove: () => void }> {
  const folder = mkdtempSync(join(process.env["BARWISE_BENCH_DIR"] ?? tmpdir(), "barwise-bench-"));
  const versions = { kind: "header", format: 1, barwise: "bench", node: "", v8: "", tz: "", icu: "" } as const;
  const header = { ...versions, id: "bench", account: "bench", seed: "", createdAt: 0 };
  const thread = new URL("./latency-journal.js", import.meta.url);
  const journal = new MarkingJournal(await openJournal(join(folder, "run"), header, { thread }), stages);
  return { journal, remove: () => rmSync(folder, { recursive: true }) };
}

/** Parses every frame, as anybody must, and sends back what is special. */
export const echo: Client = async (port, stages) => {
  const socket = await connected(port);
  socket.on("message", (data: Buffer) => {
    if (!isSpecial((JSON.parse(data.toString("utf8")) as { price: number }).price)) return;
    stages.begin();
    socket.send("order");
  });
  socket.send("ready");
  return () => {
    socket.close();
    return Promise.resolve();
  };
};

/** The floor under anybody who keeps a journal: every frame is in it, and what is special is on the disk before it is answered. */
export function durableEcho(way: Way): Client {
  return async (port, stages) => {
    const { journal, remove } = await markingJournal(stages);
    const { leave, close } = await wayOut(way, port);
    const socket = await connected(port);
    let n = 0;
    socket.on("message", (data: Buffer) => {
      const { symbol, price, volume } = JSON.parse(data.toString("utf8")) as Record<"price" | "volume", number> & {
        symbol: string;
      };
      const time = Date.now();
      const trade: TradeInput = { kind: "trade", symbol, time, price, size: volume, setsPrice: true };
      if (isSpecial(price)) stages.begin();
      journal.append({ kind: "in", n, input: { ...trade, seq: n, marketTime: time, arrivalTime: time } });
      n++;
      if (isSpecial(price)) void journal.sync().then(() => leave(orderOf(n, price > 100 ? "buy" : "sell")));
    });
    socket.send("ready");
    return async () => {
      socket.close();
      close();
      await journal.close();
      remove();
    };
  };
}

function orderOf(n: number, side: "buy" | "sell"): OrderRequest {
  const plain = { type: "market", timeInForce: "gtc", extendedHours: false, orderClass: "simple" } as const;
  return { clientOrderId: `echo-${n}`, symbol: "X/USD", side, qty: "1", ...plain };
}

/** The engine; `handled` gets the milliseconds that each item of the feed takes until it is handed back. */
export function barwise(way: Way, handled: number[] = []): Client {
  return async (port, stages) => {
    const { program } = compile(FILES);
    if (program === null) throw new Error("the strategy of the bench does not compile");
    const { journal, remove } = await markingJournal(stages);
    const feed = new WebSocketFeed({ url: `ws://127.0.0.1:${port}`, send: ["ready"] }, ["X/USD"], {
      expectData: () => false,
    });
    const { leave, close } = await wayOut(way, port);
    const engine = new Engine({
      account: "bench",
      journalId: "bench",
      calendarOf,
      journal,
      broker: new FillingBroker(leave),
      feeds: [timed(feed, handled, stages)],
      clock: WALL_CLOCK,
      marketTime: "wall",
      onFatal: (error) => {
        throw error;
      },
    });
    await engine.start({ program, sources: FILES, warmup: [] });
    return async () => {
      await engine.stop();
      close();
      remove();
    };
  };
}

/** Sends every order to the server and fills it at once. */
class FillingBroker implements Broker {
  readonly name = "bench";
  readonly live = false;
  readonly feesInCoins = false;
  readonly #leave: Leave;
  #sink: BrokerSink | undefined;
  #fills = 0;

  constructor(leave: Leave) {
    this.#leave = leave;
  }

  start(sink: BrokerSink): Promise<void> {
    this.#sink = sink;
    return Promise.resolve();
  }

  reconcile(): Promise<ReconciledInput> {
    const account = { cash: "100000", equity: "100000", lastEquity: "100000", multiplier: 1, shorting: false };
    return Promise.resolve({ kind: "reconciled", account, positions: [], openOrders: [] });
  }

  submit(order: ApprovedOrder): void {
    const { clientOrderId, symbol, side, qty } = order;
    this.#leave(order);
    const executionId = String(++this.#fills);
    const ids = { clientOrderId, brokerOrderId: executionId };
    setImmediate(() => {
      this.#sink?.broker({ kind: "order.accepted", ...ids, legs: [] });
      const amounts = { qty, price: "100", fee: "0", cumulativeQty: qty, time: Date.now() };
      this.#sink?.broker({ kind: "execution", executionId, ...ids, symbol, side, ...amounts });
    });
  }

  cancel(): void {}

  lookup(): void {}

  instruments(): void {}

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

function timed(feed: Feed, handled: number[], stages: Stages): Feed {
  return {
    name: feed.name,
    start: (sink) =>
      feed.start({
        market: (input) => {
          if (input.kind === "trade" && isSpecial(input.price)) stages.begin();
          const before = performance.now();
          sink.market(input);
          handled.push(performance.now() - before);
        },
        refused: (name, reason, sample, count) => sink.refused(name, reason, sample, count),
      }),
    stop: () => feed.stop(),
  };
}
