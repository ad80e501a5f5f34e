/** What a plan says of two programs: marks, changes in words, state, warm-up, guards. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OrderView } from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import { compile } from "../../engine/lang/compile.ts";
import { formatFiles } from "../../engine/lang/format.ts";
import { isEmpty, planBetween, planning } from "../../engine/lang/plan/plan.ts";
import type { Plan, PlanState } from "../../engine/lang/plan/types.ts";
import { planLines, planSummary } from "../../engine/report/plan.ts";

const HEAD = "barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\n";

function programOf(...texts: readonly string[]): Program {
  const files = Object.fromEntries(
    texts.map((text, i) => [/^rules:/m.test(text) ? `${i}.strategy.yaml` : "barwise.yaml", text]),
  );
  const { program, diagnostics } = compile(files);
  if (program === null) throw new Error(diagnostics.map(({ file, message }) => `${file}: ${message}`).join("\n"));
  return program;
}

function linesOf(plan: Plan): string[] {
  return planLines(plan, { unchanged: true }).map(({ text }) => text.replaceAll(/ {2,}/g, "  "));
}

function codesOf(plan: Plan): string[] {
  return plan.findings.map(({ code, rule }) => (rule === null ? code : `${code} ${rule}`));
}

/** One strategy with these rules, before and after. */
function between(before: string, after: string, state?: PlanState): Plan {
  return planBetween(programOf(`${HEAD}${before}`), programOf(`${HEAD}${after}`), state ?? null);
}

const rules = (...all: readonly string[]): string => `rules:\n${all.map((rule) => `  - ${rule}\n`).join("")}`;
const enter = (when = "close > 1", more = "", buy = "size: {qty: 1}"): string =>
  `{name: enter, when: "${when}", then: {buy: {${buy}}}${more}}`;
const leave = (when = "close < 1", more = "", close = ""): string =>
  `{name: leave, when: "${when}", then: {close: {${close}}}${more}}`;

function held(symbol = "SPY"): PlanState {
  return { positions: [{ strategy: "a", symbol, qty: "50", avgPrice: "187.2" }], orders: [] };
}

const ORDER: OrderView = {
  clientOrderId: "c",
  brokerOrderId: "b",
  strategy: "a",
  rule: "enter",
  firing: "f",
  symbol: "SPY",
  side: "buy",
  role: "entry",
  qty: "5",
  type: "limit",
  limitPrice: "1",
  stopPrice: null,
  state: "working",
  filledQty: "0",
  avgPrice: null,
  reason: null,
};

