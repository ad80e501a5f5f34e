/** What a person does at the broker with shares that a strategy holds, and what two orders do that both fill. */
import { describe, expect, it } from "vitest";
import { decode, encode } from "../../../engine/adapters/journal/encode.ts";
import type { OrderRequest } from "../../../engine/core/event.ts";
import type { Program } from "../../../engine/core/program.ts";
import { restoreCore, saveCore } from "../../../engine/core/save.ts";
import type { SavedCore } from "../../../engine/core/save.ts";
import { externalOrders, externalPositions, openOrders, ordersToFollow } from "../../../engine/core/view.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";
import { DigitDriver, openOf, reconciled } from "../../support/core-driver.ts";
import { StrategyBuilder, all, buy, close, program, reduce } from "../../support/program.ts";

const OPEN = openOf("2024-03-05");

/** x1 buys with a bracket, x2 closes with a limit that is far away, x3 closes, x4 halves. */
function trader(name: string) {
  const builder = new StrategyBuilder(name, "1m", {});
  const price = builder.close();
  const at = (digit: number) =>
    all(builder.when(price, ">", 100 + digit / 10 - 0.01), builder.when(price, "<", 100 + digit / 10 + 0.01));
  const shift = (by: number): number => builder.calc("+", price, builder.number(by));
  const bracket = { stopLoss: shift(-5), takeProfit: shift(5) };
  builder.rule("buy", at(1), buy(builder, 10, { bracket }), { start: "fire" });
  builder.rule("far", at(2), close({ type: "limit", limit: shift(9) }));
  builder.rule("close", at(3), close());
  builder.rule("half", at(4), reduce(builder, 0.5), { fire: "each" });
  return builder.build();
}

class Desk extends DigitDriver {
  constructor(...names: readonly string[]) {
    super(program((names.length === 0 ? ["s"] : names).map(trader)), OPEN);
  }

  /** Ten shares with a stop and a target, each strategy. */
  enter(): readonly OrderRequest[] {
    this.say(1);
    const entries = this.submits;
    for (const entry of entries) {
      this.accept(entry);
      this.filled(entry, 10, 100.1);
    }
    return entries;
  }

  /** Somebody sells or buys at the broker. */
  byHand(side: "buy" | "sell", qty: number): void {
    this.filled({ clientOrderId: `hand${this.inputs.length}`, symbol: "SPY", side }, qty, 100);
  }

  /** What is held by a picture, and nothing else. */
  shows(qty: number): void {
    const positions = qty === 0 ? [] : [{ symbol: "SPY", qty: String(qty), avgPrice: "100" }];
    this.broker({ ...reconciled(), positions });
  }

  legs({ clientOrderId: id }: OrderRequest): readonly string[] {
    return [`${id}-tp`, `${id}-sl`];
  }

  restart(): void {
    const saved = decode(encode(saveCore(this.core))) as SavedCore;
    const core = restoreCore(
      { account: "test", journal: "j", calendarOf },
      saved,
      this.core.signals.program as Program,
    );
    Object.assign(this, { core });
  }

  end(...ids: readonly string[]): void {
    for (const id of ids) this.ended(id, "canceled");
  }
}

