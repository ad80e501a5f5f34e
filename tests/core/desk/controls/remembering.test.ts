/** Controls that remember: below, at and above each limit, what they stop, who gives it back, and that a restart forgets nothing. */
import { describe, expect, it } from "vitest";
import { decode, encode } from "../../../../engine/adapters/journal/encode.ts";
import type { CheckResult, OrderRequest } from "../../../../engine/core/event.ts";
import type { Program, Strategy } from "../../../../engine/core/program.ts";
import type { AccountLimits } from "../../../../engine/core/risk-limits.ts";
import { restoreCore, saveCore } from "../../../../engine/core/save.ts";
import type { SavedCore } from "../../../../engine/core/save.ts";
import type { CoreState } from "../../../../engine/core/step.ts";
import { calendarOf } from "../../../../engine/market/instruments.ts";
import { CoreDriver, openOf, reconciled } from "../../../support/core-driver.ts";
import { StrategyBuilder, all, buy, close, program, sell } from "../../../support/program.ts";

const OPEN = openOf("2024-03-05");
const MINUTE = 60_000;

/** By the last digit of the close: 1 buys 10, 2 buys 10 at a limit, 3 closes, 4 closes at a limit, 5 sells 10 short, 6 buys 20. */
function digits(
  name = "s",
  over: Partial<Strategy> = {},
  more: (builder: StrategyBuilder) => void = () => {},
): Strategy {
  const builder = new StrategyBuilder(name, "1s", { maxEntries: 1_000, ...over });
  const price = builder.close();
  const digit = (n: number) =>
    all(builder.when(price, ">", 100 + n / 10 - 0.01), builder.when(price, "<", 100 + n / 10 + 0.01));
  const each = { fire: "each", start: "fire" } as const;
  builder.rule("buy", digit(1), buy(builder, 10), each);
  builder.rule("limit", digit(2), buy(builder, 10, { order: { type: "limit", limit: builder.number(99) } }), each);
  builder.rule("close", digit(3), close());
  builder.rule("ask", digit(4), close({ type: "limit", limit: builder.number(101) }));
  builder.rule("short", digit(5), sell(builder, 10, { short: true }), each);
  builder.rule("more", digit(6), buy(builder, 20), each);
  more(builder);
  return builder.build();
}

class Desk extends CoreDriver {
  #second = OPEN;

  constructor(risk: AccountLimits = {}, strategies: readonly Strategy[] = [digits()]) {
    super(program(strategies, risk), OPEN - 1_000);
  }

  /** The next evaluation, a second after the one before: within the same minute. */
  again(digit: number): void {
    const start = this.#second;
    this.#second += 1_000;
    this.bar("SPY", "1s", start, 100 + digit / 10);
  }

  /** The next evaluation, a minute after the one before. */
  say(digit: number): void {
    this.#second += MINUTE;
    this.again(digit);
  }

  fill(price = 100): OrderRequest {
    const order = this.lastSubmit;
    this.accept(order);
    this.filled(order, Number(order.qty), price);
    return order;
  }

  /** Buys and sells, and loses this much a share. */
  trip(loss: number): void {
    this.again(1);
    this.fill(100);
    this.again(3);
    this.fill(100 - loss);
  }

  reject(): void {
    this.broker({ kind: "order.rejected", clientOrderId: this.lastSubmit.clientOrderId, code: "403", reason: "no" });
  }

  check(name: string): CheckResult {
    const check = this.of("verdict")
      .at(-1)
      ?.verdict.checks.find((one) => one.check === name);
    if (check === undefined) throw new Error(`no check ${name}`);
    return check;
  }

  state(scope = "account"): string {
    return this.core.desk.state.states.in(scope).state;
  }

  command(command: "halt" | "reduce" | "resume" | "flatten", scope = "account"): void {
    this.feed({ kind: "command", command, scope, by: "op", reason: "test" });
  }

  load(risk: AccountLimits, strategies: readonly Strategy[] = [digits()]): void {
    this.feed({ kind: "program.loaded", program: program(strategies, risk), warmup: [] });
  }

  /** The arrival timer of a breaker rings. */
  ring(id: string): void {
    const timer = this.of("timer.set").findLast((output) => output.id === id);
    if (timer === undefined) throw new Error(`no timer ${id}`);
    this.arrival = Math.max(this.arrival, timer.at);
    this.feed({ kind: "timer", id, clock: "arrival", at: timer.at });
  }

