/** What the streams of a project tell, and what a run can do without. */
import { describe, expect, it } from "vitest";
import { sizeOf, welcome } from "../../engine/cli/live-feeds.ts";
import type { StreamConfig } from "../../engine/cli/live-feeds.ts";
import type { WebSocketMapping } from "../../engine/lang/feeds.ts";
import type { BarSize } from "../../engine/market/bar-size.ts";
import { programOf, threshold } from "../runtime/support.ts";

const alpaca: StreamConfig = { kind: "alpaca", feed: "iex" };
const own = (...map: readonly WebSocketMapping[]): StreamConfig => ({
  kind: "websocket",
  config: { url: "wss://example.test", ...(map.length === 0 ? {} : { map }) },
});
const bars = (size: string): WebSocketMapping => ({ type: "bar", bar_size: size });

describe("the data of streams", () => {
  it.each<[string, readonly StreamConfig[], string, string | undefined]>([
    ["of Alpaca is what the strategies need", [alpaca], "1m", "1m"],
    ["of Alpaca is what the strategies need", [alpaca], "1d", "1m"],
    ["of Alpaca is what the strategies need", [alpaca], "1s", undefined],
    ["of a backend is what it tells", [own()], "1m", undefined],
    ["of a backend is what it tells", [own(bars("5m"))], "1m", "5m"],
    ["of a backend is its smallest bars", [own(bars("5m"), bars("1m"))], "5m", "1m"],
    ["of a backend with other things, too, is those", [own(bars("5m"), { type: "quote" })], "1m", undefined],
    ["of both is that of the backend", [alpaca, own(bars("1m"))], "1s", "1m"],
    ["of both is that of the backend", [own(), alpaca], "1m", undefined],
  ])("%s", (_, feeds, on, label) => {
    expect(sizeOf(feeds, [programOf(threshold(100, on))])?.label).toBe(label);
  });
});

describe("a history that is welcome", () => {
  it("says once why it has nothing, and has nothing", async () => {
    const told: string[] = [];
    const history = welcome({ bars: () => Promise.reject(new Error("HTTP 500")) }, (line) => told.push(line));
    for (let i = 0; i < 2; i++) expect(await history.bars("SPY", {} as BarSize, 0, 1)).toEqual([]);
    expect(told).toEqual(["no history from Alpaca, facts warm up from the stream: HTTP 500"]);
  });
});
