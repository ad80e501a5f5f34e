/**
 * One WebSocket connection, from the handshake to its end.
 *
 * Owns: a single socket and its ping watchdog. After `onEnd` or `close` it calls back no more. May not reconnect and
 * does not know what messages mean.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { type RawData, WebSocket } from "ws";
import { FeedError } from "../../ports/feed.ts";
import type { Clock } from "../../ports/clock.ts";

export interface ConnectionOptions {
  readonly url: string;
  /** The address as it may be shown. */
  readonly shownUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: boolean;
  readonly payloadMax: number;
  readonly handshakeMs: number;
  /** Silence after which a ping is sent, and how long its answer may take. */
  readonly pingAfterMs: number;
  readonly pongWithinMs: number;
  readonly timers: Clock;
}

export interface ConnectionHandlers {
  onOpen(): void;
  onMessage(data: Buffer, isBinary: boolean): void;
  /** Once: it could not be made, was closed, or went silent. */
  onEnd(why: FeedError): void;
}

const CLOSE_WITHIN_MS = 1_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocket;
  #handlers: ConnectionHandlers | undefined;
  #cancelWatch: (() => void) | undefined;
  #lastFrame: number;

  constructor(options: ConnectionOptions, handlers: ConnectionHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#lastFrame = options.timers.now();
    this.#socket = new WebSocket(options.url, {
      perMessageDeflate: options.compression,
      maxPayload: options.payloadMax,
      handshakeTimeout: options.handshakeMs,
      headers: { ...options.headers },
      followRedirects: false,
    });
    this.#listen();
  }

  send(data: string | Uint8Array): void {
    // A failure shows as an error event; the callback keeps it from being thrown here.
    this.#socket.send(data, () => {});
  }

  /** Says goodbye and waits briefly for the answer. No callback comes from here on. */
  close(): Promise<void> {
    this.#release();
    const socket = this.#socket;
    if (socket.readyState === WebSocket.CLOSED) return Promise.resolve();
    if (socket.readyState === WebSocket.CONNECTING) {
      socket.terminate();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const cancel = this.#options.timers.after(CLOSE_WITHIN_MS, () => socket.terminate());
      socket.once("close", () => {
        cancel();
        resolve();
      });
      socket.close(1000);
    });
  }

  /** Drops the socket without waiting. */
  abandon(): void {
    this.#release();
    this.#socket.terminate();
  }

  #listen(): void {
    const socket = this.#socket;
    const heard = (): void => {
      this.#lastFrame = this.#options.timers.now();
    };
    socket.on("open", () => {
      heard();
      this.#watch();
      this.#handlers?.onOpen();
    });
    socket.on("message", (data: RawData, isBinary) => {
      heard();
      this.#handlers?.onMessage(bytesOf(data), isBinary);
    });
    socket.on("ping", heard);
    socket.on("pong", heard);
    socket.on("unexpected-response", (request, response) => this.#refused(request, response));
    // The listener stays for good: a socket that is dropped while connecting reports that as an error.
    socket.on("error", (error) => this.#end(this.#unreachable(error)));
    socket.on("close", (code, reason) => {
      const said = reason.length > 0 ? `: ${reason.toString("utf8")}` : "";
      const kind = code === 1008 || code === 4401 || code === 4403 ? "auth" : "unreachable";
      this.#end(new FeedError(kind, `${this.#options.shownUrl}: the connection was closed (${code}${said})`));
    });
  }

  #refused(request: ClientRequest, response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    const { shownUrl } = this.#options;
    request.destroy();
    if (status === 401 || status === 403) {
      const advice = "check the key in headers, url or send, and that it may use this feed";
      this.#end(new FeedError("auth", `${shownUrl}: the server refused the login (HTTP ${status}); ${advice}`));
    } else if (status === 429 || status >= 500) {
      this.#end(new FeedError("unreachable", `${shownUrl}: the server is busy or down (HTTP ${status})`));
    } else {
      const advice = "check the path of the url: this address does not speak WebSocket";
      this.#end(new FeedError("protocol", `${shownUrl}: the server answered HTTP ${status}; ${advice}`));
    }
  }

  #unreachable(error: Error): FeedError {
    const code = (error as NodeJS.ErrnoException).code;
    const { shownUrl } = this.#options;
    if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") {
      return new FeedError("protocol", `${shownUrl}: a message was larger than ${this.#options.payloadMax} bytes`);
    }
    if (code?.startsWith("WS_ERR_")) return new FeedError("protocol", `${shownUrl}: broken frames (${code})`);
    const why = code ?? error.message;
    return new FeedError("unreachable", `${shownUrl}: cannot be reached (${why}); check the address and the network`);
  }

  /** Any frame proves life. After silence a ping is sent, and without an answer the connection counts as dead. */
  #watch(): void {
    const { timers, pingAfterMs, pongWithinMs } = this.#options;
    this.#cancelWatch = timers.after(pingAfterMs, () => {
      const silentSince = this.#lastFrame;
      if (timers.now() - silentSince < pingAfterMs) return this.#watch();
      this.#socket.ping(undefined, undefined, () => {});
      this.#cancelWatch = timers.after(pongWithinMs, () => {
        if (this.#lastFrame > silentSince) return this.#watch();
        const seconds = (pingAfterMs + pongWithinMs) / 1000;
        this.#end(
          new FeedError("unreachable", `${this.#options.shownUrl}: silent for ${seconds} s, no answer to a ping`),
        );
      });
    });
  }

  #end(why: FeedError): void {
    const handlers = this.#handlers;
    this.#release();
    this.#socket.terminate();
    handlers?.onEnd(why);
  }

  #release(): void {
    this.#handlers = undefined;
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
  }
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