  restart(): CoreState {
    const { signals } = this.core;
    const saved = decode(encode(saveCore(this.core))) as SavedCore;
    return restoreCore({ account: "test", journal: "j", calendarOf }, saved, signals.program as Program);
  }
}

const codes = (desk: Desk, code: string): number => desk.alerts.filter((one) => one === code).length;

/** What a limit of 3 says to the second, third and fourth. */
const COUNTED: readonly (readonly [check: string, limits: AccountLimits])[] = [
  ["repeated_execution", { maxEntriesPerRule: 3 }],
  ["duplicate_intent", { maxIdenticalOrders: 3 }],
];

describe.each(COUNTED)("%s", (check, limits) => {
  it("lets what is below and at the limit pass, and refuses what is above", () => {
    const desk = new Desk(limits);
    for (const value of [1, 2, 3]) {
      desk.again(1);
      expect(desk.check(check)).toMatchObject({ outcome: "pass", value, limit: 3, headroom: 3 - value });
    }
    desk.again(1);
    expect(desk.check(check)).toMatchObject({ outcome: "refuse", value: 4, limit: 3, headroom: -1 });
    expect(desk.submits).toHaveLength(3);
    expect(desk.refusals.at(-1)).toBe(check);
  });

  it("counts a minute of market time and no more", () => {
    const desk = new Desk(limits);
    for (let i = 0; i < 8; i++) desk.say(1);
    expect(desk.submits).toHaveLength(8);
  });

  it("never stands in the way of an exit", () => {
    const desk = new Desk(limits);
    for (let i = 0; i < 3; i++) {
      desk.again(1);
      desk.fill();
    }
    desk.again(3);
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "30" });
  });
});

describe("a rule that enters again and again", () => {
  const runaway = (limits: AccountLimits = { maxEntriesPerRule: 2 }): Desk => {
    const desk = new Desk(limits, [digits(), digits("other")]);
    for (let i = 0; i < 3; i++) desk.again(1);
    return desk;
  };

  it("makes its strategy REDUCING, cancels its entries, and is named once", () => {
    const desk = runaway();
    expect([desk.state("strategy:s"), desk.state()]).toEqual(["REDUCING", "ACTIVE"]);
    const alert = desk.of("alert").find(({ code }) => code === "risk/repeated_execution");
    expect(alert).toMatchObject({ level: "critical", strategy: "s" });
    expect(alert?.message).toContain('rule "buy" in SPY');
    expect(desk.cancels.length).toBeGreaterThanOrEqual(2);
    desk.again(1);
    expect(
      desk.of("alert").filter((one) => one.code === "risk/repeated_execution" && one.strategy === "s"),
    ).toHaveLength(1);
  });

  it("stays so over a restart, a reload and a new day, until a person resumes that strategy", () => {
    const desk = runaway();
    expect(desk.restart().desk.state.states.in("strategy:s").state).toBe("REDUCING");
    desk.load({ maxEntriesPerRule: 100 }, [digits(), digits("other")]);
    desk.passTo(openOf("2024-03-06") - 1_000);
    desk.bar("SPY", "1s", openOf("2024-03-06"), 100.1);
    expect(desk.state("strategy:s")).toBe("REDUCING");
    desk.command("resume");
    expect(desk.state("strategy:s")).toBe("REDUCING");
    desk.command("resume", "strategy:s");
    expect(desk.state("strategy:s")).toBe("ACTIVE");
  });

  it("is counted anew once a person has resumed it", () => {
    const desk = runaway();
    const before = desk.submits.length;
    desk.command("resume", "strategy:s");
    desk.command("resume", "strategy:other");
    desk.again(6);
    desk.again(1);
    desk.again(1);
    expect(desk.check("repeated_execution")).toMatchObject({ outcome: "pass", value: 2 });
    expect(desk.submits.length).toBe(before + 6);
  });

  it("runs away as well when what it wants is refused as a duplicate", () => {
    const desk = new Desk({ maxIdenticalOrders: 1, maxEntriesPerRule: 3 });
    for (let i = 0; i < 4; i++) desk.again(1);
    expect(desk.submits).toHaveLength(1);
    expect(desk.state("strategy:s")).toBe("REDUCING");
  });
});

