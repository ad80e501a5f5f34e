/** Telegram against a Bot API on loopback: what is sent, who may click, and every answer that is not the wished one. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Settings } from "../../../engine/adapters/notify/settings.ts";
import { TelegramApi } from "../../../engine/adapters/notify/telegram-api.ts";
import { TelegramApprover } from "../../../engine/adapters/notify/telegram-approver.ts";
import { Telegram, callbackData, handleOf } from "../../../engine/adapters/notify/telegram.ts";
import { WALL_CLOCK } from "../../../engine/adapters/wall-clock.ts";
import type { ApprovalView } from "../../../engine/core/approval.ts";
import type { Clock } from "../../../engine/ports/clock.ts";
import type { Decision, DecisionOutcome } from "../../../engine/ports/notifier.ts";
import { ANN, BotApi, CHAT } from "./bot-api.ts";
import { message } from "./peers.ts";
import type { Answered } from "./peers.ts";

/** Half of a character beyond the first plane. */
const HALF = /\p{Surrogate}/u;
const TOKEN = "12345:AAE-token-of-the-test";

function view(more: Partial<ApprovalView> = {}): ApprovalView {
  return {
    id: "bw-1",
    hash: "0123456789abcdef",
    state: "pending",
    needed: 1,
    decisions: [],
    reason: null,
    ...more,
  } as ApprovalView;
}

function request(approval = view()): ReturnType<typeof message> {
  return message({ kind: "approval", title: `approve? ${approval.state}`, text: "", approval });
}

let bot: BotApi;
let api: TelegramApi;
let telegram: Telegram;
let stop: () => Promise<void>;
const told: string[] = [];
const decisions: Decision[] = [];
let outcome: DecisionOutcome;

beforeEach(async () => {
  bot = new BotApi();
  const url = await bot.start();
  const settings = new Settings({ TOKEN });
  api = new TelegramApi({
    name: "telegram",
    url,
    token: settings.value("telegram", "${env:TOKEN}"),
    settings,
    timeoutMs: 2_000,
  });
  telegram = new Telegram({ name: "telegram", api, chat: CHAT, buttons: true });
  outcome = { kind: "counted", approval: view({ state: "approved" }) };
  told.length = 0;
  decisions.length = 0;
  stop = async () => {};
});
afterEach(async () => {
  await stop();
  await bot.stop();
});

function listen(clock: Clock = WALL_CLOCK): void {
  const approver = new TelegramApprover({
    ...{ name: "telegram", api, telegram, chat: CHAT, approvers: new Set([ANN, 222]), clock },
    ...{ random: () => 0, pollSeconds: 1 },
  });
  approver.start({
    decide: async (decision) => {
      decisions.push(decision);
      return await Promise.resolve(outcome);
    },
    told: (level, text) => told.push(`${level} ${text}`),
  });
  stop = () => approver.stop();
}

