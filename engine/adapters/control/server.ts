/**
 * The control API over HTTP on loopback.
 *
 * Owns: the order of the checks (who, how often, what, how much), the headers of every answer, and the life of the server. No
 * CORS and no cookies: no page may call it. May not: know the engine; it knows the port.
 */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ControlError } from "../../ports/control.ts";
import type { ControlPort } from "../../ports/control.ts";
import { header, readBody } from "../loopback-http.ts";
import { EventStream } from "./events.ts";
import type { EventsOptions } from "./events.ts";
import { UNAUTHORIZED, hasToken, strangerOf } from "./gate.ts";
import type { Refusal } from "./gate.ts";
import { operationsAt } from "./paths.ts";
import type { AtPath } from "./paths.ts";
import type { Asked, Operation, RateClass } from "./operations.ts";
import { openApi } from "./openapi.ts";
import { Bucket } from "./rates.ts";
import type { RateLimit } from "./rates.ts";
import { bodyOf, queryOf } from "./requests.ts";

export interface SignatureProblem {
  readonly code: string;
  readonly reason: string;
}

export interface ControlServerOptions {
  readonly control: ControlPort;
  readonly token: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly rates?: Partial<Readonly<Record<RateClass | "stranger", RateLimit>>>;
  readonly events?: Partial<EventsOptions>;
  readonly maxBodyBytes?: number;
  /** Why a request is not signed by a service that has a secret, or undefined; absent: no service has one. */
  readonly unsigned?: (
    headerOf: (name: string) => string | undefined,
    body: Uint8Array,
  ) => SignatureProblem | undefined;
  /** Told after every answer; `class` is that of the operation, or `refused`. */
  readonly onAnswer?: (kind: RateClass | "refused", status: number) => void;
}

const RATES: Readonly<Record<RateClass | "stranger", RateLimit>> = {
  read: { perMinute: 1_200, burst: 200 },
  write: { perMinute: 60, burst: 30 },
  stream: { perMinute: 30, burst: 10 },
  stranger: { perMinute: 60, burst: 30 },
};

const EVENTS: EventsOptions = { ringSize: 1_000, heartbeatMs: 15_000, maxClients: 16, maxUnsentBytes: 256 * 1_024 };

const HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

const STATUS: Readonly<Record<ControlError["code"], number>> = {
  unknown_scope: 404,
  not_found: 404,
  refused: 409,
  failed: 409,
  late: 503,
  stopped: 503,
};

interface Admitted extends AtPath {
  readonly url: URL;
  readonly isKnown: boolean;
}

