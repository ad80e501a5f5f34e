/**
 * A WebSocket backend on loopback that says what a test tells it to, and a feed that is pointed at it.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { decode, encode } from "@msgpack/msgpack";
import { expect } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { WebSocketConfig } from "../../../engine/adapters/websocket/config.ts";
import { WebSocketFeed, type WebSocketOptions } from "../../../engine/adapters/websocket/websocket-feed.ts";
import type { MarketInput } from "../../../engine/core/event.ts";

export const NOW = Date.now();
export const PLAIN = { symbol: "SPY", price: 5, volume: 1, timestamp: NOW };

export class Backend {
  readonly http: Server = createServer();
  readonly sockets: WebSocket[] = [];
  readonly received: string[] = [];
  readonly extensions: (string | undefined)[] = [];
  connections = 0;
  status = 0;
  onMessage: (text: string) => void = () => {};
  onConnect: (socket: WebSocket, count: number) => void = () => {};
  readonly #server = new WebSocketServer({ noServer: true, autoPong: false, perMessageDeflate: true });

  async listen(): Promise<this> {
    this.http.on("upgrade", (request, socket, head) => {
      this.extensions.push(request.headers["sec-websocket-extensions"]);
      if (this.status !== 0) return socket.end(`HTTP/1.1 ${this.status} No\r\nContent-Length: 0\r\n\r\n`);
      this.#server.handleUpgrade(request, socket, head, (client) => {
        this.sockets.push(client);
        client.on("message", (data, isBinary) => {
          const text = isBinary ? JSON.stringify(decode(data as Buffer)) : (data as Buffer).toString();
          this.received.push(text);
          this.onMessage(text);
        });
        this.onConnect(client, ++this.connections);
      });
    });
    await new Promise<void>((resolve) => this.http.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.http.address() as AddressInfo).port}/stream`;
  }

  send(message: unknown): void {
    this.sockets.at(-1)?.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  pack(message: unknown): void {
    this.sockets.at(-1)?.send(encode(message, { useBigInt64: true }));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

export const opened: { close(): Promise<unknown> }[] = [];
export async function closeAll(): Promise<void> {
  for (const each of opened.splice(0).reverse()) await each.close();
}

export async function backend(): Promise<Backend> {
  const server = await new Backend().listen();
  opened.push(server);
  return server;
}

export function feedOf(
  server: Backend,
  config: Partial<WebSocketConfig> = {},
  options: WebSocketOptions & { symbols?: string[] } = {},
) {
  const inputs: MarketInput[] = [];
  const refused: { reason: string; sample: string }[] = [];
  const feed = new WebSocketFeed({ url: server.url, ...config }, options.symbols ?? ["SPY"], {
    random: () => 0,
    expectData: () => false,
    ...options,
  });
  opened.push({ close: () => feed.stop() });
  const sink = {
    market: (input: MarketInput) => void inputs.push(input),
    refused: (_: string, reason: string, sample: string) => void refused.push({ reason, sample }),
  };
  return { feed, inputs, refused, start: () => feed.start(sink) };
}

export const statuses = (inputs: MarketInput[]): string[] =>
  inputs.flatMap((input) => (input.kind === "feed" ? [input.status] : []));

export async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 5_000, interval: 5 }).toBe(true);
}
