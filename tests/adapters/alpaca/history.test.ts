import { afterEach, describe, expect, test } from "vitest";
import { createAlpacaHistory } from "../../../engine/adapters/alpaca/history.ts";
import type { AlpacaHistoryOptions } from "../../../engine/adapters/alpaca/history.ts";
import { SYSTEM_TIMERS } from "../../../engine/adapters/alpaca/timers.ts";
import type { Venue } from "../../../engine/adapters/venue/options.ts";
import type { Bar } from "../../../engine/core/event.ts";
import type { SessionKind } from "../../../engine/core/program.ts";
import { parseBarSize } from "../../../engine/market/bar-size.ts";
import { ALWAYS } from "../../../engine/market/always.ts";
import { NYSE } from "../../../engine/market/nyse.ts";
import { CLOSE, MINUTE, OPEN, minuteBars, stopVenues, testVenue } from "../venue/support.ts";
import { answering, stopAnswering } from "./answers.ts";
import { CREDENTIALS } from "./support.ts";

afterEach(async () => {
  await stopAnswering();
  await stopVenues();
});

const size = (label: string) => parseBarSize(label)!;

/** 390 minutes of Monday and of the Friday before; the close of minute n is 100 + n / 100. */
const MINUTES = [OPEN - 3 * 86_400_000, OPEN].flatMap((from) =>
  minuteBars(
    "SPY",
    Array.from({ length: 390 }, (_, n) => 100 + n / 100),
    from,
  ),
);

function half(): Bar[] {
  const halves: Bar[] = [];
  for (let n = 0; n < MINUTES.length; n += 30) {
    const part = MINUTES.slice(n, n + 30);
    halves.push({
      start: part[0]!.start,
      open: part[0]!.open,
      high: Math.max(...part.map((bar) => bar.high)),
      low: Math.min(...part.map((bar) => bar.low)),
      close: part.at(-1)!.close,
      volume: part.reduce((sum, bar) => sum + bar.volume, 0),
    });
  }
  return halves;
}

async function venueWithHistory(): Promise<Venue> {
  const days: Bar[] = [OPEN - 3 * 86_400_000, OPEN].map((start) => ({ ...half()[0]!, start }));
  const known: Record<string, readonly Bar[]> = { "1m": MINUTES, "30m": half(), "1d": days };
  return testVenue([], {
    startAt: CLOSE,
    historyOf: (symbol, asked) => (symbol === "SPY" ? (known[asked.label] ?? []) : []),
  });
}

function historyAt(venue: Venue, options: Partial<AlpacaHistoryOptions> = {}) {
  return createAlpacaHistory({ credentials: CREDENTIALS, calendar: NYSE, venueUrl: venue.url, ...options });
}

