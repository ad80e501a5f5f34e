/** What may be written at the cursor. */
import { describe, expect, it } from "vitest";
import { INDICATORS } from "../../engine/catalog/catalog.ts";
import { withoutStops } from "../../engine/cli/lsp/convert.ts";
import { compile } from "../../engine/lang/compile.ts";
import { completions, labels, NAME, when } from "./support.ts";

const HEAD = "barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\n";

const TEST_HEAD = "strategy: a.strategy.yaml\ntests:\n  - name: n\n";

describe("in a test", () => {
  const of = (text: string): readonly string[] => labels(TEST_HEAD + text, "strategies/a.test.yaml", { [NAME]: HEAD });

  it.each([
    ["keys of the test", "    tra¦\n", ["bars", "trades", "quotes", "expect"]],
    ["symbols to play", "    trades: {¦}\n", ["SPY"]],
    ["keys of trades", "    trades: {SPY: {¦}}\n", ["every", "price", "size", "file"]],
    ["keys of quotes", "    quotes: {SPY: {every: 1s, ¦}}\n", ["mid", "spread", "bid", "ask_size"]],
    ["keys of one trade", "    trades:\n      SPY:\n        - ¦\n", ["at", "price", "sets_price"]],
    ["keys of one quote", "    quotes: {SPY: [{at: 09:30:00, ¦}]}\n", ["bid", "ask", "bid_size"]],
  ])("%s are offered", (_, text, expected) => {
    expect(of(text)).toEqual(expect.arrayContaining(expected));
  });
});

describe("keys", () => {
  it.each([
    ["at the top of an empty file", "¦", ["barwise", "name", "symbols", "on", "rules", "params"]],
    ["between others", "barwise: 1\n¦\nrules:\n  - name: a\n", ["name", "symbols", "session"]],
    ["half typed", `${HEAD}ris¦\n`, ["risk"]],
    ["of a rule", `${HEAD}rules:\n  - name: go\n    ¦\n`, ["when", "then", "cooldown", "once_per"]],
    ["of a rule's first line", `${HEAD}rules:\n  - ¦\n`, ["name", "when", "then"]],
    ["of an action", `${HEAD}rules:\n  - name: go\n    then:\n      ¦\n`, ["buy", "sell", "close", "alert"]],
    ["of an order in braces", `${HEAD}rules:\n  - {name: go, then: {buy: {¦}}}\n`, ["size", "limit", "bracket"]],
    [
      "behind a comma in braces",
      `${HEAD}rules:\n  - {name: go, then: {buy: {size: {qty: 1}, ¦}}}\n`,
      ["limit", "type"],
    ],
    ["in braces that are still open", `${HEAD}rules:\n  - {name: go, then: {buy: {si¦\n`, ["size"]],
    ["of a condition object", when("\n      ¦"), ["all", "any", "not", "fact"]],
    ["of a risk section", `${HEAD}risk:\n  max¦\n`, ["max_position", "max_daily_loss"]],
  ])("are offered %s", (_, text, expected) => {
    expect(labels(text)).toEqual(expect.arrayContaining(expected));
  });

  it("are those that are not there yet, the required ones first", () => {
    const rule = labels(`${HEAD}rules:\n  - name: go\n    ¦\n`);
    expect(rule).not.toContain("name");
    const alert = completions(`${HEAD}rules:\n  - {name: go, then: {alert: {level: info, ¦}}}\n`);
    expect(alert.toSorted((a, b) => a.rank - b.rank).map(({ label }) => label)).toEqual(["message"]);
    const first = completions("¦").toSorted((a, b) => a.rank - b.rank);
    expect(first[0]?.label).toBe("barwise");
  });

  it("bring what usually follows them", () => {
    const snippets = new Map(
      completions(`${HEAD}rules:\n  - name: go\n    ¦\n`).map((one) => [one.label, one.snippet]),
    );
    expect(snippets.get("fire")).toBe("fire: ${1|once,each|}");
    expect(snippets.get("cooldown")).toBe("cooldown: $1");
    expect(snippets.get("then")).toBe("then: { $1 }");
    expect(completions("¦").find(({ label }) => label === "rules")?.snippet).toBe(
      "rules:\n  - name: ${1:enter}\n    when: $2\n    then: $3",
    );
    expect(completions("¦").find(({ label }) => label === "barwise")?.snippet).toBe("barwise: 1");
  });

  it("do not bring a second colon", () => {
    expect(completions(`${HEAD}ses¦: regular\n`).find(({ label }) => label === "session")?.snippet).toBe("session");
  });

  it("belong to the kind of file", () => {
    expect(labels("¦", "barwise.yaml")).toEqual(expect.arrayContaining(["account", "feeds", "journal"]));
    expect(labels("strategy: a.strategy.yaml\ntests:\n  - name: x\n    ¦\n", "a.test.yaml")).toEqual(
      expect.arrayContaining(["bars", "history", "given", "expect"]),
    );
  });
});

