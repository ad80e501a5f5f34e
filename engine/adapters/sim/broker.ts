/**
 * The simulated exchange as a broker that answers at once.
 *
 * Owns: the translation between exchange events and the core's broker inputs. May not: match orders or know rules.
 */
import { text } from "../../core/decimal.ts";
import type { BrokerInput, LegRole, MarketInput, OrderUpdateInput, ReconciledInput } from "../../core/event.ts";
import type { Exchange, ExchangeEvent, ExchangeOrder } from "../../exchange/types.ts";
import { barSizeOf } from "../../market/bar-size.ts";
import { refusalCode } from "../refusal-code.ts";
import type { SimBroker } from "../../ports/sim-broker.ts";

const NOTHING: readonly BrokerInput[] = [];

export function createSimBroker(exchange: Exchange): SimBroker {
  const answers = (): readonly BrokerInput[] => {
    const events = exchange.drain();
    return events.length === 0 ? NOTHING : events.flatMap((event) => brokerInputs(exchange, event));
  };
  /** In an object that changes: a number that functions share would be allocated anew at every item. */
  const played = { until: Number.NEGATIVE_INFINITY };
  return {
    reconcile: () => reconcile(exchange),
    submit: (order, now) => {
      const result = exchange.submit(order, Math.max(now, played.until));
      if (result.ok) return [accepted(exchange, result.value), ...answers()];
      const { status, message } = result.refusal;
      return [
        {
          kind: "order.rejected",
          clientOrderId: order.clientOrderId,
          code: refusalCode(status, message),
          reason: message,
        },
        ...answers(),
      ];
    },
    cancel: (clientOrderId, now) => {
      const order = exchange.orderByClientId(clientOrderId);
      if (order === undefined) return [{ kind: "cancel.rejected", clientOrderId, reason: "order not found" }];
      const result = exchange.cancel(order.id, Math.max(now, played.until));
      if (result.ok) return answers();
      return [{ kind: "cancel.rejected", clientOrderId, reason: result.refusal.message }, ...answers()];
    },
    lookup: (clientOrderId) => {
      const order = exchange.orderByClientId(clientOrderId);
      if (order === undefined)
        return [{ kind: "order.rejected", clientOrderId, code: "not_found", reason: "order not found" }];
      return [accepted(exchange, order), ...stateOf(order)];
    },
    market: (input, knownAt) => {
      // All data up to the last instant has been given. What expires exactly at it is still open while it is judged.
      if (knownAt > played.until && Number.isFinite(played.until)) exchange.advance(played.until - 1);
      played.until = Math.max(played.until, knownAt);
      play(exchange, input, knownAt);
      return answers();
    },
  };
}

/** Lets the exchange see an item of market data. */
export function play(exchange: Exchange, input: MarketInput, knownAt: number): void {
  switch (input.kind) {
    case "bar":
      // A correction is no new trading: nothing is filled by it.
      if (!input.revised) exchange.bar(input.symbol, barSizeOf(input.size), input, knownAt);
      break;
    case "trade":
      if (input.setsPrice) exchange.trade(input.symbol, input.price, input.size, input.time);
      break;
    case "quote":
      exchange.quote(input.symbol, input.bid, input.bidSize, input.ask, input.askSize, input.time);
      break;
    case "history":
    case "feed":
    case "halt":
    case "notice":
    case "split":
    case "splits":
      break;
  }
}

function accepted(exchange: Exchange, order: ExchangeOrder): BrokerInput {
  const legs = order.legIds.flatMap((id) => {
    const leg = exchange.order(id);
    return leg === undefined
      ? []
      : [{ role: leg.role as LegRole, clientOrderId: leg.clientOrderId, brokerOrderId: leg.id }];
  });
  return { kind: "order.accepted", clientOrderId: order.clientOrderId, brokerOrderId: order.id, legs };
}

function brokerInputs(exchange: Exchange, event: ExchangeEvent): BrokerInput[] {
  const { order } = event;
  if ("execution" in event) {
    const { executionId, qty, price, fee, time } = event.execution;
    return [
      {
        kind: "execution",
        executionId,
        clientOrderId: order.clientOrderId,
        brokerOrderId: order.id,
        symbol: order.symbol,
        side: order.side,
        qty: text(qty),
        price: text(price),
        fee: text(fee),
        cumulativeQty: text(order.filledQty),
        time,
      },
      ...(isShrunk(exchange, order) ? [update(order, "filled", null)] : []),
    ];
  }
  const status = UPDATES[event.kind];
  if (status === undefined) return [];
  return [update(order, status, event.reason)];
}

/** Filled with less than it was sent for: what the other leg had filled was taken off it. */
function isShrunk(exchange: Exchange, order: ExchangeOrder): boolean {
  if (order.status !== "filled" || order.role === "simple" || order.role === "parent") return false;
  const root = order.parentId === null ? order : exchange.order(order.parentId);
  const legs = [root, ...(root?.legIds ?? []).map((id) => exchange.order(id))];
  return legs.some((leg) => leg !== undefined && leg.id !== order.id && leg.role !== "parent" && leg.filledQty.gt(0));
}

function update(order: ExchangeOrder, status: OrderUpdateInput["status"], reason: string | null): BrokerInput {
  return { kind: "order.update", clientOrderId: order.clientOrderId, brokerOrderId: order.id, status, reason };
}

/** Acknowledgements were given by `accepted` already. */
const UPDATES: Readonly<Record<string, OrderUpdateInput["status"] | undefined>> = {
  canceled: "canceled",
  expired: "expired",
  rejected: "rejected",
  replaced: "replaced",
};

function stateOf(order: ExchangeOrder): BrokerInput[] {
  const status = UPDATES[order.status];
  return status === undefined ? [] : [update(order, status, null)];
}

function reconcile(exchange: Exchange): ReconciledInput {
  const account = exchange.account();
  const open = new Set(["new", "accepted", "held", "partially_filled"]);
  return {
    kind: "reconciled",
    account: {
      cash: text(account.cash),
      equity: text(account.equity),
      lastEquity: text(account.lastEquity),
      multiplier: account.multiplier,
      shorting: account.shorting,
    },
    positions: exchange
      .positions()
      .map(({ symbol, qty, avgPrice }) => ({ symbol, qty: text(qty), avgPrice: text(avgPrice) })),
    openOrders: exchange
      .orders()
      .filter((order) => open.has(order.status))
      .map((order) => ({
        clientOrderId: order.clientOrderId,
        brokerOrderId: order.id,
        symbol: order.symbol,
        side: order.side,
        qty: order.qty === null ? "0" : text(order.qty),
        filledQty: text(order.filledQty),
        type: order.type,
      })),
  };
}
