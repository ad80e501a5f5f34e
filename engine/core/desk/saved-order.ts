/**
 * An order as it is saved.
 *
 * Owns: amounts as text and back. May not: know the table that orders stand in.
 */
import { decimal, text } from "../decimal.ts";
import type { DecimalText } from "../decimal.ts";
import type { Order } from "./orders.ts";

export interface SavedOrder extends Omit<Order, "qty" | "filledQty" | "avgPrice" | "told"> {
  readonly qty: DecimalText;
  readonly filledQty: DecimalText;
  readonly avgPrice: DecimalText | null;
  readonly told: DecimalText;
}

export function savedOrder(order: Order): SavedOrder {
  const { qty, filledQty, avgPrice, told, legs } = order;
  return {
    ...order,
    qty: text(qty),
    filledQty: text(filledQty),
    avgPrice: avgPrice === null ? null : text(avgPrice),
    told: text(told),
    legs: [...legs],
  };
}

export function restoredOrder(saved: SavedOrder): Order {
  const { qty, filledQty, avgPrice, told, legs } = saved;
  return {
    ...saved,
    qty: decimal(qty),
    filledQty: decimal(filledQty),
    avgPrice: avgPrice === null ? null : decimal(avgPrice),
    told: decimal(told),
    legs: [...legs],
  };
}
