/** Exits by two orders of which one cancels the other, and the protection they leave. */
import { describe, expect, it } from "vitest";
import type { Program, Strategy } from "../../../engine/core/program.ts";
import { CoreDriver, DigitDriver, openOf } from "../../support/core-driver.ts";
import { StrategyBuilder, all, buy, close, program, reduce } from "../../support/program.ts";

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");

/**
 * Rules that fire by the last digit of the close, near 100: 1 buys with a bracket at 90 and 120, 2 puts an oco at 95 and
 * 110 on everything, 3 closes, 4 puts an oco on half, 5 an oco whose stop is above the market, 6 the first one each time,
 * 7 closes at a limit of 105.
 */
function digits(): Strategy {
  const builder = new StrategyBuilder("s", "1m");
  const price = builder.close();
  const at = (n: number) =>
    all(builder.when(price, ">", 100 + n / 10 - 0.01), builder.when(price, "<", 100 + n / 10 + 0.01));
  const legs = (stop: number, profit: number) => ({
    stopLoss: builder.number(stop),
    takeProfit: builder.number(profit),
  });
  builder.rule("in", at(1), buy(builder, 10, { bracket: legs(90, 120) }), { start: "fire" });
  const once = { fire: "once", start: "fire" } as const;
  builder.rule("guard", at(2), close({ timeInForce: "gtc" }, legs(95, 110)), once);
  builder.rule("out", at(3), close());
  builder.rule("half", at(4), reduce(builder, 0.5, {}, legs(95, 110)), once);
  builder.rule("wrong", at(5), close({}, legs(101, 110)), once);
  builder.rule("keep", at(6), close({}, legs(95, 110)));
  builder.rule("out at", at(7), close({ type: "limit", limit: builder.number(105) }));
  return builder.build();
}

class Desk extends DigitDriver {
  constructor(subject: Program = program([digits()])) {
    super(subject, OPEN);
  }

  /** A position of ten shares with its bracket. */
  enter(): string {
    this.say(1);
    const entry = this.lastSubmit;
    this.accept(entry);
    this.filled(entry, 10, 100);
    return entry.clientOrderId;
  }

  legsEnd(id: string): void {
    for (const leg of ["tp", "sl"]) this.ended(`${id}-${leg}`, "canceled");
  }

  get sent(): string[] {
    return this.submits.map(
      ({ side, qty, orderClass, stopLoss, takeProfit }) =>
        `${side} ${qty} ${orderClass} ${stopLoss?.stopPrice ?? ""} ${takeProfit?.limitPrice ?? ""}`,
    );
  }
}

