/** Tests of tests: what passes, what fails and in which words. */
import { describe, expect, it } from "vitest";
import { csvKey } from "../../engine/lang/test-file.ts";
import type { CsvTable } from "../../engine/lang/test-market.ts";
import { DAY } from "../../engine/market/bar-size.ts";
import { coverageOf } from "../../engine/runtime/test-coverage.ts";
import { runTests } from "../support/strategy-tests.ts";

const STRATEGY = `barwise: 1
name: steps
symbols: [SPY, QQQ]
on: 5m
params: {line: 105}
conditions:
  high_enough: close > line
rules:
  - name: enter
    when: high_enough and volume >= 0
    then: {buy: {size: {qty: 10}, bracket: {stop_loss: 90}}}
  - name: shout
    when: {any: [{fact: close, operator: greaterThan, value: 120}, close > 500]}
    then: {alert: {message: "up at {close}", level: info}}
  - name: leave
    when: close < 95
    then: {close: {}}
risk: {max_order_qty: 100}
`;

const run = (
  tests: string,
  strategy = STRATEGY,
  csv: ReadonlyMap<string, CsvTable> = new Map(),
): ReturnType<typeof runTests> => runTests(tests, strategy, csv);

async function failuresOf(bars: string, ...expected: string[]): Promise<string[]> {
  const items = expected.map((line) => `\n      - ${line}`).join("");
  const list = expected.length === 0 ? " []" : items;
  return (await run(`  - name: case\n    bars: {SPY: '${bars}'}\n    expect:${list}\n`)).failures;
}

const ENTER = "{at: bar 3, rule: enter, order: {side: buy, qty: 10, type: market, stop_loss: 90}}";

