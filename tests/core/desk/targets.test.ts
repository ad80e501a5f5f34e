/** Targets and reversals, input by input: what is sent, what is awaited, what is never sent. */
import { describe, expect, it } from "vitest";
import type { Program, Rule, Strategy } from "../../../engine/core/program.ts";
import { CoreDriver, DigitDriver, openOf } from "../../support/core-driver.ts";
import { StrategyBuilder, all, buy, close, program, reduce, sell, target } from "../../support/program.ts";

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");

/**
 * Rules that fire by the last digit of the close, near 100: 1 long 20 shares, 2 short 20, 3 close, 4 long 8, 5 buy 10 in
 * reverse, 6 sell 10 in reverse, 7 nothing (by an expression), 8 cancel, 9 reduce by half at a limit.
 */
function digits(over: Partial<Strategy> = {}, rules: Partial<Rule> = {}): Strategy {
  const builder = new StrategyBuilder("s", "1m", over);
  const price = builder.close();
  const at = (n: number) =>
    all(builder.when(price, ">", 100 + n / 10 - 0.01), builder.when(price, "<", 100 + n / 10 + 0.01));
  const qty = (n: number): number => builder.number(n);
  const once = { start: "fire", ...rules } as const;
  const limit = builder.calc("+", price, builder.number(1));
  builder.rule("long", at(1), target(builder, "qty", qty(20)), once);
  builder.rule("short", at(2), target(builder, "qty", qty(-20), { short: true }), once);
  builder.rule("close", at(3), close());
  builder.rule("less", at(4), target(builder, "qty", qty(8)), once);
  builder.rule("up", at(5), buy(builder, 10, { reverse: true }), once);
  builder.rule("down", at(6), sell(builder, 10, { short: true, reverse: true }), once);
  builder.rule("none", at(7), target(builder, "qty", builder.calc("-", price, price)), once);
  builder.rule("cancel", at(8), { kind: "cancel" });
  builder.rule("half", at(9), reduce(builder, 0.5, { type: "limit", limit }), { fire: "each" });
  return builder.build();
}

class Desk extends DigitDriver {
  constructor(subject: Program = program([digits()])) {
    super(subject, OPEN);
  }

  /** Says a digit and fills what it sends. */
  done(digit: number): void {
    const before = this.submits.length;
    this.say(digit);
    for (let at = before; at < this.submits.length; at++) {
      const order = this.submits[at] as DigitDriver["lastSubmit"];
      this.accept(order);
      this.filled(order, Number(order.qty), 100);
    }
  }

  get sent(): string[] {
    return this.submits.map(({ side, qty }) => `${side} ${qty}`);
  }

  command(command: "halt" | "reduce" | "resume" | "cancel-all" | "flatten"): void {
    this.feed({ kind: "command", command, by: "op", reason: "test" });
  }
}

