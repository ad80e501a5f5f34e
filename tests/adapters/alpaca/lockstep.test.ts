/**
 * The same decisions over sockets and straight at the exchange give the same executions, at the same prices and times.
 */
import { afterEach, expect, test } from "vitest";
import { text } from "../../../engine/core/decimal.ts";
import type { BarInput, OrderRequest } from "../../../engine/core/event.ts";
import { parseBarSize } from "../../../engine/market/bar-size.ts";
import { MINUTE, minuteBars, stopVenues, testExchange, testVenue, until } from "../venue/support.ts";
import { BrokerRecorder, FeedRecorder, approved, mayLeave, brokerAt, feedAt, stopAdapters } from "./support.ts";

afterEach(async () => {
  await stopAdapters();
  await stopVenues();
});

/** A walk that goes up and down enough to hit limits, targets and stops. */
const TAPE = minuteBars(
  "SPY",
  Array.from({ length: 120 }, (_, n) => Math.round((500 + 8 * Math.sin(n / 4) + n / 20) * 100) / 100),
);

/** Some order at every third bar, of changing kinds. */
function decide(bar: BarInput, n: number): OrderRequest | undefined {
  const at = (offset: number): string => (Math.round((bar.close + offset) * 100) / 100).toFixed(2);
  const clientOrderId = `order-${n}`;
  if (n % 9 === 0) {
    const legs = { takeProfit: { limitPrice: at(2) }, stopLoss: { stopPrice: at(-2) } };
    return approved({ clientOrderId, qty: "3", orderClass: "bracket", ...legs });
  }
  if (n % 9 === 3) return approved({ clientOrderId, qty: "2", type: "limit", limitPrice: at(-0.5) });
  if (n % 9 === 6)
    return approved({ clientOrderId, qty: "1", type: "stop_limit", stopPrice: at(0.5), limitPrice: at(1) });
  return undefined;
}

function direct(): string[] {
  const exchange = testExchange();
  const fills: string[] = [];
  const drain = (): void => {
    for (const event of exchange.drain()) {
      if (!("execution" in event)) continue;
      const { qty, price, time } = event.execution;
      fills.push(`${event.order.side} ${text(qty)} @ ${text(price)} ${time}`);
    }
  };
  TAPE.forEach((bar, n) => {
    const end = bar.start + MINUTE;
    exchange.bar("SPY", parseBarSize("1m")!, bar, end);
    drain();
    const order = decide(bar, n);
    if (order !== undefined) exchange.submit(order, end);
    drain();
  });
  return fills;
}

test.each(["json", "msgpack"] as const)(
  "a run in lockstep over %s gives the executions of a direct run",
  async (format) => {
    const venue = await testVenue(TAPE, { limits: { requestsPerMinute: 10_000 } });
    const orders = new BrokerRecorder();
    const data = new FeedRecorder();
    const broker = brokerAt(venue, { submitConcurrency: 1, requestsPerMinute: 10_000 });
    await broker.start(orders);
    await feedAt(venue, { format }).start(data);
    // The end of a bracket's order comes with the update of its last execution.
    const updates = () => orders.of("order.update").filter(({ status }) => status !== "filled");
    const told = (): number => updates().length + orders.of("execution").length;
    const settled = (): Promise<void> => until("all trade updates", () => told() === venue.stats().tradeUpdates);
    let submitted = 0;
    for (let n = 0; await venue.advance(settled); n += 1) {
      const bar = await data.first("bar", n + 1);
      const order = decide(bar, n);
      if (order === undefined) continue;
      submitted += 1;
      broker.submit(approved(order), mayLeave);
      await until(
        "an answer",
        () => orders.of("order.accepted").length + orders.of("order.rejected").length === submitted,
      );
      await settled();
    }
    const fills = orders.of("execution").map((fill) => `${fill.side} ${fill.qty} @ ${fill.price} ${fill.time}`);
    const expected = direct();
    expect(expected.length).toBeGreaterThan(20);
    expect(fills).toEqual(expected);
  },
);
