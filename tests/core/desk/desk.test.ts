import { describe, expect, it } from "vitest";
import type { Program, Strategy } from "../../../engine/core/program.ts";
import type { RiskLimits } from "../../../engine/core/risk-limits.ts";
import { ordersToFollow } from "../../../engine/core/view.ts";
import { TradingStates } from "../../../engine/core/desk/states.ts";
import { DigitDriver, openOf, reconciled } from "../../support/core-driver.ts";
import { StrategyBuilder, all, buy, close, program, reduce, sell } from "../../support/program.ts";

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");

/**
 * Rules that fire by the last digit of the close: x1 buys, x2 buys with a bracket, x3 closes, x4 reduces by half with a
 * limit, x5 sells short, x6 closes with a limit. Prices stay near 100.
 */
function digits(over: Partial<Strategy> = {}, name = "s"): Strategy {
  const builder = new StrategyBuilder(name, "1m", over);
  const price = builder.close();
  const digit = (n: number): ReturnType<StrategyBuilder["when"]>[] => [
    builder.when(price, ">", 100 + n / 10 - 0.01),
    builder.when(price, "<", 100 + n / 10 + 0.01),
  ];
  const limit = builder.calc("+", price, builder.number(1));
  const stopLoss = builder.calc("-", price, builder.number(5));
  const takeProfit = builder.calc("+", price, builder.number(5));
  builder.rule("buy", all(...digit(1)), buy(builder, 10, { order: { expireAfterMs: 600_000 } }), { start: "fire" });
  builder.rule(
    "bracket",
    all(...digit(2)),
    buy(builder, 10, { order: { type: "limit", limit }, bracket: { stopLoss, takeProfit } }),
    { start: "fire" },
  );
  builder.rule("close", all(...digit(3)), close());
  builder.rule("reduce", all(...digit(4)), reduce(builder, 0.5, { type: "limit", limit }), { fire: "each" });
  builder.rule("short", all(...digit(5)), sell(builder, 10, { short: true }), { start: "fire" });
  builder.rule("close-limit", all(...digit(6)), close({ type: "limit", limit }));
  builder.rule("sell", all(...digit(7)), sell(builder, 50), { start: "fire" });
  return builder.build();
}

class Desk extends DigitDriver {
  constructor(subject: Program = program([digits()])) {
    super(subject, OPEN);
  }

  enter(rule: "buy" | "bracket" = "buy"): ReturnType<Desk["lastOrder"]> {
    this.say(rule === "buy" ? 1 : 2);
    const order = this.lastSubmit;
    this.accept(order);
    this.filled(order, 10, 100);
    return order;
  }

  lastOrder(): DigitDriver["lastSubmit"] {
    return this.lastSubmit;
  }

  command(command: "halt" | "reduce" | "resume" | "cancel-all" | "flatten", scope?: string): void {
    const where = scope === undefined ? {} : { scope };
    this.feed({ kind: "command", command, ...where, by: "op", reason: "test" });
  }
}

const limits = (risk: RiskLimits): Desk => new Desk(program([digits()], risk));

