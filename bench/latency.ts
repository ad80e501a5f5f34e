/**
 * From a frame on the wire to the order on the wire, with the journal on the disk, beside an echo of the same frames.
 *
 * Owns: both clients of the server in latency-server.ts. Loopback, one trade a frame; times are those of the server's clock.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { WebSocket } from "ws";
import { openJournal } from "../engine/adapters/journal/open.ts";
import { WALL_CLOCK } from "../engine/adapters/wall-clock.ts";
import { WebSocketFeed } from "../engine/adapters/websocket/websocket-feed.ts";
import type { ApprovedOrder, ReconciledInput } from "../engine/core/event.ts";
import { compile } from "../engine/lang/compile.ts";
import { calendarOf } from "../engine/market/instruments.ts";
import type { Broker, BrokerSink } from "../engine/ports/broker.ts";
import type { Feed } from "../engine/ports/feed.ts";
import { Engine } from "../engine/runtime/engine.ts";
import type { FromServer, ServerOptions } from "./latency-server.ts";
import type { Row } from "./row.ts";

const PER_SECOND = 10_000;
const EVERY_MS = 40;

const FILES = {
  "barwise.yaml": "barwise: 1\nrisk: {max_orders_per_minute: 1000000, price_collar: 50%}\n",
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

export async function latencyRows(seconds: number): Promise<readonly Row[]> {
  const echo = await withServer(seconds, (port) => echoing(port));
  const handled: number[] = [];
  const ours = await withServer(seconds, (port) => trading(port, handled));
  process.stderr.write(`${histogram("frame to order", ours.took)}\n${histogram("echo", echo.took)}\n`);
  const detail = `${ours.took.length} orders among ${ours.sent.toLocaleString("en-US")} trades, one a frame, at ${PER_SECOND.toLocaleString("en-US")} a second; journal on the disk`;
  const row = (what: string, percentile: number, target: number | null): Row => ({
    what,
    unit: "us",
    target: target === null ? null : { value: target },
    measured: at(ours.took, percentile) * 1e3,
    baseline: { what: "echo", value: at(echo.took, percentile) * 1e3 },
    detail: `on the clock; ${detail}`,
  });
  return [
    row("frame to order on loopback, p50", 50, 200),
    row("frame to order on loopback, p99", 99, null),
    {
      what: "handling one trade, p99",
      unit: "us",
      target: { value: 50 },
      measured: at(handled, 99) * 1e3,
      baseline: { what: "p50", value: at(handled, 50) * 1e3 },
      detail: "on the clock; mapping, journal, core and observers are in it",
    },
  ];
}

type Done = Extract<FromServer, { kind: "done" }>;

async function withServer(seconds: number, client: (port: number) => Promise<() => Promise<void>>): Promise<Done> {
  const workerData: ServerOptions = { perSecond: PER_SECOND, seconds, everyMs: EVERY_MS };
  const server = new Worker(new URL("./latency-server.js", import.meta.url), { workerData });
  const next = <K extends FromServer["kind"]>(kind: K): Promise<Extract<FromServer, { kind: K }>> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.on("message", (message: FromServer) => {
        if (message.kind === kind) resolve(message as Extract<FromServer, { kind: K }>);
      });
    });
  const done = next("done");
  const { port } = await next("port");
  const stop = await client(port);
  const result = await done;
  await stop();
  await server.terminate();
  if (result.took.length === 0) throw new Error("nothing came back");
  return result;
}

/** Parses every frame, as anybody must, and sends back what is special. */
async function echoing(port: number): Promise<() => Promise<void>> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once("open", resolve));
  socket.on("message", (data: Buffer) => {
    const { price } = JSON.parse(data.toString("utf8")) as { price: number };
    if (price > 103 || price < 97) socket.send("order");
  });
  socket.send("ready");
  return () => {
    socket.close();
    return Promise.resolve();
  };
}

async function trading(port: number, handled: number[]): Promise<() => Promise<void>> {
  const { program } = compile(FILES);
  if (program === null) throw new Error("the strategy of the bench does not compile");
  const folder = mkdtempSync(join(process.env["BARWISE_BENCH_DIR"] ?? tmpdir(), "barwise-bench-"));
  const header = { kind: "header", format: 1, barwise: "bench", node: "", v8: "", tz: "", icu: "" } as const;
  const journal = await openJournal(join(folder, "run"), {
    ...header,
    id: "bench",
    account: "bench",
    seed: "",
    createdAt: 0,
  });
  const feed = new WebSocketFeed({ url: `ws://127.0.0.1:${port}`, send: ["ready"] }, ["X/USD"], {
    expectData: () => false,
  });
  const orders = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve) => orders.once("open", resolve));
  orders.send("orders");
  const engine = new Engine({
    account: "bench",
    journalId: "bench",
    calendarOf,
    journal,
    broker: new WireBroker(orders),
    feeds: [timed(feed, handled)],
    clock: WALL_CLOCK,
    marketTime: "wall",
    onFatal: (error) => {
      throw error;
    },
  });
  await engine.start({ program, sources: FILES, warmup: [] });
  return async () => {
    await engine.stop();
    orders.close();
    rmSync(folder, { recursive: true });
  };
}

/** Sends every order to the server and fills it at once. */
class WireBroker implements Broker {
  readonly name = "bench";
  readonly live = false;
  readonly #orders: WebSocket;
  #sink: BrokerSink | undefined;
  #fills = 0;

  constructor(orders: WebSocket) {
    this.#orders = orders;
  }

  start(sink: BrokerSink): Promise<void> {
    this.#sink = sink;
    return Promise.resolve();
  }

  reconcile(): Promise<ReconciledInput> {
    const account = { cash: "100000", equity: "100000", lastEquity: "100000", multiplier: 1, shorting: false };
    return Promise.resolve({ kind: "reconciled", account, positions: [], openOrders: [] });
  }

  submit({ clientOrderId, symbol, side, qty }: ApprovedOrder): void {
    this.#orders.send(JSON.stringify({ clientOrderId, symbol, side, qty }));
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

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** The same feed, with the time that each item takes until it is handed back. */
function timed(feed: Feed, handled: number[]): Feed {
  return {
    name: feed.name,
    start: (sink) =>
      feed.start({
        market: (input) => {
          const before = performance.now();
          sink.market(input);
          handled.push(performance.now() - before);
        },
        refused: (name, reason, sample, count) => sink.refused(name, reason, sample, count),
      }),
    stop: () => feed.stop(),
  };
}

function at(times: readonly number[], percentile: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length * percentile) / 100)] as number;
}

/** Doubling from 50 us on; one # for every hundredth. */
function histogram(what: string, times: readonly number[]): string {
  const lines = [
    `${what}: ${times.length}, p50 ${us(at(times, 50))}, p99 ${us(at(times, 99))}, most ${us(Math.max(...times))}`,
  ];
  for (let from = 0, to = 0.05; from <= Math.max(...times); from = to, to *= 2) {
    const count = times.filter((time) => time >= from && time < to).length;
    const bar = "#".repeat(Math.round((100 * count) / times.length));
    lines.push(`  up to ${us(to).padStart(10)}  ${String(count).padStart(6)}  ${bar}`.trimEnd());
  }
  return lines.join("\n");
}

function us(ms: number): string {
  return `${Math.round(ms * 1e3).toLocaleString("en-US")} us`;
}