describe("a plan", () => {
  it("says the words of the documentation", () => {
    const before = rules("{name: stop-loss, when: rsi(14) > 70, then: {close: {}}}", leave());
    const plan = between(before, rules("{name: stop-loss, when: rsi(14) > 65, then: {close: {}}}"), held());
    expect(linesOf(plan)).toEqual([
      "~ a  1 open position: SPY 50 @ 187.20",
      "  ~ stop-loss  rsi(14) > 70 -> rsi(14) > 65 (threshold 70 -> 65)",
      "  anew: latch",
      "  - leave  ! plan/exit-removed: an exit goes while a position is open",
    ]);
    expect(planSummary(plan)).toBe(
      `Plan: 0 to add, 1 to change, 0 to remove. digest ${plan.from.slice(0, 6)} -> ${plan.to.slice(0, 6)}`,
    );
  });

  it("is empty for another layout, order of keys, comments and spelling", () => {
    const before = `${HEAD}# a remark\nparams: {line: 30}\nrules:\n  - name: enter\n    when: rsi(14) < line and close > 1\n    then: {buy: {size: {qty: 1}}}\n`;
    const after = `on: 5m\nname: a\nbarwise: 1\nsymbols: [SPY]\nparams: {limit: 30, other: 5}\nrules:\n  - then: {buy: {size: {qty: 1}}}\n    when: {all: [{fact: rsi, params: {period: 14}, operator: lessThan, value: limit}, "close>1"]}\n    name: enter\n`;
    const plan = planBetween(programOf(before), programOf(after));
    expect(isEmpty(plan)).toBe(true);
    expect(linesOf(plan)).toEqual(["= a  unchanged, state kept"]);
    expect(plan.findings).toEqual([]);
  });

  it("names strategies that come and go, and what the new ones need", () => {
    const one = `${HEAD}${rules(leave())}`;
    const two = `barwise: 1\nname: b\nsymbols: [SPY, QQQ]\non: 5m\nrules:\n  - {name: enter, when: "close > sma(50)", then: {buy: {size: {qty: 1}}}}\n`;
    expect(linesOf(planBetween(programOf(one), programOf(two)))).toEqual([
      "- a",
      "  - leave",
      "+ b  warms 50 x 5m QQQ and 50 x 5m SPY",
      '  ! plan/entry-added: new strategy "b" enters SPY and QQQ by "enter"',
      "  + enter  close > sma(50): buy 1 shares, at the market (day)",
    ]);
  });

  it("says of bars that no history has that they are counted", () => {
    const two = `barwise: 1\nname: b\nsymbols: [SPY]\non: 500 ticks\nrules:\n  - {name: leave, when: "close > sma(9) and close > sma(20, on: 1d)", then: {close: {}}}\n`;
    const plan = planBetween(programOf(`${HEAD}${rules(leave())}`), programOf(two));
    expect(linesOf(plan).filter((line) => line.includes(" x "))).toEqual([
      "+ b  warms 20 x 1d SPY",
      "  counts 9 x 500 ticks SPY from trades before all is known",
    ]);
    expect(plan.strategies[1]?.warmup).toEqual([
      { symbol: "SPY", size: "1d", bars: 20 },
      { symbol: "SPY", size: "500 ticks", bars: 9, counted: true },
    ]);
  });

  it("looks at the facts of one strategy and at the names of a hundred rules a step, at most", () => {
    const one = (name: string, count: number, level: number): string =>
      `barwise: 1\nname: ${name}\nsymbols: [SPY]\non: 5m\n` +
      rules(
        ...Array.from(
          { length: count },
          (_, i) => `{name: r${i}, when: close > ${level + i}, then: {alert: {message: x}}}`,
        ),
      );
    const others = ["b", "c", "d"].map((name) => one(name, 1, 1));
    const before = programOf(one("a", 130, 1), ...others);
    const after = programOf(one("a", 130, 2), ...others);
    const reads = { facts: new Set<string>(), rules: 0 };
    const watched: Program = {
      ...before,
      strategies: before.strategies.map((strategy) => ({
        ...strategy,
        get facts() {
          reads.facts.add(strategy.name);
          return strategy.facts;
        },
        rules: strategy.rules.map((rule) => ({
          ...rule,
          get name() {
            reads.rules++;
            return rule.name;
          },
        })),
      })),
    };
    const work = planning(watched, after, null);
    const most = { facts: 0, rules: 0 };
    for (let step = work.next(); ; step = work.next()) {
      // The strategy that changes stands beside each of the others.
      most.facts = Math.max(most.facts, [...reads.facts].filter((name) => name !== "a").length);
      most.rules = Math.max(most.rules, reads.rules);
      reads.facts.clear();
      reads.rules = 0;
      if (step.done !== true) continue;
      expect(codesOf(step.value)).toEqual(codesOf(planBetween(before, after)));
      expect(linesOf(step.value)).toEqual(linesOf(planBetween(before, after)));
      break;
    }
    expect(most).toEqual({ facts: 1, rules: 100 });
  });

  it("asks for no bars of facts that another strategy computes already", () => {
    const with20 = `${HEAD}${rules(leave("close < sma(20)"))}`;
    const other = (on: string): string =>
      `barwise: 1\nname: b\nsymbols: [SPY]\non: ${on}\nrules:\n  - {name: leave, when: "close > sma(20)", then: {close: {}}}\n`;
    const warmup = (on: string): unknown =>
      planBetween(programOf(with20), programOf(with20, other(on))).strategies[1]?.warmup;
    expect(warmup("5m")).toEqual([]);
    expect(warmup("15m")).toEqual([{ symbol: "SPY", size: "15m", bars: 20 }]);
  });

  it.each([
    ["rsi(14) > 70", "rsi(14) > 65", "rsi(14) > 70 -> rsi(14) > 65 (threshold 70 -> 65)"],
    ["rsi(14) > 70", "rsi(14) >= 70", "rsi(14) > 70 -> rsi(14) >= 70"],
    ["rsi(14) > 70", "rsi(10) > 70", "rsi(14) > 70 -> rsi(10) > 70"],
    ["close < sma(20)", "close < sma(30)", "close < sma(20) -> close < sma(30)"],
    [
      "rsi(14) crosses below 30",
      "rsi(14) crosses below 35",
      "rsi(14) crosses below 30 -> rsi(14) crosses below 35 (threshold 30 -> 35)",
    ],
    ["not close > 2", "not close > 3", "not close > 2 -> not close > 3 (threshold 2 -> 3)"],
    ["close > 2 and open > 1", "close > 2", "drops and open > 1"],
    ["close > 2", "close > 2 or open > 1", "adds or open > 1"],
    ["close > 2 for 3 bars", "close > 2 for 5 bars", "(close > 2) for 3 bars -> (close > 2) for 5 bars"],
    ["close > 2 and open > 1", "close > 2 or open > 1", "when close > 2 and open > 1 -> close > 2 or open > 1"],
    ["close > 2 and open > 1", "open > 1 and close > 2", "when close > 2 and open > 1 -> open > 1 and close > 2"],
    ["close > 2", "volume > 100", "when close > 2 -> volume > 100"],
    [
      "close > 2 and (open > 1 or high > 5)",
      "close > 2 and (open > 1 or high > 6)",
      "high > 5 -> high > 6 (threshold 5 -> 6)",
    ],
  ])("reads %s becoming %s", (before, after, words) => {
    const plan = between(rules(leave(before)), rules(leave(after)));
    const [strategy] = plan.strategies;
    expect(strategy?.rules.map(({ mark }) => mark)).toEqual(["change"]);
    const texts = linesOf(plan).map((line) => line.replace(/^ *(?:~ leave)? */, ""));
    expect(texts).toContain(words);
  });

  it.each([
    ["size: {qty: 1}", "size: {qty: 2}", "size.qty 1 -> 2"],
    ["size: {equity: 10%}", "size: {equity: 20%}", "size.equity 10% -> 20%"],
    ["size: {qty: 1}", "size: {notional: 500}", "size.notional: adds 500"],
    ["size: {qty: 1}", "size: {qty: 1}, limit: close * 1.01", "type market -> limit"],
    ["size: {qty: 1}, limit: close", "size: {qty: 1}, limit: close * 1.01", "limit close -> close * 1.01"],
    ["size: {qty: 1}", "size: {qty: 1}, time_in_force: gtc", "time_in_force day -> gtc"],
    ["size: {qty: 1}, expire_after: 5m, limit: close", "size: {qty: 1}, limit: close", "expire_after: drops 5m"],
    [
      "size: {qty: 1}, bracket: {stop_loss: close - 1}",
      "size: {qty: 1}, bracket: {stop_loss: close - 2}",
      "bracket.stop_loss close - 1 -> close - 2",
    ],
  ])("reads the action %s becoming %s", (before, after, words) => {
    const plan = between(rules(enter("close > 1", "", before), leave()), rules(enter("close > 1", "", after), leave()));
    expect(linesOf(plan).join("\n")).toContain(words);
  });

  it.each([
    ["", ", cooldown: 30m", "cooldown: adds 30m"],
    [", cooldown: 30m", ", cooldown: 5 bars", "cooldown 30m -> 5 bars"],
    [", limit: 3/day", ", limit: 2/day", "limit 3/day -> 2/day"],
    ["", ", fire: each", "fire once -> each"],
    ["", ", start: fire", "start wait -> fire"],
    ["", ", priority: 3", "priority 0 -> 3"],
    ["", ", once_per: session", "once_per: adds session"],
    ["", ', rearm: "close < 0.5"', "rearm none -> close < 0.5"],
  ])("reads the firing %s becoming %s", (before, after, words) => {
    const plan = between(rules(enter("close > 1", before), leave()), rules(enter("close > 1", after), leave()));
    expect(linesOf(plan).join("\n")).toContain(words);
  });

  it.each([
    ["max_entries: 1\n", "max_entries: 3\n", "max_entries 1 -> 3 (looser)"],
    ["risk: {max_position: 10%}\n", "risk: {max_position: 5%}\n", "risk.max_position 10% -> 5% (tighter)"],
    ["", "risk: {max_orders_per_day: 5}\n", "risk.max_orders_per_day: adds 5 (tighter)"],
    ["on_failure: flatten\n", "", "on_failure flatten -> hold (looser)"],
    ["facts: {base: sma(20)}\n", "facts: {base: sma(30)}\n", "fact base sma(20) -> sma(30)"],
    ["session: regular\n", "session: extended\n", "session regular -> extended"],
  ])("reads the setting %s becoming %s", (before, after, words) => {
    expect(linesOf(between(before + rules(leave()), after + rules(leave()))).join("\n")).toContain(words);
  });

  it("tells params beside what they change, symbols and limits of the account", () => {
    const text = (line: number, symbols: string): string =>
      `barwise: 1\nname: a\nsymbols: [${symbols}]\non: 5m\nparams: {line: ${line}}\n${rules(leave("rsi(14) > line"))}`;
    const before = programOf(text(70, "SPY, QQQ"), "barwise: 1\nrisk: {max_daily_loss: 2%}\n");
    const after = programOf(text(65, "SPY, IWM"), "barwise: 1\nrisk: {max_daily_loss: 3%}\ngrace: 3s\n");
    expect(linesOf(planBetween(before, after))).toEqual([
      "~ account  risk.max_daily_loss 2% -> 3% (looser)",
      "  grace 2s -> 3s",
      "  ! plan/limit-loosened: the limit max_daily_loss of the account is looser",
      "~ a  warms 15 x 5m IWM",
      "  symbols: adds IWM, drops QQQ",
      "  param line 70 -> 65",
      "  ~ leave  rsi(14) > 70 -> rsi(14) > 65 (threshold 70 -> 65)",
      "  anew: latch",
    ]);
  });

  it("sees rules in another order, and rules with another name", () => {
    const [one, two] = [enter(), leave()];
    expect(linesOf(between(rules(one, two), rules(two, one)))[0]).toBe(
      "~ a  order of rules enter, leave -> leave, enter",
    );
    const renamed = between(rules(one, two), rules(one, two.replace("leave", "go")));
    expect(linesOf(renamed)).toEqual(["~ a", '  ~ go  was "leave"', "  anew: latch"]);
    expect(renamed.findings).toEqual([]);
  });

  it("shows what is held and working, also where nothing changes", () => {
    const text = rules(enter(), leave());
    expect(linesOf(between(text, text, { ...held(), orders: [ORDER] }))).toEqual([
      "= a  1 open position: SPY 50 @ 187.20",
      "  1 working order: entry buy 5 SPY limit",
      "  unchanged, state kept",
    ]);
  });
});