describe("an exit", () => {
  it("cancels the legs of the bracket, waits for the broker's word, then sends what is held", () => {
    const desk = new Desk();
    const entry = desk.enter("bracket");
    desk.say(3);
    expect(desk.cancels.sort()).toEqual([`${entry.clientOrderId}-sl`, `${entry.clientOrderId}-tp`]);
    expect(desk.submits).toHaveLength(1);
    desk.ended(`${entry.clientOrderId}-tp`, "canceled");
    expect(desk.submits).toHaveLength(1);
    desk.ended(`${entry.clientOrderId}-sl`, "canceled");
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "10", type: "market" });
  });

  it("sends only what a leg that filled on the way has left", () => {
    const desk = new Desk();
    const entry = desk.enter("bracket");
    desk.say(3);
    desk.filled(desk.leg(`${entry.clientOrderId}-sl`), 10, 95);
    desk.ended(`${entry.clientOrderId}-tp`, "canceled");
    expect(desk.submits).toHaveLength(1);
    expect(desk.position("s", "SPY")).toBe(0);
  });

  it("does not wait for a stop that the broker says is filled, with less than it was sent for", () => {
    const desk = new Desk();
    const entry = desk.enter("bracket");
    const [profit, stop] = [`${entry.clientOrderId}-tp`, `${entry.clientOrderId}-sl`];
    desk.filled(desk.leg(profit), 6, 120);
    desk.filled(desk.leg(stop), 4, 95);
    desk.ended(stop, "filled");
    desk.ended(profit, "canceled");
    expect(desk.orderOf(stop)).toMatchObject({ state: "filled", filledQty: "4", qty: "10" });
    const next = desk.enter();
    desk.say(3);
    expect(next.clientOrderId).not.toBe(entry.clientOrderId);
    expect(desk.cancels).toEqual([]);
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "10", type: "market" });
  });

  it("is repeated when an entry fills late, until the position is flat", () => {
    const desk = new Desk();
    desk.say(1);
    const entry = desk.lastSubmit;
    desk.accept(entry);
    desk.filled(entry, 4, 100);
    desk.say(3);
    desk.ended(entry.clientOrderId, "canceled");
    const first = desk.lastSubmit;
    expect(first.qty).toBe("4");
    desk.filled(entry, 2, 100, 6);
    desk.accept(first);
    desk.filled(first, 4, 100);
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "2" });
  });

  it("waits for legs that the broker names only after it began", () => {
    const desk = new Desk();
    desk.say(2);
    const entry = desk.lastSubmit;
    desk.say(3);
    desk.accept(entry);
    desk.filled(entry, 10, 100);
    expect(desk.submits).toHaveLength(1);
    for (const leg of ["tp", "sl"]) desk.ended(`${entry.clientOrderId}-${leg}`, "canceled");
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "10", type: "market" });
  });

  it("that is rejected restores the protection it had removed", () => {
    const desk = new Desk();
    const entry = desk.enter("bracket");
    desk.say(3);
    for (const leg of ["tp", "sl"]) desk.ended(`${entry.clientOrderId}-${leg}`, "canceled");
    const exit = desk.lastSubmit;
    desk.broker({ kind: "order.rejected", clientOrderId: exit.clientOrderId, code: "403", reason: "no" });
    expect(desk.lastSubmit).toMatchObject({ orderClass: "oco", qty: "10", side: "sell" });
    expect(desk.alerts).toContain("exit/unfinished");
  });

  it("of everything goes before a part that is being sold at a limit", () => {
    const desk = new Desk();
    desk.enter();
    desk.say(4);
    const part = desk.lastSubmit;
    expect(part).toMatchObject({ qty: "5", type: "limit" });
    desk.accept(part);
    desk.say(3);
    expect(desk.cancels).toContain(part.clientOrderId);
    desk.ended(part.clientOrderId, "canceled");
    expect(desk.lastSubmit).toMatchObject({ qty: "10", type: "market", side: "sell" });
  });

  it("by an operator takes over from a limit exit that does not fill", () => {
    const desk = new Desk();
    desk.enter();
    desk.say(6);
    const limit = desk.lastSubmit;
    desk.accept(limit);
    desk.command("flatten");
    expect(desk.cancels).toContain(limit.clientOrderId);
    desk.ended(limit.clientOrderId, "canceled");
    expect(desk.lastSubmit).toMatchObject({ type: "market", qty: "10" });
  });

  it("asks again when the broker refuses to cancel an order that still works, and calls a person in the end", () => {
    const desk = new Desk();
    const entry = desk.enter("bracket");
    desk.say(3);
    const leg = `${entry.clientOrderId}-sl`;
    for (let i = 0; i < 6; i++) {
      desk.broker({ kind: "cancel.rejected", clientOrderId: leg, reason: "pending" });
      desk.broker({ kind: "order.accepted", clientOrderId: leg, brokerOrderId: `B${leg}`, legs: [] });
    }
    expect(desk.cancels.filter((id) => id === leg)).toHaveLength(5);
    expect(desk.alerts).toContain("exit/stuck");
  });

  it("never sells what the account does not hold", () => {
    const desk = new Desk();
    desk.enter();
    desk.feed({ ...reconciled(), positions: [] });
    desk.say(3);
    expect(desk.submits).toHaveLength(1);
    expect(desk.refusals).toContain("not_at_broker");
    expect(desk.alerts).toEqual(expect.arrayContaining(["reconcile/position", "exit/not-at-broker"]));
  });

  it("does not wait for ever for an entry that nobody knows", () => {
    const desk = new Desk(program([digits({ maxEntries: 2 })]));
    desk.enter();
    desk.say(0);
    desk.say(1);
    const lost = desk.lastSubmit;
    desk.broker({ kind: "order.unknown", clientOrderId: lost.clientOrderId, reason: "timeout" });
    desk.say(3);
    expect(desk.submits).toHaveLength(2);
    for (let i = 0; i < 7; i++)
      desk.broker({ kind: "order.rejected", clientOrderId: lost.clientOrderId, code: "not_found", reason: "" });
    expect(desk.alerts).toContain("order/unresolved");
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "10" });
  });
});

