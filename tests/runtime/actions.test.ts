/** What rules do, from the YAML to the orders on the simulated exchange, as `barwise test` shows it. */
import { describe, expect, it } from "vitest";
import { runTests } from "../support/strategy-tests.ts";

/** A strategy of five-minute bars of SPY with these rules. */
function strategy(rules: string, head = ""): string {
  return `barwise: 1\nname: case\nsymbols: [SPY]\non: 5m\n${head}rules:\n${rules.replaceAll(/^/gm, "  ")}`;
}

async function failures(
  rules: string,
  bars: string,
  expected: readonly string[],
  head = "",
  given = "",
): Promise<string[]> {
  const items = expected.map((line) => `\n      - ${line}`).join("");
  const list = expected.length === 0 ? " []" : items;
  const test = `  - name: case\n${given === "" ? "" : `    given: ${given}\n`}    bars: {SPY: '${bars}'}\n    expect:${list}\n`;
  return (await runTests(test, strategy(rules, head))).failures;
}

describe("a group", () => {
  const LADDER = `- {name: large, when: close < 90, group: size, then: {buy: {size: {qty: 20}}}}
- {name: small, when: close < 95, group: size, then: {buy: {size: {qty: 10}}}}
- {name: leave, when: close > 110, then: {close: {}}}
`;

  it("fires the rule that stands first, and says which one did not", async () => {
    const got = await failures(LADDER, "100x3 85x2 120x2", [
      "{at: bar 4, rule: large, order: {side: buy, qty: 20}}",
      "{at: bar 4, rule: small, refused: group}",
      "{at: bar 6, rule: leave, order: {side: sell, qty: 20}}",
    ]);
    expect(got).toEqual([]);
  });

  it("fires the rule of higher priority before the one that stands first", async () => {
    const rules = LADDER.replace("close < 95,", "close < 95, priority: 1,");
    const got = await failures(rules, "100x3 85x2", [
      "{at: bar 4, rule: small, order: {side: buy, qty: 10}}",
      "{at: bar 4, rule: large, refused: group}",
    ]);
    expect(got).toEqual([]);
  });

  it("lets an exit go before an entry of higher priority", async () => {
    const rules = `- {name: enter, when: close > 100, then: {buy: {size: {qty: 10}}}}
- {name: more, when: close > 110, group: g, priority: 9, then: {buy: {size: {qty: 10}}}}
- {name: leave, when: close > 110, group: g, then: {close: {}}}
`;
    const got = await failures(rules, "100x2 105x2 115x3", [
      "{at: bar 3, rule: enter, order: {side: buy}}",
      "{at: bar 5, rule: leave, order: {side: sell, qty: 10}}",
      "{at: bar 5, rule: more, refused: exit_first}",
    ]);
    expect(got).toEqual([]);
  });
});

describe("a target", () => {
  const MARGIN = "{cash: 10000, leverage: 2}";

  it("buys, adds and sells what is missing, in whole shares, and closes at nothing", async () => {
    const rules = `- {name: tenth, when: close == 100, start: fire, then: {target: {weight: 10%}}}
- {name: fifth, when: close == 110, then: {target: {weight: 20%}}}
- {name: some, when: close == 90, then: {target: {qty: 5}}}
- {name: none, when: close == 80, then: {target: {weight: 0}}}
`;
    const got = await failures(
      rules,
      "100x2 110x2 90x2 80x2",
      [
        "{at: bar 1, rule: tenth, order: {side: buy, qty: 10, type: market, class: simple}}",
        "{at: bar 3, rule: fifth, order: {side: buy, qty: 8}}",
        "{at: bar 5, rule: some, order: {side: sell, qty: 13}}",
        "{at: bar 6, position: {qty: 5}}",
        "{at: bar 7, rule: none, order: {side: sell, qty: 5}}",
        "{at: bar 8, position: {qty: 0}}",
      ],
      "",
      "{cash: 10000}",
    );
    expect(got).toEqual([]);
  });

  it("reverses: closes, waits for the fill, sizes again, opens with its bracket", async () => {
    const rules = `- {name: up, when: close == 100, start: fire, then: {target: {weight: 50%}}}
- name: down
  when: close == 110
  then: {target: {weight: -50%, short: true, bracket: {stop_loss: 130, take_profit: 90}}}
`;
    const got = await failures(
      rules,
      "100x3 110x4",
      [
        "{at: bar 1, rule: up, order: {side: buy, qty: 50}}",
        "{at: bar 4, rule: down, order: {side: sell, qty: 50, class: simple}}",
        // The position is closed at the open of bar 5; what is worth half of 10,500 dollars at 110 goes out then.
        "{at: bar 5, rule: down, order: {side: sell, qty: 47, class: bracket, stop_loss: 130, take_profit: 90}}",
        "{at: bar 7, position: {qty: -47}}",
      ],
      "",
      MARGIN,
    );
    expect(got).toEqual([]);
  });

  it("is followed each time with a tolerance, and keeps parts of shares", async () => {
    const rules = `- name: half
  when: close > 1
  fire: each
  then: {target: {weight: 50%, tolerance: 10%, fractional: true}}
- {name: leave, when: close < 1, then: {close: {}}}
`;
    const got = await failures(
      rules,
      "30x2 31 40x3",
      [
        "{at: bar 1, rule: half, order: {side: buy, qty: 166.666666666}}",
        // 166.67 shares at 40 are 57% of 11,666.67 dollars.
        "{at: bar 4, rule: half, order: {side: sell, qty: '>20'}}",
        "{at: bar 6, position: {qty: '<146'}}",
      ],
      "",
      "{cash: 10000}",
    );
    expect(got).toEqual([]);
  });

  it("and another one at the same evaluation are both refused, unless one has priority", async () => {
    const rules = `- {name: small, when: close == 110, then: {target: {qty: 5}}}
- {name: large, when: close == 110 and close > open, then: {target: {qty: 9}}}
`;
    const both = await failures(rules, "100x2 110x2", [
      "{at: bar 3, rule: small, refused: conflict}",
      "{at: bar 3, rule: large, refused: conflict}",
    ]);
    expect(both).toEqual([]);
    const one = await failures(
      rules.replace("then: {target: {qty: 5}}", "priority: 1, then: {target: {qty: 5}}"),
      "100x2 110x2",
      ["{at: bar 3, rule: small, order: {qty: 5}}", "{at: bar 3, rule: large, refused: conflict}"],
    );
    expect(one).toEqual([]);
  });

  it("is cut down by the position limit, and says so", async () => {
    const rules = `- {name: much, when: close == 100, start: fire, then: {target: {weight: 50%}}}
- {name: leave, when: close < 1, then: {close: {}}}
`;
    const got = await failures(
      rules,
      "100x3",
      ["{at: bar 1, rule: much, order: {qty: 20}}"],
      "risk: {max_position: 20%}\n",
      "{cash: 10000}",
    );
    expect(got).toEqual([]);
  });
});