describe("what a rule remembers", () => {
  const stateOf = (before: string, after: string): unknown =>
    between(rules(before), rules(after)).strategies[0]?.rules.at(-1)?.state;

  it("is its counters by name when it changed, and what counts when that did not", () => {
    const [timed, more] = ["close > 2 for 3 bars", "close > 2 for 3 bars and open > 1"];
    expect(stateOf(leave("close < 2", ", cooldown: 30m"), leave("close < 3", ", cooldown: 30m"))).toEqual({
      latch: "anew",
      counters: "kept",
      timers: null,
    });
    expect(stateOf(leave(timed), leave(more))).toEqual({ latch: "anew", counters: null, timers: "kept" });
    expect(stateOf(leave(timed), leave("close > 3 for 3 bars"))).toMatchObject({ timers: "anew" });
  });

  it("is everything when it did not change, and nothing when it is new", () => {
    const both = between(
      rules(leave("close < 2", ", limit: 3/day")),
      rules(enter(), leave("close < 2", ", limit: 3/day")),
    );
    expect(both.strategies[0]?.rules.map(({ name, state }) => [name, state])).toEqual([
      ["enter", { latch: "anew", counters: null, timers: null }],
      ["leave", { latch: "kept", counters: "kept", timers: null }],
    ]);
  });
});

