import { describe, expect, it } from "vitest";
import { CoreDriver, openOf, reconciled } from "../../support/core-driver.ts";
import { StrategyBuilder, all, buy, close, program } from "../../support/program.ts";

const OPEN = openOf("2024-03-05");
const COIN = "BTC/USD";

/** Buys 10 at x1 and closes at x3, as often as that is said. */
function strategy(name: string) {
  const builder = new StrategyBuilder(name, "1m", { symbols: [COIN], session: "always" });
  const price = builder.close();
  const digit = (n: number) =>
    all(builder.when(price, ">", 100 + n / 10 - 0.01), builder.when(price, "<", 100 + n / 10 + 0.01));
  builder.rule("buy", digit(1), buy(builder, 10), { start: "fire" });
  builder.rule("close", digit(3), close());
  return builder.build();
}

class Coins extends CoreDriver {
  #bar = 0;

  constructor(names = ["s"]) {
    super(program(names.map(strategy)), OPEN - 1_000);
    this.say(0);
  }

  say(digit: number): void {
    this.bar(COIN, "1m", OPEN + this.#bar++ * 60_000, 100 + digit / 10);
  }

  /** What Alpaca shows: the coins that are left of those bought. */
  shows(qty: string): void {
    this.feed({ ...reconciled(), positions: qty === "0" ? [] : [{ symbol: COIN, qty, avgPrice: "100" }] });
  }

  buys(): void {
    this.say(1);
    for (const order of this.submits) {
      this.accept(order);
      this.filled(order, 10, 100);
    }
  }
}

describe("a fee that is taken in coins", () => {
  it("is of the strategy that bought them: it closes what is there, is flat, and buys again", () => {
    const run = new Coins();
    run.buys();
    run.shows("9.975");
    expect(run.position("s", COIN)).toBe(9.975);
    expect(run.alerts).toContain("reconcile/fee");
    expect(run.alerts).not.toContain("reconcile/position");
    const told = run.of("position").at(-1)?.position;
    expect(told).toMatchObject({ qty: "9.975", avgPrice: "100", fees: "2.5" });
    run.say(3);
    expect(run.lastSubmit).toMatchObject({ side: "sell", qty: "9.975" });
    run.accept(run.lastSubmit);
    run.filled(run.lastSubmit, 9.975, 100.3);
    run.shows("0");
    expect(run.position("s", COIN)).toBe(0);
    run.say(0);
    run.say(1);
    expect(run.lastSubmit).toMatchObject({ side: "buy", qty: "10" });
  });

  it("is shared by those that hold the coin, to the last digit", () => {
    const run = new Coins(["a", "b"]);
    run.buys();
    run.shows("19.950000001");
    expect([run.position("a", COIN), run.position("b", COIN)]).toEqual([9.975000001, 9.975]);
    run.shows("19.950000001");
    expect(run.alerts.filter((code) => code.startsWith("reconcile"))).toEqual(["reconcile/fee"]);
  });

  it("is not what somebody else has sold", () => {
    const run = new Coins();
    run.buys();
    run.shows("9.8");
    expect(run.position("s", COIN)).toBe(10);
    expect(run.position("@external", COIN)).toBe(-0.2);
    expect(run.alerts).toContain("reconcile/position");
  });

  it("is a loss when coins are sold; more than that was taken out", () => {
    for (const [left, code] of [
      [2.5, "reconcile/fee"],
      [50, "account/cash-moved"],
    ] as const) {
      const run = new Coins();
      run.buys();
      run.feed({ ...reconciled({ cash: "99000" }), positions: [{ symbol: COIN, qty: "10", avgPrice: "100" }] });
      run.say(3);
      run.accept(run.lastSubmit);
      run.filled(run.lastSubmit, 10, 100);
      run.feed(reconciled({ cash: String(100_000 - left) }));
      expect(run.alerts.filter((alert) => /reconcile|cash/.test(alert))).toEqual([code]);
      expect(run.core.desk.state.account.dayBase).toBe(left === 50 ? 99_950 : 100_000);
    }
  });
});
