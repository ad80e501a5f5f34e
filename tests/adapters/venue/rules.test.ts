/**
 * The rules and error bodies of Alpaca's order API, asked over HTTP: what is refused, with which status, code and words.
 */
import { afterEach, describe, expect, test } from "vitest";
import type { Venue } from "../../../engine/adapters/venue/options.ts";
import { CLOSE, MINUTE, OPEN, body, call, json, minuteBars, place, stopVenues, testVenue } from "./support.ts";

afterEach(stopVenues);

async function opened(tape = minuteBars("SPY", [500, 500, 500])): Promise<Venue> {
  const venue = await testVenue(tape);
  await venue.advance();
  return venue;
}

async function refusal(venue: Venue, order: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const answer = await place(venue, order);
  return { status: answer.status, ...(await body(answer)) };
}

const TARGET = { take_profit: { limit_price: "520" } };
const STOP = { stop_loss: { stop_price: "480" } };

describe("a refused order", () => {
  test("with a client id that was used says so, also when that order is long canceled", async () => {
    const venue = await opened();
    const first = await body(await place(venue, { type: "limit", limit_price: "400", client_order_id: "once" }));
    await call(venue, `/v2/orders/${first.id}`, { method: "DELETE" });
    const again = await refusal(venue, { client_order_id: "once" });
    expect(again).toEqual({ status: 422, code: 40010001, message: "client_order_id must be unique" });
  });

  test("of a wash trade names the order that stands in its way", async () => {
    const venue = await opened();
    await place(venue, {});
    await venue.advance();
    const sale = await body(await place(venue, { side: "sell", type: "limit", limit_price: "510", qty: "1" }));
    expect(await refusal(venue, { type: "limit", limit_price: "511" })).toEqual({
      status: 403,
      code: 40310000,
      message: "potential wash trade detected. use complex orders",
      existing_order_id: sale.id,
      reject_reason: "opposite side limit order exists",
    });
    expect((await place(venue, { type: "limit", limit_price: "509" })).status).toBe(200);
    // Orders with exits of their own are exempt.
    expect((await place(venue, { order_class: "oto", ...STOP, qty: "1" })).status).toBe(200);
  });

  test("for more shares than there are says what is there and what is held", async () => {
    const venue = await opened();
    await place(venue, { qty: "10" });
    await venue.advance();
    await place(venue, { side: "sell", type: "limit", limit_price: "510", qty: "4" });
    expect(await refusal(venue, { side: "sell", type: "limit", limit_price: "511", qty: "7" })).toEqual({
      status: 403,
      code: 40310000,
      message: "insufficient qty available for order (requested: 7, available: 6)",
      available: "6",
      existing_qty: "10",
      held_for_orders: "4",
      symbol: "SPY",
    });
    expect(await json(venue, "/v2/positions/SPY")).toMatchObject({ qty: "10", qty_available: "6" });
  });

  test("for more money than there is says what there is", async () => {
    const venue = await opened();
    expect(await refusal(venue, { qty: "1000" })).toEqual({
      status: 403,
      code: 40310000,
      message: "insufficient buying power",
      buying_power: "200000",
      cost_basis: "500000",
    });
  });

  test("with a stop on the wrong side of the price tells that price", async () => {
    const venue = await opened();
    const stop = { stop_loss: { stop_price: "500" } };
    expect(await refusal(venue, { order_class: "bracket", ...TARGET, ...stop })).toMatchObject({
      status: 422,
      code: 42210000,
      base_price: "500",
    });
  });

  test.each([
    ["a price below a cent", { type: "limit", limit_price: "290.123" }, /^invalid limit_price 290.123. sub-penny/],
    ["a negative quantity", { qty: "-1" }, /invalid qty/],
    ["a quantity in scientific notation", { qty: "1e3" }, /invalid qty/],
    ["a fraction that is good till canceled", { qty: "0.5", time_in_force: "gtc" }, /fractional orders must be DAY/],
    ["a fraction with exits", { qty: "1.5", order_class: "oto", ...STOP }, /fractional orders must be simple/],
    ["a trailing fraction", { qty: "1.5", type: "trailing_stop", trail_price: "1" }, /fractional orders cannot be/],
    [
      "a limit on an amount",
      { qty: undefined, notional: "5", type: "limit", limit_price: "9" },
      /must be market orders/,
    ],
    ["an amount and a quantity", { notional: "5" }, /only one of qty or notional/],
    ["a stop that is immediate or cancel", { type: "stop", stop_price: "510", time_in_force: "ioc" }, /must be market/],
    ["a market order in extended hours", { extended_hours: true }, /extended hours order must be DAY or GTC limit/],
    ["a trailing stop with both trails", { type: "trailing_stop", trail_price: "1", trail_percent: "1" }, /one of/],
    ["a bracket without a target", { order_class: "bracket", ...STOP }, /take_profit.limit_price/],
    ["a bracket without a stop", { order_class: "bracket", ...TARGET }, /stop_loss.stop_price/],
    ["an oto with two exits", { order_class: "oto", ...TARGET, ...STOP }, /exactly one/],
    ["an oco that opens", { order_class: "oco", type: "limit", ...TARGET, ...STOP }, /exit orders|take_profit/],
    [
      "an oco that is no limit",
      { order_class: "oco", ...TARGET, ...STOP },
      /oco orders must be limit orders|require no limit price/,
    ],
    ["exits in extended hours", { order_class: "bracket", extended_hours: true, ...TARGET, ...STOP }, /extended hours/],
    ["exits on a simple order", { ...TARGET }, /simple orders require no take_profit/],
    ["a coin for the day", { symbol: "BTC/USD" }, /invalid crypto time_in_force/],
    ["a stop in a coin", { symbol: "BTC/USD", time_in_force: "gtc", type: "stop", stop_price: "1" }, /order type stop/],
    ["several legs", { order_class: "mleg" }, /mleg orders are not supported/],
  ])("for %s says why with 422", async (_what, order, message) => {
    const found = await refusal(await opened(), order);
    expect(found).toMatchObject({ status: 422, code: 42210000, message: expect.stringMatching(message) });
  });

  test("of an amount below a dollar is 403", async () => {
    const found = await refusal(await opened(), { qty: undefined, notional: "0.99" });
    expect(found).toMatchObject({ status: 403, message: "cost basis must be >= minimal amount of order 1" });
  });
});