describe("a guard", () => {
  it("is silent about exits when nothing is held and nothing enters", () => {
    const [before, after] = [rules(leave(), enter().replace("buy: {size: {qty: 1}}", "cancel: {}")), rules(enter())];
    const other = after.replace("buy: {size: {qty: 1}}", "cancel: {}");
    expect(codesOf(between(before, other))).toEqual([]);
    expect(codesOf(between(before, other, held()))).toEqual(["plan/exit-removed leave"]);
    expect(codesOf(between(rules(leave(), enter()), after))).toEqual(["plan/exit-removed leave"]);
  });

  it("takes an exit for kept when others do as much at all of its moments", () => {
    const two = rules(enter(), leave("close < 1"), leave("rsi(14) > 70").replace("leave", "strong"));
    expect(codesOf(between(two, rules(enter(), leave("close < 1 or rsi(14) > 70"))))).toEqual([]);
    expect(codesOf(between(two, rules(enter(), leave("close < 1 or rsi(14) > 75"))))).toEqual([
      "plan/exit-removed strong",
    ]);
    const half = leave("close < 1 or rsi(14) > 70").replace("close: {}", "reduce: {by: 50%}");
    expect(codesOf(between(two, rules(enter(), half)))).toEqual([
      "plan/exit-narrowed leave",
      "plan/exit-removed strong",
    ]);
  });

  it.each([
    [leave("rsi(14) > 70"), leave("rsi(14) > 75")],
    [leave(), leave("close < 1", ", cooldown: 30m")],
    [leave(), leave("close < 1", ", fire: once")],
    [leave(), leave("close < 1", "", "limit: close")],
    [leave().replace("close: {}", "reduce: {by: 50%}"), leave().replace("close: {}", "reduce: {by: 20%}")],
  ])("finds an exit that became rarer or weaker: %s", (before, after) => {
    expect(codesOf(between(rules(enter(), before), rules(enter(), after)))).toEqual(["plan/exit-narrowed leave"]);
    const back = between(rules(enter(), after), rules(enter(), before));
    const isOneWay = !before.includes("reduce");
    expect(codesOf(back)).toEqual(isOneWay ? [] : ["plan/exit-narrowed leave"]);
  });

  it("finds brackets that go, and leaves those alone that move", () => {
    const entry = (bracket: string): string => enter("close > 1", "", `size: {qty: 1}, bracket: {${bracket}}`);
    const both = rules(entry("stop_loss: close - 1, take_profit: close + 1"), leave());
    expect(codesOf(between(both, rules(entry("take_profit: close + 1"), leave())))).toEqual([
      "plan/bracket-removed enter",
    ]);
    expect(codesOf(between(both, rules(enter(), leave())))).toEqual([
      "plan/bracket-removed enter",
      "plan/bracket-removed enter",
    ]);
    expect(codesOf(between(both, rules(entry("stop_loss: close - 2, take_profit: close + 1"), leave())))).toEqual([]);
  });

  it("knows that a target and a trade of the other side close, too", () => {
    const target = (weight: string): string => `{name: hold, when: "close > 1", then: {target: {weight: ${weight}}}}`;
    const flat = `{name: flat, when: "close < 1", then: {target: {weight: 0%}}}`;
    expect(codesOf(between(rules(target("10%"), flat), rules(target("10%"))))).toEqual(["plan/exit-removed flat"]);
    expect(codesOf(between(rules(target("10%"), flat), rules(target("20%"), flat)))).toEqual(["plan/size-larger hold"]);
    expect(codesOf(between(rules(target("20%"), flat), rules(target("10%"), flat)))).toEqual([]);
    const short = '{name: short, when: "close < 1", then: {sell: {size: {qty: 1}, short: true}}}';
    expect(codesOf(between(rules(enter(), short), rules(enter())))).toEqual(["plan/exit-removed short"]);
    const more = short.replace("qty: 1", "qty: 2");
    expect(codesOf(between(rules(enter(), short), rules(enter(), more)))).toEqual(["plan/size-larger short"]);
  });

  it("finds positions and orders that nobody would look after", () => {
    const before = programOf(`${HEAD.replace("[SPY]", "[SPY, QQQ]")}${rules(enter(), leave())}`);
    const without = programOf(`${HEAD}${rules(enter(), leave())}`);
    const none = programOf("barwise: 1\n");
    const codes = (after: Program, state: PlanState | null): string[] => codesOf(planBetween(before, after, state));
    expect(codes(without, held("SPY"))).toEqual([]);
    expect(codes(without, held("QQQ"))).toEqual(["plan/orphan"]);
    expect(codes(none, held("SPY"))).toEqual(["plan/orphan"]);
    expect(codes(none, { positions: [], orders: [ORDER] })).toEqual(["plan/orphan"]);
    expect(codes(none, { positions: [], orders: [] })).toEqual([]);
    expect(codes(none, null)).toEqual(["plan/orphan"]);
    expect(planBetween(before, none, held("SPY")).findings[0]).toMatchObject({
      severity: "error",
      message: 'strategy "a" goes, and nobody looks after 50 SPY held',
    });
  });

  it.each([
    [enter("rsi(14) < 30"), enter("rsi(14) < 35"), ["plan/entry-loosened enter"]],
    [enter("rsi(14) < 35"), enter("rsi(14) < 30"), []],
    [enter("rsi(14) < 30 and close > 1"), enter("rsi(14) < 30"), ["plan/entry-loosened enter"]],
    [enter("rsi(14) < 30"), enter("rsi(14) < 30 and close > 1"), []],
    [enter("not rsi(14) >= 30"), enter("rsi(14) < 30"), []],
    [enter("close > 1", ", cooldown: 30m"), enter(), ["plan/entry-loosened enter"]],
    [enter("close > 1", ", cooldown: 30m"), enter("close > 1", ", cooldown: 15m"), ["plan/entry-loosened enter"]],
    [enter("close > 1", ", cooldown: 15m"), enter("close > 1", ", cooldown: 30m"), []],
    [enter("close > 1", ", limit: 1/day"), enter("close > 1", ", limit: 2/day"), ["plan/entry-loosened enter"]],
    [enter(), enter("close > 1", ", start: fire"), ["plan/entry-loosened enter"]],
    [enter("close > 1", "", "size: {qty: 1}"), enter("close > 1", "", "size: {qty: 2}"), ["plan/size-larger enter"]],
    [enter("close > 1", "", "size: {qty: 2}"), enter("close > 1", "", "size: {qty: 1}"), []],
    [
      enter("close > 1", "", "size: {qty: 2}"),
      enter("close > 1", "", "size: {notional: 5}"),
      ["plan/size-larger enter"],
    ],
    [enter(), enter().replace("buy: {", "sell: {short: true, "), ["plan/entry-added enter"]],
    [enter().replace("buy: {size: {qty: 1}}", "cancel: {}"), enter(), ["plan/entry-added enter"]],
  ])("judges an entry: %s becoming %s", (before, after, codes) => {
    expect(codesOf(between(rules(before, leave("close < 0.5")), rules(after, leave("close < 0.5"))))).toEqual(codes);
  });
});