describe("a halt", () => {
  it("sends nothing and leaves the legs alone", () => {
    const desk = new Desk();
    desk.enter("bracket");
    desk.command("halt");
    desk.say(3);
    expect(desk.cancels).toEqual([]);
    expect(desk.submits).toHaveLength(1);
    expect(desk.refusals).toEqual(["kill_switch"]);
  });

  it("in the middle of an exit leaves no position without a stop for longer than the halt", () => {
    const desk = new Desk();
    const entry = desk.enter("bracket");
    desk.say(3);
    desk.command("halt");
    for (const leg of ["tp", "sl"]) desk.ended(`${entry.clientOrderId}-${leg}`, "canceled");
    expect(desk.submits).toHaveLength(1);
    expect(desk.alerts).toContain("protection/refused");
    desk.command("resume");
    expect(desk.lastSubmit).toMatchObject({ orderClass: "oco", qty: "10" });
  });

  it("is not loosened by a daily loss, nor by a new day", () => {
    const desk = limits({ maxDailyLossRatio: 0.0001 });
    desk.enter();
    desk.command("halt");
    desk.bar("SPY", "1m", desk.now, 50);
    desk.feed({ kind: "account", cash: "99000", equity: "99500", lastEquity: "100000", multiplier: 2, shorting: true });
    desk.bar("SPY", "1m", openOf("2024-03-06"), 50);
    expect(desk.of("state").map(({ state }) => state)).toEqual(["HALTED"]);
  });

  it("keeps a quarantined exit from stripping the stop", () => {
    const desk = new Desk(program([digits({ onFailure: "flatten" })]));
    desk.enter("bracket");
    desk.autoConfirm = false;
    desk.say(3);
    desk.command("halt");
    desk.confirmAll("disagreed");
    expect(desk.cancels).toEqual([]);
    expect(desk.alerts).toContain("rule/quarantined");
  });
});

describe("the daily loss", () => {
  it("is seen when prices move, cancels working entries, and lets exits through", () => {
    const desk = limits({ maxDailyLossRatio: 0.004 });
    desk.enter();
    desk.say(0);
    const day = desk.now;
    desk.bar("SPY", "1m", day, 50);
    expect(desk.of("state").at(-1)).toMatchObject({ state: "REDUCING" });
    desk.bar("SPY", "1m", day + MINUTE, 100.3);
    expect(desk.lastSubmit.side).toBe("sell");
  });

  it("ends with the day, unless an operator said the same", () => {
    for (const operator of [false, true]) {
      const desk = limits({ maxDailyLossRatio: 0.004 });
      desk.enter();
      desk.bar("SPY", "1m", desk.now, 50);
      if (operator) desk.command("reduce");
      desk.bar("SPY", "1m", openOf("2024-03-06"), 50);
      expect(desk.core.desk.state.states.in("account").state).toBe(operator ? "REDUCING" : "ACTIVE");
    }
  });
});

describe("a trading state", () => {
  it("holds for the strategy or symbol that was named, and for nothing else", () => {
    for (const [scope, sends] of [
      ["strategy:s", false],
      ["symbol:SPY", false],
      ["strategy:t", true],
      ["symbol:QQQ", true],
      [undefined, false],
    ] as const) {
      const desk = limits({});
      desk.command("halt", scope);
      desk.say(1);
      expect(desk.of("submit").length, scope).toBe(sends ? 1 : 0);
      desk.command("resume", scope);
    }
  });

  it("stays until each of its causes is lifted by who set it", () => {
    const states = new TradingStates();
    states.set("account", "daily_loss", { state: "REDUCING", reason: "loss" });
    states.set("account", "operator", { state: "HALTED", reason: "ann" });
    expect(states.in("account")).toEqual({ state: "HALTED", reason: "ann" });
    states.lift("account", "daily_loss");
    expect(states.in("account").state).toBe("HALTED");
    const again = new TradingStates();
    again.restore(states.save());
    again.set("account", "daily_loss", { state: "REDUCING", reason: "loss" });
    again.lift("account", "operator");
    expect(again.of("s", "SPY")).toEqual({ state: "REDUCING", reason: "loss" });
    expect(again.lift("account")).toBe(true);
    expect(again.scopes).toEqual([]);
  });
});

