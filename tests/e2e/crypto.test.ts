import { describe, expect, it } from "vitest";
import { createSimBroker } from "../../engine/adapters/sim/broker.ts";
import type { BarInput, Output } from "../../engine/core/event.ts";
import { createExchange } from "../../engine/exchange/exchange.ts";
import { noFees } from "../../engine/exchange/fees.ts";
import { compile } from "../../engine/lang/compile.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { backtest } from "../../engine/runtime/backtest.ts";

const MINUTE = 60_000;
/** A Saturday: pairs trade around the clock. */
const START = Date.parse("2024-03-02T22:00:00Z");

const STRATEGY = `barwise: 1
name: coins
symbols: [BTC/USD]
on: 1m
session: always
rules:
  - name: enter
    when: close > 105
    then: {buy: {size: {qty: 0.5}, fractional: true}}
  - name: leave
    when: close < 95
    then: {close: {}}
`;

describe("a strategy on a pair", () => {
  it("trades fractions at the weekend across midnight, and its day orders live until they are cancelled", async () => {
    const { program, diagnostics } = compile({ "coins.strategy.yaml": STRATEGY });
    if (program === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
    const closes = [...Array<number>(60).fill(100), ...Array<number>(100).fill(110), ...Array<number>(60).fill(90)];
    const items = closes.map((close, i): BarInput => ({
      kind: "bar",
      symbol: "BTC/USD",
      size: "1m",
      revised: false,
      start: START + i * MINUTE,
      open: close,
      high: close,
      low: close,
      close,
      volume: 5,
    }));
    const exchange = createExchange({
      cash: "1000",
      multiplier: 1,
      shorting: false,
      instruments: [
        {
          symbol: "BTC/USD",
          name: "Bitcoin",
          assetClass: "crypto",
          tradable: true,
          shortable: false,
          fractionable: true,
        },
      ],
      calendarOf,
      fees: noFees,
      slippageRatio: 0,
      seed: "t",
    });
    const outputs: Output[] = [];
    const fills: string[] = [];
    await backtest({
      program,
      sources: {},
      items,
      broker: createSimBroker(exchange),
      calendarOf,
      account: "t",
      journalId: "t",
      confirm: { mode: "full" },
      observe: (input, answers) => {
        outputs.push(...answers);
        if (input.kind === "execution") fills.push(`${input.side} ${input.qty} @ ${input.price}`);
      },
    });
    expect(fills).toEqual(["buy 0.5 @ 110", "sell 0.5 @ 90"]);
    expect(outputs.flatMap((output) => (output.kind === "submit" ? [output.order.timeInForce] : []))).toEqual([
      "gtc",
      "gtc",
    ]);
    expect(outputs.filter(({ kind }) => kind === "refused")).toEqual([]);
  });
});
