/**
 * Every working order of an account, cancelled without an engine.
 *
 * Owns: the two requests that this takes, repeated until the broker shows no open order. It does without the SDK, which
 * takes longer to load than the whole of this may take: it must work while everything else hangs. May not: send an order,
 * close a position, or reach another host than the account's.
 */
import type { Credentials } from "./credentials.ts";
import { messageOf, redactor } from "./credentials.ts";
import { tradingUrl } from "./endpoints.ts";
import type { AlpacaAccount } from "./endpoints.ts";
import { guardedFetch } from "./guarded-fetch.ts";

export interface CancelAllOptions {
  readonly account: AlpacaAccount;
  readonly credentials: Credentials;
  /** Gives up after this time. */
  readonly patienceMs: number;
}

export interface CancelAllResult {
  /** Orders that were cancelled. */
  readonly cancelled: number;
  /** Orders that still work; null when the broker did not say. */
  readonly left: number | null;
  /** Until the broker first showed none; null when it never did. */
  readonly ms: number | null;
  /** Why it is not known, or "". */
  readonly problem: string;
}

/** A request of an engine that went on until a moment ago may still arrive: the second look comes after this. */
const SETTLE_MS = 250;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;
const REQUEST_MS = 5_000;
/** Refused for good: trying again changes nothing. */
const HOPELESS = new Set([401, 403]);

export async function cancelAll(options: CancelAllOptions): Promise<CancelAllResult> {
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;
  const seen = new Set<string>();
  let [left, ms, problem]: [number | null, number | null, string] = [null, null, ""];
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const round = await tryOnce(options, options.patienceMs - elapsed(), seen);
    problem = round.problem;
    left = round.left;
    if (left === 0) {
      const isFirst = ms === null;
      ms ??= elapsed();
      if (!isFirst) break;
    } else ms = null;
    if (round.isHopeless || elapsed() >= options.patienceMs) break;
    await new Promise((resolve) => setTimeout(resolve, left === 0 ? SETTLE_MS : pause));
  }
  return { cancelled: left === null ? 0 : seen.size - left, left, ms, problem };
}

interface Round {
  readonly left: number | null;
  readonly problem: string;
  readonly isHopeless: boolean;
}

/** `seen` gathers the ids of what was open at any time. */
async function tryOnce(options: CancelAllOptions, restMs: number, seen: Set<string>): Promise<Round> {
  const redact = redactor(options.credentials);
  const timeoutMs = Math.max(100, Math.min(REQUEST_MS, restMs));
  try {
    for (const id of await idsOf(await ask(options, "DELETE", "/v2/orders", timeoutMs))) seen.add(id);
    const open = await idsOf(await ask(options, "GET", "/v2/orders?status=open&limit=500", timeoutMs));
    for (const id of open) seen.add(id);
    return { left: open.length, problem: "", isHopeless: false };
  } catch (error) {
    const isHopeless = error instanceof RefusedError && HOPELESS.has(error.status);
    return { left: null, problem: messageOf(error, redact), isHopeless };
  }
}

class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function ask(
  { account, credentials }: CancelAllOptions,
  method: "GET" | "DELETE",
  path: string,
  timeoutMs: number,
): Promise<Response> {
  const base = tradingUrl(account);
  const response = await guardedFetch(base)(base + path, {
    method,
    headers: { "APCA-API-KEY-ID": credentials.keyId, "APCA-API-SECRET-KEY": credentials.secret },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.ok) return response;
  throw new RefusedError(response.status, `${method} ${path}: the broker answered ${response.status}`);
}

async function idsOf(response: Response): Promise<readonly string[]> {
  const orders = (await response.json()) as readonly { readonly id?: unknown }[];
  if (!Array.isArray(orders)) throw new Error("the broker's answer is no list of orders");
  return orders.map(({ id }) => String(id));
}
