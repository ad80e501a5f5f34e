/**
 * Account, its settings and history, activities, assets, clock and calendar.
 *
 * Owns: these routes. May not: hold state; the exchange and the desk do.
 */
import type { Desk } from "./desk.ts";
import { portfolioHistory } from "./portfolio-history.ts";
import { errorReply, fail } from "./reply.ts";
import type { Reply, Route, VenueRequest } from "./reply.ts";
import { isDate, localDate, nextDate, parseTime, wireTime } from "./times.ts";
import { accountJson, assetJson, exchangeOf } from "./wire-account.ts";
import { calendarJson, clockJson, legacyCalendarJson, legacyClockJson } from "./wire-calendar.ts";
import { isNamed } from "./wire-order.ts";

const US_MARKETS = ["NYSE", "NASDAQ", "IEX", "XNYS", "XNAS", "IEXG", "OTC"];

export function accountRoutes(desk: Desk): Route[] {
  const get = (path: RegExp, handle: Route["handle"]): Route => ({ method: "GET", path, lane: "trading", handle });
  const ok = (body: unknown): Reply => ({ status: 200, body });
  return [
    get(/^\/v2\/account$/, () => {
      const date = localDate(desk.calendar, desk.now());
      const names = { keyId: desk.keyId, createdAt: wireTime(desk.startedAt), balanceDate: date };
      return ok(accountJson(desk.exchange.account(), desk.preferences.settings, names));
    }),
    get(/^\/v2\/account\/configurations$/, () => ok(desk.preferences.settings)),
    {
      method: "PATCH",
      path: /^\/v2\/account\/configurations$/,
      lane: "trading",
      handle: ({ body }) => ok(desk.preferences.change(body)),
    },
    get(/^\/v2\/account\/portfolio\/history$/, ({ query }) =>
      ok(portfolioHistory(desk.equity, desk.calendar, query, { startedAt: desk.startedAt, now: desk.now() })),
    ),
    get(/^\/v2\/account\/activities$/, (request) => {
      const types = request.query.get("activity_types");
      const category = request.query.get("category");
      if (types !== null && category !== null) {
        return errorReply(422, 42210000, "only one of activity_types and category is accepted");
      }
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
    get(/^\/v2\/calendar$/, ({ query }) => ok(legacyCalendar(desk, query))),
    get(/^\/v3\/calendar\/([A-Z]{3,8})$/, (request) => {
      const market = request.params[0] ?? "";
      if (!US_MARKETS.includes(market)) return errorReply(400, 40010000, `unknown market: ${market}`);
      const timezone = request.query.get("timezone") || null;
      if (timezone !== null && timezone !== "UTC") return errorReply(400, 40010000, `invalid timezone: ${timezone}`);
      return ok(calendarJson(desk.calendar, market, timezone === "UTC", ...datesOf(desk, request)));
    }),
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

/** Dates of trading, or of settlement, from the first to the last; without dates everything that the calendar has. */
function legacyCalendar(desk: Desk, query: URLSearchParams): unknown {
  const { calendar } = desk;
  const type = query.get("date_type") || "TRADING";
  if (type !== "TRADING" && type !== "SETTLEMENT") return fail(400, 40010000, `invalid date_type: ${type}`);
  const [from, until] = [calendar.from, calendar.until - 1].map((time) => localDate(calendar, time));
  const bound = (field: string, otherwise = ""): string => {
    const date = (query.get(field) || otherwise).slice(0, 10);
    return isDate(date) ? date : fail(400, 40010000, `invalid ${field}, expected YYYY-MM-DD`);
  };
  return legacyCalendarJson(calendar, type, bound("start", from), bound("end", until));
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
  if (token !== null && token !== "") {
    const last = rows.findIndex((row) => row.json["id"] === token);
    // An unknown place must not start again at the first page: its reader would never end.
    if (last < 0) return fail(422, 42210000, "invalid page_token");
    rows = rows.slice(last + 1);
  }
  return { status: 200, body: rows.slice(0, size).map((row) => row.json) };
}

function assets(desk: Desk, request: VenueRequest): Reply {
  const assetClass = request.query.get("asset_class") || "us_equity";
  // No asset of this venue has any.
  if (request.query.get("attributes")) return { status: 200, body: [] };
  const status = request.query.get("status");
  if (status !== null && status !== "active" && status !== "all") return { status: 200, body: [] };
  const exchange = request.query.get("exchange");
  const found = [...desk.instruments.values()].filter(
    (instrument) => instrument.assetClass === assetClass && (exchange === null || exchangeOf(instrument) === exchange),
  );
  return { status: 200, body: found.map(assetJson) };
}

function asset(desk: Desk, request: VenueRequest): Reply {
  const name = request.params[0] ?? "";
  for (const instrument of desk.instruments.values()) {
    if (isNamed(instrument.symbol, name)) return { status: 200, body: assetJson(instrument) };
  }
  return errorReply(404, 40410000, `asset not found for ${name}`);
}
