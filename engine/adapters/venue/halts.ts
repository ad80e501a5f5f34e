/**
 * The halts of `--fault halt` as events of the tape: a status that stops trading, and one that lets it go on.
 *
 * Owns: turning exchange times into instants, day by day, as far as the tape has come. May not: halt anything.
 */
import type { Calendar } from "../../market/calendar.ts";
import type { Fault, HaltTime } from "./faults.ts";
import type { StatusEvent } from "./market-events.ts";
import { localDate, nextDate, zonedInstant } from "./times.ts";

type Halt = Extract<Fault, { readonly name: "halt" }>;

function status(symbol: string, time: number, halted: boolean): StatusEvent {
  const words = halted
    ? { code: "H", message: "Trading Halt", reason: "T1", reasonMessage: "Halt News Pending" }
    : { code: "T", message: "Trading Resumption", reason: "C11", reasonMessage: "Trade Halt Concluded" };
  return { kind: "status", symbol, time, ...words };
}

export class HaltClock {
  readonly #halts: readonly Halt[];
  readonly #calendar: Calendar;
  #told: number;

  constructor(halts: readonly Halt[], calendar: Calendar, startAt: number) {
    this.#halts = halts;
    this.#calendar = calendar;
    this.#told = startAt;
  }

  /** What happens after the last time asked about and up to `until`, in order. */
  upTo(until: number): readonly StatusEvent[] {
    if (this.#halts.length === 0 || until <= this.#told) return [];
    const events = this.#halts.flatMap((halt) => this.#eventsOf(halt, this.#told, until));
    this.#told = until;
    return events.toSorted((a, b) => a.time - b.time);
  }

  #eventsOf(halt: Halt, after: number, until: number): StatusEvent[] {
    const events: StatusEvent[] = [];
    for (const [time, halted] of [
      [halt.from, true],
      [halt.until, false],
    ] as const) {
      for (const at of this.#instants(time, after, until)) events.push(status(halt.symbol, at, halted));
    }
    return events;
  }

  *#instants({ date, minutes }: HaltTime, after: number, until: number): Generator<number> {
    const last = date ?? localDate(this.#calendar, until);
    for (let day = date ?? localDate(this.#calendar, after); day <= last; day = nextDate(day, 1)) {
      const at = zonedInstant(this.#calendar, day, minutes);
      const open = date !== null || this.#calendar.sessionOn(day) !== undefined;
      if (open && at > after && at <= until) yield at;
    }
  }
}