describe("shares that a person sells at the broker", () => {
  for (const how of ["fill", "picture"] as const) {
    it(`leave no stop behind that would sell them again, seen by a ${how}`, () => {
      const desk = new Desk();
      const [entry] = desk.enter() as [OrderRequest];
      if (how === "fill") desk.byHand("sell", 10);
      else desk.shows(0);
      expect(desk.cancels).toEqual(desk.legs(entry));
      desk.end(...desk.legs(entry));
      expect(desk.submits).toHaveLength(1);
    });
  }

  it("leave what is still there with its stop and its target", () => {
    const desk = new Desk();
    const [entry] = desk.enter() as [OrderRequest];
    desk.byHand("sell", 4);
    desk.end(...desk.legs(entry));
    expect(desk.submits.slice(1)).toMatchObject([{ orderClass: "oco", side: "sell", qty: "6" }]);
  });

  it("are not protected again when the person had cancelled the stop first", () => {
    const desk = new Desk();
    const [entry] = desk.enter() as [OrderRequest];
    const [target = "", stop = ""] = desk.legs(entry);
    desk.end(target);
    desk.byHand("sell", 10);
    desk.end(stop);
    expect(desk.submits).toHaveLength(1);
    expect(desk.alerts).toContain("protection/too-large");
  });

  it("are protected again once the person has bought them back", () => {
    const desk = new Desk();
    const [entry] = desk.enter() as [OrderRequest];
    desk.shows(0);
    desk.end(...desk.legs(entry));
    for (let i = 0; i < 3; i++) desk.shows(0);
    expect(desk.submits).toHaveLength(1);
    expect(desk.alerts.filter((code) => code.startsWith("protection/"))).toEqual(["protection/too-large"]);
    desk.shows(10);
    expect(desk.lastSubmit).toMatchObject({ orderClass: "oco", side: "sell", qty: "10" });
  });

  it("are given up by the next exit, and the strategy may enter again", () => {
    const desk = new Desk();
    const [entry] = desk.enter() as [OrderRequest];
    desk.byHand("sell", 10);
    desk.end(...desk.legs(entry));
    const cash = desk.core.desk.state.portfolio.cash;
    desk.say(3);
    expect(desk.refusals).toEqual(["not_at_broker"]);
    expect(desk.alerts).toContain("exit/not-at-broker");
    expect([desk.position("s", "SPY"), desk.position("@external", "SPY")]).toEqual([0, 0]);
    expect(desk.core.desk.state.portfolio.cash).toEqual(cash);
    desk.say(0);
    desk.say(1);
    expect(desk.submits).toHaveLength(2);
    expect(desk.lastSubmit).toMatchObject({ side: "buy", qty: "10", orderClass: "bracket" });
  });

  it("are given up as far as they are gone: the rest is sold first", () => {
    const desk = new Desk();
    const [entry] = desk.enter() as [OrderRequest];
    desk.byHand("sell", 4);
    desk.end(...desk.legs(entry));
    desk.say(3);
    const guard = desk.lastSubmit;
    expect(guard.orderClass).toBe("oco");
    desk.end(guard.clientOrderId, `${guard.clientOrderId}-sl`);
    expect(desk.lastSubmit).toMatchObject({ type: "market", qty: "6" });
    desk.accept(desk.lastSubmit);
    desk.filled(desk.lastSubmit, 6, 100);
    expect([desk.position("s", "SPY"), desk.position("@external", "SPY")]).toEqual([0, 0]);
    expect(desk.core.desk.state.books.get("s", "SPY").exit).toBeUndefined();
  });

  it("take a waiting exit with them", () => {
    const desk = new Desk();
    const [entry] = desk.enter() as [OrderRequest];
    desk.say(2);
    desk.end(...desk.legs(entry));
    const far = desk.lastSubmit;
    desk.accept(far);
    desk.byHand("sell", 10);
    expect(desk.cancels.at(-1)).toBe(far.clientOrderId);
    desk.end(far.clientOrderId);
    expect(desk.submits).toHaveLength(2);
  });

  it("are not sold by two strategies that believe to hold them", () => {
    const desk = new Desk("a", "b");
    const entries = desk.enter();
    desk.byHand("sell", 12);
    desk.end(...entries.flatMap((entry) => desk.legs(entry)));
    desk.say(3);
    const guards = desk.submits.slice(2).filter(({ orderClass }) => orderClass === "oco");
    for (const guard of guards) desk.end(guard.clientOrderId, `${guard.clientOrderId}-sl`);
    const sold = desk.submits.filter(({ side, orderClass }) => side === "sell" && orderClass === "simple");
    expect(sold.reduce((sum, { qty }) => sum + Number(qty), 0)).toBe(8);
  });
});

describe("shares that a person buys at the broker", () => {
  it("belong to nobody here: a strategy sells its own", () => {
    const desk = new Desk();
    const [entry] = desk.enter() as [OrderRequest];
    desk.byHand("buy", 7);
    expect(desk.cancels).toEqual([]);
    desk.say(3);
    desk.end(...desk.legs(entry));
    expect(desk.lastSubmit).toMatchObject({ side: "sell", qty: "10" });
  });
});

