import { describe, expect, it } from "vitest";
import { NYSE } from "../../engine/market/nyse.ts";
import {
  csvLoaders,
  haveSharedData,
  jsonMinuteBars,
  LEAN_REGULAR,
  leanCryptoMinuteBars,
  leanDailyBars,
  leanMinuteBars,
  leanMinuteDates,
  leanTicks,
  leanTrades,
  SHARED_DATA_MISSING,
} from "../support/reference-data.ts";

const at = (iso: string): number => Date.parse(iso);

describe.skipIf(!haveSharedData())(
  `readers of reference data (${haveSharedData() ? "found" : SHARED_DATA_MISSING})`,
  () => {
    it("place minute bars in New York time on both sides of a clock change", () => {
      for (const date of leanMinuteDates("shy")) {
        const session = NYSE.sessionOn(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`);
        expect(session).toBeDefined();
        if (session === undefined) return;
        const bars = leanMinuteBars("shy", date);
        const regular = bars.filter((bar) => bar.start >= session.open && bar.start < session.close);
        // Illiquid, but the opening minute trades and most volume lies in regular hours.
        expect(regular.length).toBeGreaterThan(100);
        expect(regular.length / bars.length).toBeGreaterThan(0.8);
        for (const bar of bars) {
          expect(bar.start).toBeGreaterThanOrEqual(session.extendedOpen);
          expect(bar.start).toBeLessThan(session.extendedClose);
          expect(bar.low).toBeLessThanOrEqual(Math.min(bar.open, bar.close));
          expect(bar.high).toBeGreaterThanOrEqual(Math.max(bar.open, bar.close));
        }
      }
    });

    it("read a full regular day of SPY and the split of AAPL", () => {
      const session = NYSE.sessionOn("2013-10-07");
      const spy = leanMinuteBars("spy", "20131007").filter(
        (bar) => bar.start >= (session?.open ?? 0) && bar.start < (session?.close ?? 0),
      );
      expect(spy).toHaveLength(390);
      expect(spy[0]?.start).toBe(at("2013-10-07T13:30Z"));
      expect(leanMinuteBars("aapl", "20140609")[0]).toMatchObject({ open: 645.57, low: 92.23 });
    });

    it("read daily bars, CSV files and crypto", () => {
      expect(leanDailyBars("spy")).toHaveLength(5_849);
      expect(leanDailyBars("spy")[0]).toEqual({
        start: at("1998-01-02T05:00Z"),
        open: 97.31,
        high: 97.53,
        low: 96.53,
        close: 97.36,
        volume: 2_150_000,
      });
      expect(csvLoaders.spyDaily2017()).toHaveLength(502);
      expect(csvLoaders.spyDaily2017()[0]?.start).toBe(at("2017-01-03T00:00Z"));
      expect(csvLoaders.spyDaily1999()).toHaveLength(5_241);
      expect(csvLoaders.spyDaily1999()[0]).toMatchObject({ open: 136.5, close: 135.5625, volume: 4_006_500 });
      expect(csvLoaders.btcDaily2017()).toHaveLength(1_246);
      expect(csvLoaders.sp500Daily()[0]?.close).toBe(1455.219971);
      expect(jsonMinuteBars("btc-usdt-1m-2021-02-19")).toHaveLength(10_080);
      const btc = leanCryptoMinuteBars("btcusd", "20170903");
      expect(btc[0]?.start).toBeGreaterThanOrEqual(at("2017-09-03T00:00Z"));
      expect(btc[0]?.close).toBeGreaterThan(1_000);
    });

    it("read ticks from which the minute bars can be built again", () => {
      const { trades, quotes } = leanTicks("ibm", "20131007");
      expect(trades.length).toBeGreaterThan(10_000);
      expect(quotes.length).toBeGreaterThan(50_000);
      expect(quotes.every((quote) => quote.bid > 0 || quote.ask > 0 || quote.bidSize + quote.askSize === 0)).toBe(true);
      const bars = new Map(leanMinuteBars("ibm", "20131007").map((bar) => [bar.start, bar]));
      const session = NYSE.sessionOn("2013-10-07");
      const closes = new Map<number, number>();
      for (const trade of leanTrades("ibm", "20131007")) {
        if ((trade.condition & LEAN_REGULAR) === 0 || trade.suspicious) continue;
        closes.set(Math.floor(trade.time / 60_000) * 60_000, trade.price);
      }
      let equal = 0;
      for (let start = session?.open ?? 0; start < (session?.close ?? 0); start += 60_000) {
        if (bars.get(start)?.close === closes.get(start)) equal++;
      }
      expect(equal).toBeGreaterThanOrEqual(387);
    });
  },
);
