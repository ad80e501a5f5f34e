/**
 * The facts that are not indicators: fields of bars and quotes, the session's clock, the strategy's book, the account,
 * and the functions of the language.
 *
 * Owns: their names, documentation, units and ranges; the language, the linter and the docs read them from here. May
 * not say how they are computed (that is the core's).
 */
import type { OutputDoc, Unit } from "./kernel.ts";
import { ANY, NOT_NEGATIVE } from "./params.ts";

/** `rank` is a place, 1 for the largest. `clock` is minutes after local midnight, compared with `09:45`. */
export type FactUnit = Unit | "money" | "minutes" | "clock" | "weekday" | "side" | "origin" | "rank";

export type FactGroup = "bar" | "quote" | "session" | "position" | "account" | "order";

export interface FactDoc {
  /** As written in a strategy, e.g. `session.minutes_to_close`. */
  readonly name: string;
  readonly group: FactGroup;
  readonly doc: string;
  readonly unit: FactUnit;
  /** Closed range of possible values. */
  readonly range: readonly [number, number];
}

export interface FunctionDoc {
  readonly name: string;
  readonly doc: string;
  readonly formula: string;
  readonly params: readonly { readonly name: string; readonly doc: string }[];
  /** How it is written, where that does not follow from the parameters. */
  readonly usage?: string;
  /** The last parameter may be repeated. */
  readonly variadic: boolean;
  readonly result: FactUnit | "unit of the arguments";
  readonly range: readonly [number, number];
  /** Several values, of which one is chosen: `opening_range(15m).high`. */
  readonly outputs?: readonly OutputDoc[];
}

type Row = readonly [name: string, unit: FactUnit, range: readonly [number, number], doc: string];

function group(name: FactGroup, rows: readonly Row[]): FactDoc[] {
  return rows.map(([fact, unit, range, doc]) => ({ name: fact, group: name, doc, unit, range }));
}

/** A minute is 1/1440 of a day; sessions of a market that never closes last a whole one. */
const MINUTES_OF_DAY: readonly [number, number] = [0, 1440];

const BAR = group("bar", [
  ["open", "price", NOT_NEGATIVE, "First price of the bar."],
  ["high", "price", NOT_NEGATIVE, "Highest price of the bar."],
  ["low", "price", NOT_NEGATIVE, "Lowest price of the bar."],
  ["close", "price", NOT_NEGATIVE, "Last price of the bar."],
  ["volume", "volume", NOT_NEGATIVE, "Shares or coins traded in the bar."],
  ["hl2", "price", NOT_NEGATIVE, "Middle of the bar: (high + low) / 2."],
  ["hlc3", "price", NOT_NEGATIVE, "Typical price: (high + low + close) / 3."],
  ["ohlc4", "price", NOT_NEGATIVE, "Mean of the four prices: (open + high + low + close) / 4."],
]);

const QUOTE = group("quote", [
  ["bid", "price", NOT_NEGATIVE, "Best price somebody pays now. Unknown without a quote."],
  ["ask", "price", NOT_NEGATIVE, "Best price somebody asks now. Unknown without a quote."],
  ["mid", "price", NOT_NEGATIVE, "Middle of the quote: (bid + ask) / 2."],
  ["spread", "price", ANY, "ask - bid. Negative while the market is crossed."],
  [
    "imbalance",
    "ratio",
    [-1, 1],
    "Which side of the quote is larger: (bid size - ask size) / (bid size + ask size). Unknown without both sides and sizes.",
  ],
  ["last", "price", NOT_NEGATIVE, "Price of the latest trade."],
]);

const SESSION = group("session", [
  ["session.open", "flag", [0, 1], "1 inside the strategy's session, 0 outside."],
  [
    "session.minutes_since_open",
    "minutes",
    MINUTES_OF_DAY,
    "Minutes since the strategy's session opened, fractions included. Unknown outside it.",
  ],
  [
    "session.minutes_to_close",
    "minutes",
    MINUTES_OF_DAY,
    "Minutes until the strategy's session closes; half days are known. 0 at the close, unknown outside the session.",
  ],
  ["time", "clock", MINUTES_OF_DAY, "Wall-clock time at the exchange; compare with `09:45`."],
  ["weekday", "weekday", [1, 7], "Day of the week at the exchange: 1 is Monday, 7 is Sunday."],
]);

const POSITION = group("position", [
  ["position.qty", "count", ANY, "Shares this strategy holds in the symbol; negative when short."],
  ["position.open_qty", "count", ANY, "The same with working entries counted as if filled."],
  ["position.side", "side", [-1, 1], "1 long, -1 short, 0 flat."],
  ["position.avg_price", "price", NOT_NEGATIVE, "Average price paid for the holding. Unknown when flat."],
  ["position.unrealized", "money", ANY, "Profit of the holding at the latest close, in dollars. 0 when flat."],
  [
    "position.unrealized_pct",
    "ratio",
    ANY,
    "Profit of the holding against what was paid, as a ratio: 2% and 0.02 are the same. 0 when flat.",
  ],
  ["position.bars_held", "bars", NOT_NEGATIVE, "Closed bars since the position was opened. 0 when flat."],
  ["position.age", "seconds", NOT_NEGATIVE, "Seconds since the position was opened; compare with `2h`. 0 when flat."],
]);

const ACCOUNT = group("account", [
  ["account.equity", "money", ANY, "Cash plus the value of all positions, in dollars."],
  ["account.cash", "money", ANY, "Cash in dollars; negative when borrowed."],
  ["account.buying_power", "money", NOT_NEGATIVE, "What new orders may still use, in dollars."],
  ["account.day_pnl", "money", ANY, "Equity now minus equity at the previous close, in dollars."],
]);

