/** What was once to be cancelled stays so, whatever becomes of the request to cancel it. */
import { describe, expect, it } from "vitest";
import { lastLook } from "../../../engine/core/desk/last-look.ts";
import type { OrderRequest } from "../../../engine/core/event.ts";
import type { Program } from "../../../engine/core/program.ts";
import { DigitDriver, openOf, reconciled } from "../../support/core-driver.ts";
import { StrategyBuilder, all, buy, close, program } from "../../support/program.ts";

const OPEN = openOf("2024-03-05");
const MINUTE = 60_000;

/** x1 buys with a limit for ten minutes, x2 takes entries back, x3 closes. */
function trader(more: Pick<Program, "unknownOrders">): Program {
  const builder = new StrategyBuilder("s", "1m", {});
  const price = builder.close();
  const at = (digit: number) =>
    all(builder.when(price, ">", 100 + digit / 10 - 0.01), builder.when(price, "<", 100 + digit / 10 + 0.01));
  const order = { type: "limit", limit: price, expireAfterMs: 10 * MINUTE } as const;
  builder.rule("buy", at(1), buy(builder, 10, { order }), { start: "fire" });
  builder.rule("cancel", at(2), { kind: "cancel" }, { fire: "each" });
  builder.rule("close", at(3), close());
  return { ...program([builder.build()]), ...more };
}

class Desk extends DigitDriver {
  constructor(more: Pick<Program, "unknownOrders"> = {}) {
    super(trader(more), OPEN);
  }

  /** A working entry. */
  enter(): OrderRequest {
    this.say(1);
    this.accept(this.lastSubmit);
    return this.lastSubmit;
  }

  /** The request to cancel did not come through, and the order is found as it was. */
  refuse({ clientOrderId }: OrderRequest): void {
    this.broker({ kind: "cancel.rejected", clientOrderId, reason: "unclear: timeout" });
    this.find(clientOrderId);
  }

  find(clientOrderId: string): void {
    this.broker({ kind: "order.accepted", clientOrderId, brokerOrderId: `B${clientOrderId}`, legs: [] });
  }

  lose(clientOrderId: string): void {
    this.broker({ kind: "order.unknown", clientOrderId, reason: "timeout" });
    for (let i = 0; i < 7; i++) this.broker({ kind: "order.rejected", clientOrderId, code: "not_found", reason: "" });
  }

  command(command: "halt" | "kill"): void {
    this.feed({ kind: "command", command, by: "op", reason: "test" });
  }
}

describe("an entry that is to be cancelled", () => {
  const causes: Readonly<Record<string, (desk: Desk) => void>> = {
    "by a rule": (desk) => desk.say(2),
    "because its time is over": (desk) => desk.passTo(desk.now + 11 * MINUTE),
    "by a halt": (desk) => desk.command("halt"),
    "by the kill switch": (desk) => desk.command("kill"),
    "because its strategy is gone": (desk) => desk.feed({ kind: "program.loaded", program: program([]), warmup: [] }),
  };
  for (const [cause, act] of Object.entries(causes)) {
    it(`${cause} is asked for again when the request was lost and it still works`, () => {
      const desk = new Desk();
      const entry = desk.enter();
      act(desk);
      expect(desk.cancels).toEqual([entry.clientOrderId]);
      desk.refuse(entry);
      expect(desk.cancels).toEqual([entry.clientOrderId, entry.clientOrderId]);
    });
  }

  it("before the broker has it is cancelled as soon as the broker does", () => {
    const desk = new Desk();
    desk.say(1);
    const entry = desk.lastSubmit;
    desk.command("halt");
    desk.broker({ kind: "cancel.rejected", clientOrderId: entry.clientOrderId, reason: "no order" });
    desk.accept(entry);
    expect(desk.cancels).toEqual([entry.clientOrderId, entry.clientOrderId]);
  });

  it("does not leave when the broker had nothing to cancel yet", () => {
    const desk = new Desk();
    desk.say(1);
    const { clientOrderId } = desk.lastSubmit;
    desk.say(2);
    desk.broker({ kind: "cancel.rejected", clientOrderId, reason: "no order" });
    expect(lastLook(desk.core.desk.state, clientOrderId, 0)).toBe("it was cancelled before it left");
  });

  it("is not sent again when nobody finds it, whatever the project says", () => {
    const desk = new Desk({ unknownOrders: "resend" });
    desk.say(1);
    const entry = desk.lastSubmit;
    desk.say(2);
    desk.lose(entry.clientOrderId);
    expect(desk.submits).toEqual([entry]);
    expect(desk.alerts).toContain("order/unresolved");
  });

  it("is asked for once more by each reconciliation when the broker has refused often", () => {
    const desk = new Desk();
    const entry = desk.enter();
    desk.command("halt");
    for (let i = 0; i < 8; i++) desk.refuse(entry);
    expect(desk.cancels).toHaveLength(5);
    expect(desk.alerts).toContain("order/stuck");
    const { clientOrderId, symbol, side, qty, type } = entry;
    const open = { clientOrderId, brokerOrderId: `B${clientOrderId}`, symbol, side, qty, filledQty: "0", type };
    for (let i = 0; i < 2; i++) desk.broker({ ...reconciled(), openOrders: [open] });
    expect(desk.cancels).toHaveLength(7);
  });
});
