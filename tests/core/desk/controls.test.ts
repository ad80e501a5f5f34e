/**
 * Every control of the catalogue at its edge: what just passes, what just does not, and what it says when it cannot know.
 * A control without cases fails here.
 */
import { describe, expect, it } from "vitest";
import type { Approval } from "../../../engine/core/approval.ts";
import { compile } from "../../../engine/lang/compile.ts";
import { decimal } from "../../../engine/core/decimal.ts";
import { CONTROLS, LIMITS } from "../../../engine/core/desk/risk/catalogue.ts";
import { answerTo } from "../../../engine/core/desk/risk/approve.ts";
import type { Control } from "../../../engine/core/desk/risk/control.ts";
import type { RiskLimits } from "../../../engine/core/risk-limits.ts";
import { fieldsOf } from "../../../engine/core/risk-limits.ts";
import { openOf } from "../../support/core-driver.ts";
import { NOTHING, contextWith, exposed } from "../../support/risk-context.ts";
import type { ContextChange } from "../../support/risk-context.ts";

/** What a control says: `clamp` cuts the order down. */
type Says = "pass" | "refuse" | "skip" | "clamp" | "ask";

interface Cases {
  /** A step on the good side of the edge, on it, and a step beyond it; of controls without a number: good and bad. */
  readonly below: ContextChange;
  readonly at: ContextChange;
  readonly above: ContextChange;
  /** What it says beyond the edge; default: refuse. */
  readonly beyond?: Says;
  /** Without the price, or whatever else it needs to know; `never`: it needs nothing that can be missing. */
  readonly unknown: ContextChange | "never";
  /** What it says then; default: refuse. */
  readonly unsure?: Says;
  /** More that it says, each with a word on it. */
  readonly more?: Readonly<Record<string, readonly [Says, ContextChange]>>;
}

const OPEN = openOf("2024-03-05");
const NO_PRICE = { reference: 0 } as const;
const limits = (one: RiskLimits): ContextChange => ({ limits: one });
const priced = (limit: number | null, stop: number | null = null): ContextChange => {
  const [a, b] = [limit, stop].map((price) => (price === null ? null : decimal(price)));
  return {
    intent: { type: limit === null ? "stop" : "limit", limit: a ?? null, stop: b ?? null, price: a ?? b ?? null },
  };
};
const INSTRUMENT = { symbol: "SPY", tradable: true, shortable: true, fractionable: true, marginable: true };
const GIVEN = { by: "ann", since: "2024-03-05" };
const MIDNIGHT = Date.parse("2024-03-05T00:00:00Z");
const BOUNDS = { symbols: ["SPY"], sides: ["buy"], maxQty: 10 } as const;
const ai = (qty: number, over: Partial<typeof BOUNDS> = {}): ContextChange => ({
  qty,
  intent: { origin: "ai", bounds: { ...BOUNDS, ...over } },
});

const asks = (limitPrice: number) => ({
  ...{ side: "sell", type: "limit", limitPrice: String(limitPrice), stopPrice: null, parent: null, request: null },
  origin: { strategy: "other", rule: "ask" },
});

const ASKED_ABOVE_1000 = approvalOf("order.notional > 1000");

function approvalOf(when: string): readonly Approval[] {
  const { program } = compile({
    "s.strategy.yaml":
      "barwise: 1\nname: s\nsymbols: [SPY]\non: 1m\nrules:\n  - {name: leave, when: close > 1, then: {close: {}}}\n",
    "barwise.yaml": `barwise: 1\napproval: {when: ${when}}\n`,
  });
  if (program?.approval === undefined) throw new Error("the approval was not compiled");
  return [program.approval];
}

