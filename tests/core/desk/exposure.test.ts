/** Limits on what several strategies do together, and on what is only known while a desk runs. */
import { describe, expect, it } from "vitest";
import type { InputBody } from "../../../engine/core/event.ts";
import type { Strategy } from "../../../engine/core/program.ts";
import type { AccountLimits } from "../../../engine/core/risk-limits.ts";
import { exposuresOf } from "../../../engine/core/desk/risk/exposure.ts";
import { restoreCore, saveCore } from "../../../engine/core/save.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";
import { DigitDriver, openOf, reconciled } from "../../support/core-driver.ts";
import type { CoreDriver } from "../../support/core-driver.ts";
import { StrategyBuilder, all, buy, close, program } from "../../support/program.ts";

const OPEN = openOf("2024-03-05");
const MINUTE = 60_000;

/** x1 buys 10 at the market, x2 buys 10 with a limit one dollar above, x3 closes. Prices stay near 100. */
function buyer(name: string, over: Partial<Strategy> = {}): Strategy {
  const builder = new StrategyBuilder(name, "1m", { maxEntries: 100, ...over });
  const price = builder.close();
  const digit = (n: number): ReturnType<StrategyBuilder["when"]>[] => [
    builder.when(price, ">", 100 + n / 10 - 0.01),
    builder.when(price, "<", 100 + n / 10 + 0.01),
  ];
  const limit = builder.calc("+", price, builder.number(1));
  builder.rule("buy", all(...digit(1)), buy(builder, 10), { start: "fire", fire: "each" });
  builder.rule("limit", all(...digit(2)), buy(builder, 10, { order: { type: "limit", limit } }), { start: "fire" });
  builder.rule("close", all(...digit(3)), close());
  return builder.build();
}

const desk = (strategies: readonly Strategy[], risk: AccountLimits = {}): DigitDriver =>
  new DigitDriver(program(strategies, risk), OPEN);

function refusals(driver: CoreDriver): string[] {
  return driver.of("refused").map(({ strategy, code, reason }) => `${strategy} ${code}: ${reason}`);
}

function raise(driver: CoreDriver, limit: string, value: number, by: readonly string[], ms = MINUTE): void {
  const body: InputBody = {
    kind: "command",
    command: "override",
    limit,
    value,
    untilMs: driver.arrival + ms,
    by,
    reason: "r",
  };
  driver.feed(body);
}

describe("money of one account", () => {
  it("is reserved by the first of two strategies that fire in one step", () => {
    const run = desk([buyer("a"), buyer("b")]);
    run.feed(reconciled({ cash: "1500", equity: "1500", lastEquity: "1500", multiplier: 1 }));
    run.say(1);
    expect(run.submits).toHaveLength(1);
    expect(refusals(run)).toEqual(["b buying_power: needs 1001.00, 499.00 is available"]);
  });

  it("keeps the reserve, of which a strategy may only ask more", () => {
    const run = desk([buyer("a"), buyer("b", { risk: { cashReserve: 98_500 } })], { cashReserve: 98_000 });
    run.feed(reconciled({ multiplier: 1 }));
    run.say(1);
    expect(refusals(run)).toEqual(["b buying_power: needs 1001.00, 499.00 is available above cash_reserve"]);
  });
});

describe("exposure", () => {
  it("counts of an entry that filled in part what is left of it, beside what is held", () => {
    const run = desk([buyer("a")]);
    run.say(2);
    const { state } = run.core.desk;
    run.accept(run.lastSubmit);
    run.filled(run.lastSubmit, 4, 100);
    const [exposure] = exposuresOf(state, [() => true]);
    const mark = state.account.markOf("SPY");
    const limit = Number(run.lastSubmit.limitPrice);
    expect(exposure?.gross.toNumber()).toBeCloseTo(4 * mark + 6 * limit);
    expect(exposure?.buys.toNumber()).toBeCloseTo(6 * limit);
  });

  it("of a position has no room by entries of the other side, which may never fill", () => {
    const run = desk([buyer("a")], { maxPositionQty: 25 });
    run.say(2);
    run.accept(run.lastSubmit);
    const { state } = run.core.desk;
    const origin = { strategy: "a", rule: "r", firing: "f" };
    const request = {
      ...{
        clientOrderId: "x",
        symbol: "SPY",
        side: "sell" as const,
        qty: "20",
        type: "limit" as const,
        limitPrice: "105",
      },
      ...{ timeInForce: "day" as const, extendedHours: false, orderClass: "bracket" as const },
    };
    const { verdict } = state.judge(request, {
      role: "entry",
      origin,
      reducesOnly: false,
      fractional: false,
      leg: "x",
    });
    expect(verdict.checks.find(({ check }) => check === "max_position")).toMatchObject({ outcome: "pass", value: 20 });
  });

  it("counts what other strategies hold and have working", () => {
    const run = desk([buyer("a"), buyer("b"), buyer("c")], { maxConcentrationRatio: 0.025 });
    run.say(1);
    expect(run.submits).toHaveLength(2);
    expect(refusals(run)).toEqual([
      "c max_concentration: worth of the symbol by equity: 0.03003 is above the limit of 0.025",
    ]);
  });

  it("of a strategy counts against its own limit alone", () => {
    const run = desk([buyer("a", { risk: { maxGrossRatio: 0.015 } }), buyer("b")]);
    for (const digit of [1, 0, 1]) run.say(digit);
    expect(refusals(run)).toEqual(["a max_gross: gross exposure of strategy a: 0.02002 is above the limit of 0.015"]);
  });

  it("of a group counts the symbols in it", () => {
    const symbols = ["SPY", "QQQ"];
    const groups = { index: ["SPY", "QQQ"], metal: ["GLD"] };
    const run = desk([buyer("a", { symbols })], { groups, maxGroupRatio: 0.015 });
    run.bar("QQQ", "1m", OPEN - 30 * MINUTE, 100);
    run.say(1);
    run.bar("QQQ", "1m", OPEN + 2 * MINUTE, 100.1);
    expect(run.submits).toHaveLength(1);
    expect(refusals(run)).toEqual(["a max_group: worth of group index by equity: 0.02002 is above the limit of 0.015"]);
  });
});

