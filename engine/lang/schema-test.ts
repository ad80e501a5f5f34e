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

function expectation(): Schema {
  return mapping(
    "What must be so at one bar.",
    {
      at: {
        type: ["string", "integer"],
        description: "`bar 222` counts the bars of the test from 1; or the time at which a bar ends.",
      },
      strategy: text("Which strategy, when the file tests several."),
      symbol: text("Which symbol, when the test plays several."),
      rule: text("The rule that fires."),
      order: order(),
      fact: {
        type: ["string", "object"],
        description: "Any condition of the language, e.g. `rsi(14) < 30`: it must hold at this bar.",
      },
      position: mapping("The strategy's own position after this bar.", {
        qty: matcher("Shares; below 0 when short."),
        avg_price: matcher("Average price of the entry."),
      }),
      equity: matcher("Equity of the account after this bar."),
      cash: matcher("Cash of the account after this bar."),
      refused: text("Code of the refusal, e.g. max_position."),
      alert: text("Part of the message of an alert."),
      level: choice("Level of that alert.", { info: "To be read later.", warning: "Soon.", critical: "Now." }),
    },
    ["at"],
  );
}

function testCase(): Schema {
  return mapping(
    "One test: bars in, orders out.",
    {
      name: text("What it shows; --run selects by it."),
      start: text("When the first bar begins, with a zone or in New York's time.", {
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
      }),
      bars: bars("What the market does, by symbol.", false),
      history: bars("Bars before the start; they warm facts and nothing fires.", true),
      expect: {
        type: "array",
        description:
          "All that must happen. Orders and alerts that are not listed fail the test; an empty list asserts silence.",
        items: expectation(),
      },
    },
    ["name", "bars", "expect"],
  );
}

export function testSchema(): Schema {
  const row = (rows() as { items: Schema }).items;
  const { ratio = {}, risk = {} } = definitions(false);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "barwise test",
    ...mapping(
      "Tests of strategies: bars in one line, and what must follow from them.",
      {
        barwise: { type: "integer", const: 1, description: "Version of the language." },
        strategy: text("The strategy file, relative to this one."),
        strategies: { type: "array", minItems: 1, items: { type: "string" }, description: "Several strategy files." },
        tests: { type: "array", minItems: 1, description: "The tests.", items: testCase() },
      },
      ["tests"],
    ),
    definitions: { series: series(), rows: rows(), row, ratio, risk },
  };
}
