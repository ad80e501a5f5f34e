/**
 * Formatting: what it writes, what it keeps, and that it never changes what a file says.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compile } from "../../engine/lang/compile.ts";
import { formatExpression } from "../../engine/lang/format-expression.ts";
import { formatFiles, formatText } from "../../engine/lang/format.ts";

const ROOT = join(import.meta.dirname, "../..");
const NAME = "case.strategy.yaml";

function formatted(text: string, name = NAME): string {
  const [one] = formatFiles({ [name]: text });
  return one?.text ?? "";
}

/** Formats, and sees that a second time changes nothing. */
function stable(text: string, name = NAME): string {
  const once = formatted(text, name);
  expect(formatted(once, name)).toBe(once);
  return once;
}

const HEAD = "barwise: 1\nname: case\nsymbols: [SPY]\non: 5m\n";
const RULES = "rules:\n  - name: leave\n    when: close > 1\n    then: { close: {} }\n";

describe("expressions", () => {
  it.each([
    ["close>open", "close > open"],
    ["( close+1 )*2", "(close + 1) * 2"],
    ["close - -1", "close - -1"],
    ["-close*2<- 3", "-close * 2 < -3"],
    ["rsi( 14 )[ 1 ]<30 AND NOT close>2", "rsi(14)[1] < 30 and not close > 2"],
    ["close = 3 && open==2||low!=1", "close == 3 and open == 2 or low != 1"],
    ["sma( 20,on : 1d )", "sma(20, on: 1d)"],
    ["sma(20 , symbol:BTC/USD)/2", "sma(20, symbol: BTC/USD) / 2"],
    ["sma(20, symbol: BRK.B)", "sma(20, symbol: BRK.B)"],
    ["weekday in[1,2 ,3]", "weekday in [1, 2, 3]"],
    ["bollinger(20,2) . upper", "bollinger(20, 2).upper"],
    ["close Crosses Above open For 3 BARS", "close crosses above open for 3 bars"],
    ["time>=09:45 and size*0.5%>1_000", "time >= 09:45 and size * 0.5% > 1_000"],
    ["not(close>1)", "not (close > 1)"],
    ["min(-close,-1)", "min(-close, -1)"],
    ["last-0.5>-last", "last - 0.5 > -last"],
    ["close>1 within last 5 bars", "close > 1 within last 5 bars"],
  ])("%s becomes %s", (before, after) => {
    expect(formatExpression(before)).toEqual([after]);
    expect(formatExpression(after)).toEqual([after]);
  });

  it("stay as they are when they cannot be parsed", () => {
    expect(formatExpression("close >")).toBeUndefined();
    expect(formatExpression("close ? 1")).toBeUndefined();
  });
});