describe("an oco", () => {
  it("takes the place of the bracket's legs: cancels them, waits, and sends both orders as one", () => {
    const desk = new Desk();
    const entry = desk.enter();
    desk.say(2);
    expect(desk.submits).toHaveLength(1);
    desk.legsEnd(entry);
    expect(desk.lastSubmit).toMatchObject({
      side: "sell",
      qty: "10",
      type: "limit",
      orderClass: "oco",
      timeInForce: "gtc",
      limitPrice: "110",
      takeProfit: { limitPrice: "110" },
      stopLoss: { stopPrice: "95" },
    });
  });

  it("is protection once the broker has it: a close goes on, and cancels it first", () => {
    const desk = new Desk();
    const entry = desk.enter();
    desk.say(2);
    desk.legsEnd(entry);
    const oco = desk.lastSubmit;
    desk.accept(oco);
    desk.say(3);
    expect(desk.cancels).toContain(oco.clientOrderId);
    desk.ended(oco.clientOrderId, "canceled");
    desk.ended(`${oco.clientOrderId}-sl`, "canceled");
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "10", type: "market", orderClass: "simple" });
    expect(desk.refusals).toEqual([]);
  });

  it("that the broker rejects puts the old protection back and calls a person", () => {
    const desk = new Desk();
    const entry = desk.enter();
    desk.say(2);
    desk.legsEnd(entry);
    const oco = desk.lastSubmit;
    desk.broker({ kind: "order.rejected", clientOrderId: oco.clientOrderId, code: "x", reason: "no" });
    expect(desk.sent.at(-1)).toBe("sell 10 oco 90 120");
    expect(desk.alerts).toContain("exit/unfinished");
  });

  it("is what comes back after an exit that failed", () => {
    const desk = new Desk();
    const entry = desk.enter();
    desk.say(2);
    desk.legsEnd(entry);
    const oco = desk.lastSubmit;
    desk.accept(oco);
    desk.say(3);
    desk.ended(oco.clientOrderId, "canceled");
    desk.ended(`${oco.clientOrderId}-sl`, "canceled");
    desk.broker({ kind: "order.rejected", clientOrderId: desk.lastSubmit.clientOrderId, code: "x", reason: "no" });
    expect(desk.sent.at(-1)).toBe("sell 10 oco 95 110");
  });

  it("on a part leaves the rest with the protection it had", () => {
    const desk = new Desk();
    const entry = desk.enter();
    desk.say(4);
    desk.legsEnd(entry);
    const oco = desk.lastSubmit;
    desk.accept(oco);
    expect(desk.sent.slice(1)).toEqual(["sell 5 oco 95 110", "sell 5 oco 90 120"]);
    desk.filled(oco, 5, 110);
    expect(desk.position("s", "SPY")).toBe(5);
    expect(desk.submits).toHaveLength(3);
  });

  it("with a price on the wrong side of the market is refused before anything is cancelled", () => {
    const desk = new Desk();
    desk.enter();
    desk.say(5);
    expect(desk.refusals).toEqual(["bracket_invalid"]);
    expect(desk.cancels).toEqual([]);
    expect(desk.of("refused")[0]?.reason).toBe("stop_loss works out to 101, which is not below the market at 100.5");
  });

  it("has nothing to do while nothing is held, and is armed again by the next position", () => {
    const desk = new Desk();
    desk.say(2);
    expect(desk.submits).toEqual([]);
    const entry = desk.enter();
    desk.say(2);
    desk.legsEnd(entry);
    expect(desk.sent.at(-1)).toBe("sell 10 oco 95 110");
  });

  it("each time fills a gap in the protection, and only a gap", () => {
    const desk = new Desk();
    desk.say(6);
    const entry = desk.enter();
    desk.say(6);
    expect(desk.submits).toHaveLength(1);
    for (const leg of ["tp", "sl"]) desk.ended(`${entry}-${leg}`, "expired");
    desk.say(6);
    const oco = desk.lastSubmit;
    expect(oco.orderClass).toBe("oco");
    desk.accept(oco);
    desk.say(6);
    expect(desk.submits).toHaveLength(2);
  });

  it("goes to the whole shares of a position, and to none where there are only parts", () => {
    for (const [held, sent] of [
      [10.5, ["buy 10.5 simple", "sell 10 oco"]],
      [0.5, ["buy 0.5 simple"]],
    ] as const) {
      const builder = new StrategyBuilder("s", "1m");
      const price = builder.close();
      builder.rule("in", builder.when(price, "==", 100), buy(builder, held, { fractional: true }));
      const around = { stopLoss: builder.number(95), takeProfit: builder.number(110) };
      builder.rule("guard", builder.when(price, "==", 101), close({}, around), { fire: "once" });
      const desk = new CoreDriver(program([builder.build()]), OPEN - 1_000);
      [99, 100, 101].forEach((close_, i) => {
        desk.bar("SPY", "1m", OPEN + i * MINUTE, close_);
        if (i > 0) desk.accept(desk.lastSubmit);
        if (i === 1) desk.filled(desk.lastSubmit, held, 100);
      });
      expect(desk.submits.map(({ side, qty, orderClass }) => `${side} ${qty} ${orderClass}`)).toEqual(sent);
      expect(desk.refusals).toEqual(held < 1 ? ["size_zero"] : []);
    }
  });
});

describe("a close that waits for a price", () => {
  it("does not stand in the way of one at the market", () => {
    const desk = new Desk();
    const entry = desk.enter();
    desk.say(7);
    desk.legsEnd(entry);
    const limit = desk.lastSubmit;
    expect(limit).toMatchObject({ type: "limit", limitPrice: "105" });
    desk.accept(limit);
    desk.say(7);
    expect(desk.submits.at(-1)).toBe(limit);
    desk.say(3);
    expect(desk.cancels).toContain(limit.clientOrderId);
    desk.ended(limit.clientOrderId, "canceled");
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "10", type: "market" });
  });
});

describe("protection", () => {
  it("is restored for the part of a position that stands without", () => {
    const builder = new StrategyBuilder("s", "1m", { maxEntries: 2 });
    const price = builder.close();
    const bracket = { stopLoss: builder.number(90), takeProfit: builder.number(120) };
    builder.rule("a", builder.when(price, ">", 100), buy(builder, 10, { bracket }));
    builder.rule("b", builder.when(price, ">", 101), buy(builder, 10, { bracket }));
    const desk = new CoreDriver(program([builder.build()]), OPEN - 1_000);
    desk.bar("SPY", "1m", OPEN, 100);
    desk.bar("SPY", "1m", OPEN + MINUTE, 100.5);
    desk.accept(desk.lastSubmit);
    desk.filled(desk.lastSubmit, 10, 100.5);
    desk.bar("SPY", "1m", OPEN + 2 * MINUTE, 102);
    const second = desk.lastSubmit;
    desk.accept(second);
    desk.filled(second, 3, 102);
    desk.ended(second.clientOrderId, "canceled");
    desk.ended(`${second.clientOrderId}-tp`, "canceled");
    expect(desk.submits).toHaveLength(2);
    desk.ended(`${second.clientOrderId}-sl`, "canceled");
    // Ten shares have the legs of the first entry; three had only those of the second.
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "3", orderClass: "oco" });
  });
});
