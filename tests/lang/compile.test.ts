import { describe, expect, it } from "vitest";
import { compile } from "../../engine/lang/compile.ts";
import { parseProject } from "../../engine/lang/project.ts";

const strategy = (name: string, when = "close > 1", more = ""): string =>
  `barwise: 1\nname: ${name}\nsymbols: [SPY]\non: 5m\n${more}rules:\n  - {name: leave, when: ${when}, then: {close: {}}}\n`;
const codesOf = (result: ReturnType<typeof compile>): string[] =>
  result.diagnostics.map((finding) => `${finding.file} ${finding.code}`);

describe("compile", () => {
  it("collects the findings of every file", () => {
    const result = compile({
      "b.strategy.yaml": strategy("b", "clos > 1"),
      "a.strategy.yaml": "a: [",
      "barwise.yaml": "barwise: 1\nfeds: []\n",
      "notes.yaml": "not ours: [",
    });
    expect(codesOf(result)).toEqual([
      "a.strategy.yaml yaml/syntax",
      "b.strategy.yaml names/unknown",
      "barwise.yaml schema/unknown-key",
    ]);
    expect(result.program).toBeNull();
  });

  it("refuses two strategies with one name", () => {
    const result = compile({ "a.strategy.yaml": strategy("x"), "b.strategy.yaml": strategy("x") });
    expect(codesOf(result)).toEqual(["b.strategy.yaml names/duplicate"]);
  });

  it("warns when there is nothing to run", () => {
    const result = compile({});
    expect(result.diagnostics.map((finding) => finding.code)).toEqual(["data/no-strategy"]);
    expect(result.program?.strategies).toEqual([]);
  });

  it("has the same digest whatever the order of files", () => {
    const a = compile({ "a.strategy.yaml": strategy("a"), "b.strategy.yaml": strategy("b") });
    const b = compile({ "b.strategy.yaml": strategy("b"), "a.strategy.yaml": strategy("a") });
    expect(a.program).toEqual(b.program);
  });

  it("does not count descriptions and moved files as changes, but limits", () => {
    const plain = compile({ "a.strategy.yaml": strategy("a") }).program?.digest;
    expect(compile({ "a.strategy.yaml": strategy("a", "close > 1", "description: new\n") }).program?.digest).toBe(
      plain,
    );
    expect(compile({ "sub/a.strategy.yaml": strategy("a") }).program?.digest).toBe(plain);
    const limited = compile({ "a.strategy.yaml": strategy("a", "close > 1", "risk: {max_order_qty: 3}\n") });
    expect(limited.program?.digest).not.toBe(plain);
  });

  it("overrides params, for all strategies or for one", () => {
    const files = { "a.strategy.yaml": strategy("a", "close > limit", "params: {limit: 5}\n") };
    const value = (params: Record<string, number>): unknown => {
      const condition = compile(files, { params }).program?.strategies[0]?.rules[0]?.condition;
      return condition?.op === "leaf" ? condition.right : undefined;
    };
    expect(value({})).toEqual({ value: 5 });
    expect(value({ limit: 7 })).toEqual({ value: 7 });
    expect(value({ limit: 7, "a.limit": 8 })).toEqual({ value: 8 });
    expect(compile(files, { params: { limt: 7 } }).diagnostics.map((finding) => finding.code)).toEqual([
      "names/unknown-param",
    ]);
  });

  it("refuses a file above the size limit", () => {
    const result = compile({ "a.strategy.yaml": `# ${"x".repeat(300_000)}\n${strategy("a")}` });
    expect(codesOf(result)).toEqual(["a.strategy.yaml yaml/too-large"]);
  });

  it("keeps a strategy whose only error a person has overruled", () => {
    const text = strategy("a", "rsi(14) > 120").replace("  - {", "  # lint-ignore logic/never -- on purpose\n  - {");
    const result = compile({ "a.strategy.yaml": text });
    expect(result.diagnostics).toEqual([]);
    expect(result.program?.strategies[0]?.rules).toHaveLength(1);
  });

  it("takes account limits from the project or from a risk file beside it", () => {
    const files = { "a.strategy.yaml": strategy("a"), "risk.yaml": "max_position: 5%\nmax_daily_loss: 2%\n" };
    const apart = compile({ ...files, "barwise.yaml": "barwise: 1\nrisk: risk.yaml\n" });
    expect(apart.diagnostics).toEqual([]);
    expect(apart.program?.risk).toEqual({ maxPositionRatio: 0.05, maxDailyLossRatio: 0.02 });
    const wrong = compile({
      ...files,
      "risk.yaml": "max_positon: 5%\n",
      "barwise.yaml": "barwise: 1\nrisk: risk.yaml\n",
    });
    expect(codesOf(wrong)).toEqual(["risk.yaml schema/unknown-key"]);
  });
});

