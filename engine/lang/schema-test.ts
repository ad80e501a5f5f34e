/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema */
/**
 * The schema of test files.
 *
 * Owns: keys, types, defaults and their documentation. What a value means is judged by test-file.ts.
 */
import { choice, definitions, mapping, ref, text } from "./schema-parts.ts";
import type { Schema } from "./schema-parts.ts";

const PATH_NOTE = "`100x20` is 20 times 100, `100+0.5x20` 20 values from 100 up by 0.5, `_` no bar";

function path(description: string): Schema {
  return { type: ["string", "number"], description: `${description} ${PATH_NOTE}.` };
}

function matcher(description: string): Schema {
  return { type: ["number", "string"], description: `${description} A number, or a comparison such as \`'>0'\`.` };
}

function rows(): Schema {
  return {
    type: "array",
    description: "A bar per row: [open, high, low, close] or [open, high, low, close, volume]; `_` for no bar.",
    items: {
      type: ["array", "string"],
      minItems: 4,
      maxItems: 5,
      items: { type: "number", description: "A price, or the volume." },
    },
  };
}

function series(): Schema {
  return mapping("Bars of one symbol: a price path, rows, or a CSV file.", {
    on: text("Size of the bars. Default: the strategy's.", { examples: ["5m", "1d"] }),
    close: path("Closes; the other prices follow from them."),
    open: path("Opens; default: the close before."),
    high: path("Highs; default: the larger of open and close."),
    low: path("Lows; default: the smaller of open and close."),
    volume: path("Volumes; default: 1000000."),
    rows: rows(),
    file: text("A CSV file beside this one. Its bars have their own times."),
  });
}

function bars(description: string, several: boolean): Schema {
  const one = { $ref: "#/definitions/series" };
  return {
    type: "object",
    description,
    additionalProperties: {
      description: "Bars of one symbol: a price path of closes, a mapping, or rows.",
      type: ["string", "number", "object", "array"],
      if: { type: "object" },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: one,
      else: several
        ? { items: { if: { type: "object" }, then: one, else: { $ref: "#/definitions/row" } } }
        : { if: { type: "array" }, then: { $ref: "#/definitions/rows" } },
    },
  };
}

const EVERY = text("Time between two of them. They lie in sessions, from the start of the test on.", {
  default: "1s",
  examples: ["1s", "250ms"],
});
const AT = text("`09:30:00.250` on the day of the one before, `+1s` after it, or a whole time.", {
  examples: ["09:30:00", "+1s"],
});

function number(description: string): Schema {
  return { type: "number", description };
}

function trades(): Schema {
  return mapping("Trades of one symbol: price paths, or a CSV file.", {
    every: EVERY,
    price: path("Prices, one trade each."),
    size: path("Sizes, or one for all; default: 100."),
    file: text("A CSV file beside this one, with columns time, price and size."),
  });
}

function trade(): Schema {
  return mapping(
    "One trade.",
    {
      at: AT,
      price: number("Its price."),
      size: number("Its size; default: 100."),
      sets_price: {
        type: "boolean",
        default: true,
        description: "`false`: its sale condition lets it add volume alone, and neither price nor fills.",
      },
    },
    ["at", "price"],
  );
}

function quotes(): Schema {
  return mapping("Quotes of one symbol: price paths, or a CSV file.", {
    every: EVERY,
    mid: path("Middle between bid and ask."),
    spread: path("Distance of bid and ask, or one for all; default: 0.02."),
    bid: path("Bids, instead of mid."),
    ask: path("Asks, instead of mid."),
    size: path("Sizes of both sides, or one for all; default: 100."),
    bid_size: path("Sizes of the bid."),
    ask_size: path("Sizes of the ask."),
    file: text("A CSV file beside this one, with columns time, bid, ask, bid_size and ask_size."),
  });
}

function quote(): Schema {
  return mapping(
    "One quote.",
    {
      at: AT,
      bid: number("Best bid; 0 when nobody bids."),
      ask: number("Best ask; 0 when nobody asks."),
      size: number("Size of both sides; default: 100."),
      bid_size: number("Size of the bid."),
      ask_size: number("Size of the ask."),
    },
    ["at", "bid", "ask"],
  );
}

function ticks(description: string, kind: "trade" | "quote", shorthand: string): Schema {
  return {
    type: "object",
    description,
    additionalProperties: {
      description: `${shorthand}, a mapping, or a list of ${kind}s.`,
      type: ["string", "number", "object", "array"],
      if: { type: "object" },
      then: { $ref: `#/definitions/${kind}s` },
      else: { items: { $ref: `#/definitions/${kind}` } },
    },
  };
}

function order(): Schema {
  return mapping("The order that is sent; what is not named is not looked at.", {
    side: choice("Buy or sell.", { buy: "Buys.", sell: "Sells." }),
    qty: matcher("Shares."),
    type: choice("Type of the order.", {
      market: "At the market.",
      limit: "With a limit.",
      stop: "A stop.",
      stop_limit: "A stop with a limit.",
      trailing_stop: "A trailing stop.",
    }),
    class: choice("Which orders go out together.", {
      simple: "One order.",
      bracket: "An entry with a stop loss and a take profit.",
      oto: "An entry with one of them.",
      oco: "A stop loss and a take profit for what is held.",
    }),
    time_in_force: choice("How long it stays.", {
      day: "Until the close.",
      gtc: "Until canceled.",
      opg: "At the open.",
      cls: "At the close.",
      ioc: "At once or not.",
      fok: "All at once or not.",
    }),
    limit: matcher("Its limit."),
    stop: matcher("Its stop."),
    trail: matcher("Distance of its trailing stop: price units, or percent where the rule says percent."),
    stop_loss: matcher("Stop of its bracket, oto or oco."),
    take_profit: matcher("Limit of the leg that takes the profit."),
  });
}