const TABLE: Readonly<Record<string, Cases>> = {
  kill_switch: {
    below: { state: "ACTIVE" },
    at: { state: "REDUCING", intent: { reducesOnly: true } },
    above: { state: "REDUCING" },
    unknown: "never",
    more: { "refuses exits, too, in a halt": ["refuse", { state: "HALTED", intent: { reducesOnly: true } }] },
  },
  readiness: { below: {}, at: { ready: true }, above: { ready: false }, unknown: { ready: false } },
  split: { below: {}, at: { split: "" }, above: { split: "SPY splits" }, unknown: "never" },
  validity: {
    below: { qty: 2 },
    at: { qty: "0.000000001" },
    above: { qty: 0 },
    unknown: NO_PRICE,
    more: { "refuses a price that is not above 0": ["refuse", priced(0)] },
  },
  ai_bounds: {
    below: ai(9),
    at: ai(10),
    above: ai(11),
    unknown: { intent: { origin: "ai", bounds: null } },
    more: {
      "refuses another symbol": ["refuse", ai(1, { symbols: [] as unknown as ["SPY"] })],
      "refuses another side": ["refuse", { intent: { origin: "ai", bounds: { ...BOUNDS, sides: ["sell"] } } }],
      "leaves rules alone": ["skip", {}],
      "holds for what only reduces": ["refuse", { intent: { origin: "ai", reducesOnly: true } }],
    },
  },
  permission: {
    below: { real: true, permission: GIVEN, time: MIDNIGHT + 1 },
    at: { real: true, permission: GIVEN, time: MIDNIGHT },
    above: { real: true, permission: GIVEN, time: MIDNIGHT - 1 },
    unknown: { real: true },
    more: {
      "asks nobody on paper": ["pass", {}],
      "refuses a day that is none": ["refuse", { real: true, permission: { by: "ann", since: "soon" } }],
    },
  },
  tradable: {
    below: limits({ allow: ["SPY", "QQQ"], deny: ["GME"] }),
    at: { instrument: INSTRUMENT },
    above: limits({ deny: ["SPY"] }),
    unknown: { real: true },
    more: {
      "passes on paper what the broker says nothing of": ["pass", {}],
      "refuses what is not allowed": ["refuse", limits({ allow: ["QQQ"] })],
      "refuses everything when two lists have nothing in common": ["refuse", limits({ allow: [] })],
      "refuses what the broker does not trade": ["refuse", { instrument: { ...INSTRUMENT, tradable: false } }],
      "refuses parts of what comes in whole shares": [
        "refuse",
        { instrument: { ...INSTRUMENT, fractionable: false }, qty: 0.5 },
      ],
      "refuses a short sale of what nobody lends": [
        "refuse",
        { instrument: { ...INSTRUMENT, shortable: false }, intent: { side: "sell" } },
      ],
      "sells what is held, though nobody lends it": [
        "pass",
        { instrument: { ...INSTRUMENT, shortable: false }, intent: { side: "sell" }, position: decimal(10) },
      ],
    },
  },
  tick_size: {
    below: priced(100.01),
    at: priced(0.9999),
    above: priced(100.001),
    unknown: "never",
    more: {
      "refuses parts of a share without fractional": ["refuse", { qty: 1.5 }],
      "knows nine decimals of a share": ["pass", { qty: "0.123456789", intent: { fractional: true } }],
      "refuses the tenth": ["refuse", { qty: "0.1234567891", intent: { fractional: true } }],
      "looks at the stop of a stop limit": ["refuse", priced(100, 100.005)],
      "knows nine decimals of a coin's price": [
        "pass",
        { intent: { ...priced(0.000000001).intent, symbol: "DOGE/USD" } },
      ],
    },
  },
  time_in_force: {
    below: {},
    at: { intent: { type: "limit", timeInForce: "gtc", extendedHours: true } },
    above: { intent: { type: "market", extendedHours: true } },
    unknown: "never",
    more: {
      "refuses fok in extended hours": [
        "refuse",
        { intent: { type: "limit", timeInForce: "fok", extendedHours: true } },
      ],
      "refuses gtc for parts of a share": ["refuse", { qty: 0.5, intent: { timeInForce: "gtc", fractional: true } }],
      "refuses a day order of a pair": ["refuse", { intent: { symbol: "BTC/USD" } }],
      "refuses a trailing stop of a pair": [
        "refuse",
        { intent: { symbol: "BTC/USD", type: "trailing_stop", timeInForce: "gtc" } },
      ],
      "refuses a bracket that is ioc": ["refuse", { intent: { orderClass: "bracket", timeInForce: "ioc" } }],
      "refuses a bracket in extended hours": [
        "refuse",
        { intent: { orderClass: "bracket", type: "limit", extendedHours: true } },
      ],
      "refuses a stop for the open": ["refuse", { intent: { type: "stop", timeInForce: "opg" } }],
      "takes a market order for the open": ["pass", { intent: { timeInForce: "opg" } }],
    },
  },
  market_hours: {
    below: { time: OPEN + 1 },
    at: { time: OPEN },
    above: { time: OPEN - 1 },
    unknown: "never",
    more: { "lets an order for the next open leave": ["pass", { time: OPEN - 1, daily: true }] },
  },
  market_data: { below: {}, at: { paused: "" }, above: { paused: "the feed is down" }, unknown: "never" },
  stale_data: {
    below: { ...limits({ maxPriceAgeMs: 1_000 }), priceAgeMs: 60_999, barMs: 60_000 },
    at: { ...limits({ maxPriceAgeMs: 1_000 }), priceAgeMs: 61_000, barMs: 60_000 },
    above: { ...limits({ maxPriceAgeMs: 1_000 }), priceAgeMs: 61_001, barMs: 60_000 },
    unknown: { priceAgeMs: Number.NaN },
    more: { "leaves orders for the next open alone": ["skip", { priceAgeMs: 1e9, daily: true }] },
  },
  crossed_market: {
    below: { quote: { bid: 99.99, ask: 100 } },
    at: { quote: { bid: 100, ask: 100 } },
    above: { quote: { bid: 100.01, ask: 100 } },
    unknown: { quote: null },
    unsure: "skip",
    more: { "judges nothing when nobody quotes one side": ["skip", { quote: { bid: 0, ask: 100 } }] },
  },
  wide_spread: {
    below: { ...limits({ maxSpreadRatio: 0.02 }), quote: { bid: 99.01, ask: 100.99 } },
    at: { ...limits({ maxSpreadRatio: 0.02 }), quote: { bid: 99, ask: 101 } },
    above: { ...limits({ maxSpreadRatio: 0.02 }), quote: { bid: 98.99, ask: 101.01 } },
    unknown: { quote: null },
    unsure: "skip",
    more: { "judges nothing when nobody quotes one side": ["skip", { quote: { bid: 0, ask: 100 } }] },
  },
  netting: {
    below: { others: decimal(5), othersOwner: "t" },
    at: { others: decimal(0) },
    above: { others: decimal(-1), othersOwner: "t" },
    unknown: "never",
  },
  max_position: {
    below: { ...limits({ maxPositionQty: 10 }), qty: 9 },
    at: { ...limits({ maxPositionQty: 10 }), qty: 10 },
    above: { ...limits({ maxPositionQty: 10 }), qty: 11 },
    beyond: "clamp",
    unknown: NO_PRICE,
    more: {
      "refuses when nothing is left": ["refuse", { ...limits({ maxPositionQty: 10 }), working: decimal(10) }],
      "counts what works": ["clamp", { ...limits({ maxPositionRatio: 0.01 }), qty: 10, working: decimal(1) }],
      "says so when nothing is set": ["skip", {}],
    },
  },
  max_order_qty: {
    below: { ...limits({ maxOrderQty: 10 }), qty: 9 },
    at: { ...limits({ maxOrderQty: 10 }), qty: 10 },
    above: { ...limits({ maxOrderQty: 10 }), qty: "10.000000001" },
    unknown: "never",
  },
  max_order_notional: {
    below: { ...limits({ maxOrderNotional: 1_000 }), ...priced(99.99), qty: 10, reference: 99 },
    at: { ...limits({ maxOrderNotional: 1_000 }), ...priced(100) },
    above: { ...limits({ maxOrderNotional: 1_000 }), ...priced(100.01) },
    unknown: NO_PRICE,
    more: {
      "values a market order at the last price and the collar": [
        "pass",
        limits({ maxOrderNotional: 1_050, priceCollarRatio: 0.05 }),
      ],
      "refuses one that the collar brings above the limit": [
        "refuse",
        limits({ maxOrderNotional: 1_049.99, priceCollarRatio: 0.05 }),
      ],
      "values it at the ask when that is worse": [
        "refuse",
        { ...limits({ maxOrderNotional: 1_000 }), quote: { bid: 100, ask: 100.01 } },
      ],
    },
  },
  price_collar: {
    below: { ...limits({ priceCollarRatio: 0.05 }), ...priced(104.99) },
    at: { ...limits({ priceCollarRatio: 0.05 }), ...priced(105) },
    above: { ...limits({ priceCollarRatio: 0.05 }), ...priced(105.01) },
    unknown: { ...priced(100), ...NO_PRICE },
    more: {
      "holds downwards, too": ["refuse", { ...limits({ priceCollarRatio: 0.05 }), ...priced(94.99) }],
      "passes a market order": ["pass", limits({ priceCollarRatio: 0.05 })],
      "holds for stops without stop_collar": [
        "refuse",
        { ...limits({ priceCollarRatio: 0.05 }), ...priced(null, 106) },
      ],
      "leaves stops to stop_collar": [
        "pass",
        { ...limits({ priceCollarRatio: 0.05, stopCollarRatio: 0.06 }), ...priced(null, 106) },
      ],
      "looks at both prices of a stop limit": [
        "refuse",
        { ...limits({ priceCollarRatio: 0.05, stopCollarRatio: 0.06 }), ...priced(107, 106) },
      ],
    },
  },
  max_price_drift: {
    below: { ...limits({ maxPriceDriftRatio: 0.05 }), ...priced(104.99), firstPrice: 100 },
    at: { ...limits({ maxPriceDriftRatio: 0.05 }), ...priced(105), firstPrice: 100 },
    above: { ...limits({ maxPriceDriftRatio: 0.05 }), ...priced(105.01), firstPrice: 100 },
    unknown: NO_PRICE,
    more: {
      "passes the first of a window": ["pass", { ...limits({ maxPriceDriftRatio: 0.05 }), ...priced(500) }],
      "takes the market for the price of a market order": [
        "refuse",
        { ...limits({ maxPriceDriftRatio: 0.05 }), firstPrice: 94 },
      ],
    },
  },
  max_concentration: {
    below: { ...limits({ maxConcentrationRatio: 0.1 }), inSymbol: exposed({ gross: 8_999 }) },
    at: { ...limits({ maxConcentrationRatio: 0.1 }), inSymbol: exposed({ gross: 9_000 }) },
    above: { ...limits({ maxConcentrationRatio: 0.1 }), inSymbol: exposed({ gross: 9_000.01 }) },
    unknown: NO_PRICE,
    more: {
      "refuses without equity": ["refuse", { ...limits({ maxConcentrationRatio: 1 }), equity: decimal(0) }],
    },
  },
  max_group: {
    below: { ...limits({ maxGroupRatio: 0.1 }), groups: [{ name: "tech", exposure: exposed({ gross: 8_999 }) }] },
    at: { ...limits({ maxGroupRatio: 0.1 }), groups: [{ name: "tech", exposure: exposed({ gross: 9_000 }) }] },
    above: {
      ...limits({ maxGroupRatio: 0.1 }),
      groups: [
        { name: "tech", exposure: exposed({ gross: 9_001 }) },
        { name: "index", exposure: NOTHING },
      ],
    },
    unknown: { ...NO_PRICE, groups: [{ name: "tech", exposure: NOTHING }] },
    more: { "judges nothing outside a group": ["skip", limits({ maxGroupRatio: 0.1 })] },
  },
  max_gross: {
    below: { ...limits({ maxGrossRatio: 1.5 }), scope: { exposure: exposed({ gross: 148_999 }) } },
    at: { ...limits({ maxGrossRatio: 1.5 }), scope: { exposure: exposed({ gross: 149_000 }) } },
    above: { ...limits({ maxGrossRatio: 1.5 }), scope: { exposure: exposed({ gross: 149_000.01 }) } },
    unknown: NO_PRICE,
  },
  max_net: {
    below: { ...limits({ maxNetRatio: 0.5 }), scope: { exposure: exposed({ net: 40_000, buys: 8_999 }) } },
    at: { ...limits({ maxNetRatio: 0.5 }), scope: { exposure: exposed({ net: 40_000, buys: 9_000 }) } },
    above: { ...limits({ maxNetRatio: 0.5 }), scope: { exposure: exposed({ net: 40_000, buys: 9_000.01 }) } },
    unknown: NO_PRICE,
    more: {
      "does not count on sells that may never fill": [
        "refuse",
        { ...limits({ maxNetRatio: 0.5 }), scope: { exposure: exposed({ net: 49_500, sells: 40_000 }) } },
      ],
      "lets through what brings it closer to even": [
        "pass",
        { ...limits({ maxNetRatio: 0.5 }), intent: { side: "sell" }, scope: { exposure: exposed({ net: 90_000 }) } },
      ],
    },
  },
  max_open_orders: {
    below: { ...limits({ maxOpenOrders: 3 }), scope: { openOrders: 1 } },
    at: { ...limits({ maxOpenOrders: 3 }), scope: { openOrders: 2 } },
    above: { ...limits({ maxOpenOrders: 3 }), scope: { openOrders: 3 } },
    unknown: "never",
  },
  max_orders_per_second: {
    below: { ...limits({ maxOrdersPerSecond: 3 }), scope: { ordersLastSecond: 1 } },
    at: { ...limits({ maxOrdersPerSecond: 3 }), scope: { ordersLastSecond: 2 } },
    above: { ...limits({ maxOrdersPerSecond: 3 }), scope: { ordersLastSecond: 3 } },
    unknown: "never",
  },
  order_rate: {
    below: { ...limits({ maxOrdersPerMinute: 3 }), scope: { ordersLastMinute: 1 } },
    at: { ...limits({ maxOrdersPerMinute: 3 }), scope: { ordersLastMinute: 2 } },
    above: { ...limits({ maxOrdersPerMinute: 3 }), scope: { ordersLastMinute: 3 } },
    unknown: "never",
  },
  message_budget: {
    below: { ...limits({ maxMessagesPerMinute: 20, messageReserve: 5 }), messagesLastMinute: 13 },
    at: { ...limits({ maxMessagesPerMinute: 20, messageReserve: 5 }), messagesLastMinute: 14 },
    above: { ...limits({ maxMessagesPerMinute: 20, messageReserve: 5 }), messagesLastMinute: 15 },
    unknown: "never",
    more: {
      "lets an exit use what entries leave": [
        "skip",
        {
          ...limits({ maxMessagesPerMinute: 20, messageReserve: 5 }),
          messagesLastMinute: 500,
          intent: { reducesOnly: true },
        },
      ],
    },
  },
  max_orders_per_day: {
    below: { ...limits({ maxOrdersPerDay: 3 }), scope: { ordersToday: 1 } },
    at: { ...limits({ maxOrdersPerDay: 3 }), scope: { ordersToday: 2 } },
    above: { ...limits({ maxOrdersPerDay: 3 }), scope: { ordersToday: 3 } },
    unknown: "never",
  },
  max_daily_loss: {
    below: { ...limits({ maxDailyLossRatio: 0.02 }), past: { dayLoss: () => 0.018 } },
    at: { ...limits({ maxDailyLossRatio: 0.02 }), past: { dayLoss: () => 0.019_999 } },
    above: { ...limits({ maxDailyLossRatio: 0.02 }), past: { dayLoss: () => 0.02 } },
    unknown: { ...limits({ maxDailyLossRatio: 0.02 }), past: { dayLoss: () => Number.NaN } },
  },
  max_drawdown: {
    below: { ...limits({ maxDrawdownRatio: 0.02 }), past: { drawdown: () => 0.018 } },
    at: { ...limits({ maxDrawdownRatio: 0.02 }), past: { drawdown: () => 0.019_999 } },
    above: { ...limits({ maxDrawdownRatio: 0.02 }), past: { drawdown: () => 0.02 } },
    unknown: { ...limits({ maxDrawdownRatio: 0.02 }), past: { drawdown: () => Number.NaN } },
  },
  max_loss_streak: {
    below: { ...limits({ maxLossStreak: 3 }), past: { lostInRow: () => 1 } },
    at: { ...limits({ maxLossStreak: 3 }), past: { lostInRow: () => 2 } },
    above: { ...limits({ maxLossStreak: 3 }), past: { lostInRow: () => 3 } },
    unknown: "never",
  },
  max_rejections: {
    below: { ...limits({ maxRejections: 3 }), past: { rejections: () => 1 } },
    at: { ...limits({ maxRejections: 3 }), past: { rejections: () => 2 } },
    above: { ...limits({ maxRejections: 3 }), past: { rejections: () => 3 } },
    unknown: "never",
  },
  max_reconnects: {
    below: { ...limits({ maxReconnects: 3 }), past: { reconnects: 1 } },
    at: { ...limits({ maxReconnects: 3 }), past: { reconnects: 2 } },
    above: { ...limits({ maxReconnects: 3 }), past: { reconnects: 3 } },
    unknown: "never",
  },
  max_ack_latency: {
    below: { ...limits({ maxAckLatencyMs: 1_000 }), past: { slowAnswers: () => 1 } },
    at: { ...limits({ maxAckLatencyMs: 1_000 }), past: { slowAnswers: () => 2 } },
    above: { ...limits({ maxAckLatencyMs: 1_000 }), past: { slowAnswers: () => 3 } },
    unknown: "never",
  },
  repeated_execution: {
    below: { ...limits({ maxEntriesPerRule: 3 }), past: { ofRule: 1 } },
    at: { ...limits({ maxEntriesPerRule: 3 }), past: { ofRule: 2 } },
    above: { ...limits({ maxEntriesPerRule: 3 }), past: { ofRule: 3 } },
    unknown: "never",
  },
  duplicate_intent: {
    below: { ...limits({ maxIdenticalOrders: 3 }), past: { identical: 1 } },
    at: { ...limits({ maxIdenticalOrders: 3 }), past: { identical: 2 } },
    above: { ...limits({ maxIdenticalOrders: 3 }), past: { identical: 3 } },
    unknown: "never",
    more: { "refuses the second order of a firing": ["refuse", { past: { twin: "bw-1" } }] },
  },
  children: {
    below: { qty: 9, past: { wanted: decimal(20), taken: decimal(10) } },
    at: { qty: 10, past: { wanted: decimal(20), taken: decimal(10) } },
    above: { qty: 11, past: { wanted: decimal(20), taken: decimal(10) } },
    unknown: "never",
    more: {
      "refuses exits beyond what is held": [
        "refuse",
        { qty: 11, intent: { reducesOnly: true, side: "sell" }, past: { held: decimal(20), leaving: decimal(10) } },
      ],
    },
  },
  reduce_only: {
    below: limits({ reduceOnly: ["QQQ"] }),
    at: limits({ reduceOnly: ["strategy:other"] }),
    above: limits({ reduceOnly: ["SPY"] }),
    unknown: "never",
    more: { "refuses a strategy that is named": ["refuse", limits({ reduceOnly: ["strategy:s"] })] },
  },
  self_cross: {
    below: { ...priced(100.99), past: { opposing: [asks(101)] } },
    at: { ...priced(101), intent: { ...priced(101).intent, orderClass: "bracket" }, past: { opposing: [asks(101)] } },
    above: { ...priced(101), past: { opposing: [asks(101)] } },
    unknown: "never",
  },
  probation: {
    below: { qty: 9, ...limits({ probationOrders: 1, probationNotional: 1_000 }) },
    at: { qty: 10, ...limits({ probationOrders: 1, probationNotional: 1_000 }) },
    above: { qty: 11, ...limits({ probationOrders: 1, probationNotional: 1_000 }) },
    beyond: "clamp",
    unknown: "never",
  },
  buying_power: {
    below: { buyingPower: decimal(1_001) },
    at: { buyingPower: decimal(1_000) },
    above: { buyingPower: decimal(999.99) },
    unknown: NO_PRICE,
    more: {
      "keeps the reserve": ["refuse", { ...limits({ cashReserve: 0.01 }), buyingPower: decimal(1_000) }],
      "uses what is above it": ["pass", { ...limits({ cashReserve: 500 }), buyingPower: decimal(1_500) }],
    },
  },
  approval: {
    below: { approvals: ASKED_ABOVE_1000, qty: 9 },
    at: { approvals: ASKED_ABOVE_1000, qty: 10 },
    above: { approvals: ASKED_ABOVE_1000, qty: 10.01 },
    beyond: "ask",
    unknown: { approvals: ASKED_ABOVE_1000, qty: 1, ...NO_PRICE },
    unsure: "ask",
    more: {
      "asks nobody unless somebody wrote it": ["skip", { qty: 1_000 }],
      "passes what a person approved": ["pass", { approvals: ASKED_ABOVE_1000, qty: 11, approvedBy: "ann" }],
      "does not pile requests up": ["refuse", { approvals: ASKED_ABOVE_1000, qty: 11, approvalRoom: 0 }],
    },
  },
};

