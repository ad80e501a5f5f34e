import { afterEach, describe, expect, test } from "vitest";
import { createAlpacaSplits } from "../../../engine/adapters/alpaca/splits.ts";
import type { AlpacaSplitsOptions } from "../../../engine/adapters/alpaca/splits.ts";
import { createAlpacaHistory } from "../../../engine/adapters/alpaca/history.ts";
import type { Venue } from "../../../engine/adapters/venue/options.ts";
import { parseBarSize } from "../../../engine/market/bar-size.ts";
import { NYSE } from "../../../engine/market/nyse.ts";
import { OPEN, call, json, minuteBars, stopVenues, testVenue } from "../venue/support.ts";
import { CREDENTIALS } from "./support.ts";

afterEach(stopVenues);

const DAY = 86_400_000;
const midnight = (date: string): number => Date.parse(`${date}T00:00:00-05:00`);
const split = (symbol: string, date: string, newShares: string, oldShares: string) =>
  ({ kind: "split", symbol, time: midnight(date), newShares, oldShares }) as const;
const SPLITS = [split("SPY", "2024-03-05", "4", "1"), split("QQQ", "2024-03-07", "1", "20")];

const venueWith = (options: Parameters<typeof testVenue>[1] = {}): Promise<Venue> =>
  testVenue(minuteBars("SPY", [100, 101]), { splits: SPLITS, ...options });

function splitsAt(venue: Venue, options: Partial<AlpacaSplitsOptions> = {}) {
  return createAlpacaSplits({ credentials: CREDENTIALS, calendar: NYSE, venueUrl: venue.url, ...options });
}

describe("splits from Alpaca", () => {
  test("take effect with the midnight of their ex-date, and are those of the time that was asked about", async () => {
    const splits = splitsAt(await venueWith());
    expect(await splits.between(["SPY", "QQQ"], OPEN, OPEN + 7 * DAY)).toEqual(SPLITS);
    expect(await splits.between(["SPY", "QQQ"], OPEN, midnight("2024-03-05"))).toEqual([SPLITS[0]]);
    expect(await splits.between(["SPY", "QQQ"], midnight("2024-03-05"), OPEN + 7 * DAY)).toEqual([SPLITS[1]]);
    expect(await splits.between(["QQQ"], OPEN, OPEN + 2 * DAY)).toEqual([]);
  });

  test("are read over several pages", async () => {
    const splits = splitsAt(await venueWith(), { pageSize: 1 });
    expect(await splits.between(["SPY", "QQQ"], OPEN, OPEN + 7 * DAY)).toEqual(SPLITS);
  });

  test("are not asked for pairs", async () => {
    const venue = await venueWith();
    expect(await splitsAt(venue).between(["BTC/USD"], OPEN, OPEN + DAY)).toEqual([]);
    expect(venue.stats().requests).toBe(0);
  });

  test("say why nobody can say", async () => {
    const venue = await venueWith();
    venue.faults.onRequest(() => ({ kind: "status", status: 500 }));
    await expect(splitsAt(venue).between(["SPY"], OPEN, OPEN + DAY)).rejects.toThrow(/^Alpaca corporate actions: /);
    venue.faults.onRequest(null);
    const without = splitsAt(venue, { credentials: undefined });
    await expect(without.between(["SPY"], OPEN, OPEN + DAY)).rejects.toThrow("APCA_API_KEY_ID");
  });

  test("adjust the bars of before as soon as they have come, and not sooner", async () => {
    const tape = [
      ...minuteBars("SPY", [100, 104]),
      ...minuteBars("SPY", [26], midnight("2024-03-05") + 9.5 * 3_600_000),
    ];
    const venue = await venueWith({ tape });
    const history = createAlpacaHistory({ credentials: CREDENTIALS, calendar: NYSE, venueUrl: venue.url });
    const closes = async (): Promise<number[]> =>
      (await history.bars("SPY", parseBarSize("1m")!, venue.now() + 1, 10)).map(({ close }) => close);
    await venue.advance();
    await venue.advance();
    expect(await closes()).toEqual([100, 104]);
    while (await venue.advance());
    expect(await closes()).toEqual([25, 26, 26]);
    const raw = (await json(venue, "/v2/stocks/SPY/bars?timeframe=1Min&start=2024-03-04")) as { bars: { c: number }[] };
    expect(raw.bars.map(({ c }) => c)).toEqual([100, 104, 26]);
  });
});

describe("GET /v1/corporate-actions", () => {
  test.each([
    ["types=forward_split,nonsense", "invalid type: nonsense"],
    ["ids=1&symbols=SPY", "ids cannot be combined with other filters"],
    ["start=2024-03-05&end=2024-03-01", "end should not be before start"],
    ["start=yesterday", "invalid start"],
    ["limit=0", "invalid limit"],
    ["page_token=%21", "invalid page_token"],
  ])("refuses %s", async (query, message) => {
    const answer = await call(await venueWith(), `/v1/corporate-actions?${query}`);
    expect([answer.status, await answer.json()]).toEqual([400, { code: 40010000, message }]);
  });

  test("finds one by its id, whenever it is", async () => {
    const venue = await venueWith();
    type Answer = { corporate_actions: { reverse_splits?: { id: string; new_rate: number; old_rate: number }[] } };
    const found = (await json(venue, "/v1/corporate-actions?start=2024-03-01&end=2024-04-01")) as Answer;
    const [one] = found.corporate_actions.reverse_splits ?? [];
    expect([one?.new_rate, one?.old_rate]).toEqual([1, 20]);
    const again = (await json(venue, `/v1/corporate-actions?ids=${one?.id}`)) as Answer;
    expect(again.corporate_actions).toEqual({ reverse_splits: [one] });
  });
});