describe("an order that nobody finds at the broker", () => {
  const lose = (desk: Desk, id: string): void => {
    desk.broker({ kind: "order.unknown", clientOrderId: id, reason: "timeout" });
    for (let i = 0; i < 7; i++)
      desk.broker({ kind: "order.rejected", clientOrderId: id, code: "not_found", reason: "" });
  };
  const stateOf = (desk: Desk, id: string): string | undefined => desk.core.desk.state.orders.get(id)?.state;

  it("is sent again under the same id when it can only reduce, and in the end a person must decide", () => {
    const desk = new Desk();
    desk.enter();
    desk.say(3);
    const exit = desk.lastSubmit;
    lose(desk, exit.clientOrderId);
    expect(desk.submits.slice(1)).toEqual([exit, exit]);
    expect(desk.alerts).toContain("order/resent");
    expect(desk.alerts).not.toContain("order/unresolved");
    // A crash may take one of them away: it is tried three times.
    for (let i = 0; i < 5; i++) lose(desk, exit.clientOrderId);
    expect(desk.submits.slice(1)).toEqual([exit, exit, exit, exit]);
    expect(desk.alerts).toContain("order/unresolved");
    desk.accept(exit);
    desk.filled(exit, 10, 100);
    expect(desk.position("s", "SPY")).toBe(0);
  });

  it("is one like any other once it is found: an exit cancels and awaits it", () => {
    const desk = new Desk();
    desk.say(1);
    const entry = desk.lastSubmit;
    lose(desk, entry.clientOrderId);
    expect(desk.alerts).toContain("order/unresolved");
    desk.accept(entry);
    desk.filled(entry, 4, 100);
    desk.say(3);
    expect(desk.cancels).toEqual([entry.clientOrderId]);
    expect(desk.submits).toHaveLength(1);
    desk.ended(entry.clientOrderId, "canceled");
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "4" });
  });

  it("comes back when the broker refuses the second of two requests, and the first one arrives after that", () => {
    const desk = new Desk();
    desk.enter();
    desk.say(3);
    const { clientOrderId: id } = desk.lastSubmit;
    lose(desk, id);
    desk.broker({ kind: "order.rejected", clientOrderId: id, code: "403", reason: "no" });
    expect(stateOf(desk, id)).toBe("rejected");
    const asked = desk.broker({
      kind: "order.update",
      clientOrderId: id,
      brokerOrderId: "late",
      status: "new",
      reason: null,
    });
    expect(asked).toContainEqual({ kind: "lookup", clientOrderId: id });
    desk.broker({ kind: "order.accepted", clientOrderId: id, brokerOrderId: "late", legs: [] });
    expect(desk.alerts).toContain("order/late");
    expect(desk.orderOf(id)).toMatchObject({ state: "working", brokerOrderId: "late" });
    desk.say(3);
    expect(desk.cancels.at(-1)).toBe(id);
    expect(desk.submits).toHaveLength(3);
  });

  it("is asked about by the next process, too, when the second of two requests was refused; a plain refusal is not", () => {
    const desk = new Desk();
    desk.enter();
    desk.say(3);
    const { clientOrderId: id } = desk.lastSubmit;
    lose(desk, id);
    desk.broker({ kind: "order.rejected", clientOrderId: id, code: "403", reason: "no" });
    expect(ordersToFollow(desk.core).map(({ clientOrderId }) => clientOrderId)).toContain(id);
    const plain = new Desk();
    plain.say(1);
    plain.broker({ kind: "order.rejected", clientOrderId: plain.lastSubmit.clientOrderId, code: "403", reason: "no" });
    expect(ordersToFollow(plain.core)).toEqual([]);
  });

  it("is looked up when a picture shows it although it counted as rejected", () => {
    const desk = new Desk();
    desk.say(1);
    const { clientOrderId: id, symbol, side, qty, type } = desk.lastSubmit;
    desk.broker({ kind: "order.rejected", clientOrderId: id, code: "403", reason: "no" });
    const open = { clientOrderId: id, brokerOrderId: "late", symbol, side, qty, filledQty: "0", type } as const;
    const outputs = desk.broker({ ...reconciled(), openOrders: [open] });
    expect(outputs).toContainEqual({ kind: "lookup", clientOrderId: id });
  });

  it("is not sent again when what it was to reduce has gone meanwhile", () => {
    const desk = new Desk();
    desk.enter();
    desk.say(3);
    const exit = desk.lastSubmit;
    desk.feed({ ...reconciled(), positions: [] });
    lose(desk, exit.clientOrderId);
    expect(desk.submits).toHaveLength(2);
    expect(desk.alerts).toContain("order/unresolved");
  });

  it("is not sent again as an entry, unless the project says so", () => {
    for (const unknownOrders of [undefined, "resend"] as const) {
      const desk = new Desk({ ...program([digits()]), ...(unknownOrders === undefined ? {} : { unknownOrders }) });
      desk.say(1);
      const entry = desk.lastSubmit;
      lose(desk, entry.clientOrderId);
      expect(desk.submits).toEqual(unknownOrders === undefined ? [entry] : [entry, entry]);
    }
  });

  it("is not sent again as an entry that was decided minutes ago, before a restart", () => {
    const desk = new Desk({ ...program([digits()]), unknownOrders: "resend" });
    desk.say(1);
    desk.arrival += 180_000;
    lose(desk, desk.lastSubmit.clientOrderId);
    expect(desk.submits).toHaveLength(1);
    expect(desk.alerts).toContain("order/unresolved");
  });

  it("is not sent again while trading is halted or when it would be smaller now", () => {
    const halted = new Desk({ ...program([digits()]), unknownOrders: "resend" });
    halted.say(1);
    halted.command("reduce");
    lose(halted, halted.lastSubmit.clientOrderId);
    expect(halted.submits).toHaveLength(1);
    const smaller = new Desk({ ...program([digits()], { maxPositionNotional: 1_005 }), unknownOrders: "resend" });
    smaller.say(1);
    const entry = smaller.lastSubmit;
    expect(entry.qty).toBe("10");
    smaller.feed({ kind: "trade", symbol: "SPY", time: OPEN + 2 * MINUTE, price: 150, size: 1, setsPrice: true });
    lose(smaller, entry.clientOrderId);
    expect(smaller.submits).toHaveLength(1);
  });

  it("ends by a person's word, and only then is another entry let in", () => {
    const desk = new Desk();
    desk.say(1);
    const { clientOrderId } = desk.lastSubmit;
    const word = { kind: "command", command: "not-sent", clientOrderId, by: "ann", reason: "looked" } as const;
    desk.feed(word);
    expect(stateOf(desk, clientOrderId)).toBe("sent");
    expect(desk.alerts).toContain("order/not-unknown");
    lose(desk, clientOrderId);
    desk.say(0);
    desk.say(1);
    expect(desk.submits).toHaveLength(1);
    desk.feed(word);
    expect(stateOf(desk, clientOrderId)).toBe("rejected");
    desk.say(0);
    desk.say(1);
    expect(desk.submits).toHaveLength(2);
  });
});