describe("layout", () => {
  it("puts keys into the order of the schema, with their comments", () => {
    const text = `# yaml-language-server: $schema=../schemas/strategy.schema.json
on: 5m # five minutes
# what is traded
symbols: [SPY]
rules:
  # about the exit
  - then: {close: {}} # all of it
    # the reason
    when: close>1
    name: leave
name: case
barwise: 1
`;
    expect(stable(text)).toBe(`# yaml-language-server: $schema=../schemas/strategy.schema.json
barwise: 1
name: case
# what is traded
symbols: [SPY]
on: 5m # five minutes

rules:
  # about the exit
  - name: leave
    # the reason
    when: close > 1
    then: { close: {} } # all of it
`);
  });

  it("keeps the names of facts, params and conditions in the author's order", () => {
    const text = `${HEAD}facts:\n  z: sma(20)\n  a: ema(20)\n\n${RULES}`;
    expect(stable(text)).toContain("facts:\n  z: sma(20)\n  a: ema(20)\n");
  });

  it("puts an empty line between rules and keeps the author's elsewhere", () => {
    const rule = (name: string): string => `  - name: ${name}\n    when: close > 1\n    then: {close: {}}\n`;
    const text = `${HEAD}\n\n\nparams:\n  a: 1\n\n\n  b: 2\nrules:\n${rule("one")}${rule("two")}`;
    const out = stable(text);
    expect(out).toContain("on: 5m\n\nparams:\n  a: 1\n\n  b: 2\n\nrules:\n  - name: one\n");
    expect(out).toContain("    then: { close: {} }\n\n  - name: two\n");
  });

  it("indents by two, lists too, and ends with one line end", () => {
    const text = `${HEAD}rules:\n-   name: leave\n    when:\n          any:\n          -   close>1\n          - close<2\n    then:\n       close: {}`;
    expect(stable(text)).toBe(
      `${HEAD}\nrules:\n  - name: leave\n    when:\n      any:\n        - close > 1\n        - close < 2\n    then:\n      close: {}\n`,
    );
  });

  it("keeps short brackets and unfolds those that do not fit", () => {
    const when = "close > 1 and open > 2 and high > 3 and low > 4 and volume > 500 and hl2 > 6";
    const short = stable(`${HEAD}rules:\n  - {when: close>1,name: leave,then: {close: }}\n`);
    expect(short).toContain("  - { name: leave, when: close > 1, then: { close: } }\n");
    const long = stable(`${HEAD}rules:\n  - {name: leave, when: ${when} and ohlc4 > 7, then: {close: {}}}\n`);
    expect(long).toContain(`  - name: leave\n    when: ${when} and ohlc4 > 7\n    then: { close: {} }\n`);
  });

  it("keeps the blanks at the end of a block that is the last of the file", () => {
    const text = "barwise: 1\nname: case\n\nlast: |-\n  two\n  lines   ";
    expect(stable(text)).toBe(`${text}\n`);
  });

  it("keeps a comment behind the brackets of a whole file", () => {
    expect(stable("{barwise: 1, grace: 2s} # short\n", "barwise.yaml")).toBe("# short\n{ barwise: 1, grace: 2s }\n");
    const long = `{barwise: 1, journal: ${"x".repeat(120)}} # long\n`;
    expect(stable(long, "barwise.yaml")).toBe(`barwise: 1\njournal: ${"x".repeat(120)}\n# long\n`);
  });

  it("keeps empty brackets, however long the line is", () => {
    const text = `${HEAD}rules:\n  - ${"x".repeat(130)}: {}\n    ${"y".repeat(130)}: []\n`;
    expect(stable(text)).toContain(`  - ${"x".repeat(130)}: {}\n    ${"y".repeat(130)}: []\n`);
  });

  it("unfolds brackets with comments inside", () => {
    const text = `${HEAD.replace("[SPY]", "[ # liquid ones\n  SPY, # the market\n  # technology\n  QQQ\n  # no more\n]")}${RULES}`;
    expect(stable(text)).toContain(
      "symbols: # liquid ones\n  - SPY # the market\n  # technology\n  - QQQ\n  # no more\n\non: 5m\n",
    );
  });

  it("keeps folded and literal text, and the lines of a long condition", () => {
    const text = `${HEAD}description: |\n     Two\n\n\n       lines.\nrules:\n  - name: leave\n    when: >-\n        close>1\n        and open>2\n    then: {close: {}}\n  - name: more\n    when: close>3\n          and open>4 # both\n    then: {close: {}}\n`;
    const out = stable(text);
    expect(out).toContain("description: |\n  Two\n\n\n    lines.\n");
    expect(out).toContain("    when: >-\n      close > 1\n      and open > 2\n");
    expect(out).toContain("    when: close > 3\n      and open > 4 # both\n");
  });

  it("keeps named arguments readable without quotes", () => {
    const text = `${HEAD}facts:\n  trend: sma(200,on: 1d)\n  other: "sma(200,on:1d)"\n${RULES}`;
    expect(stable(text)).toContain('facts:\n  trend: sma(200, on: 1d)\n  other: "sma(200, on: 1d)"\n');
  });

  it("formats json-rules-engine objects", () => {
    const text = `${HEAD}rules:\n  - name: leave\n    when: {all: [{value: 'close*2',operator: greaterThan,fact: open}]}\n    then: {close: {}}\n`;
    expect(stable(text)).toContain("    when: { all: [{ fact: open, operator: greaterThan, value: 'close * 2' }] }\n");
  });

  it("formats project files and leaves messages alone", () => {
    const text = `feeds:\n- websocket:\n    send: [{op: subscribe,a: $symbols}]\n    url: ws://127.0.0.1:1\nbarwise: 1\n`;
    expect(stable(text, "barwise.yaml")).toBe(
      "barwise: 1\n\nfeeds:\n  - websocket:\n      url: ws://127.0.0.1:1\n      send: [{ op: subscribe, a: $symbols }]\n",
    );
  });

  it("formats tests: keys in order, expressions only where they are", () => {
    const text = `tests:\n- expect:\n  - {fact: 'rsi(14)<30',at: bar 3}\n  - order: {qty: '>0',side: buy}\n    at: bar 4 # why\n  history: {SPY: 100-1x3}\n  name: a\n  bars: {SPY: {low: 99-1x2, close: '100-1x2'}}\nstrategy: a.strategy.yaml\n`;
    expect(stable(text, "a.test.yaml")).toBe(
      "strategy: a.strategy.yaml\n\ntests:\n  - name: a\n    bars: { SPY: { close: '100-1x2', low: 99-1x2 } }\n    history: { SPY: 100-1x3 }\n    expect:\n      - { at: bar 3, fact: 'rsi(14) < 30' }\n      - at: bar 4 # why\n        order: { side: buy, qty: '>0' }\n",
    );
  });

  it("formats trades and quotes of tests as every mapping", () => {
    const text = `strategy: a.strategy.yaml\ntests:\n- name: a\n  quotes: {SPY: {spread: 0.02,mid: '100x2'}}\n  trades:\n    SPY:\n    - {price: 1,at: +1s}\n  expect: []\n`;
    expect(stable(text, "a.test.yaml")).toBe(
      "strategy: a.strategy.yaml\n\ntests:\n  - name: a\n    trades:\n      SPY:\n        - { at: +1s, price: 1 }\n    quotes: { SPY: { mid: '100x2', spread: 0.02 } }\n    expect: []\n",
    );
  });

  it("formats templates, with inputs inside expressions, and watchlists", () => {
    const text = `strategy:\n  rules:\n  - then: {buy: {size: {risk: $size,stop: 2*atr($period)}}}\n    when: rsi( $period )<$line and $filter\n    name: enter\n  on: $size\ninputs: {period: {default: 14,type: integer}}\nbarwise: 1\n`;
    expect(stable(text, "a.template.yaml")).toBe(
      "barwise: 1\ninputs: { period: { type: integer, default: 14 } }\n\nstrategy:\n  on: $size\n  rules:\n    - name: enter\n      when: rsi($period) < $line and $filter\n      then: { buy: { size: { risk: $size, stop: 2 * atr($period) } } }\n",
    );
    expect(stable("symbols: [SPY,QQQ]\nbarwise: 1\n", "watchlists/a.yaml")).toBe("barwise: 1\nsymbols: [SPY, QQQ]\n");
    expect(stable("max_position: 10% # no more\n", "risk.yaml")).toBe("max_position: 10% # no more\n");
  });

  it("writes line ends of Unix and no byte order mark", () => {
    expect(formatted(`\ufeff${HEAD}${RULES}`.replaceAll("\n", "\r\n"))).toBe(`${HEAD}\n${RULES}`);
  });
});