function says(control: Control, change: ContextChange): Says {
  return answerTo(control, contextWith(change)).outcome;
}

describe.each(CONTROLS.map((control) => [control.name, control] as const))("%s", (name, control) => {
  const cases = TABLE[name];

  it("has cases at its edge", () => {
    expect(cases, `write cases for ${name} into the table`).toBeDefined();
  });
  if (cases === undefined) return;
  const { below, at, above, beyond = "refuse", unknown, unsure = "refuse", more = {} } = cases;

  it("lets through what is below and at its edge, and not what is beyond", () => {
    const good: Says[] = ["pass", "skip"];
    expect(good).toContain(says(control, below));
    expect(good).toContain(says(control, at));
    expect(says(control, above)).toBe(beyond);
  });

  if (unknown !== "never")
    it(`${unsure === "refuse" ? "refuses" : "says so"} when it cannot know`, () => {
      const answer = answerTo(control, contextWith(unknown));
      expect(answer.outcome).toBe(unsure);
      expect(answer.reason).not.toBe("");
    });

  for (const [what, [outcome, change]] of Object.entries(more))
    it(what, () => expect(says(control, change)).toBe(outcome));

  it("never traps an exit, unless it says that it holds for exits", () => {
    const exit = { ...above, intent: { ...above.intent, reducesOnly: true } };
    if (!control.exits) expect(says(control, exit)).toBe("skip");
  });

  it("gives a number that is none to no order", () => {
    const broken = { equity: decimal(0), dayLossRatio: Number.NaN, priceAgeMs: Number.NaN, firstPrice: Number.NaN };
    const everything = Object.fromEntries(
      LIMITS.flatMap((spec) => fieldsOf(spec).map(({ key }) => [key, spec.kind === "ratio" ? 0.1 : 1])),
    ) as RiskLimits;
    // Whoever needs one of them refuses; nobody throws, and nobody passes a value that is NaN.
    const answer = answerTo(control, contextWith({ ...broken, limits: everything, accountLimits: everything }));
    expect(answer.outcome === "pass" && Number.isNaN(answer.value)).toBe(false);
  });
});

describe("the catalogue", () => {
  it("has no cases for controls that it does not have", () => {
    const names = new Set(CONTROLS.map(({ name }) => name));
    expect(Object.keys(TABLE).filter((name) => !names.has(name))).toEqual([]);
  });

  it("names each control and each limit once, and says why it is there", () => {
    expect(new Set(CONTROLS.map(({ name }) => name)).size).toBe(CONTROLS.length);
    expect(new Set(LIMITS.map(({ name }) => name)).size).toBe(LIMITS.length);
    for (const { why, answers, unit } of CONTROLS) for (const text of [why, answers, unit]) expect(text).not.toBe("");
  });
});
