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

describe("a size", () => {
  /** What `buy` sends at a close of 100 with 10,000 dollars, and the refusals. */
  const sent = async (form: string, expected: string, head = ""): Promise<string[]> => {
    const rules = `- {name: go, when: close == 100, then: {buy: {${form}}}}\n- {name: leave, when: close < 1, then: {close: {}}}\n`;
    return failures(
      rules,
      "99 100x2",
      expected.split(" & ").map((one) => `{at: bar 2, ${one}}`),
      head,
      "{cash: 10000, params: {}}",
    );
  };

  it.each([
    ["size: {qty: 10.9}", "rule: go, order: {qty: 10, class: simple, type: market, time_in_force: day}"],
    ["size: {qty: close / 8}", "rule: go, order: {qty: 12}"],
    ["size: {notional: 1050}", "rule: go, order: {qty: 10}"],
    ["size: {notional: 1050}, fractional: true", "rule: go, order: {qty: 10.5}"],
    ["size: {equity: 10%}", "rule: go, order: {qty: 10}"],
    ["size: {equity: 5% + 5%}, limit: close * 0.951", "rule: go, order: {qty: 10, type: limit, limit: 95.1}"],
    ["size: {risk: 1%, stop: 5}", "rule: go, order: {qty: 20, class: simple}"],
    ["size: {risk: 1%, stop: close * 4%}", "rule: go, order: {qty: 25}"],
    [
      "size: {risk: 1%}, bracket: {stop_loss: close - 4, take_profit: close + 8}",
      "rule: go, order: {qty: 25, class: bracket, stop_loss: 96, take_profit: 108}",
    ],
    ["size: {risk: 1%}, oto: {stop_loss: close - 4}", "rule: go, order: {qty: 25, class: oto, stop_loss: 96}"],
    [
      "size: {risk: 1%}, stop: close + 1, oto: {stop_loss: close - 3}",
      "rule: go, order: {qty: 25, type: stop, stop: 101}",
    ],
    ["size: {qty: 1}, stop: 101, limit: close * 1.02", "rule: go, order: {type: stop_limit, stop: 101, limit: 102}"],
    [
      "size: {qty: 1}, trail: 2%, time_in_force: gtc",
      "rule: go, order: {type: trailing_stop, trail: 2, time_in_force: gtc}",
    ],
    ["size: {qty: 1}, trail: close * 3%", "rule: go, order: {type: trailing_stop, trail: 3}"],
    ["size: {notional: 50}", "rule: go, refused: size_zero"],
    ["size: {qty: close - 100}", "rule: go, refused: size_invalid"],
    ["size: {risk: 1%, stop: close - 100}", "rule: go, refused: stop_invalid"],
    ["size: {qty: 1}, bracket: {stop_loss: close + 1}", "rule: go, refused: bracket_invalid"],
    ["size: {qty: 1}, limit: close - 100", "rule: go, refused: price_invalid"],
    ["size: {equity: 200%}", "rule: go, refused: buying_power"],
  ])("%s", async (form, expected) => {
    expect(await sent(form, expected)).toEqual([]);
  });

  it("is cut to the position limit, and the cut is said", async () => {
    const expected =
      'rule: go, order: {qty: 20} & alert: buy SPY of rule "go" was cut from 50 to 20 shares by the position limit';
    expect(await sent("size: {qty: 50}", expected, "risk: {max_position: 20%}\n")).toEqual([]);
  });

  it("of a target that is less than one share is refused, not forgotten", async () => {
    const rules = `- {name: go, when: close == 100, then: {target: {weight: 0.5%}}}\n- {name: leave, when: close < 1, then: {close: {}}}\n`;
    const got = await failures(rules, "99 100x2", ["{at: bar 2, rule: go, refused: size_zero}"], "", "{cash: 10000}");
    expect(got).toEqual([]);
  });
});