describe("beginnings", () => {
  /** What stands there once it is inserted and nothing is filled in, as an editor that repeats the indentation does it. */
  function inserted(marked: string, label: string): string {
    const item = completions(marked).find((one) => one.label === label && one.kind === "beginning");
    if (item === undefined) throw new Error(`no ${label}`);
    const at = marked.indexOf("¦");
    const indent = /^\s*/.exec(marked.slice(marked.lastIndexOf("\n", at) + 1))?.[0] ?? "";
    const text = withoutStops(item.snippet).replaceAll("\n", `\n${indent}`);
    return marked.slice(0, item.span.start) + text + marked.slice(at + 1);
  }

  it.each([
    ["a rule", `${HEAD}rules:\n  - ¦\n`, "entry"],
    ["a rule after another", `${HEAD}rules:\n  - {name: a, when: close > open, then: {close: {}}}\n  - ¦\n`, "exit"],
    ["an action", `${HEAD}rules:\n  - name: a\n    when: close > open\n    then: ¦\n`, "close"],
    ["a condition", `${HEAD}rules:\n  - name: a\n    then: {close: {}}\n    when: ¦\n`, "breakout"],
    ["a condition in braces", `${HEAD}rules:\n  - {name: a, then: {close: {}}, when: ¦}\n`, "breakout"],
    [
      "a size",
      `${HEAD}rules:\n  - name: a\n    when: close > open\n    then: {buy: {size: ¦, bracket: {stop_loss: close * 0.9}}}\n`,
      "risk",
    ],
  ])("make %s that compiles", (_, text, label) => {
    const made = inserted(text, label);
    const { diagnostics } = compile({ [NAME]: made });
    expect([made, diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message)]).toEqual([
      made,
      [],
    ]);
  });

  it("are not offered where something stands already", () => {
    const kinds = completions(`${HEAD}rules:\n  - name: a\n    ¦\n`).map(({ kind }) => kind);
    expect(kinds).not.toContain("beginning");
    expect(completions(when("close > ¦")).map(({ kind }) => kind)).not.toContain("beginning");
  });
});

