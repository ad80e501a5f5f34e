import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimal } from "../../../engine/core/decimal.ts";
import { newPrice, newQty } from "../../../engine/core/desk/splits.ts";
import type { ReconciledInput } from "../../../engine/core/event.ts";
import type { Program, Rule } from "../../../engine/core/program.ts";
import { accountOf } from "../../../engine/core/view.ts";
import { DigitDriver, openOf, reconciled } from "../../support/core-driver.ts";
import { StrategyBuilder, all, buy, close, program, reduce } from "../../support/program.ts";
import { runs } from "../../support/runs.ts";

const OPEN = openOf("2024-03-05");
const MINUTE = 60_000;

/** x1 buys 10, x2 buys 10 with a bracket of 5 up and down, x3 closes, x4 sells half at a limit, x5 closes at a limit. */
function subject(): Program {
  const builder = new StrategyBuilder("s", "1m");
  const price = builder.close();
  const digit = (n: number): ReturnType<typeof all> =>
    all(builder.when(price, ">", 100 + n / 10 - 0.01), builder.when(price, "<", 100 + n / 10 + 0.01));
  const limit = builder.calc("+", price, builder.number(1));
  const stopLoss = builder.calc("-", price, builder.number(5));
  const takeProfit = builder.calc("+", price, builder.number(5));
  const now: Partial<Rule> = { start: "fire" };
  builder.rule("buy", digit(1), buy(builder, 10), now);
  builder.rule("bracket", digit(2), buy(builder, 10, { bracket: { stopLoss, takeProfit } }), now);
  builder.rule("close", digit(3), close());
  builder.rule("half", digit(4), reduce(builder, 0.5, { type: "limit", limit }), { fire: "each" });
  builder.rule("close-limit", digit(5), close({ type: "limit", limit }));
  return program([builder.build()]);
}

class Desk extends DigitDriver {
  constructor() {
    super(subject(), OPEN);
  }

  enter(digit: 1 | 2): string {
    this.say(digit);
    const order = this.lastSubmit;
    this.accept(order);
    this.filled(order, 10, 100);
    return order.clientOrderId;
  }

  split(newShares: number | string, oldShares: number | string = 1, time = this.now): void {
    const ratio = { newShares: String(newShares), oldShares: String(oldShares) };
    this.feed({ kind: "split", symbol: "SPY", time, ...ratio });
  }

  /** What the broker shows. */
  shows(qty: string, openOrders: ReconciledInput["openOrders"] = []): void {
    this.broker({ ...reconciled({ cash: "99000" }), positions: [{ symbol: "SPY", qty, avgPrice: "25" }], openOrders });
  }

  held(): string[] {
    return this.of("position").map(({ position }) => `${position.qty}@${position.avgPrice}`);
  }
}

