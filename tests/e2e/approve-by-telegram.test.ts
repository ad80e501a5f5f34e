/** A request over real sockets: rule, Telegram, a click, and exactly one order at the venue. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryJournal } from "../../engine/adapters/journal/memory-journal.ts";
import { Notifications } from "../../engine/cli/notifications.ts";
import { callbackData } from "../../engine/adapters/notify/telegram.ts";
import { pendingApprovals } from "../../engine/core/view.ts";
import { parseProject } from "../../engine/lang/project.ts";
import { ANN, BotApi } from "../adapters/notify/bot-api.ts";
import { programOf, threshold } from "../runtime/support.ts";
import { LiveSetup } from "./live-setup.ts";
import { HEADER } from "./support.ts";

const TOKEN = "12345:AAE-token-of-the-test";
const APPROVAL = "approval: {when: order.notional > 0, expires: 10m}";

let bot: BotApi;
let setup: LiveSetup;
let people: Notifications;
let journal: MemoryJournal;
const notes: string[] = [];

/** A rule that fires at the second bar, and nobody else to ask than Telegram. */
async function begin(approval = APPROVAL, { late = false } = {}): Promise<void> {
  const url = await bot.start();
  const text = `barwise: 1
${approval}
notify:
  - telegram: {token: '\${env:TOKEN}', chat: -1001, approvers: [111, 222], url: '${url}'}
`;
  const { project } = parseProject(text);
  if (project === null) throw new Error("the project has errors");
  journal = new MemoryJournal(HEADER);
  people = new Notifications({
    ...{ project, environment: { TOKEN }, tag: "paper", account: "t", run: "t" },
    journal,
    note: (line) => notes.push(line),
  });
  await setup.start([90, 110, 110], {
    program: programOf(threshold(100), text),
    journal,
    observe: (input, outputs) => people.observe(input, outputs),
  });
  if (!late) people.begin(setup.engine);
  await setup.bar();
  await setup.bar();
}

/** What the buttons of the last message say. */
async function buttons(): Promise<readonly string[]> {
  const asking = (): ReturnType<BotApi["of"]> =>
    [...bot.of("sendMessage"), ...bot.of("editMessageText")].filter(({ body }) => body.includes("callback_data"));
  await bot.until(() => asking().length > 0);
  return [...(asking().at(-1)?.body ?? "").matchAll(/"callback_data":"([^"]+)"/g)].map(([, data]) => data as string);
}

function answers(): unknown[] {
  return bot.of("answerCallbackQuery").map(({ json }) => json["text"]);
}

beforeEach(() => {
  bot = new BotApi();
  setup = new LiveSetup();
  notes.length = 0;
});
afterEach(async () => {
  await setup.engine.stop();
  await people.stop(undefined);
  await setup.venue.stop();
  await bot.stop();
});

describe("a request that Telegram shows", () => {
  it("is approved by one click and no more: one order, however often and by whomever it is clicked", async () => {
    await begin();
    const [approve = "", reject = ""] = await buttons();
    expect(setup.orders).toEqual([]);
    bot.click(approve, { from: 999 });
    await bot.answered(1);
    expect(setup.count("decision")).toBe(0);

    bot.click(approve);
    bot.click(approve);
    bot.click(reject, { from: 222 });
    await bot.answered(4);
    await setup.engine.idle();
    expect(answers()).toEqual([
      "You are not among the approvers.",
      "The request is approved.",
      "This does not count: already approved by 111 via telegram.",
      "This does not count: already approved by 111 via telegram.",
    ]);
    expect(setup.orders).toEqual(["buy"]);
    expect([...setup.exchange.orders()]).toHaveLength(1);
    await bot.until(() => bot.of("editMessageText").length > 0);
    const edited = bot.of("editMessageText").at(-1);
    expect(edited?.json).toMatchObject({ reply_markup: { inline_keyboard: [] } });
    expect(edited?.json["text"]).toContain("approved by 111 via telegram");
    expect(setup.inputs.filter(({ kind }) => kind === "decision")).toMatchObject([
      { by: String(ANN), channel: "telegram", decision: "approve" },
      { by: String(ANN), channel: "telegram", decision: "approve" },
      { by: "222", channel: "telegram", decision: "reject" },
    ]);
    // The token is in no record, no note and no message.
    expect(JSON.stringify([journal.records, notes, bot.asked.map(({ body }) => body)])).not.toContain(TOKEN);
  });

  it("is rejected by a click, and no order leaves", async () => {
    await begin();
    const [, reject = ""] = await buttons();
    bot.click(reject, { from: 222 });
    await bot.answered(1);
    await setup.bar();
    expect(answers()[0]).toMatch(/^The request is rejected/);
    expect(setup.orders).toEqual([]);
    expect([...setup.exchange.orders()]).toEqual([]);
  });

  it("still counts on the button of an earlier process, and is told again at a start", async () => {
    await begin(APPROVAL, { late: true });
    const [view] = pendingApprovals(setup.engine.core);
    if (view === undefined) throw new Error("nobody is asked");
    bot.click(callbackData("approve", view));
    people.begin(setup.engine);
    await bot.answered(1);
    await setup.engine.idle();
    expect(answers()).toEqual(["The request is approved."]);
    expect(setup.orders).toEqual(["buy"]);
    expect(bot.of("sendMessage").some(({ body }) => body.includes("approve?"))).toBe(true);
  });

  it("needs two people where the policy says so", async () => {
    await begin("approval: {when: order.notional > 0, second: order.notional > 0, expires: 10m}");
    const [approve = ""] = await buttons();
    bot.click(approve);
    bot.click(approve);
    await bot.answered(2);
    expect(setup.orders).toEqual([]);
    bot.click(approve, { from: 222 });
    await bot.answered(3);
    await setup.engine.idle();
    expect(answers()).toEqual([
      "Noted: 1 of 2 have approved.",
      expect.stringMatching(/^This does not count: .*111.*has approved it already/),
      "The request is approved.",
    ]);
    expect(setup.orders).toEqual(["buy"]);
  });
});