describe("expectations", () => {
  it("hold: order, position after the next open, equity, fact, silence elsewhere", async () => {
    const failures = await failuresOf(
      "100x2 106 108x3",
      ENTER,
      "{at: bar 3, position: {qty: 0}}",
      "{at: bar 4, position: {qty: 10, avg_price: 106}}",
      "{at: bar 4, equity: 100020, cash: 98940}",
      "{at: bar 2, fact: not high_enough}",
      "{at: bar 3, fact: close > line and high_enough}",
      "{at: bar 5, fact: position.qty == 10}",
    );
    expect(failures).toEqual([]);
  });

  it("name the bar at which it happened instead, once", async () => {
    const failures = await failuresOf("100x2 106 108x3", "{at: bar 5, rule: enter, order: {side: buy}}");
    expect(failures).toEqual([
      "6: bar 5: enter: buy | the nearest was at bar 3: enter: buy 10 SPY market stop_loss 90",
    ]);
  });

  it("name what is different about the order", async () => {
    const failures = await failuresOf(
      "100x2 106 108x3",
      "{at: bar 3, rule: enter, order: {side: sell, qty: '>10', limit: 3}}",
    );
    expect(failures).toEqual([
      "6: bar 3: enter: sell qty > 10 limit is 3 | bar 3: enter: buy 10 SPY market stop_loss 90; " +
        "side is buy, expected sell; qty is 10, expected qty > 10; limit is not set, expected limit is 3",
    ]);
  });

  it("say that a rule never fired", async () => {
    expect(await failuresOf("100x4", "{at: bar 3, rule: enter}")).toEqual([
      "6: bar 3: rule enter fires | rule enter never fired",
    ]);
  });

  it("fail on an order, and on a rule's alert, that is not listed", async () => {
    const failures = await failuresOf("100x2 106 125 125");
    expect(failures).toHaveLength(2);
    expect(failures.join()).toContain("bar 3: enter: buy 10 SPY market");
    expect(failures.join()).toContain("bar 4: alert (info) up at 125");
  });

  it("take alerts by a part of their message, and a rule with all it does", async () => {
    expect(await failuresOf("100x2 106 125", ENTER, "{at: bar 4, alert: up at 125}")).toEqual([]);
    expect(await failuresOf("100x2 106 125", "{at: bar 3, rule: enter}", "{at: bar 4, rule: shout}")).toEqual([]);
  });

  it("show the values of a condition that does not hold", async () => {
    const [failure] = await failuresOf("100x4", "{at: bar 3, fact: close > 101 or sma(30) > 3}");
    expect(failure).toBe("6: bar 3: close > 101 or sma(30) > 3 | unknown (close = 100, sma(30) = unknown)");
  });

  it("cannot be met at a bar that is missing", async () => {
    const [failure] = await failuresOf("100x2 _ 100", "{at: bar 3, fact: close == 100}");
    expect(failure).toContain("rules are not evaluated at this bar; the nearest evaluation is at bar 2");
  });

  it("take refusals by the risk layer; an unlisted refusal is no failure", async () => {
    const strategy = STRATEGY.replace("qty: 10}", "qty: 1000}")
      .replace("max_order_qty: 100", "max_orders_per_day: 1")
      .replace("size: {qty: 1000}", "size: {qty: 5000}");
    const bars = "  - name: case\n    given: {cash: 1000}\n    bars: {SPY: '100x2 106 108'}\n    expect:";
    const { failures } = await run(`${bars} []\n`, strategy);
    expect(failures).toEqual([]);
    const wrong = await run(`${bars}\n      - {at: bar 3, rule: enter, order: {qty: 1}}\n`, strategy);
    expect(wrong.failures[0]).toMatch(/bar 3: refused \w+: enter SPY/);
    const code = /refused (\w+)/.exec(wrong.failures[0] ?? "")?.[1];
    const right = await run(`${bars}\n      - {at: bar 3, refused: ${code}}\n`, strategy);
    expect(right.failures).toEqual([]);
  });

  it.each([
    ["max_order_qty", 3, "risk: {max_order_qty: 5}"],
    ["max_order_notional", 3, "risk: {max_order_notional: 500}"],
    ["max_gross", 3, "risk: {max_gross: 0.1%}"],
    ["max_net", 3, "risk: {max_net: 0.1%}"],
    ["max_concentration", 3, "risk: {max_concentration: 0.1%}"],
    ["reduce_only", 3, "risk: {reduce_only: [SPY]}"],
    ["tradable", 3, "risk: {deny: [SPY]}"],
    ["buying_power", 3, "cash: 1000"],
    ["max_orders_per_day", 4, "risk: {max_orders_per_day: 1}"],
    ["max_price_drift", 4, "risk: {max_price_drift: 0.1%}"],
    ["max_position", 4, "risk: {max_position: {qty: 10}}"],
  ])("take a refusal by the control %s under its name", async (control, bar, given) => {
    const enter = "  - {name: more, when: close > line, then: {buy: {size: {qty: 10}}}, fire: each}\n";
    const strategy = STRATEGY.replace("rules:\n", `max_entries: 9\nrules:\n${enter}`).replace(/^risk: .*\n/m, "");
    const bars = `given: {${given}}\n    bars: {SPY: '100x2 106 108x3'}`;
    const { failures } = await run(
      `  - name: case\n    ${bars}\n    expect:\n      - {at: bar ${bar}, rule: more, refused: ${control}}\n`,
      strategy,
    );
    expect(failures.filter((failure) => failure.includes(": more refused"))).toEqual([]);
  });

  it("take what a control cut down, with the order that was left", async () => {
    const test = (line: string): string =>
      `  - name: case\n    given: {risk: {max_position: {qty: 4}}}\n    bars: {SPY: '100x2 106 108x3'}\n    expect:\n      - {at: bar 3, rule: enter, order: {qty: 4}}\n      - ${line}\n`;
    expect((await run(test("{at: bar 3, rule: enter, clamped: max_position}"))).failures).toEqual([]);
    expect((await run(test("{at: bar 4, rule: enter, clamped: max_position}"))).failures).toEqual([
      "8: bar 4: enter clamped max_position | the nearest was at bar 3: clamped max_position: enter SPY: cut from 10 to 4 shares by the position limit",
    ]);
    expect((await run(test("{at: bar 3, clamped: max_gross}"))).failures).toHaveLength(1);
  });

  it("belong to a symbol where several are played", async () => {
    const { failures } = await run(`  - name: two
    bars: {SPY: '100x4', QQQ: '100x2 106 107'}
    expect:
      - {at: bar 3, symbol: QQQ, rule: enter, order: {side: buy}}
      - {at: bar 4, symbol: QQQ, position: {qty: 10}}
      - {at: bar 4, symbol: SPY, position: {qty: 0}}
      - {at: bar 4, symbol: SPY, fact: close == 100}
`);
    expect(failures).toEqual([]);
  });

  it("are held against the limits of the account that the test gives", async () => {
    const bars = "bars: {SPY: '100x2 106 108x3'}\n    expect:";
    const given = (risk: string): string => `  - name: case\n    given: {risk: ${risk}}\n    ${bars}`;
    const refused = await run(
      `${given("{max_order_notional: 500}")}\n      - {at: bar 3, refused: max_order_notional}\n`,
    );
    expect(refused.failures).toEqual([]);
    const wide = await run(
      `${given("{max_order_notional: 5000}")}\n      - {at: bar 3, rule: enter, order: {side: buy}}\n`,
    );
    expect(wide.failures).toEqual([]);
  });
});

