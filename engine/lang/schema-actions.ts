/**
 * The schema of actions.
 *
 * Owns: what may stand under `then:`. What must stand together (a limit order needs a limit) is checked in actions.ts.
 */
import { choice, mapping, ref, text } from "./schema-parts.ts";
import type { Schema } from "./schema-parts.ts";

const ORDER: Readonly<Record<string, Schema>> = {
  type: choice(
    "How the order is placed. Left out, it follows from limit, stop and trail; without them it is a market order.",
    {
      market: "At once, at the market's price.",
      limit: "At `limit` or better.",
      stop: "A market order once the price reaches `stop`.",
      stop_limit: "A limit order once the price reaches `stop`.",
      trailing_stop: "A stop that follows the price at the distance `trail`.",
    },
    "market",
  ),
  limit: ref("expression", "Limit price."),
  stop: ref("expression", "Stop price."),
  trail: ref("expression", "Trailing distance: a percentage such as `2%`, or a distance in price units."),
  time_in_force: choice(
    "How long the order works.",
    {
      day: "Until the session's close.",
      gtc: "Until cancelled.",
      opg: "In the opening auction only.",
      cls: "In the closing auction only.",
      ioc: "At once, the rest is cancelled.",
      fok: "At once and completely, or not at all.",
    },
    "day",
  ),
  extended_hours: {
    type: "boolean",
    description: "May fill outside regular hours; limit orders only.",
    default: false,
  },
};

const STOP_LOSS: Schema = {
  description: "Stop price, or {stop, limit} for a stop-limit.",
  type: ["number", "string", "object"],
  additionalProperties: false,
  properties: { stop: ref("expression", "Stop price."), limit: ref("expression", "Limit price.") },
};

function legs(description: string): Schema {
  return mapping(description, {
    stop_loss: STOP_LOSS,
    take_profit: ref("expression", "Limit price at which the profit is taken."),
  });
}

const EXPIRY = ref("duration", "Cancels the order this long after it was sent, e.g. `5m`.");

/** What close and reduce have. */
const EXIT: Readonly<Record<string, Schema>> = {
  ...ORDER,
  oco: legs(
    "Two orders on what is held instead of one that sells it: a stop_loss and a take_profit, one cancels the other.",
  ),
  expire_after: EXPIRY,
};

/** What buy, sell and target have beside their size. */
const ENTRY: Readonly<Record<string, Schema>> = {
  ...ORDER,
  fractional: { type: "boolean", description: "Parts of shares; otherwise rounded down.", default: false },
  bracket: legs("Orders that protect the position once the entry fills; one cancels the other."),
  oto: legs("One order that the filled entry triggers: a stop_loss or a take_profit."),
  expire_after: EXPIRY,
};

function trade(description: string, more: Readonly<Record<string, Schema>> = {}): Schema {
  return mapping(description, {
    size: {
      ...mapping("How much: exactly one of qty, notional, equity and risk.", {
        qty: ref("expression", "Shares."),
        notional: ref("expression", "Dollars."),
        equity: ref("expression", "Part of the account's equity, e.g. `10%`."),
        risk: ref("expression", "Part of the equity that is lost when the stop is hit, e.g. `0.5%`."),
        stop: ref("expression", "With risk: distance to the stop in price units; default: the bracket's stop loss."),
      }),
    },
    ...ENTRY,
    reverse: {
      type: "boolean",
      description: "Closes a position of the other side first, waits for the fill, sizes again and opens.",
      default: false,
    },
    ...more,
  });
}

const SHORT: Schema = { type: "boolean", description: "May open or add to a short position.", default: false };

function target(): Schema {
  return mapping(
    "What the position should be: buys, sells or reverses to get there. One of weight, notional and qty.",
    {
      weight: ref("expression", "Part of the account's equity, e.g. `10%`; below 0 short; 0 closes."),
      notional: ref("expression", "Dollars."),
      qty: ref("expression", "Shares."),
      tolerance: ref("expression", "Changes up to this part of the target are left alone, e.g. `5%`."),
      ...ENTRY,
      short: SHORT,
    },
  );
}

function nullable(schema: Schema): Schema {
  return { ...schema, type: ["object", "null"] };
}

export function actionSchema(): Schema {
  return {
    ...mapping("What happens when the rule fires; exactly one action.", {
      buy: trade("Buys: opens or adds to a long position, or covers a short one."),
      sell: trade("Sells: clamped to the holding unless `short: true`.", { short: SHORT }),
      target: target(),
      close: nullable(mapping("Closes the whole position of this strategy in the symbol.", EXIT)),
      reduce: mapping("Closes a part of the position.", { by: ref("expression", "The part, e.g. `50%`."), ...EXIT }, [
        "by",
      ]),
      cancel: nullable(mapping("Cancels this strategy's working entries in the symbol.", {})),
      alert: mapping(
        "Tells a person.",
        {
          message: text("Text; `{expression}` is replaced by its value."),
          level: choice("How urgent.", { info: "To be read later.", warning: "Soon.", critical: "Now." }, "info"),
        },
        ["message"],
      ),
    }),
    minProperties: 1,
    maxProperties: 1,
  };
}