describe("comments", () => {
  it("stay with what they belong to", () => {
    const text = `# License: yours.

# About the file.
barwise: 1
name: case
symbols: [SPY]
on: 5m
facts:
  # first
  a: sma(20)   # behind a
  # last of the facts

# about rules
rules: # all of them
  - # behind the dash
    name: leave
    when:
      # why
      close > 1
    then: {close: {}}
    # last of the rule
  # last of the rules
# the end
`;
    expect(stable(text)).toBe(`# License: yours.

# About the file.
barwise: 1
name: case
symbols: [SPY]
on: 5m

facts:
  # first
  a: sma(20) # behind a
  # last of the facts

# about rules
rules: # all of them
  # behind the dash
  - name: leave
    # why
    when: close > 1
    then: { close: {} }
    # last of the rule
  # last of the rules
# the end
`);
  });

  it("of lint-ignore stay directly above their line", () => {
    const text = `barwise: 1
name: case
symbols: [SPY]
on: 5m
rules:
  - name: one
    when: close > 1
    then: {close: {}}
    # lint-ignore logic/always -- a test
  - {name: two, when: close > 0 or close <= 0, then: {alert: {message: "a text that is long enough to need a second line"}}}
`;
    const out = stable(text);
    expect(out).toContain("    then: { close: {} }\n\n  # lint-ignore logic/always -- a test\n  - { name: two, ");
  });

  it("of lint-ignore above the first key go with it", () => {
    const text = `# About the file.\n# lint-ignore risk/no-exit -- a test\nname: case\nbarwise: 1\nsymbols: [SPY]\non: 5m\n${RULES}`;
    expect(stable(text)).toContain("# About the file.\nbarwise: 1\n# lint-ignore risk/no-exit -- a test\nname: case\n");
    const first = `# lint-ignore risk/no-exit -- a test\n# About the file.\n${HEAD}${RULES}`;
    expect(stable(first)).toBe(`# lint-ignore risk/no-exit -- a test\n# About the file.\n${HEAD}\n${RULES}`);
  });
});

