/** Orders that a person must approve: which they are, and how a request lives and ends. */
import { describe, expect, it } from "vitest";
import type { Approval, ApprovalView, DecisionInput } from "../../../engine/core/approval.ts";
import { needsPerson } from "../../../engine/core/desk/approval.ts";
import { approval } from "../../../engine/core/desk/risk/controls/approval.ts";
import type { OrderFacts } from "../../../engine/core/desk/approval.ts";
import type { Program } from "../../../engine/core/program.ts";
import { pendingApprovals } from "../../../engine/core/view.ts";
import { compile } from "../../../engine/lang/compile.ts";
import { CoreDriver, openOf, reconciled } from "../../support/core-driver.ts";
import { contextWith } from "../../support/risk-context.ts";

const OPEN = openOf("2024-03-05");
const MINUTE = 60_000;

const RULES = `rules:
  - {name: small, when: close == 101, then: {buy: {size: {qty: 10}}}}
  - {name: large, when: close == 102, then: {buy: {size: {qty: 300}}}}
  - {name: leave, when: close == 103, then: {close: {}}}
  - {name: turn, when: close == 104, then: {sell: {size: {qty: 300}, short: true, reverse: true}}}
  - {name: forget, when: close == 105, then: {cancel: {}}}
  - {name: guarded, when: close == 106, then: {buy: {size: {qty: 300}, type: limit, limit: close, bracket: {stop_loss: close - 2, take_profit: close + 4}}}}
max_entries: 3
`;

function programOf(own: string, project = "", rules = RULES): Program {
  const { program, diagnostics } = compile({
    "s.strategy.yaml": `barwise: 1\nname: s\nsymbols: [SPY]\non: 1m\n${rules}${own}`,
    "barwise.yaml": `barwise: 1\n${project}`,
  });
  if (program === null) throw new Error(JSON.stringify(diagnostics));
  return program;
}

class Desk extends CoreDriver {
  #bars = 0;

