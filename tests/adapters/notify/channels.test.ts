/** Webhook, Slack, ntfy, e-mail and the dead man's address, each against a peer on loopback: bodies, limits and failures. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CheckIn } from "../../../engine/adapters/notify/check-in.ts";
import { Email } from "../../../engine/adapters/notify/email.ts";
import { Ntfy } from "../../../engine/adapters/notify/ntfy.ts";
import { Settings } from "../../../engine/adapters/notify/settings.ts";
import { SIGNATURE_HEADER, TIMESTAMP_HEADER, Verifier } from "../../../engine/adapters/notify/signature.ts";
import { Slack } from "../../../engine/adapters/notify/slack.ts";
import { Webhook } from "../../../engine/adapters/notify/webhook.ts";
import { WALL_CLOCK } from "../../../engine/adapters/wall-clock.ts";
import type { Notifier } from "../../../engine/ports/notifier.ts";
import { HttpPeer, SmtpPeer, message } from "./peers.ts";
import type { Answered } from "./peers.ts";

const settings = new Settings({});
const SECRET = "a secret of the test";
/** Half of a character beyond the first plane. */
const HALF = /\p{Surrogate}/u;
const LONG = "😀".repeat(10_000);

let peer: HttpPeer;
let url: string;

beforeEach(async () => {
  peer = new HttpPeer();
  url = await peer.start();
});
afterEach(() => peer.stop());

function webhook(at = `${url}/hook`, timeoutMs = 2_000): Webhook {
  return new Webhook({ name: "webhook", url: at, secret: SECRET, settings, clock: WALL_CLOCK, timeoutMs });
}

describe("a webhook", () => {
  it("gets JSON that its owner can verify, with an id that stays the same when it comes again", async () => {
    expect(await webhook().notify(message({ count: 3 }))).toEqual({ ok: true, answer: "HTTP 200: ok" });
    await webhook().notify(message({ count: 3 }));
    const [asked, again] = peer.asked;
    expect(asked).toMatchObject({ method: "POST", path: "/hook" });
    expect(asked?.json).toEqual({
      ...{ id: "m-1", kind: "alert", level: "warning", title: "[paper] warning a/b: dip SPY", text: "It fell." },
      ...{ time: "2026-01-05T15:00:00.000Z", count: 3, approval: null },
    });
    expect([asked?.headers["barwise-id"], again?.headers["barwise-id"]]).toEqual(["m-1", "m-1"]);
    const given = (name: string): string | undefined => asked?.headers[name] as string | undefined;
    const signed = { timestamp: given(TIMESTAMP_HEADER), signature: given(SIGNATURE_HEADER), body: asked?.body ?? "" };
    expect(new Verifier({ secret: SECRET }).verify(signed, Date.now())).toEqual({ ok: true });
    expect(new Verifier({ secret: "another secret here" }).verify(signed, Date.now()).ok).toBe(false);
  });

  it("is not used over http beyond this machine, with a user in the address or with a weak secret", () => {
    expect(() => webhook("http://example.test/hook")).toThrow("must begin with https://");
    expect(() => webhook("http://127.0.0.1.example.test/hook")).toThrow("must begin with https://");
    expect(() => webhook("https://ann:pw@example.test/")).toThrow("a user or a password");
    expect(() => webhook("nonsense")).toThrow("no URL");
    const weak = { name: "webhook", url, secret: "short", settings, clock: WALL_CLOCK };
    expect(() => new Webhook(weak)).toThrow("16 characters");
  });
});

describe("Slack", () => {
  it("gets plain text in which nothing calls people or becomes a link", async () => {
    const slack = new Slack({ name: "slack", url: `${url}/services/T/B/X`, settings });
    expect(
      await slack.notify(message({ title: "<!channel> & <@U1>", text: "*bold* `code` <http://a.test|b>" })),
    ).toEqual({
      ...{ ok: true, answer: "HTTP 200: ok" },
    });
    expect(peer.asked[0]?.json).toEqual({
      text: "&lt;!channel&gt; &amp; &lt;@U1&gt;",
      blocks: [
        {
          type: "section",
          text: { type: "plain_text", text: "<!channel> & <@U1>\n*bold* `code` <http://a.test|b>", emoji: false },
        },
      ],
      ...{ unfurl_links: false, unfurl_media: false },
    });
  });

  it("gets no more than a block takes, and no half of a character", async () => {
    await new Slack({ name: "slack", url, settings }).notify(message({ text: LONG }));
    const [block] = (peer.asked[0]?.json["blocks"] ?? []) as { text: { text: string } }[];
    expect(block?.text.text.length).toBeLessThanOrEqual(3_000);
    expect(block?.text.text).not.toMatch(HALF);
  });
});