describe("blanks that are none to YAML", () => {
  it("keep a text a text where an expression ends with them", () => {
    const text = `${HEAD}facts:\n  level: 1\u3000\n\n${RULES}`;
    expect(stable(text)).toContain("  level: 1\u3000\n");
  });

  it("stay where a word begins or ends with them", () => {
    const text = "\u3000name: case\nbarwise: 1\nlast: x\u00a0\n";
    expect(stable(text)).toBe(text);
  });

  it.each(["\u3000", "\u00a0", "\u2028"])("stay where a word in brackets ends with them: %j", (blank) => {
    const text = `${HEAD}facts: {level: 1${blank} , other: ${blank} }\n\n${RULES}`;
    expect(stable(text)).toContain(`facts: { level: 1${blank}, other: ${blank} }\n`);
  });
});

describe("files that are left alone", () => {
  it("are those that YAML refuses, with its findings", () => {
    const broken = `${HEAD}rules: [\n`;
    const [one] = formatFiles({ [NAME]: broken });
    expect(one?.text).toBe(broken);
    expect(one?.findings.map(({ code }) => code)).toEqual(["yaml/syntax"]);
  });

  it.each([
    ["%YAML 1.2\n---\n" + HEAD + RULES, "directives"],
    [`${HEAD}? rules\n: []\n`, "explicit key"],
    [`${HEAD}description: !!str 5\n${RULES}`, "tags"],
    [`${HEAD}params: {"a":1, b:2, c: 3}\n${RULES}`, "special characters"],
    [`${HEAD}params: {...\n\n  a: 1}\n${RULES}`, "several lines"],
    [`${HEAD}description: within (bars: \n${RULES}`, "parenthesis"],
    [`${HEAD}description: |+\n  a\n\n\n${RULES}`, "empty lines"],
  ])("are those with rare YAML: %#", (text, why) => {
    const [one] = formatFiles({ [NAME]: text });
    expect(one?.text).toBe(text);
    expect(one?.note).toContain(why);
  });

  it("do not include those with other errors: only expressions that cannot be read stay as they are", () => {
    const text = `${HEAD}rules:\n  - {name: leave, when: clos>1, then: {close: {}}}\n  - {name: more, when: "close>", then: {close: {}}}\n`;
    expect(stable(text)).toContain("when: clos > 1");
    expect(stable(text)).toContain('when: "close>"');
  });
});

// ------------------------------------------------------------------------------------------------ the corpus

const golden = join(ROOT, "tests/golden/lang");
/** The name under which a golden case is what it is. */
function nameOf(golden: string): string {
  if (golden.startsWith("project-")) return "barwise.yaml";
  if (golden.startsWith("test-")) return "case.test.yaml";
  return golden.startsWith("template-") ? "case.template.yaml" : NAME;
}

