import { afterEach, expect, it } from "vitest";
import { connectAlpaca } from "../../engine/cli/live-session.ts";
import { parseBarSize } from "../../engine/market/bar-size.ts";
import { answering, stopAnswering } from "../adapters/alpaca/answers.ts";
import { CREDENTIALS } from "../adapters/alpaca/support.ts";

afterEach(stopAnswering);

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
