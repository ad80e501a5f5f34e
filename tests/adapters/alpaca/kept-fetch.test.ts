import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { keptFetch } from "../../../engine/adapters/alpaca/kept-fetch.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Peer {
  readonly url: string;
  readonly sockets: readonly Socket[];
  /** Method, path and body of each request. */
  readonly asked: readonly string[];
}

async function peer(answer: (response: ServerResponse, request: IncomingMessage) => void): Promise<Peer> {
  const sockets: Socket[] = [];
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (text: string) => (body += text));
    request.on("end", () => {
      asked.push(`${request.method} ${request.url} ${body}`);
      answer(response, request);
    });
  };
  const server = createServer({ keepAliveTimeout: 60_000 }, listener);
  server.on("connection", (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets, asked };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("kept connections", () => {
  test("serve the next request after more idle seconds than Node's fetch waits", async () => {
    // A server that names its own Connection header says nothing of how long it keeps one.
    const { url, sockets } = await peer((response) => response.setHeader("connection", "keep-alive").end("{}"));
    const fetchKept = keptFetch();
    await (await fetchKept(url)).json();
    await pause(4_500);
    await (await fetchKept(url)).json();
    expect(sockets).toHaveLength(1);
  }, 15_000);

  test("carry method, headers, text, status and repeated headers both ways", async () => {
    const { url, asked } = await peer((response, request) =>
      response
        .writeHead(
          422,
          [
            ["content-type", "application/json"],
            ["x-seen", String(request.headers["apca-api-key-id"])],
            ["x-many", "a"],
            ["x-many", "b"],
          ].flat(),
        )
        .end('{"message":"für €"}'),
    );
    const response = await keptFetch()(`${url}/v2/orders?nested=true`, {
      method: "POST",
      headers: { "APCA-API-KEY-ID": "k" },
      body: "ü",
    });
    expect(asked).toEqual(["POST /v2/orders?nested=true ü"]);
    expect([response.status, response.ok]).toEqual([422, false]);
    expect([response.headers.get("x-seen"), response.headers.get("x-many")]).toEqual(["k", "a, b"]);
    expect(await response.json()).toEqual({ message: "für €" });
  });

  test("take an answer without a body", async () => {
    const { url } = await peer((response) => response.writeHead(204).end());
    const response = await keptFetch()(url, { method: "DELETE" });
    expect([response.status, await response.text()]).toEqual([204, ""]);
  });

  test("follow no redirect", async () => {
    const { url, asked } = await peer((response) => response.writeHead(307, { location: "/other" }).end());
    const response = await keptFetch()(url, { method: "POST", body: "{}" });
    expect([response.status, asked]).toEqual([307, ["POST / {}"]]);
  });

  test("end a request when its deadline is over, before and after the answer began", async () => {
    let gone = 0;
    const { url } = await peer((response, request) => {
      response.on("close", () => (gone += 1));
      if (request.url === "/begun") response.writeHead(200, { "content-length": 10 }).write("{");
    });
    for (const path of ["/silent", "/begun"])
      await expect(keptFetch()(url + path, { signal: AbortSignal.timeout(100) })).rejects.toThrow();
    await pause(50);
    expect(gone).toBe(2);
  });

  test("refuse half an answer", async () => {
    const { url } = await peer((response) => {
      response.writeHead(200, { "content-length": 10 }).write("{");
      setTimeout(() => response.destroy(), 20);
    });
    await expect(keptFetch()(url, { method: "POST", body: "{}" })).rejects.toThrow("aborted");
  });

  test("send an order once even when the server gives up the connection at that moment", async () => {
    const { url, asked } = await peer((response, request) => {
      response.end("{}");
      if (request.method === "GET") setImmediate(() => response.socket?.destroy());
      else response.socket?.destroy();
    });
    const fetchKept = keptFetch();
    await (await fetchKept(url)).text();
    const outcome = await fetchKept(url, { method: "POST", body: "1" }).then(
      () => "answered",
      (error: unknown) => (error as NodeJS.ErrnoException).code,
    );
    await pause(50);
    expect(["answered", "ECONNRESET"]).toContain(outcome);
    expect(asked.filter((request) => request.startsWith("POST")).length).toBeLessThanOrEqual(1);
  });

  test("send text and nothing else", async () => {
    const request = keptFetch()("http://127.0.0.1:1", { method: "POST", body: new Uint8Array(1) });
    await expect(request).rejects.toThrow("only text");
  });
});
