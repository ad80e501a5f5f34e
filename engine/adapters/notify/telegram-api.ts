/**
 * Telegram's Bot API.
 *
 * Owns: one call of a method and its answer in our words. The token is a part of the address, so no address is shown.
 */
import { NoAnswer, ask, mayPass, webAddress } from "./http.ts";
import type { Settings } from "./settings.ts";
import { cut } from "./text.ts";

const MOST_BYTES = 1024 * 1024;

export type Called =
  | { readonly ok: true; readonly result: unknown }
  | {
      readonly ok: false;
      /** Of HTTP; 0 when there was no answer. */
      readonly status: number;
      readonly reason: string;
      readonly retry: boolean;
      readonly afterMs?: number;
    };

export interface TelegramApiOptions {
  readonly name: string;
  readonly url: string;
  readonly token: string;
  readonly settings: Settings;
  readonly timeoutMs?: number;
}

export class TelegramApi {
  readonly #options: TelegramApiOptions;
  readonly #base: URL;

  constructor(options: TelegramApiOptions) {
    this.#options = options;
    this.#base = webAddress(options.name, options.url);
  }

  async call(
    method: string,
    body: Readonly<Record<string, unknown>>,
    waiting: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Called> {
    const { token, settings, timeoutMs } = this.#options;
    const url = new URL(this.#base);
    url.pathname = `${url.pathname.replace(/\/$/, "")}/bot${token}/${method}`;
    try {
      const answer = await ask({
        url,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        mostBytes: MOST_BYTES,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...waiting,
      });
      return calledOf(answer, settings);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      return { ok: false, status: 0, reason: error.message, retry: true };
    }
  }
}

interface Answered {
  readonly ok?: unknown;
  readonly result?: unknown;
  readonly description?: unknown;
  readonly parameters?: { readonly retry_after?: unknown };
}

function calledOf({ status, text }: { readonly status: number; readonly text: string }, settings: Settings): Called {
  const answered = parsed(text);
  if (status === 200 && answered?.ok === true) return { ok: true, result: answered.result };
  const description = typeof answered?.description === "string" ? answered.description : "no answer of the Bot API";
  const after = answered?.parameters?.retry_after;
  return {
    ok: false,
    status,
    reason: `HTTP ${status}: ${cut(settings.scrub(description), 200)}`,
    // What is no answer of the Bot API came from something in between.
    retry: mayPass(status) || answered === undefined,
    ...(typeof after === "number" && after >= 0 ? { afterMs: after * 1_000 } : {}),
  };
}

function parsed(text: string): Answered | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