// ------------------------------------------------------------------------------------------------ properties

const CONDITIONS = [
  "close > 1",
  "close > 2",
  "rsi(14) < 30",
  "rsi(14) < 35 and close > sma(20)",
  "rsi(14) crosses below 30",
  "close > 2 for 3 bars or volume > 10",
  "not (open > 3 and close < line)",
];
const ACTIONS = [
  "{buy: {size: {qty: 1}}}",
  "{buy: {size: {equity: 10%}, bracket: {stop_loss: close - line}}}",
  "{sell: {size: {qty: 2}}}",
  "{close: {}}",
  "{close: {limit: close}}",
  "{reduce: {by: 50%}}",
  "{target: {weight: 10%, tolerance: 2%}}",
  "{buy: {size: {qty: 1}, reverse: true}}",
  "{cancel: {}}",
  '{alert: {message: "at {close}"}}',
];
const FIRINGS = ["", ", cooldown: 5 bars", ", cooldown: 30m", ", limit: 2/day", ", priority: 2", ", start: fire"];

const rule = fc
  .record({
    name: fc.constantFrom("r1", "r2", "r3", "r4"),
    when: fc.constantFrom(...CONDITIONS),
    action: fc.constantFrom(...ACTIONS),
    firing: fc.constantFrom(...FIRINGS),
  })
  .map(({ name, when, action, firing }) => ({
    name,
    text: `{name: ${name}, when: "${when}", then: ${action}${firing}}`,
  }));

