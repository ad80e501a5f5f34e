/**
 * From a client's texts to a draft with exact numbers.
 *
 * Owns: reading a request; whatever cannot be read is refused with Alpaca's 422. May not: judge prices, sessions or
 * the account (rules.ts, admission.ts).
 */
import { Decimal } from "../core/decimal.ts";
import type { Side } from "../core/event.ts";
import type { OrderType, TimeInForce } from "../core/program.ts";
import { QTY_DECIMALS } from "../market/instruments.ts";
import { invalid } from "./refusals.ts";
import type { ExchangeRefusal, ExchangeRequest, Instrument } from "./types.ts";

export interface Draft {
  readonly clientOrderId: string;
  readonly instrument: Instrument;
  readonly side: Side;
  readonly buy: boolean;
  readonly qty: Decimal | null;
  readonly notional: Decimal | null;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly extendedHours: boolean;
  readonly limitPrice: Decimal | null;
  readonly stopPrice: Decimal | null;
  readonly trailPrice: Decimal | null;
  readonly trailPercent: Decimal | null;
  readonly orderClass: "simple" | "bracket" | "oco" | "oto";
  readonly takeProfit: { readonly limitPrice: Decimal } | null;
  readonly stopLoss: { readonly stopPrice: Decimal; readonly limitPrice: Decimal | null } | null;
}

export function isFractional(draft: Draft): boolean {
  return draft.notional !== null || (draft.qty !== null && !draft.qty.isInteger());
}

/** A field that did not read as a positive number; caught in `readDraft`. */
class Unreadable {
  readonly field: string;
  readonly value: string;
  constructor(field: string, value: string) {
    this.field = field;
    this.value = value;
  }
}

/** Reads plain decimal text. `null` for an absent field, undefined for text that is not a positive number. */
export function readAmount(value: string | undefined): Decimal | null | undefined {
  if (value === undefined) return null;
  if (!/^\d{1,18}(\.\d{1,18})?$/.test(value)) return undefined;
  const amount = new Decimal(value);
  return amount.gt(0) ? amount : undefined;
}

function amount(field: string, value: string | undefined): Decimal | null {
  const read = readAmount(value);
  if (read === undefined) throw new Unreadable(field, value ?? "");
  return read;
}

function required(field: string, value: string): Decimal {
  const read = amount(field, value);
  if (read === null) throw new Unreadable(field, "");
  return read;
}

export function readDraft(request: ExchangeRequest, instrument: Instrument): Draft | ExchangeRefusal {
  try {
    const { takeProfit, stopLoss } = request;
    const oco = request.orderClass === "oco";
    return {
      clientOrderId: request.clientOrderId,
      instrument,
      side: request.side,
      buy: request.side === "buy",
      // Alpaca cuts quantities to nine places.
      qty: amount("qty", request.qty)?.dp(QTY_DECIMALS, Decimal.ROUND_DOWN) ?? null,
      notional: amount("notional", request.notional)?.dp(QTY_DECIMALS, Decimal.ROUND_DOWN) ?? null,
      type: request.type,
      timeInForce: request.timeInForce,
      extendedHours: request.extendedHours,
      // An OCO's own limit is that of its take-profit.
      limitPrice: amount("limit_price", (oco ? takeProfit?.limitPrice : undefined) ?? request.limitPrice),
      stopPrice: amount("stop_price", request.stopPrice),
      trailPrice: amount("trail_price", request.trailPrice),
      trailPercent: amount("trail_percent", request.trailPercent),
      orderClass: request.orderClass,
      takeProfit: takeProfit ? { limitPrice: required("take_profit.limit_price", takeProfit.limitPrice) } : null,
      stopLoss: stopLoss
        ? {
            stopPrice: required("stop_loss.stop_price", stopLoss.stopPrice),
            limitPrice: amount("stop_loss.limit_price", stopLoss.limitPrice),
          }
        : null,
    };
  } catch (error) {
    if (error instanceof Unreadable) return invalid(`invalid ${error.field} ${error.value}`.trimEnd());
    throw error;
  }
}
