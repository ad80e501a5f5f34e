/** Tests that play trades and quotes: when they are, what they make, what fills, and which moment an expectation means. */
import { describe, expect, it } from "vitest";
import { csvKey } from "../../engine/lang/test-file.ts";
import type { CsvTable } from "../../engine/lang/test-market.ts";
import { coverageOf } from "../../engine/runtime/test-coverage.ts";
import { runTests } from "../support/strategy-tests.ts";

const ON_TICKS = `barwise: 1
name: scalp
symbols: [SPY]
on: tick
bars: 1m
rules:
  - name: enter
    when: last > 100.05 and spread < 0.05
    then: {buy: {size: {qty: 10}}}
  - name: stop
    when: bid < 99.95 for 5s
    then: {close: {}}
`;

const ON_TRADES = ON_TICKS.replace(" and spread < 0.05", "").replace("bid <", "last <");

const ON_BARS = `barwise: 1
name: bars
symbols: [SPY]
on: 1m
rules:
  - {name: enter, when: close > 100.7, then: {buy: {size: {qty: 10}}}}
  - {name: near, when: "high(on: 1d, forming: true) > 105", then: {alert: {message: high}}}
`;

async function failures(strategy: string, body: string): Promise<string[]> {
  return (await runTests(`  - name: case\n${body.replaceAll(/^(?=.)/gm, "    ")}`, strategy)).failures;
}

