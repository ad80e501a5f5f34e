/**
 * Messages to the user's own server, signed.
 *
 * Owns: the body and the headers. The id is the same when a message is sent again, so the receiver can take it once.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Delivery, Message, Notifier } from "../../ports/notifier.ts";
import { deliver, webAddress } from "./http.ts";
import { NotifyError } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { ID_HEADER, SHORTEST_SECRET, signedHeaders } from "./signature.ts";

export interface WebhookOptions {
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

export class Webhook implements Notifier {
  readonly name: string;
  readonly pace = { burst: 10, everyMs: 200 };
  readonly #options: WebhookOptions;
  readonly #url: URL;

  constructor(options: WebhookOptions) {
    this.name = options.name;
    this.#options = options;
    this.#url = webAddress(options.name, options.url);
    if (options.secret.length < SHORTEST_SECRET)
      throw new NotifyError(`${options.name}: its secret needs ${SHORTEST_SECRET} characters at least`);
  }

  notify(message: Message): Promise<Delivery> {
    const { secret, settings, clock, timeoutMs } = this.#options;
    const { id, kind, level, title, text, time, count, approval = null } = message;
    const body = JSON.stringify({ id, kind, level, title, text, time: new Date(time).toISOString(), count, approval });
    const headers = {
      "content-type": "application/json",
      [ID_HEADER]: id,
      ...signedHeaders(secret, body, clock.now()),
    };
    const request = { url: this.#url, headers, body, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    return deliver(request, settings);
  }

  async stop(): Promise<void> {}
}