describe("order counts", () => {
  it("of one second are forgotten after it", () => {
    const run = desk([buyer("a"), buyer("b")], { maxOrdersPerSecond: 1 });
    for (const digit of [1, 0, 1]) run.say(digit);
    expect(run.submits.map(({ clientOrderId }) => run.orderOf(clientOrderId).strategy)).toEqual(["a", "a"]);
    expect(run.refusals).toEqual(["max_orders_per_second", "max_orders_per_second"]);
  });

  it("of open orders let an exit leave", () => {
    const run = desk([buyer("a")], { maxOpenOrders: 1 });
    run.say(1);
    const entry = run.lastSubmit;
    run.accept(entry);
    run.filled(entry, 5, 100);
    run.say(0);
    run.say(1);
    expect(run.refusals).toEqual(["max_open_orders"]);
    run.say(3);
    run.ended(entry.clientOrderId, "canceled");
    expect(run.lastSubmit).toMatchObject({ side: "sell", qty: "5" });
  });

  it("of requests leave room for exits, whose cancels count", () => {
    const run = desk([buyer("a"), buyer("b"), buyer("c")], { maxMessagesPerMinute: 4, messageReserve: 2 });
    run.say(1);
    expect(refusals(run).map((text) => text.split(":")[0])).toEqual(["c message_budget"]);
    const entry = run.submits[0] as DigitDriver["lastSubmit"];
    run.accept(entry);
    run.filled(entry, 5, 100);
    run.arrival -= MINUTE;
    run.say(3);
    run.ended(entry.clientOrderId, "canceled");
    // The one of b would trade with it.
    run.ended(run.submits[1]?.clientOrderId ?? "", "canceled");
    expect(run.lastSubmit).toMatchObject({ side: "sell", qty: "5" });
    // Three submits, and cancels of what a and b had open.
    expect(run.core.desk.state.counts.messagesLastMinute(run.arrival)).toBe(3 + run.cancels.length);
  });
});

describe("prices", () => {
  it("drift from the first one of the window, and a window forgets", () => {
    const run = desk([buyer("a")], { maxPriceDriftRatio: 0.005, priceDriftWindowMs: 5 * MINUTE });
    run.say(1);
    run.say(2);
    expect(refusals(run)).toEqual([
      "a max_price_drift: drift from the first price of the window: 0.010989 is above the limit of 0.005",
    ]);
    for (let i = 0; i < 6; i++) run.say(0);
    run.say(2);
    expect(run.submits).toHaveLength(2);
  });

  it("are not believed beyond their age", () => {
    const run = desk([buyer("a")], { maxPriceAgeMs: 30_000 });
    run.autoConfirm = false;
    run.say(1);
    // The answer takes long, and nothing was heard meanwhile.
    run.now += 2 * MINUTE;
    run.confirmAll();
    expect(run.refusals).toEqual(["stale_data"]);
  });

  it("of a crossed or wide market open nothing", () => {
    const run = desk([buyer("a")]);
    const now = OPEN + 30_000;
    run.quote("SPY", now, 101, 100);
    run.say(1);
    run.say(0);
    run.quote("SPY", run.now, 80, 120);
    run.say(1);
    expect(run.refusals).toEqual(["crossed_market", "wide_spread"]);
  });
});