describe("what one firing wants", () => {
  const wish = (
    desk: Desk,
    over: { firing?: string; leg?: string; qty?: string; wanted?: number; id?: string } = {},
  ) => {
    const { state } = desk.core.desk;
    const origin = { strategy: "s", rule: "buy", firing: over.firing ?? "f" };
    const request: OrderRequest = {
      ...{ clientOrderId: over.id ?? state.nextId(origin, "SPY", over.leg ?? "entry"), symbol: "SPY", side: "buy" },
      ...{ qty: over.qty ?? "10", type: "market", timeInForce: "day", extendedHours: false, orderClass: "simple" },
    };
    const wanted = state.portfolio.cash.times(0).plus(over.wanted ?? Number(request.qty));
    const options = {
      role: "entry",
      origin,
      reducesOnly: false,
      fractional: false,
      wanted,
      leg: over.leg ?? "entry",
    } as const;
    const sent = state.send(request, options);
    desk.core.outputs = [];
    return "code" in sent ? sent.code : "sent";
  };

  it("becomes one order by each leg, whatever became of the first", () => {
    const desk = new Desk();
    desk.say(0);
    expect(wish(desk)).toBe("sent");
    expect(wish(desk)).toBe("duplicate_intent");
    expect(wish(desk, { firing: "g" })).toBe("sent");
  });

  it("is never exceeded by all its orders together: below, at and above", () => {
    const desk = new Desk();
    desk.say(0);
    expect(wish(desk, { qty: "4", wanted: 10 })).toBe("sent");
    expect(wish(desk, { qty: "5", wanted: 10, leg: "b" })).toBe("sent");
    expect(wish(desk, { qty: "1", wanted: 10, leg: "c" })).toBe("sent");
    expect(wish(desk, { qty: "1", wanted: 10, leg: "d" })).toBe("children");
  });

  it("cannot be raised by a later order", () => {
    const desk = new Desk();
    desk.say(0);
    expect(wish(desk, { qty: "4", wanted: 10 })).toBe("sent");
    expect(wish(desk, { qty: "7", wanted: 1_000, leg: "b" })).toBe("children");
  });

  it("is known after a restart", () => {
    const desk = new Desk();
    desk.say(0);
    expect(wish(desk)).toBe("sent");
    const { firings } = desk.restart().desk.state.memory;
    expect(firings.sentFor("f")).toHaveLength(1);
    expect(firings.wantedBy("f")?.toNumber()).toBe(10);
  });
});

describe("exits together", () => {
  it("never take more than is held", () => {
    const desk = new Desk();
    desk.again(1);
    desk.fill();
    const { state } = desk.core.desk;
    const origin = { strategy: "s", rule: "close", firing: "x" };
    const sell = (qty: string, leg: string) => {
      const request = {
        ...{ clientOrderId: state.nextId(origin, "SPY", leg), symbol: "SPY", side: "sell" as const, qty },
        ...{
          type: "market" as const,
          timeInForce: "day" as const,
          extendedHours: false,
          orderClass: "simple" as const,
        },
      };
      const sent = state.send(request, { role: "exit", origin, reducesOnly: true, fractional: false, leg });
      desk.core.outputs = [];
      return "code" in sent ? sent.code : "sent";
    };
    expect(sell("6", "a")).toBe("sent");
    expect(sell("5", "b")).toBe("children");
    expect(sell("4", "c")).toBe("sent");
    expect(sell("1", "d")).toBe("children");
  });
});

