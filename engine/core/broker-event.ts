/**
 * What a broker tells: the inputs of the desk's other side.
 *
 * Owns: their shapes. Part of the vocabulary of event.ts, where everybody but the core finds them.
 */
import type { DecimalText } from "./decimal.ts";
import type { Side } from "./event.ts";
import type { OrderType } from "./program.ts";

export type BrokerInput =
  | OrderAcceptedInput
  | OrderRejectedInput
  | OrderUnknownInput
  | OrderUpdateInput
  | ExecutionInput
  | CancelRejectedInput
  | AccountInput
  | ReconciledInput
  | InstrumentInput
  | { readonly kind: "broker"; readonly status: "connected" | "disconnected"; readonly detail: string };

export type LegRole = "take_profit" | "stop_loss";

export interface OrderAcceptedInput {
  readonly kind: "order.accepted";
  readonly clientOrderId: string;
  readonly brokerOrderId: string;
  /** Bracket children, named by the broker. */
  readonly legs: readonly { readonly role: LegRole; readonly clientOrderId: string; readonly brokerOrderId: string }[];
}

/** A definite no: the order does not exist at the broker. */
export interface OrderRejectedInput {
  readonly kind: "order.rejected";
  readonly clientOrderId: string;
  readonly code: string;
  readonly reason: string;
}

/** Timeout, 5xx, broken connection: nobody knows yet. Never treated as a rejection. */
export interface OrderUnknownInput {
  readonly kind: "order.unknown";
  readonly clientOrderId: string;
  readonly reason: string;
}

export interface OrderUpdateInput {
  readonly kind: "order.update";
  readonly clientOrderId: string;
  readonly brokerOrderId: string;
  readonly status:
    | "new"
    | "held"
    | "pending_cancel"
    /** With less than it was sent for: what one leg of a bracket fills, the broker takes off the other. */
    | "filled"
    | "canceled"
    | "expired"
    | "replaced"
    | "rejected"
    | "suspended"
    | "done_for_day";
  readonly reason: string | null;
}

export interface ExecutionInput {
  readonly kind: "execution";
  readonly executionId: string;
  readonly clientOrderId: string;
  readonly brokerOrderId: string;
  readonly symbol: string;
  readonly side: Side;
  /** Of this execution alone. */
  readonly qty: DecimalText;
  readonly price: DecimalText;
  readonly fee: DecimalText;
  /** Of the order, this execution included. */
  readonly cumulativeQty: DecimalText;
  readonly time: number;
}

export interface CancelRejectedInput {
  readonly kind: "cancel.rejected";
  readonly clientOrderId: string;
  readonly reason: string;
}

export interface AccountInput {
  readonly kind: "account";
  readonly cash: DecimalText;
  readonly equity: DecimalText;
  /** Equity at the previous close; the base of day P&L. */
  readonly lastEquity: DecimalText;
  /** 1 = cash account; 2 or 4 = margin. */
  readonly multiplier: number;
  readonly shorting: boolean;
}

/** What the broker says of a symbol: asked at start, after each reconnect and when a program brings new symbols. */
export interface InstrumentInput {
  readonly kind: "instrument";
  readonly symbol: string;
  readonly tradable: boolean;
  readonly shortable: boolean;
  readonly fractionable: boolean;
  readonly marginable: boolean;
}

/** What the broker holds, asked at start and after each reconnect. Trading is blocked until it came. */
export interface ReconciledInput {
  readonly kind: "reconciled";
  /** This account trades real money. */
  readonly real?: true;
  readonly account: Omit<AccountInput, "kind">;
  readonly positions: readonly { readonly symbol: string; readonly qty: DecimalText; readonly avgPrice: DecimalText }[];
  readonly openOrders: readonly {
    readonly clientOrderId: string;
    readonly brokerOrderId: string;
    readonly symbol: string;
    readonly side: Side;
    readonly qty: DecimalText;
    readonly filledQty: DecimalText;
    readonly type: OrderType;
  }[];
}