describe("a bracket", () => {
  it("whose entry ends partly filled is restored once its legs are gone", () => {
    const desk = new Desk();
    desk.say(2);
    const entry = desk.lastSubmit;
    desk.accept(entry);
    desk.filled(entry, 4, 100);
    desk.ended(entry.clientOrderId, "canceled");
    for (const leg of ["tp", "sl"]) desk.ended(`${entry.clientOrderId}-${leg}`, "canceled");
    expect(desk.submits).toHaveLength(2);
    expect(desk.lastSubmit).toMatchObject({ orderClass: "oco", side: "sell", qty: "4" });
  });

  it("whose stop fills is over: nothing is restored for a later position", () => {
    const desk = new Desk();
    const entry = desk.enter("bracket");
    desk.filled(desk.leg(`${entry.clientOrderId}-sl`), 10, 95);
    desk.ended(`${entry.clientOrderId}-tp`, "canceled", "sibling");
    desk.say(0);
    desk.enter("buy");
    desk.say(4);
    const part = desk.lastSubmit;
    desk.accept(part);
    desk.filled(part, 5, 101);
    expect(desk.submits).toHaveLength(3);
  });

  it("closed by an exit leaves no old stop behind for the next position", () => {
    const desk = new Desk();
    const entry = desk.enter("bracket");
    desk.say(3);
    for (const leg of ["tp", "sl"]) desk.ended(`${entry.clientOrderId}-${leg}`, "canceled");
    desk.filled(desk.lastSubmit, 10, 100);
    desk.say(0);
    desk.enter("buy");
    desk.say(4);
    desk.filled(desk.lastSubmit, 5, 101);
    expect(desk.submits.filter(({ orderClass }) => orderClass === "oco")).toEqual([]);
  });

  it("whose leg the broker cancels is restored, but not for ever", () => {
    const desk = new Desk();
    const entry = desk.enter("bracket");
    for (const leg of ["tp", "sl"]) desk.ended(`${entry.clientOrderId}-${leg}`, "canceled");
    for (let i = 0; i < 5; i++) {
      const order = desk.lastSubmit;
      desk.accept(order);
      desk.ended(order.clientOrderId, "canceled");
      if (order.orderClass === "oco") desk.ended(`${order.clientOrderId}-sl`, "canceled");
    }
    expect(desk.submits.filter(({ orderClass }) => orderClass === "oco")).toHaveLength(3);
    expect(desk.alerts).toContain("protection/gone");
  });

  it("that makes way for an exit comes back however often the exit is not filled", () => {
    const desk = new Desk();
    const entry = desk.enter("bracket");
    let guard = entry.clientOrderId;
    for (let i = 1; i <= 5; i++) {
      desk.say(0);
      desk.say(3);
      for (const leg of i === 1 ? [`${guard}-tp`, `${guard}-sl`] : [guard, `${guard}-sl`]) desk.ended(leg, "canceled");
      const exit = desk.lastSubmit;
      expect(exit.orderClass).toBe("simple");
      desk.accept(exit);
      desk.ended(exit.clientOrderId, "canceled");
      expect(desk.submits.filter(({ orderClass }) => orderClass === "oco")).toHaveLength(i);
      desk.accept(desk.lastSubmit);
      guard = desk.lastSubmit.clientOrderId;
    }
    expect(desk.alerts).not.toContain("protection/gone");
  });
});

