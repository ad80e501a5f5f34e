import { afterEach, describe, expect, test } from "vitest";
import { askInstruments } from "../../../engine/adapters/alpaca/instruments.ts";
import { ApiError } from "../../../engine/adapters/alpaca/sdk.ts";
import type { TradingApis } from "../../../engine/adapters/alpaca/sdk.ts";
import type { InstrumentInput } from "../../../engine/core/event.ts";
import { stopVenues, testVenue } from "../venue/support.ts";
import { startedBroker, stopAdapters } from "./support.ts";

afterEach(async () => {
  await stopAdapters();
  await stopVenues();
});

const ASSET = { status: "active", tradable: true, shortable: false, fractionable: true, marginable: true };

/** Asks an Alpaca that answers so, and tells how often it was asked. */
async function asked(
  symbols: readonly string[],
  assets: Partial<Record<"getV2AssetsSymbolOrAssetId" | "getV2Assets", (request: never) => Promise<unknown>>>,
  allowed = true,
): Promise<readonly InstrumentInput[]> {
  const told: InstrumentInput[] = [];
  const apis = { assets } as unknown as TradingApis;
  await askInstruments(
    apis,
    symbols,
    () => Promise.resolve(allowed),
    (input) => told.push(input),
  );
  return told;
}

const refusal = (status: number): Error => Object.create(ApiError.prototype, { status: { value: status } }) as Error;

describe("what Alpaca says of symbols", () => {
  test("comes from a venue over the official SDK", async () => {
    const venue = await testVenue();
    const { broker, sink } = await startedBroker(venue);
    broker.instruments?.(["SPY", "NOPE"]);
    await sink.first("instrument", 2);
    const told = new Map(sink.of("instrument").map((input) => [input.symbol, input]));
    expect(told.get("SPY")).toMatchObject({ tradable: true, fractionable: true });
    expect(told.get("NOPE")).toMatchObject({ tradable: false, shortable: false });
  });

  test("is unknown when the answer fails or may not be asked for, and no when it is missing", async () => {
    const failing = (error: Error) => ({
      getV2AssetsSymbolOrAssetId: () => {
        throw error;
      },
    });
    expect(await asked(["SPY"], failing(new Error("socket")))).toEqual([]);
    expect(await asked(["SPY"], failing(refusal(500)))).toEqual([]);
    expect(await asked(["SPY"], {}, false)).toEqual([]);
    const missing = await asked(["SPY"], failing(refusal(404)));
    expect(missing).toMatchObject([{ symbol: "SPY", tradable: false }]);
  });

  test("is no where it is not plainly yes", async () => {
    const answering = (asset: object) => ({ getV2AssetsSymbolOrAssetId: () => Promise.resolve(asset) });
    expect(await asked(["SPY"], answering({ ...ASSET, status: "inactive" }))).toMatchObject([{ tradable: false }]);
    expect(await asked(["SPY"], answering({}))).toMatchObject([{ tradable: false, fractionable: false }]);
  });

  test("is no for a pair whose position Alpaca would show under another name", async () => {
    const answering = { getV2AssetsSymbolOrAssetId: () => Promise.resolve(ASSET) };
    const told = await asked(["ETH/BTC", "ETH/USDT", "ETH/USD"], answering);
    expect(told.map(({ symbol, tradable }) => [symbol, tradable])).toEqual([
      ["ETH/BTC", false],
      ["ETH/USDT", false],
      ["ETH/USD", true],
    ]);
  });

  test("is one list for many symbols, and what is not on it is not traded", async () => {
    const symbols = Array.from({ length: 21 }, (_, i) => `S${i}`);
    let times = 0;
    const told = await asked(symbols, {
      getV2Assets: () => {
        times++;
        return Promise.resolve(symbols.slice(1).map((symbol) => ({ ...ASSET, symbol })));
      },
    });
    expect(times).toBe(1);
    expect(told.map(({ tradable }) => tradable)).toEqual([false, ...Array.from({ length: 20 }, () => true)]);
  });
});
