/**
 * The contract of a pre-trade check.
 *
 * Owns: what a check sees and what it may answer. A check is pure: it reads the context and nothing else.
 */
import type { Calendar } from "../../../market/calendar.ts";
import type { Decimal } from "../../decimal.ts";
import type { CheckResult, Side, TradingState } from "../../event.ts";
import type { Approval, OrderType, RiskLimits, SessionKind, TimeInForce } from "../../program.ts";

/** What wants to become an order. */
export interface Intent {
  readonly strategy: string;
  readonly rule: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly extendedHours: boolean;
  readonly fractional: boolean;
  readonly timeInForce: TimeInForce;
  /** Limit or stop price, or null for a market order. */
  readonly price: Decimal | null;
  /** Proven by the desk: whatever else fills, this order can only bring the position closer to zero. */
  readonly reducesOnly: boolean;
  /** A rule's exit, for which limits may be declared to hold; false for orders that protect and for an operator's. */
  readonly limited: boolean;
}

export interface RiskContext {
  readonly intent: Intent;
  /** Current quantity: earlier checks may have clamped it. */
  readonly qty: Decimal;
  /** Last price known of the symbol. */
  readonly reference: Decimal;
  readonly limits: RiskLimits;
  /** The account's own limits: what they bound is held by all strategies together. */
  readonly accountLimits: RiskLimits;
  readonly time: number;
  readonly calendar: Calendar;
  readonly session: SessionKind;
  /** `on: 1d`: decides at the close, and its orders go to the next open. */
  readonly daily: boolean;
  readonly state: TradingState;
  readonly stateReason: string;
  readonly ready: boolean;
  /** Why the market data of this symbol is not good enough for an entry, or "". */
  readonly paused: string;
  readonly equity: Decimal;
  readonly buyingPower: Decimal;
  readonly cash: Decimal;
  readonly dayPnl: number;
  /** The account's and the strategy's: either is enough. */
  readonly approvals: readonly Approval[];
  /** Signed quantity of this strategy in this symbol, and its working entries on the side of this order with their sign. */
  readonly position: Decimal;
  readonly working: Decimal;
  /** Signed quantity of everyone else in this symbol. */
  readonly others: Decimal;
  readonly othersOwner: string | null;
  readonly ordersToday: number;
  readonly ordersLastMinute: number;
  /** Loss of the day as a positive ratio of the day's opening equity. */
  readonly dayLossRatio: number;
}

export interface Check {
  readonly name: string;
  /** Why it exists, in plain words. */
  readonly why: string;
  /** Also applied to orders that can only reduce exposure. Exits are never trapped: few checks say yes. */
  readonly exits: boolean;
  run(context: RiskContext): CheckAnswer;
}

export type CheckAnswer = Omit<CheckResult, "check"> & { readonly qty?: Decimal };

export function pass(value: number | null = null, limit: number | null = null, reason = ""): CheckAnswer {
  return { outcome: "pass", value, limit, reason };
}

export function skip(reason: string): CheckAnswer {
  return { outcome: "skip", value: null, limit: null, reason };
}

export function refuse(reason: string, value: number | null = null, limit: number | null = null): CheckAnswer {
  return { outcome: "refuse", value, limit, reason };
}
