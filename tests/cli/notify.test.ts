/** `barwise notify test`, and that no secret comes out of any channel, whatever the other side answers. */
import { mkdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Settings } from "../../engine/adapters/notify/settings.ts";
import { openChannels, openCheckIn } from "../../engine/cli/channels.ts";
import { addLint } from "../../engine/cli/lint.ts";
import { Notifications } from "../../engine/cli/notifications.ts";
import { addNotify } from "../../engine/cli/notify.ts";
import { parseProject } from "../../engine/lang/project.ts";
import { HttpPeer, SmtpPeer, message } from "../adapters/notify/peers.ts";
import { threshold } from "../runtime/support.ts";
import { barwiseWith, inFolderOfItsOwn } from "./in-process.ts";

inFolderOfItsOwn("notify");
const barwise = barwiseWith(addNotify, addLint);
const SECRETS = {
  BOT: "12345:AAE-token-of-telegram",
  SLACK: "/services/T0001/B0002/slack-key-0003",
  SIGN: "a secret to sign webhooks",
  MAIL: "hunter-22-of-the-mail",
  TOPIC: "/topic-nobody-knows",
  NTFY: "tk_token-of-ntfy",
  CHECK: "/check/0f1e2d3c-uuid",
};

let peer: HttpPeer;
let smtp: SmtpPeer;

beforeEach(async () => {
  mkdirSync("strategies");
  [peer, smtp] = [new HttpPeer(), new SmtpPeer()];
  const url = await peer.start();
  const mail = await smtp.start();
  for (const [name, value] of Object.entries(SECRETS)) vi.stubEnv(name, value.startsWith("/") ? url + value : value);
  writeFileSync(
    "barwise.yaml",
    `barwise: 1
notify:
  - telegram: {token: '\${env:BOT}', chat: 5, url: '${url}'}
  - slack: {url: '\${env:SLACK}'}
  - webhook: {url: '${url}/hook', secret: '\${env:SIGN}'}
  - email: {smtp: '${mail.replace("//", "//ann@")}', password: '\${env:MAIL}', from: a@example.test, to: b@example.test}
  - ntfy: {url: '\${env:TOPIC}', token: '\${env:NTFY}'}
  - slack: {url: '\${env:SLACK}', events: [alerts], levels: [critical]}
dead_man: {url: '\${env:CHECK}', style: healthchecks}
`,
  );
  peer.answer = ({ path }) => ({
    body: path.startsWith("/bot") ? { ok: true, result: { message_id: 7 } } : "thanks\u001B[2J",
  });
});
afterEach(async () => {
  await Promise.all([peer.stop(), smtp.stop()]);
});

describe("notify test", () => {
  it("sends each channel one message and says what was answered", async () => {
    const { out, code } = await barwise("notify", "test");
    expect(code).toBe(0);
    expect(out.replaceAll(/ +$/gm, "")).toBe(
      [
        "telegram  reached  sent as message 7",
        "slack     reached  HTTP 200: thanks·[2J",
        "webhook   reached  HTTP 200: thanks·[2J",
        "email     reached  250 queued as 1",
        "ntfy      reached  HTTP 200: thanks·[2J",
        "slack-2   reached  HTTP 200: thanks·[2J",
        "",
      ].join("\n"),
    );
    expect(peer.asked).toHaveLength(5);
    expect(smtp.mails).toHaveLength(1);
  });

  it("sends to one alone, in JSON too, and calls the dead man only when it is named", async () => {
    const { out } = await barwise("notify", "test", "ntfy", "--format", "json");
    expect(JSON.parse(out)).toEqual([{ channel: "ntfy", ok: true, answer: "HTTP 200: thanks·[2J" }]);
    expect((await barwise("notify", "test", "dead_man")).out).toBe("dead_man  reached  called\n");
    expect(peer.asked.map(({ path }) => path)).toEqual(["/", "/check/0f1e2d3c-uuid"]);
    expect(await barwise("notify", "test", "pager")).toMatchObject({
      code: 2,
      err: expect.stringContaining("there are telegram, slack, webhook, email, ntfy, slack-2, dead_man"),
    });
  });

  it("ends with 1 when somebody is not reached, and says which variable is missing", async () => {
    peer.answer = () => ({ status: 500, body: "down" });
    const { out, code } = await barwise("notify", "test", "webhook");
    expect([code, out]).toEqual([1, "webhook  NOT REACHED  HTTP 500: down\n"]);
    vi.stubEnv("SLACK", "");
    await expect(barwise("notify", "test", "slack")).rejects.toThrow(
      "slack: the environment variable SLACK is not set",
    );
  });

  it("says that nobody is told when nobody is", async () => {
    writeFileSync("barwise.yaml", "barwise: 1\n");
    expect((await barwise("notify", "test")).err).toContain("names nobody to tell");
  });
});

