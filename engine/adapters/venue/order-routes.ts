/**
 * /v2/orders: place, list, read, replace, cancel.
 *
 * Owns: the order routes and their statuses. May not: decide whether an order is allowed; the exchange does.
 */
import type { ExchangeOrder } from "../../exchange/types.ts";
import type { Desk } from "./desk.ts";
import { orderRequest, replaceRequest } from "./order-body.ts";
import { fail, refusalReply } from "./reply.ts";
import type { Reply, Route, VenueRequest } from "./reply.ts";
import { parseTime } from "./times.ts";
import { assetClassOf, isNamed } from "./wire-order.ts";

const ID = "([0-9a-fA-F-]{36})";

export function isOpen(order: ExchangeOrder): boolean {
  return (
    order.status === "new" ||
    order.status === "accepted" ||
    order.status === "held" ||
    order.status === "partially_filled"
  );
}

export function orderRoutes(desk: Desk): Route[] {
  const byId = new RegExp(`^/v2/orders/${ID}$`);
  return [
    { method: "POST", path: /^\/v2\/orders$/, lane: "trading", handle: (request) => place(desk, request) },
    { method: "GET", path: /^\/v2\/orders$/, lane: "trading", handle: (request) => list(desk, request) },
    {
      method: "DELETE",
      path: /^\/v2\/orders$/,
      lane: "trading",
      handle: () => ({ status: 207, body: cancelAll(desk) }),
    },
    {
      method: "GET",
      path: /^\/v2\/orders:by_client_order_id$/,
      lane: "trading",
      handle: (request) => {
        const order = desk.exchange.orderByClientId(request.query.get("client_order_id") ?? "");
        return order === undefined ? notFound() : { status: 200, body: desk.writer.order(order, true) };
      },
    },
    {
      method: "GET",
      path: byId,
      lane: "trading",
      handle: (request) => ({
        status: 200,
        body: desk.writer.order(find(desk, request), request.query.get("nested") === "true"),
      }),
    },
    { method: "PATCH", path: byId, lane: "trading", handle: (request) => replace(desk, request) },
    { method: "DELETE", path: byId, lane: "trading", handle: (request) => cancel(desk, request) },
  ];
}

function notFound(): never {
  return fail(404, 40410000, "order not found");
}

function find(desk: Desk, request: VenueRequest): ExchangeOrder {
  return desk.exchange.order(request.params[0] ?? "") ?? notFound();
}

function place(desk: Desk, request: VenueRequest): Reply {
  const order = orderRequest(request.body, () => desk.nextClientId());
  const result = desk.submit(order);
  desk.flush();
  if (!result.ok) return refusalReply(result.refusal);
  const body = desk.writer.order(result.value, true);
  // The paper service answers before its matching engine has seen the order; the stream then says `new`.
  return { status: 200, body: result.value.status === "new" ? { ...body, status: "pending_new" } : body };
}

function replace(desk: Desk, request: VenueRequest): Reply {
  const result = desk.exchange.replace(find(desk, request).id, replaceRequest(request.body), desk.now());
  desk.flush();
  return result.ok ? { status: 200, body: desk.writer.order(result.value, true) } : refusalReply(result.refusal);
}

function cancel(desk: Desk, request: VenueRequest): Reply {
  const result = desk.exchange.cancel(find(desk, request).id, desk.now());
  desk.flush();
  return result.ok ? { status: 204 } : refusalReply(result.refusal);
}

/** One line per order that was open; a leg that fell with its parent counts as canceled. */
export function cancelAll(desk: Desk): unknown[] {
  const open = desk.exchange.orders().filter(isOpen);
  const lines = open.map((order) => {
    const current = desk.exchange.order(order.id);
    if (current !== undefined && !isOpen(current)) return { id: order.id, status: 200 };
    const result = desk.exchange.cancel(order.id, desk.now());
    return { id: order.id, status: result.ok ? 200 : 500 };
  });
  desk.flush();
  return lines;
}

interface Filter {
  readonly status: string;
  readonly after: number;
  readonly until: number;
  /** Undefined: all. */
  readonly symbols: readonly string[] | undefined;
  readonly assetClasses: readonly string[] | undefined;
  readonly side: string | null;
  readonly nested: boolean;
}

function filterOf(desk: Desk, query: URLSearchParams): Filter {
  const status = query.get("status") ?? "open";
  if (status !== "open" && status !== "closed" && status !== "all") return fail(422, 42210000, "invalid status");
  return {
    status,
    after: timeOf(desk, query, "after", Number.NEGATIVE_INFINITY),
    until: timeOf(desk, query, "until", Number.POSITIVE_INFINITY),
    symbols: listOf(query, "symbols"),
    assetClasses: listOf(query, "asset_class"),
    side: query.get("side") || null,
    nested: query.get("nested") === "true",
  };
}

function listOf(query: URLSearchParams, field: string): readonly string[] | undefined {
  const source = query.get(field);
  return source === null || source === "" ? undefined : source.split(",");
}

function timeOf(desk: Desk, query: URLSearchParams, field: string, otherwise: number): number {
  const source = query.get(field);
  if (source === null || source === "") return otherwise;
  return parseTime(source, desk.calendar) ?? fail(422, 42210000, `invalid ${field}`);
}

function matches(desk: Desk, order: ExchangeOrder, filter: Filter): boolean {
  if (filter.nested && order.parentId !== null) return false;
  if (filter.status !== "all" && isOpen(order) !== (filter.status === "open")) return false;
  if (order.submittedAt <= filter.after || order.submittedAt >= filter.until) return false;
  const { symbols, assetClasses, side } = filter;
  if (symbols?.some((name) => isNamed(order.symbol, name)) === false) return false;
  if (assetClasses?.includes(assetClassOf(desk.instruments.get(order.symbol))) === false) return false;
  return side === null || side === order.side;
}

function list(desk: Desk, request: VenueRequest): Reply {
  const { query } = request;
  const filter = filterOf(desk, query);
  const limit = Number(query.get("limit") ?? "50");
  if (!Number.isInteger(limit) || limit < 1 || limit > 500) return fail(422, 42210000, "invalid limit");
  const before = query.get("before_order_id");
  const after = query.get("after_order_id");
  if (before !== null && after !== null) {
    return fail(422, 42210000, "before_order_id and after_order_id are mutually exclusive");
  }
  let orders = [...desk.exchange.orders()];
  if (before !== null) orders = orders.slice(0, Math.max(indexOf(orders, before), 0));
  if (after !== null) orders = orders.slice(indexOf(orders, after) + 1);
  orders = orders.filter((order) => keepsNested(desk, order, filter));
  if (query.get("direction") !== "asc") orders.reverse();
  return { status: 200, body: orders.slice(0, limit).map((order) => desk.writer.order(order, filter.nested)) };
}

function indexOf(orders: readonly ExchangeOrder[], id: string): number {
  const index = orders.findIndex((order) => order.id === id);
  return index < 0 ? fail(422, 42210000, `order not found: ${id}`) : index;
}

/** With `nested`, a filled parent stays in the open list while one of its legs works. */
function keepsNested(desk: Desk, order: ExchangeOrder, filter: Filter): boolean {
  if (matches(desk, order, filter)) return true;
  if (!filter.nested || filter.status !== "open" || order.parentId !== null) return false;
  const working = order.legIds.some((id) => {
    const leg = desk.exchange.order(id);
    return leg !== undefined && isOpen(leg);
  });
  return working && matches(desk, order, { ...filter, status: "all" });
}
