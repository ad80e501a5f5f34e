/** Halts, bands, corrections and news of Alpaca's stream, over a socket that says them. */
import { afterEach, describe, expect, test } from "vitest";
import { closeAll, until } from "../websocket/support.ts";
import { alpacaBackend, alpacaFeed } from "../websocket/alpaca-backend.ts";

afterEach(closeAll);

const TIME = "2024-03-05T15:00:00.001Z";
const status = (sc: string, z: string, more = {}) => ({ T: "s", S: "SPY", sc, z, t: TIME, ...more });
const optional = { statuses: ["SPY"], lulds: ["SPY"] };

describe("halts", () => {
  test("are told by the codes of both tapes; other statuses change nothing", async () => {
    const server = await alpacaBackend();
    const { inputs, refused, start } = alpacaFeed(server, { optional });
    await start();
    server.send([
      status("2", "B", { sm: "Trading Halt", rc: "M", rm: "Volatility Trading Pause" }),
      status("F", "B"),
      status("Q", "C"),
      status("3", "B", { sm: "Resume" }),
      status("P", "C", { rm: "LUDP" }),
      status("T", "C"),
      { T: "s", S: "SPY", t: TIME },
    ]);
    await until(() => refused.length === 1);
    expect(inputs.slice(1).map((input) => (input.kind === "halt" ? [input.halted, input.reason] : input.kind))).toEqual(
      [
        [true, "Trading Halt, M, Volatility Trading Pause"],
        [false, "Resume"],
        [true, "LUDP"],
        [false, "status T"],
      ],
    );
    expect(inputs[1]).toMatchObject({ kind: "halt", symbol: "SPY", time: Date.parse(TIME) });
  });

  test("that a plan does not offer are told once and cost nothing else", async () => {
    const refusal = [{ T: "error", code: 409, msg: "insufficient subscription" }];
    const server = await alpacaBackend((said) => ("statuses" in said ? refusal : undefined));
    const { inputs, refused, start } = alpacaFeed(server, { optional });
    await start();
    await until(() => refused.length === 1);
    expect(refused[0]?.reason).toBe("the server does not offer statuses and lulds: insufficient subscription (409)");
    server.send([{ T: "t", S: "SPY", i: 1, p: 5, s: 1, c: [], z: "B", t: TIME }]);
    await until(() => inputs.length === 2);
    server.sockets[0]?.close(1001);
    await until(() => inputs.length === 4);
    expect(inputs[2]).toMatchObject({ status: "down", detail: expect.stringContaining("closed (1001)") as string });
  });
});

test("bands, corrected and cancelled trades are kept as they were told", async () => {
  const server = await alpacaBackend();
  const { inputs, start } = alpacaFeed(server);
  await start();
  const at = { S: "SPY", t: TIME, z: "B" };
  server.send([
    { T: "l", u: 510.5, d: 490.5, i: "B", ...at },
    { T: "c", x: "V", oi: 1, op: 5, os: 10, oc: ["@"], ci: 2, cp: 6, cs: 10, cc: ["@"], ...at },
    { T: "x", i: 2, x: "V", p: 6, s: 10, a: "C", ...at },
  ]);
  await until(() => inputs.length === 4);
  expect(inputs.slice(1)).toEqual(
    [
      ["band", '{"T":"l","u":510.5,"d":490.5,"i":"B"}'],
      ["correction", '{"T":"c","oi":1,"op":5,"os":10,"ci":2,"cp":6,"cs":10}'],
      ["correction", '{"T":"x","i":2,"p":6,"s":10,"a":"C"}'],
    ].map(([topic, text]) => ({
      kind: "notice",
      feed: "alpaca",
      topic,
      time: Date.parse(TIME),
      symbols: ["SPY"],
      text,
    })),
  );
});

describe("news", () => {
  const options = { feed: "news", name: "news", channels: { news: ["SPY"] }, auxiliary: true } as const;
  const article = {
    T: "n",
    id: 24918784,
    headline: "Corning Reports Purchase Of GT Advanced Technologies",
    summary: "",
    author: "Benzinga Newsdesk",
    created_at: "2022-01-05T22:00:37Z",
    updated_at: "2022-01-05T22:00:38Z",
    url: "https://example.test/a",
    content: "x".repeat(30_000),
    symbols: ["GLW", "SPY"],
    source: "benzinga",
  };

  test("is received, cut where it is endless, and refused where it is none", async () => {
    const server = await alpacaBackend();
    const { inputs, refused, start } = alpacaFeed(server, options);
    await start();
    server.send([article, { T: "n", headline: "no time" }, { T: "n", updated_at: TIME }]);
    await until(() => inputs.length === 2 && refused.length === 2);
    expect(inputs[1]).toMatchObject({
      kind: "notice",
      topic: "news",
      symbols: ["GLW", "SPY"],
      time: Date.parse(article.updated_at),
    });
    const text = inputs[1]?.kind === "notice" ? inputs[1].text : "";
    expect(JSON.parse(text)).toMatchObject({ id: 24918784, headline: article.headline, content: "x".repeat(20_000) });
    expect(server.received).toContain('{"action":"subscribe","news":["SPY"]}');
  });

  test("that stops is a notice, no gap in the data", async () => {
    const server = await alpacaBackend();
    const { inputs, start } = alpacaFeed(server, options);
    await start();
    server.sockets[0]?.terminate();
    await until(() => inputs.length === 3);
    expect(inputs.map((input) => (input.kind === "notice" ? `${input.topic} ${input.text}` : input.kind))).toEqual([
      "feed live: subscription confirmed",
      "feed down: the connection was closed (1006)",
      "feed live: subscription confirmed",
    ]);
  });
});

test("a delayed stream says how late it is", async () => {
  const server = await alpacaBackend();
  expect(alpacaFeed(server, { feed: "delayed_sip" }).feed.delayMs).toBe(900_000);
  expect(alpacaFeed(server).feed.delayMs).toBe(0);
});