describe("two orders of which one should have cancelled the other", () => {
  it("that both fill leave nothing open for long: what they sold too much is bought back", () => {
    const desk = new Desk();
    const [entry] = desk.enter() as [OrderRequest];
    const [target = "", stop = ""] = desk.legs(entry);
    desk.filled(desk.leg(target), 10, 105);
    desk.filled(desk.leg(stop), 10, 95);
    expect(desk.position("s", "SPY")).toBe(-10);
    expect(desk.alerts).toContain("position/overshot");
    expect(desk.lastSubmit).toMatchObject({ side: "buy", type: "market", qty: "10" });
  });

  it("are not taken for that while the entry's own fill is still unheard of", () => {
    const desk = new Desk();
    desk.say(1);
    const entry = desk.lastSubmit;
    desk.accept(entry);
    const outputs = desk.outputs.length;
    desk.filled(desk.leg(`${entry.clientOrderId}-sl`), 10, 95);
    expect(desk.submits).toHaveLength(1);
    expect(desk.outputs.slice(outputs)).toContainEqual({ kind: "lookup", clientOrderId: entry.clientOrderId });
    desk.filled(entry, 10, 100);
    expect(desk.position("s", "SPY")).toBe(0);
    expect(desk.submits).toHaveLength(1);
    expect(desk.alerts).not.toContain("position/overshot");
  });

  it("and an exit that sold beside them are one case: a late fill of a stop that was cancelled", () => {
    const desk = new Desk();
    const [entry] = desk.enter() as [OrderRequest];
    const [, stop = ""] = desk.legs(entry);
    desk.say(4);
    desk.end(...desk.legs(entry));
    const half = desk.lastSubmit;
    desk.accept(half);
    desk.filled(desk.leg(stop), 10, 95);
    expect(desk.position("s", "SPY")).toBe(0);
    desk.filled(half, 5, 95);
    expect(desk.position("s", "SPY")).toBe(-5);
    expect(desk.alerts).toContain("position/overshot");
    expect(desk.lastSubmit).toMatchObject({ side: "buy", type: "market", qty: "5" });
  });
});

describe("an order that nobody here sent", () => {
  const theirs = {
    clientOrderId: "x",
    brokerOrderId: "bx",
    symbol: "SPY",
    side: "buy",
    qty: "5",
    type: "limit",
  } as const;

  it("is shown while a picture has it, told when it is new, changes or ends, and survives a restart", () => {
    const desk = new Desk();
    const see = (...openOrders: { filledQty: string }[]) =>
      desk
        .broker({ ...reconciled(), openOrders: openOrders.map((order) => ({ ...theirs, ...order })) })
        .flatMap((output) => (output.kind === "order" ? [`${output.order.role} ${output.order.state}`] : []));
    expect(see({ filledQty: "0" })).toEqual(["external working"]);
    expect(see({ filledQty: "0" })).toEqual([]);
    expect(desk.alerts).toEqual(["order/external"]);
    expect(externalOrders(desk.core)).toMatchObject([{ clientOrderId: "x", strategy: "@external" }]);
    desk.restart();
    expect(externalOrders(desk.core)).toHaveLength(1);
    expect(see({ filledQty: "2" })).toEqual(["external partly_filled"]);
    expect(see()).toEqual(["external unknown"]);
    expect(externalOrders(desk.core)).toEqual([]);
    expect(ordersToFollow(desk.core)).toEqual([]);
  });

  it("does not count as one of a strategy, and its shares show as nobody's", () => {
    const desk = new Desk();
    desk.broker({ ...reconciled(), openOrders: [{ ...theirs, filledQty: "0" }] });
    desk.filled({ ...theirs }, 2, 100);
    expect(openOrders(desk.core)).toEqual([]);
    expect(externalPositions(desk.core)).toEqual([{ symbol: "SPY", qty: "2" }]);
  });
});

describe("an order of somebody else under an id of ours", () => {
  it("is told, and not taken for ours, when symbol, side, type or quantity differ", () => {
    const desk = new Desk();
    desk.say(1);
    const { clientOrderId, symbol, side, qty, type } = desk.lastSubmit;
    desk.broker({ kind: "order.rejected", clientOrderId, code: "client_id_conflict", reason: "" });
    const open = { clientOrderId, brokerOrderId: "x", symbol, side, qty, filledQty: "0", type };
    for (const other of [{ qty: "11" }, { side: "sell" }, { type: "limit" }, { symbol: "QQQ" }] as const) {
      const outputs = desk.broker({ ...reconciled(), openOrders: [{ ...open, ...other }] });
      expect(outputs).toContainEqual(expect.objectContaining({ kind: "alert", code: "reconcile/order" }));
      expect(outputs).not.toContainEqual(expect.objectContaining({ kind: "lookup" }));
    }
    const same = desk.broker({ ...reconciled(), openOrders: [open] });
    expect(same).toContainEqual({ kind: "lookup", clientOrderId });
  });
});