describe("trades and quotes", () => {
  it("judge rules at each of them, and orders fill at the quote", async () => {
    const body = `quotes: {SPY: {every: 1s, mid: 100x5 100.1x5, spread: 0.02}}
trades: {SPY: {every: 1s, price: 100x6 100.1x4}}
expect:
  - {at: trade 6, fact: last == 100 and bid == 100.09}
  - {at: quote 7, fact: last == 100}
  - {at: trade 7, fact: last == 100.1 and ask == 100.11}
  - {at: trade 7, rule: enter, order: {side: buy, qty: 10, type: market}}
  - {at: quote 7, position: {qty: 0}}
  - {at: trade 7, position: {qty: 10, avg_price: 100.11}}
  - {at: trade 7, cash: 98998.9}
  - {at: "09:30:06", position: {qty: 10}}
  - {at: "09:30:05.999", position: {qty: 0}}
`;
    expect(await failures(ON_TICKS, body)).toEqual([]);
  });

  it("fill bars that are counted from trades", async () => {
    const strategy = ON_BARS.replace("on: 1m", "on: 3 ticks").replace(/  - \{name: near.*\n/, "");
    const body = `trades: {SPY: 100x5 101x4}
expect:
  - {at: trade 6, rule: enter, order: {side: buy, qty: 10}}
  - {at: trade 7, position: {qty: 10, avg_price: 101}}
`;
    expect(await failures(strategy, body)).toEqual([]);
  });

  it("fill at the next trade where nobody quotes", async () => {
    const strategy = ON_TRADES;
    const body = `trades: {SPY: 100x2 100.1 100.2 100.3}
expect:
  - {at: trade 3, rule: enter, order: {side: buy}}
  - {at: trade 3, position: {qty: 0}}
  - {at: trade 4, position: {qty: 10, avg_price: 100.2}}
`;
    expect(await failures(strategy, body)).toEqual([]);
  });

  it("let a condition last by the clock, though nothing comes; the order meets what comes next, as in a backtest", async () => {
    const body = `trades: {SPY: [{at: "09:30:00", price: 100}, {at: +1s, price: 100.1}]}
quotes:
  SPY:
    - {at: "09:30:00", bid: 99.99, ask: 100.01, bid_size: 300, ask_size: 200}
    - {at: +2s, bid: 99.90, ask: 99.92}
    - {at: +20s, bid: 99.80, ask: 99.82}
expect:
  - {at: trade 2, rule: enter}
  - {at: trade 2, position: {qty: 10, avg_price: 100.01}}
  - {at: quote 1, fact: imbalance == 0.2}
  - {at: "09:30:07", rule: stop, order: {side: sell}}
  - {at: "09:30:07", position: {qty: 0}}
  - {at: "09:30:07", cash: 99997.9}
`;
    expect(await failures(ON_TICKS, body)).toEqual([]);
  });

  it("make the bars of a strategy on bars, which close after the grace", async () => {
    const body = `trades: {SPY: {every: 10s, price: 100+0.1x18, size: 50}}
expect:
  - {at: bar 1, fact: open == 100 and close == 100.5 and volume == 300}
  - {at: bar 2, rule: enter, order: {qty: 10}}
  - {at: bar 2, position: {qty: 0}}
  - {at: bar 3, position: {qty: 10, avg_price: 101.4}}
  - {at: bar 3, fact: close == 101.7}
  - {at: "09:32:59", fact: close == 101.1}
  - {at: "2024-03-04 09:33", fact: close == 101.7}
`;
    expect(await failures(ON_BARS, body)).toEqual([]);
  });

  it("stand beside bars: they say the spread, and orders meet them", async () => {
    const strategy = ON_BARS.replace("close > 100.7", "close > 100.7 and spread < 0.03");
    const body = `bars: {SPY: 100 101 102}
quotes: {SPY: {every: 30s, bid: 100x3 101x3, ask: 100.10x3 101.02x3}}
expect:
  - {at: bar 2, fact: close == 101 and spread < 0.03}
  - {at: bar 2, rule: enter}
  - {at: bar 3, position: {qty: 10, avg_price: 101.02}}
`;
    expect(await failures(strategy, body)).toEqual([]);
  });

  it("are warmed by history, and the first of them is judged already", async () => {
    const strategy = ON_TRADES.replace("last > 100.05", "close > sma(3) + 1").replace(
      "when: close",
      "start: fire\n    when: close",
    );
    const body = `history: {SPY: {on: 1m, close: 100x5}}
trades: {SPY: 110 111}
expect:
  - {at: trade 1, fact: "sma(3, forming: false) == 100 and close == 110"}
  - {at: trade 1, rule: enter}
`;
    expect(await failures(strategy, body)).toEqual([]);
  });

  it("lie in sessions: what does not fit into one goes on in the next", async () => {
    const body = `start: 2024-03-08T15:59:58
trades: {SPY: 100x4}
expect:
  - {at: "2024-03-08T15:59:59", fact: session.minutes_to_close < 0.1}
  - {at: trade 3, fact: session.minutes_since_open == 0}
  - {at: 2024-03-11T09:30:01, fact: last == 100}
  - {at: 2024-03-08, fact: session.minutes_to_close < 0.1}
`;
    expect(await failures(ON_TICKS, body)).toEqual([]);
  });

  it("of several symbols are counted for each", async () => {
    const strategy = ON_TRADES.replace("[SPY]", "[SPY, QQQ]");
    const body = `trades: {SPY: 100x4, QQQ: 100x2 101 102}
expect:
  - {at: trade 3, symbol: QQQ, rule: enter, order: {side: buy}}
  - {at: trade 4, symbol: QQQ, position: {qty: 10, avg_price: 102}}
  - {at: trade 4, symbol: SPY, position: {qty: 0}}
  - {at: trade 3, symbol: SPY, fact: last == 100}
`;
    expect(await failures(strategy, body)).toEqual([]);
    expect(await failures(strategy, body.replace("{at: trade 3, symbol: QQQ,", "{at: trade 2, symbol: QQQ,"))).toEqual([
      "6: QQQ trade 2: enter: buy | the nearest was at 2024-03-04 09:30:02, QQQ trade 3: enter: buy 10 QQQ market",
    ]);
  });

  it("add volume alone where their sale condition says so", async () => {
    const body = `trades:
  SPY:
    - {at: "09:30", price: 100, size: 10}
    - {at: +1s, price: 500, size: 7, sets_price: false}
    - {at: "09:31:01", price: 100}
expect: [{at: bar 1, fact: high == 100 and volume == 17}]
`;
    expect(await failures(ON_BARS, body)).toEqual([]);
  });

  it("come from CSV files, from the start of the test on", async () => {
    const time = Date.parse("2024-03-04T14:30:00Z");
    const trade = (ms: number, price: number) =>
      ({ kind: "trade", symbol: "SPY", time: time + ms, price, size: 5, setsPrice: true }) as const;
    const csv = new Map<string, CsvTable>([
      [
        csvKey({ path: "t.csv", symbol: "SPY", ticks: "trade" }),
        { ticks: [trade(-1, 7), trade(0, 100), trade(9, 101)] },
      ],
    ]);
    const body = `  - name: case
    trades: {SPY: {file: t.csv}}
    expect:
      - {at: trade 1, fact: last == 100}
      - {at: "09:30:00.009", fact: last == 101}
`;
    expect((await runTests(body, ON_TICKS, csv)).failures).toEqual([]);
  });
});

describe("what fails", () => {
  it("is told with the trade and the time at which it was", async () => {
    const quotes = "quotes: {SPY: 100x9}\ntrades: {SPY: 100x6 100.1x3}\n";
    expect(await failures(ON_TICKS, `${quotes}expect: []\n`)).toEqual([
      "3: nothing that is not listed under expect: | 2024-03-04 09:30:06, trade 7: enter: buy 10 SPY market",
    ]);
    const items =
      "expect:\n  - {at: trade 7, rule: enter}\n  - {at: trade 6, fact: last > 100}\n  - {at: quote 3, rule: stop}\n";
    expect(await failures(ON_TICKS, quotes + items)).toEqual([
      "8: trade 6: last > 100 | false (last = 100)",
      "9: quote 3: rule stop fires | rule stop never fired",
    ]);
  });

  it("is a bar that the trades do not make", async () => {
    expect(await failures(ON_BARS, "trades: {SPY: 100x3}\nexpect: [{at: bar 2, fact: close > 1}]\n")).toEqual([
      "5: bar 2: close > 1 | what is played makes 1 bar of SPY",
    ]);
  });

  it("is a condition where rules are not judged", async () => {
    const body = "trades: {SPY: 100x3}\nexpect: [{at: trade 2, fact: close > 1}]\n";
    expect((await failures(ON_BARS, body))[0]).toContain("rules are not evaluated at this trade; the nearest");
  });
});

it("coverage counts what was seen at ticks", async () => {
  const { failures: none, runs } = await runTests(
    "  - name: a\n    quotes: {SPY: 100x9}\n    trades: {SPY: 100x6 100.1x3}\n    expect: [{at: trade 7, rule: enter}]\n",
    ON_TICKS,
  );
  expect(none).toEqual([]);
  const { rules, comparisons } = coverageOf(runs);
  expect(rules.map(({ rule, fired }) => [rule, fired])).toEqual([
    ["enter", 1],
    ["stop", 0],
  ]);
  expect(comparisons.map(({ text, wasTrue, wasFalse }) => [text, wasTrue, wasFalse])).toEqual([
    ["last > 100.05", true, true],
    ["spread < 0.05", true, false],
    ["bid < 99.95", false, true],
  ]);
});
