/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema and a key of rules */
/**
 * The schema of `barwise.yaml`, and of the risk file it may name.
 *
 * Owns: keys, types, defaults and their documentation.
 */
import { choice, definitions, mapping, ref, text } from "./schema-parts.ts";
import type { Schema } from "./schema-parts.ts";

const ANY_JSON: Schema = { type: ["object", "array", "string", "number", "boolean"] };
/** `$.a.b`, `$[0]`, `$[*].price`; `$.items[*]` stands for each item of a list. */
const PATH = "^\\$";

function fields(): Readonly<Record<string, Schema>> {
  const docs: Readonly<Record<string, string>> = {
    symbol: "Symbol.",
    price: "Price of a trade.",
    size: "Size of a trade.",
    time: "When it happened: epoch seconds, milliseconds, nanoseconds or ISO text.",
    id: "Identity of a trade.",
    bid: "Bid price.",
    ask: "Ask price.",
    bid_size: "Bid size.",
    ask_size: "Ask size.",
    open: "First price of a bar.",
    high: "Highest price of a bar.",
    low: "Lowest price of a bar.",
    close: "Last price of a bar.",
    volume: "Volume of a bar.",
    start: "Start of a bar.",
  };
  return Object.fromEntries(
    Object.entries(docs).map(([name, doc]) => [
      name,
      {
        description: `${doc} A path such as \`$.${name}\`, or several of which the first that is there counts.`,
        type: ["string", "array"],
        pattern: PATH,
        items: { type: "string", pattern: PATH },
      },
    ]),
  );
}

function mappings(): Schema {
  const one = mapping("Where a message keeps what.", {
    type: choice("What the messages are.", { trade: "Trades.", quote: "Quotes.", bar: "Closed bars." }, "trade"),
    where: { type: "object", description: "Only messages whose fields have these values, e.g. {$.T: t}." },
    time_unit: text("Unit of numeric times, when it cannot be told from their size."),
    bar_size: text("Size of the bars, e.g. 1m, for type: bar."),
    ...fields(),
  });
  return {
    description: "Where messages keep what; a list when there are several kinds of messages.",
    type: ["object", "array"],
    if: { type: "object" },
    then: one,
    else: { items: one },
  };
}

function websocket(): Schema {
  return mapping(
    "A WebSocket backend of your own, described instead of programmed.",
    {
      name: text("For people; default: its address."),
      url: text("ws:// or wss:// address; may hold $ENV{NAME}.", { pattern: "^(wss?://|\\$ENV\\{)" }),
      send: {
        type: "array",
        items: ANY_JSON,
        description: "Messages sent after connecting; `$symbols` stands for the list, `$symbol` sends one per symbol.",
      },
      map: mappings(),
      headers: {
        type: "object",
        additionalProperties: { type: "string" },
        description: "HTTP headers of the handshake.",
      },
      confirm: { type: "object", description: "Fields of the message that confirms the subscription." },
      compression: { type: "boolean", default: false, description: "Costs much time per message; off unless needed." },
    },
    ["url"],
  );
}

function feeds(): Schema {
  return {
    type: "array",
    description: "Where market data comes from.",
    maxItems: 1,
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
          url: text("Address of a venue in another process on this machine, as `barwise venue` prints it."),
        }),
        feeds: feeds(),
        risk: {
          description: "Limits of the whole account, or the name of a file that holds them.",
          type: ["string", "object"],
          if: { type: "object" },
          then: { $ref: "#/definitions/risk" },
        },
        approval: ref("approval", "Orders of all strategies that a person must approve."),
        journal: text("Folder of the journal.", { default: ".barwise/journal" }),
        unknown_orders: choice(
          "What becomes of an entry that was sent without an answer and that nobody finds at the broker.",
          {
            park: "It counts as open until a person decides.",
            resend: "It is checked again and sent once more under the same id, which a broker takes once.",
          },
          "park",
        ),
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
