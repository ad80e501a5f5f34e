/**
 * A backend that speaks the beginning of Alpaca's market-data stream, and then says what a test tells it to.
 */
import { createAlpacaMarketData } from "../../../engine/adapters/alpaca/market-data.ts";
import type { AlpacaMarketDataOptions } from "../../../engine/adapters/alpaca/market-data.ts";
import { SYSTEM_TIMERS } from "../../../engine/adapters/alpaca/timers.ts";
import type { MarketInput } from "../../../engine/core/event.ts";
import { NYSE } from "../../../engine/market/nyse.ts";
import type { FeedSink } from "../../../engine/ports/feed.ts";
import { type Backend, backend, opened } from "./support.ts";

interface Said {
  readonly action: string;
  readonly [channel: string]: unknown;
}

/** `answer`: what is said to a subscription; the default confirms it. */
export async function alpacaBackend(answer?: (said: Said) => unknown): Promise<Backend> {
  const server = await backend();
  const lists = new Map<unknown, Record<string, unknown>>();
  server.onConnect = (socket) => {
    lists.set(socket, {});
    socket.on("ping", () => socket.pong());
    server.send([{ T: "success", msg: "connected" }]);
  };
  server.onMessage = (text) => {
    const { action, ...channels } = JSON.parse(text) as Said;
    if (action === "auth") return server.send([{ T: "success", msg: "authenticated" }]);
    const list = Object.assign(lists.get(server.sockets.at(-1)) ?? {}, channels);
    server.send(answer?.({ action, ...channels }) ?? [{ T: "subscription", ...list }]);
  };
  return server;
}

export function alpacaFeed(server: Backend, options: Partial<AlpacaMarketDataOptions> = {}) {
  const inputs: MarketInput[] = [];
  const refused: { reason: string; sample: string }[] = [];
  const feed = createAlpacaMarketData({
    feed: "iex",
    name: "alpaca",
    credentials: { keyId: "KEY-ID-OF-TEST", secret: "secret-of-test" },
    channels: { trades: ["SPY"], quotes: ["SPY"], bars: ["SPY"], updatedBars: ["SPY"] },
    calendar: NYSE,
    venueUrl: server.url.replace(/^ws/, "http").replace("/stream", ""),
    expectData: () => false,
    timers: { ...SYSTEM_TIMERS, random: () => 0 },
    reconnect: { firstMs: 100, maxMs: 100 },
    ...options,
  });
  opened.push({ close: () => feed.stop() });
  const sink: FeedSink = {
    market: (input) => void inputs.push(input),
    refused: (_, reason, sample) => void refused.push({ reason, sample }),
  };
  return { feed, inputs, refused, start: () => feed.start(sink) };
}
