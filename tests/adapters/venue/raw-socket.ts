/**
 * A WebSocket client that only records: for tests of the protocol itself.
 */
import { decode, encode } from "@msgpack/msgpack";
import { WebSocket } from "ws";
import { until } from "./support.ts";

export class RawSocket {
  readonly socket: WebSocket;
  readonly frames: { readonly data: Buffer; readonly isBinary: boolean }[] = [];
  readonly #msgpack: boolean;
  closed = false;
  failure = "";

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false });
    this.#msgpack = headers["Content-Type"] === "application/msgpack";
    this.socket.on("message", (data: Buffer, isBinary: boolean) => this.frames.push({ data, isBinary }));
    this.socket.on("close", () => {
      this.closed = true;
    });
    this.socket.on("error", (error) => {
      this.failure = error.message;
    });
  }

  send(message: unknown): void {
    this.socket.send(this.#msgpack ? encode(message) : JSON.stringify(message));
  }

  get messages(): any[] {
    return this.frames.flatMap(({ data }) => {
      const value = this.#msgpack ? decode(data, { useBigInt64: true }) : JSON.parse(data.toString("utf8"));
      return Array.isArray(value) ? value : [value];
    });
  }

  /** The n-th message, when it has come. */
  async at(index: number): Promise<any> {
    await until(`message ${index}, have ${JSON.stringify(this.messages, bigints)}`, () => this.messages.length > index);
    return this.messages[index];
  }

  async end(): Promise<void> {
    await until("the socket to close", () => this.closed);
  }
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