const strategy = fc
  .record({
    name: fc.constantFrom("a", "b", "c"),
    symbols: fc.constantFrom("SPY", "SPY, QQQ", "QQQ"),
    on: fc.constantFrom("5m", "1d"),
    line: fc.constantFrom(1, 2),
    settings: fc.constantFrom("", "max_entries: 2\n", "risk: {max_position: 10%}\n", "facts: {base: sma(9)}\n"),
    rules: fc.uniqueArray(rule, { selector: ({ name }) => name, minLength: 1, maxLength: 4 }),
  })
  .map((one) => ({
    name: one.name,
    text: `barwise: 1\nname: ${one.name}\nsymbols: [${one.symbols}]\non: ${one.on}\nparams: {line: ${one.line}}\n${one.settings}${rules(...one.rules.map(({ text }) => text))}`,
  }));

const programs = fc
  .uniqueArray(strategy, { selector: ({ name }) => name, maxLength: 3 })
  .map((all) => all.map(({ text }) => text));

const RUNS = { numRuns: process.env["BARWISE_SOAK"] === "1" ? 2_000 : 60 };

function names(plan: Plan, mark: string): string[] {
  return plan.strategies.flatMap((one) => (one.mark === mark ? [one.name] : []));
}

describe("any two programs", () => {
  it("have an empty plan exactly when their digests are equal", () => {
    fc.assert(
      fc.property(programs, programs, (a, b) => {
        const [before, after] = [programOf(...a), programOf(...b)];
        expect(isEmpty(planBetween(before, before))).toBe(true);
        expect(planBetween(before, before).findings).toEqual([]);
        expect(isEmpty(planBetween(before, after))).toBe(before.digest === after.digest);
        const formatted = formatFiles(Object.fromEntries(a.map((text, i) => [`${i}.strategy.yaml`, text])));
        expect(isEmpty(planBetween(before, programOf(...formatted.map(({ text }) => text))))).toBe(true);
      }),
      RUNS,
    );
  });

  it("become each other by the names that a plan adds and removes, in both directions", () => {
    fc.assert(
      fc.property(programs, programs, (a, b) => {
        const [before, after] = [programOf(...a), programOf(...b)];
        const [there, back] = [planBetween(before, after), planBetween(after, before)];
        const applied = before.strategies
          .map(({ name }) => name)
          .filter((name) => !names(there, "remove").includes(name));
        expect([...applied, ...names(there, "add")].sort()).toEqual(after.strategies.map(({ name }) => name).sort());
        for (const [mark, opposite] of [
          ["add", "remove"],
          ["remove", "add"],
          ["change", "change"],
          ["keep", "keep"],
        ] as const)
          expect(names(there, mark)).toEqual(names(back, opposite));
        for (const one of there.strategies) {
          if (one.mark !== "change") continue;
          const old = (one.before?.rules ?? []).map(({ name }) => name);
          const gone = one.rules.flatMap(({ mark, name, renamedFrom }) =>
            mark === "remove" ? [name] : renamedFrom === null ? [] : [renamedFrom],
          );
          const come = one.rules.flatMap(({ mark, name, renamedFrom }) =>
            mark === "add" || renamedFrom !== null ? [name] : [],
          );
          const result = [...old.filter((name) => !gone.includes(name)), ...come].sort();
          expect(result).toEqual((one.after?.rules ?? []).map(({ name }) => name).sort());
        }
      }),
      RUNS,
    );
  });

  it("differ in something that is said, wherever a plan says that they differ", () => {
    fc.assert(
      fc.property(programs, programs, (a, b) => {
        const plan = planBetween(programOf(...a), programOf(...b));
        for (const one of plan.strategies) {
          if (one.mark !== "change") continue;
          expect(one.changes.length + one.rules.filter(({ mark }) => mark !== "keep").length).toBeGreaterThan(0);
          for (const { mark, changes, renamedFrom } of one.rules)
            if (mark === "change") expect(changes.length > 0 || renamedFrom !== null).toBe(true);
        }
        expect(linesOf(plan).every((line) => !/undefined|null|\[object/.test(line))).toBe(true);
      }),
      RUNS,
    );
  });
});

describe("an approval", () => {
  const approval = (when: string, more = ""): string => `approval: {when: ${when}${more}}\n${rules(enter(), leave())}`;

  it("is compared in words, and one that goes or changes is told as a limit that may be looser", () => {
    const plan = between(approval("order.notional > 25000"), approval("order.notional > 90000", ", expires: 1m"));
    expect(linesOf(plan).join("\n")).toContain("approval.when order.notional > 25000 -> order.notional > 90000");
    expect(linesOf(plan).join("\n")).toContain("approval.expires 5m -> 1m");
    expect(codesOf(plan)).toContain("plan/limit-loosened");
    expect(codesOf(between(approval("order.qty > 5"), rules(enter(), leave())))).toContain("plan/limit-loosened");
    expect(codesOf(between(rules(enter(), leave()), approval("order.qty > 5")))).not.toContain("plan/limit-loosened");
  });

  it("of the project counts too", () => {
    const own = `${HEAD}${rules(enter(), leave())}`;
    const project = (text: string): string => `barwise: 1\n${text}`;
    const plan = planBetween(
      programOf(own, project("approval: {when: order.qty > 5}\n")),
      programOf(own, project("approval: {when: order.qty > 7}\n")),
    );
    expect(codesOf(plan)).toContain("plan/limit-loosened");
  });
});

// ------------------------------------------------------------------------------------------------ guards against brute force

const PRICES = [0.5, 1, 1.5, 2, 2.5, 3, 3.5];
const leaf = fc
  .tuple(fc.constantFrom("close", "open"), fc.constantFrom("<", "<=", ">", ">=", "=="), fc.constantFrom(1, 2, 3))
  .map((parts) => parts.join(" "));
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 2 },
    leaf,
    fc
      .tuple(tie("condition"), fc.constantFrom("and", "or"), tie("condition"))
      .map(([a, by, b]) => `(${a}) ${by} (${b})`),
    tie("condition").map((inner) => `not (${inner})`),
  ),
}));

