/**
 * How the exchange says no: Alpaca's statuses, codes and wording.
 *
 * Owns: the shapes of refusals. Clients branch on the status first, then on the message, so the wording is part of
 * the protocol.
 */
import { text, type Decimal } from "../core/decimal.ts";
import type { ExchangeRefusal } from "./types.ts";

type Extra = Readonly<Record<string, string>>;

export function refused(refusal: ExchangeRefusal): { readonly ok: false; readonly refusal: ExchangeRefusal } {
  return { ok: false, refusal };
}

export function invalid(message: string, extra: Extra = {}): ExchangeRefusal {
  return { status: 422, code: 42210000, message, extra };
}

export function forbidden(message: string, extra: Extra = {}): ExchangeRefusal {
  return { status: 403, code: 40310000, message, extra };
}

export function orderNotFound(): ExchangeRefusal {
  return { status: 404, code: 40410000, message: "order not found", extra: {} };
}

export function duplicateClientId(): ExchangeRefusal {
  return { status: 422, code: 40010001, message: "client_order_id must be unique", extra: {} };
}

export function subPenny(field: string, price: Decimal): ExchangeRefusal {
  return invalid(`invalid ${field} ${text(price)}. sub-penny increment does not fulfill minimum pricing criteria`);
}

export function insufficientBuyingPower(buyingPower: Decimal, costBasis: Decimal): ExchangeRefusal {
  return forbidden("insufficient buying power", { buying_power: text(buyingPower), cost_basis: text(costBasis) });
}

export function insufficientQty(symbol: string, requested: Decimal, existing: Decimal, held: Decimal): ExchangeRefusal {
  const available = text(existing.abs().minus(held));
  return forbidden(`insufficient qty available for order (requested: ${text(requested)}, available: ${available})`, {
    available,
    existing_qty: text(existing),
    held_for_orders: text(held),
    symbol,
  });
}

export function washTrade(existingOrderId: string, existing: "market/stop" | "limit"): ExchangeRefusal {
  return forbidden("potential wash trade detected. use complex orders", {
    existing_order_id: existingOrderId,
    reject_reason: `opposite side ${existing} order exists`,
  });
}
