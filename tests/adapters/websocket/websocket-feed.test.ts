/**
 * The feed against a real WebSocket server on loopback: start, reconnect, silence, refusal.
 */
import { afterEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { FeedError } from "../../../engine/ports/feed.ts";
import { Backend, NOW, PLAIN, backend, closeAll, feedOf, statuses, until } from "./support.ts";

afterEach(closeAll);

describe("a connection", () => {
  it("works with nothing but a url", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server);
    await start();
    server.send(PLAIN);
    server.send([PLAIN, PLAIN]);
    await until(() => inputs.length === 4);
    expect(inputs[0]).toMatchObject({ kind: "feed", status: "live" });
    expect(inputs[1]).toEqual({ kind: "trade", symbol: "SPY", time: NOW, price: 5, size: 1, setsPrice: true });
    expect(server.extensions).toEqual([undefined]);
  });

  it("subscribes, and is live only when that is confirmed", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, {
      send: [{ op: "subscribe", symbols: "$symbols" }],
      confirm: { "$.type": "ok" },
    });
    let started = false;
    const done = start().then(() => (started = true));
    await until(() => server.received.length === 1);
    expect([started, inputs, server.received]).toEqual([false, [], ['{"op":"subscribe","symbols":["SPY"]}']]);
    server.send({ type: "ok" });
    await done;
    expect(statuses(inputs)).toEqual(["live"]);
  });

  it("survives malformed messages and reports them", async () => {
    const server = await backend();
    const { inputs, refused, start } = feedOf(server, {}, { environment: {} });
    await start();
    server.send("{");
    server.send({ ...PLAIN, price: -1 });
    server.send(PLAIN);
    await until(() => inputs.length === 2);
    expect(refused).toEqual([
      { reason: "a message is not JSON", sample: "{" },
      { reason: "price is not a positive number", sample: JSON.stringify({ ...PLAIN, price: -1 }) },
    ]);
  });

  it("calls nothing after stop", async () => {
    const server = await backend();
    const { feed, inputs, start } = feedOf(server);
    await start();
    await feed.stop();
    await feed.stop();
    server.send(PLAIN);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(inputs).toHaveLength(1);
    expect(server.connections).toBe(1);
  });
});

describe("the first connection", () => {
  it.each([
    [401, "auth", "the server refused the login (HTTP 401); check the key"],
    [403, "auth", "the server refused the login (HTTP 403)"],
    [404, "protocol", "does not speak WebSocket"],
    [503, "unreachable", "busy or down (HTTP 503)"],
  ])("rejects HTTP %i as %s", async (status, code, message) => {
    const server = await backend();
    server.status = status;
    const error = await feedOf(server)
      .start()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FeedError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  it("rejects when nobody listens, without showing secrets", async () => {
    const server = await new Backend().listen();
    const config = { url: `${server.url}?token=\${env:TOKEN}`, headers: { authorization: "Bearer ${env:TOKEN}" } };
    const { start } = feedOf(server, config, { environment: { TOKEN: "hush" } });
    await server.close();
    const error = (await start().catch((thrown: unknown) => thrown)) as FeedError;
    expect(error.code).toBe("unreachable");
    expect(error.message).toMatch(/token=\*\*\*.*ECONNREFUSED/);
    expect(error.message).not.toContain("hush");
  });

  it("refuses a header that cannot be sent, without showing it", async () => {
    const server = await backend();
    const config = { headers: { authorization: "Bearer ${env:TOKEN}" } };
    expect(() => feedOf(server, config, { environment: { TOKEN: "hush\nhush" } })).toThrow(
      /^headers: authorization is not a header, or its value holds a line end/,
    );
  });

  it("does not show a secret that the server sends back", async () => {
    const server = await backend();
    const { refused, start } = feedOf(server, { send: ["${env:TOKEN}"] }, { environment: { TOKEN: "hush" } });
    await start();
    server.send("bad token hush");
    await until(() => refused.length === 1);
    expect(refused[0]?.sample).toBe("bad token ***");
  });
});

describe("a lost connection", () => {
  it("goes down, comes back and subscribes again", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, { send: ["sub $symbols"] });
    await start();
    await until(() => server.received.length === 1);
    server.sockets[0]?.terminate();
    await until(() => server.connections === 2 && server.received.length === 2);
    server.send(PLAIN);
    await until(() => inputs.length === 4);
    expect(statuses(inputs)).toEqual(["live", "down", "live"]);
    expect(inputs[1]).toMatchObject({ detail: expect.stringContaining("the connection was closed (1006)") as string });
    expect(server.received).toEqual(["sub SPY", "sub SPY"]);
  });

  it("keeps trying through refusals and tells each cause once", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server);
    await start();
    server.status = 503;
    server.sockets[0]?.close(1001, "restart");
    await until(() => server.extensions.length >= 4);
    server.status = 0;
    await until(() => statuses(inputs).at(-1) === "live");
    const details = inputs.flatMap((input) => (input.kind === "feed" && input.status === "down" ? [input.detail] : []));
    expect(details).toHaveLength(2);
    expect(details[0]).toContain("closed (1001: restart)");
    expect(details[1]).toContain("HTTP 503");
  });

  it("is noticed when the server stops answering pings", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, {}, { pingAfterMs: 40, pongWithinMs: 40 });
    await start();
    await until(() => server.connections >= 2);
    expect(inputs.find((input) => input.kind === "feed" && input.status === "down")).toMatchObject({
      detail: expect.stringContaining("no answer to a ping") as string,
    });
  });

  it("stays up while pings are answered", async () => {
    const server = await backend();
    server.onConnect = (socket) => socket.on("ping", () => socket.pong());
    const { inputs, start } = feedOf(server, {}, { pingAfterMs: 20, pongWithinMs: 200 });
    await start();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([statuses(inputs), server.connections]).toEqual([["live"], 1]);
  });

  it("is assumed when data should flow and does not, whatever else is sent", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, {}, { dataIdleMs: 60, expectData: () => true });
    await start();
    const heartbeat = setInterval(() => server.send({ type: "heartbeat" }), 10);
    await until(() => server.connections >= 2);
    clearInterval(heartbeat);
    expect(inputs[1]).toMatchObject({
      status: "down",
      detail: expect.stringContaining("no data for 0.06 s") as string,
    });
  });

  it("is never heard again", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, {}, { dataIdleMs: 60, expectData: () => true });
    await start();
    const old = server.sockets[0] as WebSocket;
    await until(() => server.connections >= 2);
    if (old.readyState === old.OPEN) old.send(JSON.stringify({ ...PLAIN, price: 666 }));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(inputs.some((input) => input.kind === "trade")).toBe(false);
  });

  it("ends when a message is larger than allowed, and comes back", async () => {
    const server = await backend();
    const { inputs, start } = feedOf(server, {}, { payloadMax: 1_000 });
    await start();
    server.send("x".repeat(2_000));
    await until(() => server.connections === 2);
    expect(inputs[1]).toMatchObject({
      status: "down",
      detail: expect.stringContaining("larger than 1000 bytes") as string,
    });
  });
});