describe("self_cross", () => {
  const holder = (rule: number): Desk => {
    const desk = new Desk({}, [digits("a", { symbols: ["SPY"] })]);
    desk.again(1);
    desk.fill();
    desk.again(rule);
    return desk;
  };
  const entry = (
    desk: Desk,
    type: "market" | "limit" | "stop" | "trailing_stop",
    price = 0,
    orderClass: "simple" | "bracket" = "simple",
  ) => {
    const { state } = desk.core.desk;
    const origin = { strategy: "b", rule: "r", firing: `f${type}${price}` };
    const request = {
      ...{ clientOrderId: state.nextId(origin, "SPY", "entry"), symbol: "SPY", side: "buy" as const, qty: "1", type },
      ...{ timeInForce: "day" as const, extendedHours: false, orderClass },
      ...(type === "limit" ? { limitPrice: String(price) } : type === "stop" ? { stopPrice: String(price) } : {}),
    };
    return state.refusalOf(request, { role: "entry", origin, reducesOnly: false, fractional: false, leg: "entry" })
      ?.code;
  };

  it("refuses a limit that pays what an own working order asks, just so and above, and takes one that pays less", () => {
    const desk = holder(4);
    expect(desk.lastSubmit).toMatchObject({ side: "sell", type: "limit", limitPrice: "101" });
    expect(entry(desk, "limit", 100.99)).toBeUndefined();
    expect(entry(desk, "limit", 101)).toBe("self_cross");
    expect(entry(desk, "limit", 101.01)).toBe("self_cross");
  });

  it("refuses market and stop orders whatever they would cost, and names the other one", () => {
    const desk = holder(4);
    expect(entry(desk, "market")).toBe("self_cross");
    expect(entry(desk, "stop", 99)).toBe("self_cross");
    const refused = desk.core.desk.state.refusalOf(
      {
        clientOrderId: "x",
        symbol: "SPY",
        side: "buy",
        qty: "1",
        type: "market",
        timeInForce: "day",
        extendedHours: false,
        orderClass: "simple",
      },
      {
        role: "entry",
        origin: { strategy: "b", rule: "r", firing: "f" },
        reducesOnly: false,
        fractional: false,
        leg: "entry",
      },
    );
    expect(refused?.reason).toBe('it could trade with the sell limit at 101 of rule "ask" in "a"');
  });

  it("exempts complex orders and trailing stops, as Alpaca does", () => {
    const desk = holder(4);
    expect(entry(desk, "market", 0, "bracket")).toBeUndefined();
    expect(entry(desk, "trailing_stop")).toBeUndefined();
  });

  it("sees nothing in an order that is over", () => {
    const desk = holder(4);
    desk.accept(desk.lastSubmit);
    desk.ended(desk.lastSubmit.clientOrderId, "canceled");
    expect(entry(desk, "market")).toBeUndefined();
  });
});

describe("max_daily_loss", () => {
  it.each([
    [0.9, "ACTIVE"],
    [1, "REDUCING"],
    [1.1, "REDUCING"],
  ])("of an account, of which %s thousandths are lost with a limit of one: %s", (thousandths, state) => {
    const desk = new Desk({ maxDailyLossRatio: 0.001 });
    desk.trip(10 * thousandths);
    expect(desk.state()).toBe(state);
    expect(codes(desk, "risk/max_daily_loss")).toBe(state === "ACTIVE" ? 0 : 1);
  });

  it("of a strategy counts what it lost itself, realized or not, and stops it alone, until the next day", () => {
    const desk = new Desk({ strategies: { a: { maxDailyLossRatio: 0.0005 } } }, [digits("a"), digits("b")]);
    desk.again(1);
    for (const order of desk.submits) {
      desk.accept(order);
      desk.filled(order, 10, 105);
    }
    expect([desk.state("strategy:a"), desk.state("strategy:b"), desk.state()]).toEqual(["ACTIVE", "ACTIVE", "ACTIVE"]);
    desk.bar("SPY", "1s", OPEN + 10 * MINUTE, 100);
    expect([desk.state("strategy:a"), desk.state("strategy:b"), desk.state()]).toEqual([
      "REDUCING",
      "ACTIVE",
      "ACTIVE",
    ]);
    desk.bar("SPY", "1s", OPEN + 11 * MINUTE, 99);
    expect(codes(desk, "risk/max_daily_loss")).toBe(1);
    desk.passTo(openOf("2024-03-06") - 1_000);
    desk.bar("SPY", "1s", openOf("2024-03-06"), 99);
    expect(desk.state("strategy:a")).toBe("ACTIVE");
  });

  it("is breached by an equity that nobody can compute", () => {
    const desk = new Desk({ maxDailyLossRatio: 0.5 });
    desk.again(1);
    desk.fill();
    desk.bar("SPY", "1s", OPEN + 10 * MINUTE, Number.NaN);
    expect(desk.state()).toBe("REDUCING");
    expect(codes(desk, "risk/max_daily_loss")).toBe(1);
  });
});

