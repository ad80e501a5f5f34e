/**
 * Requests and answers of the venue's REST side, and Alpaca's error bodies.
 *
 * Owns: the shapes between routes and the HTTP server. May not: touch sockets.
 */
import type { ExchangeRefusal } from "../../exchange/types.ts";

export interface VenueRequest {
  readonly method: string;
  /** Values captured by the route's path, decoded. */
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  /** Parsed JSON of the body; undefined when there was none. */
  readonly body: unknown;
}

export interface Reply {
  readonly status: number;
  /** Undefined: an answer without a body (204). */
  readonly body?: unknown;
}

export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  readonly path: RegExp;
  /** Which rate limit counts it. */
  readonly lane: "trading" | "data";
  readonly handle: (request: VenueRequest) => Reply | Promise<Reply>;
}

/** Thrown by routes and parsers to answer with an error body. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly reply: Reply;
  constructor(reply: Reply, message: string) {
    super(message);
    this.reply = reply;
  }
}

/** `code` is Alpaca's: status x 100000 + n. */
export function errorReply(
  status: number,
  code: number,
  message: string,
  extra: Readonly<Record<string, string>> = {},
): Reply {
  return { status, body: { code, message, ...extra } };
}

export function fail(status: number, code: number, message: string): never {
  throw new RequestError(errorReply(status, code, message), message);
}

export function refusalReply(refusal: ExchangeRefusal): Reply {
  return errorReply(refusal.status, refusal.code, refusal.message, refusal.extra);
}