describe("an instrument", () => {
  const word = {
    kind: "instrument",
    symbol: "SPY",
    tradable: true,
    shortable: true,
    fractionable: true,
    marginable: true,
  } as const;
  const risk: AccountLimits = {
    ...{ maxOrderNotional: 5_000, maxPositionRatio: 0.5, maxDailyLossRatio: 0.1 },
    live: { a: { by: "ann", since: "2024-03-01" } },
  };

  it("of which the broker said nothing is not traded with real money", () => {
    const run = desk([buyer("a")], risk);
    run.feed({ ...reconciled(), real: true });
    run.say(1);
    run.feed(word);
    run.say(0);
    run.say(1);
    expect(refusals(run)).toEqual(["a tradable: unknown whether SPY may be traded: the broker has not said it"]);
    expect(run.submits).toHaveLength(1);
  });

  it("is remembered by a core that was saved", () => {
    const run = desk([buyer("a")], risk);
    run.feed({ ...word, tradable: false });
    const { core } = run;
    const subject = core.desk.state.program;
    if (subject === undefined) throw new Error("no program");
    const again = restoreCore({ account: "test", journal: "j", calendarOf }, saveCore(core), subject);
    expect(again.desk.state.instruments.of("SPY")).toMatchObject({ tradable: false });
  });

  it("is traded with real money by strategies alone that somebody let", () => {
    const run = desk([buyer("a"), buyer("b"), buyer("constructor")], risk);
    run.feed({ ...reconciled(), real: true });
    run.feed(word);
    run.say(1);
    expect(run.submits).toHaveLength(1);
    expect(run.refusals).toEqual(["permission", "permission"]);
  });
});

describe("real money", () => {
  it.each(["max_order_notional", "max_position", "max_daily_loss"])(
    "sends no entry without %s, whatever its default",
    (name) => {
      const all: AccountLimits = { maxOrderNotional: 5_000, maxPositionRatio: 0.5, maxDailyLossRatio: 0.1 };
      const keys = {
        max_order_notional: "maxOrderNotional",
        max_position: "maxPositionRatio",
        max_daily_loss: "maxDailyLossRatio",
      };
      const { [keys[name as keyof typeof keys] as keyof AccountLimits]: _left, ...risk } = all;
      const run = desk([buyer("a")], { ...risk, live: { a: { by: "ann", since: "2024-03-01" } } });
      run.feed({ ...reconciled(), real: true });
      run.feed({
        kind: "instrument",
        symbol: "SPY",
        tradable: true,
        shortable: true,
        fractionable: true,
        marginable: true,
      });
      run.say(1);
      expect(run.submits).toEqual([]);
      expect(refusals(run)).toEqual([
        `a ${name}: ${name} is not set, and real money needs it: add it to the risk limits`,
      ]);
    },
  );
});

describe("an override", () => {
  const risk = { maxOrderQty: 5 };

  it("of two people raises a limit until its time is over, and is named in the verdict", () => {
    const run = desk([buyer("a")], risk);
    raise(run, "max_order_qty", 10, ["ann", "bob"], 5 * MINUTE);
    const timer = run.of("timer.set").find(({ id }) => id.startsWith("override:"));
    run.say(1);
    expect(run.submits).toHaveLength(1);
    const check = run.of("verdict")[0]?.verdict.checks.find((one) => one.check === "max_order_qty");
    expect(check).toMatchObject({
      limit: 10,
      reason: expect.stringMatching(/^max_order_qty is raised to 10 by ann and bob until /),
    });
    expect(timer).toMatchObject({ clock: "arrival", id: "override:max_order_qty@account" });
    run.arrival = timer?.at ?? 0;
    run.feed({ kind: "timer", id: timer?.id ?? "", clock: "arrival", at: timer?.at ?? 0 });
    run.say(0);
    run.say(1);
    expect(run.refusals).toEqual(["max_order_qty"]);
    expect(run.alerts).toEqual(expect.arrayContaining(["risk/override", "risk/override-over"]));
  });

  it.each([
    ["one person", "max_order_qty", 10, ["ann", " ann "], MINUTE],
    ["an unknown limit", "max_luck", 10, ["ann", "bob"], MINUTE],
    ["a state that an operator lifts", "max_daily_loss", 0.5, ["ann", "bob"], MINUTE],
    ["a value that is none", "max_order_qty", Number.NaN, ["ann", "bob"], MINUTE],
    ["an end that is over", "max_order_qty", 10, ["ann", "bob"], 0],
    ["more than a day", "max_order_qty", 10, ["ann", "bob"], 86_400_001],
  ] as const)("of %s changes nothing", (_what, limit, value, by, ms) => {
    const run = desk([buyer("a")], risk);
    raise(run, limit, value, by, ms);
    run.say(1);
    expect(run.refusals).toEqual(["max_order_qty"]);
    expect(run.alerts).toContain("risk/override-refused");
  });

  it("never tightens, and sets no limit that nobody set", () => {
    const run = desk([buyer("a")], { maxOrderQty: 20 });
    raise(run, "max_order_qty", 5, ["ann", "bob"]);
    raise(run, "max_position.qty", 5, ["ann", "bob"]);
    run.say(1);
    expect(run.submits).toHaveLength(1);
  });

  it("of a strategy holds for it alone", () => {
    const run = desk([buyer("a"), buyer("b")], risk);
    run.feed({
      ...{ kind: "command", command: "override", limit: "max_order_qty", value: 10, scope: "strategy:b" },
      ...{ untilMs: run.arrival + 5 * MINUTE, by: ["ann", "bob"], reason: "r" },
    });
    run.say(1);
    expect(run.submits).toHaveLength(1);
    expect(run.of("refused").map(({ strategy }) => strategy)).toEqual(["a"]);
  });
});
