/**
 * The pre-trade checks, in the order in which they run.
 *
 * Owns: one object per check. To add one, write it and put it into `CHECKS`; every verdict then shows it.
 * May not: send, size or remember anything.
 */
import { isOpen } from "../../../market/sessions.ts";
import { Decimal, ZERO } from "../../decimal.ts";
import type { RiskLimits } from "../../program.ts";
import { needsPerson } from "../approval.ts";
import { pass, refuse, skip } from "./check.ts";
import type { Check, CheckAnswer, RiskContext } from "./check.ts";

const killSwitch: Check = {
  name: "kill_switch",
  why: "A halted account sends nothing; a reducing one sends only what brings it closer to flat.",
  exits: true,
  run: ({ state, stateReason, intent }) => {
    if (state === "HALTED") return refuse(`trading is HALTED: ${stateReason}`);
    if (state === "REDUCING" && !intent.reducesOnly) return refuse(`trading is REDUCING: ${stateReason}`);
    return pass();
  },
};

const readiness: Check = {
  name: "readiness",
  why: "No order leaves while it is unknown what the broker holds.",
  exits: true,
  run: ({ ready }) => (ready ? pass() : refuse("the broker is not connected and reconciled")),
};

const validity: Check = {
  name: "validity",
  why: "A quantity or price that is not a positive number is a bug, not an order.",
  exits: true,
  run: ({ qty, reference, intent }) => {
    if (!qty.isGreaterThan(0)) return refuse("the quantity is not above 0", qty.toNumber(), 0);
    if (!reference.isGreaterThan(0)) return refuse("no price is known for the symbol", reference.toNumber(), 0);
    if (intent.price !== null && !intent.price.isGreaterThan(0))
      return refuse("the order price is not above 0", intent.price.toNumber(), 0);
    return pass(qty.toNumber());
  },
};

const marketHours: Check = {
  name: "market_hours",
  why: "An entry decided when its session is over would wait for a market it never saw.",
  exits: false,
  run: ({ calendar, session, time, daily, intent }) => {
    if (daily) return pass(null, null, "goes to the next open");
    // What is for the opening auction is sent before the session.
    const isEarly = intent.extendedHours || intent.timeInForce === "opg";
    const window = session === "extended" && !isEarly ? "regular" : session;
    return isOpen(calendar, time, window) ? pass() : refuse(`the ${window} session is over`);
  },
};

const marketData: Check = {
  name: "market_data",
  why: "An entry decided on data that is behind, or in a symbol that is halted, would trade a market that is not there.",
  exits: false,
  run: ({ paused }) => (paused === "" ? pass() : refuse(`entries pause: ${paused}`)),
};

const maxOrderQty: Check = {
  name: "max_order_qty",
  why: "Fat finger: one order may not be larger than this many shares.",
  exits: false,
  run: ({ qty, limits }) => atMost(qty.toNumber(), limits.maxOrderQty, "shares in one order"),
};

const maxOrderNotional: Check = {
  name: "max_order_notional",
  why: "Fat finger: one order may not be worth more than this.",
  exits: false,
  run: (context) =>
    atMost(context.qty.times(worst(context)).toNumber(), context.limits.maxOrderNotional, "order value"),
};

const priceCollar: Check = {
  name: "price_collar",
  why: "An order price far from the market is a mistake in a formula or in the data.",
  exits: false,
  run: ({ intent, reference, limits }) => {
    const limit = limits.priceCollarRatio;
    if (limit === undefined) return skip("no price_collar is set");
    if (intent.price === null) return pass(0, limit, "market order");
    const distance = intent.price.minus(reference).abs().div(reference).toNumber();
    return atMost(distance, limit, "distance from the last price");
  },
};

const netting: Check = {
  name: "netting",
  why: "Two strategies on opposite sides of one symbol would trade against each other in one netted account.",
  exits: false,
  run: ({ intent, others, othersOwner }) => {
    const opposes = intent.side === "buy" ? others.isLessThan(0) : others.isGreaterThan(0);
    return opposes
      ? refuse(`strategy "${othersOwner ?? "another"}" holds ${others.toFixed()} of the symbol`, others.toNumber(), 0)
      : pass();
  },
};

const maxPosition: Check = {
  name: "max_position",
  why: "One position, working orders included, may not grow beyond its share of the account.",
  exits: false,
  run: (context) => {
    const tighter = positionRoom(context);
    if (tighter === undefined) return skip("no max_position is set");
    const { limit, held, room } = tighter;
    const wanted = held.plus(context.qty).toNumber();
    if (context.qty.isLessThanOrEqualTo(room)) return pass(wanted, limit.toNumber());
    const qty = context.intent.fractional
      ? room.decimalPlaces(9, Decimal.ROUND_DOWN)
      : room.integerValue(Decimal.ROUND_DOWN);
    if (qty.isZero())
      return refuse(`the position limit of ${limit.toFixed(0)} shares is used up`, wanted, limit.toNumber());
    const reason = `cut from ${context.qty.toFixed()} to ${qty.toFixed()} shares by the position limit`;
    return { outcome: "clamp", value: wanted, limit: limit.toNumber(), reason, qty };
  },
};

