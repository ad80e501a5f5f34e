/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema */
/**
 * The schema of a WebSocket feed in `barwise.yaml`, and of what is asked of feeds.
 *
 * Owns: its keys, types, defaults and their documentation.
 */
import { MAPPING_FIELDS } from "./feeds.ts";
import { choice, mapping, ref, text } from "./schema-parts.ts";
import type { Schema } from "./schema-parts.ts";

const ANY_JSON: Schema = { type: ["object", "array", "string", "number", "boolean"] };
/** `$.a.b`, `$[0]`, `$[*].price`; `$.items[*]` stands for each item of a list. */
const PATH = "^\\$(\\.[A-Za-z0-9_-]+|\\[\\d{1,6}\\]|\\['[^']*'\\]|\\[\"[^\"]*\"\\]|\\[\\*\\])*$";

function where(description: string): Schema {
  return {
    type: "object",
    description: `${description} Paths and the values that stand there, e.g. {$.status: ok}.`,
    propertyNames: { pattern: PATH },
    additionalProperties: { type: ["string", "number", "boolean"] },
  };
}

function paths(description: string): Schema {
  return { description, type: ["string", "array"], pattern: PATH, items: { type: "string", pattern: PATH } };
}

function messages(description: string): Schema {
  return { type: "array", items: ANY_JSON, description };
}

function fields(): Readonly<Record<string, Schema>> {
  return Object.fromEntries(
    Object.entries(MAPPING_FIELDS).map(([name, doc]) => [
      name,
      paths(`${doc} A path such as \`$.${name}\`, or several of which the first that is there counts.`),
    ]),
  );
}

function mappings(): Schema {
  const one = mapping("Where a message keeps what.", {
    type: choice(
      "What the messages are.",
      { trade: "Trades.", quote: "Quotes.", bar: "Closed bars.", book: "Order books, of which the best prices count." },
      "trade",
    ),
    where: where("Only messages whose fields have these values."),
    time_unit: choice(
      "Unit of numeric times, when it cannot be told from their size.",
      {
        auto: "Told from their size.",
        iso: "Text such as 2024-03-04T15:00:00Z.",
        s: "Seconds.",
        ms: "Milliseconds.",
        us: "Microseconds.",
        ns: "Nanoseconds.",
      },
      "auto",
    ),
    bar_size: text("Size of the bars, e.g. 1m, for type: bar."),
    update: choice(
      "What a message about a book holds.",
      { snapshot: "The whole book.", delta: "What changed; a size of 0 takes a level away." },
      "snapshot",
    ),
    level: mapping("Where a level of a book has what; without it a pair, or price and size, or p and s.", {
      price: paths("Price of a level, e.g. `$[0]`."),
      size: paths("Size of a level, e.g. `$[1]`."),
    }),
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

function login(): Schema {
  return mapping(
    "What is said before `send`, for backends that want to know who asks.",
    {
      after: where("The message to wait for before anything is said."),
      send: messages("The login, e.g. [{op: auth, key: '${env:KEY}'}]."),
      expect: where("The answer that lets us in."),
      refused: where("The answer that does not: the keys are wrong, and trying often does not help."),
    },
    ["send"],
  );
}

function heartbeat(): Schema {
  return mapping("Heartbeats that are messages of the application.", {
    send: { ...ANY_JSON, description: "Sent every so often." },
    every: { ...ref("duration", "How often; and how long one may be missing."), default: "30s" },
    expect: where(
      "The answer to ours, or without `send` the server's own; when it is missing the connection is renewed.",
    ),
    answer: mapping(
      "The server asks and wants an answer.",
      {
        to: {
          description: "What it asks: values at paths, or one path that is there.",
          type: ["object", "string"],
          pattern: PATH,
          propertyNames: { pattern: PATH },
          additionalProperties: { type: ["string", "number", "boolean"] },
        },
        send: { ...ANY_JSON, description: "The answer; `$.id` in it is taken from the question." },
      },
      ["to", "send"],
    ),
  });
}

function sequence(): Schema {
  return mapping(
    "Numbers in messages, so that a missing one is noticed.",
    {
      path: text("Where a message has its number.", { pattern: PATH }),
      first: text("Where it has its first number, when it stands for several.", { pattern: PATH }),
      by: text("What has numbers of its own, e.g. `$.symbol` or `$.channel`; default: the connection.", {
        pattern: PATH,
      }),
      on_gap: choice(
        "What is done about a gap. Bars that are being built are left out in any case.",
        {
          reconnect: "The connection is made anew.",
          resubscribe: "The subscription is sent again, on the same connection.",
          alert: "It is told, and data goes on.",
        },
        "reconnect",
      ),
    },
    ["path"],
  );
}

function idle(): Schema {
  const one = (what: string): Schema => ref("duration", `Longest silence of ${what} while a market is open.`);
  return mapping("When silence of one kind of data means that the connection is of no use, though others come.", {
    trades: one("trades"),
    quotes: one("quotes"),
    bars: one("bars"),
  });
}

export function webSocketSchema(): Schema {
  return mapping(
    "A WebSocket backend of your own, described instead of programmed.",
    {
      name: text("For people; default: its address."),
      url: text("ws:// or wss:// address; may hold ${env:NAME}.", { pattern: "^(wss?://|\\$(ENV)?\\{)" }),
      headers: {
        type: "object",
        additionalProperties: { type: "string" },
        description: "HTTP headers of the handshake.",
      },
      format: choice(
        "What messages are written in.",
        { json: "JSON text.", msgpack: "MessagePack in binary frames; text frames are JSON." },
        "json",
      ),
      login: login(),
      send: messages(
        "Messages sent after connecting and logging in; `$symbols` stands for the list, `$symbol` sends one per symbol.",
      ),
      confirm: where("Fields of the message that confirms the subscription."),
      map: mappings(),
      heartbeat: heartbeat(),
      sequence: sequence(),
      idle: idle(),
      delay: ref("duration", "How late its data is by its nature, e.g. 15m for a delayed feed."),
      compression: { type: "boolean", default: false, description: "Costs much time per message; off unless needed." },
    },
    ["url"],
  );
}

export function failoverSchema(): Schema {
  return mapping("When the second feed takes over, and when the first is heard again.", {
    after: { ...ref("duration", "Silence of the first while the second speaks."), default: "10s" },
    back: { ...ref("duration", "How long the first must have been well."), default: "60s" },
  });
}

export function loadSchema(): Schema {
  return mapping("How far behind its data the engine may be.", {
    max_lag: {
      ...ref("duration", "Entries pause while the data they are judged on is older than this; exits go on."),
      default: "5s",
    },
    max_waiting: {
      type: "integer",
      minimum: 1_000,
      default: 1_000_000,
      description: "Trades and bars that may wait to be judged; more of them end trading.",
    },
  });
}