const AFTER = "`bar 41`, `trade 12` or `quote 12`: right after it.";

function decision(): Schema {
  return mapping(
    "A person's word on a request.",
    {
      at: { type: ["string", "integer"], description: AFTER },
      strategy: text("Which strategy, when the file tests several."),
      symbol: text("Which symbol, when the test plays several."),
      rule: text("The rule that asked; without it the oldest request."),
      approve: text("Says yes: the person's name."),
      reject: text("Says no: the person's name."),
      channel: text("How they say it.", { default: "cli" }),
      edit: mapping("What they change before they say yes.", {
        qty: { type: "number", description: "Shares." },
        limit: { type: "number", description: "Its limit." },
        time_in_force: text("How long it stays."),
      }),
      reason: text("Why."),
    },
    ["at"],
  );
}

function expectation(): Schema {
  return mapping(
    "What must be so at one moment.",
    {
      at: {
        type: ["string", "integer"],
        description:
          "`bar 222`, `trade 12` and `quote 12` count those of the test from 1; or a time: the end of a bar, or any where trades or quotes are played.",
      },
      strategy: text("Which strategy, when the file tests several."),
      symbol: text("Which symbol, when the test plays several."),
      rule: text("The rule that fires."),
      order: order(),
      fact: {
        type: ["string", "object"],
        description: "Any condition of the language, e.g. `rsi(14) < 30`: it must hold then.",
      },
      position: mapping("The strategy's own position then.", {
        qty: matcher("Shares; below 0 when short."),
        avg_price: matcher("Average price of the entry."),
      }),
      equity: matcher("Equity of the account then."),
      cash: matcher("Cash of the account then."),
      approval: { ...(order() as object), description: "The order that a person is asked about, as `order:` has it." },
      refused: text("Code of the refusal, e.g. max_position."),
      clamped: text("Name of the control that cut the order down, e.g. max_position."),
      alert: text("Part of the message of an alert."),
      level: choice("Level of that alert.", { info: "To be read later.", warning: "Soon.", critical: "Now." }),
    },
    ["at"],
  );
}

function testCase(): Schema {
  return mapping(
    "One test: market data in, orders out.",
    {
      name: text("What it shows; --run selects by it."),
      start: text("When the first bar begins, or the first trade or quote comes, with a zone or in New York's time.", {
        default: "2024-03-04T09:30:00 America/New_York",
      }),
      given: mapping("What the strategy starts with.", {
        cash: { type: "number", exclusiveMinimum: 0, default: 100_000, description: "Cash of the account." },
        leverage: { type: "integer", enum: [1, 2, 4], default: 1, description: "1: a cash account; 2 or 4: margin." },
        risk: ref("risk", "Limits of the account, as in `barwise.yaml`; without it only the strategy's own count."),
        params: {
          type: "object",
          description: "Replaces params of the strategy.",
          additionalProperties: { type: ["number", "string"], description: "A number, or a percentage such as `2%`." },
        },
        approvals: choice(
          "Who answers when a person is asked and no decision below does.",
          {
            expire: "Nobody: requests expire.",
            auto: "Everything is approved at once, and requests need not be listed.",
            none: "Everything is rejected at once.",
          },
          "expire",
        ),
        decisions: {
          type: "array",
          description: "What people say to requests, each at its moment.",
          items: decision(),
        },
      }),
      bars: bars("What the market does, by symbol.", false),
      trades: ticks("Trades, by symbol; they make the bars.", "trade", "A price path, one trade a second"),
      quotes: ticks(
        "Quotes, by symbol; at the same moment before trades.",
        "quote",
        "A path of the middle, one quote a second",
      ),
      history: bars("Bars before the start; they warm facts and nothing fires.", true),
      expect: {
        type: "array",
        description:
          "All that must happen. Orders and alerts that are not listed fail the test; an empty list asserts silence.",
        items: expectation(),
      },
    },
    ["name", "expect"],
  );
}

export function testSchema(): Schema {
  const row = (rows() as { items: Schema }).items;
  const { ratio = {}, duration = {}, risk = {} } = definitions(false);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "barwise test",
    ...mapping(
      "Tests of strategies: bars, trades and quotes in one line, and what must follow from them.",
      {
        barwise: { type: "integer", const: 1, description: "Version of the language." },
        strategy: text("The strategy file, relative to this one."),
        strategies: { type: "array", minItems: 1, items: { type: "string" }, description: "Several strategy files." },
        tests: { type: "array", minItems: 1, description: "The tests.", items: testCase() },
      },
      ["tests"],
    ),
    definitions: {
      series: series(),
      rows: rows(),
      row,
      trades: trades(),
      trade: trade(),
      quotes: quotes(),
      quote: quote(),
      ratio,
      duration,
      risk,
    },
  };
}