describe("auction orders", () => {
  test.each([
    ["opg", "just before 09:28", OPEN - 2 * MINUTE - 1, 200],
    ["opg", "at 09:28", OPEN - 2 * MINUTE, 422],
    ["opg", "in the session", OPEN + MINUTE, 422],
    ["opg", "at 19:00", OPEN + 9.5 * 3_600_000, 200],
    ["cls", "just before 15:50", CLOSE - 10 * MINUTE - 1, 200],
    ["cls", "at 15:50", CLOSE - 10 * MINUTE, 422],
    ["cls", "at 19:00", OPEN + 9.5 * 3_600_000, 200],
  ])("(%s) sent %s: %i gives %i", async (time_in_force, _when, startAt, status) => {
    const before = minuteBars("SPY", [500], OPEN - 60 * MINUTE);
    const venue = await testVenue(before, { startAt: OPEN - 60 * MINUTE });
    await venue.advance();
    const later = await testVenue(minuteBars("SPY", [500], startAt - MINUTE), { startAt: startAt - MINUTE });
    await later.advance();
    expect((await place(later, { time_in_force })).status).toBe(status);
  });
});

describe("a replacement", () => {
  const patch = (venue: Venue, id: string, change: unknown) =>
    call(venue, `/v2/orders/${id}`, { method: "PATCH", body: JSON.stringify(change) });

  test("has an id of its own, links both ways and may bring a client id", async () => {
    const venue = await opened();
    const old = await body(await place(venue, { type: "limit", limit_price: "400" }));
    const next = await body(await patch(venue, old.id, { qty: "5", limit_price: "401", client_order_id: "second" }));
    expect(next).toMatchObject({ qty: "5", limit_price: "401", client_order_id: "second", replaces: old.id });
    expect(await json(venue, `/v2/orders/${old.id}`)).toMatchObject({ status: "replaced", replaced_by: next.id });
    expect(await body(await patch(venue, next.id, { client_order_id: "second" }))).toMatchObject({ code: 40010001 });
    expect((await patch(venue, old.id, { qty: "6" })).status).toBe(422);
  });

  test.each([
    ["a part of a share", { type: "limit", limit_price: "400" }, { qty: "1.5" }, /qty must be whole/],
    ["an order by amount", { qty: undefined, notional: "50" }, { limit_price: "5" }, /notional orders cannot/],
    ["the size of a fraction", { qty: "1.5", type: "limit", limit_price: "400" }, { qty: "2" }, /fractional qty/],
    ["an amount", { type: "limit", limit_price: "400" }, { notional: "50" }, /notional orders cannot/],
    ["the entry of an oto", { order_class: "oto", type: "limit", limit_price: "490", ...STOP }, { qty: "5" }, /oto/],
  ])("of %s is refused", async (_what, order, change, message) => {
    const venue = await opened();
    const old = await body(await place(venue, order));
    const answer = await patch(venue, old.id, change);
    expect(answer.status).toBe(422);
    expect((await body(answer)).message).toMatch(message);
  });

  test("is refused while the order waits for its session, and moves the exits of a bracket", async () => {
    const venue = await testVenue([...minuteBars("SPY", [500], OPEN - 60 * MINUTE), ...minuteBars("SPY", [500, 500])], {
      startAt: OPEN - 60 * MINUTE,
    });
    await venue.advance();
    const queued = await body(await place(venue, { type: "limit", limit_price: "400" }));
    expect(queued.status).toBe("accepted");
    expect((await patch(venue, queued.id, { limit_price: "401" })).status).toBe(422);
    await venue.advance();
    const bracket = await body(await place(venue, { order_class: "bracket", ...TARGET, ...STOP }));
    await venue.advance();
    const [target, stop] = bracket.legs;
    const nearer = await body(await patch(venue, target.id, { limit_price: "515" }));
    expect(nearer).toMatchObject({ limit_price: "515", replaces: target.id });
    expect((await patch(venue, stop.id, { stop_price: "516" })).status).toBe(422);
    expect(await body(await patch(venue, stop.id, { stop_price: "485" }))).toMatchObject({ stop_price: "485" });
    expect((await json(venue, `/v2/orders/${bracket.id}?nested=true`)).legs.map((leg: any) => leg.status)).toEqual([
      "new",
      "new",
    ]);
  });
});

