/**
 * Account, activities, positions, assets, clock and calendar.
 *
 * Owns: these routes. May not: hold state; the exchange and the desk do.
 */
import { Decimal, text } from "../../core/decimal.ts";
import type { ExchangePosition, ExchangeResult, ExchangeOrder } from "../../exchange/types.ts";
import type { Desk } from "./desk.ts";
import { cancelAll, isOpen } from "./order-routes.ts";
import { errorReply, fail, refusalReply } from "./reply.ts";
import type { Reply, Route, VenueRequest } from "./reply.ts";
import { isDate, localDate, nextDate, parseTime, wireTime } from "./times.ts";
import { accountJson, assetJson, configurationsJson, positionJson } from "./wire-account.ts";
import { calendarJson, clockJson, legacyCalendarJson, legacyClockJson } from "./wire-calendar.ts";
import { uuidOf } from "./wire-order.ts";

const US_MARKETS = ["NYSE", "NASDAQ", "IEX", "XNYS", "XNAS", "IEXG", "OTC"];

export function accountRoutes(desk: Desk): Route[] {
  const get = (path: RegExp, handle: Route["handle"]): Route => ({ method: "GET", path, lane: "trading", handle });
  const ok = (body: unknown): Reply => ({ status: 200, body });
  return [
    get(/^\/v2\/account$/, () => {
      const date = localDate(desk.calendar, desk.now());
      return ok(accountJson(desk.exchange.account(), desk.keyId, wireTime(desk.startedAt), date));
    }),
    get(/^\/v2\/account\/configurations$/, () => ok(configurationsJson(desk.exchange.account()))),
    get(/^\/v2\/account\/activities$/, (request) => {
      const types = request.query.get("activity_types");
      const category = request.query.get("category");
      const fills = (types === null || types.split(",").includes("FILL")) && category !== "non_trade_activity";
      return fills ? activities(desk, request) : ok([]);
    }),
    get(/^\/v2\/account\/activities\/([A-Z]{2,8})$/, (request) =>
      request.params[0] === "FILL" ? activities(desk, request) : ok([]),
    ),
    get(/^\/v2\/assets$/, (request) => assets(desk, request)),
    get(/^\/v2\/assets\/([^/]+(?:\/[^/]+)?)$/, (request) => asset(desk, request)),
    get(/^\/v2\/clock$/, () => ok(legacyClockJson(desk.calendar, desk.now()))),
    get(/^\/v3\/clock$/, (request) => {
      const markets = (request.query.get("markets") ?? "NYSE").split(",");
      const unknown = markets.find((market) => !US_MARKETS.includes(market));
      if (unknown !== undefined) return errorReply(400, 40010000, `unknown market: ${unknown}`);
      const time = request.query.get("time");
      const at = time === null ? desk.now() : (parseTime(time, desk.calendar) ?? fail(400, 40010000, "invalid time"));
      return ok(clockJson(desk.calendar, at, markets));
    }),
    get(/^\/v2\/calendar$/, (request) => ok(legacyCalendarJson(desk.calendar, ...datesOf(desk, request)))),
    get(/^\/v3\/calendar\/([A-Z]{3,8})$/, (request) => {
      const market = request.params[0] ?? "";
      if (!US_MARKETS.includes(market)) return errorReply(400, 40010000, `unknown market: ${market}`);
      return ok(calendarJson(desk.calendar, market, ...datesOf(desk, request)));
    }),
    ...positionRoutes(desk),
  ];
}

/** Without dates: the week from the venue's today. At most ten years, so that an answer stays bounded. */
function datesOf(desk: Desk, request: VenueRequest): [string, string] {
  const start = request.query.get("start") ?? localDate(desk.calendar, desk.now());
  const from = isDate(start) ? start : start.slice(0, 10);
  const end = request.query.get("end") ?? nextDate(from, 7);
  const until = isDate(end) ? end : end.slice(0, 10);
  if (!isDate(from) || !isDate(until)) return fail(400, 40010000, "invalid date, expected YYYY-MM-DD");
  const last = nextDate(from, 3_660);
  return [from, until < last ? until : last];
}

function activities(desk: Desk, request: VenueRequest): Reply {
  const { query } = request;
  const size = Number(query.get("page_size") ?? "100");
  if (!Number.isInteger(size) || size < 1 || size > 100) return fail(422, 42210000, "invalid page_size");
  const bound = (field: string, otherwise: number): number => {
    const source = query.get(field);
    if (source === null || source === "") return otherwise;
    return parseTime(source, desk.calendar) ?? fail(422, 42210000, `invalid ${field}`);
  };
  const after = bound("after", Number.NEGATIVE_INFINITY);
  const until = bound("until", Number.POSITIVE_INFINITY);
  const date = query.get("date");
  const orderId = query.get("order_id");
  let rows = desk.activities.filter(
    (row) =>
      row.time > after &&
      row.time < until &&
      (date === null || localDate(desk.calendar, row.time) === date) &&
      (orderId === null || row.json["order_id"] === orderId),
  );
  if (query.get("direction") !== "asc") rows = rows.reverse();
  const token = query.get("page_token");
  if (token !== null && token !== "") rows = rows.slice(rows.findIndex((row) => row.json["id"] === token) + 1);
  return { status: 200, body: rows.slice(0, size).map((row) => row.json) };
}

