/**
 * Market-data REST: historical bars in both shapes, latest trade, quote and bar.
 *
 * Owns: these routes and their paging. May not: show a bar that has not ended at the venue's clock.
 */
import type { BarSize } from "../../market/bar-size.ts";
import { parseBarSize } from "../../market/bar-size.ts";
import type { BarBook, WireBar } from "./bar-book.ts";
import type { Desk } from "./desk.ts";
import { barFields, quoteFields, tradeFields } from "./frames.ts";
import type { Message } from "./frames.ts";
import { fail } from "./reply.ts";
import type { Route } from "./reply.ts";
import { localDate, midnightOf, parseTime, wireTime } from "./times.ts";

const UNITS: Readonly<Record<string, string>> = { T: "m", Min: "m", H: "h", Hour: "h", D: "d", Day: "d" };
const MAX_LIMIT = 10_000;

function timeframe(source: string | null): BarSize {
  const match = /^(\d{1,2})(T|Min|H|Hour|D|Day)$/.exec(source ?? "");
  const size = match === null ? undefined : parseBarSize(`${match[1]}${UNITS[match[2] as string]}`);
  return size ?? fail(400, 40010000, `invalid timeframe: ${source ?? ""}`);
}

/** JSON of a message: its Date becomes text. */
function plain(message: Message): Message {
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => [
      key,
      value instanceof Date ? wireTime(value.getTime()) : jsonSafe(value),
    ]),
  );
}

/** REST answers are plain JSON; an id above 2^53 keeps its leading digits only, which a latest trade can bear. */
function jsonSafe(value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

function restBar({ bar, start }: WireBar): Message {
  return { ...barFields(bar), t: wireTime(start) };
}

function symbolsOf(query: URLSearchParams): string[] {
  const symbols = (query.get("symbols") ?? "").split(",").filter((symbol) => symbol !== "");
  if (symbols.length === 0) return fail(400, 40010000, "symbols is required");
  return [...new Set(symbols)].toSorted();
}

interface BarQuery {
  readonly size: BarSize;
  readonly from: number;
  readonly until: number;
  readonly limit: number;
  readonly descending: boolean;
  readonly token: { readonly symbol: string; readonly start: number } | undefined;
}

function barQuery(desk: Desk, query: URLSearchParams): BarQuery {
  const bound = (field: string, otherwise: number): number => {
    const source = query.get(field);
    if (source === null || source === "") return otherwise;
    return parseTime(source, desk.calendar) ?? fail(400, 40010000, `invalid ${field}`);
  };
  const limit = Number(query.get("limit") ?? "1000");
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) return fail(400, 40010000, "invalid limit");
  const now = desk.now();
  return {
    size: timeframe(query.get("timeframe")),
    from: bound("start", midnightOf(desk.calendar, localDate(desk.calendar, now), now)),
    until: bound("end", now),
    limit,
    descending: query.get("sort") === "desc",
    token: tokenOf(query.get("page_token")),
  };
}

function tokenOf(source: string | null): BarQuery["token"] {
  if (source === null || source === "") return undefined;
  const match = /^([^|]{1,20})\|(\d{1,15})$/.exec(Buffer.from(source, "base64url").toString("utf8"));
  if (match === null) return fail(400, 40010000, "invalid page_token");
  return { symbol: match[1] as string, start: Number(match[2]) };
}

/** Symbols in order of name, each by time; a page goes on after the symbol and start in its token. */
async function page(desk: Desk, book: BarBook, symbols: readonly string[], query: URLSearchParams) {
  const asked = barQuery(desk, query);
  const bars: Record<string, Message[]> = {};
  let room = asked.limit;
  for (const symbol of symbols) {
    if (asked.token !== undefined && symbol < asked.token.symbol) continue;
    let rows = await book.bars(symbol, asked.size, asked.from, asked.until, desk.now());
    if (asked.descending) rows.reverse();
    if (asked.token?.symbol === symbol) {
      const { start } = asked.token;
      rows = rows.filter((row) => (asked.descending ? row.start < start : row.start > start));
    }
    if (rows.length === 0) continue;
    const shown = rows.slice(0, room);
    const last = shown.at(-1);
    if (last !== undefined) bars[symbol] = shown.map(restBar);
    room -= shown.length;
    if (shown.length < rows.length) {
      const at = last === undefined ? { symbol, start: asked.descending ? 1e14 : 0 } : { symbol, start: last.start };
      return { bars, next_page_token: Buffer.from(`${at.symbol}|${at.start}`).toString("base64url") };
    }
  }
  return { bars, next_page_token: null };
}

export function dataRoutes(desk: Desk, book: BarBook): Route[] {
  const get = (path: RegExp, handle: Route["handle"]): Route => ({ method: "GET", path, lane: "data", handle });
  const latest: Readonly<Record<string, (symbol: string) => Message | undefined>> = {
    trade: (symbol) => {
      const trade = book.lastTrade.get(symbol);
      return trade === undefined ? undefined : plain(tradeFields(trade, 0));
    },
    quote: (symbol) => {
      const quote = book.lastQuote.get(symbol);
      return quote === undefined ? undefined : plain(quoteFields(quote));
    },
    bar: (symbol) => {
      const bar = book.lastBar.get(symbol);
      return bar === undefined ? undefined : restBar({ bar, start: bar.start });
    },
  };
  return [
    get(/^\/v2\/stocks\/bars$/, async (request) => ({
      status: 200,
      body: await page(desk, book, symbolsOf(request.query), request.query),
    })),
    get(/^\/v2\/stocks\/([^/]+)\/bars$/, async (request) => {
      const symbol = request.params[0] ?? "";
      const found = await page(desk, book, [symbol], request.query);
      return { status: 200, body: { bars: found.bars[symbol] ?? [], symbol, next_page_token: found.next_page_token } };
    }),
    get(/^\/v2\/stocks\/(trade|quote|bar)s\/latest$/, (request) => {
      const kind = request.params[0] ?? "";
      const found = symbolsOf(request.query).map((symbol) => [symbol, latest[kind]?.(symbol)] as const);
      return {
        status: 200,
        body: { [`${kind}s`]: Object.fromEntries(found.filter(([, message]) => message !== undefined)) },
      };
    }),
    get(/^\/v2\/stocks\/([^/]+)\/(trade|quote|bar)s\/latest$/, (request) => {
      const [symbol = "", kind = ""] = request.params;
      const message = latest[kind]?.(symbol) ?? fail(404, 40410000, `no ${kind} found for ${symbol}`);
      return { status: 200, body: { symbol, [kind]: message } };
    }),
  ];
}
