/**
 * A Bot API of Telegram on a loopback socket.
 *
 * Owns: as much of it as one chat with buttons needs, and the clicks that a test makes. May not: check anything.
 */
import { HttpPeer } from "./peers.ts";
import type { Answered, Asked } from "./peers.ts";

export const CHAT = -1001;
export const ANN = 111;

/** Updates are handed out once, as the offset of the next poll says. */
export class BotApi extends HttpPeer {
  readonly updates: { readonly update_id: number; readonly [key: string]: unknown }[] = [];
  /** Instead of the usual answers, one each. */
  readonly next: Record<string, Answered[]> = {};
  #messageId = 40;

  constructor() {
    super();
    this.answer = (asked, response) => {
      const method = methodOf(asked);
      const special = this.next[method]?.shift();
      if (special !== undefined) return special;
      if (method === "sendMessage") return { body: { ok: true, result: { message_id: ++this.#messageId } } };
      if (method !== "getUpdates") return { body: { ok: true, result: true } };
      const offset = Number(asked.json["offset"] ?? 0);
      const result = this.updates.filter(({ update_id: id }) => id >= offset);
      if (result.length > 0) return { body: { ok: true, result } };
      setTimeout(() => response.end(JSON.stringify({ ok: true, result: [] })), 20);
      return undefined;
    };
  }

  click(data: string, { from = ANN, chat = CHAT, id = 0 } = {}): void {
    const update = id === 0 ? 900 + this.updates.length : id;
    const query = { id: `q-${update}`, from: { id: from }, message: { message_id: 41, chat: { id: chat } }, data };
    this.updates.push({ update_id: update, callback_query: query });
  }

  of(method: string): readonly Asked[] {
    return this.asked.filter((asked) => methodOf(asked) === method);
  }

  answered(count: number): Promise<void> {
    return this.until(() => this.of("answerCallbackQuery").length >= count);
  }
}

function methodOf({ path }: Asked): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
