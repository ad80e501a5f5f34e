/**
 * Which symbols split, from Alpaca's corporate actions.
 *
 * Owns: the question, paging, and the instant at which a split takes effect: the midnight with which its ex-date begins, before
 * any trading of that day. Stock dividends, spin-offs and changes of name are other things, and are not told. May not: guess
 * what a record that makes no sense means; then nobody can say what splits.
 */
import { decimal, text } from "../../core/decimal.ts";
import type { SplitInput } from "../../core/feed-event.ts";
import { assetClassOf } from "../../market/instruments.ts";
import type { Calendar } from "../../market/calendar.ts";
import type { Splits } from "../../ports/splits.ts";
import { MISSING_KEYS, isComplete, messageOf, redactor } from "./credentials.ts";
import type { Credentials } from "./credentials.ts";
import { dataUrl } from "./endpoints.ts";
import { QUERY, RequestLimiter } from "./limiter.ts";
import { corporateActionsApi } from "./sdk.ts";
import { SYSTEM_TIMERS } from "./timers.ts";
import type { Timers } from "./timers.ts";

export interface AlpacaSplitsOptions {
  readonly credentials: Credentials | undefined;
  readonly calendar: Calendar;
  readonly venueUrl?: string;
  readonly timers?: Timers;
  readonly timeoutMs?: number;
  readonly requestsPerMinute?: number;
  /** Actions per request; Alpaca's most is 1,000. */
  readonly pageSize?: number;
}

const DAY_MS = 86_400_000;
/** Alpaca looks for the date on which an action is processed, which may lie some days beside its ex-date. */
const MARGIN_MS = 10 * DAY_MS;
const MAX_PAGES = 50;
/** An ex-date that is no trading day takes effect with the next one. */
const MOST_CLOSED_DAYS = 7;

/** What of a record counts. */
interface Seen {
  readonly symbol: string;
  readonly exDate: Date;
  readonly newRate: number;
  readonly oldRate: number;
}

export function createAlpacaSplits(options: AlpacaSplitsOptions): Splits {
  return new AlpacaSplits(options);
}

class AlpacaSplits implements Splits {
  readonly #options: AlpacaSplitsOptions;
  readonly #limiter: RequestLimiter;
  readonly #api: ReturnType<typeof corporateActionsApi> | undefined;

  constructor(options: AlpacaSplitsOptions) {
    this.#options = options;
    this.#limiter = new RequestLimiter(options.requestsPerMinute ?? 200, options.timers ?? SYSTEM_TIMERS);
    if (!isComplete(options.credentials)) return;
    this.#api = corporateActionsApi({
      credentials: options.credentials,
      baseUrl: dataUrl(options.venueUrl),
      timeoutMs: options.timeoutMs ?? 10_000,
      onHeaders: (headers, status) => this.#limiter.observe(headers, status),
    });
  }

  async between(symbols: readonly string[], since: number, until: number): Promise<readonly SplitInput[]> {
    const stocks = symbols.filter((symbol) => assetClassOf(symbol) === "us_equity");
    if (stocks.length === 0) return [];
    const found = new Map<string, SplitInput>();
    let pageToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await this.#page(stocks, since, until, pageToken);
      for (const seen of answer.splits) {
        const split = this.#input(seen);
        if (stocks.includes(split.symbol) && split.time > since && split.time <= until)
          found.set(`${split.symbol}@${split.time}`, split);
      }
      pageToken = answer.next;
      if (pageToken === undefined)
        return [...found.values()].toSorted((a, b) => a.time - b.time || (a.symbol < b.symbol ? -1 : 1));
    }
    throw new Error(`Alpaca corporate actions: more than ${MAX_PAGES} pages`);
  }

  async #page(symbols: readonly string[], since: number, until: number, pageToken: string | undefined) {
    if (this.#api === undefined) throw new Error(MISSING_KEYS);
    const redact = redactor(this.#options.credentials);
    if (!(await this.#limiter.acquire(QUERY, 30_000)))
      throw new Error("Alpaca corporate actions: the request budget is used up");
    try {
      const { corporateActions, nextPageToken } = await this.#api.corporateActions({
        symbols: symbols.join(","),
        types: "forward_split,reverse_split",
        start: new Date(since - MARGIN_MS),
        end: new Date(until + MARGIN_MS),
        limit: this.#options.pageSize ?? 1_000,
        ...(pageToken === undefined ? {} : { pageToken }),
      });
      const { forwardSplits = [], reverseSplits = [] } = corporateActions;
      return { splits: [...forwardSplits, ...reverseSplits] as readonly Seen[], next: nextPageToken ?? undefined };
    } catch (error) {
      throw new Error(`Alpaca corporate actions: ${messageOf(error, redact)}`, { cause: error });
    }
  }

  #input({ symbol, exDate, newRate, oldRate }: Seen): SplitInput {
    const rates = [newRate, oldRate].every((rate) => Number.isFinite(rate) && rate > 0);
    const time = this.#midnightOf(new Date(exDate));
    if (!rates || time === undefined)
      throw new Error(`Alpaca corporate actions: ${symbol} splits ${newRate} for ${oldRate} on ${String(exDate)}?`);
    return { kind: "split", symbol, time, newShares: text(decimal(newRate)), oldShares: text(decimal(oldRate)) };
  }

  /** The SDK has a date as the midnight of it in UTC. */
  #midnightOf(date: Date): number | undefined {
    if (!Number.isFinite(date.getTime())) return undefined;
    const { calendar } = this.#options;
    for (let day = 0; day < MOST_CLOSED_DAYS; day += 1) {
      const session = calendar.sessionOn(new Date(date.getTime() + day * DAY_MS).toISOString().slice(0, 10));
      if (session !== undefined) return session.open - calendar.localTime(session.open).minutes * 60_000;
    }
    return undefined;
  }
}