describe("ntfy", () => {
  it("gets a topic, a priority and a text within its bytes", async () => {
    const ntfy = new Ntfy({ name: "ntfy", url: `${url}/base/topic-1`, token: "tk", settings });
    expect(await ntfy.notify(message({ level: "critical", text: LONG }))).toMatchObject({ ok: true });
    const [asked] = peer.asked;
    expect(asked?.path).toBe("/base/");
    expect(asked?.headers.authorization).toBe("Bearer tk");
    expect(asked?.json).toMatchObject({ topic: "topic-1", priority: 5, title: "[paper] warning a/b: dip SPY" });
    const text = asked?.json["message"] as string;
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4_000);
    expect(text).not.toMatch(HALF);
    expect(() => new Ntfy({ name: "ntfy", url, settings })).toThrow("/TOPIC");
  });
});

describe("the dead man's address", () => {
  it("of the plain style is called while all is well and when it stops, never about a failure", async () => {
    const checkIn = new CheckIn({ url: `${url}/c?key=1`, style: "plain", settings });
    for (const ping of ["start", "well", "fail", "stop"] as const)
      expect(await checkIn.call(ping, "x")).toBeUndefined();
    expect(peer.asked.map(({ path, json }) => [path, json["status"]])).toEqual([
      ["/c?key=1", "starting"],
      ["/c?key=1", "running"],
      ["/c?key=1", "stopped"],
    ]);
  });

  it("of the healthchecks style has a path for each", async () => {
    const checkIn = new CheckIn({ url: `${url}/uuid`, style: "healthchecks", settings });
    for (const ping of ["start", "well", "fail", "stop"] as const) await checkIn.call(ping, "x");
    expect(peer.asked.map(({ path }) => path)).toEqual(["/uuid/start", "/uuid", "/uuid/fail", "/uuid/log"]);
    peer.answer = () => ({ status: 404, body: "no such check" });
    expect(await checkIn.call("well", "x")).toBe("HTTP 404: no such check");
  });
});

describe("e-mail", () => {
  let smtp: SmtpPeer;
  let server: string;
  beforeEach(async () => {
    smtp = new SmtpPeer();
    server = await smtp.start();
  });
  afterEach(() => smtp.stop());

  function email(
    more: { readonly smtp?: string; readonly password?: string; readonly timeoutMs?: number } = {},
  ): Email {
    const to = ["ann@example.test", "bob@example.test"];
    return new Email({
      name: "email",
      smtp: server,
      from: "engine@example.test",
      to,
      settings,
      timeoutMs: 2_000,
      ...more,
    });
  }

  it("arrives as text, and no line of a message becomes a header", async () => {
    const title = "[paper] fell\r\nBcc: eve@example.test";
    const answer = await email().notify(
      message({ title, text: "Line one\n.\nBcc: eve@example.test", level: "critical" }),
    );
    expect(answer).toEqual({ ok: true, answer: "250 queued as 1" });
    const [mail = ""] = smtp.mails;
    const [head = "", ...body] = mail.split("\r\n\r\n");
    expect(head).toContain("To: ann@example.test, bob@example.test");
    expect(head).toContain("Content-Type: text/plain");
    expect(head).toContain("Message-ID: <m-1@barwise.invalid>");
    expect(head).not.toMatch(/^Bcc:/m);
    expect(body.join("\r\n\r\n")).toContain("Line one\r\n..\r\nBcc: eve@example.test");
    expect(smtp.commands.filter((line) => line.startsWith("RCPT"))).toEqual([
      "RCPT TO:<ann@example.test>",
      "RCPT TO:<bob@example.test>",
    ]);
  });

  it("logs in with the password of the environment", async () => {
    await email({ smtp: server.replace("//", "//ann@"), password: "hunter-22" }).notify(message());
    const login = smtp.commands.find((line) => line.startsWith("AUTH")) ?? "";
    expect(Buffer.from(login.split(" ")[2] ?? "", "base64").toString()).toBe("\0ann\0hunter-22");
    expect(() => email({ smtp: server.replace("//", "//ann@") })).toThrow("belong together");
    expect(() => email({ smtp: "https://example.test" })).toThrow("smtps://host:465");
  });

  it("is tried again when the server is busy, silent or gone, and not when it refuses", async () => {
    smtp.answers["MAIL"] = "451 try later";
    expect(await email().notify(message())).toMatchObject({ ok: false, retry: true });
    smtp.answers["MAIL"] = "550 not you";
    expect(await email().notify(message())).toMatchObject({ ok: false, retry: false });
    smtp.silent = true;
    expect(await email({ timeoutMs: 100 }).notify(message())).toMatchObject({ ok: false, retry: true });
    await smtp.stop();
    expect(await email().notify(message())).toMatchObject({ ok: false, retry: true });
    smtp = new SmtpPeer();
    server = await smtp.start();
  });

  it("says nothing that matters without TLS to a server that is not this machine", async () => {
    // The same server under a name that is not known to be loopback.
    const far = email({ smtp: server.replace("//127.0.0.1", "//ann@127.1"), password: "hunter-22" });
    expect(await far.notify(message())).toMatchObject({ ok: false });
    expect(smtp.commands.map((line) => line.split(" ")[0])).toEqual(["EHLO", "STARTTLS"]);
    expect(smtp.mails).toEqual([]);
  });
});

