/**
 * Calls to the service behind the dead man's switch.
 *
 * Owns: the two styles. `plain` can only say that all is well, so it says nothing else; `healthchecks` has an address for
 * each of start, fail and log. May not: decide when to call.
 */
import { deliver, webAddress } from "./http.ts";
import type { Settings } from "./settings.ts";

export interface CheckInOptions {
  readonly url: string;
  readonly style: "plain" | "healthchecks";
  readonly settings: Settings;
  readonly timeoutMs?: number;
}

/** Behind the address of a check at healthchecks.io and what is like it. */
const PATHS = { start: "/start", well: "", fail: "/fail", stop: "/log" } as const;
const STATUS = { start: "starting", well: "running", fail: "failed", stop: "stopped" } as const;

export class CheckIn {
  readonly #options: CheckInOptions;
  readonly #url: URL;

  constructor(options: CheckInOptions) {
    this.#options = options;
    this.#url = webAddress("dead_man", options.url);
  }

  /** Resolves to a reason when it was not reached. */
  async call(ping: keyof typeof PATHS, detail: string): Promise<string | undefined> {
    const { style, settings, timeoutMs } = this.#options;
    // A call that says "failed" would count as one that says "well" where only the call is looked at.
    if (style === "plain" && ping === "fail") return undefined;
    const url = new URL(this.#url);
    if (style === "healthchecks") url.pathname = url.pathname.replace(/\/$/, "") + PATHS[ping];
    const body = JSON.stringify({ status: STATUS[ping], detail });
    const headers = { "content-type": "application/json" };
    const delivery = await deliver({ url, headers, body, ...(timeoutMs === undefined ? {} : { timeoutMs }) }, settings);
    return delivery.ok ? undefined : delivery.reason;
  }
}