describe("a target", () => {
  it("buys from nothing, adds what is missing, sells what is too much, and does nothing when it is reached", () => {
    const desk = new Desk();
    desk.done(4);
    desk.done(1);
    desk.done(0);
    desk.done(4);
    desk.done(0);
    desk.done(4);
    expect(desk.sent).toEqual(["buy 8", "buy 12", "sell 12"]);
    expect(desk.position("s", "SPY")).toBe(8);
    expect(desk.refusals).toEqual([]);
  });

  it("counts entries on their way as if filled", () => {
    const desk = new Desk(program([digits({ maxEntries: 3 })]));
    desk.say(4);
    desk.accept(desk.lastSubmit);
    desk.filled(desk.lastSubmit, 3, 100);
    desk.say(1);
    expect(desk.sent).toEqual(["buy 8", "buy 12"]);
  });

  it("does not open beside a working entry unless max_entries lets it", () => {
    const desk = new Desk();
    desk.say(4);
    desk.accept(desk.lastSubmit);
    desk.say(1);
    expect(desk.sent).toEqual(["buy 8"]);
    expect(desk.refusals).toEqual(["max_entries"]);
  });

  it("cancels a working entry that goes beyond it, waits, and opens what is left", () => {
    const desk = new Desk();
    desk.say(1);
    const [first] = desk.submits;
    if (first === undefined) throw new Error("nothing was sent");
    desk.accept(first);
    desk.filled(first, 5, 100);
    desk.say(4);
    expect(desk.cancels).toEqual([first.clientOrderId]);
    expect(desk.sent).toEqual(["buy 20"]);
    desk.filled(first, 1, 100, 6);
    desk.ended(first.clientOrderId, "canceled");
    expect(desk.sent).toEqual(["buy 20", "buy 2"]);
  });

  it("of the other side closes, waits for the fill, sizes again and opens", () => {
    const desk = new Desk();
    desk.done(1);
    desk.say(2);
    expect(desk.sent).toEqual(["buy 20", "sell 20"]);
    desk.accept(desk.lastSubmit);
    desk.filled(desk.lastSubmit, 15, 100);
    expect(desk.sent).toHaveLength(2);
    desk.filled(desk.lastSubmit, 5, 100, 20);
    expect(desk.sent).toEqual(["buy 20", "sell 20", "sell 20"]);
    expect(desk.lastSubmit.orderClass).toBe("simple");
    desk.accept(desk.lastSubmit);
    desk.filled(desk.lastSubmit, 20, 100);
    expect(desk.position("s", "SPY")).toBe(-20);
  });

  it("below zero without short: true closes, and one that works out to nothing does too", () => {
    const builder = new StrategyBuilder("s", "1m");
    const price = builder.close();
    builder.rule("in", builder.when(price, ">", 100), target(builder, "qty", builder.number(5)));
    builder.rule("out", builder.when(price, "<", 100), target(builder, "qty", builder.number(-5)));
    const desk = new CoreDriver(program([builder.build()]), OPEN - 1_000);
    [100, 101, 99].forEach((close_, i) => {
      desk.bar("SPY", "1m", OPEN + i * MINUTE, close_);
      if (i === 1) {
        desk.accept(desk.lastSubmit);
        desk.filled(desk.lastSubmit, 5, 100);
      }
    });
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "5" });
    desk.accept(desk.lastSubmit);
    desk.filled(desk.lastSubmit, 5, 100);
    expect(desk.submits).toHaveLength(2);

    const other = new Desk();
    other.done(1);
    other.done(7);
    expect(other.sent).toEqual(["buy 20", "sell 20"]);
  });

  it("rounds a weight and an amount towards zero", () => {
    const builder = new StrategyBuilder("s", "1m");
    const price = builder.close();
    const short = { short: true };
    builder.rule("w", builder.when(price, ">", 200), target(builder, "weight", builder.number(0.1), short));
    builder.rule("n", builder.when(price, "<", 50), target(builder, "notional", builder.number(-1_000), short));
    const desk = new CoreDriver(program([builder.build()]), OPEN - 1_000);
    desk.bar("SPY", "1m", OPEN, 100);
    desk.bar("SPY", "1m", OPEN + MINUTE, 300);
    // 10% of 100,000 dollars at 300.
    expect(desk.lastSubmit).toMatchObject({ side: "buy", qty: "33" });
    desk.ended(desk.lastSubmit.clientOrderId, "rejected");
    desk.bar("SPY", "1m", OPEN + 2 * MINUTE, 30);
    // 1,000 dollars at 30.
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "33" });
  });

  it("leaves changes within its tolerance alone, and so spends no firing", () => {
    const builder = new StrategyBuilder("s", "1m");
    const price = builder.close();
    const action = target(builder, "weight", builder.number(0.5), { tolerance: builder.number(0.1) });
    builder.rule("hold", builder.when(price, ">", 0), action, { fire: "each", limit: { count: 2, per: "day" } });
    const desk = new CoreDriver(program([builder.build()]), OPEN - 1_000);
    const closes = [100, 101, 99, 103, 95, 130, 60];
    closes.forEach((close_, i) => {
      const before = desk.submits.length;
      desk.bar("SPY", "1m", OPEN + i * MINUTE, close_);
      const order = desk.submits[before];
      if (order === undefined) return;
      desk.accept(order);
      desk.filled(order, Number(order.qty), close_);
    });
    // 500 at first; at 130 they are 57% of the account, and 442 would be half; then the limit of the day is used up.
    expect(desk.submits.map(({ side, qty }) => `${side} ${qty}`)).toEqual(["buy 500", "sell 58"]);
    expect(desk.refusals).toEqual([]);
  });

  it("lets its smaller half pass the limits on entries, and not its larger one", () => {
    const desk = new Desk(program([digits()], { maxOrdersPerDay: 1 }));
    desk.done(1);
    desk.say(2);
    desk.accept(desk.lastSubmit);
    desk.filled(desk.lastSubmit, 20, 100);
    expect(desk.sent).toEqual(["buy 20", "sell 20"]);
    expect(desk.refusals).toEqual(["max_orders_per_day"]);
    expect(desk.position("s", "SPY")).toBe(0);
  });

  it("that comes while an older one is on its way goes before it", () => {
    const desk = new Desk();
    desk.done(1);
    desk.say(2);
    const closing = desk.lastSubmit;
    desk.accept(closing);
    desk.say(1);
    expect(desk.refusals).toEqual(["opening_canceled"]);
    expect(desk.cancels).toEqual([closing.clientOrderId]);
    desk.filled(closing, 6, 100);
    desk.ended(closing.clientOrderId, "canceled");
    // 14 are left, 20 are wanted.
    expect(desk.sent).toEqual(["buy 20", "sell 20", "buy 6"]);
  });

  it("puts the bracket back on what it leaves", () => {
    const builder = new StrategyBuilder("s", "1m");
    const price = builder.close();
    const bracket = { stopLoss: builder.number(90), takeProfit: builder.number(120) };
    builder.rule("in", builder.when(price, ">", 100), target(builder, "qty", builder.number(10), { bracket }));
    builder.rule("less", builder.when(price, "<", 100), target(builder, "qty", builder.number(4)));
    const desk = new CoreDriver(program([builder.build()]), OPEN - 1_000);
    desk.bar("SPY", "1m", OPEN, 100);
    desk.bar("SPY", "1m", OPEN + MINUTE, 101);
    const entry = desk.lastSubmit;
    expect(entry.orderClass).toBe("bracket");
    desk.accept(entry);
    desk.filled(entry, 10, 101);
    desk.bar("SPY", "1m", OPEN + 2 * MINUTE, 99);
    for (const leg of ["tp", "sl"]) desk.ended(`${entry.clientOrderId}-${leg}`, "canceled");
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "6", type: "market" });
    desk.accept(desk.lastSubmit);
    desk.filled(desk.lastSubmit, 6, 99);
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "4", orderClass: "oco" });
  });
});

