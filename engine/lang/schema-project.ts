/**
 * The schema of `barwise.yaml`, and of the risk file it may name.
 *
 * Owns: keys, types, defaults and their documentation.
 */
import { choice, definitions, mapping, ref, text } from "./schema-parts.ts";
import type { Schema } from "./schema-parts.ts";

const ANY_JSON: Schema = { type: ["object", "array", "string", "number", "boolean"] };
const PATH = "^\\$(\\.[A-Za-z_][A-Za-z0-9_]*|\\[[0-9]+\\])*$";

function websocket(): Schema {
  return mapping(
    "A WebSocket backend of your own, described instead of programmed.",
    {
      url: text("ws:// or wss:// address.", { pattern: "^wss?://" }),
      send: {
        type: "array",
        items: ANY_JSON,
        description: "Messages sent after connecting; `$symbols` stands for the list of symbols.",
      },
      map: {
        type: "object",
        description: "Where a message keeps what: paths such as `$.price`.",
        additionalProperties: { type: "string" },
        properties: {
          symbol: text("Symbol.", { pattern: PATH }),
          price: text("Trade price.", { pattern: PATH }),
          size: text("Trade size.", { pattern: PATH }),
          time: text("Time: epoch seconds, milliseconds, nanoseconds or ISO text.", { pattern: PATH }),
        },
        required: ["symbol", "price"],
      },
      headers: {
        type: "object",
        additionalProperties: { type: "string" },
        description: "HTTP headers of the handshake.",
      },
      items: text("Path of a list of items in one message, e.g. `$.data`.", { pattern: PATH }),
      only: { type: "object", description: "Fields a message must have to be data, e.g. {type: trade}." },
      heartbeat: ref("duration", "How long silence is normal."),
    },
    ["url", "map"],
  );
}

function feeds(): Schema {
  return {
    type: "array",
    description: "Where market data comes from.",
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
          }),
          type: ["object", "null"],
        },
        websocket: websocket(),
        tape: mapping(
          "A recorded file, played back.",
          {
            file: text("CSV or tape file, relative to this file."),
            speed: {
              type: ["string", "number"],
              default: "1x",
              description: "`60x` plays an hour in a minute; `max` does not wait.",
            },
            loop: { type: "boolean", default: false, description: "Starts over at the end." },
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
        }),
        feeds: feeds(),
        risk: {
          description: "Limits of the whole account, or the name of a file that holds them.",
          type: ["string", "object"],
          if: { type: "object" },
          then: { $ref: "#/definitions/risk" },
        },
        journal: text("Folder of the journal.", { default: ".barwise/journal" }),
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
    allOf: [{ $ref: "#/definitions/risk" }],
    definitions: definitions(false),
  };
}
