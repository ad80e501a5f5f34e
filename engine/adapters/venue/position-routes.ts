/**
 * /v2/positions: read them, close one in part or whole, close all.
 *
 * Owns: these routes. May not: close anything by itself; it sends orders like any client.
 */
import { Decimal, text } from "../../core/decimal.ts";
import type { ExchangeOrder, ExchangePosition, ExchangeResult } from "../../exchange/types.ts";
import type { Desk } from "./desk.ts";
import { cancelAll, isOpen } from "./order-routes.ts";
import { fail, refusalReply } from "./reply.ts";
import type { Reply, Route, VenueRequest } from "./reply.ts";
import { positionJson, positionSymbol } from "./wire-account.ts";
import { isNamed } from "./wire-order.ts";

export function positionRoutes(desk: Desk): Route[] {
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
  const found = held(desk).find(({ symbol }) => isNamed(symbol, name));
  return found ?? fail(404, 40410000, "position does not exist");
}

function flatten(desk: Desk, target: ExchangePosition, qty: Decimal): ExchangeResult<ExchangeOrder> {
  return desk.submit({
    clientOrderId: desk.nextClientId(),
    symbol: target.symbol,
    side: target.qty.isNegative() ? "buy" : "sell",
    qty: text(qty),
    type: "market",
    timeInForce: desk.instruments.get(target.symbol)?.assetClass === "crypto" ? "gtc" : "day",
    extendedHours: false,
    orderClass: "simple",
  });
}

function close(desk: Desk, request: VenueRequest): Reply {
  const target = position(desk, request);
  const result = flatten(desk, target, share(target, request.query));
  desk.flush();
  return result.ok ? { status: 200, body: desk.writer.order(result.value, true) } : refusalReply(result.refusal);
}

const AMOUNT = /^\d{1,15}(\.\d{1,9})?$/;

/** What of a position is closed: a quantity, a percentage of it, or all. */
function share(target: ExchangePosition, query: URLSearchParams): Decimal {
  const whole = target.qty.abs();
  const qty = query.get("qty");
  const percentage = query.get("percentage");
  if (qty !== null && percentage !== null) return fail(422, 42210000, "only one of qty or percentage is accepted");
  const source = qty ?? percentage;
  if (source === null) return whole;
  const asked = new Decimal(AMOUNT.test(source) ? source : "0");
  if (asked.isZero()) return fail(422, 42210000, `invalid ${qty === null ? "percentage" : "qty"}`);
  if (qty !== null) return asked;
  if (asked.isGreaterThan(100)) return fail(422, 42210000, "percentage must be between 0 and 100");
  return whole.times(asked).dividedBy(100).decimalPlaces(9, Decimal.ROUND_DOWN);
}

function closeAll(desk: Desk, request: VenueRequest): Reply {
  if (request.query.get("cancel_orders") === "true") cancelAll(desk);
  const body = held(desk).map((target) => {
    const result = flatten(desk, target, target.qty.abs());
    const symbol = positionSymbol(target.symbol);
    return result.ok
      ? { symbol, status: 200, body: desk.writer.order(result.value, isOpen(result.value)) }
      : { symbol, status: result.refusal.status, body: refusalReply(result.refusal).body };
  });
  desk.flush();
  return { status: 207, body };
}
