/**
 * An order that every control lets through, and the desk around it; cases change a part of it.
 *
 * Owns: that plain picture. May not: know a control.
 */
import { ZERO, decimal } from "../../engine/core/decimal.ts";
import type { Exposure } from "../../engine/core/desk/risk/exposure.ts";
import type { Intent, RiskContext, Scope } from "../../engine/core/desk/risk/context.ts";
import type { Hindsight } from "../../engine/core/desk/risk/hindsight.ts";
import type { RiskLimits } from "../../engine/core/risk-limits.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { openOf } from "./core-driver.ts";

export const NOTHING: Exposure = { gross: ZERO, net: ZERO, buys: ZERO, sells: ZERO };

/** Buys 10 SPY at the market, which is at 100, with 100,000 dollars. */
export interface ContextChange extends Partial<Omit<RiskContext, "intent" | "scopes" | "qty" | "reference" | "past">> {
  readonly past?: Partial<Record<keyof Hindsight, unknown>>;
  readonly intent?: Partial<Intent>;
  /** Of the account's scope, the only one. */
  readonly scope?: Partial<Scope>;
  readonly qty?: number | string;
  readonly reference?: number;
}

export function contextWith({ intent, scope, past, qty = 10, reference = 100, ...change }: ContextChange): RiskContext {
  const limits: RiskLimits = change.limits ?? {};
  return {
    intent: {
      ...{ strategy: "s", rule: "enter", symbol: "SPY", side: "buy", type: "market" },
      ...{ extendedHours: false, fractional: false, timeInForce: "day", orderClass: "simple" },
      ...{ price: null, limit: null, stop: null, reducesOnly: false, limited: false, origin: "rule", bounds: null },
      ...intent,
    } as Intent,
    qty: decimal(qty),
    reference: decimal(reference),
    priceAgeMs: 0,
    barMs: 0,
    quote: null,
    firstPrice: null,
    instrument: null,
    permission: null,
    inSymbol: NOTHING,
    groups: [],
    messagesLastMinute: 0,
    overrides: [],
    limits,
    unset: [],
    accountLimits: limits,
    scopes: [
      {
        name: "account",
        scope: "account",
        limits,
        ...{ ordersToday: 0, ordersLastMinute: 0, ordersLastSecond: 0, openOrders: 0, exposure: NOTHING },
        ...scope,
      },
    ],
    real: false,
    time: openOf("2024-03-05") + 60_000,
    calendar: calendarOf("SPY"),
    session: "regular",
    daily: false,
    state: "ACTIVE",
    stateReason: "",
    ready: true,
    paused: "",
    split: "",
    equity: decimal(100_000),
    buyingPower: decimal(100_000),
    cash: decimal(100_000),
    dayPnl: 0,
    approvals: [],
    approvedBy: null,
    approvalRoom: 1,
    orderNumber: 1,
    position: ZERO,
    working: ZERO,
    others: ZERO,
    othersOwner: null,
    past: { ...NO_PAST, ...past } as unknown as Hindsight,
    ...change,
  };
}

/** Nothing happened before. */
const NO_PAST = {
  ...{
    isResend: false,
    twin: undefined,
    identical: 0,
    ofRule: 0,
    served: 0,
    opposing: [],
    exitAgainst: undefined,
    reconnects: 0,
  },
  ...{ wanted: decimal(1_000), taken: ZERO, held: decimal(1_000), leaving: ZERO },
  ...{ dayLoss: () => 0, drawdown: () => 0, lostInRow: () => 0, rejections: () => 0, slowAnswers: () => 0 },
};

/** What is held and working, of this worth. */
export function exposed(over: Partial<Record<keyof Exposure, number>>): Exposure {
  return {
    gross: decimal(over.gross ?? 0),
    net: decimal(over.net ?? 0),
    buys: decimal(over.buys ?? 0),
    sells: decimal(over.sells ?? 0),
  };
}
