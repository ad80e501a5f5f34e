/** An exit that would trade with a working entry of another strategy. */
import { describe, expect, it } from "vitest";
import type { Program } from "../../../engine/core/program.ts";
import { restoreCore, saveCore } from "../../../engine/core/save.ts";
import { compile } from "../../../engine/lang/compile.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";

const OPEN = openOf("2024-03-05");
const MINUTE = 60_000;

/** `holder` buys at 101 and leaves at 103; `other` puts an entry below the market at 102 and another one at 104. */
function programOf(entry: string, exit = "{}"): Program {
  const { program, diagnostics } = compile({
    "holder.strategy.yaml": `barwise: 1
name: holder
symbols: [SPY]
on: 1m
rules:
  - {name: enter, when: close == 101, then: {buy: {size: {qty: 10}, bracket: {stop_loss: 92}}}}
  - {name: leave, when: close == 103, then: {close: ${exit}}}
`,
    "other.strategy.yaml": `barwise: 1
name: other
symbols: [SPY]
on: 1m
max_entries: 5
rules:
  - {name: rest, when: close == 102, then: {buy: {size: {qty: 5}, ${entry}}}}
  - {name: more, when: close == 104, then: {buy: {size: {qty: 3}}}}
`,
  });
  if (program === null) throw new Error(JSON.stringify(diagnostics));
  return program;
}

class Desk extends CoreDriver {
  #bars = 0;

  /** Holds 10 with a stop, the other strategy's entry works, and the holder wants out. */
  static leaving(entry = "type: limit, limit: 95", exit = "{}"): Desk {
    const desk = new Desk(programOf(entry, exit), OPEN - 1_000);
    desk.hold();
    desk.close(103);
    return desk;
  }

  hold(): void {
    this.close(100);
    this.close(101);
    const enter = this.lastSubmit;
    this.accept(enter);
    this.filled(enter, 10, 101);
    this.close(102);
    this.accept(this.lastSubmit);
  }

  close(price: number): void {
    this.bar("SPY", "1m", OPEN + this.#bars++ * MINUTE, price);
  }

  get entry() {
    const found = this.submits.find(({ qty }) => qty === "5");
    if (found === undefined) throw new Error("no entry of the other strategy");
    return found;
  }

  get stop(): string {
    return `${this.submits[0]?.clientOrderId ?? ""}-sl`;
  }

  get cancelled(): string[] {
    return this.of("cancel").map(({ clientOrderId }) => clientOrderId);
  }

  get exits(): string[] {
    return this.submits.filter(({ side }) => side === "sell").map(({ qty, type }) => `${qty} ${type}`);
  }
}

describe("an exit against a working entry of another strategy", () => {
  it("cancels it first, awaits its end, and says so", () => {
    const desk = Desk.leaving();
    expect(desk.cancelled).toEqual([desk.stop, desk.entry.clientOrderId]);
    expect(desk.of("alert").at(-1)).toMatchObject({
      ...{ level: "info", code: "exit/crossed", strategy: "other", symbol: "SPY" },
      message: 'the buy of rule "rest" is cancelled: it would trade with the exit of "holder"',
    });
    desk.ended(desk.stop, "canceled");
    expect(desk.exits).toEqual([]);
    desk.ended(desk.entry.clientOrderId, "canceled");
    expect(desk.exits).toEqual(["10 market"]);
  });

  it("takes what filled meanwhile for the other one's, and sells its own", () => {
    const desk = Desk.leaving();
    desk.ended(desk.stop, "canceled");
    desk.filled(desk.entry, 2, 95);
    expect(desk.exits).toEqual([]);
    desk.ended(desk.entry.clientOrderId, "canceled");
    expect(desk.exits).toEqual(["10 market"]);
    expect([desk.position("other", "SPY"), desk.position("holder", "SPY")]).toEqual([2, 10]);
  });

  it("goes on when the entry has filled before it could be cancelled", () => {
    const desk = Desk.leaving();
    desk.ended(desk.stop, "canceled");
    desk.broker({ kind: "cancel.rejected", clientOrderId: desk.entry.clientOrderId, reason: "filled" });
    desk.filled(desk.entry, 5, 95);
    expect(desk.exits).toEqual(["10 market"]);
  });

  it("leaves an entry alone that brokers take beside it", () => {
    for (const [entry, exit] of [
      ["bracket: {stop_loss: 93}", "{}"],
      ["type: limit, limit: 95", "{limit: 96}"],
      ["type: limit, limit: 95", "{oco: {stop_loss: 98, take_profit: 110}}"],
    ] as const) {
      const desk = Desk.leaving(entry, exit);
      expect(desk.cancelled).toEqual([desk.stop]);
      desk.ended(desk.stop, "canceled");
      expect(desk.exits).toHaveLength(1);
    }
  });

  it("cancels an entry whose limit would pay what the exit asks", () => {
    const desk = Desk.leaving("type: limit, limit: 96", "{limit: 96}");
    expect(desk.cancelled).toEqual([desk.stop, desk.entry.clientOrderId]);
  });

  it("cancels nothing when there is nothing to sell", () => {
    const desk = new Desk(programOf("type: limit, limit: 95"), OPEN - 1_000);
    desk.close(100);
    desk.close(102);
    desk.accept(desk.lastSubmit);
    desk.close(103);
    expect(desk.cancelled).toEqual([]);
  });

  it("lets no new entry in that it would have to cancel, until its order is there", () => {
    const desk = Desk.leaving();
    desk.close(104);
    expect(desk.of("refused").at(-1)).toMatchObject({
      ...{ strategy: "other", rule: "more", code: "self_cross" },
      reason: 'it could trade with the exit that "holder" is about to send',
    });
    desk.ended(desk.stop, "canceled");
    desk.ended(desk.entry.clientOrderId, "canceled");
    desk.filled(desk.lastSubmit, 10, 103);
    desk.close(100);
    desk.close(104);
    expect(desk.lastSubmit).toMatchObject({ side: "buy", qty: "3" });
  });

  it("does not wait for an entry that nobody finds at the broker", () => {
    const desk = new Desk(programOf("type: limit, limit: 95"), OPEN - 1_000);
    desk.hold();
    const order = desk.core.desk.state.orders.get(desk.entry.clientOrderId);
    if (order === undefined) throw new Error("no order");
    Object.assign(order, { state: "unknown", unresolved: true });
    desk.close(103);
    expect(desk.cancelled).toEqual([desk.stop]);
    desk.ended(desk.stop, "canceled");
    expect(desk.exits).toEqual(["10 market"]);
  });

  it("goes on after a restart", () => {
    const desk = Desk.leaving();
    desk.ended(desk.stop, "canceled");
    const program = programOf("type: limit, limit: 95");
    const saved = saveCore(desk.core);
    const restored = restoreCore(desk.core.desk.state.options, saved, program);
    const exit = [...restored.desk.state.books.all].find(({ strategy }) => strategy === "holder")?.exit;
    expect([...(exit?.waiting ?? [])]).toEqual([desk.entry.clientOrderId]);
  });
});
