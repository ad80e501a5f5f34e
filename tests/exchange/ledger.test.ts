import { describe, expect, it } from "vitest";
import { decimal } from "../../engine/core/decimal.ts";
import { alpacaFees, noFees, percentFees, perShareFees } from "../../engine/exchange/fees.ts";
import { createIdMint } from "../../engine/exchange/ids.ts";
import { Ledger } from "../../engine/exchange/ledger.ts";
import { day, minute, opened, submitAt, THU, TUE, WED } from "./support.ts";

const d = decimal;

describe("the ledger", () => {
  it("realises profit at average cost and keeps fees apart", () => {
    const ledger = new Ledger(d("1000"));
    ledger.book("X", d(10), d("10"), d("1"));
    ledger.book("X", d(10), d("20"), d("1"));
    expect(ledger.book("X", d(-5), d("30"), d("1")).toFixed()).toBe("15");
    expect(ledger.realized.toFixed()).toBe("75");
    expect(ledger.cash.toFixed()).toBe("847");
    expect(ledger.fees.toFixed()).toBe("3");
    expect(ledger.holding("X").cost.toFixed()).toBe("225");
  });

  it("keeps shorts with negative quantity and cost", () => {
    const ledger = new Ledger(d("0"));
    ledger.book("X", d(-10), d("10"), d(0));
    expect(ledger.holding("X")).toMatchObject({ qty: d(-10), cost: d(-100) });
    ledger.book("X", d(10), d("8"), d(0));
    expect(ledger.realized.toFixed()).toBe("20");
    expect(ledger.holdings.size).toBe(0);
  });

  it("closes before it opens when two orders together cross through zero", () => {
    const ledger = new Ledger(d("0"));
    ledger.book("X", d(10), d("10"), d(0));
    ledger.book("X", d(-15), d("12"), d(0));
    expect(ledger.realized.toFixed()).toBe("20");
    expect(ledger.holding("X")).toMatchObject({ qty: d(-5), cost: d(-60) });
  });

  it("loses nothing to division", () => {
    const ledger = new Ledger(d("0"));
    ledger.book("X", d(3), d("33.33"), d(0));
    for (let i = 0; i < 3; i++) ledger.book("X", d(-1), d("10"), d(0));
    expect(ledger.realized.toFixed()).toBe("-69.99");
    expect(ledger.cash.toFixed()).toBe("-69.99");
  });
});

describe("the day", () => {
  it("rolls at the close: equity and prices become those of the day before", () => {
    const exchange = opened();
    submitAt(exchange, 1);
    minute(exchange, 1, [100, 100, 100, 100]);
    minute(exchange, 389, [100, 103, 100, 103]);
    expect(exchange.account().lastEquity.toFixed()).toBe("100000");
    exchange.advance(TUE.close);
    expect(exchange.account().lastEquity.toFixed()).toBe("100300");
    day(exchange, WED, [104, 105, 103, 105]);
    expect(exchange.account().lastEquity.toFixed()).toBe("100300");
    expect(exchange.account().equity.toFixed()).toBe("100500");
    expect(exchange.positions()[0]?.lastDayPrice.toFixed()).toBe("103");
    day(exchange, THU, [106, 107, 105, 107]);
    expect(exchange.account().lastEquity.toFixed()).toBe("100500");
  });
});

describe("fees", () => {
  it("per share: a minimum, and a cap that only counts above it", () => {
    const ib = perShareFees("0.005", "1", "0.005");
    expect(ib.fee("buy", d(1232), d("81.843823992"), "SPY").toFixed()).toBe("6.16");
    expect(ib.fee("buy", d(100), d("149"), "SPY").toFixed()).toBe("1");
    expect(ib.fee("buy", d(1000), d("0.5"), "SPY").toFixed()).toBe("2.5");
    expect(ib.fee("buy", d(10), d("1"), "SPY").toFixed()).toBe("1");
  });

  it("percent is rounded, none is nothing", () => {
    expect(percentFees("0.001").fee("sell", d(3), d("33.33"), "X").toFixed()).toBe("0.09999");
    expect(percentFees("0.001", 2).fee("sell", d(3), d("33.33"), "X").toFixed()).toBe("0.1");
    expect(noFees.fee("buy", d(1), d(1), "X").toFixed()).toBe("0");
  });

  it("alpaca charges nothing, but regulatory fees on sells when they are given", () => {
    const live = alpacaFees({ secRatio: "0.0000278", tafPerShare: "0.000166", tafMax: "8.30" });
    expect(alpacaFees().fee("sell", d(100), d(100), "X").toFixed()).toBe("0");
    expect(live.fee("buy", d(100), d(100), "X").toFixed()).toBe("0");
    expect(live.fee("sell", d(100), d(100), "X").toFixed()).toBe("0.3");
    expect(live.fee("sell", d(100_000), d(100), "X").toFixed()).toBe("286.3");
  });

  it("reduce cash and show in the account", () => {
    const exchange = opened({ fees: perShareFees("0.005", "1", "0.005") });
    submitAt(exchange, 1);
    minute(exchange, 1, [100, 100, 100, 100]);
    expect(exchange.account().fees.toFixed()).toBe("1");
    expect(exchange.account().cash.toFixed()).toBe("89999");
  });
});

describe("ids", () => {
  it("are shaped like UUIDs, equal for equal seeds, and do not collide", () => {
    const mint = (seed: string): string[] => {
      const ids = createIdMint(seed);
      return Array.from({ length: 20_000 }, () => ids.next("order"));
    };
    const first = mint("a");
    expect(first).toEqual(mint("a"));
    expect(first[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set([...first, ...mint("b")]).size).toBe(40_000);
  });
});