describe("values", () => {
  it.each([
    ["session", `${HEAD}session: ¦\n`, ["regular", "extended", "always"]],
    ["fire", `${HEAD}rules:\n  - name: go\n    fire: e¦\n`, ["once", "each"]],
    ["a flag", `${HEAD}rules:\n  - {name: go, then: {sell: {short: ¦}}}\n`, ["true", "false"]],
    ["on", "barwise: 1\non: ¦\n", ["1m", "5m", "1h", "1d", "500 ticks", "2_000_000 dollars"]],
    ["a venue", "barwise: 1\naccount: { venue: ¦ }\n", ["local", "alpaca-paper"]],
  ])("of %s are those that have a meaning", (key, text, expected) => {
    expect(labels(text, key === "a venue" ? "barwise.yaml" : NAME)).toEqual(expect.arrayContaining(expected));
  });

  it("of symbols are those that other files trade, quoted where YAML would misread them", () => {
    const others = { "strategies/b.strategy.yaml": 'symbols: [IWM, "TRUE", "BRK.B"]\n' };
    expect(labels("symbols: [SPY, ¦]\n", NAME, others)).toEqual(["BRK.B", "IWM", "SPY", '"TRUE"']);
    expect(labels("symbols:\n  - ¦\n", NAME, others)).toContain("IWM");
  });

  it("of a test are the rules and files of its strategy", () => {
    const others = { [NAME]: when("close > 1") };
    const test = (expectation: string): string =>
      `strategy: a.strategy.yaml\ntests:\n  - name: x\n    bars: {SPY: 1x3}\n    expect:\n      - {at: bar 1, ${expectation}}\n`;
    expect(labels(test("rule: ¦"), "strategies/a.test.yaml", others)).toEqual(["go"]);
    expect(labels("strategy: ¦\n", "strategies/a.test.yaml", others)).toEqual(["a.strategy.yaml"]);
    expect(labels(test("fact: ¦"), "strategies/a.test.yaml", others)).toEqual(expect.arrayContaining(["calm", "band"]));
  });
});

