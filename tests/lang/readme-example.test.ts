import { describe, expect, it } from "vitest";
import { toCanonical } from "../../engine/core/canonical.ts";
import { compile } from "../../engine/lang/compile.ts";

const EXAMPLE = `# yaml-language-server: $schema=../schemas/strategy.schema.json
barwise: 1                        # language version
name: rsi-dip                     # identity: state, orders and history follow this name
description: Buys oversold dips in an uptrend and sells into strength.
symbols: [SPY, QQQ]               # a list, or {file: watchlists/tech.yaml}
on: 5m                            # a bar close of this size evaluates the rules
session: regular                  # regular | extended | always

params:                           # named constants; may be overridden by tests, the command line and sweeps
  oversold: 30

facts:                            # names for expressions; shared, computed once
  trend: sma(200, on: 1d)
  band: bollinger(20, 2)          # several outputs: band.upper, band.middle, band.lower

conditions:                       # named conditions, reusable in rules
  uptrend: close > trend

rules:
  - name: enter
    when: rsi(14) crosses below oversold and uptrend      # at most one entry is open at a time (max_entries)
    then:
      buy:
        size: {risk: 0.5%, stop: 2 * atr(14)}
        type: limit
        limit: close * 1.001
        time_in_force: day
        bracket: {stop_loss: close - 2 * atr(14), take_profit: close + 3 * atr(14)}
    cooldown: 30m

  - name: take-strength
    when:                         # the json-rules-engine form, freely mixed with strings
      any:
        - rsi(14) > 70
        - {fact: close, operator: greaterThan, value: {fact: band, params: {output: upper}}}
    then: {close: {}}

  - name: flat-before-the-bell
    when: session.minutes_to_close <= 10
    then: {close: {}}

risk: {max_position: 10%, max_orders_per_day: 6}    # may only tighten the account's limits
`;

describe("the example of the language page", () => {
  const { program, diagnostics } = compile({ "strategies/rsi-dip.strategy.yaml": EXAMPLE });

  it("compiles without a finding", () => {
    expect(diagnostics).toEqual([]);
    expect(program?.strategies).toHaveLength(1);
  });

  it("lowers to canonical json-rules-engine conditions", () => {
    const strategy = program?.strategies[0];
    if (strategy === undefined) throw new Error("no strategy");
    const [enter, strength, bell] = strategy.rules.map((rule) => toCanonical(strategy.facts, rule.condition));
    const rsi = { fact: "rsi", params: { period: 14 } };
    expect(enter).toEqual({
      all: [
        { fact: "rsi", params: { period: 14, lag: 1 }, operator: "greaterThanInclusive", value: 30 },
        { ...rsi, operator: "lessThan", value: 30 },
        { fact: "close", operator: "greaterThan", value: { fact: "sma", params: { period: 200, on: "1d" } } },
      ],
    });
    expect(strength).toEqual({
      any: [
        { ...rsi, operator: "greaterThan", value: 70 },
        {
          fact: "close",
          operator: "greaterThan",
          value: { fact: "bollinger", params: { period: 20, deviations: 2, output: "upper" } },
        },
      ],
    });
    expect(bell).toEqual({ fact: "session.minutes_to_close", operator: "lessThanInclusive", value: 10 });
  });

  it("knows how many bars each fact needs", () => {
    const strategy = program?.strategies[0];
    const warmups = Object.fromEntries((strategy?.facts ?? []).map((fact) => [fact.key, fact.warmup]));
    expect(warmups['sma{"on":"1d","period":200,"symbol":"@"}']).toBe(200);
    expect(warmups['rsi{"lag":1,"on":"5m","period":14,"symbol":"@"}']).toBe(16);
    expect(warmups['session.minutes_to_close{"on":"5m","symbol":"@"}']).toBe(0);
  });

  it("has the defaults of its actions", () => {
    const [enter, strength] = program?.strategies[0]?.rules ?? [];
    expect(enter).toMatchObject({ fire: "once", start: "wait", cooldown: { ms: 1_800_000 }, action: { kind: "buy" } });
    expect(strength).toMatchObject({
      fire: "each",
      action: { kind: "close", order: { type: "market", timeInForce: "day", extendedHours: false } },
    });
    expect(program?.strategies[0]?.risk).toEqual({ maxPositionRatio: 0.1, maxOrdersPerDay: 6 });
  });
});
