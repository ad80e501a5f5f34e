/**
 * Messages to an incoming webhook of Slack.
 *
 * Owns: its body. Texts are plain: nothing in them mentions people or becomes a link. May not: take decisions, which would
 * need an address that Slack can reach.
 */
import type { Delivery, Message, Notifier } from "../../ports/notifier.ts";
import { deliver, webAddress } from "./http.ts";
import type { Settings } from "./settings.ts";
import { cut, whole } from "./text.ts";

/** Of a block of plain text. */
const MOST_TEXT = 3_000;
const MOST_SUMMARY = 200;

export interface SlackOptions {
  readonly name: string;
  readonly url: string;
  readonly settings: Settings;
  readonly timeoutMs?: number;
}

export class Slack implements Notifier {
  readonly name: string;
  /** Slack's own limit is one a second. */
  readonly pace = { burst: 3, everyMs: 1_000 };
  readonly #options: SlackOptions;
  readonly #url: URL;

  constructor(options: SlackOptions) {
    this.name = options.name;
    this.#options = options;
    this.#url = webAddress(options.name, options.url);
  }

  notify(message: Message): Promise<Delivery> {
    const { settings, timeoutMs } = this.#options;
    const body = JSON.stringify({
      // For the notification of the phone; there `<!channel>` would call everybody.
      text: escaped(cut(message.title, MOST_SUMMARY)),
      blocks: [{ type: "section", text: { type: "plain_text", text: cut(whole(message), MOST_TEXT), emoji: false } }],
      unfurl_links: false,
      unfurl_media: false,
    });
    const headers = { "content-type": "application/json" };
    return deliver({ url: this.#url, headers, body, ...(timeoutMs === undefined ? {} : { timeoutMs }) }, settings);
  }

  async stop(): Promise<void> {}
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