describe("executions", () => {
  it("count once, in whatever order they come", () => {
    const desk = new Desk();
    desk.say(1);
    const entry = desk.lastSubmit;
    desk.accept(entry);
    desk.filled(entry, 2, 100, 5, "b");
    desk.filled(entry, 3, 100, 3, "a");
    desk.filled(entry, 3, 100, 3, "a");
    desk.filled(entry, 5, 100, 10, "c");
    expect(desk.position("s", "SPY")).toBe(10);
    expect(desk.orderOf(entry.clientOrderId).state).toBe("filled");
  });

  it("of foreign orders count once too, and are told", () => {
    const desk = new Desk();
    const foreign = { clientOrderId: "hand", symbol: "SPY", side: "buy" as const };
    desk.filled(foreign, 3, 100, 3, "x");
    desk.filled(foreign, 3, 100, 3, "x");
    expect(desk.position("@external", "SPY")).toBe(3);
    expect(desk.of("position")).toHaveLength(1);
  });
});

describe("an order whose fate is unclear", () => {
  it("is looked up and not sent again, and adopted when it is found", () => {
    const desk = new Desk();
    desk.say(1);
    const entry = desk.lastSubmit;
    desk.broker({ kind: "order.unknown", clientOrderId: entry.clientOrderId, reason: "timeout" });
    desk.say(0);
    desk.say(1);
    expect(desk.submits).toHaveLength(1);
    expect(desk.refusals).toContain("max_entries");
    desk.feed({ kind: "timer", id: `lookup:${entry.clientOrderId}`, clock: "arrival", at: desk.now + 250 });
    expect(desk.of("lookup")).toHaveLength(1);
    desk.accept(entry);
    expect(desk.orderOf(entry.clientOrderId).state).toBe("working");
  });

  it("is not taken for rejected when a lookup misses it while it may still be on its way", () => {
    const desk = new Desk();
    desk.say(1);
    const entry = desk.lastSubmit;
    desk.feed(reconciled());
    expect(desk.of("lookup")).toHaveLength(1);
    desk.broker({ kind: "order.rejected", clientOrderId: entry.clientOrderId, code: "not_found", reason: "" });
    expect(desk.orderOf(entry.clientOrderId).state).toBe("unknown");
  });

  it("is looked up when a reconciliation shows it as open", () => {
    const desk = new Desk();
    desk.say(1);
    const { clientOrderId } = desk.lastSubmit;
    desk.feed({
      ...reconciled(),
      openOrders: [
        { clientOrderId, brokerOrderId: "B1", symbol: "SPY", side: "buy", qty: "10", filledQty: "0", type: "market" },
      ],
    });
    expect(desk.of("lookup")).toHaveLength(1);
  });
});

