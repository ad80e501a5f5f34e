/** Orders that a person must approve, while nobody can be asked: refused, and exits never. */
import { describe, expect, it } from "vitest";
import { needsPerson } from "../../../engine/core/desk/approval.ts";
import type { OrderFacts } from "../../../engine/core/desk/approval.ts";
import type { Approval, Program } from "../../../engine/core/program.ts";
import { compile } from "../../../engine/lang/compile.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";

const OPEN = openOf("2024-03-05");
const MINUTE = 60_000;

const RULES = `rules:
  - {name: small, when: close == 101, then: {buy: {size: {qty: 10}}}}
  - {name: large, when: close == 102, then: {buy: {size: {qty: 300}}}}
  - {name: leave, when: close == 103, then: {close: {}}}
  - {name: turn, when: close == 104, then: {sell: {size: {qty: 300}, short: true, reverse: true}}}
max_entries: 3
`;

function programOf(own: string, project = ""): Program {
  const { program, diagnostics } = compile({
    "s.strategy.yaml": `barwise: 1\nname: s\nsymbols: [SPY]\non: 1m\n${RULES}${own}`,
    "barwise.yaml": `barwise: 1\n${project}`,
  });
  if (program === null) throw new Error(JSON.stringify(diagnostics));
  return program;
}

function run(program: Program, closes: readonly number[]): CoreDriver {
  const desk = new CoreDriver(program, OPEN - 1_000);
  closes.forEach((close, i) => {
    const before = desk.submits.length;
    desk.bar("SPY", "1m", OPEN + i * MINUTE, close);
    for (let at = before; at < desk.submits.length; at++) {
      const order = desk.submits[at] as CoreDriver["lastSubmit"];
      desk.accept(order);
      desk.filled(order, Number(order.qty), close);
    }
  });
  return desk;
}

const sent = (desk: CoreDriver): string[] => desk.submits.map(({ side, qty }) => `${side} ${qty}`);
const LARGE = "{when: order.notional > 25000}\n";

describe("an order that a person must approve", () => {
  it("is refused with its reason while nobody can be asked; smaller ones go", () => {
    const desk = run(programOf(`approval: ${LARGE}`), [100, 101, 102, 100]);
    expect(sent(desk)).toEqual(["buy 10"]);
    expect(desk.of("refused").map(({ code, reason }) => `${code}: ${reason}`)).toEqual([
      "approval: a person must approve such orders, and asking a person is not built yet",
    ]);
  });

  it("is so by the word of the project as well as of the strategy", () => {
    expect(sent(run(programOf("", `approval: ${LARGE}`), [100, 101, 102]))).toEqual(["buy 10"]);
    const both = programOf("approval: {when: order.qty == 10}\n", `approval: ${LARGE}`);
    expect(sent(run(both, [100, 101, 102]))).toEqual([]);
    expect(sent(run(programOf(""), [100, 101, 102]))).toEqual(["buy 10", "buy 300"]);
  });

  it("is never an exit, however large, also that of a reversal, whose second half is asked about", () => {
    const all = programOf("approval: {when: order.side == -1 or order.notional > 1000000}\n");
    expect(sent(run(all, [100, 102, 103]))).toEqual(["buy 300", "sell 300"]);
    const turned = run(all, [100, 102, 104]);
    expect(sent(turned)).toEqual(["buy 300", "sell 300"]);
    expect(turned.refusals).toEqual(["approval"]);
  });

  it("is judged as it would be sent, after limits have cut it down", () => {
    const cut = programOf(`approval: ${LARGE}risk: {max_position: {qty: 200}}\n`);
    expect(sent(run(cut, [100, 102]))).toEqual(["buy 200"]);
  });

  it("shows in the digest of the program, and spelling does not", () => {
    const digest = (text: string): string => programOf(`approval: ${text}`).digest;
    expect(digest("{when: order.qty > 5}")).not.toBe(digest("{when: order.qty > 6}"));
    expect(digest("{when: order.qty > 5}")).not.toBe(digest("{when: order.qty > 5, expires: 1m}"));
    expect(digest("{when: order.qty > 5}")).toBe(
      digest("{when: {fact: order.qty, operator: greaterThan, value: 5}, expires: 300s}"),
    );
  });
});

describe("the condition of an approval", () => {
  const facts: OrderFacts = {
    order: { notional: 5_000, qty: 50, price: 100, side: 1 },
    account: { equity: 100_000, cash: 20_000, buying_power: 40_000, day_pnl: -500 },
  };
  const approval = (when: string): Approval => {
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
    ["order.qty between 10 and 60 and account.day_pnl < -400", true],
    ["max(order.qty, 80) > 70 and min(order.qty, 80) < 60", true],
    ["abs(account.day_pnl) > 499 and -account.day_pnl > 499", true],
    ["order.notional + 1 > account.buying_power - account.cash", false],
  ])("%s", (when, expected) => {
    expect(needsPerson(approval(when), facts)).toBe(expected);
  });

  it("that is unknown needs a person", () => {
    const unknown = { ...facts, account: { ...facts.account, equity: Number.NaN } };
    expect(needsPerson(approval("order.notional > 6% * account.equity"), unknown)).toBe(true);
    expect(needsPerson(approval("not (order.notional > 6% * account.equity)"), unknown)).toBe(true);
    expect(needsPerson(approval("order.qty > 60 and account.equity > 1"), unknown)).toBe(true);
    expect(needsPerson(approval("order.qty > 60"), unknown)).toBe(false);
  });
});
