/**
 * Messages to a topic of ntfy.
 *
 * Owns: its body. The topic is the last part of the address. May not: take decisions.
 */
import type { Delivery, Message, Notifier } from "../../ports/notifier.ts";
import { deliver, webAddress } from "./http.ts";
import { NotifyError } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { cut, cutBytes } from "./text.ts";

/** A longer one becomes a file that is downloaded. */
const MOST_BYTES = 4_000;
const PRIORITY: Readonly<Record<Message["level"], number>> = { info: 3, warning: 4, critical: 5 };

export interface NtfyOptions {
  readonly name: string;
  readonly url: string;
  readonly token?: string;
  readonly settings: Settings;
  readonly timeoutMs?: number;
}

export class Ntfy implements Notifier {
  readonly name: string;
  readonly pace = { burst: 20, everyMs: 5_000 };
  readonly #options: NtfyOptions;
  readonly #root: URL;
  readonly #topic: string;

  constructor(options: NtfyOptions) {
    this.name = options.name;
    this.#options = options;
    const url = webAddress(options.name, options.url);
    const topic = /\/([A-Za-z0-9_-]{1,64})\/?$/.exec(url.pathname)?.[1];
    if (topic === undefined) throw new NotifyError(`${options.name}: its address must end with /TOPIC`);
    this.#topic = topic;
    this.#root = new URL(url.pathname.replace(/[^/]+\/?$/, ""), url);
  }

  notify({ title, text, level }: Message): Promise<Delivery> {
    const { token, settings, timeoutMs } = this.#options;
    const body = JSON.stringify({
      topic: this.#topic,
      title: cut(title, 250),
      message: cutBytes(text === "" ? title : text, MOST_BYTES),
      priority: PRIORITY[level],
    });
    const headers = {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return deliver({ url: this.#root, headers, body, ...(timeoutMs === undefined ? {} : { timeoutMs }) }, settings);
  }

  async stop(): Promise<void> {}
}