const ORDER = group("order", [
  [
    "order.notional",
    "money",
    NOT_NEGATIVE,
    "What the order is worth in dollars, at its own price or the last one, whichever is higher.",
  ],
  ["order.qty", "count", NOT_NEGATIVE, "Shares of the order, after it was cut down to the limits."],
  ["order.price", "price", NOT_NEGATIVE, "Its limit, else its stop, else the last price."],
  ["order.side", "side", [-1, 1], "1 to buy, -1 to sell."],
  ["order.origin", "origin", [1, 4], "Who wants it: 1 a rule, 2 an operator, 3 an AI, 4 what a bracket promised."],
  [
    "order.number",
    "count",
    [1, Number.POSITIVE_INFINITY],
    "1 for the first entry that the strategy sends, then 2, and so on.",
  ],
  ["order.is_first", "flag", [0, 1], "1 for the first entry that the strategy sends, else 0."],
  ["order.regular_hours", "flag", [0, 1], "1 while the regular session is open, else 0."],
]);

/** Known only while an order is made: they stand under `approval:`. */
export const ORDER_FACTS: ReadonlyMap<string, FactDoc> = new Map(ORDER.map((doc) => [doc.name, doc]));

/** Every fact by name, in the order of the docs. */
export const FACTS: ReadonlyMap<string, FactDoc> = new Map(
  [...BAR, ...QUOTE, ...SESSION, ...POSITION, ...ACCOUNT].map((doc) => [doc.name, doc]),
);

const FUNCTION_DOCS: readonly FunctionDoc[] = [
  {
    name: "change",
    doc: "Difference to the value `n` bars ago. For a change in percent use `roc`.",
    formula: "x - x[n]",
    params: [
      { name: "x", doc: "Any expression." },
      { name: "n", doc: "How many bars back; 1 when left out." },
    ],
    variadic: false,
    result: "unit of the arguments",
    range: ANY,
  },
  {
    name: "min",
    doc: "The smallest of several values at this bar. For the lowest over time use `lowest`.",
    formula: "min(a, b, …)",
    params: [
      { name: "a", doc: "Any expression." },
      { name: "b", doc: "Any further expressions." },
    ],
    variadic: true,
    result: "unit of the arguments",
    range: ANY,
  },
  {
    name: "max",
    doc: "The largest of several values at this bar. For the highest over time use `highest`.",
    formula: "max(a, b, …)",
    params: [
      { name: "a", doc: "Any expression." },
      { name: "b", doc: "Any further expressions." },
    ],
    variadic: true,
    result: "unit of the arguments",
    range: ANY,
  },
  {
    name: "abs",
    doc: "The value without its sign.",
    formula: "|x|",
    params: [{ name: "x", doc: "Any expression." }],
    variadic: false,
    result: "unit of the arguments",
    range: NOT_NEGATIVE,
  },
  {
    name: "prior",
    doc:
      "What `x` was on the last bar of a larger size that closed before the bar of that size began in which the current " +
      "one lies. In a strategy on `5m`, `prior(high, on: 1d)` is the high of the previous trading day, from the first bar " +
      "of a session (its extended hours included) to the last: also at the last bar, when `high(on: 1d)` is today's " +
      "already. On the strategy's own size it is the bar before: `prior(high, on: 5m)` is `high[1]`. A lookback goes " +
      "further back in the larger bars: `prior(high, on: 1d)[1]` is the day before that.",
    formula: "x of the last bar of `on` that ended before the current bar of `on` began",
    usage: "prior(x, on: 1d)",
    params: [
      { name: "x", doc: "Any expression; it is computed on the larger bars." },
      { name: "on", doc: "Their size; required." },
    ],
    variadic: false,
    result: "unit of the arguments",
    range: ANY,
  },
  {
    name: "opening_range",
    doc:
      "The range of the first minutes of the strategy's session (of the UTC day under `session: always`). Unknown until " +
      "they are over, and for the rest of a session in which one of their bars did not come: nobody traded, or the feed " +
      "was away, and what is missing may be the extreme. The bars of the strategy must divide the span. For another " +
      "symbol write `opening_range(15m, symbol: SPY)`.",
    formula: "highest high and lowest low of the bars in the first `span` of the session; mid = (high + low) / 2",
    usage: "opening_range(15m).high",
    params: [{ name: "span", doc: "A duration, e.g. `15m`." }],
    variadic: false,
    result: "price",
    range: NOT_NEGATIVE,
    outputs: [
      { name: "high", doc: "Highest price.", unit: "price", range: NOT_NEGATIVE },
      { name: "mid", doc: "Middle between both.", unit: "price", range: NOT_NEGATIVE },
      { name: "low", doc: "Lowest price.", unit: "price", range: NOT_NEGATIVE },
    ],
  },
  {
    name: "rank",
    doc:
      "Place of the symbol among the symbols of the strategy, by the value of `x`: 1 is the largest; `rank(-x)` counts " +
      "from the smallest. Equal values share the better place: 1, 2, 2, 4. All symbols are judged together, when each has " +
      "closed the bar of this moment or the grace is over. A symbol whose bar did not come, or whose `x` is unknown, " +
      "does not count: its own rank is unknown, the others are ranked without it. `x` may read bars only.",
    formula: "1 + number of symbols with a larger x",
    params: [{ name: "x", doc: "An expression over bars, e.g. `roc(20)`." }],
    variadic: false,
    result: "rank",
    range: [1, Infinity],
  },
];

/** Functions of the language that are no indicators. `highest` and `lowest` are indicators. */
export const FUNCTIONS: ReadonlyMap<string, FunctionDoc> = new Map(FUNCTION_DOCS.map((doc) => [doc.name, doc]));