const orderRate: Check = {
  name: "order_rate",
  why: "A runaway rule must not flood the broker.",
  exits: false,
  run: ({ ordersLastMinute, limits }) =>
    atMost(ordersLastMinute + 1, limits.maxOrdersPerMinute, "orders within a minute"),
};

const ordersPerDay: Check = {
  name: "max_orders_per_day",
  why: "A strategy that trades more often than it was meant to is broken.",
  exits: false,
  run: ({ ordersToday, limits }) => atMost(ordersToday + 1, limits.maxOrdersPerDay, "orders today"),
};

const dailyLoss: Check = {
  name: "max_daily_loss",
  why: "A bad day ends before it becomes a bad year; exits stay possible.",
  exits: false,
  run: ({ dayLossRatio, limits }) => {
    const limit = limits.maxDailyLossRatio;
    if (limit === undefined) return skip("no max_daily_loss is set");
    return dayLossRatio < limit
      ? pass(dayLossRatio, limit)
      : refuse("the daily loss limit is reached", dayLossRatio, limit);
  },
};

const buyingPower: Check = {
  name: "buying_power",
  why: "Working orders of all strategies share one account's money.",
  exits: false,
  run: (context) => {
    const needed = context.qty.times(worst(context)).toNumber();
    const available = context.buyingPower.toNumber();
    return needed <= available
      ? pass(needed, available)
      : refuse(`needs ${needed.toFixed(2)}, ${available.toFixed(2)} is available`, needed, available);
  },
};

const approval: Check = {
  name: "approval",
  why: "What a person wants to see first does not leave without a person.",
  exits: false,
  run: (context) => {
    const { approvals, qty, intent, reference, equity, cash, buyingPower: power, dayPnl } = context;
    if (approvals.length === 0) return skip("no approval is set");
    const notional = qty.times(worst(context)).toNumber();
    const price = (intent.price ?? reference).toNumber();
    const known = {
      order: { notional, qty: qty.toNumber(), price, side: intent.side === "buy" ? 1 : -1 },
      account: {
        equity: equity.toNumber(),
        cash: cash.toNumber(),
        buying_power: power.toNumber(),
        day_pnl: dayPnl,
      },
    };
    const isAsked = approvals.some((one) => needsPerson(one, known));
    return isAsked
      ? refuse("a person must approve such orders, and asking a person is not built yet", notional)
      : pass(notional);
  },
};

/** Order matters: what cannot be sent at all is said first; clamps come before what they make smaller. */
export const CHECKS: readonly Check[] = [
  killSwitch,
  readiness,
  validity,
  marketHours,
  marketData,
  netting,
  maxPosition,
  maxOrderQty,
  maxOrderNotional,
  priceCollar,
  orderRate,
  ordersPerDay,
  dailyLoss,
  buyingPower,
  approval,
];

function atMost(value: number, limit: number | undefined, what: string): CheckAnswer {
  if (limit === undefined) return skip(`no limit on ${what} is set`);
  return value <= limit
    ? pass(value, limit)
    : refuse(`${what}: ${round(value)} is above the limit of ${round(limit)}`, value, limit);
}

function round(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** The price an order may cost: its own if it has one, else the last. */
function worst({ intent, reference }: RiskContext): Decimal {
  return intent.price === null ? reference : Decimal.max(intent.price, reference);
}

interface Room {
  readonly limit: Decimal;
  /** What counts against the limit already, without a sign. */
  readonly held: Decimal;
  readonly room: Decimal;
}

/** The smaller of two rooms: the strategy's for what it holds itself, the account's for what all hold together. */
function positionRoom(context: RiskContext): Room | undefined {
  const own = context.position.plus(context.working).abs();
  const roomIn = (limit: Decimal | undefined, held: Decimal): Room | undefined =>
    limit === undefined ? undefined : { limit, held, room: Decimal.max(limit.minus(held), ZERO) };
  const strategy = roomIn(positionLimit(context.limits, context), own);
  // Netting has refused what others hold on the other side, so the rest adds up.
  const account = roomIn(positionLimit(context.accountLimits, context), own.plus(context.others.abs()));
  if (strategy === undefined || account === undefined) return strategy ?? account;
  return account.room.isLessThan(strategy.room) ? account : strategy;
}

function positionLimit(limits: RiskLimits, { equity, reference }: RiskContext): Decimal | undefined {
  const candidates: Decimal[] = [];
  if (limits.maxPositionQty !== undefined) candidates.push(new Decimal(limits.maxPositionQty));
  if (limits.maxPositionNotional !== undefined) candidates.push(new Decimal(limits.maxPositionNotional).div(reference));
  if (limits.maxPositionRatio !== undefined) candidates.push(equity.times(limits.maxPositionRatio).div(reference));
  return candidates.length === 0 ? undefined : Decimal.min(...candidates);
}