const corpus: [string, string, string][] = [
  ...readdirSync(golden)
    .filter((name) => name.endsWith(".yaml"))
    .map((name): [string, string, string] => [name, nameOf(name), readFileSync(join(golden, name), "utf8")]),
  ...readdirSync(join(ROOT, "strategies"))
    .filter((name) => name.endsWith(".yaml"))
    .map((name): [string, string, string] => [name, name, readFileSync(join(ROOT, "strategies", name), "utf8")]),
  ...readdirSync(join(ROOT, "examples"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .map((name): [string, string, string] => [name, name, readFileSync(join(ROOT, "examples", name), "utf8")]),
];

function meaning(name: string, text: string): unknown {
  const { program, project, diagnostics } = compile({ [name]: text });
  return { digest: program?.digest, project, codes: diagnostics.map(({ code }) => code).sort() };
}

function commentTexts(text: string): string[] {
  return [...text.matchAll(/(?:^|\s)(#.*)$/gm)].map((match) => (match[1] as string).trim()).sort();
}

describe("the corpus", () => {
  it("is formatted without a change of meaning, a lost comment or a second change", () => {
    expect(corpus.length).toBeGreaterThan(120);
    for (const [label, name, text] of corpus) {
      const out = stable(text, name);
      expect(meaning(name, out), label).toEqual(meaning(name, text));
      expect(commentTexts(out), label).toEqual(commentTexts(text));
    }
  });

  it("includes the shipped strategies, tests and examples, which are formatted already", () => {
    const shipped = corpus.filter(([label, name]) => label === name);
    expect(shipped.length).toBeGreaterThan(10);
    for (const [label, name, text] of shipped) expect(formatText(name, text).text, label).toBe(text);
  });
});

describe("mutations of the corpus", () => {
  /** Repeatable and good enough to choose lines. */
  function random(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
  }

  function mutated(text: string, pick: (below: number) => number): string {
    const lines = text.split("\n");
    for (let i = 0; i < 1 + pick(4); i++) {
      const at = pick(lines.length);
      const line = lines[at] ?? "";
      const kind = pick(9);
      if (kind === 0) lines.splice(at, 0, "");
      else if (kind === 1) lines.splice(at, 0, `${" ".repeat(pick(8))}# comment ${i} here`);
      else if (kind === 2 && line.trim() !== "") lines[at] = `${line} # behind ${i}`;
      else if (kind === 3) lines[at] = line.replaceAll(" > ", ">").replaceAll(" and ", "  AND ");
      else if (kind === 4) lines[at] = line.replaceAll("{ ", "{").replaceAll(", ", ",  ");
      else if (kind === 5) lines[at] = line.replace(/([{[])/, "$1 # inside\n        ");
      else if (kind === 6) lines[at] = line.replace(/^(\s*(?:- )?\w+:) (\S)/, "$1\n            $2");
      else if (kind === 7) lines[at] = line.replace(/([,])/, "$1 # after a comma\n          ");
      else lines.splice(at, 0, `${" ".repeat(pick(5))}# lint-ignore risk/no-exit -- a test ${i}`);
    }
    return lines.join("\n");
  }

  /** Shows what the formatter refused. */
  function attempt<T>(what: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw new Error(what, { cause: error });
    }
  }

  it("keep their meaning and their comments, and are formatted after one time", () => {
    let read = 0;
    const rounds = process.env["BARWISE_SOAK"] === "1" ? 100 : 2;
    for (const [index, [label, name, text]] of corpus.entries()) {
      for (let round = 0; round < rounds; round++) {
        const before = mutated(text, random(index * 1000 + round));
        const [one] = attempt(`${label} round ${round}\n${before}`, () => formatFiles({ [name]: before }));
        if (one === undefined || one.findings.length > 0 || one.note !== undefined) continue;
        read++;
        const where = `${label} round ${round}\n${before}\n=>\n${one.text}`;
        expect(meaning(name, one.text), where).toEqual(meaning(name, before));
        const [two] = formatFiles({ [name]: one.text });
        expect(two?.text, where).toBe(one.text);
      }
    }
    expect(read).toBeGreaterThan(corpus.length * rounds * 0.4);
  }, 600_000);
});
