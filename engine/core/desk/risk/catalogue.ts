/**
 * All controls, in the order in which they run.
 *
 * Owns: that order, and what their limits are. To add a control, write its file and put it here; every verdict, the schema
 * and the docs then show it. May not: judge.
 */
import type { LimitSpec } from "../../risk-limits.ts";
import type { Control } from "./control.ts";
import { aiBounds } from "./controls/ai-bounds.ts";
import { approval } from "./controls/approval.ts";
import { buyingPower } from "./controls/buying-power.ts";
import { children } from "./controls/children.ts";
import { crossedMarket } from "./controls/crossed-market.ts";
import { dailyLoss } from "./controls/daily-loss.ts";
import { duplicateIntent } from "./controls/duplicate-intent.ts";
import { killSwitch } from "./controls/kill-switch.ts";
import { marketData } from "./controls/market-data.ts";
import { marketHours } from "./controls/market-hours.ts";
import { maxAckLatency } from "./controls/max-ack-latency.ts";
import { maxConcentration } from "./controls/max-concentration.ts";
import { maxDrawdown } from "./controls/max-drawdown.ts";
import { maxGross } from "./controls/max-gross.ts";
import { maxGroup } from "./controls/max-group.ts";
import { maxLossStreak } from "./controls/max-loss-streak.ts";
import { maxNet } from "./controls/max-net.ts";
import { maxOrderNotional } from "./controls/max-order-notional.ts";
import { maxOrderQty } from "./controls/max-order-qty.ts";
import { maxPosition } from "./controls/max-position.ts";
import { maxReconnects } from "./controls/max-reconnects.ts";
import { maxRejections } from "./controls/max-rejections.ts";
import { messageBudget } from "./controls/message-budget.ts";
import { netting } from "./controls/netting.ts";
import { openOrders } from "./controls/open-orders.ts";
import { orderRate } from "./controls/order-rate.ts";
import { ordersPerDay } from "./controls/orders-per-day.ts";
import { ordersPerSecond } from "./controls/orders-per-second.ts";
import { permission } from "./controls/permission.ts";
import { priceCollar } from "./controls/price-collar.ts";
import { priceDrift } from "./controls/price-drift.ts";
import { probation } from "./controls/probation.ts";
import { readiness } from "./controls/readiness.ts";
import { reduceOnly } from "./controls/reduce-only.ts";
import { repeatedExecution } from "./controls/repeated-execution.ts";
import { selfCross } from "./controls/self-cross.ts";
import { split } from "./controls/split.ts";
import { staleData } from "./controls/stale-data.ts";
import { tickSize } from "./controls/tick-size.ts";
import { timeInForce } from "./controls/time-in-force.ts";
import { tradable } from "./controls/tradable.ts";
import { validity } from "./controls/validity.ts";
import { wideSpread } from "./controls/wide-spread.ts";

/** Order matters: what cannot be sent at all is said first; clamps come before what they make smaller. */
export const CONTROLS: readonly Control[] = [
  killSwitch,
  readiness,
  split,
  validity,
  aiBounds,
  permission,
  tradable,
  tickSize,
  timeInForce,
  marketHours,
  marketData,
  staleData,
  crossedMarket,
  wideSpread,
  maxRejections,
  maxReconnects,
  maxAckLatency,
  repeatedExecution,
  duplicateIntent,
  reduceOnly,
  netting,
  selfCross,
  maxPosition,
  probation,
  maxOrderQty,
  maxOrderNotional,
  priceCollar,
  priceDrift,
  maxConcentration,
  maxGroup,
  maxGross,
  maxNet,
  openOrders,
  ordersPerSecond,
  orderRate,
  messageBudget,
  ordersPerDay,
  dailyLoss,
  maxDrawdown,
  maxLossStreak,
  buyingPower,
  children,
  approval,
];

/** Everything that a person may set. */
export const LIMITS: readonly LimitSpec[] = CONTROLS.flatMap(({ limits }) => limits);

/** Limits that may be declared to hold for exits too, and the control of each. */
export const EXIT_LIMITS: ReadonlyMap<string, string> = new Map(
  CONTROLS.flatMap(({ name, limits }) => limits.flatMap((limit) => (limit.exits === true ? [[limit.name, name]] : []))),
);