function holdsAt(text: string, close: number, open: number): boolean {
  const js = text.replaceAll("and", "&&").replaceAll("or", "||").replaceAll("not", "!").replaceAll("==", "===");
  const value = js.replaceAll("close", String(close)).replaceAll("open", String(open));
  return truthOf(value);
}

/** Of constants, comparisons, parentheses and ! && ||, without running anything. */
function truthOf(text: string): boolean {
  const tokens = text.match(/[\d.]+|<=|>=|===|<|>|&&|\|\||[!()]/g) ?? [];
  let at = 0;
  const primary = (): boolean => {
    const token = tokens[at++];
    if (token === "!") return !primary();
    if (token === "(") {
      const inner = either();
      at++;
      return inner;
    }
    const [a, sign, b] = [Number(token), tokens[at++], Number(tokens[at++])];
    if (sign === "<") return a < b;
    if (sign === "<=") return a <= b;
    if (sign === ">") return a > b;
    return sign === ">=" ? a >= b : a === b;
  };
  const both = (): boolean => {
    let value = primary();
    while (tokens[at] === "&&") {
      at++;
      const right = primary();
      value &&= right;
    }
    return value;
  };
  const either = (): boolean => {
    let value = both();
    while (tokens[at] === "||") {
      at++;
      const right = both();
      value ||= right;
    }
    return value;
  };
  return either();
}

