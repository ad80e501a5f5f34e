import { afterEach, expect, it } from "vitest";
import { connectAlpaca } from "../../engine/cli/live-session.ts";
import { parseBarSize } from "../../engine/market/bar-size.ts";
import { answering, stopAnswering } from "../adapters/alpaca/answers.ts";
import { CREDENTIALS, FeedRecorder } from "../adapters/alpaca/support.ts";
import { OPEN, stopVenues, testVenue } from "../adapters/venue/support.ts";

afterEach(async () => {
  await stopAnswering();
  await stopVenues();
});

it.each([
  [["iex"], "iex"],
  [["sip", "iex"], "sip"],
] as const)("asks for the history of the first of its streams, which of %j is %s", async (feeds, wanted) => {
  const asked: string[] = [];
  const url = await answering({ "GET /v2/stocks/bars": { body: { bars: {}, next_page_token: null } } }, asked);
  const account = { kind: "loopback", url } as const;
  const connection = connectAlpaca({ account, credentials: CREDENTIALS, feeds, symbols: ["SPY"], data: "minute" });
  await connection.history.bars("SPY", parseBarSize("1m")!, Date.parse("2024-03-04T15:00:00Z"), 1);
  expect(asked).toEqual([expect.stringMatching(new RegExp(`[?&]feed=${wanted}(&|$)`))]);
});

it("hears news of coins, which Alpaca's news calls by their old names", async () => {
  const words = { headline: "Up", summary: "", author: "a", url: "https://example.test/a", content: "", source: "s" };
  const news = { kind: "news", id: 1, time: OPEN + 1, symbols: ["BTCUSD"], ...words } as const;
  const venue = await testVenue([news]);
  const account = { kind: "loopback", url: venue.url } as const;
  const asked = { account, credentials: CREDENTIALS, feeds: ["crypto"], symbols: ["BTC/USD"], data: "minute" } as const;
  const feed = connectAlpaca({ ...asked, news: true }).feeds.at(-1)!;
  const sink = new FeedRecorder();
  await feed.start(sink);
  await venue.advance();
  await sink.first("notice", 2);
  expect(sink.of("notice").at(-1)).toMatchObject({ topic: "news", symbols: ["BTCUSD"] });
  await feed.stop();
});