describe("the project file", () => {
  it("has the defaults of the language page", () => {
    expect(parseProject("barwise: 1\n").project).toEqual({
      file: "barwise.yaml",
      strategies: "strategies/",
      timeZone: "America/New_York",
      account: { venue: "local", cash: 100_000 },
      feeds: [],
      failover: { afterMs: 10_000, backMs: 60_000 },
      risk: {},
      journal: ".barwise/journal",
      control: { port: 0 },
      graceMs: 2_000,
      unknownOrders: "park",
      load: { maxLagMs: 5_000, maxWaiting: 1_000_000 },
      notify: [],
    });
  });

  it("reads where the control API listens, or that there is none", () => {
    expect(parseProject("barwise: 1\ncontrol: off\n").project?.control).toBe("off");
    expect(parseProject("barwise: 1\ncontrol: {port: 9464}\n").project?.control).toEqual({ port: 9_464 });
    for (const wrong of ["on", "{port: 70000}", "{host: 0.0.0.0}", "7"])
      expect([wrong, parseProject(`barwise: 1\ncontrol: ${wrong}\n`).project]).toEqual([wrong, null]);
  });

  it("reads how far behind its data the engine may be", () => {
    const { project } = parseProject("barwise: 1\nload: {max_lag: 500ms, max_waiting: 20000}\n");
    expect(project?.load).toEqual({ maxLagMs: 500, maxWaiting: 20_000 });
    const wrong = parseProject("barwise: 1\nload: {max_lag: soon, max_waiting: 10}\n");
    expect(wrong.project).toBeNull();
    expect(wrong.diagnostics.map(({ line, column }) => [line, column])).toEqual([
      [2, 36],
      [2, 17],
    ]);
  });

  it("reads feeds as the adapters take them", () => {
    const feedOf = (feed: string): unknown => {
      const { project, diagnostics } = parseProject(`barwise: 1\nfeeds:\n  - ${feed}\n`);
      expect(diagnostics).toEqual([]);
      return project?.feeds[0];
    };
    expect(feedOf("alpaca: {feed: iex}")).toEqual({ kind: "alpaca", feed: "iex" });
    expect(feedOf("alpaca:")).toEqual({ kind: "alpaca", feed: "iex" });
    expect(
      feedOf(`websocket:
      url: wss://example.test/stream
      send: [{op: subscribe, symbols: $symbols}]
      map: {symbol: $.symbol, price: [$.price, $.p], size: $.volume, time: $.timestamp}`),
    ).toEqual({
      kind: "websocket",
      config: {
        url: "wss://example.test/stream",
        send: [{ op: "subscribe", symbols: "$symbols" }],
        map: { symbol: "$.symbol", price: ["$.price", "$.p"], size: "$.volume", time: "$.timestamp" },
      },
    });
    const file = "data/spy-1m.csv";
    expect(feedOf(`tape: {file: ${file}, speed: 60x}`)).toEqual({ kind: "tape", file, speed: "60x" });
    expect(feedOf(`tape: {file: ${file}}`)).toEqual({ kind: "tape", file, speed: "1x" });
  });

  it("reads what a WebSocket backend says, times in milliseconds", () => {
    const { project, diagnostics } = parseProject(`barwise: 1
feeds:
  - websocket:
      url: wss://example.test/stream
      format: msgpack
      login: {after: {$.msg: hello}, send: [{op: auth}], expect: {$.msg: ok}}
      heartbeat: {send: {op: ping}, every: 15s, expect: {$.op: pong}}
      sequence: {path: $.seq, by: $.symbol, on_gap: resubscribe}
      idle: {trades: 60s, quotes: 500ms}
      delay: 15m
      map:
        - {type: book, update: delta, symbol: $.s, bids: $.b, asks: $.a, level: {price: "$[0]", size: "$[1]"}}
`);
    expect(diagnostics).toEqual([]);
    expect(project?.feeds[0]).toMatchObject({
      config: {
        format: "msgpack",
        heartbeat: { send: { op: "ping" }, everyMs: 15_000, expect: { "$.op": "pong" } },
        sequence: { path: "$.seq", by: "$.symbol", on_gap: "resubscribe" },
        idleMs: { trade: 60_000, quote: 500 },
        delayMs: 900_000,
      },
    });
  });

  it.each([
    ["map: {symbol: $.s}", 'A mapping of trades has no "price"', 7],
    [
      "map: [{type: bar, symbol: $.s, open: $.o, high: $.h, low: $.l, close: $.c, time: $.t}]",
      'A mapping of bars has no "bar_size"',
      14,
    ],
    [
      "map: {type: bar, bar_size: 7q, symbol: $.s, open: $.o, high: $.h, low: $.l, close: $.c, start: $.t}",
      '"7q" is no size of bars',
      34,
    ],
    ["map: {symbol: $.s, price: $..p}", '"$..p" cannot be used', 33],
    ["map: {symbol: $.s, price: $.p, where: {T: t}}", '"T" cannot be used', 46],
    ["heartbeat: {every: 5s}", "A heartbeat is sent, expected or answered", 7],
    ["heartbeat: {send: ping, every: soon}", '"soon" is no duration', 38],
    ["sequence: {path: seq}", '"seq" cannot be used', 24],
    ["sequence: {path: $.seq, on_gap: panic}", 'cannot be "panic"', 39],
    ["idle: {trade: 5s}", 'Unknown key "trade"', 14],
    ["format: xml", 'cannot be "xml"', 15],
    ["login: {expect: {$.a: b}}", 'has no "send"', 7],
  ])("says where %s is wrong", (line, message, column) => {
    const { project, diagnostics } = parseProject(
      `barwise: 1\nfeeds:\n  - websocket:\n      url: wss://e.test\n      ${line}\n`,
    );
    expect(project).toBeNull();
    expect(diagnostics).toEqual([
      expect.objectContaining({ line: 5, column, message: expect.stringContaining(message) as string }),
    ]);
  });

  it("reads account and grace, and refuses a second feed that cannot take over", () => {
    const { project } = parseProject("barwise: 1\naccount: {venue: alpaca-paper}\ngrace: 500ms\n");
    expect(project?.account).toEqual({ venue: "alpaca-paper", cash: 100_000 });
    expect(project?.graceMs).toBe(500);
    const messages = (feeds: string): string[] => {
      const { project: two, diagnostics } = parseProject(`barwise: 1\nfeeds: [${feeds}]\n`);
      expect(two === null).toBe(diagnostics.length > 0);
      return diagnostics.map(({ code, message }) => `${code}: ${message}`);
    };
    const own = "websocket: {url: wss://e.test}";
    const bars =
      "websocket: {url: wss://f.test, map: {type: bar, bar_size: 1m, symbol: $.s, open: $.o, high: $.h, low: $.l, close: $.c, start: $.t}}";
    for (const beside of ["{alpaca: {}}", `{${own}}`, "{tape: {file: b.csv}}"])
      for (const pair of [`${beside}, {tape: {file: a.csv}}`, `{tape: {file: a.csv}}, ${beside}`])
        expect(messages(pair)).toEqual(["schema/value: A tape has no second feed, and is none"]);
    expect(messages("{alpaca: {}}, {alpaca: {}}")).toEqual(["schema/value: Alpaca allows one connection to iex"]);
    expect(messages("{alpaca: {feed: sip}}, {alpaca: {feed: crypto}}")).toEqual([
      "schema/value: Coins and stocks are not the same data",
    ]);
    expect(messages(`{${own}}, {${bars}}`)).toEqual([
      "schema/value: The second feed tells 1m bars, the first trades and quotes",
    ]);
    const longer = bars.replace("1m", "5m");
    expect(messages(`{${bars}}, {${longer}}`)).toEqual([
      "schema/value: The second feed tells 5m bars, the first 1m bars",
    ]);
    for (const pair of [`{${longer}}, {alpaca: {}}`, `{alpaca: {}}, {${longer}}`])
      expect(messages(pair)).toEqual([
        "schema/value: Alpaca tells trades and quotes, or 1m bars; the other feed tells 5m bars",
      ]);
    for (const stream of [own, bars])
      for (const pair of [`{${stream}}, {alpaca: {}}`, `{alpaca: {feed: crypto}}, {${stream}}`])
        expect(messages(pair)).toEqual([]);
    expect(messages(`{${own}}, {${own}}, {${own}}`)).toEqual([
      "schema/not-built: More than two feeds are not built yet",
    ]);
    expect(messages(`{${own}}, {websocket: {url: wss://f.test}}`)).toEqual([]);
    expect(messages("{alpaca: {feed: sip}}, {alpaca: {feed: iex}}")).toEqual([]);
  });

  it("refuses a grace that is not shorter than the bars", () => {
    const { diagnostics, program } = compile({
      "barwise.yaml": "barwise: 1\ngrace: 2m\n",
      "a.strategy.yaml":
        "barwise: 1\nname: a\nsymbols: [SPY]\non: 1m\nrules:\n  - {name: out, when: close > 1, then: {close: {}}}\n",
    });
    expect(program).toBeNull();
    expect(diagnostics.map(({ code, file, line }) => `${file}:${line} ${code}`)).toContain("barwise.yaml:2 time/grace");
  });

  it("takes the address of a venue on this machine only, and for a local account only", () => {
    const told = (account: string): string[] =>
      compile({ "barwise.yaml": `barwise: 1\naccount: ${account}\n` }).diagnostics.flatMap(
        ({ code, line, column, message }) =>
          code === "data/no-strategy" ? [] : [`${line}:${column} ${code} ${message}`],
      );
    expect(told('{venue: local, url: "http://127.0.0.1:8799"}')).toEqual([]);
    expect(told('{url: "http://localhost:8799"}')).toEqual([]);
    for (const url of ["http://example.test", "https://127.0.0.1:1", "127.0.0.1:8799", "http://127.0.0.1.example.test"])
      expect(told(`{url: "${url}"}`)).toEqual([`2:16 types/value "${url}" is no address of a venue on this machine`]);
    expect(told('{venue: alpaca-live, url: "http://127.0.0.1:1"}')).toEqual([
      "2:36 types/value url belongs to a local venue, not to alpaca-live",
    ]);
  });
});