  /** A minute bar; what is sent at once is filled at its close. */
  close(...closes: readonly number[]): this {
    for (const price of closes) {
      const before = this.submits.length;
      this.bar("SPY", "1m", OPEN + this.#bars++ * MINUTE, price);
      this.fillFrom(before, price);
    }
    return this;
  }

  fillFrom(before: number, price: number): void {
    for (let at = before; at < this.submits.length; at++) {
      const order = this.submits[at] as CoreDriver["lastSubmit"];
      this.accept(order);
      this.filled(order, Number(order.qty), price);
    }
  }

  get views(): ApprovalView[] {
    return this.of("approval").map(({ approval }) => approval);
  }

  get asked(): ApprovalView {
    const [view] = pendingApprovals(this.core);
    if (view === undefined) throw new Error("nobody is asked");
    return view;
  }

  decide(over: Partial<DecisionInput> = {}): string {
    const { id, hash } = this.views.at(-1) ?? { id: "", hash: "" };
    const before = this.outputs.length;
    const word = { approval: id, hash, by: "ann", channel: "cli", decision: "approve", reason: "" } as const;
    this.feed({ kind: "decision", ...word, ...over });
    const outputs = this.outputs.slice(before);
    for (const output of outputs) if (output.kind === "decision.refused") return `${output.code}: ${output.reason}`;
    const last = outputs.findLast((output) => output.kind === "approval");
    return last?.kind === "approval" ? last.approval.state : "nothing";
  }

  get states(): string[] {
    return this.views.map(({ state }) => state);
  }
}

function run(program: Program, closes: readonly number[]): Desk {
  return new Desk(program, OPEN - 1_000).close(...closes);
}

const sent = (desk: CoreDriver): string[] =>
  desk.submits.map(({ side, qty, type, limitPrice }) => [side, qty, type, limitPrice].filter(Boolean).join(" "));
const LARGE = "{when: order.notional > 25000}\n";
const asking = (more = ""): Program => programOf(`approval: {when: order.notional > 25000${more}}\n`);

describe("an order that a person must approve", () => {
  it("is not sent; smaller ones are", () => {
    const desk = run(asking(), [100, 101, 102, 100]);
    expect(sent(desk)).toEqual(["buy 10 market"]);
    expect(desk.asked).toMatchObject({
      state: "pending",
      strategy: "s",
      rule: "large",
      symbol: "SPY",
      reference: "102",
      notional: "30753",
      needed: 1,
      why: "order.notional (30753) > 25000",
      edits: "lower",
      approvers: null,
    });
    expect(desk.asked.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(desk.of("verdict").at(-1)?.verdict.outcome).toBe("asked");
  });

  it("is asked about by the word of the project as well as of the strategy", () => {
    expect(sent(run(programOf("", `approval: ${LARGE}`), [100, 101, 102]))).toEqual(["buy 10 market"]);
    const both = programOf("approval: {when: order.qty == 10}\n", `approval: ${LARGE}`);
    expect(sent(run(both, [100, 101, 102]))).toEqual([]);
    expect(sent(run(programOf(""), [100, 101, 102]))).toEqual(["buy 10 market", "buy 300 market"]);
  });

  it("is never an exit, however large, also that of a reversal, whose second half is asked about", () => {
    const all = programOf("approval: {when: order.side == -1 or order.notional > 1000000}\n");
    expect(sent(run(all, [100, 102, 103]))).toEqual(["buy 300 market", "sell 300 market"]);
    const turned = run(all, [100, 102, 104]);
    expect(sent(turned)).toEqual(["buy 300 market", "sell 300 market"]);
    expect(turned.asked).toMatchObject({ rule: "turn", order: { side: "sell", qty: "300", limitPrice: "103.48" } });
  });

  it("is judged as it would be sent, after limits have cut it down", () => {
    const cut = programOf(`approval: ${LARGE}risk: {max_position: {qty: 200}}\n`);
    expect(sent(run(cut, [100, 102]))).toEqual(["buy 200 market"]);
  });

  it.each([
    ["symbols: [SPY]", "every order in SPY"],
    ["first_orders: 1", "order.number (1) <= 1"],
    ["when: order.is_first == 1", "order.is_first (1) == 1"],
    ["origin: [ai, rule]", "order.origin (1) in [3, 1]"],
    ["when: order.origin != 3", "order.origin (1) != 3"],
    ["second: order.qty > 5", "order.qty (10) > 5"],
  ])("is one by %s", (threshold, why) => {
    expect(run(programOf(`approval: {${threshold}}\n`), [100, 101]).asked.why).toBe(why);
  });

  it("is one of the origins that are named, and no other", () => {
    const program = programOf("approval: {origin: [operator, ai]}\n");
    expect(sent(run(program, [100, 101]))).toEqual(["buy 10 market"]);
    const approvals = program.strategies.flatMap(({ approval }) => approval ?? []);
    const outcomes = (["rule", "operator", "ai", "protection"] as const).map((origin) => {
      const { outcome } = approval.run(contextWith({ intent: { origin }, approvals, approvalRoom: 1 }));
      return [origin, outcome];
    });
    expect(outcomes).toEqual([
      ["rule", "pass"],
      ["operator", "ask"],
      ["ai", "ask"],
      ["protection", "pass"],
    ]);
  });

  it("is only the first few of a strategy by first_orders", () => {
    const desk = run(programOf("approval: {first_orders: 1}\n"), [100, 101]);
    expect(desk.decide()).toBe("approved");
    desk.fillFrom(0, 101);
    expect(sent(desk.close(102))).toEqual(["buy 10 limit 101.5", "buy 300 market"]);
  });

  it("shows in the digest of the program, and spelling does not", () => {
    const digest = (text: string): string => programOf(`approval: ${text}`).digest;
    expect(digest("{when: order.qty > 5}")).not.toBe(digest("{when: order.qty > 6}"));
    expect(digest("{when: order.qty > 5}")).not.toBe(digest("{when: order.qty > 5, expires: 1m}"));
    expect(digest("{when: order.qty > 5}")).not.toBe(digest("{when: order.qty > 5, approvers: {cli: [ann]}}"));
    expect(digest("{when: order.qty > 5}")).toBe(
      digest("{when: {fact: order.qty, operator: greaterThan, value: 5}, expires: 300s}"),
    );
  });
});

describe("a yes", () => {
  it("sends the order that was shown, once, under the id of the request", () => {
    const desk = run(asking(), [100, 102]);
    const { id } = desk.asked;
    expect(desk.decide()).toBe("approved");
    expect(desk.lastSubmit).toMatchObject({ clientOrderId: id, qty: "300", type: "limit", limitPrice: "102.51" });
    expect(desk.decide({ by: "bob" })).toBe("already_decided: already approved by ann via cli");
    expect(desk.submits).toHaveLength(1);
    const kinds = desk.outputs.slice(-8).map(({ kind }) => kind);
    expect(kinds.indexOf("verdict")).toBeLessThan(kinds.indexOf("submit"));
  });

  it("counts only with the hash of what was shown, from a person", () => {
    const desk = run(asking(", approvers: {cli: [ann], telegram: [12345]}"), [100, 102]);
    expect(desk.decide({ hash: "0".repeat(64) })).toMatch(/^other_order/);
    expect(desk.decide({ approval: "bw-0" })).toBe("not_found: nobody is asked about bw-0");
    expect(desk.decide({ by: "bob" })).toBe("not_an_approver: bob via cli is not among the approvers");
    expect(desk.decide({ channel: "telegram" })).toMatch(/^not_an_approver/);
    expect(desk.decide({ by: "" })).toMatch(/^not_an_approver/);
    expect(desk.decide({ by: "12345", channel: "telegram" })).toBe("approved");
  });

  it.each(["agent:claude", "mcp:desk", "AGENT:x", " mcp"])("is never that of %s, whatever a list says", (by) => {
    expect(run(asking(), [100, 102]).decide({ by })).toMatch(/^not_an_approver: .* is a program/);
  });

  it("is not that of the rule itself", () => {
    expect(run(asking(), [100, 102]).decide({ by: "rule:large" })).toMatch(/^proposer/);
  });

  it("sends a market order as one when that is declared", () => {
    const desk = run(asking(", market_as: market"), [100, 102]);
    desk.decide();
    expect(sent(desk)).toEqual(["buy 300 market"]);
  });

  it("carries the bracket of the order", () => {
    const desk = run(asking(), [100, 106]);
    desk.decide();
    expect(desk.lastSubmit).toMatchObject({
      orderClass: "bracket",
      stopLoss: { stopPrice: "104" },
      takeProfit: { limitPrice: "110" },
      limitPrice: "106",
    });
  });
});

describe("a yes that comes at a bad moment", () => {
  it("is asked for again when the price has moved, with the price of now", () => {
    const desk = run(asking(), [100, 102]);
    const before = desk.asked;
    desk.trade("SPY", desk.now + 1_000, 102.6);
    expect(desk.decide({ hash: before.hash })).toMatch(/^price_moved: the price is 102.6 now, 0.59 % from the 102/);
    expect(desk.decide({ hash: before.hash })).toMatch(/^other_order/);
    expect(desk.asked).toMatchObject({ reference: "102.6", order: { limitPrice: "103.11" } });
    expect(desk.decide()).toBe("approved");
    expect(sent(desk)).toEqual(["buy 300 limit 103.11"]);
  });

  it("waits for a fresh price: a bar counts for its length, then for 30 s", () => {
    const desk = run(asking(), [100, 102]);
    desk.passTo(desk.now + 90_000);
    expect(desk.core.desk.state.account.ageOf("SPY", desk.now)).toBe(30_000);
    desk.passTo(desk.now + 1);
    expect(desk.decide()).toBe("stale_quote: the last price of SPY is 30.0 s old; it was 102 when this was asked");
    desk.quote("SPY", desk.now, 101.99, 102.01);
    expect(desk.decide()).toBe("approved");
  });

  it("does not count while the broker is away, a symbol is halted, or the engine is behind", () => {
    const desk = run(asking(), [100, 102]);
    desk.feed({ kind: "broker", status: "disconnected", detail: "x" });
    expect(desk.decide()).toMatch(/^not_ready/);
    desk.core.desk.state.ready = true;
    desk.feed({ kind: "halt", symbol: "SPY", time: desk.now, halted: true, reason: "news" });
    expect(desk.decide()).toBe("stale_quote: entries pause: SPY is halted: news");
    desk.feed({ kind: "halt", symbol: "SPY", time: desk.now, halted: false, reason: "" });
    expect(desk.decide()).toBe("approved");
  });

  it("is blocked by risk with the positions and limits of now", () => {
    const desk = run(
      programOf(`approval: {when: order.notional > 25000, max_drift: 5%}\nrisk: {max_orders_per_day: 1}\n`),
      [100, 102, 101],
    );
    expect(sent(desk)).toEqual(["buy 10 market"]);
    expect(desk.decide({ approval: desk.asked.id, hash: desk.asked.hash })).toBe("blocked");
    expect(desk.views.at(-1)?.reason).toBe("orders today of strategy s: 2 is above the limit of 1");
    expect(desk.refusals).toEqual(["approval_blocked"]);
    expect(pendingApprovals(desk.core)).toEqual([]);
  });

  it("is too late after the expiry, also when no timer has rung", () => {
    const desk = run(asking(", expires: 30s"), [100, 102]);
    desk.arrival += 30_000;
    expect(desk.decide()).toBe("expired: nobody answered in time");
    expect(desk.states.at(-1)).toBe("expired");
    expect(desk.decide()).toMatch(/^expired: already expired/);
    expect(desk.submits).toEqual([]);
  });
});

describe("an edit", () => {
  const edit = (value: DecisionInput["edit"], more = "", closes = [100, 102]): [string, Desk] => {
    const desk = run(asking(more), closes);
    return [desk.decide(value === undefined ? {} : { edit: value }), desk];
  };

  it("changes quantity, limit and time in force, and is judged and kept with both versions", () => {
    const [result, desk] = edit({ qty: "100", limitPrice: "102.016", timeInForce: "gtc" });
    expect(result).toBe("approved");
    expect(desk.lastSubmit).toMatchObject({ qty: "100", limitPrice: "102.01", timeInForce: "gtc" });
    const [asked, done] = [desk.views[0], desk.views.at(-1)];
    expect(asked?.order.qty).toBe("300");
    expect(done?.order.qty).toBe("100");
    expect(done?.hash).not.toBe(asked?.hash);
    expect(done?.decisions).toMatchObject([{ by: "ann", edit: { qty: "100" }, hash: done?.hash }]);
  });

  it.each([
    [{ qty: "301" }, "", /^edit_not_allowed: 301 is more than 300/],
    [{ qty: "10" }, ", edits: none", /^edit_not_allowed/],
    [{ qty: "0" }, "", /^edit_invalid/],
    [{ qty: "-5" }, "", /^edit_invalid/],
    [{ qty: "1e3" }, ", edits: any", /^edit_invalid/],
    [{ qty: "1.5" }, "", /^edit_invalid: 1.5 is no whole number/],
    [{ limitPrice: "NaN" }, "", /^edit_invalid/],
    [{ limitPrice: "100" }, ", market_as: market", /^edit_invalid: a market order has no limit price/],
    [{ timeInForce: "never" as "day" }, "", /^edit_invalid/],
  ])("%o%s is refused, and the request waits on", (value, more, expected) => {
    const [result, desk] = edit(value, more);
    expect(result).toMatch(expected);
    expect(desk.asked.order.qty).toBe("300");
    expect(desk.decide()).toBe("approved");
  });

  it("of an order with a bracket keeps it on the right side, and day or gtc", () => {
    expect(edit({ limitPrice: "103" }, "", [100, 106])[0]).toMatch(
      /^edit_invalid: the limit of 103 is not above the stop/,
    );
    expect(edit({ limitPrice: "111" }, "", [100, 106])[0]).toMatch(
      /^edit_invalid: the limit of 111 is not below the take/,
    );
    expect(edit({ timeInForce: "ioc" }, "", [100, 106])[0]).toMatch(/^edit_invalid/);
  });

  it("beyond a limit is blocked, and never cut to it", () => {
    const [result, desk] = edit({ qty: "5000" }, ", edits: any");
    expect(result).toBe("blocked");
    expect(desk.submits).toEqual([]);
    const cut = run(
      programOf("approval: {when: order.qty > 50, edits: any}\nrisk: {max_position: {qty: 200}}\n"),
      [100, 102],
    );
    expect(cut.asked.order.qty).toBe("200");
    expect(cut.decide({ edit: { qty: "201" } })).toBe("blocked");
    expect(cut.views.at(-1)?.reason).toBe("only 200 of the 201 shares may be sent now");
  });
});

describe("a yes", () => {
  it("does not count its own order against the money that it needs", () => {
    const desk = new Desk(asking(), OPEN - 1_000);
    desk.feed(reconciled({ cash: "40000", equity: "40000", lastEquity: "40000", multiplier: 1 }));
    desk.close(100, 102);
    expect(desk.asked.notional).toBe("30753");
    expect(desk.decide()).toBe("approved");
  });

  it("at the very end of the session comes too late", () => {
    const desk = run(asking(", expires: 24h, fresh: 24h"), [100, 102]);
    const { sessionEndsAt } = desk.asked;
    desk.now = (sessionEndsAt ?? 0) - 1;
    expect(desk.decide({ edit: { qty: "0" } })).toMatch(/^edit_invalid/);
    desk.now = sessionEndsAt ?? 0;
    expect(desk.decide()).toBe("expired: the session is over");
    expect(desk.submits).toEqual([]);
  });

  it.each(["halt", "reduce", "kill"] as const)(
    "has nothing to say any more after %s, which names itself",
    (command) => {
      const desk = run(asking(), [100, 102]);
      desk.feed({ kind: "command", command, by: "bob", reason: "odd prints" });
      const state = command === "reduce" ? "REDUCING" : "HALTED";
      expect(desk.views.at(-1)).toMatchObject({
        state: "withdrawn",
        reason: `trading is ${state}: odd prints (bob)`,
      });
      expect(desk.decide()).toMatch(/^already_decided: already withdrawn/);
    },
  );
});

describe("two people", () => {
  const TWO = ", second: order.notional > 28000";

  it("must both say yes to the same order", () => {
    const desk = run(asking(TWO), [100, 102]);
    expect(desk.asked.needed).toBe(2);
    expect(desk.decide()).toBe("pending");
    expect(desk.submits).toEqual([]);
    expect(desk.decide()).toBe("same_approver: ann has approved it already; somebody else must, too");
    expect(desk.decide({ by: "bob", channel: "api" })).toBe("approved");
    expect(desk.views.at(-1)?.reason).toBe("ann via cli and bob via api");
    expect(desk.submits).toHaveLength(1);
  });

  it("are not one person in two channels, where the lists say so", () => {
    const desk = run(asking(`${TWO}, approvers: {cli: [ann, bob], telegram: [{id: 7, person: ann}]}`), [100, 102]);
    desk.decide();
    expect(desk.decide({ by: "7", channel: "telegram" })).toMatch(/^same_approver: ann/);
    expect(desk.decide({ by: "bob" })).toBe("approved");
  });

  it("agree on an edit, which makes what was said before void", () => {
    const desk = run(asking(TWO), [100, 102]);
    desk.decide();
    expect(desk.decide({ by: "bob", edit: { qty: "299" } })).toBe("pending");
    expect(desk.decide({ by: "bob" })).toMatch(/^same_approver/);
    expect(desk.decide({ by: "ann" })).toBe("approved");
    expect(sent(desk)).toEqual(["buy 299 limit 102.51"]);
  });

  it("are needed when an edit makes it large enough", () => {
    const desk = run(asking(", second: order.notional > 40000, edits: any"), [100, 102]);
    expect(desk.decide({ edit: { qty: "400" } })).toBe("pending");
    expect(desk.asked.needed).toBe(2);
    expect(desk.decide({ by: "bob" })).toBe("approved");
  });

  it("are both heard: one no ends it", () => {
    const desk = run(asking(TWO), [100, 102]);
    desk.decide();
    expect(desk.decide({ by: "bob", decision: "reject", reason: "too much" })).toBe("rejected");
    expect(desk.decide({ by: "carl" })).toBe("already_decided: already rejected by bob via cli");
    expect(desk.submits).toEqual([]);
  });
});

describe("a request ends", () => {
  it.each([
    [
      "its time is over",
      (desk: Desk) => desk.feed({ kind: "timer", id: `approval:${desk.asked.id}`, clock: "arrival", at: 0 }),
      "expired",
    ],
    ["an exit fires", (desk: Desk) => desk.close(103), "withdrawn"],
    ["a cancel fires", (desk: Desk) => desk.close(105), "withdrawn"],
    ["its rule fires again", (desk: Desk) => desk.close(100, 102), "superseded"],
    [
      "trading halts",
      (desk: Desk) => desk.feed({ kind: "command", command: "halt", by: "op", reason: "x" }),
      "withdrawn",
    ],
    [
      "trading reduces",
      (desk: Desk) => desk.feed({ kind: "command", command: "reduce", by: "op", reason: "x" }),
      "withdrawn",
    ],
    [
      "everything is cancelled",
      (desk: Desk) => desk.feed({ kind: "command", command: "cancel-all", by: "op", reason: "x" }),
      "withdrawn",
    ],
    [
      "everything is closed",
      (desk: Desk) => desk.feed({ kind: "command", command: "flatten", by: "op", reason: "x" }),
      "withdrawn",
    ],
    [
      "its rule is changed",
      (desk: Desk) =>
        desk.feed({
          kind: "program.loaded",
          program: programOf(`approval: ${LARGE}`, "", RULES.replace("qty: 300", "qty: 301")),
          warmup: [],
        }),
      "withdrawn",
    ],
    [
      "its strategy is gone",
      (desk: Desk) => desk.feed({ kind: "program.loaded", program: { ...asking(), strategies: [] }, warmup: [] }),
      "withdrawn",
    ],
  ])("when %s, and nothing of it is left", (_, act, state) => {
    const desk = run(asking(), [100, 102]);
    const { id } = desk.asked;
    expect(desk.core.desk.state.reserved().toNumber()).toBe(30_753);
    act(desk);
    expect(desk.views.filter((view) => view.id === id).at(-1)?.state).toBe(state);
    expect(desk.decide({ approval: id })).toMatch(state === "expired" ? /^expired/ : /^already_decided/);
    expect(desk.submits).toEqual([]);
    expect(desk.core.desk.state.orders.get(id)).toBeUndefined();
    const reserved = desk.core.desk.state.reserved().toNumber();
    expect(reserved).toBe(state === "superseded" ? 30_753 : 0);
  });

  it("at the end of the session, whatever time it had left", () => {
    const desk = run(asking(", expires: 10h"), [100, 102]);
    expect(desk.asked.sessionEndsAt).toBe(OPEN + 390 * MINUTE);
    desk.passTo(OPEN + 390 * MINUTE);
    expect(desk.views.at(-1)).toMatchObject({ state: "expired", reason: "the session is over" });
  });

  it("not by a reload that leaves its rule as it was", () => {
    const desk = run(asking(), [100, 102]);
    const other = programOf(`approval: ${LARGE}`, "", RULES.replace("qty: 10}", "qty: 11}"));
    desk.feed({ kind: "program.loaded", program: other, warmup: [] });
    expect(desk.decide({ approval: desk.asked.id, hash: desk.asked.hash })).toBe("approved");
  });
});

describe("what a request needs", () => {
  it("counts against max_entries, position limits and buying power while it waits", () => {
    const one = programOf(`approval: ${LARGE}`, "", RULES.replace("max_entries: 3", "max_entries: 1"));
    expect(run(one, [100, 102, 101]).refusals).toEqual(["max_entries"]);
    const room = run(programOf(`approval: ${LARGE}risk: {max_position: {qty: 305}}\n`), [100, 102, 101]);
    expect(sent(room)).toEqual(["buy 5 market"]);
    expect(room.core.desk.state.account.buyingPower(room.core.desk.state.reserved()).toNumber()).toBeLessThan(170_000);
  });

  it("is bounded: more requests than max_pending are refused", () => {
    const desk = run(asking(", max_pending: 1"), [100, 102, 106]);
    expect(desk.refusals).toEqual(["approval"]);
    expect(desk.asked.rule).toBe("large");
  });

  it("is not known to the broker: a reconciliation asks for nothing", () => {
    const desk = run(asking(), [100, 102]);
    const before = desk.of("lookup").length;
    desk.feed({
      kind: "reconciled",
      account: { cash: "100000", equity: "100000", lastEquity: "100000", multiplier: 2, shorting: true },
      positions: [],
      openOrders: [],
    });
    expect(desk.of("lookup")).toHaveLength(before);
    expect(desk.decide()).toBe("approved");
  });
});

describe("the firing of a request that came to nothing", () => {
  const LASTING =
    "rules:\n  - {name: large, when: close >= 102, then: {buy: {size: {qty: 300}}}, cooldown: 10m, limit: 1/day}\n";

  it("is used up unless it is given back: then the rule fires again while it is true", () => {
    const after = (more: string): number => {
      const desk = run(programOf(`approval: {when: order.qty > 1${more}}\n`, "", LASTING), [100, 102]);
      desk.decide({ decision: "reject" });
      desk.close(102.1, 102.2);
      return desk.states.filter((state) => state === "pending").length;
    };
    expect(after("")).toBe(1);
    expect(after(", on_reject: rearm")).toBe(2);
    expect(after(", on_expiry: rearm")).toBe(1);
  });

  it("comes back after an expiry when that is declared", () => {
    const desk = run(programOf("approval: {when: order.qty > 1, on_expiry: rearm}\n", "", LASTING), [100, 102]);
    desk.feed({ kind: "timer", id: `approval:${desk.asked.id}`, clock: "arrival", at: 0 });
    desk.close(102.1);
    expect(desk.states).toEqual(["pending", "expired", "pending"]);
    expect(new Set(desk.views.map(({ id }) => id)).size).toBe(2);
  });
});

describe("the condition of an approval", () => {
  const facts: OrderFacts = {
    order: { notional: 5_000, qty: 50, price: 100, side: 1, origin: 1, number: 2, is_first: 0, regular_hours: 1 },
    account: { equity: 100_000, cash: 20_000, buying_power: 40_000, day_pnl: -500 },
  };
  const approvalOf = (when: string): Approval => {
    const found = programOf(`approval: {when: "${when}"}\n`).strategies[0]?.approval;
    if (found === undefined) throw new Error("no approval");
    return found;
  };

  it.each([
    ["order.notional > 4% * account.equity", true],
    ["order.notional > 6% * account.equity", false],
    ["order.notional / order.qty == order.price", true],
    ["not (order.side == 1)", false],
    ["order.side in [-1]", false],
    ["order.origin == 1", true],
    ["order.origin in [2, 3]", false],
    ["order.qty between 10 and 60 and account.day_pnl < -400", true],
    ["max(order.qty, 80) > 70 and min(order.qty, 80) < 60", true],
    ["abs(account.day_pnl) > 499 and -account.day_pnl > 499", true],
    ["order.notional + 1 > account.buying_power - account.cash", false],
    ["order.number <= 2", true],
    ["order.is_first == 1 or order.regular_hours == 0", false],
  ])("%s", (when, expected) => {
    expect(needsPerson(approvalOf(when), facts)).toBe(expected);
  });

  it("that is unknown needs a person", () => {
    const unknown = { ...facts, account: { ...facts.account, equity: Number.NaN } };
    expect(needsPerson(approvalOf("order.notional > 6% * account.equity"), unknown)).toBe(true);
    expect(needsPerson(approvalOf("not (order.notional > 6% * account.equity)"), unknown)).toBe(true);
    expect(needsPerson(approvalOf("order.qty > 60 and account.equity > 1"), unknown)).toBe(true);
    expect(needsPerson(approvalOf("order.qty > 60"), unknown)).toBe(false);
  });
});