export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #server: Server;
  readonly #events: EventStream;
  readonly #buckets: Readonly<Record<RateClass | "stranger", Bucket>>;
  #unsubscribe: () => void = () => {};
  #port = 0;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#events = new EventStream({ ...EVENTS, ...options.events });
    const rates = { ...RATES, ...options.rates };
    const now = performance.now();
    this.#buckets = {
      read: new Bucket(rates.read, now),
      write: new Bucket(rates.write, now),
      stream: new Bucket(rates.stream, now),
      stranger: new Bucket(rates.stranger, now),
    };
    this.#server = createServer({ maxHeaderSize: 8 * 1_024 }, (request, response) => {
      response.on("error", () => {});
      // Nothing that a client sends may end the process.
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.maxConnections = 64;
    this.#server.headersTimeout = 5_000;
    this.#server.requestTimeout = 10_000;
    this.#server.keepAliveTimeout = 5_000;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get eventClients(): { readonly now: number; readonly dropped: number } {
    return { now: this.#events.clients, dropped: this.#events.dropped };
  }

  /** Rejects when the port is taken. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#options.port, "127.0.0.1", () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    // A socket that cannot be accepted is no reason to stop trading.
    this.#server.on("error", () => {});
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#unsubscribe = this.#options.control.subscribe((event) => this.#events.push(event));
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#events.close();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const admitted = this.#admit(request);
    if ("status" in admitted) {
      request.resume();
      return this.#refuse(response, admitted);
    }
    const { operation, path, url, isKnown } = admitted;
    const query = queryOf(operation, url.searchParams);
    if ("status" in query) {
      request.resume();
      return this.#refuse(response, query);
    }
    const body = await this.#body(operation, request, isKnown);
    if ("status" in body) return this.#refuse(response, body);
    if (operation.answer === "text/event-stream") return this.#stream(request, response);
    try {
      const answer = await this.#answerOf(operation, { path, query: query.values, body: body.values }, isKnown);
      this.#send(response, operation.rate, 200, answer, operation.answer === "text/plain");
    } catch (error) {
      this.#refuse(response, refusalOf(error));
    }
  }

  #admit(request: IncomingMessage): Refusal | Admitted {
    const stranger = strangerOf(request, this.#port);
    // `//` and the like are no paths; URL would throw.
    const target = `http://127.0.0.1${request.url ?? "/"}`;
    const url = new URL(URL.canParse(target) ? target : "http://127.0.0.1/");
    const atPath = operationsAt(url.pathname);
    const found = atPath.find(({ operation: { method } }) => method === request.method);
    const operation = found?.operation;
    const isKnown = stranger === undefined && hasToken(request, this.#options.token);
    const mayAsk =
      isKnown || operation?.open === true || (operation?.signed === true && this.#options.unsigned !== undefined);
    const refusal = stranger ?? (mayAsk ? undefined : UNAUTHORIZED);
    const bucket = isKnown ? (operation?.rate ?? "read") : "stranger";
    const waitSeconds = this.#buckets[bucket].take(performance.now());
    if (waitSeconds > 0) return tooMany(waitSeconds);
    if (refusal !== undefined) return refusal;
    if (found !== undefined) return { ...found, url, isKnown };
    if (atPath.length === 0) return { status: 404, code: "path", message: "no such path; /v1/openapi.json lists them" };
    const allow = atPath.map(({ operation: { method } }) => method).join(", ");
    return { status: 405, code: "method", message: `this path takes ${allow}`, headers: { Allow: allow } };
  }

  async #body(
    operation: Operation,
    request: IncomingMessage,
    isKnown: boolean,
  ): Promise<Refusal | { readonly values: Readonly<Record<string, unknown>> }> {
    const { maxBodyBytes = 16 * 1_024 } = this.#options;
    const tooLarge: Refusal = { status: 413, code: "size", message: `a body has ${maxBodyBytes} bytes at most` };
    // What is declared too large is not read; the connection ends with the answer.
    if (Number(header(request, "content-length") ?? 0) > maxBodyBytes)
      return { ...tooLarge, headers: { Connection: "close" } };
    const bytes = await readBody(request, maxBodyBytes);
    if (bytes === undefined) return tooLarge;
    if (operation.method === "GET") {
      const message = "a GET has no body";
      return bytes.length > 0 ? { status: 400, code: "body", message } : { values: {} };
    }
    if (!/^application\/json\s*(;\s*charset=utf-8\s*)?$/i.test(header(request, "content-type") ?? ""))
      return { status: 415, code: "content_type", message: "send Content-Type: application/json" };
    const problem =
      isKnown || operation.signed !== true ? undefined : this.#options.unsigned?.(headerIn(request), bytes);
    return problem === undefined
      ? bodyOf(operation, bytes)
      : { status: 401, code: `signature_${problem.code}`, message: problem.reason };
  }

  async #answerOf(operation: Operation, asked: Asked, isKnown: boolean): Promise<unknown> {
    if (operation.answer === "openapi") return openApi();
    // A stranger learns that somebody answers, and nothing else.
    if (operation.open === true && !isKnown) return { ok: true };
    return await operation.run(this.#options.control, asked);
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    if (this.#events.isFull)
      return this.#refuse(response, { status: 503, code: "full", message: "too many listen to the events already" });
    this.#events.open(response, HEADERS, header(request, "last-event-id"));
    this.#options.onAnswer?.("stream", 200);
  }

  #refuse(response: ServerResponse, { status, code, message, places, headers }: Refusal): void {
    const error = { code, message, ...(places === undefined ? {} : { places }) };
    this.#send(response, "refused", status, { error }, false, headers);
  }

  #send(
    response: ServerResponse,
    kind: RateClass | "refused",
    status: number,
    answer: unknown,
    isText: boolean,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    if (response.destroyed || response.headersSent) return;
    const body = Buffer.from(isText ? String(answer) : JSON.stringify(answer));
    response
      .writeHead(status, {
        ...HEADERS,
        ...headers,
        "Content-Type": isText ? "text/plain; version=0.0.4; charset=utf-8" : "application/json; charset=utf-8",
        "Content-Length": String(body.length),
      })
      .end(body);
    this.#options.onAnswer?.(kind, status);
  }
}

function headerIn(request: IncomingMessage): (name: string) => string | undefined {
  return (name) => header(request, name);
}

function tooMany(waitSeconds: number): Refusal {
  const message = `too many requests; ask again in ${waitSeconds} s`;
  return { status: 429, code: "rate", message, headers: { "Retry-After": String(waitSeconds) } };
}

/** What is thrown by a bug of ours is not told to anybody who asks. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof ControlError) {
    const { code, detail = code, message } = error;
    return { status: STATUS[code], code: detail, message };
  }
  return { status: 500, code: "internal", message: "something went wrong inside; the engine runs on" };
}
