/**
 * Bars from before now, from Alpaca's data REST: of stocks split-adjusted, of pairs such as BTC/USD as they are.
 *
 * Owns: asking for enough, paging, and turning clock-aligned minutes into bars that count from the session's open.
 * May not: fill gaps with anything invented; fewer bars than asked for is an answer.
 */
import type { Bar } from "../../core/event.ts";
import type { SessionKind } from "../../core/program.ts";
import type { BarSize } from "../../market/bar-size.ts";
import type { Calendar } from "../../market/calendar.ts";
import { assetClassOf } from "../../market/instruments.ts";
import { barInterval } from "../../market/sessions.ts";
import type { History } from "../../ports/history.ts";
import { MISSING_KEYS, isComplete, messageOf, redactor } from "./credentials.ts";
import type { Credentials } from "./credentials.ts";
import { dataUrl } from "./endpoints.ts";
import type { AlpacaFeedName } from "./endpoints.ts";
import { QUERY, RequestLimiter } from "./limiter.ts";
import { cryptoApi, stockApi } from "./sdk.ts";
import type { SdkBar, StockBarsRequest } from "./sdk.ts";
import { SYSTEM_TIMERS } from "./timers.ts";
import type { Timers } from "./timers.ts";

export interface AlpacaHistoryOptions {
  readonly credentials: Credentials | undefined;
  readonly calendar: Calendar;
  /** The stream that the bars belong to: one exchange's volume must not go on from that of all. */
  readonly feed?: AlpacaFeedName;
  readonly venueUrl?: string;
  readonly timers?: Timers;
  readonly timeoutMs?: number;
  readonly requestsPerMinute?: number;
  /** Bars per request; Alpaca's most is 10,000. */
  readonly pageSize?: number;
}

const MINUTE = 60_000;
const DAY_MS = 86_400_000;
const PAGE = 10_000;
const MAX_PAGES = 40;
/** Sessions open on a half hour: sizes that divide it are aligned the same by the clock and by the session. */
const ALIGNED_MINUTES = 30;
const RETRIES = 3;
/** Without a name Alpaca takes what the plan and the time asked for allow: all exchanges for old bars, one for new ones, or a refusal. */
const FEEDS: Readonly<Partial<Record<AlpacaFeedName, StockBarsRequest["feed"]>>> = {
  iex: "iex",
  sip: "sip",
  delayed_sip: "sip",
};
/** Plans with the delayed stream are refused bars of the last 15 minutes; clocks differ. */
const DELAY_MS = 16 * 60_000;
const HOUR_MINUTES = 60;

interface Apis {
  readonly stocks: ReturnType<typeof stockApi>;
  readonly coins: ReturnType<typeof cryptoApi>;
}

export function createAlpacaHistory(options: AlpacaHistoryOptions): History {
  return new AlpacaHistory(options);
}

class AlpacaHistory implements History {
  readonly #options: AlpacaHistoryOptions;
  readonly #limiter: RequestLimiter;
  readonly #timers: Timers;
  readonly #apis: Apis | undefined;

  constructor(options: AlpacaHistoryOptions) {
    this.#options = options;
    this.#timers = options.timers ?? SYSTEM_TIMERS;
    this.#limiter = new RequestLimiter(options.requestsPerMinute ?? 200, this.#timers);
    if (!isComplete(options.credentials)) return;
    const rest = {
      credentials: options.credentials,
      baseUrl: dataUrl(options.venueUrl),
      timeoutMs: options.timeoutMs ?? 30_000,
      onHeaders: (headers: Headers, status: number) => this.#limiter.observe(headers, status),
    };
    this.#apis = { stocks: stockApi(rest), coins: cryptoApi(rest) };
  }