describe("secrets", () => {
  /** Whole, and the parts of an address that let somebody in. */
  const hidden = [...Object.values(SECRETS), "slack-key-0003", "topic-nobody-knows", "0f1e2d3c-uuid"];

  it("are in nothing that a channel says, when the other side repeats all that it was sent", async () => {
    const settings = new Settings(process.env);
    const echo = (asked: { path: string; body: string; headers: unknown }): string =>
      `no: ${asked.path} ${JSON.stringify(asked.headers)} ${encodeURIComponent(asked.path)}`.slice(0, 150);
    peer.answer = (asked) => ({
      status: 403,
      body: asked.path.startsWith("/bot") ? { ok: false, description: echo(asked) } : echo(asked),
    });
    smtp.answers["AUTH"] = `535 ${SECRETS.MAIL} is wrong`;
    const { project } = parseProject(
      `barwise: 1
notify:
  - telegram: {token: '\${env:BOT}', chat: 5, url: '${process.env["SLACK"]?.replace(SECRETS.SLACK, "")}'}
  - slack: {url: '\${env:SLACK}'}
  - ntfy: {url: '\${env:TOPIC}', token: '\${env:NTFY}'}
  - email: {smtp: '${(await smtpUrl()).replace("//", "//ann@")}', password: '\${env:MAIL}', from: a@b.c, to: a@b.c}
dead_man: {url: '\${env:CHECK}'}
`,
    );
    if (project?.deadMan === undefined) throw new Error("the project has errors");
    const said: unknown[] = [await openCheckIn(project.deadMan, settings).call("well", "x")];
    for (const { notifier } of openChannels(project.notify, settings)) said.push(await notifier.notify(message()));
    await peer.stop();
    for (const { notifier } of openChannels(project.notify, settings)) said.push(await notifier.notify(message()));
    expect(said).toHaveLength(9);
    for (const secret of hidden) expect(JSON.stringify(said)).not.toContain(secret);
    // The test would see one: what is not hidden is there.
    expect(JSON.stringify(said)).toContain("/bot***/sendMessage");
    await peer.start();
  });

  it("are not in the notes of a run, nor in what it says of itself at the end", async () => {
    const { project } = parseProject(await read());
    if (project === null) throw new Error("the project has errors");
    peer.answer = ({ path, body }) => ({
      status: 400,
      body: path.startsWith("/bot") ? { ok: false, description: path } : `${path} ${body}`,
    });
    const notes: string[] = [];
    const people = new Notifications({
      ...{ project, environment: process.env, tag: "paper", account: "a", run: "r" },
      journal: { sync: () => Promise.resolve() },
      note: (line) => notes.push(line),
    });
    await people.stop(new Error("the disk is full"));
    expect(notes.filter((line) => line.startsWith("slack was not reached: HTTP 400"))).toHaveLength(1);
    for (const secret of hidden) expect(notes.join("\n")).not.toContain(secret);
  });

  it("that stand in a file are found by lint, which does not print them", async () => {
    writeFileSync(
      "barwise.yaml",
      "barwise: 1\nnotify:\n  - telegram:\n      token: 999:LITERAL-token\n      chat: 1\n",
    );
    writeFileSync("strategies/a.strategy.yaml", threshold(100));
    for (const format of ["pretty", "concise", "json", "github", "sarif", "junit"]) {
      const { out, err, code } = await barwise("lint", "--format", format);
      expect(code, err).toBe(1);
      expect(out + err).toContain("schema/secret");
      expect(out + err).not.toContain("LITERAL");
    }
  });
});

async function read(): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return await readFile("barwise.yaml", "utf8");
}

async function smtpUrl(): Promise<string> {
  return /smtp:\/\/\S+?(?=')/.exec(await read())?.[0]?.replace("ann@", "") ?? "";
}