describe("the life of an order", () => {
  test("that is good till canceled ends after ninety days", async () => {
    const venue = await opened();
    const order = await body(await place(venue, { type: "limit", limit_price: "400", time_in_force: "gtc" }));
    const days = (Date.parse(order.expires_at) - Date.parse(order.submitted_at)) / 86_400_000;
    expect(days).toBe(90);
  });

  test("sent outside its session waits as accepted; a limit for extended hours does not", async () => {
    const early = { startAt: OPEN - 60 * MINUTE };
    const venue = await testVenue(
      [...minuteBars("SPY", [500, 500], OPEN - 60 * MINUTE), ...minuteBars("SPY", [500])],
      early,
    );
    await venue.advance();
    expect(await body(await place(venue, {}))).toMatchObject({ status: "accepted" });
    const limit = { type: "limit", limit_price: "501", extended_hours: true, client_order_id: "early" };
    expect(await body(await place(venue, limit))).toMatchObject({ status: "pending_new", extended_hours: true });
    await venue.advance();
    expect(await json(venue, "/v2/orders:by_client_order_id?client_order_id=early")).toMatchObject({
      status: "filled",
    });
  });

  test("is in the list by time, in pages without gaps or repeats", async () => {
    const venue = await opened();
    for (let n = 0; n < 7; n += 1) await place(venue, { type: "limit", limit_price: "400", client_order_id: `o${n}` });
    const seen: string[] = [];
    let last = "";
    for (;;) {
      const after = last === "" ? "" : `&after_order_id=${last}`;
      const page = await json(venue, `/v2/orders?status=all&direction=asc&limit=3${after}`);
      if (page.length === 0) break;
      seen.push(...page.map((order: any) => order.client_order_id));
      last = page.at(-1).id;
    }
    expect(seen).toEqual(["o0", "o1", "o2", "o3", "o4", "o5", "o6"]);
    const [first] = await json(venue, "/v2/orders?status=all&limit=1");
    expect(first.client_order_id).toBe("o6");
    // Both bounds leave out their own instant.
    expect(await json(venue, `/v2/orders?status=all&after=${first.submitted_at}`)).toEqual([]);
    expect(await json(venue, `/v2/orders?status=all&until=${first.submitted_at}`)).toEqual([]);
    expect(await json(venue, "/v2/orders?status=all&asset_class=crypto")).toEqual([]);
  });

  test("leaves activities that are read in pages, each once; an unknown page is refused", async () => {
    const venue = await opened();
    for (const qty of ["1", "2", "3"]) await place(venue, { qty });
    await venue.advance();
    const seen: string[] = [];
    let token = "";
    for (;;) {
      const after = token === "" ? "" : `&page_token=${encodeURIComponent(token)}`;
      const page = await json(venue, `/v2/account/activities?direction=asc&page_size=2${after}`);
      if (page.length === 0) break;
      seen.push(...page.map((fill: any) => fill.qty));
      token = page.at(-1).id;
    }
    expect(seen).toEqual(["1", "2", "3"]);
    expect((await call(venue, "/v2/account/activities?page_token=20240304::nothing")).status).toBe(422);
    expect((await call(venue, "/v2/account/activities?activity_types=FILL&category=trade_activity")).status).toBe(422);
  });
});
