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
