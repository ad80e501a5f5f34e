/**
 * Messages to a chat of Telegram, with buttons under requests.
 *
 * Owns: what is sent, which message is about which request, and that buttons go when a request is over. May not: take
 * decisions (telegram-approver.ts does), or write markup: texts have no parse mode, so they are what they are.
 */
import { createHash } from "node:crypto";
import type { ApprovalView } from "../../core/approval.ts";
import type { Delivery, Message, Notifier } from "../../ports/notifier.ts";
import type { Called, TelegramApi } from "./telegram-api.ts";
import { cut, whole } from "./text.ts";

/** Of one message. */
const MOST_TEXT = 4_096;
/** Requests whose messages and handles are remembered. */
const MOST_REQUESTS = 500;

export interface TelegramOptions {
  readonly name: string;
  readonly api: TelegramApi;
  readonly chat: number;
  /** Whether clicks are taken: without that there are no buttons. */
  readonly buttons: boolean;
}

/** What a button says, in 27 bytes: Telegram carries 64, and ids of orders may be longer. */
export function callbackData(decision: "approve" | "reject", { id, hash }: Pick<ApprovalView, "id" | "hash">): string {
  return `${decision === "approve" ? "a" : "r"}:${handleOf(id)}:${hash.slice(0, 8)}`;
}

/** Short, and the same in every process, so that a button still works after a restart. */
export function handleOf(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 16);
}

export class Telegram implements Notifier {
  readonly name: string;
  /** Telegram's own limits: one a second in a chat, 20 a minute in a group. */
  readonly pace = { burst: 5, everyMs: 3_000 };
  readonly #options: TelegramOptions;
  /** By handle, oldest first. */
  readonly #requests = new Map<string, { view: ApprovalView; messageId: number | undefined }>();

  constructor(options: TelegramOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** A request of which a message may be in the chat already. */
  remember(view: ApprovalView, messageId?: number): void {
    const handle = handleOf(view.id);
    const known = this.#requests.get(handle);
    this.#requests.delete(handle);
    this.#requests.set(handle, { view, messageId: messageId ?? known?.messageId });
    const [oldest] = this.#requests.keys();
    if (this.#requests.size > MOST_REQUESTS && oldest !== undefined) this.#requests.delete(oldest);
  }

  /** What a button was about. */
  requestOf(handle: string): ApprovalView | undefined {
    return this.#requests.get(handle)?.view;
  }

  async notify(message: Message): Promise<Delivery> {
    const { approval } = message;
    const known = approval === undefined ? undefined : this.#requests.get(handleOf(approval.id));
    if (approval !== undefined) this.remember(approval);
    const body = {
      chat_id: this.#options.chat,
      text: cut(whole(message), MOST_TEXT),
      link_preview_options: { is_disabled: true },
      ...this.#keyboard(approval),
    };
    if (known?.messageId === undefined) return await this.#send(body, approval);
    const { messageId } = known;
    const called = await this.#options.api.call("editMessageText", { ...body, message_id: messageId });
    // Nothing to change is as good as changed; a message that was deleted is sent again.
    if (!called.ok && called.status === 400)
      return called.reason.includes("not modified") ? arrived("not modified") : await this.#send(body, approval);
    return called.ok ? arrived("edited") : called;
  }

  async #send(body: Readonly<Record<string, unknown>>, approval: ApprovalView | undefined): Promise<Delivery> {
    const called = await this.#options.api.call("sendMessage", body);
    if (!called.ok) return called;
    const id = messageIdOf(called);
    if (approval !== undefined && id !== undefined)
      this.remember(this.requestOf(handleOf(approval.id)) ?? approval, id);
    return arrived(id === undefined ? "sent" : `sent as message ${id}`);
  }

  /** None takes the buttons away from a message that had some. */
  #keyboard(approval: ApprovalView | undefined): object {
    if (approval === undefined || !this.#options.buttons) return {};
    const button = (text: string, decision: "approve" | "reject"): object => ({
      text,
      callback_data: callbackData(decision, approval),
    });
    const rows = approval.state === "pending" ? [[button("Approve", "approve"), button("Reject", "reject")]] : [];
    return { reply_markup: { inline_keyboard: rows } };
  }

  async stop(): Promise<void> {}
}

function arrived(answer: string): Delivery {
  return { ok: true, answer };
}

function messageIdOf(called: Extract<Called, { ok: true }>): number | undefined {
  const id = (called.result as { message_id?: unknown } | null | undefined)?.message_id;
  return typeof id === "number" ? id : undefined;
}