describe("history from Alpaca", () => {
  test("gives the newest closed bars, oldest first", async () => {
    const history = historyAt(await venueWithHistory());
    const bars = await history.bars("SPY", size("1m"), OPEN + 10 * MINUTE, 3);
    expect(bars.map((bar) => [bar.start - OPEN, bar.close])).toEqual([
      [7 * MINUTE, 100.07],
      [8 * MINUTE, 100.08],
      [9 * MINUTE, 100.09],
    ]);
  });

  test("asks for as many pages as it takes, and no more", async () => {
    const venue = await venueWithHistory();
    const history = historyAt(venue, { pageSize: 7 });
    const bars = await history.bars("SPY", size("5m"), OPEN + 60 * MINUTE, 3);
    expect(bars).toEqual([]);
    const minutes = await history.bars("SPY", size("1m"), OPEN + 60 * MINUTE, 20);
    expect(minutes.map((bar) => (bar.start - OPEN) / MINUTE)).toEqual(Array.from({ length: 20 }, (_, n) => 40 + n));
    expect(venue.stats().requests).toBe(1 + 3);
  });

  test("crosses weekends", async () => {
    const history = historyAt(await venueWithHistory());
    const bars = await history.bars("SPY", size("1m"), OPEN + 2 * MINUTE, 400);
    expect(bars).toHaveLength(392);
    expect(bars[0]?.start).toBe(OPEN - 3 * 86_400_000);
  });

  test("counts hours from the open, the last one cut at the close", async () => {
    const history = historyAt(await venueWithHistory());
    const bars = await history.bars("SPY", size("1h"), CLOSE, 7);
    expect(bars.map((bar) => (bar.start - OPEN) / (60 * MINUTE))).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(bars[0]).toMatchObject({ open: 100, close: 100.59, volume: 600_000 });
    expect(bars[6]?.volume).toBe(300_000);
    const early = await history.bars("SPY", size("1h"), OPEN + 90 * MINUTE, 2);
    expect(early.map((bar) => bar.start)).toEqual([OPEN - 3 * 86_400_000 + 6 * 60 * MINUTE, OPEN]);
  });

  test("starts days at their open and leaves today out until it is closed", async () => {
    const history = historyAt(await venueWithHistory());
    expect((await history.bars("SPY", size("1d"), CLOSE, 5)).map((bar) => bar.start)).toEqual([
      OPEN - 3 * 86_400_000,
      OPEN,
    ]);
    expect(await history.bars("SPY", size("1d"), CLOSE - 1, 5)).toHaveLength(1);
  });

  test("asks for coins around the clock, and makes their days of hours", async () => {
    const midnight = Date.parse("2024-03-04T00:00:00Z");
    const pieces = (minutes: number): Bar[] =>
      Array.from({ length: (72 * 60) / minutes }, (_, n) => {
        const at = (n * minutes) / 60;
        const prices = { open: 100 + at, high: 101 + at, low: 99 + at, close: 99.5 + at + minutes / 60 };
        return { start: midnight + n * minutes * MINUTE, ...prices, volume: minutes / 30 };
      });
    const end = midnight + 72 * 60 * MINUTE;
    const venue = await testVenue([], {
      startAt: end,
      historyOf: (symbol, asked) => (symbol === "BTC/USD" ? pieces(asked.ms / MINUTE) : []),
    });
    const history = historyAt(venue, { calendar: ALWAYS });
    const four = await history.bars("BTC/USD", size("4h"), end, 3);
    expect(
      four.map(({ start, open, close, volume }) => [(start - midnight) / (60 * MINUTE), open, close, volume]),
    ).toEqual([
      [60, 160, 163.5, 8],
      [64, 164, 167.5, 8],
      [68, 168, 171.5, 8],
    ]);
    const days = await history.bars("BTC/USD", size("1d"), end, 2);
    expect(days).toHaveLength(2);
    expect(days.map(({ volume }) => volume)).toEqual([48, 48]);
    expect(days.at(-1)?.close).toBeGreaterThan(days.at(-1)?.open ?? 0);
  });

  test("has nothing finer than a minute, nor for a symbol without data", async () => {
    const history = historyAt(await venueWithHistory());
    expect(await history.bars("SPY", size("30s"), CLOSE, 5)).toEqual([]);
    expect(await history.bars("QQQ", size("1m"), CLOSE, 5)).toEqual([]);
  });

  test("tries again after a failure of the service, not after a refusal", async () => {
    const venue = await venueWithHistory();
    let failures = 0;
    venue.faults.onRequest(() => (failures++ < 2 ? { kind: "status", status: 503 } : undefined));
    expect(await historyAt(venue).bars("SPY", size("1m"), CLOSE, 1)).toHaveLength(1);
    let asked = 0;
    venue.faults.onRequest(() => ((asked += 1), { kind: "status", status: 403, message: "not in your plan" }));
    await expect(historyAt(venue).bars("SPY", size("1m"), CLOSE, 1)).rejects.toThrow(/SPY: not in your plan/);
    expect(asked).toBe(1);
  });

  test("says which variables are missing", async () => {
    const history = historyAt(await venueWithHistory(), { credentials: undefined });
    await expect(history.bars("SPY", size("1m"), CLOSE, 1)).rejects.toThrow(/APCA_API_KEY_ID/);
  });
});