describe("a sell", () => {
  it("is clamped to the holding, and opens a short only with short: true", async () => {
    const rules = `- {name: in, when: close == 100, start: fire, then: {buy: {size: {qty: 5}}}}
- {name: out, when: close == 101, then: {sell: {size: {qty: 50}, limit: close - 1, expire_after: 10m}}}
- {name: again, when: close == 102, then: {sell: {size: {qty: 50}}}}
- {name: short, when: close == 103, then: {sell: {size: {qty: 4}, short: true, bracket: {stop_loss: close + 5}}}}
`;
    const got = await failures(
      rules,
      "100x2 101x2 102x2 103x2",
      [
        "{at: bar 1, rule: in, order: {side: buy, qty: 5}}",
        "{at: bar 3, rule: out, order: {side: sell, qty: 5, type: limit, limit: 100}}",
        "{at: bar 5, rule: again, refused: nothing_to_sell}",
        "{at: bar 7, rule: short, order: {side: sell, qty: 4, class: oto, stop_loss: 108}}",
        "{at: bar 8, position: {qty: -4}}",
      ],
      "",
      "{leverage: 2}",
    );
    expect(got).toEqual([]);
  });
});

describe("a sell that cannot open", () => {
  it("goes before an entry of the same evaluation while something is held, and repeats until it is sold", async () => {
    const rules = `- {name: in, when: close == 100, start: fire, then: {buy: {size: {qty: 5}}}}
- {name: more, when: close == 110, priority: 3, then: {buy: {size: {qty: 5}}}}
- {name: out, when: close == 110, fire: each, limit: 2/day, then: {sell: {size: {qty: 3}}}}
`;
    const got = await failures(rules, "100x2 110x4 100 110x2", [
      "{at: bar 1, rule: in, order: {side: buy, qty: 5}}",
      "{at: bar 3, rule: out, order: {side: sell, qty: 3}}",
      "{at: bar 3, rule: more, refused: exit_first}",
      "{at: bar 4, rule: out, order: {side: sell, qty: 2}}",
      "{at: bar 6, position: {qty: 0}}",
      "{at: bar 7, rule: in, order: {side: buy, qty: 5}}",
      "{at: bar 8, rule: more, refused: max_entries}",
    ]);
    expect(got).toEqual([]);
  });
});

describe("an alert", () => {
  it("tells prices, percentages, times, durations and what is unknown", async () => {
    const rules = `- {name: in, when: close == 100, start: fire, then: {buy: {size: {qty: 10}}}}
- name: say
  when: close == 103
  then: {alert: {message: "{close} is {position.unrealized_pct} up at {time} after {position.age}; {close / 3}, {sma(50)}", level: warning}}
- {name: leave, when: close > 110, then: {close: {}}}
`;
    const got = await failures(rules, "100x2 103", [
      "{at: bar 1, rule: in, order: {qty: 10}}",
      "{at: bar 3, rule: say, alert: '103 is 3% up at 09:45 after 10m; 34.3333, unknown', level: warning}",
    ]);
    expect(got).toEqual([]);
    const wrong = await failures(rules, "100x2 103", [
      "{at: bar 1, rule: in, order: {qty: 10}}",
      "{at: bar 3, alert: 103 is, level: critical}",
    ]);
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toContain('alert (critical) "103 is"');
  });
});

describe("cancel", () => {
  it("takes back working entries, each time there is one", async () => {
    const rules = `- {name: in, when: close == 100, start: fire, then: {buy: {size: {qty: 10}, limit: 90, time_in_force: gtc}}}
- {name: back, when: close > 101, then: {cancel: {}}}
- {name: leave, when: close > 110, then: {close: {}}}
`;
    const got = await failures(rules, "100x2 102x2 100 102 85x2", [
      "{at: bar 1, rule: in, order: {qty: 10, limit: 90}}",
      "{at: bar 3, rule: back}",
      "{at: bar 5, rule: in, order: {qty: 10}}",
      "{at: bar 6, rule: back}",
      "{at: bar 8, position: {qty: 0}}",
    ]);
    expect(got).toEqual([]);
  });
});