/** A program of these exits and this entry; undefined when lint refuses one of the conditions. */
function withRules(entry: string, exits: readonly string[]): Program | undefined {
  const all = exits.map((when, i) => `{name: exit${i}, when: "${when}", then: {close: {}}}`);
  const text = `${HEAD}${rules(`{name: enter, when: "${entry}", then: {buy: {size: {qty: 1}}}}`, ...all)}`;
  return compile({ "a.strategy.yaml": text }).program ?? undefined;
}

describe("a plan without a finding", () => {
  it("takes no moment from the exits and gives none to the entries", () => {
    let silent = 0;
    let told = 0;
    const exits = fc.array(condition, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(condition, condition, exits, exits, fc.nat(3), (oldEntry, other, oldExits, others, kind) => {
        // Half of the pairs are unrelated; the others are what people do: one more part, two exits merged.
        const newEntry = [other, other, `(${oldEntry}) and (${other})`, oldEntry][kind] as string;
        const merged = oldExits.map((exit) => `(${exit})`).join(" or ");
        const newExits = [others, others, [...oldExits.slice(0, 2), others[0] as string], [merged]][kind] as string[];
        const [before, after] = [withRules(oldEntry, oldExits), withRules(newEntry, newExits)];
        if (before === undefined || after === undefined) return;
        const codes = new Set(planBetween(before, after).findings.map(({ code }) => code));
        const moments = PRICES.flatMap((close) => PRICES.map((open) => [close, open] as const));
        const isAny = (all: readonly string[], [close, open]: readonly [number, number]): boolean =>
          all.some((one) => holdsAt(one, close, open));
        const losesExit = moments.some((moment) => isAny(oldExits, moment) && !isAny(newExits, moment));
        const addsEntry = moments.some((moment) => isAny([newEntry], moment) && !isAny([oldEntry], moment));
        const hasExitFinding = codes.has("plan/exit-removed") || codes.has("plan/exit-narrowed");
        expect(hasExitFinding).toBe(losesExit);
        expect(codes.has("plan/entry-loosened")).toBe(addsEntry);
        if (hasExitFinding || addsEntry) told++;
        else silent++;
      }),
      { numRuns: process.env["BARWISE_SOAK"] === "1" ? 5_000 : 300 },
    );
    expect(Math.min(silent, told)).toBeGreaterThan(5);
  });
});
