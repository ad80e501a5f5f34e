/**
 * The channels of a project, made from its settings and the environment.
 *
 * Owns: which adapter speaks for which kind. May not: send anything.
 */
import { CheckIn } from "../adapters/notify/check-in.ts";
import { Email } from "../adapters/notify/email.ts";
import { Ntfy } from "../adapters/notify/ntfy.ts";
import type { Settings } from "../adapters/notify/settings.ts";
import { Slack } from "../adapters/notify/slack.ts";
import { TelegramApi } from "../adapters/notify/telegram-api.ts";
import { TelegramApprover } from "../adapters/notify/telegram-approver.ts";
import { Telegram } from "../adapters/notify/telegram.ts";
import { Webhook } from "../adapters/notify/webhook.ts";
import { WALL_CLOCK } from "../adapters/wall-clock.ts";
import type { ApprovalView } from "../core/approval.ts";
import type { ChannelConfig, DeadManConfig, NotifyEvent } from "../lang/notify.ts";
import type { Approver, Message, Notifier } from "../ports/notifier.ts";

export interface OpenChannel {
  readonly notifier: Notifier;
  readonly wants: (message: Message) => boolean;
  readonly approver?: Approver;
  /** A request that an earlier process may have told. */
  readonly remember?: (view: ApprovalView) => void;
}

const EVENT: Readonly<Record<Exclude<Message["kind"], "test">, NotifyEvent>> = {
  alert: "alerts",
  approval: "approvals",
  state: "states",
  run: "runs",
  fill: "fills",
};

/** Throws when a variable is not set, or holds what cannot be used. */
export function openChannels(configs: readonly ChannelConfig[], settings: Settings): readonly OpenChannel[] {
  return configs.map((config) => {
    const { levels, events } = config;
    const wants = ({ kind, level }: Message): boolean =>
      kind === "test" || (events.includes(EVENT[kind]) && (kind !== "alert" || levels.includes(level)));
    return { wants, ...openChannel(config, settings) };
  });
}

function openChannel(config: ChannelConfig, settings: Settings): Omit<OpenChannel, "wants"> {
  const { name } = config;
  const value = (setting: string): string => settings.value(name, setting);
  switch (config.kind) {
    case "slack":
      return { notifier: new Slack({ name, url: value(config.url), settings }) };
    case "webhook": {
      const { url, secret } = config;
      return {
        notifier: new Webhook({ name, url: value(url), secret: value(secret), settings, clock: WALL_CLOCK }),
      };
    }
    case "email": {
      const { smtp, password, from, to } = config;
      const secret = password === undefined ? {} : { password: value(password) };
      return { notifier: new Email({ name, smtp: value(smtp), ...secret, from, to, settings }) };
    }
    case "ntfy": {
      const { url, token } = config;
      const secret = token === undefined ? {} : { token: value(token) };
      return { notifier: new Ntfy({ name, url: value(url), ...secret, settings }) };
    }
    case "telegram":
      return telegram(config, settings);
  }
}

function telegram(
  { name, token, chat, approvers, url }: Extract<ChannelConfig, { kind: "telegram" }>,
  settings: Settings,
): Omit<OpenChannel, "wants"> {
  const api = new TelegramApi({
    ...{ name, settings },
    token: settings.value(name, token),
    url: settings.value(name, url),
  });
  const notifier = new Telegram({ name, api, chat, buttons: approvers.length > 0 });
  if (approvers.length === 0) return { notifier };
  return {
    notifier,
    approver: new TelegramApprover({
      ...{ name, api, chat, telegram: notifier },
      approvers: new Set(approvers),
      clock: WALL_CLOCK,
      random: Math.random,
    }),
    remember: (view) => notifier.remember(view),
  };
}

export function openCheckIn({ url, style }: DeadManConfig, settings: Settings): CheckIn {
  return new CheckIn({ url: settings.value("dead_man", url), style, settings });
}
