/** What the simulated exchange does, as inputs of the core. */
import { describe, expect, it } from "vitest";
import { createSimBroker } from "../../../engine/adapters/sim/broker.ts";
import type { BarInput, BrokerInput } from "../../../engine/core/event.ts";
import { createExchange } from "../../../engine/exchange/exchange.ts";
import { noFees } from "../../../engine/exchange/fees.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";
import { instruments } from "../../e2e/support.ts";
import { openOf } from "../../support/core-driver.ts";
import { approved } from "../alpaca/support.ts";

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");

describe("a bracket at the simulated exchange", () => {
  it("tells that its stop is filled with what the target had left", () => {
    const exchange = createExchange({
      cash: "100000",
      multiplier: 1,
      shorting: false,
      instruments: instruments(["SPY"]),
      calendarOf,
      fees: noFees,
      slippageRatio: 0,
      volumeShare: 1,
      seed: "t",
    });
    const broker = createSimBroker(exchange);
    const bar = (i: number, open: number, high: number, low: number, volume: number): readonly BrokerInput[] => {
      const input: BarInput = {
        ...{ kind: "bar", symbol: "SPY", size: "1m", revised: false, start: OPEN + i * MINUTE, close: open },
        ...{ open, high, low, volume },
      };
      return broker.market(input, OPEN + (i + 1) * MINUTE);
    };
    bar(0, 100, 100, 100, 100);
    const legs = { takeProfit: { limitPrice: "105" }, stopLoss: { stopPrice: "95" } };
    const [told] = broker.submit(approved({ clientOrderId: "b", orderClass: "bracket", ...legs }), OPEN + MINUTE);
    const stop = told?.kind === "order.accepted" ? told.legs.find(({ role }) => role === "stop_loss") : undefined;
    bar(1, 100, 101, 99, 100);
    bar(2, 104, 106, 104, 6);
    const last = bar(3, 96, 96, 94, 100);
    const ofStop = last.filter((input) => "clientOrderId" in input && input.clientOrderId === stop?.clientOrderId);
    expect(ofStop).toMatchObject([
      { kind: "execution", qty: "4", cumulativeQty: "4" },
      { kind: "order.update", status: "filled" },
    ]);
  });
});
