/**
 * The schema of `notify:` and `dead_man:` in `barwise.yaml`.
 *
 * Owns: their keys, types, defaults and documentation.
 */
import { EVENTS, LEVELS } from "./notify.ts";
import { choice, mapping, ref, text } from "./schema-parts.ts";
import type { Schema } from "./schema-parts.ts";

const SECRET = "A secret: ${env:NAME}, the name of an environment variable.";

/** A number too: that it must not stand there is said by lang/notify.ts, which does not repeat it. */
function secret(description: string): Schema {
  return text(`${description} ${SECRET}`, { type: ["string", "number"] });
}

function chosen(description: string, values: readonly string[]): Schema {
  return { type: "array", description, minItems: 1, uniqueItems: true, items: { type: "string", enum: [...values] } };
}

function channel(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
): Schema {
  const filters = {
    levels: chosen("Alerts of these levels; default: all.", LEVELS),
    events: chosen("What is told; default: everything but fills.", EVENTS),
  };
  return mapping(description, { ...properties, ...filters }, required);
}

function telegram(): Schema {
  return channel(
    "A Telegram bot: tells, and takes decisions by buttons.",
    {
      token: secret("Token of the bot."),
      chat: { type: "integer", description: "Numeric id of the chat; negative for a group." },
      approvers: {
        type: "array",
        minItems: 1,
        uniqueItems: true,
        items: { type: "integer", minimum: 1 },
        description: "Numeric ids of the people whose clicks count; without them there are no buttons.",
      },
      url: text("Address of a Bot API server of your own.", { default: "https://api.telegram.org" }),
    },
    ["token", "chat"],
  );
}

function email(): Schema {
  return channel(
    "E-mail, to be read only.",
    {
      smtp: text("smtps://user@host:465, smtp://user@host:587, or ${env:NAME} when it holds the password."),
      password: secret("Password of the mail account."),
      from: text("Address of the sender."),
      to: {
        description: "Address of the reader, or several.",
        type: ["string", "array"],
        minItems: 1,
        maxItems: 20,
        items: { type: "string" },
      },
    },
    ["smtp", "from", "to"],
  );
}

export function notifySchema(): Schema {
  return {
    type: "array",
    description: "Who is told of alerts, approvals, states and fills, and where decisions come from.",
    maxItems: 16,
    items: {
      ...mapping("One channel; exactly one of telegram, slack, webhook, email and ntfy.", {
        telegram: telegram(),
        slack: channel(
          "An incoming webhook of Slack, to be read only.",
          { url: text(`Address of the webhook. ${SECRET}`) },
          ["url"],
        ),
        webhook: channel(
          "Your own server gets signed JSON.",
          {
            url: text("https address that takes a POST; http on loopback alone. Or ${env:NAME}."),
            secret: secret("What both sides sign with."),
          },
          ["url", "secret"],
        ),
        email: email(),
        ntfy: channel(
          "A topic of ntfy, to be read only.",
          {
            url: text(`Address with the topic, which is a password in itself. ${SECRET}`),
            token: secret("Access token of a protected topic."),
          },
          ["url"],
        ),
      }),
      minProperties: 1,
      maxProperties: 1,
    },
  };
}

export function deadManSchema(): Schema {
  return mapping(
    "An address that is called while the engine is well: whoever runs it raises the alarm when the calls stop.",
    {
      url: text(`Address of the check. ${SECRET}`),
      every: { ...ref("duration", "How often; 10s at least."), default: "60s" },
      style: choice(
        "What the service understands.",
        {
          plain: "Calls while all is well, silence otherwise.",
          healthchecks: "Also /start, /fail and /log behind the address, as healthchecks.io has it.",
        },
        "plain",
      ),
    },
    ["url"],
  );
}