describe("a confirmation", () => {
  it("that never comes frees the book and calls a person", () => {
    const desk = new Desk();
    desk.enter();
    desk.autoConfirm = false;
    desk.say(3);
    const { firing } = desk.of("confirm").at(-1) as { firing: { id: string } };
    desk.arrival += 10_000;
    desk.feed({ kind: "timer", id: `confirm:${firing.id}`, clock: "arrival", at: desk.arrival });
    expect(desk.alerts).toContain("rule/unconfirmed");
    desk.autoConfirm = true;
    desk.say(3);
    expect(desk.lastSubmit.side).toBe("sell");
  });

  it("that comes late or from a changed program sends nothing", () => {
    const late = new Desk();
    late.autoConfirm = false;
    late.say(1);
    late.arrival += 10_001;
    late.confirmAll();
    expect(late.refusals).toEqual(["confirmation_late"]);
    const changed = new Desk();
    changed.autoConfirm = false;
    changed.say(1);
    const other = digits();
    const rules = other.rules.map((rule) => ({ ...rule, digest: `${rule.digest}!` }));
    changed.feed({ kind: "program.loaded", program: program([{ ...other, rules, digest: "2" }]), warmup: [] });
    changed.confirmAll();
    expect(changed.refusals).toEqual(["program_changed"]);
  });

  it("of an entry does not add to a position that is being closed meanwhile", () => {
    const desk = new Desk(program([digits({ maxEntries: 2 })]));
    desk.enter();
    desk.say(0);
    desk.autoConfirm = false;
    desk.say(1);
    desk.command("flatten");
    desk.command("resume");
    desk.confirmAll();
    expect(desk.refusals).toContain("exit_working");
    expect(desk.submits.filter(({ side }) => side === "buy")).toHaveLength(1);
  });

  it("that disagrees takes the rule out of service until it is repaired", () => {
    const desk = new Desk();
    desk.enter();
    desk.autoConfirm = false;
    desk.say(3);
    desk.confirmAll("disagreed");
    desk.autoConfirm = true;
    desk.say(3);
    expect(desk.refusals).toEqual(["not_confirmed", "quarantined"]);
    expect(desk.core.desk.state.states.in("strategy:s").state).toBe("REDUCING");
    const repaired = digits();
    const rules = repaired.rules.map((rule) => (rule.name === "close" ? { ...rule, digest: "new" } : rule));
    desk.feed({ kind: "program.loaded", program: program([{ ...repaired, rules, digest: "2" }]), warmup: [] });
    expect(desk.core.desk.state.states.in("strategy:s").state).toBe("ACTIVE");
    desk.say(3);
    expect(desk.lastSubmit.side).toBe("sell");
  });
});

describe("limits", () => {
  it("count orders of the account over all strategies, per minute by default too", () => {
    const names = Array.from({ length: 70 }, (_, i) => `s${i}`);
    const desk = new Desk(program(names.map((name) => digits({ symbols: ["SPY"] }, name))));
    desk.say(1);
    expect(desk.submits).toHaveLength(60);
    expect(new Set(desk.refusals)).toEqual(new Set(["order_rate"]));
  });

  it("count orders per day and start again with the next day", () => {
    const desk = new Desk(program([digits({ risk: { maxOrdersPerDay: 1 }, maxEntries: 9 })], { maxOrdersPerDay: 5 }));
    desk.enter();
    desk.say(0);
    desk.say(1);
    expect(desk.refusals).toEqual(["max_orders_per_day"]);
    const next = openOf("2024-03-06");
    desk.bar("SPY", "1m", next, 100);
    desk.bar("SPY", "1m", next + MINUTE, 100.1);
    expect(desk.submits).toHaveLength(2);
  });

  it("refuse to oppose the position or the working entry of another strategy", () => {
    const desk = new Desk(
      program([digits({}, "a"), digits({ rules: digits({}, "b").rules.filter(({ name }) => name === "short") }, "b")]),
    );
    desk.say(1);
    desk.say(5);
    expect(desk.refusals).toContain("netting");
    expect(desk.submits.filter(({ side }) => side === "sell")).toEqual([]);
  });

  it("clamp a sale to the holding, and open a short only where the rule says so", () => {
    const desk = new Desk();
    desk.enter();
    desk.say(7);
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "10" });
    const flat = new Desk();
    flat.say(7);
    expect(flat.refusals).toEqual(["nothing_to_sell"]);
    flat.say(5);
    expect(flat.lastSubmit).toMatchObject({ side: "sell", qty: "10" });
  });

  it("refuse an entry against a working entry of the same strategy", () => {
    const desk = new Desk(program([digits({ maxEntries: 3 })]));
    desk.say(5);
    desk.say(1);
    expect(desk.refusals).toEqual(["conflict"]);
  });

  it("keep the money of working entries for them", () => {
    const desk = new Desk(program([digits({ maxEntries: 9 })]));
    desk.feed({ kind: "account", cash: "1500", equity: "1500", lastEquity: "1500", multiplier: 1, shorting: false });
    desk.say(1);
    desk.say(0);
    desk.say(1);
    expect(desk.submits).toHaveLength(1);
    expect(desk.refusals).toEqual(["buying_power"]);
  });
});