describe("reverse: true", () => {
  it("turns the position around, and opens nothing when the limits on entries say no", async () => {
    const rules = `- {name: up, when: close == 100, start: fire, then: {buy: {size: {qty: 10}, reverse: true}}}
- {name: down, when: close == 110, then: {sell: {size: {qty: 4}, short: true, reverse: true}}}
`;
    const got = await failures(
      rules,
      "100x3 110x3 100x4",
      [
        "{at: bar 1, rule: up, order: {side: buy, qty: 10}}",
        "{at: bar 4, rule: down, order: {side: sell, qty: 10}}",
        "{at: bar 5, rule: down, order: {side: sell, qty: 4}}",
        "{at: bar 7, rule: up, order: {side: buy, qty: 4}}",
        "{at: bar 8, rule: up, refused: max_orders_per_day}",
        "{at: bar 10, position: {qty: 0}}",
      ],
      "risk: {max_orders_per_day: 2}\n",
      "{leverage: 2}",
    );
    expect(got).toEqual([]);
  });
});

describe("an oco", () => {
  const RULES = `- {name: in, when: close == 100, start: fire, then: {buy: {size: {qty: 10}, oto: {stop_loss: 90}}}}
- name: secure
  when: position.unrealized_pct > 4%
  then: {close: {oco: {stop_loss: position.avg_price, take_profit: close * 1.1}, time_in_force: gtc}}
`;

  it("replaces the stop of the entry, and one of its orders cancels the other", async () => {
    const got = await failures(RULES, "100x2 105x2 101 99x3", [
      "{at: bar 1, rule: in, order: {class: oto, qty: 10, stop_loss: 90}}",
      "{at: bar 3, rule: secure, order: {class: oco, side: sell, qty: 10, stop_loss: 100, take_profit: 115.5, time_in_force: gtc}}",
      "{at: bar 5, position: {qty: 10}}",
      "{at: bar 6, position: {qty: 0}}",
    ]);
    expect(got).toEqual([]);
    const profit = await failures(RULES, "100x2 105x2 116x3", [
      "{at: bar 1, rule: in, order: {class: oto}}",
      "{at: bar 3, rule: secure, order: {class: oco}}",
      "{at: bar 5, position: {qty: 0}}",
      "{at: bar 5, cash: 100155}",
    ]);
    expect(profit).toEqual([]);
  });

  it("on a part leaves the rest with the bracket it had", async () => {
    const rules = `- {name: in, when: close == 100, start: fire, then: {buy: {size: {qty: 10}, bracket: {stop_loss: 80, take_profit: 130}}}}
- name: half
  when: position.unrealized_pct > 4%
  then: {reduce: {by: 50%, oco: {stop_loss: 100, take_profit: 120}}}
`;
    const got = await failures(rules, "100x2 105x2 121x2 79x2", [
      "{at: bar 1, rule: in, order: {class: bracket}}",
      "{at: bar 3, rule: half, order: {class: oco, qty: 5, stop_loss: 100, take_profit: 120}}",
      "{at: bar 3, rule: half, order: {class: oco, qty: 5, stop_loss: 80, take_profit: 130}}",
      "{at: bar 5, position: {qty: 5}}",
      "{at: bar 7, position: {qty: 0}}",
    ]);
    expect(got).toEqual([]);
  });
});