describe("max_drawdown", () => {
  it.each([
    [0.9, "ACTIVE"],
    [1, "REDUCING"],
    [1.1, "REDUCING"],
  ])("of an account, of which %s thousandths are lost since the best moment: %s", (thousandths, state) => {
    const desk = new Desk({ maxDrawdownRatio: 0.001 });
    desk.trip(10 * thousandths);
    expect(desk.state()).toBe(state);
  });

  it("stays over days and restarts until a person resumes it, who takes the mark anew", () => {
    const desk = new Desk({ maxDrawdownRatio: 0.001 });
    desk.trip(11);
    desk.passTo(openOf("2024-03-06") - 1_000);
    desk.bar("SPY", "1s", openOf("2024-03-06"), 100);
    expect(desk.state()).toBe("REDUCING");
    const again = desk.restart();
    expect(again.desk.state.states.in("account").state).toBe("REDUCING");
    expect(again.desk.state.memory.losses.peak("account")).toBe(100_003);
    desk.command("resume");
    expect(desk.state()).toBe("ACTIVE");
    desk.bar("SPY", "1s", openOf("2024-03-06") + MINUTE, 100.1);
    desk.fill(100);
    expect(desk.state()).toBe("ACTIVE");
    expect(desk.core.desk.state.memory.losses.peak("account")).toBeLessThan(100_003);
    expect(codes(desk, "risk/max_drawdown")).toBe(2);
  });

  it("of a strategy is what it has given back of what it had won", () => {
    const desk = new Desk({ strategies: { s: { maxDrawdownRatio: 0.001 } } });
    desk.trip(-8);
    desk.trip(9);
    expect(desk.state("strategy:s")).toBe("ACTIVE");
    desk.trip(2);
    expect([desk.state("strategy:s"), desk.state()]).toEqual(["REDUCING", "ACTIVE"]);
  });

  it("counts money that left or came without a trade as no loss and no gain", () => {
    const desk = new Desk({ maxDrawdownRatio: 0.01, maxDailyLossRatio: 0.01 });
    desk.say(0);
    desk.broker(reconciled({ cash: "50000", equity: "50000" }));
    desk.say(0);
    expect(desk.state()).toBe("ACTIVE");
    expect(codes(desk, "account/cash-moved")).toBe(1);
    // A part of a cent is what rounding leaves.
    desk.broker(reconciled({ cash: "50000.004", equity: "50000.004" }));
    expect(codes(desk, "account/cash-moved")).toBe(1);
    // Half of it comes back, which hides no loss.
    desk.broker(reconciled({ cash: "75000", equity: "75000" }));
    desk.trip(80);
    expect(desk.state()).toBe("REDUCING");
  });

  it("counts a difference in cash as won or lost when positions differ, too", () => {
    const desk = new Desk({ maxDailyLossRatio: 0.01 });
    desk.say(0);
    desk.broker({ ...reconciled({ cash: "90000" }), positions: [{ symbol: "SPY", qty: "1", avgPrice: "100" }] });
    expect(codes(desk, "account/cash-moved")).toBe(0);
    expect(desk.state()).toBe("REDUCING");
  });
});

