/**
 * The other side of channels, on loopback sockets: an HTTP server that answers as a test says, and a small SMTP server.
 *
 * Owns: what was asked, in order. May not: check anything.
 */
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server, ServerResponse } from "node:http";
import { createServer as createTcp } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Message } from "../../../engine/ports/notifier.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Ends the answer itself, or returns one. */
export type Answering = (asked: Asked, response: ServerResponse) => Answered | undefined;

export interface Answered {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class HttpPeer {
  readonly asked: Asked[] = [];
  answer: Answering = () => ({});
  #server: Server | undefined;
  #waiting: (() => void)[] = [];

  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString("utf8");
        const { method = "", url: path = "", headers } = request;
        const asked = { method, path, headers, body, json: jsonOf(body) };
        this.asked.push(asked);
        const answered = this.answer(asked, response);
        if (answered !== undefined) {
          const { status = 200, body: text = "ok", headers: extra = {} } = answered;
          response.writeHead(status, extra).end(typeof text === "string" ? text : JSON.stringify(text));
        }
        for (const wake of this.#waiting.splice(0)) wake();
      });
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when enough requests have come for which this holds. */
  async until(isEnough: (asked: readonly Asked[]) => boolean): Promise<void> {
    while (!isEnough(this.asked)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => (this.#server === undefined ? resolve(undefined) : this.#server.close(resolve)));
  }
}

function jsonOf(body: string): Asked["json"] {
  try {
    return JSON.parse(body) as Asked["json"];
  } catch {
    return {};
  }
}

/** Speaks as much SMTP as a client without TLS needs. */
export class SmtpPeer {
  readonly mails: string[] = [];
  /** Commands, each with the answer that a test wants instead of the usual one. */
  readonly answers: Record<string, string> = {};
  readonly commands: string[] = [];
  silent = false;
  #server = createTcp((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `smtp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    if (this.silent) return;
    let rest = "";
    let inData = false;
    socket.write("220 peer\r\n");
    socket.on("data", (chunk: Buffer) => {
      rest += chunk.toString("utf8");
      for (;;) {
        const end = rest.indexOf(inData ? "\r\n.\r\n" : "\r\n");
        if (end < 0) return;
        const line = rest.slice(0, end);
        rest = rest.slice(end + (inData ? 5 : 2));
        if (inData) {
          inData = false;
          this.mails.push(line);
          socket.write("250 queued as 1\r\n");
          continue;
        }
        const command = (/^[A-Za-z]+/.exec(line)?.[0] ?? "").toUpperCase();
        this.commands.push(line);
        const answer = this.answers[command] ?? USUAL[command] ?? "500 what?";
        inData = answer.startsWith("354");
        socket.write(`${answer}\r\n`);
        if (command === "QUIT") socket.end();
      }
    });
  }
}

const USUAL: Readonly<Record<string, string>> = {
  EHLO: "250-peer\r\n250-AUTH PLAIN\r\n250 SIZE 100000",
  AUTH: "235 welcome",
  MAIL: "250 ok",
  RCPT: "250 ok",
  DATA: "354 go on",
  QUIT: "221 bye",
};

export function message(more: Partial<Message> = {}): Message {
  return {
    ...{
      id: "m-1",
      kind: "alert",
      level: "warning",
      title: "[paper] warning a/b: dip SPY",
      text: "It fell.",
      count: 1,
    },
    ...{ time: Date.parse("2026-01-05T15:00:00Z"), alike: "alert a/b" },
    ...more,
  };
}
