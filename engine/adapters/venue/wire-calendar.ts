/**
 * Clock and calendar in Alpaca's two generations of shapes.
 *
 * Owns: their JSON, computed from the calendar at the venue's time. May not: know holidays itself.
 */
import type { Calendar, Session } from "../../market/calendar.ts";
import { localClock, localDate, nextDate, wireTime, zonedTime } from "./times.ts";

/** Longest run of days without a session that is searched before giving up. */
const SEARCH_DAYS = 20;

/** The first session on or after a date. */
function sessionFrom(calendar: Calendar, date: string): Session | undefined {
  for (let days = 0; days < SEARCH_DAYS; days += 1) {
    const session = calendar.sessionOn(nextDate(date, days));
    if (session !== undefined) return session;
  }
  return undefined;
}

interface ClockView {
  readonly today: Session | undefined;
  readonly open: boolean;
  readonly nextOpen: number;
  readonly nextClose: number;
}

function view(calendar: Calendar, now: number): ClockView {
  const date = localDate(calendar, now);
  const today = calendar.sessionOn(date);
  const next = sessionFrom(calendar, nextDate(date, 1));
  const opens = [today?.open, next?.open].filter((time) => time !== undefined && time > now);
  const closes = [today?.close, next?.close].filter((time) => time !== undefined && time > now);
  return {
    today,
    open: today !== undefined && now >= today.open && now < today.close,
    nextOpen: opens[0] ?? now,
    nextClose: closes[0] ?? now,
  };
}

export function legacyClockJson(calendar: Calendar, now: number): unknown {
  const clock = view(calendar, now);
  return {
    timestamp: zonedTime(calendar, now),
    is_open: clock.open,
    next_open: zonedTime(calendar, clock.nextOpen),
    next_close: zonedTime(calendar, clock.nextClose),
  };
}

export function clockJson(calendar: Calendar, now: number, markets: readonly string[]): unknown {
  const clock = view(calendar, now);
  const { phase, until } = phaseAt(clock, now);
  return {
    clocks: markets.map((market) => ({
      market: marketJson(calendar, market),
      timestamp: zonedTime(calendar, now),
      is_market_day: clock.today !== undefined,
      next_market_open: zonedTime(calendar, clock.nextOpen),
      next_market_close: zonedTime(calendar, clock.nextClose),
      phase,
      phase_until: zonedTime(calendar, until),
    })),
  };
}

function phaseAt(clock: ClockView, now: number): { readonly phase: string; readonly until: number } {
  const today = clock.today;
  if (today === undefined) return { phase: "closed", until: clock.nextOpen };
  if (now < today.extendedOpen) return { phase: "closed", until: today.extendedOpen };
  if (now < today.open) return { phase: "pre", until: today.open };
  if (now < today.close) return { phase: "core", until: today.close };
  if (now < today.extendedClose) return { phase: "post", until: today.extendedClose };
  return { phase: "closed", until: clock.nextOpen };
}

function marketJson(calendar: Calendar, acronym: string): unknown {
  return { acronym, name: acronym, timezone: calendar.timeZone };
}

/** No further than the calendar goes, whatever is asked for. */
function* sessionsBetween(calendar: Calendar, start: string, end: string): Generator<Session> {
  const [from, until] = [calendar.from, calendar.until].map((time) => localDate(calendar, time)) as [string, string];
  const last = end < until ? end : until;
  for (let date = start < from ? from : start; date <= last; date = nextDate(date, 1)) {
    const session = calendar.sessionOn(date);
    if (session !== undefined) yield session;
  }
}

/** Trades settle one business day later (T+1). */
function settlementDate(calendar: Calendar, session: Session): string {
  const date = nextDate(calendar.dateOf(session), 1);
  const next = sessionFrom(calendar, date);
  return next === undefined ? date : calendar.dateOf(next);
}

/** `by`: what the dates are those of. A settlement may be days after the last trading day that is asked about. */
export function legacyCalendarJson(
  calendar: Calendar,
  by: "TRADING" | "SETTLEMENT",
  start: string,
  end: string,
): readonly unknown[] {
  const first = by === "TRADING" ? start : nextDate(start, -SEARCH_DAYS);
  const days = [...sessionsBetween(calendar, first, end)].map((session) => ({
    date: calendar.dateOf(session),
    open: localClock(calendar, session.open),
    close: localClock(calendar, session.close),
    session_open: localClock(calendar, session.extendedOpen).replace(":", ""),
    session_close: localClock(calendar, session.extendedClose).replace(":", ""),
    settlement_date: settlementDate(calendar, session),
  }));
  return by === "TRADING" ? days : days.filter(({ settlement_date: date }) => date >= start && date <= end);
}

export function calendarJson(calendar: Calendar, market: string, isUtc: boolean, start: string, end: string): unknown {
  const time = (ms: number): string => (isUtc ? wireTime(ms) : zonedTime(calendar, ms));
  return {
    market: marketJson(calendar, market),
    calendar: [...sessionsBetween(calendar, start, end)].map((session) => ({
      date: calendar.dateOf(session),
      core_start: time(session.open),
      core_end: time(session.close),
      ...(session.extendedOpen < session.open
        ? { pre_start: time(session.extendedOpen), pre_end: time(session.open) }
        : {}),
      ...(session.extendedClose > session.close
        ? { post_start: time(session.close), post_end: time(session.extendedClose) }
        : {}),
      settlement_date: settlementDate(calendar, session),
    })),
  };
}
