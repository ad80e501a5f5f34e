/**
 * Knight Capital, 1 August 2012: a deployment brings dead code back to life, its flag is set for another reason, it sends child
 * orders without counting what its parents have, and it does so at every message.
 */
import { describe, expect, it } from "vitest";
import type { InputBody, Output } from "../../../engine/core/event.ts";
import type { Program } from "../../../engine/core/program.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";
import { compiled } from "../../support/random-strategies.ts";

const OPEN = openOf("2024-03-05");
const QTY = 10;

const DEAD =
  "  - {name: power-peg, when: last > stale_flag, then: {buy: {size: {qty: 10}}}, fire: each, cooldown: 1ms, start: fire}\n";

/** `router` with what it should do; the dead rule buys as long as the price is above a flag, which is always. */
function router(dead: string, risk = ""): Program {
  const head = "barwise: 1\nname: router\nsymbols: [SPY]\non: tick\nbars: 1m\nmax_entries: 1000\n";
  const rules = "params: {stale_flag: 1}\nrules:\n  - {name: cut, when: last < 90, then: {close: {}}}\n";
  return compiled({
    "router.strategy.yaml": `${head}${rules}${dead}`,
    "barwise.yaml": `barwise: 1\nrisk: {max_order_qty: 1000${risk}}\n`,
  });
}

class Market extends CoreDriver {
  #sent = 0;
  /** Event time at which the strategy was stopped. */
  stoppedAt = Number.NaN;
  begunAt = Number.NaN;

  constructor(risk = "") {
    super(router("", risk), OPEN - 1_000, { live: true });
    for (let i = 0; i < 10; i++) this.trade("SPY", OPEN + i * 100, 100);
  }

  override feed(body: InputBody): readonly Output[] {
    const outputs = super.feed(body);
    if (Number.isNaN(this.stoppedAt) && outputs.some((output) => output.kind === "alert" && output.code === RUNAWAY))
      this.stoppedAt = this.now;
    return outputs;
  }

  /** So many trades a second for a while; what is sent is filled at once, and no parent hears of it. */
  play(seconds: number, aSecond: number, price = 100): void {
    this.begunAt = this.now + 1;
    for (let i = 0; i < seconds * aSecond; i++) {
      this.trade("SPY", this.begunAt + Math.floor((i * 1_000) / aSecond), price);
      this.#fill();
    }
  }

  #fill(): void {
    // A driver keeps all outputs; only what is new is looked at.
    for (; this.#sent < this.outputs.length; this.#sent++) {
      const output = this.outputs[this.#sent];
      if (output?.kind !== "submit") continue;
      this.accept(output.order);
      this.filled(output.order, Number(output.order.qty), 100);
    }
  }

  reload(risk = ""): void {
    this.feed({ kind: "program.loaded", program: router(DEAD, risk), warmup: [] });
  }
}

const RUNAWAY = "risk/repeated_execution";

describe("dead code that a reload brings back to life", () => {
  it("is stopped within one second of event time, after 20 orders, and named once", () => {
    const market = new Market();
    market.reload();
    market.play(5, 100);
    expect(market.stoppedAt - market.begunAt).toBeLessThan(1_000);
    expect(market.submits).toHaveLength(20);
    expect(market.position("router", "SPY")).toBe(20 * QTY);
    const alerts = market.of("alert").filter(({ code }) => code === RUNAWAY);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ level: "critical", strategy: "router" });
    expect(alerts[0]?.message).toContain('rule "power-peg" in SPY');
  });

  it("is stopped in the same way at twenty thousand trades a second, and sends nothing more", () => {
    const market = new Market();
    market.reload();
    market.play(1, 20_000);
    expect(market.stoppedAt - market.begunAt).toBeLessThan(1_000);
    expect(market.submits).toHaveLength(20);
    // Each of the others has its one verdict, and none leaves anything behind but the wishes of a minute.
    const verdicts = market.of("verdict");
    expect(verdicts.length).toBe(new Set(verdicts.map(({ verdict }) => verdict.clientOrderId)).size);
    expect(verdicts.filter(({ verdict }) => verdict.outcome !== "refused")).toHaveLength(20);
    expect(market.core.desk.state.memory.repeats.save().length).toBeLessThanOrEqual(30);
  });

  it("stays stopped when it is deployed again, and still gets out", () => {
    const market = new Market();
    market.reload();
    market.play(1, 100);
    market.reload(", max_entries_per_rule: 1000");
    market.play(1, 100);
    expect(market.submits).toHaveLength(20);
    market.play(1, 10, 89);
    expect(market.lastSubmit).toMatchObject({ side: "sell", qty: String(20 * QTY) });
    expect(market.position("router", "SPY")).toBe(0);
  });

  it("does little in probation before anything else stops it", () => {
    const probation = ", probation: {orders: 20, max_notional: 250}";
    const market = new Market(probation);
    market.reload(probation);
    market.play(1, 100);
    expect(market.position("router", "SPY")).toBe(20 * 2);
  });
});