describe("a split", () => {
  it("counts shares and their price anew, and is no profit and no loss", () => {
    const desk = new Desk();
    desk.enter(1);
    desk.passTo(desk.now + MINUTE);
    const before = accountOf(desk.core);
    desk.split(4);
    expect(desk.held().at(-1)).toBe("40@25");
    expect(accountOf(desk.core)).toMatchObject({ equity: before.equity, dayPnl: before.dayPnl });
    expect(desk.core.desk.state.account.markOf("SPY")).toBeCloseTo(100.1 / 4, 10);
  });

  it("does not change a price that came after it took effect", () => {
    const desk = new Desk();
    desk.enter(1);
    desk.say(0);
    desk.split(4, 1, desk.now - 1);
    expect(desk.core.desk.state.account.markOf("SPY")).toBe(100);
  });

  it("counts once, however often it is told", () => {
    const desk = new Desk();
    desk.enter(1);
    const time = desk.now;
    desk.split(4, 1, time);
    desk.split(4, 1, time);
    desk.split(4, 1, time - 5);
    expect(desk.position("s", "SPY")).toBe(40);
    expect(desk.alerts.filter((code) => code === "split/begun")).toHaveLength(1);
  });

  it("cancels what protects, and sends it in new shares and prices when the broker shows them", () => {
    const desk = new Desk();
    const entry = desk.enter(2);
    desk.split(4);
    expect(desk.cancels.sort()).toEqual([`${entry}-sl`, `${entry}-tp`]);
    desk.ended(`${entry}-sl`, "canceled");
    desk.ended(`${entry}-tp`, "canceled");
    expect(desk.submits).toHaveLength(1);
    desk.shows("40");
    expect(desk.alerts.slice(-1)).toEqual(["split/settled"]);
    expect(desk.lastSubmit).toMatchObject({
      ...{ orderClass: "oco", side: "sell", qty: "40" },
      // 95.2 / 4 and 105.2 / 4, to the cent in the safe direction.
      ...{ stopLoss: { stopPrice: "23.8" }, takeProfit: { limitPrice: "26.3" } },
    });
    expect(desk.alerts).not.toContain("protection/gone");
  });

  it("waits for the end of every order in old shares, and cancels it once more where the broker still shows it", () => {
    const desk = new Desk();
    const entry = desk.enter(2);
    desk.split(4);
    const leg = (role: string) => ({ clientOrderId: `${entry}-${role}`, brokerOrderId: `B${entry}-${role}` });
    const open = { symbol: "SPY", side: "sell", qty: "10", filledQty: "0" } as const;
    desk.ended(`${entry}-tp`, "canceled");
    desk.shows("40", [{ ...leg("sl"), ...open, type: "stop" }]);
    expect(desk.cancels.filter((id) => id === `${entry}-sl`)).toHaveLength(2);
    expect(desk.submits).toHaveLength(1);
    desk.ended(`${entry}-sl`, "canceled");
    expect(desk.lastSubmit).toMatchObject({ orderClass: "oco", qty: "40" });
  });

  it("sends nothing while the broker still shows the old shares, and says so once", () => {
    const desk = new Desk();
    const entry = desk.enter(2);
    desk.split(4);
    for (const leg of ["sl", "tp"]) desk.ended(`${entry}-${leg}`, "canceled");
    desk.shows("10");
    desk.shows("10");
    expect(desk.alerts.filter((code) => code === "split/not-booked")).toHaveLength(1);
    expect(desk.alerts).not.toContain("reconcile/position");
    expect(desk.submits).toHaveLength(1);
    desk.shows("40");
    expect(desk.submits).toHaveLength(2);
  });

  it("takes the broker's word when a person resumes, and shows the difference", () => {
    const desk = new Desk();
    desk.enter(1);
    desk.split(4);
    desk.shows("10");
    desk.feed({ kind: "command", command: "resume", by: "op", reason: "they rounded" });
    desk.shows("10");
    expect(desk.alerts.slice(-2)).toEqual(["reconcile/position", "split/settled"]);
  });

  it("shows cash in lieu of a part of a share as a difference", () => {
    const desk = new Desk();
    desk.enter(1);
    desk.split(1, 3);
    expect(desk.held().at(-1)).toBe("3.333333333@300");
    desk.shows("3");
    expect(desk.of("alert").at(-2)?.message).toBe(
      "the broker holds 3 SPY; -0.333333333 of it belong to no strategy here",
    );
    expect(desk.core.desk.state.portfolio.netQty("SPY").toFixed()).toBe("3");
    expect(desk.alerts.at(-1)).toBe("split/settled");
  });

  it("cancels entries and drops what was being confirmed", () => {
    const desk = new Desk();
    desk.say(1);
    const working = desk.lastSubmit;
    desk.accept(working);
    desk.split(4);
    expect(desk.cancels).toEqual([working.clientOrderId]);
    const other = new Desk();
    other.autoConfirm = false;
    other.say(1);
    other.split(4);
    other.confirmAll();
    expect(other.refusals).toEqual(["split"]);
    expect(other.submits).toEqual([]);
  });

  it("does not send an entry again that nobody found, not even when that is allowed", () => {
    const desk = new Desk();
    const { program: loaded } = desk.core.signals;
    if (loaded === undefined) throw new Error("no program");
    desk.feed({ kind: "program.loaded", program: { ...loaded, unknownOrders: "resend" }, warmup: [] });
    desk.say(1);
    const { clientOrderId } = desk.lastSubmit;
    desk.broker({ kind: "order.unknown", clientOrderId, reason: "timeout" });
    desk.split(4);
    for (let i = 0; i < 9; i++)
      desk.broker({ kind: "order.rejected", clientOrderId, code: "not_found", reason: "no such order" });
    expect(desk.submits).toHaveLength(1);
    expect(desk.alerts).toContain("order/unresolved");
  });

  it("lets an exit that is on its way go on in new shares", () => {
    const desk = new Desk();
    desk.enter(1);
    desk.say(5);
    const exit = desk.lastSubmit;
    expect(exit).toMatchObject({ qty: "10", limitPrice: "101.5" });
    desk.accept(exit);
    desk.filled(exit, 4, 101.5);
    desk.split(4);
    expect(desk.position("s", "SPY")).toBe(24);
    desk.ended(exit.clientOrderId, "canceled");
    expect(desk.submits).toHaveLength(2);
    desk.shows("24");
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "24", limitPrice: "25.38" });
  });

  it("ends an exit of a part: its rule decides anew", () => {
    const desk = new Desk();
    desk.enter(1);
    desk.say(4);
    const exit = desk.lastSubmit;
    desk.accept(exit);
    desk.split(4);
    desk.ended(exit.clientOrderId, "canceled");
    desk.shows("40");
    expect(desk.alerts).toContain("exit/unfinished");
    expect(desk.submits).toHaveLength(2);
    expect(desk.core.desk.state.books.find("s", "SPY")?.exit).toBeUndefined();
  });

  it("holds an operator's flatten until it can be sent in new shares", () => {
    const desk = new Desk();
    desk.enter(1);
    desk.split(4);
    desk.feed({ kind: "command", command: "flatten", by: "op", reason: "out" });
    expect(desk.submits).toHaveLength(1);
    desk.shows("40");
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "40", type: "market" });
  });

  it("books a fill of before it that is told after it in shares of today", () => {
    const desk = new Desk();
    const entry = desk.enter(2);
    const told = desk.now;
    desk.passTo(desk.now + MINUTE);
    desk.split(4);
    const stop = `${entry}-sl`;
    desk.broker({
      ...{ kind: "execution", executionId: "late", clientOrderId: stop, brokerOrderId: `B${stop}`, symbol: "SPY" },
      ...{ side: "sell", qty: "10", price: "95", fee: "0", cumulativeQty: "10", time: told },
    });
    expect(desk.held().at(-1)).toBe("0@0");
    expect(desk.of("position").at(-1)?.position.realized).toBe("-50");
  });

  it("protects what an entry of before it filled in prices of today", () => {
    const desk = new Desk();
    desk.say(2);
    const entry = desk.lastSubmit;
    desk.accept(entry);
    const told = desk.now;
    desk.passTo(desk.now + MINUTE);
    desk.split(4);
    desk.broker({
      ...{ kind: "execution", executionId: "late", clientOrderId: entry.clientOrderId, brokerOrderId: "B" },
      ...{ symbol: "SPY", side: "buy", qty: "10", price: "100", fee: "0", cumulativeQty: "10", time: told },
    });
    for (const leg of ["sl", "tp"]) desk.ended(`${entry.clientOrderId}-${leg}`, "canceled");
    desk.shows("40");
    expect(desk.lastSubmit).toMatchObject({ qty: "40", stopLoss: { stopPrice: "23.8" } });
  });

  it("keeps what an account is worth, whatever splits, but for parts of a share that no broker counts", () => {
    const amount = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(
        amount,
        amount,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (qty, cents, a, b) => {
          const split = { symbol: "X", time: 0, newShares: decimal(a), oldShares: decimal(b) };
          const [held, price] = [decimal(qty), decimal(cents).div(100)];
          const lost = held.times(price).minus(newQty(split, held).times(newPrice(split, price)));
          const part = newPrice(split, price).times("0.000000001");
          // Division rounds the price to twelve places.
          expect(lost.abs().toNumber()).toBeLessThanOrEqual(part.plus(held.times(a).div(b).times("1e-12")).toNumber());
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it("pauses entries while nobody can say what splits", () => {
    const desk = new Desk();
    desk.feed({ kind: "splits", known: false, detail: "no answer" });
    desk.feed({ kind: "splits", known: false, detail: "no answer" });
    desk.say(1);
    expect(desk.refusals).toEqual(["market_data"]);
    desk.feed({ kind: "splits", known: true, detail: "" });
    desk.say(0);
    desk.say(1);
    expect(desk.submits).toHaveLength(1);
    expect(desk.alerts.filter((code) => code.startsWith("data/splits"))).toEqual([
      "data/splits-unknown",
      "data/splits-known",
    ]);
  });
});
