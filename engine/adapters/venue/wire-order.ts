/**
 * Orders, executions and trade updates in Alpaca's shape.
 *
 * Owns: the JSON of an order. Amounts are decimal strings, times RFC 3339, what is unset is null.
 * May not: change an order.
 */
import { createHash } from "node:crypto";
import { ZERO, text } from "../../core/decimal.ts";
import type { Decimal } from "../../core/decimal.ts";
import type { Exchange, ExchangeEvent, ExchangeOrder, Instrument } from "../../exchange/types.ts";
import { wireTime, wireTimeOrNull } from "./times.ts";

export type WireOrder = Readonly<Record<string, unknown>>;

/** A stable UUID for a name: asset and account ids must not change between runs. */
export function uuidOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Whether a path names this symbol: by itself, by its asset id, or a pair as it was written before it had a slash. */
export function isNamed(symbol: string, name: string): boolean {
  return symbol === name || uuidOf(`asset:${symbol}`) === name || (name !== "" && symbol.replace("/", "") === name);
}

function amount(value: Decimal | null): string | null {
  return value === null ? null : text(value);
}

export function assetClassOf(instrument: Instrument | undefined): string {
  return instrument?.assetClass ?? "us_equity";
}

export class OrderWriter {
  readonly #exchange: Exchange;
  readonly #instruments: ReadonlyMap<string, Instrument>;

  constructor(exchange: Exchange, instruments: ReadonlyMap<string, Instrument>) {
    this.#exchange = exchange;
    this.#instruments = instruments;
  }

  /** `nested`: children are rolled into `legs`; otherwise `legs` is null, as in a flat list. */
  order(order: ExchangeOrder, nested: boolean): WireOrder {
    return {
      id: order.id,
      client_order_id: order.clientOrderId,
      ...times(order),
      replaced_by: order.replacedBy,
      replaces: order.replaces,
      asset_id: uuidOf(`asset:${order.symbol}`),
      symbol: order.symbol,
      asset_class: assetClassOf(this.#instruments.get(order.symbol)),
      notional: amount(order.notional),
      qty: amount(order.qty),
      filled_qty: text(order.filledQty),
      filled_avg_price: amount(order.filledAvgPrice),
      order_class: order.orderClass === "simple" ? "" : order.orderClass,
      order_type: order.type,
      type: order.type,
      side: order.side,
      position_intent: order.positionIntent,
      time_in_force: order.timeInForce,
      limit_price: amount(order.limitPrice),
      stop_price: amount(order.stopPrice),
      status: order.status,
      extended_hours: order.extendedHours,
      legs: nested ? this.#legs(order) : null,
      trail_percent: amount(order.trailPercent),
      trail_price: amount(order.trailPrice),
      hwm: amount(order.highWaterMark),
      ratio_qty: null,
      subtag: null,
      source: null,
    };
  }

  #legs(order: ExchangeOrder): WireOrder[] | null {
    if (order.legIds.length === 0) return null;
    const legs: WireOrder[] = [];
    for (const id of order.legIds) {
      const leg = this.#exchange.order(id);
      if (leg !== undefined) legs.push(this.order(leg, false));
    }
    return legs;
  }

  /** The `data` of a `trade_updates` message. `sequence` makes the event id. */
  update(event: ExchangeEvent, sequence: number): Readonly<Record<string, unknown>> {
    const base = {
      at: wireTime(event.time),
      event_id: eventId(event.time, sequence),
      event: event.kind,
      timestamp: wireTime(event.time),
      order: this.order(event.order, true),
    };
    if (!("execution" in event)) {
      return event.reason === null ? base : { ...base, reason: event.reason };
    }
    return {
      ...base,
      execution_id: event.execution.executionId,
      price: text(event.execution.price),
      qty: text(event.execution.qty),
      position_qty: text(event.execution.positionQty),
    };
  }

  /** One entry of the FILL activities. The real id is `timestamp::uuid`. */
  activity(event: Extract<ExchangeEvent, { execution: unknown }>): Readonly<Record<string, unknown>> {
    const { order, execution } = event;
    const stamp = new Date(execution.time).toISOString().replace(/[-:TZ.]/g, "");
    return {
      activity_type: "FILL",
      id: `${stamp}::${uuidOf(`activity:${execution.executionId}`)}`,
      cum_qty: text(order.filledQty),
      leaves_qty: text(order.qty === null ? ZERO : order.qty.minus(order.filledQty)),
      price: text(execution.price),
      qty: text(execution.qty),
      side: order.side,
      symbol: order.symbol,
      transaction_time: wireTime(execution.time),
      order_id: order.id,
      order_status: order.status,
      type: event.kind,
    };
  }
}

function times(order: ExchangeOrder): Readonly<Record<string, unknown>> {
  return {
    created_at: wireTime(order.submittedAt),
    updated_at: wireTime(order.updatedAt),
    submitted_at: wireTime(order.submittedAt),
    filled_at: wireTimeOrNull(order.filledAt),
    expired_at: wireTimeOrNull(order.expiredAt),
    canceled_at: wireTimeOrNull(order.canceledAt),
    failed_at: wireTimeOrNull(order.failedAt),
    replaced_at: wireTimeOrNull(order.replacedAt),
    expires_at: wireTime(order.expiresAt ?? order.submittedAt),
  };
}

const ULID_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** ULID-shaped: 10 digits of time, 16 of the sequence, so ids sort in the order of sending. */
function eventId(time: number, sequence: number): string {
  return digits(time, 10) + digits(sequence, 16);
}

function digits(value: number, length: number): string {
  let rest = value;
  let result = "";
  for (let index = 0; index < length; index += 1) {
    result = ULID_DIGITS.charAt(rest % 32) + result;
    rest = Math.floor(rest / 32);
  }
  return result;
}