describe("max_loss_streak", () => {
  it("stops at so many losses in a row, not at fewer and not when one won between them", () => {
    const desk = new Desk({ maxLossStreak: 3 });
    for (const loss of [1, 1, -1, 1, 1]) desk.trip(loss);
    expect(desk.state()).toBe("ACTIVE");
    desk.again(1);
    expect(desk.check("max_loss_streak")).toMatchObject({ outcome: "pass", value: 2, limit: 3 });
    desk.fill(100);
    desk.again(3);
    desk.fill(99);
    expect(desk.state()).toBe("REDUCING");
    expect(codes(desk, "risk/max_loss_streak")).toBe(1);
  });

  it("lasts for the day", () => {
    const desk = new Desk({ maxLossStreak: 1 });
    desk.trip(1);
    desk.passTo(OPEN + 120 * MINUTE);
    expect(desk.state()).toBe("REDUCING");
    desk.passTo(openOf("2024-03-06") - 1_000);
    desk.bar("SPY", "1s", openOf("2024-03-06"), 100);
    expect(desk.state()).toBe("ACTIVE");
  });

  it("lasts for loss_cooldown where one is set, and begins anew", () => {
    const desk = new Desk({ maxLossStreak: 1, lossCooldownMs: 30 * MINUTE });
    desk.trip(1);
    const { now } = desk;
    desk.passTo(now + 30 * MINUTE - 1);
    expect(desk.state()).toBe("REDUCING");
    desk.passTo(now + 30 * MINUTE);
    expect(desk.state()).toBe("ACTIVE");
    expect(desk.core.desk.state.memory.streaks.lost("account")).toBe(0);
  });

  it("counts fees, and a turn through zero as the end of a trip", () => {
    const desk = new Desk({ maxLossStreak: 1 });
    const { streaks } = desk.core.desk.state.memory;
    const flat = desk.core.desk.state.portfolio.position("s", "SPY");
    const one = flat.qty.plus(1);
    const long = { ...flat, qty: one, fees: one };
    const short = { ...long, qty: one.negated(), realized: one.times(0.5), fees: one };
    expect(streaks.note(flat, long)).toBe(false);
    expect(streaks.note(long, short)).toBe(true);
    expect(streaks.lost("strategy:s")).toBe(1);
  });
});

describe("max_rejections", () => {
  it.each([
    [2, "ACTIVE"],
    [3, "REDUCING"],
    [4, "REDUCING"],
  ])("with a limit of 3 makes %s rejections %s, until a person resumes it", (count, state) => {
    const desk = new Desk({ maxRejections: 3 });
    for (let i = 0; i < count; i++) {
      desk.say(1);
      desk.reject();
    }
    expect(desk.state()).toBe(state);
    if (state === "ACTIVE") return;
    expect(codes(desk, "risk/max_rejections")).toBe(1);
    expect(desk.restart().desk.state.states.in("account").state).toBe("REDUCING");
    desk.command("resume");
    desk.say(1);
    expect(desk.check("max_rejections")).toMatchObject({ outcome: "pass", value: 0 });
  });

  it("counts in a row, or within a minute", () => {
    const slow = new Desk({ maxRejections: 3 });
    for (let i = 0; i < 6; i++) {
      slow.say(1);
      if (i % 2 === 0) slow.reject();
      else slow.fill();
    }
    expect(slow.state()).toBe("ACTIVE");
    const quick = new Desk({ maxRejections: 3 });
    for (let i = 0; i < 6; i++) {
      quick.again(1);
      if (i % 2 === 0) quick.reject();
      else quick.fill();
    }
    expect(quick.state()).toBe("REDUCING");
  });
});

describe("max_reconnects", () => {
  const broken = (count: number, kind: "broker" | "feed" = "broker"): Desk => {
    const desk = new Desk({ maxReconnects: 3 });
    for (let i = 0; i < count; i++) {
      desk.arrival += 10_000;
      if (kind === "feed") {
        desk.feed({ kind: "feed", feed: "f", status: "live", detail: "" });
        desk.feed({ kind: "feed", feed: "f", status: "down", detail: "" });
      } else desk.broker({ kind: "broker", status: "disconnected", detail: "x" });
    }
    desk.feed({ kind: "feed", feed: "f", status: "live", detail: "" });
    desk.broker(reconciled());
    return desk;
  };

  it.each([
    [2, "ACTIVE"],
    [3, "REDUCING"],
    [4, "REDUCING"],
  ])("with a limit of 3 makes %s breaks %s", (count, state) => {
    expect(broken(count).state()).toBe(state);
    expect(broken(count, "feed").state()).toBe(state);
  });

  it("counts what breaks at once as one", () => {
    const desk = broken(2);
    desk.broker({ kind: "broker", status: "disconnected", detail: "x" });
    desk.feed({ kind: "feed", feed: "f", status: "down", detail: "" });
    expect([desk.state(), desk.core.desk.state.memory.breakers.reconnects(desk.arrival)]).toEqual(["ACTIVE", 2]);
  });

  it("counts a feed that is down as one break, however many reasons for it are told", () => {
    const desk = new Desk({ maxReconnects: 3 });
    for (let i = 0; i < 5; i++) {
      desk.arrival += 10_000;
      desk.feed({ kind: "feed", feed: "f", status: "down", detail: `reason ${i}` });
    }
    expect([desk.state(), desk.core.desk.state.memory.breakers.reconnects(desk.arrival)]).toEqual(["ACTIVE", 1]);
  });

  it("ends when connections have held for five minutes, and not before the last break is so long ago", () => {
    const desk = broken(4);
    const timers = desk.of("timer.set").filter(({ id }) => id === "risk:max_reconnects");
    expect(timers.map(({ at }) => at - desk.arrival)).toEqual([290_000, 300_000]);
    desk.ring("risk:max_reconnects");
    expect(desk.state()).toBe("ACTIVE");
    expect(desk.core.desk.state.memory.breakers.reconnects(desk.arrival)).toBe(0);
  });
});

