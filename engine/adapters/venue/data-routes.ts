/**
 * Market-data REST of stocks and crypto: history, the latest of everything, snapshots, order books, codes.
 *
 * Owns: these routes and the shapes of their answers. Both halves of the API ask for the same things under other
 * names. May not: show a bar that has not ended at the venue's clock.
 */
import type { SplitInput } from "../../core/feed-event.ts";
import type { BarBook, WireBar } from "./bar-book.ts";
import { barOfNow } from "./corporate-actions.ts";
import { checkFeed, checkSymbol, pageOf, rangeOf, symbolsOf } from "./data-pages.ts";
import type { RowsOf } from "./data-pages.ts";
import type { Desk } from "./desk.ts";
import { barFields, quoteFields, tradeFields } from "./frames.ts";
import type { Message } from "./frames.ts";
import { errorReply, fail } from "./reply.ts";
import type { Reply, Route, VenueRequest } from "./reply.ts";
import type { TickBook } from "./tick-book.ts";
import { inPeriods, timeframeOf } from "./timeframes.ts";
import type { Timeframe } from "./timeframes.ts";
import { wireTime } from "./times.ts";
import { Instant } from "./wire-json.ts";

const KINDS = ["bar", "trade", "quote"] as const;
type Kind = (typeof KINDS)[number];

/** What stands behind the codes that this venue sends. */
const EXCHANGES = { V: "IEX" };
const CONDITIONS = {
  trade: { "@": "Regular Sale", I: "Odd Lot Trade" },
  quote: { R: "Regular, Two Sided Open" },
} as const;

function restBar({ bar, start }: WireBar): Message {
  return { ...barFields(bar), t: wireTime(start) };
}

/** What data is told from. */
export interface DataParts {
  readonly bars: BarBook;
  readonly ticks: TickBook;
  readonly splits: readonly SplitInput[];
}

const ADJUSTMENTS: ReadonlySet<string> = new Set(["raw", "split", "dividend", "spin-off", "all"]);

/** Of adjustments the venue knows splits. */
function adjusts(query: URLSearchParams): boolean {
  const asked = (query.get("adjustment") || "raw").split(",");
  const unknown = asked.find((one) => !ADJUSTMENTS.has(one));
  if (unknown !== undefined) fail(400, 40010000, `invalid adjustment: ${unknown}`);
  return asked.includes("split") || asked.includes("all");
}

/** Both halves read from the same books; what differs are paths and wrapping. */
class DataDesk {
  readonly #desk: Desk;
  readonly #bars: BarBook;
  readonly #ticks: TickBook;

  readonly #splits: readonly SplitInput[];

  constructor(desk: Desk, { bars, ticks, splits }: DataParts) {
    this.#desk = desk;
    this.#bars = bars;
    this.#ticks = ticks;
    this.#splits = splits;
  }

