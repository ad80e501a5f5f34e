/**
 * The HTTP side of the venue: who may ask, how much, and how an answer is written.
 *
 * Owns: host check, login, rate limits, body limits, request ids, faults. No CORS: no page may call it.
 * May not: know what a route does.
 */
import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { RequestFault, VenueLimits } from "./options.ts";
import { RequestError, errorReply } from "./reply.ts";
import type { Reply, Route } from "./reply.ts";

export interface HttpOptions {
  readonly routes: readonly Route[];
  readonly keyId: string;
  readonly secret: string;
  readonly limits: VenueLimits;
  readonly fault: (request: { readonly method: string; readonly path: string }) => RequestFault | undefined;
  readonly onRequest: (refused: boolean) => void;
}

const WINDOW_MS = 60_000;
const UNAUTHORIZED = errorReply(401, 40110000, "request is not authorized");

/** A fixed window of a minute, as the X-RateLimit headers describe it. */
class RateWindow {
  readonly #limit: number;
  #used = 0;
  #resetAt = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(now: number): { readonly allowed: boolean; readonly headers: Readonly<Record<string, string>> } {
    if (now >= this.#resetAt) {
      this.#resetAt = now + WINDOW_MS;
      this.#used = 0;
    }
    const allowed = this.#used < this.#limit;
    if (allowed) this.#used += 1;
    return {
      allowed,
      headers: {
        "X-RateLimit-Limit": String(this.#limit),
        "X-RateLimit-Remaining": String(this.#limit - this.#used),
        "X-RateLimit-Reset": String(Math.ceil(this.#resetAt / 1000)),
      },
    };
  }
}

/** Compares digests, so neither length nor content of a secret shows in the time it takes. */
export function sameSecret(given: string | undefined, expected: string): boolean {
  const digest = (value: string): Buffer => createHash("sha256").update(value).digest();
  return timingSafeEqual(digest(given ?? ""), digest(expected));
}

/** A page that resolves its own name to 127.0.0.1 must not reach the venue: only loopback names are served. */
export function isLoopbackHost(host: string | undefined): boolean {
  const name = /^(\[[0-9a-f:]+\]|[^:]+)(?::\d{1,5})?$/i.exec(host ?? "")?.[1]?.toLowerCase();
  return name === "127.0.0.1" || name === "localhost" || name === "[::1]";
}

export function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

export function createHttpServer(options: HttpOptions): Server {
  const windows = {
    trading: new RateWindow(options.limits.requestsPerMinute),
    data: new RateWindow(options.limits.requestsPerMinute),
  };
  const server = createServer({ maxHeaderSize: 16 * 1024 }, (request, response) => {
    response.on("error", () => {});
    // Nothing that a client sends may end the process.
    serve(request, response, options, windows).catch(() => response.destroy());
  });
  server.maxConnections = options.limits.maxHttpConnections;
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  // Longer than clients keep an idle connection: a POST must not race with our closing of it.
  server.keepAliveTimeout = 75_000;
  return server;
}

type Windows = Readonly<Record<"trading" | "data", RateWindow>>;

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpOptions,
  windows: Windows,
): Promise<void> {
  // `//` and the like are no paths; URL would throw.
  const target = `http://127.0.0.1${request.url ?? "/"}`;
  const url = new URL(URL.canParse(target) ? target : "http://127.0.0.1/");
  const method = request.method ?? "GET";
  const lane = url.pathname.startsWith("/v2/stocks") || url.pathname.startsWith("/v1beta3") ? "data" : "trading";
  const refuse = (reply: Reply, headers: Readonly<Record<string, string>> = {}): void => {
    options.onRequest(true);
    request.resume();
    send(response, reply, headers);
  };
  if (!isLoopbackHost(request.headers.host)) return refuse(errorReply(403, 40310000, "unknown host"));
  const authorized =
    sameSecret(header(request, "apca-api-key-id"), options.keyId) &&
    sameSecret(header(request, "apca-api-secret-key"), options.secret);
  if (!authorized) return refuse(UNAUTHORIZED);
  const taken = windows[lane].take(Date.now());
  if (!taken.allowed) {
    const message = lane === "data" ? "too many requests." : "rate limit exceeded";
    return refuse(errorReply(429, 42910000, message), taken.headers);
  }
  options.onRequest(false);
  const fault = options.fault({ method, path: url.pathname });
  if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.ms));
  if (fault !== undefined && fault.kind !== "delay" && fault.after !== true) {
    request.resume();
    return breakAnswer(fault, response, taken.headers);
  }
  const reply = await answer(request, method, url, options);
  if (fault !== undefined && fault.kind !== "delay") return breakAnswer(fault, response, taken.headers);
  send(response, reply, taken.headers);
}

function breakAnswer(
  fault: Exclude<RequestFault, { kind: "delay" }>,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): void {
  if (fault.kind === "reset") response.socket?.resetAndDestroy();
  if (fault.kind === "status") {
    send(
      response,
      errorReply(fault.status, fault.status * 100_000, fault.message ?? "internal server error occurred"),
      headers,
    );
  }
}

/** The answer of a route; what it throws is an answer too, or a 500 that does not say why. */
async function answer(request: IncomingMessage, method: string, url: URL, options: HttpOptions): Promise<Reply> {
  try {
    const atPath = options.routes.filter((route) => route.path.test(url.pathname));
    const route = atPath.find((candidate) => candidate.method === method);
    const body = await readJson(request, options.limits.maxBodyBytes);
    if (atPath.length === 0) return errorReply(404, 40410000, "endpoint not found");
    if (route === undefined) return errorReply(405, 40510000, "method not allowed");
    const params = (route.path.exec(url.pathname) ?? []).slice(1).map((part) => decodeURIComponent(part));
    return await route.handle({ method, params, query: url.searchParams, body });
  } catch (error) {
    if (error instanceof RequestError) return error.reply;
    if (error instanceof URIError) return errorReply(400, 40010000, "malformed path");
    return errorReply(500, 50010000, "internal server error occurred");
  }
}

async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
  }
  if (size > maxBytes) throw new RequestError(errorReply(413, 41310000, "request body too large"), "body too large");
  if (size === 0) return undefined;
  const malformed = errorReply(400, 40010000, "request body format is invalid");
  if (!(header(request, "content-type") ?? "").startsWith("application/json"))
    throw new RequestError(malformed, "content type");
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new RequestError(malformed, "not JSON");
  }
}

function send(response: ServerResponse, reply: Reply, headers: Readonly<Record<string, string>>): void {
  if (response.destroyed || response.headersSent) return;
  const common = { ...headers, "X-Request-ID": randomUUID().replaceAll("-", ""), "Cache-Control": "no-store" };
  if (reply.body === undefined) {
    response.writeHead(reply.status, common).end();
    return;
  }
  const body = Buffer.from(JSON.stringify(reply.body));
  response
    .writeHead(reply.status, {
      ...common,
      "Content-Type": "application/json; charset=UTF-8",
      "Content-Length": String(body.length),
    })
    .end(body);
}