describe("max_ack_latency", () => {
  const answered = (desk: Desk, ms: number): void => {
    desk.say(1);
    desk.arrival += ms;
    desk.accept(desk.lastSubmit);
  };

  it.each([
    [999, "ACTIVE"],
    [1_000, "ACTIVE"],
    [1_001, "REDUCING"],
  ])("of a second makes three answers in a row after %s ms %s", (ms, state) => {
    const desk = new Desk({ maxAckLatencyMs: 1_000 });
    for (let i = 0; i < 3; i++) answered(desk, ms);
    expect(desk.state()).toBe(state);
  });

  it("forgives slow answers that are not in a row", () => {
    const desk = new Desk({ maxAckLatencyMs: 1_000 });
    for (const ms of [2_000, 2_000, 10, 2_000, 2_000]) answered(desk, ms);
    expect(desk.state()).toBe("ACTIVE");
  });

  it("ends with an answer in time, or after a minute, when one more late answer is enough", () => {
    const desk = new Desk({ maxAckLatencyMs: 1_000 });
    desk.again(1);
    desk.fill();
    for (let i = 0; i < 3; i++) answered(desk, 2_000);
    expect(desk.state()).toBe("REDUCING");
    desk.ring("risk:max_ack_latency");
    expect(desk.state()).toBe("ACTIVE");
    answered(desk, 2_000);
    expect(desk.state()).toBe("REDUCING");
    expect(codes(desk, "risk/max_ack_latency")).toBe(2);
    desk.command("resume");
    answered(desk, 10);
    expect(desk.state()).toBe("ACTIVE");
  });

  it("counts no answer at all", () => {
    const desk = new Desk({ maxAckLatencyMs: 60_000 });
    for (let i = 0; i < 3; i++) {
      desk.say(1);
      desk.broker({ kind: "order.unknown", clientOrderId: desk.lastSubmit.clientOrderId, reason: "504" });
    }
    expect(desk.state()).toBe("REDUCING");
  });
});

describe("probation", () => {
  const LIMITS = { probationOrders: 2, probationNotional: 500 };

  it("cuts the first entries of a new rule, and says so", () => {
    const desk = new Desk(LIMITS);
    for (let i = 0; i < 3; i++) desk.say(1);
    expect(desk.submits.map(({ qty }) => qty)).toEqual(["4", "4", "10"]);
    expect(desk.of("alert").find(({ code }) => code === "risk/probation")?.message).toContain(
      "cut from 10 to 4 shares, entry 1 of the 2",
    );
  });

  it.each([
    [1_002, "pass"],
    [1_001, "pass"],
    [1_000.9, "clamp"],
    [100, "refuse"],
  ] as const)("of %s dollars makes an order of 1001: %s", (probationNotional, outcome) => {
    const desk = new Desk({ probationOrders: 1, probationNotional });
    desk.say(1);
    expect(desk.check("probation").outcome).toBe(outcome);
  });

  it("begins anew for a rule that a reload changed, and for one that it brings back", () => {
    const without = digits("s", { rules: digits().rules.filter(({ name }) => name !== "buy") });
    const changed = digits("s", { rules: digits().rules.map((rule) => ({ ...rule, digest: `${rule.digest}!` })) });
    const desk = new Desk(LIMITS);
    for (let i = 0; i < 3; i++) desk.say(1);
    desk.load(LIMITS, [digits("s", { description: "other" })]);
    desk.say(0);
    desk.say(1);
    expect(desk.lastSubmit.qty).toBe("10");
    desk.load(LIMITS, [changed]);
    desk.say(0);
    desk.say(1);
    expect(desk.lastSubmit.qty).toBe("4");
    desk.load(LIMITS, [without]);
    desk.load(LIMITS, [changed]);
    desk.say(0);
    desk.say(1);
    desk.say(0);
    desk.say(1);
    expect(desk.submits.slice(-2).map(({ qty }) => qty)).toEqual(["4", "4"]);
  });

  it("is counted across restarts", () => {
    const desk = new Desk(LIMITS);
    desk.say(1);
    expect(desk.restart().desk.state.memory.probation.entries("s", "buy")).toBe(1);
  });

  it("holds for real money where nobody set one, and not where it was turned off", () => {
    const live = { s: { by: "ann", since: "2024-01-01" } };
    const required = { maxOrderNotional: 1e6, maxPositionNotional: 1e6, maxDailyLossRatio: 0.5, live };
    for (const [risk, outcome] of [
      [required, "clamp"],
      [{ ...required, probationOrders: 0 }, "skip"],
    ] as const) {
      const desk = new Desk(risk);
      desk.broker({ ...reconciled(), real: true });
      desk.say(1);
      expect(desk.check("probation").outcome).toBe(outcome);
    }
  });
});

