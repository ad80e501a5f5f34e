/** What a person makes of an order is what its firing wants, and passes every limit as it is or not at all. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OrderEdit } from "../../../engine/core/approval.ts";
import type { Verdict } from "../../../engine/core/event.ts";
import type { Program } from "../../../engine/core/program.ts";
import { restoreCore, saveCore } from "../../../engine/core/save.ts";
import { pendingApprovals } from "../../../engine/core/view.ts";
import { compile } from "../../../engine/lang/compile.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";
import { SEED, runs } from "../../support/runs.ts";

const OPEN = openOf("2024-03-05");
const MINUTE = 60_000;

function programOf(risk: string): Program {
  const { program, diagnostics } = compile({
    "s.strategy.yaml": `barwise: 1
name: s
symbols: [SPY]
on: 1m
max_entries: 3
approval: {when: order.qty > 20, edits: any, max_drift: 5%}
risk: ${risk}
rules:
  - {name: held, when: close == 99, then: {buy: {size: {qty: 20}}}}
  - {name: rests, when: close == 101, then: {buy: {size: {qty: 15}, type: limit, limit: 95}}}
  - {name: asks, when: close == 100, then: {buy: {size: {qty: 40}, type: limit, limit: 100}}}
`,
  });
  if (program === null) throw new Error(JSON.stringify(diagnostics));
  return program;
}

/** Holds 20, has 15 working at 95, and asks about 40 at 100. */
function asking(program: Program): CoreDriver {
  const desk = new CoreDriver(program, OPEN - 1_000);
  [98, 99, 101, 100].forEach((close, i) => {
    const before = desk.submits.length;
    desk.bar("SPY", "1m", OPEN + i * MINUTE, close);
    for (const order of desk.submits.slice(before)) {
      desk.accept(order);
      if (order.type === "market") desk.filled(order, Number(order.qty), close);
    }
  });
  expect(desk.submits.map(({ qty }) => qty)).toEqual(["20", "15"]);
  return desk;
}

function approve(desk: CoreDriver, edit: OrderEdit): void {
  const [asked] = pendingApprovals(desk.core);
  if (asked === undefined) throw new Error("nobody is asked");
  const { id: approval, hash } = asked;
  const word = { by: "ann", channel: "cli", decision: "approve", edit, reason: "" } as const;
  desk.feed({ kind: "decision", approval, hash, ...word });
}

const lastVerdict = (desk: CoreDriver): Verdict | undefined => desk.of("verdict").at(-1)?.verdict;
const childrenOf = (desk: CoreDriver) => lastVerdict(desk)?.checks.find(({ check }) => check === "children");

describe("a quantity that a person raised", () => {
  const free = programOf("{max_position: {qty: 1000}}");

  it("is what the firing wants", () => {
    const desk = asking(free);
    approve(desk, { qty: "100" });
    expect(desk.lastSubmit.qty).toBe("100");
    expect(childrenOf(desk)).toMatchObject({ outcome: "pass", value: 100, limit: 100 });
  });

  it("is still what it wants after a restart", () => {
    const desk = asking(free);
    approve(desk, { qty: "100" });
    const again = restoreCore(desk.core.desk.state.options, saveCore(desk.core), free);
    const { firing } = desk.core.desk.state.orders.get(desk.lastSubmit.clientOrderId)?.origin ?? { firing: "" };
    expect(again.desk.state.memory.firings.wantedBy(firing)?.toFixed()).toBe("100");
  });
});

describe("an edited approval", () => {
  it("never takes more than a limit leaves, and whatever is within all of them leaves", () => {
    const limits = fc.record({
      position: fc.integer({ min: 80, max: 200 }),
      qty: fc.integer({ min: 40, max: 150 }),
      notional: fc.integer({ min: 4_000, max: 15_000 }),
    });
    fc.assert(
      fc.property(
        limits,
        fc.integer({ min: 1, max: 250 }),
        fc.integer({ min: 9_000, max: 10_400 }),
        (most, qty, cents) => {
          const { position, qty: perOrder, notional } = most;
          const desk = asking(
            programOf(
              `{max_position: {qty: ${position}}, max_order_qty: ${perOrder}, max_order_notional: ${notional}}`,
            ),
          );
          const before = desk.submits.length;
          const limit = cents / 100;
          approve(desk, { qty: String(qty), limitPrice: String(limit) });
          const sent = desk.submits.slice(before);
          // The value counts at the worse of the limit and the market.
          const isWithin =
            20 + 15 + qty <= position && qty <= perOrder && (qty * Math.max(cents, 10_000)) / 100 <= notional;
          expect(sent.map((order) => order.qty)).toEqual(isWithin ? [String(qty)] : []);
          expect(lastVerdict(desk)?.outcome === "approved").toBe(isWithin);
          expect(pendingApprovals(desk.core)).toEqual([]);
        },
      ),
      { numRuns: runs(60), seed: SEED },
    );
  });
});