describe("a message", () => {
  it("is plain text without previews, within the limit, and alerts have no buttons", async () => {
    expect(await telegram.notify(message({ text: `_a_ <b>${"😀".repeat(5_000)}` }))).toEqual({
      ...{ ok: true, answer: "sent as message 41" },
    });
    const [asked] = bot.asked;
    expect(asked?.path).toBe(`/bot${TOKEN}/sendMessage`);
    expect(Object.keys(asked?.json ?? {}).sort()).toEqual(["chat_id", "link_preview_options", "text"]);
    const text = asked?.json["text"] as string;
    expect(text.length).toBeLessThanOrEqual(4_096);
    expect(text).not.toMatch(HALF);
  });

  it("about a request has buttons while it is open, and loses them by an edit when it is over", async () => {
    await telegram.notify(request());
    await telegram.notify(request(view({ state: "approved" })));
    const [sent] = bot.of("sendMessage");
    const [edited] = bot.of("editMessageText");
    const data = callbackData("approve", view());
    expect(JSON.stringify(sent?.json["reply_markup"])).toContain(data);
    expect(edited?.json).toMatchObject({ message_id: 41, reply_markup: { inline_keyboard: [] } });
    expect(bot.asked).toHaveLength(2);
  });

  it("has callback data within 64 bytes however long the id of the order is, the same in every process", () => {
    const id = "x".repeat(500);
    expect(Buffer.byteLength(callbackData("reject", { id, hash: "f".repeat(64) }))).toBeLessThanOrEqual(64);
    expect(handleOf(id)).toBe(handleOf(id));
    expect(handleOf(id)).not.toBe(handleOf(`${id}x`));
  });

  it("that was deleted is sent again, and one that needs no change has arrived", async () => {
    await telegram.notify(request());
    const bad = (description: string): Answered => ({ status: 400, body: { ok: false, description } });
    bot.next["editMessageText"] = [
      bad("Bad Request: message is not modified"),
      bad("Bad Request: message to edit not found"),
    ];
    expect(await telegram.notify(request(view({ needed: 2 })))).toEqual({ ok: true, answer: "not modified" });
    expect(await telegram.notify(request(view({ state: "expired" })))).toEqual({
      ok: true,
      answer: "sent as message 42",
    });
  });

  it("waits as long as Telegram says, is tried again when that may help, and never shows the token", async () => {
    const next = (answered: Answered): void => void (bot.next["sendMessage"] = [answered]);
    next({ status: 429, body: { ok: false, description: "Too Many Requests", parameters: { retry_after: 17 } } });
    expect(await telegram.notify(message())).toMatchObject({ ok: false, retry: true, afterMs: 17_000 });
    next({ status: 401, body: { ok: false, description: `Unauthorized ${TOKEN}` } });
    expect(await telegram.notify(message())).toMatchObject({ retry: false, reason: "HTTP 401: Unauthorized ***" });
    next({ status: 502, body: "<html>bad gateway" });
    expect(await telegram.notify(message())).toMatchObject({
      retry: true,
      reason: "HTTP 502: no answer of the Bot API",
    });
    next({ status: 200, body: "<html>log in to the hotel" });
    expect(await telegram.notify(message())).toMatchObject({ ok: false, retry: true });
  });
});

