/**
 * GET /v1/corporate-actions, and bars as they are told after a split: the splits that the venue was started with.
 *
 * Owns: this route, its query, and adjusted bars. Splits are announced from the start, as far ahead as the venue knows them.
 * May not: split anything; the player does when their time comes.
 */
import { adjustedBar } from "../../core/adjusted.ts";
import type { Bar } from "../../core/event.ts";
import type { SplitInput } from "../../core/feed-event.ts";
import type { Calendar } from "../../market/calendar.ts";
import type { Desk } from "./desk.ts";
import type { Message } from "./frames.ts";
import { fail } from "./reply.ts";
import type { Route, VenueRequest } from "./reply.ts";
import { isDate, localDate } from "./times.ts";
import { uuidOf } from "./wire-order.ts";

const TYPES = [
  ...["reverse_split", "forward_split", "unit_split", "cash_dividend", "stock_dividend", "spin_off", "cash_merger"],
  ...["stock_merger", "stock_and_cash_merger", "redemption", "name_change", "worthless_removal"],
  ...["rights_distribution", "partial_call", "reorganization"],
];
const LIMITS = { usual: 100, most: 1_000 };

interface Action {
  readonly type: "forward_split" | "reverse_split";
  readonly symbol: string;
  readonly date: string;
  readonly json: Message & { readonly id: string };
}

function actionOf({ symbol, time, newShares, oldShares }: SplitInput, calendar: Calendar): Action {
  const date = localDate(calendar, time);
  const [newRate, oldRate] = [Number(newShares), Number(oldShares)];
  const type = newRate > oldRate ? "forward_split" : "reverse_split";
  const cusip = uuidOf(`cusip:${symbol}`).replaceAll("-", "").slice(0, 9).toUpperCase();
  const cusips = type === "forward_split" ? { cusip } : { old_cusip: cusip, new_cusip: `${cusip.slice(0, 8)}X` };
  const dates = { ex_date: date, process_date: date, record_date: date, payable_date: date };
  const id = uuidOf(`split:${symbol}:${date}`);
  return { type, symbol, date, json: { id, symbol, ...cusips, new_rate: newRate, old_rate: oldRate, ...dates } };
}

export function corporateActionRoutes(desk: Desk, splits: readonly SplitInput[]): Route[] {
  const actions = splits.map((split) => actionOf(split, desk.calendar)).toSorted((a, b) => (a.date < b.date ? -1 : 1));
  return [
    {
      method: "GET",
      path: /^\/v1(?:beta1)?\/corporate-actions$/,
      lane: "data",
      handle: (request) => ({ status: 200, body: answer(desk, actions, request) }),
    },
  ];
}

function answer(desk: Desk, actions: readonly Action[], { query }: VenueRequest): Message {
  const listOf = (field: string): readonly string[] => (query.get(field) ?? "").split(",").filter((one) => one !== "");
  const [ids, symbols, types] = [listOf("ids"), listOf("symbols"), listOf("types")];
  if (ids.length > 0 && (symbols.length > 0 || types.length > 0 || query.has("start") || query.has("end")))
    return bad("ids cannot be combined with other filters");
  const unknown = types.find((type) => !TYPES.includes(type));
  if (unknown !== undefined) return bad(`invalid type: ${unknown}`);
  const today = localDate(desk.calendar, desk.now());
  const [from, until] = [dateOf(query, "start", today), dateOf(query, "end", today)];
  if (until < from) return bad("end should not be before start");
  const limit = Number(query.get("limit") ?? LIMITS.usual);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMITS.most) return bad("invalid limit");
  const found = actions.filter(
    ({ type, symbol, date, json }) =>
      (ids.length === 0 ? date >= from && date <= until : ids.includes(json.id)) &&
      (symbols.length === 0 || symbols.includes(symbol)) &&
      (types.length === 0 || types.includes(type)),
  );
  if (query.get("sort") === "desc") found.reverse();
  const first = placeOf(query.get("page_token"));
  const page = found.slice(first, first + limit);
  const next = first + limit < found.length ? Buffer.from(String(first + limit)).toString("base64url") : null;
  const of = (wanted: Action["type"]): Message[] => page.flatMap(({ type, json }) => (type === wanted ? [json] : []));
  const [forward, reverse] = [of("forward_split"), of("reverse_split")];
  const groups = {
    ...(forward.length === 0 ? {} : { forward_splits: forward }),
    ...(reverse.length === 0 ? {} : { reverse_splits: reverse }),
  };
  return { corporate_actions: groups, next_page_token: next };
}

function bad(message: string): never {
  return fail(400, 40010000, message);
}

/** A date, or a time on it. */
function dateOf(query: URLSearchParams, field: string, otherwise: string): string {
  const source = query.get(field);
  if (source === null || source === "") return otherwise;
  const date = source.slice(0, 10);
  return isDate(date) ? date : bad(`invalid ${field}`);
}

function placeOf(token: string | null): number {
  if (token === null || token === "") return 0;
  const place = Buffer.from(token, "base64url").toString("utf8");
  return /^\d{1,9}$/.test(place) ? Number(place) : bad("invalid page_token");
}

/** A bar as it is told now: splits that have not come yet are not in it. */
export function barOfNow(bar: Bar, symbol: string, splits: readonly SplitInput[], now: number): Bar {
  const come = splits.filter((split) => split.symbol === symbol && split.time <= now);
  return come.reduce((told, split) => adjustedBar(told, split), bar);
}
