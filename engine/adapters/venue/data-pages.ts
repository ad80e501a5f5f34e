/**
 * Paging of market data: symbols in order of name, the rows of each in order of time, a token that says where to go on.
 *
 * Owns: the query parameters that bars, trades, quotes and news share. May not: know what a row holds.
 */
import type { Desk } from "./desk.ts";
import type { Message } from "./frames.ts";
import { fail } from "./reply.ts";
import { localDate, midnightOf, parseTime } from "./times.ts";

const MAX_LIMIT = 10_000;
const HISTORY = ["iex", "sip", "otc", "boats"];
const LATEST = [...HISTORY, "delayed_sip", "overnight"];

/** `sequence` tells rows of one instant apart. */
export interface Row {
  readonly time: number;
  readonly sequence: number;
  readonly message: Message;
}

export type RowsOf = (symbol: string, from: number, until: number) => Promise<readonly Row[]> | readonly Row[];

interface Place {
  readonly symbol: string;
  readonly time: number;
  readonly sequence: number;
}

const bad = (message: string): never => fail(400, 40010000, message);

/** Crypto pairs have a slash. The stock half takes both: every feed of this venue shows the one tape. */
export function checkSymbol(symbol: string, crypto: boolean): string {
  const pattern = crypto ? /^[A-Z0-9]{1,12}\/[A-Z0-9]{2,6}$/ : /^[A-Z0-9][A-Z0-9./-]{0,19}$/;
  return pattern.test(symbol) ? symbol : bad(`invalid symbol: ${symbol}`);
}

export function symbolsOf(query: URLSearchParams, crypto: boolean): string[] {
  const symbols = (query.get("symbols") ?? "").split(",").filter((symbol) => symbol !== "");
  if (symbols.length === 0) return bad("symbols is required");
  return [...new Set(symbols.map((symbol) => checkSymbol(symbol, crypto)))].toSorted();
}

/** What every data request may say of feed and currency; this venue has one tape for all feeds, in dollars. */
export function checkFeed(query: URLSearchParams, of: "history" | "latest"): void {
  const feed = query.get("feed");
  if (feed !== null && feed !== "" && !(of === "history" ? HISTORY : LATEST).includes(feed))
    bad(`invalid feed: ${feed}`);
  const currency = query.get("currency");
  if (currency !== null && currency !== "" && currency !== "USD") bad(`invalid currency: ${currency}`);
}

export interface Range {
  readonly from: number;
  readonly until: number;
  readonly limit: number;
  readonly descending: boolean;
}

export function rangeOf(desk: Desk, query: URLSearchParams, limits = { usual: 1_000, most: MAX_LIMIT }): Range {
  const bound = (field: string, otherwise: number): number => {
    const source = query.get(field);
    if (source === null || source === "") return otherwise;
    return parseTime(source, desk.calendar) ?? bad(`invalid ${field}`);
  };
  const limit = Number(query.get("limit") ?? limits.usual);
  if (!Number.isInteger(limit) || limit < 1 || limit > limits.most) return bad("invalid limit");
  const sort = query.get("sort") ?? "asc";
  if (sort !== "asc" && sort !== "desc") return bad(`invalid sort: ${sort}`);
  const now = desk.now();
  const from = bound("start", midnightOf(desk.calendar, localDate(desk.calendar, now), now));
  const until = bound("end", now);
  if (query.get("start") !== null && query.get("end") !== null && until < from) bad("end should not be before start");
  return { from, until, limit, descending: sort === "desc" };
}

function placeOf(source: string | null): Place | undefined {
  if (source === null || source === "") return undefined;
  const match = /^([^|]{0,20})\|(\d{1,15})\|(\d{1,15})$/.exec(Buffer.from(source, "base64url").toString("utf8"));
  if (match === null) return bad("invalid page_token");
  return { symbol: match[1] as string, time: Number(match[2]), sequence: Number(match[3]) };
}

function tokenOf(place: Place): string {
  return Buffer.from(`${place.symbol}|${place.time}|${place.sequence}`).toString("base64url");
}

function comesAfter(row: Row, place: Place, descending: boolean): boolean {
  const gap = row.time - place.time || row.sequence - place.sequence;
  return descending ? gap < 0 : gap > 0;
}

export interface Page {
  readonly rows: Readonly<Record<string, readonly Message[]>>;
  readonly next: string | null;
}

/** A page goes on after the symbol and row in its token. */
export async function pageOf(
  range: Range,
  symbols: readonly string[],
  token: string | null,
  of: RowsOf,
): Promise<Page> {
  const after = placeOf(token);
  const rows: Record<string, readonly Message[]> = {};
  let room = range.limit;
  let last: Place | undefined = after;
  for (const symbol of symbols) {
    if (after !== undefined && symbol < after.symbol) continue;
    let found = [...(await of(symbol, range.from, range.until))];
    if (range.descending) found.reverse();
    if (after?.symbol === symbol) found = found.filter((row) => comesAfter(row, after, range.descending));
    if (found.length === 0) continue;
    if (room === 0 && last !== undefined) return { rows, next: tokenOf(last) };
    const shown = found.slice(0, room);
    rows[symbol] = shown.map(({ message }) => message);
    room -= shown.length;
    const end = shown.at(-1) as Row;
    last = { symbol, time: end.time, sequence: end.sequence };
    if (shown.length < found.length) return { rows, next: tokenOf(last) };
  }
  return { rows, next: null };
}
