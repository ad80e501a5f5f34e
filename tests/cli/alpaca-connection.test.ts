import { afterEach, expect, it } from "vitest";
import { historyFeed, newsOf } from "../../engine/cli/live-feeds.ts";
import type { StreamConfig } from "../../engine/cli/live-feeds.ts";
import { connectAlpaca } from "../../engine/cli/live-session.ts";
import { parseBarSize } from "../../engine/market/bar-size.ts";
import { answering, stopAnswering } from "../adapters/alpaca/answers.ts";
import { CREDENTIALS, FeedRecorder } from "../adapters/alpaca/support.ts";
import { OPEN, stopVenues, testVenue } from "../adapters/venue/support.ts";

afterEach(async () => {
  await stopAnswering();
  await stopVenues();
});

const alpaca = (feed: "iex" | "sip"): StreamConfig => ({ kind: "alpaca", feed });
const own: StreamConfig = { kind: "websocket", config: { url: "wss://example.test" } };

it.each([
  [[alpaca("iex")], "iex"],
  [[alpaca("sip"), alpaca("iex")], "sip"],
  [[own, alpaca("sip")], "sip"],
] as const)("asks for the history of the first of its streams, which of %j is %s", async (feeds, wanted) => {
  const asked: string[] = [];
  const url = await answering({ "GET /v2/stocks/bars": { body: { bars: {}, next_page_token: null } } }, asked);
  const account = { kind: "loopback", url } as const;
  const ours = { account, credentials: CREDENTIALS, symbols: ["SPY"], feeds: () => [] };
  const connection = connectAlpaca({ ...ours, ...historyFeed(feeds) });
  await connection.history.bars("SPY", parseBarSize("1m")!, Date.parse("2024-03-04T15:00:00Z"), 1);
  expect(asked).toEqual([expect.stringMatching(new RegExp(`[?&]feed=${wanted}(&|$)`))]);
});

it("hears news of coins, which Alpaca's news calls by their old names", async () => {
  const words = { headline: "Up", summary: "", author: "a", url: "https://example.test/a", content: "", source: "s" };
  const news = { kind: "news", id: 1, time: OPEN + 1, symbols: ["BTCUSD"], ...words } as const;
  const venue = await testVenue([news]);
  const feed = newsOf({ credentials: CREDENTIALS, symbols: ["BTC/USD"], venueUrl: venue.url });
  const sink = new FeedRecorder();
  await feed.start(sink);
  await venue.advance();
  await sink.first("notice", 2);
  expect(sink.of("notice").at(-1)).toMatchObject({ topic: "news", symbols: ["BTCUSD"] });
  await feed.stop();
});