describe("a reversal", () => {
  it("from nothing is a plain entry", () => {
    const desk = new Desk();
    desk.done(5);
    expect(desk.sent).toEqual(["buy 10"]);
  });

  it("closes, awaits the fill, sizes again and opens; both ways", () => {
    const desk = new Desk();
    desk.done(5);
    desk.done(6);
    expect(desk.position("s", "SPY")).toBe(-10);
    desk.done(5);
    expect(desk.sent).toEqual(["buy 10", "sell 10", "sell 10", "buy 10", "buy 10"]);
    expect(desk.position("s", "SPY")).toBe(10);
  });

  it("adds nothing while its own side is held", () => {
    const desk = new Desk();
    desk.done(5);
    desk.done(0);
    desk.done(5);
    expect(desk.sent).toEqual(["buy 10"]);
    expect(desk.refusals).toEqual(["max_entries"]);
  });

  it("cancels an entry of the other side and opens once its end is known", () => {
    const desk = new Desk();
    desk.say(5);
    const [first] = desk.submits;
    if (first === undefined) throw new Error("nothing was sent");
    desk.accept(first);
    desk.say(6);
    expect(desk.sent).toEqual(["buy 10"]);
    desk.ended(first.clientOrderId, "canceled");
    expect(desk.sent).toEqual(["buy 10", "sell 10"]);
  });

  it("opens nothing when the exit is refused, ends in part, or is rejected", () => {
    for (const end of ["canceled", "rejected"] as const) {
      const desk = new Desk();
      desk.done(5);
      desk.say(6);
      const closing = desk.lastSubmit;
      desk.accept(closing);
      if (end === "canceled") desk.filled(closing, 9, 100);
      desk.ended(closing.clientOrderId, end);
      expect(desk.sent).toEqual(["buy 10", "sell 10"]);
      expect(desk.refusals).toContain("not_closed");
    }
  });

  it("opens nothing after a halt, a reduce or a cancel-all, even when trading resumes before the fill", () => {
    for (const command of ["halt", "reduce", "cancel-all"] as const) {
      const desk = new Desk();
      desk.done(5);
      desk.say(6);
      const closing = desk.lastSubmit;
      desk.accept(closing);
      desk.command(command);
      desk.command("resume");
      desk.filled(closing, 10, 100);
      expect(desk.sent).toEqual(["buy 10", "sell 10"]);
      expect(desk.refusals).toEqual(["opening_canceled"]);
    }
  });

  it("closes while only exits may go, and opens nothing", () => {
    const desk = new Desk();
    desk.done(5);
    desk.command("reduce");
    desk.done(6);
    expect(desk.sent).toEqual(["buy 10", "sell 10"]);
    expect(desk.refusals).toEqual(["kill_switch"]);
  });

  it("gives way to a close, and to a cancel of entries", () => {
    const desk = new Desk();
    desk.done(5);
    desk.say(6);
    const closing = desk.lastSubmit;
    desk.accept(closing);
    desk.say(8);
    desk.filled(closing, 10, 100);
    expect(desk.sent).toEqual(["buy 10", "sell 10"]);
    expect(desk.refusals).toEqual(["opening_canceled"]);

    const other = new Desk();
    other.done(5);
    other.say(6);
    const first = other.lastSubmit;
    other.accept(first);
    other.say(3);
    expect(other.cancels).toEqual([first.clientOrderId]);
    other.ended(first.clientOrderId, "canceled");
    expect(other.sent).toEqual(["buy 10", "sell 10", "sell 10"]);
    other.accept(other.lastSubmit);
    other.filled(other.lastSubmit, 10, 100);
    expect(other.sent).toHaveLength(3);
    expect(other.position("s", "SPY")).toBe(0);
  });

  it("opens nothing for a rule that was changed meanwhile, or whose strategy is gone", () => {
    for (const changed of [program([digits({}, { digest: "other" })]), program([])]) {
      const desk = new Desk();
      desk.done(5);
      desk.say(6);
      const closing = desk.lastSubmit;
      desk.accept(closing);
      desk.feed({ kind: "program.loaded", program: changed, warmup: [] });
      desk.filled(closing, 10, 100);
      expect(desk.sent).toEqual(["buy 10", "sell 10"]);
    }
  });

  it("opens nothing when its session is over before the fill", () => {
    const desk = new Desk();
    desk.done(5);
    desk.say(6);
    const closing = desk.lastSubmit;
    desk.accept(closing);
    desk.passTo(OPEN + 391 * MINUTE);
    desk.filled(closing, 10, 100);
    expect(desk.sent).toEqual(["buy 10", "sell 10"]);
    expect(desk.refusals).toEqual(["market_hours"]);
  });

  it("waits for an order whose fate is unknown", () => {
    const desk = new Desk();
    desk.done(5);
    desk.say(6);
    const closing = desk.lastSubmit;
    desk.broker({ kind: "order.unknown", clientOrderId: closing.clientOrderId, reason: "timeout" });
    expect(desk.sent).toHaveLength(2);
    desk.accept(closing);
    desk.filled(closing, 10, 100);
    expect(desk.sent).toEqual(["buy 10", "sell 10", "sell 10"]);
  });

  it("in quarantine puts its strategy into REDUCING, for it is an exit too", () => {
    const desk = new Desk();
    desk.done(5);
    desk.autoConfirm = false;
    desk.say(6);
    desk.confirmAll("disagreed");
    expect(desk.of("state").at(-1)).toMatchObject({ scope: "strategy:s", state: "REDUCING" });
    expect(desk.sent).toEqual(["buy 10"]);
  });
});