describe("max_entries", () => {
  it("counts working and filled entries, and starts again when the position is flat", async () => {
    const rules = `- {name: in, when: close > 100, fire: each, then: {buy: {size: {qty: 1}}}}
- {name: leave, when: close < 100, then: {close: {}}}
`;
    const got = await failures(
      rules,
      "100 101x4 99x2 101x2",
      [
        "{at: bar 2, rule: in, order: {qty: 1}}",
        "{at: bar 3, rule: in, order: {qty: 1}}",
        "{at: bar 4, rule: in, refused: max_entries}",
        "{at: bar 6, rule: leave, order: {qty: 2}}",
        "{at: bar 8, rule: in, order: {qty: 1}}",
        "{at: bar 9, rule: in, order: {qty: 1}}",
      ],
      "max_entries: 2\n",
    );
    expect(got).toEqual([]);
  });
});

describe("an approval", () => {
  const rules = `- {name: small, when: close == 101, then: {buy: {size: {qty: 10}}}}
- {name: large, when: close == 102, then: {target: {notional: 30000}}}
- {name: leave, when: close == 103, then: {close: {}}}
`;
  const policy = "approval: {when: order.notional > 25000, expires: 30m}\n";
  const asks = "{at: bar 4, rule: large, approval: {side: buy, qty: 284, type: limit, limit: 102.51}}";
  const small = "{at: bar 2, rule: small, order: {qty: 10}}";

  it("asks a person, and never about an exit, which takes it back", async () => {
    const got = await failures(
      rules,
      "100 101x2 102x2 103x2",
      [
        small,
        asks,
        "{at: bar 6, rule: large, refused: approval_withdrawn}",
        "{at: bar 6, rule: leave, order: {side: sell, qty: 10}}",
      ],
      policy,
    );
    expect(got).toEqual([]);
  });

  it("sends what a person of the test approves, as they edit it", async () => {
    const got = await failures(
      rules,
      "100 101x2 102x4",
      [small, asks, "{at: bar 5, rule: large, order: {qty: 100, type: limit}}", "{at: bar 6, position: {qty: 110}}"],
      policy,
      "{decisions: [{at: bar 5, rule: large, approve: ann, edit: {qty: 100}}]}",
    );
    expect(got).toEqual([]);
  });

  it("is refused by a person of the test, expires, or is answered for everybody", async () => {
    const run = async (given: string, expected: readonly string[], more = policy): Promise<readonly string[]> =>
      failures(rules, "100 101x2 102x8", [small, ...expected], more, given);
    const no = "{at: bar 4, rule: large, refused: approval_rejected}";
    expect(await run("{decisions: [{at: bar 4, reject: ann}]}", [asks, no])).toEqual([]);
    const late = "{at: bar 6, rule: large, refused: approval_expired}";
    expect(await run("", [asks, late], policy.replace("30m", "10m"))).toEqual([]);
    expect(await run("{approvals: auto}", ["{at: bar 4, rule: large, order: {qty: 284, type: limit}}"])).toEqual([]);
    expect(await run("{approvals: none}", [no])).toEqual([]);
  });

  it("fails a test that does not expect it, or decides when nobody is asked, or in vain", async () => {
    expect(await failures(rules, "100 102x2", [], policy)).toEqual([
      expect.stringContaining("asks a person: large: buy 294 SPY limit limit 102.51"),
    ]);
    const early = await failures(rules, "100 100 102x2", [], policy, "{decisions: [{at: bar 2, approve: ann}]}");
    expect(early).toContainEqual(expect.stringContaining("no request waits for a person then"));
    const listed = policy.replace("expires", "approvers: {cli: [bob]}, expires");
    const vain = await failures(
      rules,
      "100 102x2",
      ["{at: bar 2, rule: large, approval: {qty: 294}}"],
      listed,
      "{decisions: [{at: bar 2, approve: ann}]}",
    );
    expect(vain).toEqual([expect.stringContaining("refused not_an_approver")]);
  });
});
