/**
 * What an answer to a write means.
 *
 * Owns: the one table that decides between "definitely not", "the first one counts" and "nobody knows". Status first,
 * then the message: Alpaca's numeric codes are overloaded. May not: retry.
 */
import { refusalCode } from "../refusal-code.ts";
import { messageOf } from "./credentials.ts";
import type { Redact } from "./credentials.ts";
import { IncompleteOrderError } from "./orders.ts";
import { WrongOriginError } from "./guarded-fetch.ts";
import { ApiError } from "./sdk.ts";

export type Outcome =
  /** The order does not exist at the broker. */
  | { readonly kind: "rejected"; readonly code: string; readonly reason: string }
  /** An order with this client id exists already: look it up and adopt it. */
  | { readonly kind: "duplicate"; readonly reason: string }
  /** Timeout, broken connection, 5xx: it may or may not exist. */
  | { readonly kind: "unknown"; readonly reason: string };

const DUPLICATE_ID = /client[_ ]order[_ ]id must be unique/i;

/** 408, 425 and 5xx came too late or from something in between; they say nothing about the order. */
function isUnclear(status: number): boolean {
  return status === 408 || status === 425 || status >= 500 || status < 400;
}

export async function outcomeOf(error: unknown, redact: Redact): Promise<Outcome> {
  if (error instanceof IncompleteOrderError) return { kind: "rejected", code: "invalid", reason: error.message };
  if (!(error instanceof ApiError)) {
    const origin = wrongOrigin(error);
    if (origin !== undefined) return { kind: "rejected", code: "config", reason: redact(origin.message) };
    return { kind: "unknown", reason: messageOf(error, redact) };
  }
  const reason = redact(await describe(error));
  if (isUnclear(error.status)) return { kind: "unknown", reason };
  // 422 as measured; a guide of Alpaca's says 409.
  if (DUPLICATE_ID.test(reason)) return { kind: "duplicate", reason };
  return { kind: "rejected", code: refusalCode(error.status, reason), reason };
}

function wrongOrigin(error: unknown): WrongOriginError | undefined {
  if (error instanceof WrongOriginError) return error;
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof WrongOriginError ? cause : undefined;
}

/** Fields of error bodies that the SDK does not parse, but a person needs. */
const EXTRA = ["reject_reason", "existing_order_id", "available", "held_for_orders", "base_price", "buying_power"];

async function describe(error: ApiError): Promise<string> {
  const parts = [`${error.status}${error.code === undefined ? "" : ` (${error.code})`}: ${error.message}`];
  try {
    const body = (await error.response.json()) as Readonly<Record<string, unknown>>;
    for (const field of EXTRA) {
      const value = body[field];
      if (typeof value === "string" || typeof value === "number") parts.push(`${field} ${value}`);
    }
  } catch {
    // The body is not JSON or was read before: the message alone has to do.
  }
  if (error.requestId !== undefined) parts.push(`request ${error.requestId}`);
  return parts.join("; ").slice(0, 500);
}
