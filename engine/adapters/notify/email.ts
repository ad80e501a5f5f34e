/**
 * Messages by e-mail.
 *
 * Owns: the only import of nodemailer, which speaks SMTP and writes headers so that no text can add one. Always over TLS,
 * unless the server is on this machine. May not: take decisions: a sender is easily forged.
 */
import { createTransport } from "nodemailer";
import type { Delivery, Message, Notifier } from "../../ports/notifier.ts";
import { isLoopback } from "./http.ts";
import { NotifyError } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { cut } from "./text.ts";

const TIMEOUT_MS = 10_000;

export interface EmailOptions {
  readonly name: string;
  /** smtp:// or smtps://, with or without user and password. */
  readonly smtp: string;
  readonly password?: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly settings: Settings;
  readonly timeoutMs?: number;
}

type Transport = ReturnType<typeof transportOf>;

export class Email implements Notifier {
  readonly name: string;
  readonly pace = { burst: 5, everyMs: 10_000 };
  readonly #options: EmailOptions;
  readonly #transport: Transport;

  constructor(options: EmailOptions) {
    this.name = options.name;
    this.#options = options;
    this.#transport = transportOf(options);
  }

  async notify({ id, title, text, level }: Message): Promise<Delivery> {
    const { from, to, settings } = this.#options;
    try {
      const sent = await this.#transport.sendMail({
        from,
        to: [...to],
        subject: cut(title, 200),
        text: text === "" ? title : text,
        messageId: `<${id.replaceAll(/[^A-Za-z0-9.-]/g, "-")}@barwise.invalid>`,
        ...(level === "critical" ? { priority: "high" as const } : {}),
        // Texts only: an address or a path in a message must never be read by the library.
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      return { ok: true, answer: cut(settings.scrub(sent.response ?? "accepted"), 200) };
    } catch (error) {
      const { code, responseCode, message } = error as { code?: string; responseCode?: number; message: string };
      const reason = cut(settings.scrub(message).replaceAll(/\s+/g, " "), 200);
      // 4xx is "not now"; without an answer of the server it is our own configuration that these codes are about.
      const isWrong = responseCode === undefined ? code === "EAUTH" || code === "EENVELOPE" : responseCode >= 500;
      return { ok: false, reason, retry: !isWrong };
    }
  }

  async stop(): Promise<void> {
    this.#transport.close();
  }
}

function transportOf({ name, smtp, password, timeoutMs = TIMEOUT_MS }: EmailOptions) {
  const url = URL.canParse(smtp) ? new URL(smtp) : undefined;
  if (url === undefined || !["smtp:", "smtps:"].includes(url.protocol) || url.hostname === "")
    throw new NotifyError(`${name}: its server must be smtps://host:465 or smtp://host:587`);
  const secure = url.protocol === "smtps:";
  const user = decodeURIComponent(url.username);
  const pass = password ?? decodeURIComponent(url.password);
  if ((user === "") !== (pass === ""))
    throw new NotifyError(`${name}: a user and a password belong together: smtps://user@host:465 and password:`);
  return createTransport({
    host: url.hostname.replaceAll(/[[\]]/g, ""),
    port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && !isLoopback(url),
    ...(user === "" ? {} : { auth: { user, pass } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
  });
}