describe("bars", () => {
  it("come before the start from history, larger ones too, and fire nothing", async () => {
    const { failures } = await run(`  - name: warm
    history: {SPY: [{on: 1d, close: 100+1x30}, {on: 5m, close: 110x5}]}
    bars: {SPY: '110x2'}
    expect:
      - {at: bar 1, fact: "sma(30, on: 1d) == 114.5"}
      - {at: bar 1, fact: "sma(6) == 110"}
`);
    expect(failures).toEqual([]);
  });

  it("make larger ones, and params are replaced", async () => {
    const { failures } = await run(`  - name: minutes
    given: {params: {line: 101}}
    bars: {SPY: {on: 1m, close: 100x5 102x5 102}}
    expect:
      - {at: bar 10, rule: enter, order: {qty: 10}}
`);
    expect(failures).toEqual([]);
  });

  it("come from rows and from a CSV file", async () => {
    const start = Date.parse("2024-03-04T14:30:00Z");
    const bars = [0, 1, 2].map((i) => ({
      start: start + i * 300_000,
      open: 100,
      high: 110,
      low: 99,
      close: 100 + 3 * i,
      volume: 5,
    }));
    const csv = new Map<string, CsvTable>([
      [
        csvKey({ path: "spy.csv", symbol: "SPY", size: undefined }),
        { size: { ...DAY, label: "5m", ms: 300_000, kind: "intraday" }, bars },
      ],
    ]);
    const { failures } = await run(
      `  - name: csv
    bars: {SPY: {file: spy.csv}}
    expect:
      - {at: 2024-03-04T09:45, rule: enter, order: {side: buy}}
  - name: rows
    bars: {SPY: [[100, 101, 99, 100], _, [100, 110, 99, 108, 7]]}
    expect:
      - {at: bar 3, fact: high == 110 and volume == 7}
      - {at: bar 3, rule: enter}
`,
      STRATEGY,
      csv,
    );
    expect(failures).toEqual([]);
  });
});

describe("coverage", () => {
  it("counts rules that fired and both answers of every comparison, over all tests", async () => {
    const tests = `  - name: up
    bars: {SPY: '100x2 106 108'}
    expect: [{at: bar 3, rule: enter}]
  - name: down
    bars: {SPY: '100 90'}
    expect: []
`;
    const { failures, runs } = await run(tests);
    expect(failures).toEqual([]);
    const { rules, comparisons, percent } = coverageOf(runs);
    expect(rules.map(({ rule, fired }) => [rule, fired])).toEqual([
      ["enter", 1],
      ["shout", 0],
      ["leave", 0],
    ]);
    expect(comparisons.map(({ text, place, wasTrue, wasFalse }) => [text, place.line, wasTrue, wasFalse])).toEqual([
      ["close > line", 7, true, true],
      ["volume >= 0", 10, true, false],
      ['{"fact":"close","operator":"greaterThan","value":120}', 13, false, true],
      ["close > 500", 13, false, true],
      ["close < 95", 16, true, true],
    ]);
    expect(percent).toBeCloseTo((100 * (1 + 2 + 1 + 1 + 1 + 2)) / (3 + 10), 9);
  });
});
