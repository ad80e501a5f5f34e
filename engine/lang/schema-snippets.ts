/* oxlint-disable unicorn/no-thenable -- `then` is a key of rules */
/**
 * Beginnings that an editor offers.
 *
 * Owns: the snippets of the schemas (`defaultSnippets`, as YAML language servers read them), each at one place of one
 * schema. May not: change what a schema accepts.
 */
import { invariant } from "../core/assert.ts";
import type { Schema } from "./schema-parts.ts";

interface Snippet {
  readonly label: string;
  readonly description: string;
  /** Text, or the tree to insert; `${1:30}` is a place to fill in, `${1|a,b|}` a choice. */
  readonly body: unknown;
}

function snippet(label: string, description: string, body: unknown): Snippet {
  return { label, description, body };
}

const SIZES: readonly Snippet[] = [
  snippet("risk", "Lose this part of the equity when the stop is hit.", {
    risk: "${1:0.5%}",
    stop: "${2:2 * atr(14)}",
  }),
  snippet("equity", "Part of the account's equity.", { equity: "${1:10%}" }),
  snippet("notional", "Dollars.", { notional: "${1:1000}" }),
  snippet("qty", "Shares.", { qty: "${1:10}" }),
];

const BRACKETS: readonly Snippet[] = [
  snippet("stop and target", "Two orders of which one cancels the other.", {
    stop_loss: "${1:close - 2 * atr(14)}",
    take_profit: "${2:close + 3 * atr(14)}",
  }),
  snippet("stop", "A stop loss alone.", { stop_loss: "${1:close - 2 * atr(14)}" }),
];

const BUY = {
  size: { risk: "${1:0.5%}", stop: "${2:2 * atr(14)}" },
  bracket: { stop_loss: "${3:close - 2 * atr(14)}" },
};

const ACTIONS: readonly Snippet[] = [
  snippet("buy", "Buys; the stop decides the size.", { buy: BUY }),
  snippet("buy a part", "Buys for a part of the equity.", { buy: { size: { equity: "${1:10%}" } } }),
  snippet("close", "Closes the position.", { close: {} }),
  snippet("reduce", "Closes a part of the position.", { reduce: { by: "${1:50%}" } }),
  snippet("target", "Brings the position to a weight.", { target: { weight: "${1:10%}" } }),
  snippet("alert", "Tells a person.", {
    alert: { message: "${1:close is {close}}", level: "${2|info,warning,critical|}" },
  }),
];

const CONDITIONS: readonly Snippet[] = [
  snippet("oversold", "An oscillator falls through a line.", "rsi(${1:14}) crosses below ${2:30}"),
  snippet("cross", "The price crosses its average.", "close crosses above sma(${1:50})"),
  snippet("trend", "The price is above its average.", "close > sma(${1:200})"),
  snippet("breakout", "A new high of some bars.", "close > highest(high, ${1:20})[1]"),
  snippet("for", "Something lasts.", "${1:close > sma(50)} for ${2:3 bars}"),
  snippet("before the close", "The session is nearly over.", "session.minutes_to_close <= ${1:10}"),
];

const RULES: readonly Snippet[] = [
  snippet("entry", "A rule that opens a position.", {
    name: "${1:enter}",
    when: "${2:rsi(14) crosses below 30}",
    then: {
      buy: {
        size: { risk: "${3:0.5%}", stop: "${4:2 * atr(14)}" },
        bracket: { stop_loss: "${5:close - 2 * atr(14)}" },
      },
    },
    cooldown: "${6:5 bars}",
  }),
  snippet("exit", "A rule that closes it.", { name: "${1:leave}", when: "${2:rsi(14) > 70}", then: { close: {} } }),
  snippet("flat before the bell", "Nothing is held overnight.", {
    name: "flat-before-the-bell",
    when: "session.minutes_to_close <= ${1:10}",
    then: { close: {} },
  }),
];