  async history(kind: Kind, symbols: readonly string[], query: URLSearchParams) {
    checkFeed(query, "history");
    const range = rangeOf(this.#desk, query);
    const rows =
      kind === "bar" ? this.#barRows(timeframeOf(query.get("timeframe")), adjusts(query)) : this.#tickRows(kind);
    return await pageOf(range, symbols, query.get("page_token"), rows);
  }

  #barRows({ size, periodOf }: Timeframe, isAdjusted: boolean): RowsOf {
    const rowOf = (bar: WireBar) => ({ time: bar.start, sequence: 0, message: restBar(bar) });
    return async (symbol, from, until) => {
      const now = this.#desk.now();
      const isWhole = periodOf === undefined;
      const known = await this.#bars.bars(symbol, size, isWhole ? from : 0, isWhole ? until : now, now);
      const told = isAdjusted
        ? known.map(({ bar, start }) => ({ bar: barOfNow(bar, symbol, this.#splits, now), start }))
        : known;
      if (periodOf === undefined) return told.map(rowOf);
      const days = told.map(({ bar }) => bar);
      return inPeriods(days, this.#bars.calendarOf(symbol), now, periodOf)
        .filter(({ start }) => start >= from && start <= until)
        .map(rowOf);
    };
  }

  #tickRows(kind: "trade" | "quote"): RowsOf {
    const { trades, quotes } = this.#ticks;
    if (kind === "quote") {
      return (symbol, from, until) =>
        quotes.between(symbol, from, until).map(({ input, sequence, nanos }) => ({
          time: input.time,
          sequence,
          message: quoteFields(input, nanos),
        }));
    }
    return (symbol, from, until) =>
      trades.between(symbol, from, until).map(({ input, sequence, nanos }) => ({
        time: input.time,
        sequence,
        message: tradeFields(input, sequence, nanos),
      }));
  }

  latest(kind: Kind, symbol: string): Message | undefined {
    if (kind === "bar") {
      const bar = this.#bars.lastBar.get(symbol);
      return bar && restBar({ bar, start: bar.start });
    }
    if (kind === "quote") {
      const quote = this.#ticks.quotes.latest(symbol);
      return quote && quoteFields(quote.input, quote.nanos);
    }
    const trade = this.#ticks.trades.latest(symbol);
    return trade && tradeFields(trade.input, trade.sequence, trade.nanos);
  }

  orderBook(symbol: string): Message | undefined {
    const book = this.#ticks.orderBook(symbol);
    if (book === undefined) return undefined;
    const side = (levels: typeof book.bids): Message[] => levels.map(({ price, size }) => ({ p: price, s: size }));
    return { t: new Instant(book.time), b: side(book.bids), a: side(book.asks) };
  }

  /** What is not known is left out; undefined when nothing is. */
  async snapshot(symbol: string): Promise<Message | undefined> {
    const { today, before } = await this.#bars.days(symbol, this.#desk.now());
    const parts = {
      latestTrade: this.latest("trade", symbol),
      latestQuote: this.latest("quote", symbol),
      minuteBar: this.latest("bar", symbol),
      dailyBar: today && restBar(today),
      prevDailyBar: before && restBar(before),
    };
    const known = Object.entries(parts).filter(([, part]) => part !== undefined);
    return known.length === 0 ? undefined : Object.fromEntries(known);
  }
}

/** The messages that exist, by symbol. */
function bySymbol(symbols: readonly string[], of: (symbol: string) => Message | undefined): Message {
  return Object.fromEntries(
    symbols.map((symbol) => [symbol, of(symbol)] as const).filter(([, message]) => message !== undefined),
  );
}

async function snapshots(data: DataDesk, symbols: readonly string[]): Promise<Message> {
  const found = new Map<string, Message | undefined>();
  for (const symbol of symbols) found.set(symbol, await data.snapshot(symbol));
  return bySymbol(symbols, (symbol) => found.get(symbol));
}

const ok = (body: unknown): Reply => ({ status: 200, body });
const get = (path: RegExp, handle: Route["handle"]): Route => ({ method: "GET", path, lane: "data", handle });

export function dataRoutes(desk: Desk, parts: DataParts): Route[] {
  const data = new DataDesk(desk, parts);
  return [...stockRoutes(data), ...cryptoRoutes(data)];
}

function stockRoutes(data: DataDesk): Route[] {
  const kindOf = (part: string | undefined): Kind => KINDS.find((kind) => kind === part) ?? "bar";
  const single = (request: VenueRequest): string => {
    checkFeed(request.query, "latest");
    return checkSymbol(request.params[0] ?? "", false);
  };
  return [
    get(/^\/v2\/stocks\/meta\/exchanges$/, () => ok(EXCHANGES)),
    get(/^\/v2\/stocks\/meta\/conditions\/(trade|quote)$/, ({ params, query }) =>
      ["A", "B", "C"].includes(query.get("tape") ?? "")
        ? ok(CONDITIONS[params[0] === "trade" ? "trade" : "quote"])
        : errorReply(400, 40010000, "invalid tape"),
    ),
    get(/^\/v2\/stocks\/(bar|trade|quote)s$/, async ({ params, query }) => {
      const found = await data.history(kindOf(params[0]), symbolsOf(query, false), query);
      return ok({ [`${params[0]}s`]: found.rows, next_page_token: found.next });
    }),
    get(/^\/v2\/stocks\/(bar|trade|quote)s\/latest$/, ({ params, query }) => {
      checkFeed(query, "latest");
      const kind = kindOf(params[0]);
      return ok({ [`${kind}s`]: bySymbol(symbolsOf(query, false), (symbol) => data.latest(kind, symbol)) });
    }),
    get(/^\/v2\/stocks\/snapshots$/, async ({ query }) => {
      checkFeed(query, "latest");
      return ok(await snapshots(data, symbolsOf(query, false)));
    }),
    get(/^\/v2\/stocks\/([^/]+)\/snapshot$/, async (request) => {
      const symbol = single(request);
      const found = (await data.snapshot(symbol)) ?? fail(404, 40410000, `no snapshot found for ${symbol}`);
      return ok({ symbol, ...found });
    }),
    get(/^\/v2\/stocks\/([^/]+)\/(bar|trade|quote)s$/, async (request) => {
      const symbol = single(request);
      const found = await data.history(kindOf(request.params[1]), [symbol], request.query);
      return ok({ [`${request.params[1]}s`]: found.rows[symbol] ?? [], symbol, next_page_token: found.next });
    }),
    get(/^\/v2\/stocks\/([^/]+)\/(bar|trade|quote)s\/latest$/, (request) => {
      const symbol = single(request);
      const kind = kindOf(request.params[1]);
      const message = data.latest(kind, symbol) ?? fail(404, 40410000, `no ${kind} found for ${symbol}`);
      return ok({ symbol, [kind]: message });
    }),
  ];
}

/** All locations show the one tape. */
function cryptoRoutes(data: DataDesk): Route[] {
  const path = (rest: string): RegExp => new RegExp(`^/v1beta3/crypto/(?:us|us-1|us-2|eu-1|bs-1)/${rest}$`);
  const history = KINDS.map((kind) =>
    get(path(`${kind}s`), async ({ query }) => {
      const found = await data.history(kind, symbolsOf(query, true), query);
      return ok({ [`${kind}s`]: found.rows, next_page_token: found.next });
    }),
  );
  const latest = KINDS.map((kind) =>
    get(path(`latest/${kind}s`), ({ query }) =>
      ok({ [`${kind}s`]: bySymbol(symbolsOf(query, true), (symbol) => data.latest(kind, symbol)) }),
    ),
  );
  return [
    ...history,
    ...latest,
    get(path("latest/orderbooks"), ({ query }) =>
      ok({ orderbooks: bySymbol(symbolsOf(query, true), (symbol) => data.orderBook(symbol)) }),
    ),
    get(path("snapshots"), async ({ query }) => ok({ snapshots: await snapshots(data, symbolsOf(query, true)) })),
  ];
}
