/**
 * Requests to the services of channels.
 *
 * Owns: one bounded request: TLS unless on this machine, no redirect, a deadline that covers the body, a cap on the
 * answer; and which answers are worth another try. May not: know a service.
 */
import type { Delivery } from "../../ports/notifier.ts";
import { NotifyError } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { cut } from "./text.ts";

export const REQUEST_MS = 10_000;
const MOST_BYTES = 64 * 1024;
const SHOWN = 200;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** What went wrong before there was an answer; never with an address or a header in it. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

export function isLoopback(url: URL): boolean {
  return LOOPBACK.has(url.hostname);
}

/** The address of a service, or an error that does not repeat it. */
export function webAddress(channel: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new NotifyError(`${channel}: its address is no URL`);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url)))
    throw new NotifyError(`${channel}: its address must begin with https://; http is for this machine alone`);
  if (url.username !== "" || url.password !== "")
    throw new NotifyError(`${channel}: its address has a user or a password in it, which is not sent`);
  return url;
}

export interface Request {
  readonly url: URL;
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs?: number;
  /** Ends the request early. */
  readonly signal?: AbortSignal;
  readonly mostBytes?: number;
}

export async function ask(request: Request): Promise<Answer> {
  const { url, method = "POST", headers = {}, body, timeoutMs = REQUEST_MS, signal, mostBytes = MOST_BYTES } = request;
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      headers,
      redirect: "manual",
      signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
      ...(body === undefined ? {} : { body }),
    });
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
      await response.body?.cancel();
      throw new NoAnswer("it answered with a redirect, which is not followed");
    }
    return { status: response.status, text: await bodyOf(response, mostBytes), headers: response.headers };
  } catch (error) {
    if (error instanceof NoAnswer) throw error;
    throw new NoAnswer(deadline.aborted ? `no answer within ${timeoutMs / 1_000} s` : wordsOf(error));
  }
}

async function bodyOf({ body }: Response, mostBytes: number): Promise<string> {
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    // Leaving the loop ends the connection.
    if (size > mostBytes) throw new NoAnswer(`an answer of more than ${mostBytes / 1024} KiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The code of the system, such as ECONNREFUSED; messages of libraries may hold the address. */
function wordsOf(error: unknown): string {
  const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: { code?: unknown } };
  const known = cause?.code ?? code ?? name;
  return `the connection failed (${typeof known === "string" ? known : "unknown"})`;
}

/** One delivery: 2xx is arrived, what may pass is tried again. */
export async function deliver(request: Request, settings: Settings): Promise<Delivery> {
  try {
    const answer = await ask(request);
    const { status, text, headers } = answer;
    const shown = cut(settings.scrub(text).replaceAll(/\s+/g, " ").trim(), SHOWN);
    const said = shown === "" ? "" : `: ${shown}`;
    if (status >= 200 && status < 300) return { ok: true, answer: `HTTP ${status}${said}` };
    const afterMs = retryAfterMs(headers.get("retry-after"));
    return {
      ok: false,
      reason: `HTTP ${status}${said}`,
      retry: mayPass(status),
      ...(afterMs === undefined ? {} : { afterMs }),
    };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { ok: false, reason: error.message, retry: true };
  }
}

export function mayPass(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** Seconds; a date is left to our own pauses. */
function retryAfterMs(value: string | null): number | undefined {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : undefined;
}