describe("inside an expression", () => {
  it.each([
    ["at its start", "¦", ["line", "band", "calm", "close", "rsi", "position.qty", "not"]],
    ["behind a comparison sign", "close > ¦", ["trend", "sma"]],
    ["behind and", "close > 1 and ¦", ["calm", "rsi"]],
    ["in parentheses", "(close > 1 or (¦", ["calm"]],
    ["in a list of conditions", "{any: [cl¦]}", ["close", "calm"]],
    ["in a block list", "\n      all:\n        - cl¦", ["close", "calm"]],
    ["behind not", "not ¦", ["calm"]],
  ])("names are offered %s", (_, condition, expected) => {
    expect(labels(when(condition))).toEqual(expect.arrayContaining(expected));
  });

  it("operators are offered behind a value", () => {
    const found = labels(when("rsi(14) ¦"));
    expect(found).toEqual(expect.arrayContaining(["crosses above", "between", "and", "for", "is"]));
    expect(found).not.toContain("rsi");
  });

  it.each([
    ["rsi(14) crosses ¦", ["above", "below"]],
    ["rsi(14) is ¦", ["above", "below"]],
    ["close > 1 for ¦", ["3 bars", "10m"]],
    ["close > 1 within 5 ¦", ["bars"]],
    ["weekday in ¦", ["[…]"]],
  ])("words follow words: %s", (condition, expected) => {
    expect(labels(when(condition))).toEqual(expect.arrayContaining(expected));
  });

  it.each([
    ["band.¦", ["upper", "middle", "lower", "width", "percent_b"]],
    ["close > band.up¦", ["upper"]],
    ["bollinger(20, 2).¦", ["upper"]],
    ["macd.¦", ["macd", "signal", "histogram"]],
    ["position.¦", ["qty", "unrealized_pct"]],
    ["session.min¦", ["minutes_to_close"]],
  ])("outputs and fields follow the dot: %s", (condition, expected) => {
    const found = labels(when(condition));
    expect(found).toEqual(expect.arrayContaining(expected));
    expect(found).not.toContain("close");
  });

  it.each([
    ["sma(¦)", ["period:", "on:", "of:", "symbol:", "close"]],
    ["sma(20, ¦)", ["on:", "of:", "source:"]],
    ["sma(20, on: ¦)", ["5m", "1d"]],
    ["sma(20, on: 1¦)", ["1m", "1d"]],
    ["sma(20, on: 1_000 ¦)", ["1_000 ticks", "1_000 volume", "1_000 dollars"]],
    ["sma(20, on: 200 ti¦)", ["200 ticks"]],
    ["sma(20, symbol: ¦)", ["QQQ", "SPY"]],
    ["bollinger(20, 2, output: ¦)", ["upper"]],
    ["sma(20, source: ¦)", ["technicalindicators"]],
    ["rsi(14, of: ¦", ["hl2", "close"]],
    ["close(¦)", ["on:", "symbol:"]],
  ])("arguments are offered: %s", (condition, expected) => {
    expect(labels(when(condition))).toEqual(expect.arrayContaining(expected));
  });

  it("an argument that is given is not offered again", () => {
    expect(labels(when("sma(20, on: 1d, ¦)"))).not.toContain("on:");
  });

  it("nothing is offered in the middle of a number or a remark", () => {
    expect(labels(when("rsi(14) < 3¦"))).toEqual([]);
    expect(labels(when("rsi(14) < 3 # see ¦"))).toEqual([]);
  });

  it("conditions are not offered where a number belongs", () => {
    const text = `${HEAD}conditions: {calm: close > 1}\nrules:\n  - {name: go, then: {buy: {size: {qty: ¦}}}}\n`;
    expect(labels(text)).toContain("close");
    expect(labels(text)).not.toContain("calm");
  });

  it("every indicator is offered once, with its usual parameters", () => {
    const items = completions(when("¦")).filter(({ kind }) => kind === "indicator");
    expect(items.map(({ label }) => label)).toEqual([...INDICATORS.keys()]);
    expect(items.find(({ label }) => label === "rsi")?.snippet).toBe("rsi(${1:14})");
    expect(items.find(({ label }) => label === "bollinger")?.snippet).toMatch(/^bollinger\(.*\)\.\$\{3\|/);
    expect(items.find(({ label }) => label === "ema")?.snippet).toBe("ema(${1:period})");
    const pair = items.find(({ label }) => label === "correlation");
    expect(pair?.snippet).toBe("correlation(${1:30}, with: ${2:close(symbol: SPY)})");
  });

  it("words that a parameter takes are offered behind its name", () => {
    expect(labels(when("ema(20, seed: ¦"))).toEqual(["sma", "first"]);
    expect(labels(when("vwap(anchor: mo¦"))).toContain("month");
    expect(labels(when("correlation(20, ¦"))).toContain("with:");
    expect(labels(when("ema(20, ¦"))).not.toContain("with:");
  });

  it("what is typed so far is replaced", () => {
    const text = when("close > tre¦");
    const found = completions(text).find(({ label }) => label === "trend");
    const offset = text.indexOf("¦");
    expect(found?.span).toEqual({ start: offset - 3, end: offset });
  });

  it("an approval looks at the order and the account", () => {
    for (const [text, path] of [
      ["approval: { when: ¦ }\n", "barwise.yaml"],
      [when("close > 1", "approval: { when: ¦ }\n"), NAME],
    ] as const) {
      const found = labels(text, path);
      expect(found).toEqual(expect.arrayContaining(["order.notional", "account.equity"]));
      expect(found).not.toContain("close");
    }
    expect(labels("approval: { when: order.¦ }\n", "barwise.yaml")).toEqual([
      "notional",
      "qty",
      "price",
      "side",
      "origin",
      "number",
      "is_first",
      "regular_hours",
    ]);
    expect(labels(when("¦"))).not.toContain("order.notional");
  });

  it("a message holds expressions in braces only", () => {
    const rule = (message: string): string => `${HEAD}rules:\n  - {name: go, then: {alert: {message: "${message}"}}}\n`;
    expect(labels(rule("at ¦"))).toEqual([]);
    expect(labels(rule("at {cl¦"))).toContain("close");
  });
});

describe("behind lint-ignore", () => {
  it("codes that may be overruled are offered, those of the next lines first", () => {
    const text = when("close > 1")
      .replace("  - name: go", "  # lint-ignore ¦\n  - name: go")
      .replace("close: {}", "buy: {size: {qty: 1}}");
    const items = completions(text);
    expect(items.toSorted((a, b) => a.rank - b.rank)[0]?.label).toBe("risk/no-exit");
    expect(items.map(({ label }) => label)).not.toContain("names/unknown");
    expect(items[0]?.snippet).toContain(" -- ${1:reason}");
  });
});
