/**
 * One connection of the trade-updates stream: login in both forms, `listen`, updates.
 *
 * Owns: the state of one socket. Frames hold JSON, binary as the paper service sends them or text as the live one does;
 * a client that asks for MessagePack at the handshake gets that. May not: make updates.
 */
import { decode } from "@msgpack/msgpack";
import type { WebSocket } from "ws";
import type { LoginFate } from "./fault-plan.ts";
import { sameSecret } from "../loopback-http.ts";
import { exactMsgpack } from "./wire-json.ts";

export interface TradingSessionOptions {
  readonly socket: WebSocket;
  readonly keyId: string;
  readonly secret: string;
  readonly authTimeoutMs: number;
  readonly muted: () => boolean;
  readonly fate: () => LoginFate;
  readonly frames: "binary" | "text" | "msgpack";
}

export class TradingSession {
  readonly socket: WebSocket;
  readonly #options: TradingSessionOptions;
  readonly #loginTimer: NodeJS.Timeout;
  authenticated = false;
  #listening = false;

  constructor(options: TradingSessionOptions) {
    this.#options = options;
    this.socket = options.socket;
    this.#loginTimer = setTimeout(() => this.socket.terminate(), options.authTimeoutMs);
    options.socket.on("message", (data, isBinary) => this.#receive(data as Buffer, isBinary));
    options.socket.once("close", () => clearTimeout(this.#loginTimer));
  }

  /** Sends one update to a client that listens; `done` is called when it left. */
  deliver(update: Readonly<Record<string, unknown>>, done: () => void): void {
    if (!this.#listening || this.socket.readyState !== this.socket.OPEN) return done();
    this.socket.send(this.#frame({ stream: "trade_updates", data: update }), done);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#options.muted()) return;
    const message = parse(data, isBinary && this.#options.frames === "msgpack");
    if (message === undefined) return this.#send({ action: "error", data: { error_message: "invalid message" } });
    switch (message["action"]) {
      case "auth":
        return this.#login(message["key"], message["secret"]);
      case "authenticate": {
        const login = record(message["data"]);
        return this.#login(login?.["key_id"], login?.["secret_key"]);
      }
      case "listen":
        return this.#listen(record(message["data"])?.["streams"]);
      default:
        return this.#send({ action: "error", data: { error_message: "unknown action" } });
    }
  }

  #login(keyId: unknown, secret: unknown): void {
    const fate = this.#options.fate();
    if (fate === "ignored") return;
    const right =
      fate === "as usual" &&
      typeof keyId === "string" &&
      typeof secret === "string" &&
      sameSecret(keyId, this.#options.keyId) &&
      sameSecret(secret, this.#options.secret);
    if (right) {
      clearTimeout(this.#loginTimer);
      this.authenticated = true;
    }
    this.#send({
      stream: "authorization",
      data: { status: right ? "authorized" : "unauthorized", action: "authenticate" },
    });
  }

  #listen(streams: unknown): void {
    if (!this.authenticated) {
      return this.#send({ stream: "authorization", data: { status: "unauthorized", action: "listen" } });
    }
    if (!Array.isArray(streams)) return this.#send({ action: "error", data: { error_message: "invalid streams" } });
    this.#listening = streams.includes("trade_updates");
    this.#send({ stream: "listening", data: { streams: this.#listening ? ["trade_updates"] : [] } });
  }

  #send(message: unknown): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(this.#frame(message));
  }

  #frame(message: unknown): string | Uint8Array {
    if (this.#options.frames === "msgpack") return exactMsgpack(message);
    const text = JSON.stringify(message);
    return this.#options.frames === "text" ? text : Buffer.from(text);
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function parse(data: Buffer, packed: boolean): Readonly<Record<string, unknown>> | undefined {
  try {
    return record(packed ? decode(data) : JSON.parse(data.toString("utf8")));
  } catch {
    return undefined;
  }
}
