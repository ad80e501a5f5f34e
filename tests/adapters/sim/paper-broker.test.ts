/** Paper trading on any feed. */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createSimBroker } from "../../../engine/adapters/sim/broker.ts";
import { PaperBroker } from "../../../engine/adapters/sim/paper-broker.ts";
import type { BrokerInput } from "../../../engine/core/event.ts";
import type { Feed, FeedSink } from "../../../engine/ports/feed.ts";
import { newExchange } from "../../e2e/support.ts";
import { openOf } from "../../support/core-driver.ts";
import { approved, mayLeave } from "../alpaca/support.ts";

const OPEN = openOf("2024-03-05");

function paper(): { readonly broker: PaperBroker; readonly told: BrokerInput[] } {
  const broker = new PaperBroker(createSimBroker(newExchange(["SPY"])), (input) =>
    input.kind === "trade" ? input.time : undefined,
  );
  const told: BrokerInput[] = [];
  void broker.start({ broker: (input) => told.push(input) });
  return { broker, told };
}

async function watched(broker: PaperBroker, delayMs: number): Promise<{ readonly feed: Feed; trade(): void }> {
  let sink: FeedSink | undefined;
  const feed = broker.watching({
    name: "own",
    delayMs,
    start: (given) => {
      sink = given;
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  });
  await feed.start({ market: () => {}, refused: () => {} });
  const trade = { kind: "trade", symbol: "SPY", time: OPEN, price: 100, size: 10, setsPrice: true } as const;
  return { feed, trade: () => sink?.market(trade) };
}

describe("a paper broker", () => {
  it("does not take an order that must not leave any more when its turn comes", async () => {
    const { broker, told } = paper();
    (await watched(broker, 0)).trade();
    const held: { why?: string } = {};
    broker.submit(approved({ clientOrderId: "held", qty: "1" }), () => held.why);
    held.why = "trading is HALTED";
    broker.lookup("held");
    await turn();
    await turn();
    expect(told).toMatchObject([
      { kind: "order.rejected", clientOrderId: "held", code: "not_sent", reason: "trading is HALTED" },
      { kind: "order.rejected", clientOrderId: "held", code: "not_found" },
    ]);
    broker.submit(approved({ clientOrderId: "goes", qty: "1" }), mayLeave);
    await turn();
    await turn();
    expect(told[2]).toMatchObject({ kind: "order.accepted", clientOrderId: "goes" });
  });

  it("keeps how late the data of its feed is by nature: that is not lag", async () => {
    expect((await watched(paper().broker, 900_000)).feed.delayMs).toBe(900_000);
  });
});
