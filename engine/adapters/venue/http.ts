/**
 * The HTTP side of the venue: who may ask, how much, and how an answer is written.
 *
 * Owns: host check, login, rate limits, body limits, request ids, faults. No CORS: no page may call it.
 * May not: know what a route does.
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { header, isLoopbackHost, readBody, sameSecret } from "../loopback-http.ts";
import type { RequestFault, VenueAnswer, VenueLimits } from "./options.ts";
import { RequestError, errorReply } from "./reply.ts";
import type { Reply, Route } from "./reply.ts";
import { exactJson } from "./wire-json.ts";

export interface HttpOptions {
  readonly routes: readonly Route[];
  readonly keyId: string;
  readonly secret: string;
  readonly limits: VenueLimits;
  readonly fault: (request: { readonly method: string; readonly path: string }) => RequestFault | undefined;
  /** How long an answer is held back, whatever it is. */
  readonly delayMs: (request: { readonly method: string; readonly path: string }) => number;
  readonly onAnswer: (answer: VenueAnswer) => void;
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

  take(now: number): boolean {
    this.#roll(now);
    const allowed = this.#used < this.#limit;
    if (allowed) this.#used += 1;
    return allowed;
  }

  #roll(now: number): void {
    if (now < this.#resetAt) return;
    this.#resetAt = now + WINDOW_MS;
    this.#used = 0;
  }

  headers(now: number): Readonly<Record<string, string>> {
    this.#roll(now);
    return {
      "X-RateLimit-Limit": String(this.#limit),
      "X-RateLimit-Remaining": String(this.#limit - this.#used),
      "X-RateLimit-Reset": String(Math.ceil(this.#resetAt / 1000)),
    };
  }
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
  const asked = { method: request.method ?? "GET", path: url.pathname };
  const lane = options.routes.find((route) => route.path.test(url.pathname))?.lane ?? "trading";
  const write = (reply: Reply): void => {
    if (send(response, reply, windows[lane].headers(Date.now())))
      options.onAnswer({ ...asked, status: reply.status, body: reply.body });
  };
  const refusal = refusalOf(request, options, windows[lane], lane);
  options.onRequest(refusal !== undefined);
  if (refusal !== undefined) {
    request.resume();
    return write(refusal);
  }
  const waitMs = options.delayMs(asked);
  if (waitMs > 0) await pause(waitMs);
  const fault = options.fault(asked);
  if (fault?.kind === "delay") await pause(fault.ms);
  const breaks = fault === undefined || fault.kind === "delay" ? undefined : fault;
  if (breaks !== undefined && breaks.after !== true) {
    request.resume();
    return breakAnswer(breaks, response, write);
  }
  const reply = await answer(request, asked.method, url, options);
  if (breaks === undefined) write(reply);
  else breakAnswer(breaks, response, write);
}

/** Nothing waits for it: a venue that stops leaves what it held back unanswered. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** Why this request is not looked at any further. */
function refusalOf(
  request: IncomingMessage,
  options: HttpOptions,
  window: RateWindow,
  lane: "trading" | "data",
): Reply | undefined {
  if (!isLoopbackHost(request.headers.host)) return errorReply(403, 40310000, "unknown host");
  const [keyId, secret] = [header(request, "apca-api-key-id"), header(request, "apca-api-secret-key")];
  // Alpaca shows crypto data to everybody, and its SDK sends no keys for it.
  const open = keyId === undefined && secret === undefined && (request.url ?? "").startsWith("/v1beta3/crypto/");
  const authorized = sameSecret(keyId, options.keyId) && sameSecret(secret, options.secret);
  if (!authorized && !open) return UNAUTHORIZED;
  if (window.take(Date.now())) return undefined;
  return errorReply(429, 42910000, lane === "data" ? "too many requests." : "rate limit exceeded");
}

function breakAnswer(
  fault: Exclude<RequestFault, { kind: "delay" }>,
  response: ServerResponse,
  write: (reply: Reply) => void,
): void {
  if (fault.kind === "reset") response.socket?.resetAndDestroy();
  if (fault.kind !== "status") return;
  const { status, message = "internal server error occurred" } = fault;
  write(errorReply(status, status * 100_000 + 10_000, message));
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
  const body = await readBody(request, maxBytes);
  if (body === undefined) throw new RequestError(errorReply(413, 41310000, "request body too large"), "body too large");
  if (body.length === 0) return undefined;
  const malformed = errorReply(400, 40010000, "request body format is invalid");
  if (!(header(request, "content-type") ?? "").startsWith("application/json"))
    throw new RequestError(malformed, "content type");
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new RequestError(malformed, "not JSON");
  }
}

/** False when nobody is there to be answered. */
function send(response: ServerResponse, reply: Reply, headers: Readonly<Record<string, string>>): boolean {
  if (response.destroyed || response.headersSent) return false;
  const common = { ...headers, "X-Request-ID": randomUUID().replaceAll("-", ""), "Cache-Control": "no-store" };
  if (reply.body === undefined) {
    response.writeHead(reply.status, common).end();
    return true;
  }
  const body = Buffer.from(exactJson(reply.body));
  response
    .writeHead(reply.status, {
      ...common,
      "Content-Type": "application/json; charset=UTF-8",
      "Content-Length": String(body.length),
    })
    .end(body);
  return true;
}