describe("a service that fails", () => {
  const makers: Readonly<Record<string, (timeoutMs: number) => Notifier>> = {
    webhook: (timeoutMs) => webhook(`${url}/hook`, timeoutMs),
    slack: (timeoutMs) => new Slack({ name: "slack", url, settings, timeoutMs }),
    ntfy: (timeoutMs) => new Ntfy({ name: "ntfy", url: `${url}/t`, settings, timeoutMs }),
  };

  it.each(Object.keys(makers))("%s: is tried again when that may help, and is given up when not", async (name) => {
    const notifier = makers[name]?.(2_000) as Notifier;
    const told = async (answered: Answered): Promise<unknown> => {
      peer.answer = () => answered;
      return await notifier.notify(message());
    };
    expect(await told({ status: 500, body: "broken" })).toEqual({ ok: false, retry: true, reason: "HTTP 500: broken" });
    expect(await told({ status: 429, headers: { "retry-after": "7" } })).toMatchObject({ retry: true, afterMs: 7_000 });
    expect(await told({ status: 404, body: "no" })).toEqual({ ok: false, retry: false, reason: "HTTP 404: no" });
    const elsewhere = { location: `${url}/stolen` };
    const asked = peer.asked.length;
    expect(await told({ status: 307, headers: elsewhere })).toMatchObject({ ok: false });
    expect(peer.asked.length).toBe(asked + 1);
    expect(await told({ body: "x".repeat(100_000) })).toMatchObject({
      ok: false,
      reason: "an answer of more than 64 KiB",
    });
  });

  it.each(Object.keys(makers))("%s: is not waited for longer than its time, nor when it breaks off", async (name) => {
    const slow = makers[name]?.(100) as Notifier;
    peer.answer = () => undefined;
    expect(await slow.notify(message())).toEqual({ ok: false, retry: true, reason: "no answer within 0.1 s" });
    // It begins to answer and never ends.
    peer.answer = (_, response) => void response.writeHead(200).write("x");
    expect(await slow.notify(message())).toEqual({ ok: false, retry: true, reason: "no answer within 0.1 s" });
    peer.answer = (_, response) => void response.destroy();
    const patient = makers[name]?.(2_000) as Notifier;
    expect(await patient.notify(message())).toMatchObject({
      retry: true,
      reason: expect.stringMatching(/^the connection failed/),
    });
    await peer.stop();
    expect(await patient.notify(message())).toMatchObject({
      retry: true,
      reason: "the connection failed (ECONNREFUSED)",
    });
    url = await peer.start();
  });
});
