/** Whatever a broker, an operator and people beside them do: orders that reduce take no more than the account holds. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Decimal, ZERO } from "../../../engine/core/decimal.ts";
import { guardedQty } from "../../../engine/core/desk/guarded.ts";
import { EXTERNAL } from "../../../engine/core/desk/portfolio.ts";
import { reconciled } from "../../support/core-driver.ts";
import { Chaos, trader } from "../../support/chaos.ts";
import { program } from "../../support/program.ts";
import { runs } from "../../support/runs.ts";

/** Somebody trades at the broker: told by the stream, or by a picture alone. */
function byHand({ run }: Chaos, a: number, b: number): void {
  const qty = 1 + (b % 12);
  const side = a % 2 === 0 ? "sell" : "buy";
  if (b % 3 !== 0) return run.filled({ clientOrderId: `hand${run.inputs.length}`, symbol: "SPY", side }, qty, 100);
  const net = run.core.desk.state.portfolio.netQty("SPY").plus(side === "buy" ? qty : -qty);
  const positions = net.isZero() ? [] : [{ symbol: "SPY", qty: net.toFixed(), avgPrice: "100" }];
  run.broker({ ...reconciled(), positions });
}

function check({ run }: Chaos): void {
  const { portfolio, orders, books } = run.core.desk.state;
  const net = portfolio.netQty("SPY");
  for (const side of ["sell", "buy"] as const) {
    let taken = ZERO;
    for (const strategy of ["a", "b"]) {
      const { qty } = portfolio.position(strategy, "SPY");
      if (qty.isZero() || qty.isGreaterThan(0) !== (side === "sell")) continue;
      // While an exit clears its way, it is about to cancel what is still there.
      const { exit } = books.get(strategy, "SPY");
      if (exit !== undefined && exit.order === undefined) continue;
      const place = { strategy, symbol: "SPY" };
      const staying = guardedQty(
        orders,
        place,
        (order) => order.role !== "entry" && order.side === side && order.cancels === 0,
      );
      taken = taken.plus(Decimal.min(staying, qty.abs()));
    }
    const there = Decimal.max(side === "sell" ? net : net.negated(), ZERO);
    expect(taken.toNumber(), `${side} of ${net.toFixed()}`).toBeLessThanOrEqual(there.toNumber());
  }
}

describe("orders that reduce, while people trade beside the engine", () => {
  it("take no more together than the account holds", () => {
    const act = fc.tuple(fc.integer({ min: 0, max: 19 }), fc.nat(20), fc.nat(60));
    let written = 0;
    const property = fc.property(fc.array(act, { minLength: 20, maxLength: 150 }), (acts) => {
      const chaos = new Chaos(program([trader("a"), trader("b")], { maxPositionQty: 60 }));
      for (const [kind, a, b] of acts) {
        if (kind > 17) byHand(chaos, a, b);
        else if (kind !== 15 && kind !== 17) chaos.act([kind, a, b]);
        check(chaos);
      }
      const gone = chaos.run.of("position").filter(({ position }) => position.strategy === EXTERNAL);
      written += gone.length;
    });
    fc.assert(property, { numRuns: runs(100) });
    expect(written).toBeGreaterThan(0);
  }, 120_000);
});
