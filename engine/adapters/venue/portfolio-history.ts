/**
 * The account's equity over time: what is remembered of it, and GET /v2/account/portfolio/history.
 *
 * Owns: one value a minute since the venue's start, and the windows an answer is cut into. May not: know anything
 * before the venue's start; such windows are left out.
 */
import type { Calendar } from "../../market/calendar.ts";
import { fail } from "./reply.ts";
import { dayStart, isDate, localDate, midnightOf, nextDate, parseTime } from "./times.ts";

const MINUTE = 60_000;
const DAY_MS = 86_400_000;
const MAX_KEPT = 400_000;
const FRAMES: Readonly<Record<string, number>> = {
  "1Min": MINUTE,
  "5Min": 5 * MINUTE,
  "15Min": 15 * MINUTE,
  "1H": 60 * MINUTE,
  "1D": DAY_MS,
};
const UNIT_DAYS: Readonly<Record<string, number>> = { D: 1, W: 7, M: 30, A: 365 };
const REPORTING = ["market_hours", "extended_hours", "continuous"];

const invalid = (message: string): never => fail(422, 42210000, message);

/** Values in order of time; the last one of a minute counts. */
export class EquityLog {
  readonly #times: number[] = [];
  readonly #values: number[] = [];

  add(time: number, equity: number): void {
    const last = this.#times.at(-1);
    if (last !== undefined && Math.floor(last / MINUTE) === Math.floor(time / MINUTE)) {
      this.#times.pop();
      this.#values.pop();
    }
    this.#times.push(time);
    this.#values.push(equity);
    if (this.#times.length >= 2 * MAX_KEPT) {
      this.#times.splice(0, MAX_KEPT);
      this.#values.splice(0, MAX_KEPT);
    }
  }

  /** The last value before a time. */
  before(time: number): number | undefined {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] as number) < time) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : this.#values[low - 1];
  }
}

/** Part of an answer: it is labelled with its start and valued at its end. */
interface Window {
  readonly label: number;
  readonly start: number;
  readonly end: number;
  readonly date: string;
}

interface Asked {
  readonly from: number;
  readonly until: number;
  readonly timeframe: string;
  readonly reporting: string;
  readonly perDay: boolean;
}

export function portfolioHistory(
  log: EquityLog,
  calendar: Calendar,
  query: URLSearchParams,
  times: { readonly startedAt: number; readonly now: number },
): unknown {
  const asked = askedOf(calendar, query, times.now);
  const windows = [...windowsOf(calendar, asked)].filter(
    ({ end, start }) => end > times.startedAt && start < times.now,
  );
  const first = windows[0];
  const earlier = first && log.before(Math.max(first.start, times.startedAt));
  const base = earlier ?? (first && log.before(first.end)) ?? log.before(Infinity) ?? null;
  const rows = rowsOf(log, windows, base ?? 0, asked.perDay && asked.timeframe !== "1D");
  return {
    timestamp: windows.map(({ label }) => Math.floor(label / 1000)),
    equity: rows.map(({ equity }) => equity),
    profit_loss: rows.map(({ gain }) => gain),
    profit_loss_pct: rows.map(({ gain, from }) => (gain === null || from === 0 ? null : round(gain / from, 1e6))),
    base_value: base,
    ...(earlier === undefined || first === undefined ? {} : { base_value_asof: nextDate(first.date, -1) }),
    timeframe: asked.timeframe,
    cashflow: {},
  };
}

interface ValueRow {
  readonly equity: number | null;
  readonly gain: number | null;
  /** What the gain is measured from. */
  readonly from: number;
}

/** `perDay`: each date is measured from the value before its first window. */
function rowsOf(log: EquityLog, windows: readonly Window[], base: number, perDay: boolean): ValueRow[] {
  let from = base;
  let date = windows[0]?.date;
  return windows.map((window) => {
    if (perDay && window.date !== date) {
      date = window.date;
      from = log.before(window.start) ?? base;
    }
    const equity = log.before(window.end) ?? null;
    return { equity, gain: equity === null ? null : round(equity - from, 1e4), from };
  });
}

function round(value: number, places: number): number {
  return Math.round(value * places) / places;
}

function askedOf(calendar: Calendar, query: URLSearchParams, now: number): Asked {
  const [start, end, period] = ["start", "end", "period"].map((name) => query.get(name) || undefined);
  if (start !== undefined && end !== undefined && period !== undefined) {
    return invalid("only two of start, end and period can be specified at the same time");
  }
  const time = (name: string, source: string): number => parseTime(source, calendar) ?? invalid(`invalid ${name}`);
  const length = daysOf(period ?? "1M") * DAY_MS;
  const from = start === undefined ? undefined : time("start", start);
  const until = end === undefined ? undefined : time("end", end) + (isDate(end) ? DAY_MS : 0);
  const last = until ?? (from !== undefined && period !== undefined ? from + length : now);
  const first = from ?? last - length;
  const days = (last - first) / DAY_MS;
  const timeframe = query.get("timeframe") || (days < 7 ? "1Min" : days < 30 ? "15Min" : "1D");
  if (!Object.hasOwn(FRAMES, timeframe)) return invalid(`invalid timeframe: ${timeframe}`);
  if (timeframe !== "1D" && days > 31) return invalid("only 1D timeframe is allowed for periods longer than 30 days");
  const extended = query.get("extended_hours") === "true" ? "extended_hours" : "market_hours";
  const reporting = query.get("intraday_reporting") || extended;
  if (!REPORTING.includes(reporting)) return invalid(`invalid intraday_reporting: ${reporting}`);
  const reset = query.get("pnl_reset") || "per_day";
  if (reset !== "per_day" && reset !== "no_reset") return invalid(`invalid pnl_reset: ${reset}`);
  return { from: first, until: Math.min(last, now), timeframe, reporting, perDay: reset === "per_day" };
}

function daysOf(period: string): number {
  const match = /^(\d{1,3})([DWMA])$/.exec(period);
  return match === null
    ? invalid(`invalid period: ${period}`)
    : Number(match[1]) * (UNIT_DAYS[match[2] as string] ?? 1);
}

/** Days are labelled with midnight UTC of their date, smaller windows with their start. */
function* windowsOf(calendar: Calendar, asked: Asked): Generator<Window> {
  const { from, until, timeframe, reporting } = asked;
  const step = FRAMES[timeframe] as number;
  const last = localDate(calendar, until);
  for (let date = localDate(calendar, from); date <= last; date = nextDate(date, 1)) {
    const session = calendar.sessionOn(date);
    if (timeframe === "1D") {
      if (session === undefined) continue;
      const start = dayStart(calendar, session);
      yield { label: Date.parse(`${date}T00:00:00Z`), start, end: midnightOf(calendar, nextDate(date, 1)), date };
      continue;
    }
    const hours = hoursOf(calendar, date, reporting);
    if (hours === undefined) continue;
    for (let start = hours.start; start < hours.end; start += step) {
      if (start >= from && start < until) yield { label: start, start, end: Math.min(start + step, hours.end), date };
    }
  }
}

function hoursOf(
  calendar: Calendar,
  date: string,
  reporting: string,
): { readonly start: number; readonly end: number } | undefined {
  if (reporting === "continuous") {
    return { start: midnightOf(calendar, date), end: midnightOf(calendar, nextDate(date, 1)) };
  }
  const session = calendar.sessionOn(date);
  if (session === undefined) return undefined;
  return reporting === "extended_hours"
    ? { start: session.extendedOpen, end: session.extendedClose }
    : { start: session.open, end: session.close };
}
