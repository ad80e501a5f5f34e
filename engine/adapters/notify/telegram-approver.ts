/**
 * Clicks on Telegram's buttons as decisions, by long polling: nothing has to be reachable from outside.
 *
 * Owns: who may click, reading updates in order and once, and telling the person what became of the click. An update is
 * given back to Telegram as read when the journal has the decision. May not: judge a decision.
 */
import type { ApprovalView, RefusedDecision } from "../../core/approval.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Approver, ApproverSink, DecisionOutcome } from "../../ports/notifier.ts";
import type { Called, TelegramApi } from "./telegram-api.ts";
import type { Telegram } from "./telegram.ts";
import { cut } from "./text.ts";

const POLL_SECONDS = 25;
/** The answer comes within the poll; the rest is the way there and back. */
const ON_TOP_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Two that ask for updates of one bot take them from each other; asking often makes it worse. */
const CONFLICT_PAUSE_MS = 30_000;
/** Telegram forgets a click soon, and nobody should wait for it at the end of a run. */
const ANSWER_MS = 5_000;
/** Of the note that a click shows. */
const MOST_ANSWER = 200;

export interface TelegramApproverOptions {
  readonly name: string;
  readonly api: TelegramApi;
  readonly telegram: Telegram;
  readonly chat: number;
  readonly approvers: ReadonlySet<number>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly pollSeconds?: number;
}

const OVER: ReadonlySet<RefusedDecision> = new Set(["already_decided", "expired", "not_found"]);

interface Click {
  readonly id: string;
  /** Of the message with the button. */
  readonly message: number | undefined;
  readonly from: number;
  readonly chat: number | undefined;
  readonly data: string;
}

export class TelegramApprover implements Approver {
  readonly #options: TelegramApproverOptions;
  readonly #ended = new AbortController();
  #offset: number | undefined;
  #failures = 0;
  #isTold = false;
  #loop: Promise<void> | undefined;

  constructor(options: TelegramApproverOptions) {
    this.#options = options;
  }

  start(sink: ApproverSink): void {
    this.#loop ??= this.#run(sink);
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#loop;
  }

  async #run(sink: ApproverSink): Promise<void> {
    const { api, pollSeconds = POLL_SECONDS } = this.#options;
    while (!this.#ended.signal.aborted) {
      const called = await api.call(
        "getUpdates",
        {
          timeout: pollSeconds,
          allowed_updates: ["callback_query"],
          ...(this.#offset === undefined ? {} : { offset: this.#offset }),
        },
        { timeoutMs: pollSeconds * 1_000 + ON_TOP_MS, signal: this.#ended.signal },
      );
      if (this.#ended.signal.aborted) return;
      if (called.ok) await this.#take(called.result, sink);
      else await this.#failed(called, sink);
    }
  }

  async #take(result: unknown, sink: ApproverSink): Promise<void> {
    const { name } = this.#options;
    if (this.#isTold) sink.told("info", `${name}: clicks are heard again`);
    this.#failures = 0;
    this.#isTold = false;
    for (const update of Array.isArray(result) ? (result as readonly unknown[]) : []) {
      const { update_id: id } = update as { update_id?: unknown };
      if (typeof id !== "number" || (this.#offset !== undefined && id < this.#offset)) continue;
      const click = clickOf(update);
      if (click !== undefined) await this.#clicked(click, sink);
      this.#offset = id + 1;
    }
  }

  async #clicked(click: Click, sink: ApproverSink): Promise<void> {
    const { name, approvers } = this.#options;
    const { id, from, chat, data } = click;
    if (!approvers.has(from) || chat !== this.#options.chat) {
      sink.told("warning", `${name}: a click of user ${from} does not count: not among the approvers of this chat`);
      return await this.#answer(id, "You are not among the approvers.");
    }
    const [, letter, handle = "", short = ""] = /^([ar]):([0-9a-f]{16}):([0-9a-f]{8})$/.exec(data) ?? [];
    const view = this.#options.telegram.requestOf(handle);
    if (letter === undefined || view === undefined) {
      await this.#answer(id, "Nobody knows this request any more. Look at: barwise approvals");
      return await this.#takeButtons(click);
    }
    // The buttons may be under an older version of the request: the core refuses another hash than that of now.
    const hash = view.hash.startsWith(short) ? view.hash : short;
    const outcome = await sink.decide({
      approval: view.id,
      hash,
      by: String(from),
      channel: "telegram",
      decision: letter === "a" ? "approve" : "reject",
      reason: "",
    });
    await this.#answer(id, wordsOf(outcome));
    if (outcome.kind === "refused" && OVER.has(outcome.code)) await this.#takeButtons(click);
  }

  /** Of a message that an earlier process sent, or that was sent twice because its answer was lost. */
  async #takeButtons({ chat, message }: Click): Promise<void> {
    if (message === undefined) return;
    const body = { chat_id: chat, message_id: message, reply_markup: { inline_keyboard: [] } };
    await this.#options.api.call("editMessageReplyMarkup", body);
  }

  /** A click that is not answered in time keeps its hourglass; that is all, so nothing is tried again. */
  async #answer(id: string, text: string): Promise<void> {
    await this.#options.api.call(
      "answerCallbackQuery",
      { callback_query_id: id, text: cut(text, MOST_ANSWER), show_alert: true },
      { timeoutMs: ANSWER_MS },
    );
  }

  async #failed({ status, reason, retry, afterMs = 0 }: Extract<Called, { ok: false }>, sink: ApproverSink) {
    const { name, random } = this.#options;
    this.#failures++;
    // A poll that was cut off once is nothing to tell.
    if (!this.#isTold && (this.#failures >= 3 || !retry)) {
      this.#isTold = true;
      const conflict = "another process asks for the clicks of this bot, or it has a webhook";
      sink.told("warning", `${name}: clicks are not heard: ${status === 409 ? conflict : reason}`);
    }
    const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10));
    const least = status === 409 ? CONFLICT_PAUSE_MS : retry ? 0 : LONGEST_PAUSE_MS;
    await this.#pause(Math.max(afterMs, least, random() * most));
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#ended;
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
      const onAbort = (): void => {
        cancel();
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }
}

function clickOf(update: unknown): Click | undefined {
  const { callback_query: query } = update as { callback_query?: unknown };
  const { id: query_id, from, message, data } = (query ?? {}) as Readonly<Record<string, unknown>>;
  const user = (from as { id?: unknown } | undefined)?.id;
  const { chat, message_id: under } = (message ?? {}) as { chat?: { id?: unknown }; message_id?: unknown };
  if (typeof query_id !== "string" || typeof user !== "number") return undefined;
  return {
    id: query_id,
    message: typeof under === "number" ? under : undefined,
    from: user,
    chat: typeof chat?.id === "number" ? chat.id : undefined,
    data: typeof data === "string" ? data : "",
  };
}

function wordsOf(outcome: DecisionOutcome): string {
  switch (outcome.kind) {
    case "counted":
      return countedWords(outcome.approval);
    case "refused":
      return `This does not count: ${outcome.reason}.`;
    case "lost":
      return `Nobody knows whether this counts: ${outcome.reason}.`;
  }
}

function countedWords({ state, needed, decisions, reason }: ApprovalView): string {
  if (state === "pending") return `Noted: ${decisions.length} of ${needed} have approved.`;
  // Of these the reason says who, which the person knows.
  const isPlain = reason === null || state === "approved" || state === "rejected";
  return isPlain ? `The request is ${state}.` : `The request is ${state}: ${reason}.`;
}