  async bars(
    symbol: string,
    size: BarSize,
    before: number,
    count: number,
    session: SessionKind = "regular",
  ): Promise<readonly Bar[]> {
    if (this.#apis === undefined) throw new Error(MISSING_KEYS);
    // Alpaca has nothing finer than a minute: such facts warm up on live data.
    if (count <= 0 || (size.kind === "intraday" && size.ms % MINUTE !== 0)) return [];
    const isCoin = assetClassOf(symbol) === "crypto";
    // A day of Alpaca's coins begins at midnight in Chicago; ours are put together from hours.
    const unit = size.kind !== "session" ? unitMinutes(size) : isCoin ? HOUR_MINUTES : undefined;
    const openMs = isCoin ? DAY_MS : 6.5 * 3_600_000;
    const perSession = size.kind === "session" ? 1 : Math.max(1, Math.floor(openMs / size.ms));
    const days = Math.ceil(count / perSession);
    // Seven days for five sessions, and room for holidays and halts.
    const start = before - (isCoin ? days + 2 : days * 1.5 + 10) * DAY_MS;
    const found: Bar[] = [];
    let pageToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await this.#page(symbol, unit, start, before, pageToken);
      found.push(...answer.bars);
      pageToken = answer.next;
      // Newest first: once enough lie between, older pages cannot change the newest ones. One bar more, as the oldest may be cut.
      if (pageToken === undefined || this.#shape(found, size, before, session).length > count) break;
    }
    return this.#shape(found, size, before, session).slice(-count);
  }

  async #page(symbol: string, unit: number | undefined, start: number, before: number, pageToken: string | undefined) {
    const feed = this.#options.feed && FEEDS[this.#options.feed];
    const newest = this.#options.feed === "delayed_sip" ? this.#timers.now() - DELAY_MS : Number.POSITIVE_INFINITY;
    const request: StockBarsRequest = {
      symbols: symbol,
      timeframe: timeframeOf(unit),
      start: new Date(start),
      end: new Date(Math.min(before - 1, newest)),
      limit: this.#options.pageSize ?? PAGE,
      adjustment: "split",
      sort: "desc",
      ...(feed === undefined ? {} : { feed }),
      ...(pageToken === undefined ? {} : { pageToken }),
    };
    const answer = await this.#ask(request);
    // The SDK's type has always a map of lists; Alpaca has nulls too.
    const rows = (answer.bars as typeof answer.bars | null)?.[symbol] ?? [];
    const bars = rows.map((row) => this.#bar(row, unit === undefined)).filter((bar) => bar !== undefined);
    return { bars, next: answer.nextPageToken ?? undefined };
  }

  async #ask(request: StockBarsRequest) {
    const redact = redactor(this.#options.credentials);
    for (let attempt = 0; ; attempt += 1) {
      if (!(await this.#limiter.acquire(QUERY, 120_000)))
        throw new Error("Alpaca history: the request budget is used up");
      try {
        return await this.#request(request);
      } catch (error) {
        const status = (error as { status?: unknown }).status;
        const definite =
          typeof status === "number" && status >= 400 && status < 500 && status !== 408 && status !== 429;
        if (definite || attempt >= RETRIES) {
          throw new Error(`Alpaca history of ${request.symbols}: ${messageOf(error, redact)}`, { cause: error });
        }
        await new Promise<void>((resolve) => this.#timers.set(resolve, 250 * 2 ** attempt));
      }
    }
  }

  async #request(request: StockBarsRequest) {
    const { stocks, coins } = this.#apis as Apis;
    if (assetClassOf(request.symbols) !== "crypto") return await stocks.stockBars(request);
    const { adjustment: _unsplit, feed: _one, ...rest } = request;
    return await coins.cryptoBars({ ...rest, loc: "us" });
  }

  /** Undefined for what is not a believable bar. The wire's day starts at local midnight, ours at the open. */
  #bar(row: SdkBar, day: boolean): Bar | undefined {
    // The SDK's type says Date, its answer holds text; both are read.
    const time = new Date(row.t).getTime();
    const session = day ? this.#options.calendar.sessionAtOrAfter(time) : undefined;
    const start = day ? session?.open : time;
    if (start === undefined || !Number.isFinite(start)) return undefined;
    // The SDK makes text of an integer that a float cannot hold.
    const volume: unknown = row.v;
    const bar = { start, open: row.o, high: row.h, low: row.l, close: row.c, volume: Number(volume) };
    const prices = [bar.open, bar.high, bar.low, bar.close];
    const isBelievable = prices.every((price) => Number.isFinite(price) && price > 0) && bar.high >= bar.low;
    return isBelievable && bar.volume >= 0 ? bar : undefined;
  }

  /** Closed bars of the wanted size, oldest first, inside the session. */
  #shape(units: readonly Bar[], size: BarSize, before: number, kind: SessionKind): Bar[] {
    const merged = new Map<number, Bar>();
    for (const unit of units.toSorted((a, b) => a.start - b.start)) {
      const place = barInterval(this.#options.calendar, size, unit.start, kind);
      if (place === undefined || place.end > before) continue;
      const known = merged.get(place.start);
      merged.set(place.start, known === undefined ? { ...unit, start: place.start } : join(known, unit));
    }
    return [...merged.values()];
  }
}

function join(a: Bar, b: Bar): Bar {
  return {
    start: a.start,
    open: a.open,
    high: Math.max(a.high, b.high),
    low: Math.min(a.low, b.low),
    close: b.close,
    volume: a.volume + b.volume,
  };
}

/** Undefined: a day. An hour is no number of minutes to Alpaca. */
function timeframeOf(minutes: number | undefined): string {
  if (minutes === undefined) return "1Day";
  return minutes === HOUR_MINUTES ? "1Hour" : `${minutes}Min`;
}

/** The largest clock-aligned piece that bars of this size are made of: 30 for 1h, 15 for 45m. */
function unitMinutes(size: BarSize): number {
  let a = size.ms / MINUTE;
  let b = ALIGNED_MINUTES;
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