describe("a limit that is declared to include exits", () => {
  it("refuses an exit, calls a person, and leaves the protection in place", () => {
    const desk = limits({ maxOrdersPerDay: 1, includeExits: ["max_orders_per_day"] });
    desk.enter("bracket");
    desk.say(3);
    expect(desk.refusals).toEqual(["max_orders_per_day"]);
    expect(desk.alerts).toContain("exit/refused");
    expect(desk.cancels).toEqual([]);
    desk.command("flatten");
    expect(desk.cancels).toHaveLength(2);
  });

  it("lets an operator flatten, and protection come back", () => {
    const desk = limits({ maxOrdersPerDay: 1, includeExits: ["max_orders_per_day"] });
    const entry = desk.enter("bracket");
    for (const leg of ["tp", "sl"]) desk.ended(`${entry.clientOrderId}-${leg}`, "canceled");
    expect(desk.lastSubmit).toMatchObject({ orderClass: "oco", qty: "10" });
    const protection = desk.lastSubmit;
    desk.accept(protection);
    desk.command("flatten");
    desk.ended(protection.clientOrderId, "canceled");
    desk.ended(`${protection.clientOrderId}-sl`, "canceled");
    expect(desk.lastSubmit).toMatchObject({ orderClass: "simple", side: "sell", qty: "10", type: "market" });
  });

  it("counts exits, and holds when a strategy alone declares it", () => {
    const own = digits({ risk: { maxOrdersPerDay: 2, includeExits: ["max_orders_per_day"] } });
    const desk = new Desk(program([own]));
    desk.enter();
    desk.say(3);
    desk.accept(desk.lastSubmit);
    desk.filled(desk.lastSubmit, 10, 100);
    desk.say(1);
    expect(desk.refusals).toEqual(["max_orders_per_day"]);
    expect(desk.submits).toHaveLength(2);
  });
});

describe("the end of the session", () => {
  it("sends no entry and still sends exits", () => {
    const desk = new Desk();
    desk.enter();
    const last = openOf("2024-03-05") + 389 * MINUTE;
    desk.bar("SPY", "1m", last - MINUTE, 100);
    desk.bar("SPY", "1m", last, 100.3);
    expect(desk.lastSubmit.side).toBe("sell");
    const entry = new Desk();
    entry.bar("SPY", "1m", last - MINUTE, 100);
    entry.bar("SPY", "1m", last, 100.1);
    expect(entry.refusals).toEqual(["market_hours"]);
  });
});

describe("an operator", () => {
  it("who cancels everything is not fought, but told what stands without protection", () => {
    const desk = new Desk();
    const entry = desk.enter("bracket");
    desk.command("cancel-all");
    for (const leg of ["tp", "sl"]) desk.ended(`${entry.clientOrderId}-${leg}`, "canceled");
    expect(desk.submits).toHaveLength(1);
    expect(desk.alerts).toContain("protection/gone");
  });
});

describe("a strategy that is gone", () => {
  it("leaves no working entry behind, and its position is reported", () => {
    const desk = new Desk();
    desk.say(1);
    const entry = desk.lastSubmit;
    desk.accept(entry);
    desk.filled(entry, 4, 100);
    desk.feed({ kind: "program.loaded", program: program([]), warmup: [] });
    expect(desk.cancels).toEqual([entry.clientOrderId]);
    expect(desk.alerts).toContain("plan/orphan");
  });
});

describe("the position limit of the account", () => {
  it("counts what all strategies hold and have working in a symbol", () => {
    const desk = new Desk(program([digits({}, "a"), digits({}, "b"), digits({}, "c")], { maxPositionQty: 15 }));
    desk.say(1);
    expect(desk.submits.map(({ qty }) => qty)).toEqual(["10", "5"]);
    expect(desk.refusals).toEqual(["max_position"]);
  });

  it("leaves a strategy's own tighter limit in force", () => {
    const desk = new Desk(
      program([digits({ risk: { maxPositionQty: 4 } }, "a"), digits({}, "b")], { maxPositionQty: 15 }),
    );
    desk.say(1);
    expect(desk.submits.map(({ qty }) => qty)).toEqual(["4", "10"]);
  });
});