describe("hours around the session", () => {
  const at = (time: string): number => Date.parse(`2024-03-04T${time}:00Z`);
  const bars = (session: SessionKind | undefined, label: string) => {
    const half = 30 * MINUTE;
    const units = Array.from({ length: 34 }, (_, n) => at("09:00") + n * half);
    const row = (start: number) => ({ t: new Date(start).toISOString(), o: 1, h: 2, l: 1, c: 1, v: 1 });
    return answering({ "GET /v2/stocks/bars": { body: { bars: { SPY: units.map(row) } } } }).then((venueUrl) => {
      const history = createAlpacaHistory({ credentials: CREDENTIALS, calendar: NYSE, venueUrl, feed: "iex" });
      return history.bars("SPY", size(label), at("23:59") + MINUTE, 100, session);
    });
  };
  const told = async (session: SessionKind | undefined, label: string): Promise<readonly [number, string, string]> => {
    const found = await bars(session, label);
    const clock = (bar?: Bar): string => new Date(bar?.start ?? 0).toISOString().slice(11, 16);
    return [found.length, clock(found[0]), clock(found.at(-1))];
  };

  // The session is 14:30 to 21:00 in UTC, 09:00 to 01:00 with the hours around it.
  test.each([
    [undefined, "30m", 13, "14:30", "20:30"],
    ["regular", "1h", 7, "14:30", "20:30"],
    ["extended", "30m", 30, "09:00", "23:30"],
    ["extended", "1h", 15, "09:00", "23:00"],
    ["extended", "4h", 3, "09:00", "17:00"],
    ["always", "4h", 4, "08:00", "20:00"],
  ] as const)(
    "have bars in the session %s: of %s there are %i, from %s to %s",
    async (session, label, count, from, to) => {
      expect(await told(session, label)).toEqual([count, from, to]);
    },
  );
});

describe("an answer of Alpaca's history", () => {
  const asking = async (body: unknown, symbol = "SPY") => {
    const venueUrl = await answering({ "GET /v2/stocks/bars": { body } });
    const history = createAlpacaHistory({ credentials: CREDENTIALS, calendar: NYSE, venueUrl });
    return history.bars(symbol, size("1m"), OPEN + 10 * MINUTE, 3);
  };

  test.each([
    [{ bars: null, next_page_token: null }],
    [{ bars: {}, next_page_token: null }],
    [{ bars: { SPY: null } }],
  ])("without bars is an answer: %j", async (body) => {
    expect(await asking(body)).toEqual([]);
  });

  test.each([
    ["iex", "iex", "2024-03-04T14:39:59.999Z"],
    ["sip", "sip", "2024-03-04T14:39:59.999Z"],
    // Now is 14:45.
    ["delayed_sip", "sip", "2024-03-04T14:29:00.000Z"],
    ["test", null, "2024-03-04T14:39:59.999Z"],
  ] as const)(
    "of the stream %s is asked for as that of %s, no later than its plan allows",
    async (feed, wanted, end) => {
      const asked: string[] = [];
      const venueUrl = await answering({ "GET /v2/stocks/bars": { body: { bars: {} } } }, asked);
      const timers = { ...SYSTEM_TIMERS, now: () => OPEN + 15 * MINUTE };
      const history = createAlpacaHistory({ credentials: CREDENTIALS, calendar: NYSE, venueUrl, feed, timers });
      await history.bars("SPY", size("1m"), OPEN + 10 * MINUTE, 3);
      const query = new URL(asked[0]?.split(" ")[1] ?? "", venueUrl).searchParams;
      expect([query.get("feed"), query.get("end"), query.get("adjustment")]).toEqual([wanted, end, "split"]);
    },
  );

  test("may write numbers as it likes, and name more than was asked for", async () => {
    const time = new Date(OPEN).toISOString().replace(".000Z", ".000000000Z");
    const rest = `"t":"${time}","n":3,"vw":1.5E0,"unheard_of":{"a":[1]}`;
    const body = `{"bars":{"SPY":[{"o":1e0,"h":2.50,"l":5E-1,"c":1.25e+0,"v":9223372036854775808,${rest}}]},"next_page_token":null,"currency":"USD"}`;
    expect(await asking(body)).toEqual([{ start: OPEN, open: 1, high: 2.5, low: 0.5, close: 1.25, volume: 2 ** 63 }]);
  });
});
