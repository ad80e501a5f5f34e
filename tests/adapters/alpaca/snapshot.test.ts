import { afterEach, describe, expect, test } from "vitest";
import { tradingApis } from "../../../engine/adapters/alpaca/sdk.ts";
import { snapshot } from "../../../engine/adapters/alpaca/snapshot.ts";
import { answering, stopAnswering } from "./answers.ts";
import type { Answer } from "./answers.ts";
import { CREDENTIALS } from "./support.ts";

afterEach(stopAnswering);

const ACCOUNT = { id: "a", status: "ACTIVE", cash: "100", equity: "200", last_equity: "190", multiplier: "2" };

async function pictureOf(answers: Readonly<Record<string, Answer>>) {
  const baseUrl = await answering({
    "GET /v2/account": { body: ACCOUNT },
    "GET /v2/positions": { body: [] },
    "GET /v2/orders": { body: [] },
    ...answers,
  });
  const apis = tradingApis({ credentials: CREDENTIALS, baseUrl, timeoutMs: 1_000 });
  const { picture } = await snapshot(
    apis,
    false,
    () => Promise.resolve(true),
    (text) => text,
  );
  return picture;
}

const position = (symbol: string, asset_class: string, qty: string) => ({
  ...{ asset_id: "x", symbol, exchange: "", asset_class, qty, side: "long", avg_entry_price: "100.5" },
});

describe("a picture of the account", () => {
  test("has coins under the name of their pair, which Alpaca's positions leave the slash out of", async () => {
    const rows = [
      position("BTCUSD", "crypto", "0.09975"),
      position("USDTUSD", "crypto", "1"),
      position("ETH/USD", "crypto", "2"),
      // Not a coin: the letters alone say nothing.
      position("TUSD", "us_equity", "3"),
      position("BRK.B", "us_equity", "4"),
    ];
    const { positions } = await pictureOf({ "GET /v2/positions": { body: rows } });
    expect(positions.map(({ symbol, qty }) => `${qty} ${symbol}`)).toEqual([
      "0.09975 BTC/USD",
      "1 USDT/USD",
      "2 ETH/USD",
      "3 TUSD",
      "4 BRK.B",
    ]);
  });

  test("shows an order of several options, which has neither symbol nor side of its own, by its legs", async () => {
    const leg = (id: string, symbol: string, side: string) => ({
      ...{ id, client_order_id: `c-${id}`, symbol, side, qty: "3", filled_qty: "0", filled_avg_price: null },
      ...{
        type: "",
        order_type: "",
        order_class: "mleg",
        status: "new",
        time_in_force: "day",
        notional: null,
        legs: null,
      },
    });
    const order = {
      ...{ id: "m", client_order_id: "c-m", symbol: "", asset_class: "", asset_id: "", side: "", qty: "1" },
      ...{ filled_qty: "0", filled_avg_price: null, type: "limit", order_type: "limit", order_class: "mleg" },
      ...{ status: "new", time_in_force: "day", notional: null, limit_price: "-1.5" },
      legs: [leg("1", "AAPL241213C00250000", "buy"), leg("2", "AAPL241213C00260000", "sell")],
    };
    const { openOrders } = await pictureOf({ "GET /v2/orders": { body: [order] } });
    expect(openOrders.map((one) => `${one.brokerOrderId} ${one.side} ${one.qty} ${one.symbol} ${one.type}`)).toEqual([
      "1 buy 3 AAPL241213C00250000 limit",
      "2 sell 3 AAPL241213C00260000 limit",
    ]);
  });

  test("is refused when an order of one symbol lacks something", async () => {
    const order = { id: "m", client_order_id: "c", symbol: "SPY", side: "buy", qty: "1", status: "new", legs: null };
    await expect(pictureOf({ "GET /v2/orders": { body: [order] } })).rejects.toThrow(/incomplete order/);
  });

  test.each([401, 403])("says what to do when the keys are refused with %i", async (status) => {
    const refusal = { status, body: { message: "forbidden." } };
    await expect(pictureOf({ "GET /v2/positions": refusal })).rejects.toMatchObject({ code: "auth" });
  });
});
