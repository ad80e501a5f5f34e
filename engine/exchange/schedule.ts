/**
 * When an order may trade and when it ends, from its calendar.
 *
 * Owns: sessions as the exchange sees them: the first instant of an order, its expiry, the auction cut-offs, and what
 * part of the day an instant lies in. May not: know prices, quantities or the account.
 */
import type { TimeInForce } from "../core/program.ts";
import type { Calendar, Session } from "../market/calendar.ts";

export interface Schedule {
  /** First instant at which the order may trade; later than submission when its session is not open. */
  readonly activeFrom: number;
  readonly expiresAt: number;
}

/** Alpaca ends a gtc order after this. */
const GTC_MS = 90 * 86_400_000;

/** Alpaca refuses opg from 09:28 and cls from ten minutes before the close, both until 19:00; later is the next auction's. */
const OPG_CUTOFF_MS = 2 * 60_000;
const CLS_CUTOFF_MS = 10 * 60_000;
const REFUSED_UNTIL_AFTER_OPEN_MS = 9.5 * 3_600_000;

/** Undefined when the calendar knows no session for it any more. */
export function scheduleOf(
  calendar: Calendar,
  timeInForce: TimeInForce,
  extendedHours: boolean,
  now: number,
): Schedule | undefined {
  const today = calendar.sessionAtOrAfter(now);
  if (today === undefined) return undefined;
  if (timeInForce === "opg") {
    const session = now <= today.open ? today : sessionAfter(calendar, today);
    return session && { activeFrom: session.open, expiresAt: session.close };
  }
  const closes = (session: Session): number => (extendedHours ? session.extendedClose : session.close);
  const session = now < closes(today) ? today : sessionAfter(calendar, today);
  if (session === undefined) return undefined;
  const opens = extendedHours ? session.extendedOpen : session.open;
  return {
    activeFrom: Math.max(now, opens),
    expiresAt: timeInForce === "gtc" ? now + GTC_MS : closes(session),
  };
}

export function sessionAfter(calendar: Calendar, session: Session): Session | undefined {
  const next = calendar.sessionAtOrAfter(session.extendedClose);
  return next === undefined || next.day === session.day ? undefined : next;
}

/** Why an auction order cannot be taken at this time of day, or undefined. */
export function auctionRefusal(calendar: Calendar, timeInForce: TimeInForce, now: number): string | undefined {
  if (timeInForce !== "opg" && timeInForce !== "cls") return undefined;
  const session = calendar.sessionAtOrBefore(now);
  if (session === undefined || now >= session.open + REFUSED_UNTIL_AFTER_OPEN_MS) return undefined;
  if (timeInForce === "opg") {
    return now >= session.open - OPG_CUTOFF_MS ? "opg orders are not accepted between 9:28am and 7:00pm" : undefined;
  }
  return now >= session.close - CLS_CUTOFF_MS
    ? "cls orders are not accepted from 10 minutes before the close until 7:00pm"
    : undefined;
}

export type Phase = "regular" | "extended" | "closed";

/** The session an instant belongs to, remembered: data of one symbol mostly stays within a session. */
export class SessionCursor {
  session: Session | undefined;
  readonly #calendar: Calendar;

  constructor(calendar: Calendar) {
    this.#calendar = calendar;
  }

  phaseAt(time: number): Phase {
    const known = this.session;
    if (known === undefined || time < known.extendedOpen || time >= known.extendedClose) {
      this.session = this.#calendar.sessionAtOrAfter(time);
    }
    const session = this.session;
    if (session === undefined || time < session.extendedOpen) return "closed";
    if (time >= session.open && time < session.close) return "regular";
    return time < session.extendedClose ? "extended" : "closed";
  }
}