describe("an exit that expires", () => {
  it("is cancelled at its time and told as a warning", () => {
    const builder = new StrategyBuilder("s", "1m");
    const price = builder.close();
    builder.rule("in", builder.when(price, ">", 100), buy(builder, 5));
    const order = { type: "limit", limit: builder.number(200), expireAfterMs: 90_000 } as const;
    builder.rule("out", builder.when(price, "<", 100), close(order));
    const desk = new CoreDriver(program([builder.build()]), OPEN - 1_000);
    desk.bar("SPY", "1m", OPEN, 100);
    desk.bar("SPY", "1m", OPEN + MINUTE, 101);
    desk.accept(desk.lastSubmit);
    desk.filled(desk.lastSubmit, 5, 101);
    desk.bar("SPY", "1m", OPEN + 2 * MINUTE, 99);
    const exit = desk.lastSubmit;
    desk.accept(exit);
    desk.passTo(OPEN + 5 * MINUTE);
    expect(desk.cancels).toEqual([exit.clientOrderId]);
    desk.ended(exit.clientOrderId, "canceled");
    expect(desk.of("alert").map(({ level, code }) => `${level} ${code}`)).toEqual(["warning exit/unfinished"]);
    desk.bar("SPY", "1m", OPEN + 5 * MINUTE, 98);
    expect(desk.submits).toHaveLength(3);
  });
});

describe("a target on ticks", () => {
  it("is measured at the price of the tick, and fires only when that asks for a change", () => {
    const builder = new StrategyBuilder("s", "1m", { ticks: true });
    const price = builder.quote("last");
    const action = target(builder, "notional", builder.number(1_000), { tolerance: builder.number(0.2) });
    builder.rule("hold", builder.when(price, ">", 0), action, { fire: "each" });
    const desk = new CoreDriver(program([builder.build()]), OPEN - 1_000);
    for (const [seconds, at] of [
      [1, 100],
      [2, 104],
      [3, 125],
      [4, 124],
    ] as const) {
      const before = desk.submits.length;
      desk.trade("SPY", OPEN + seconds * 1_000, at);
      const order = desk.submits[before];
      if (order === undefined) continue;
      desk.accept(order);
      desk.filled(order, Number(order.qty), at);
    }
    expect(desk.submits.map(({ side, qty }) => `${side} ${qty}`)).toEqual(["buy 10", "sell 2"]);
    expect(desk.refusals).toEqual([]);
  });
});
