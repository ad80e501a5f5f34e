/** Every event that Alpaca's stream of trade updates names, and what the core hears of it. */
import { afterEach, expect, test } from "vitest";
import { stopVenues, testVenue } from "../venue/support.ts";
import { approved, mayLeave, startedBroker, stopAdapters } from "./support.ts";

afterEach(async () => {
  await stopAdapters();
  await stopVenues();
});

const RECONCILE = "broker connected";
const EVENTS: readonly (readonly [event: string, order: object, told: readonly string[]])[] = [
  ["accepted", {}, ["new"]],
  ["pending_new", {}, ["new"]],
  ["new", {}, ["new"]],
  ["held", {}, ["held"]],
  ["done_for_day", {}, ["done_for_day"]],
  ["done_for_day", { filled_qty: "4", filled_avg_price: "500.25" }, ["buy 4 @ 500.25", "done_for_day"]],
  ["suspended", {}, ["suspended"]],
  ["pending_cancel", {}, ["pending_cancel"]],
  ["canceled", {}, ["canceled"]],
  ["expired", { filled_qty: "4", filled_avg_price: "500.25" }, ["buy 4 @ 500.25", "expired"]],
  ["replaced", {}, ["replaced"]],
  ["rejected", {}, ["rejected"]],
  ["order_cancel_rejected", {}, ["cancel.rejected"]],
  ["order_replace_rejected", {}, []],
  ["pending_replace", {}, []],
  ["stopped", {}, []],
  ["calculated", {}, []],
  ["trade_bust", {}, [RECONCILE]],
  ["trade_correct", {}, [RECONCILE]],
  ["restated", {}, [RECONCILE]],
  ["named_next_year", {}, []],
];

test.each(EVENTS.flatMap((row) => [[...row, "binary"] as const, [...row, "text"] as const]))(
  "%s of %j is told as %j in %s frames",
  async (event, over, told, tradingFrames) => {
    const venue = await testVenue(undefined, { tradingFrames });
    const { broker, sink } = await startedBroker(venue);
    await venue.advance();
    broker.submit(approved({ clientOrderId: "a", type: "limit", limitPrice: "400" }), mayLeave);
    const { brokerOrderId } = await sink.first("order.accepted");
    await sink.first("order.update");
    const before = sink.inputs.length;
    const update = (name: string, status: string, more: object): void => {
      const order = {
        ...{ id: brokerOrderId, client_order_id: "a", symbol: "SPY", side: "buy", type: "limit", time_in_force: "gtc" },
        ...{ qty: "10", filled_qty: "0", status, ...more },
      };
      const text = JSON.stringify({ stream: "trade_updates", data: { event: name, timestamp: null, order, x: {} } });
      venue.faults.sendRaw("trading", tradingFrames === "binary" ? Buffer.from(text) : text);
    };
    update(event, event, over);
    // An update without an order, which makes the broker ask, ends what is waited for.
    venue.faults.sendRaw(
      "trading",
      JSON.stringify({ stream: "trade_updates", data: { event: "trade_bust", order: null } }),
    );
    await sink.first("broker", told.includes(RECONCILE) ? 3 : 2);
    const inputs = sink.inputs.slice(before, -1).map((input) => {
      if (input.kind === "order.update") return input.status;
      if (input.kind === "execution") return `${input.side} ${input.qty} @ ${input.price}`;
      return input.kind === "broker" ? `broker ${input.status}` : input.kind;
    });
    expect(inputs).toEqual(told);
  },
);