describe("reduce_only", () => {
  it("refuses entries of a symbol or a strategy that is named, and of no other", () => {
    for (const [names, sent] of [
      [["SPY"], 0],
      [["QQQ"], 2],
      [["strategy:a"], 1],
    ] as const) {
      const desk = new Desk({ reduceOnly: names }, [digits("a"), digits("b")]);
      desk.again(1);
      expect(desk.submits).toHaveLength(sent);
    }
  });

  it("holds for one strategy alone when that one says so, beside what the account says", () => {
    const desk = new Desk({ reduceOnly: ["strategy:b"] }, [
      digits("a", { risk: { reduceOnly: ["SPY"] } }),
      digits("b"),
      digits("c"),
    ]);
    desk.again(1);
    expect(desk.submits).toHaveLength(1);
  });

  it("that a reload brings cancels working entries, and lets exits leave", () => {
    const desk = new Desk();
    desk.again(1);
    desk.fill();
    desk.again(2);
    const entry = desk.lastSubmit;
    desk.accept(entry);
    desk.load({ reduceOnly: ["SPY"] });
    expect(desk.cancels).toEqual([entry.clientOrderId]);
    desk.ended(entry.clientOrderId, "canceled");
    desk.again(3);
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "10" });
  });
});

describe("the kill switch", () => {
  const broken = (isEntering: boolean): Desk => {
    const desk = new Desk();
    desk.again(1);
    desk.fill();
    if (isEntering) desk.again(2);
    const throws = (): never => {
      throw new Error("the P&L is broken");
    };
    const { account } = desk.core.desk.state;
    Object.assign(account, { equity: throws, equityNumber: throws, dayPnl: throws, priceOf: throws });
    return desk;
  };

  it("halts and cancels although profit and loss cannot be computed", () => {
    const desk = broken(true);
    const entry = desk.lastSubmit;
    desk.command("halt");
    expect(desk.state()).toBe("HALTED");
    expect(desk.cancels).toEqual([entry.clientOrderId]);
  });

  it("flattens although profit and loss cannot be computed", () => {
    const desk = broken(false);
    desk.command("flatten");
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "10", type: "market" });
  });

  it("lets an exit of a rule leave that way, too, and no entry", () => {
    const desk = broken(false);
    expect(() => desk.again(1)).toThrow("the P&L is broken");
    desk.core.outputs = [];
    desk.again(3);
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "10", type: "market" });
  });
});

describe("a scope that goes REDUCING", () => {
  it("loses its working entries by whatever stopped it, and keeps what reduces", () => {
    const desk = new Desk({ maxDailyLossRatio: 0.001 }, [digits("a"), digits("b")]);
    desk.again(1);
    for (const order of desk.submits) {
      desk.accept(order);
      desk.filled(order, 10, 100);
    }
    desk.again(2);
    const entries = desk.submits.slice(2);
    for (const order of entries) desk.accept(order);
    desk.bar("SPY", "1s", OPEN + 20 * MINUTE, 90);
    expect(desk.cancels).toEqual(entries.map(({ clientOrderId }) => clientOrderId));
  });
});
