/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema and a key of rules */
/**
 * The schema of `barwise.yaml`, and of the risk file it may name.
 *
 * Owns: keys, types, defaults and their documentation.
 */
import { deadManSchema, notifySchema } from "./schema-notify.ts";
import { failoverSchema, loadSchema, webSocketSchema } from "./schema-feeds.ts";
import { choice, definitions, mapping, ref, text } from "./schema-parts.ts";
import type { Schema } from "./schema-parts.ts";

function feeds(): Schema {
  return {
    type: "array",
    description: "Where market data comes from. With two the second takes over while the first is silent or gone.",
    maxItems: 2,
    items: {
      ...mapping("One feed; exactly one of alpaca, websocket and tape.", {
        alpaca: {
          ...mapping("Alpaca's market data; keys from APCA_API_KEY_ID and APCA_API_SECRET_KEY.", {
            feed: choice(
              "Which of Alpaca's streams.",
              {
                iex: "Free, one exchange.",
                sip: "All US exchanges.",
                crypto: "Coins.",
                delayed_sip: "15 minutes late.",
              },
              "iex",
            ),
            news: {
              type: "boolean",
              default: false,
              description: "Also receive news of the symbols: kept in the journal, and nothing is judged by it.",
            },
          }),
          type: ["object", "null"],
        },
        websocket: webSocketSchema(),
        tape: mapping(
          "A recorded file, played back.",
          {
            file: text("CSV or tape file, relative to this file."),
            speed: {
              type: ["string", "number"],
              default: "1x",
              description: "`60x` plays an hour in a minute; `max` does not wait.",
            },
            symbol: text("Symbol of the file, when its rows do not say."),
          },
          ["file"],
        ),
      }),
      minProperties: 1,
      maxProperties: 1,
    },
  };
}

function control(): Schema {
  return {
    description: "The control API on 127.0.0.1, for `barwise status` and `halt`, monitors and programs; `off` is none.",
    type: ["string", "object"],
    if: { type: "string" },
    then: { enum: ["off"] },
    else: mapping("Where it listens.", {
      port: {
        type: "integer",
        minimum: 0,
        maximum: 65_535,
        default: 0,
        description: "A fixed port, e.g. for Prometheus; 0 takes one that is free.",
      },
    }),
  };
}

export function projectSchema(forEditors: boolean): Schema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "barwise project",
    ...mapping(
      "A project: where strategies are, which account trades them, where data comes from.",
      {
        barwise: { type: "integer", const: 1, description: "Version of the language." },
        strategies: text("Folder of the strategy files.", { default: "strategies/" }),
        time_zone: text("Time zone of the exchange.", { default: "America/New_York" }),
        account: mapping("Who executes orders.", {
          venue: choice(
            "Where orders go.",
            {
              local: "A simulated exchange on this machine.",
              "alpaca-paper": "Alpaca's paper account.",
              "alpaca-live": "Real money; also needs --live.",
            },
            "local",
          ),
          cash: {
            type: "number",
            exclusiveMinimum: 0,
            default: 100_000,
            description: "Starting cash of the local venue.",
          },
          url: text("Address of a venue in another process on this machine, as `barwise venue` prints it."),
        }),
        feeds: feeds(),
        failover: failoverSchema(),
        risk: {
          description: "Limits of the whole account, or the name of a file that holds them.",
          type: ["string", "object"],
          if: { type: "object" },
          then: { $ref: "#/definitions/accountRisk" },
        },
        approval: ref("approval", "Orders of all strategies that a person must approve."),
        control: control(),
        journal: text("Folder of the journal.", { default: ".barwise/journal" }),
        unknown_orders: choice(
          "What becomes of an entry that was sent without an answer and that nobody finds at the broker.",
          {
            park: "It counts as open until a person decides.",
            resend:
              "It is checked again and sent again under the same id, which a broker takes once; not when it is older than two minutes.",
          },
          "park",
        ),
        stale_after: {
          ...ref("duration", "Quotes and last trades that came longer ago are unknown."),
          default: "5m",
        },
        load: loadSchema(),
        notify: notifySchema(),
        dead_man: deadManSchema(),
        grace: { ...ref("duration", "How long after a bar's end late trades are awaited."), default: "2s" },
      },
      ["barwise"],
    ),
    definitions: definitions(forEditors),
  };
}

export function riskFileSchema(): Schema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    allOf: [{ $ref: "#/definitions/accountRisk" }],
    definitions: definitions(false),
  };
}