function assets(desk: Desk, request: VenueRequest): Reply {
  const assetClass = request.query.get("asset_class");
  const status = request.query.get("status");
  if (status !== null && status !== "active" && status !== "all") return { status: 200, body: [] };
  const found = [...desk.instruments.values()].filter(
    (instrument) => assetClass === null || instrument.assetClass === assetClass,
  );
  return { status: 200, body: found.map(assetJson) };
}

function asset(desk: Desk, request: VenueRequest): Reply {
  const name = request.params[0] ?? "";
  for (const instrument of desk.instruments.values()) {
    if (instrument.symbol === name || uuidOf(`asset:${instrument.symbol}`) === name) {
      return { status: 200, body: assetJson(instrument) };
    }
  }
  return errorReply(404, 40410000, `asset not found for ${name}`);
}

function positionRoutes(desk: Desk): Route[] {
  const one = /^\/v2\/positions\/([^/]+(?:\/[^/]+)?)$/;
  const json = (position: ExchangePosition): unknown => positionJson(position, desk.instruments.get(position.symbol));
  return [
    {
      method: "GET",
      path: /^\/v2\/positions$/,
      lane: "trading",
      handle: () => ({ status: 200, body: held(desk).map(json) }),
    },
    { method: "DELETE", path: /^\/v2\/positions$/, lane: "trading", handle: (request) => closeAll(desk, request) },
    {
      method: "GET",
      path: one,
      lane: "trading",
      handle: (request) => ({ status: 200, body: json(position(desk, request)) }),
    },
    { method: "DELETE", path: one, lane: "trading", handle: (request) => close(desk, request) },
  ];
}

function held(desk: Desk): ExchangePosition[] {
  return desk.exchange.positions().filter((position) => !position.qty.isZero());
}

function position(desk: Desk, request: VenueRequest): ExchangePosition {
  const name = request.params[0] ?? "";
  const found = held(desk).find(({ symbol }) => symbol === name || uuidOf(`asset:${symbol}`) === name);
  return found ?? fail(404, 40410000, "position does not exist");
}

function sell(desk: Desk, target: ExchangePosition, qty: Decimal): ExchangeResult<ExchangeOrder> {
  return desk.exchange.submit(
    {
      clientOrderId: desk.nextClientId(),
      symbol: target.symbol,
      side: target.qty.isNegative() ? "buy" : "sell",
      qty: text(qty),
      type: "market",
      timeInForce: "day",
      extendedHours: false,
      orderClass: "simple",
    },
    desk.now(),
  );
}

function close(desk: Desk, request: VenueRequest): Reply {
  const target = position(desk, request);
  const result = sell(desk, target, share(target, request.query));
  desk.flush();
  return result.ok ? { status: 200, body: desk.writer.order(result.value, true) } : refusalReply(result.refusal);
}

function share(target: ExchangePosition, query: URLSearchParams): Decimal {
  const whole = target.qty.abs();
  const qty = query.get("qty");
  const percentage = query.get("percentage");
  if (qty !== null && percentage !== null) return fail(422, 42210000, "only one of qty or percentage is accepted");
  const source = new Decimal(qty ?? percentage ?? "NaN");
  if (qty === null && percentage === null) return whole;
  if (!source.isFinite() || !source.isPositive() || source.isZero()) return fail(422, 42210000, "invalid qty");
  if (qty !== null) return source;
  if (source.isGreaterThan(100)) return fail(422, 42210000, "percentage must be between 0 and 100");
  return whole.times(source).dividedBy(100).decimalPlaces(9, Decimal.ROUND_DOWN);
}

function closeAll(desk: Desk, request: VenueRequest): Reply {
  if (request.query.get("cancel_orders") === "true") cancelAll(desk);
  const body = held(desk).map((target) => {
    const result = sell(desk, target, target.qty.abs());
    return result.ok
      ? { symbol: target.symbol, status: 200, body: desk.writer.order(result.value, isOpen(result.value)) }
      : { symbol: target.symbol, status: result.refusal.status, body: refusalReply(result.refusal).body };
  });
  desk.flush();
  return { status: 207, body };
}