const STRATEGY: readonly Snippet[] = [
  snippet("strategy", "A strategy with an entry and an exit.", {
    barwise: 1,
    name: "${1:my-strategy}",
    description: "${2:What it does.}",
    symbols: ["${3:SPY}"],
    on: "${4|5m,1m,15m,1h,1d|}",
    rules: [
      {
        name: "enter",
        when: "${5:rsi(14) crosses below 30}",
        then: { buy: { size: { risk: "0.5%", stop: "2 * atr(14)" }, bracket: { stop_loss: "close - 2 * atr(14)" } } },
      },
      { name: "leave", when: "${6:rsi(14) > 70}", then: { close: {} } },
    ],
    risk: { max_position: "${7:10%}", max_orders_per_day: "${8:6}" },
  }),
  snippet("from a template", "A strategy that fills a template.", {
    barwise: 1,
    name: "${1:my-strategy}",
    symbols: ["${2:SPY}"],
    template: "${3:templates/dip.template.yaml}",
    with: { "${4:period}": "${5:14}" },
  }),
  snippet("extends", "Another strategy with a difference.", {
    barwise: 1,
    name: "${1:my-strategy}",
    extends: "${2:other.strategy.yaml}",
  }),
];

const TESTS: readonly Snippet[] = [
  snippet("test", "A price path and what must follow from it.", {
    name: "${1:buys the dip}",
    bars: { "${2:SPY}": "${3:100x20 100-1x10}" },
    expect: [{ at: "bar ${4:22}", rule: "${5:enter}", order: { side: "${6|buy,sell|}" } }],
  }),
  snippet("silence", "Nothing may happen.", {
    name: "${1:stays out of a flat market}",
    bars: { "${2:SPY}": "${3:100x50}" },
    expect: [],
  }),
];

const INPUTS: readonly Snippet[] = [
  snippet("integer", "A whole number with a default.", { type: "integer", default: "${1:14}", min: "${2:2}" }),
  snippet("expression", "A number or an expression.", { type: "expression", default: "${1:2 * atr(14)}" }),
  snippet("condition", "A condition.", { type: "condition", example: "${1:close > sma(200)}" }),
];

const FEEDS: readonly Snippet[] = [
  snippet("alpaca", "Alpaca's market data.", { alpaca: { feed: "${1|iex,sip,crypto,delayed_sip|}" } }),
  snippet("tape", "A recorded file.", { tape: { file: "${1:data/spy-1m.csv}", speed: "${2:60x}" } }),
  snippet("websocket", "A backend of your own.", {
    websocket: {
      url: "${1:wss://example.test/stream}",
      send: [{ op: "subscribe", symbols: "$symbols" }],
      map: { symbol: "$.symbol", price: "$.price", size: "$.size", time: "$.time" },
    },
  }),
];

type Path = readonly string[];

const RULE: Path = ["properties", "rules", "items"];
const THEN: Path = [...RULE, "properties", "then"];
const TRADES = ["buy", "sell"].map((kind): Path => [...THEN, "properties", kind, "properties"]);

/** Schema file -> where which snippets stand; the empty path is the whole file. */
const PLACES: Readonly<Record<string, readonly (readonly [path: Path, snippets: readonly Snippet[]])[]>> = {
  "strategy.schema.json": [
    [[], STRATEGY],
    [RULE, RULES],
    [THEN, ACTIONS],
    ...TRADES.map((trade) => [[...trade, "size"], SIZES] as const),
    ...TRADES.map((trade) => [[...trade, "bracket"], BRACKETS] as const),
    [["definitions", "condition"], CONDITIONS],
  ],
  "template.schema.json": [
    [["properties", "inputs", "additionalProperties"], INPUTS],
    [["definitions", "condition"], CONDITIONS],
  ],
  "test.schema.json": [[["properties", "tests", "items"], TESTS]],
  "project.schema.json": [[["properties", "feeds", "items"], FEEDS]],
};

export function withSnippets(name: string, schema: Schema): Schema {
  return (PLACES[name] ?? []).reduce((whole, [path, snippets]) => placed(whole, path, snippets), schema);
}

function placed(schema: Schema, path: Path, snippets: readonly Snippet[]): Schema {
  const [key, ...rest] = path;
  if (key === undefined) return { ...schema, defaultSnippets: snippets };
  const inner = schema[key];
  invariant(typeof inner === "object" && inner !== null, `the schema has no ${path.join(".")}`);
  return { ...schema, [key]: placed(inner as Schema, rest, snippets) };
}