describe("a click", () => {
  it("of an approver becomes a decision about exactly that order, and is answered with what became of it", async () => {
    await telegram.notify(request());
    bot.click(callbackData("approve", view()));
    listen();
    await bot.answered(1);
    expect(decisions).toEqual([
      { approval: "bw-1", hash: view().hash, by: "111", channel: "telegram", decision: "approve", reason: "" },
    ]);
    expect(bot.of("answerCallbackQuery")[0]?.json).toMatchObject({
      ...{ callback_query_id: "q-900", text: "The request is approved." },
    });
  });

  it("is read once, in order, and given back as read only after the decision is on disk", async () => {
    await telegram.notify(request());
    let written: (outcome: DecisionOutcome) => void = () => {};
    const disk = new Promise<DecisionOutcome>((resolve) => {
      written = resolve;
    });
    bot.click(callbackData("reject", view()));
    bot.click(callbackData("approve", view()));
    const approver = new TelegramApprover({
      ...{ name: "telegram", api, telegram, chat: CHAT, approvers: new Set([ANN]), clock: WALL_CLOCK },
      ...{ random: () => 0, pollSeconds: 1 },
    });
    approver.start({ decide: (decision) => (decisions.push(decision), disk), told: () => {} });
    stop = () => approver.stop();
    await bot.until(() => bot.of("getUpdates").length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(bot.of("getUpdates")).toHaveLength(1);
    written(outcome);
    await bot.until(() => bot.of("getUpdates").length >= 3);
    expect(bot.of("getUpdates")[1]?.json).toMatchObject({ offset: 902 });
    expect(decisions.map(({ decision }) => decision)).toEqual(["reject", "approve"]);
  });

  it("that comes too late says who was first, and takes the buttons away", async () => {
    await telegram.notify(request());
    const reason = "already approved by ann via telegram";
    const refused = { approval: "bw-1", by: "111", channel: "telegram", code: "already_decided" as const, reason };
    outcome = { kind: "refused", ...refused };
    bot.click(callbackData("reject", view()));
    listen();
    await bot.until(() => bot.of("editMessageReplyMarkup").length > 0);
    expect(bot.of("answerCallbackQuery")[0]?.json["text"]).toBe(`This does not count: ${reason}.`);
    expect(bot.of("editMessageReplyMarkup")[0]?.json).toEqual({
      ...{ chat_id: CHAT, message_id: 41, reply_markup: { inline_keyboard: [] } },
    });
  });

  it("of anybody else, or in another chat, decides nothing and is told", async () => {
    await telegram.notify(request());
    bot.click(callbackData("approve", view()), { from: 999 });
    bot.click(callbackData("approve", view()), { chat: 5 });
    listen();
    await bot.answered(2);
    expect(decisions).toEqual([]);
    expect(told).toEqual([
      "warning telegram: a click of user 999 does not count: not among the approvers of this chat",
      "warning telegram: a click of user 111 does not count: not among the approvers of this chat",
    ]);
    expect(bot.of("answerCallbackQuery")[0]?.json["text"]).toBe("You are not among the approvers.");
  });

  it("on a button of an earlier process counts when the request still waits, and says so when nobody knows it", async () => {
    telegram.remember(view());
    bot.click(callbackData("approve", view()));
    bot.click(callbackData("approve", view({ id: "bw-forgotten" })));
    for (const data of ["", "a:zz", "a:0123456789abcdef:01234567 ", "x".repeat(64)]) bot.click(data);
    listen();
    await bot.answered(6);
    expect(decisions).toHaveLength(1);
    const words = bot.of("answerCallbackQuery").map(({ json }) => json["text"]);
    expect(words[0]).toBe("The request is approved.");
    for (const text of words.slice(1)) expect(text).toMatch(/^Nobody knows this request any more/);
  });

  it("under an older version of the order carries the hash that was shown", async () => {
    telegram.remember(view({ hash: "ffff0000ffff0000" }));
    bot.click(callbackData("approve", view()));
    listen();
    await bot.answered(1);
    expect(decisions[0]?.hash).toBe("01234567");
  });

  it("in an update that is none is passed over, and the rest is heard", async () => {
    telegram.remember(view());
    bot.updates.push(
      { update_id: 900, message: { text: "/start" } },
      { update_id: 901, callback_query: { id: 7 } },
      { update_id: 902, callback_query: null },
    );
    bot.click(callbackData("approve", view()), { id: 903 });
    listen();
    await bot.answered(1);
    expect(decisions).toHaveLength(1);
  });
});

describe("the long poll", () => {
  /** Pauses are not waited for; they are written down. */
  function hasty(): { clock: Clock; pauses: number[] } {
    const pauses: number[] = [];
    const clock: Clock = {
      now: () => Date.now(),
      after: (ms, callback) => {
        pauses.push(ms);
        const timer = setTimeout(callback, 1);
        return () => clearTimeout(timer);
      },
    };
    return { clock, pauses };
  }

  it("tells a conflict once, waits, and says when clicks are heard again", async () => {
    const conflict = {
      status: 409,
      body: { ok: false, description: "Conflict: terminated by other getUpdates request" },
    };
    bot.next["getUpdates"] = [conflict, conflict];
    const { clock, pauses } = hasty();
    listen(clock);
    await bot.until(() => bot.of("getUpdates").length >= 4);
    expect(told).toEqual([
      "warning telegram: clicks are not heard: another process asks for the clicks of this bot, or it has a webhook",
      "info telegram: clicks are heard again",
    ]);
    expect(pauses).toEqual([30_000, 30_000]);
  });

  it("obeys retry_after, survives broken connections, and is slow with a wrong token", async () => {
    const { clock, pauses } = hasty();
    bot.next["getUpdates"] = [
      { status: 429, body: { ok: false, description: "slow down", parameters: { retry_after: 9 } } },
      { status: 500, body: "oops" },
      { status: 200, body: "no json" },
      { status: 401, body: { ok: false, description: "Unauthorized" } },
    ];
    listen(clock);
    await bot.until(() => bot.of("getUpdates").length >= 6);
    expect(pauses).toEqual([9_000, 0, 0, 60_000]);
    expect(told[0]).toMatch(/^warning telegram: clicks are not heard: HTTP 200: no answer of the Bot API/);
    expect(told).toHaveLength(2);
  });

  it("ends at once, in the middle of a poll too", async () => {
    bot.answer = () => undefined;
    listen();
    await bot.until((asked) => asked.length > 0);
    await stop();
    expect(bot.asked).toHaveLength(1);
  });
});
