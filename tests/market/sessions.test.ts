import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALWAYS } from "../../engine/market/always.ts";
import { DAY, parseBarSize, type BarSize } from "../../engine/market/bar-size.ts";
import type { Calendar, Session } from "../../engine/market/calendar.ts";
import { NYSE } from "../../engine/market/nyse.ts";
import {
  barInterval,
  isOpen,
  minutesSinceOpen,
  minutesToClose,
  nextBarEnd,
  sessionOf,
  windowClose,
  windowOpen,
} from "../../engine/market/sessions.ts";
import { runs } from "../support/runs.ts";

const at = (iso: string): number => Date.parse(iso);
const size = (label: string): BarSize => parseBarSize(label) as BarSize;
const iso = (ms: number | undefined): string => (ms === undefined ? "none" : new Date(ms).toISOString());

const sizes = fc.constantFrom("1s", "30s", "1m", "2m", "5m", "7m", "15m", "30m", "1h", "90m", "4h", "12h").map(size);
const windows = fc.constantFrom("regular" as const, "extended" as const);
/** Times with extra weight on clock changes and half days. */
const times = fc.oneof(
  fc.integer({ min: at("1998-01-05T00:00Z"), max: at("2028-12-20T00:00Z") }),
  fc
    .constantFrom("2008-03-07", "2008-03-10", "2013-11-01", "2013-11-04", "2015-12-24", "2006-04-03", "2006-10-30")
    .chain((date) => fc.integer({ min: at(`${date}T00:00Z`), max: at(`${date}T23:59Z`) })),
);

function tiles(calendar: Calendar, session: Session, step: BarSize, window: "regular" | "extended"): void {
  const open = windowOpen(session, window);
  const close = windowClose(session, window);
  let cursor = open;
  // 57,600 one-second bars would be slow to no gain: walk the first hundred, then jump to the last hundred.
  let jumped = false;
  for (let n = 0; cursor < close; n++) {
    const bar = barInterval(calendar, step, cursor, window);
    expect(bar?.start).toBe(cursor);
    if (bar === undefined) return;
    expect(bar.end).toBeGreaterThan(bar.start);
    expect(bar.end - bar.start).toBe(Math.min(step.ms, close - bar.start));
    expect(barInterval(calendar, step, bar.end - 1, window)).toEqual(bar);
    expect(nextBarEnd(calendar, step, cursor, window)).toBe(bar.end);
    cursor = bar.end;
    if (n >= 100 && !jumped) {
      jumped = true;
      cursor = Math.max(cursor, open + (Math.floor((close - open) / step.ms) - 100) * step.ms);
    }
  }
  expect(cursor).toBe(close);
}

describe("bar intervals", () => {
  it("tile every session without gap or overlap, across clock changes and half days", () => {
    fc.assert(
      fc.property(times, sizes, windows, (time, step, window) => {
        const session = NYSE.sessionAtOrAfter(time);
        if (session !== undefined) tiles(NYSE, session, step, window);
      }),
      { numRuns: runs(150) },
    );
    fc.assert(
      fc.property(times, sizes, windows, (time, step, window) => {
        tiles(ALWAYS, ALWAYS.sessionAtOrAfter(time) as Session, step, window);
      }),
      { numRuns: runs(30) },
    );
  });

  it("contain the time they are asked for, or do not exist", () => {
    fc.assert(
      fc.property(times, sizes, fc.constantFrom("regular", "extended", "always"), (time, step, window) => {
        const bar = barInterval(NYSE, step, time, window);
        expect(bar !== undefined).toBe(isOpen(NYSE, time, window));
        if (bar !== undefined) expect(bar.start <= time && time < bar.end).toBe(true);
        const end = nextBarEnd(NYSE, step, time, window);
        expect(end).toBeGreaterThan(time);
        // No bar ends in between.
        expect(nextBarEnd(NYSE, step, (end as number) - 1, window)).toBe(end);
      }),
      { numRuns: runs(500) },
    );
  });

  it("count hours from the open and cut the last one at the close", () => {
    const hour = size("1h");
    expect(iso(barInterval(NYSE, hour, at("2024-03-11T14:29:59Z"), "regular")?.start)).toBe("2024-03-11T13:30:00.000Z");
    expect(barInterval(NYSE, hour, at("2024-03-11T19:45Z"), "regular")).toEqual({
      start: at("2024-03-11T19:30Z"),
      end: at("2024-03-11T20:00Z"),
    });
    expect(barInterval(NYSE, hour, at("2024-03-11T08:30Z"), "extended")?.start).toBe(at("2024-03-11T08:00Z"));
    expect(barInterval(NYSE, hour, at("2024-03-11T13:29Z"), "regular")).toBeUndefined();
    expect(barInterval(NYSE, hour, at("2024-03-11T20:00Z"), "regular")).toBeUndefined();
  });

  it("make one day of the regular session, half days included", () => {
    expect(barInterval(NYSE, DAY, at("2015-12-24T15:00Z"), "extended")).toEqual({
      start: at("2015-12-24T14:30Z"),
      end: at("2015-12-24T18:00Z"),
    });
    expect(iso(nextBarEnd(NYSE, DAY, at("2015-12-24T18:00Z"), "regular"))).toBe("2015-12-28T21:00:00.000Z");
    expect(barInterval(ALWAYS, DAY, at("2015-12-24T18:00Z"), "always")?.start).toBe(at("2015-12-24T00:00Z"));
  });

  it("run on UTC days around the clock under `always`", () => {
    expect(barInterval(NYSE, size("5m"), at("2024-03-10T12:03Z"), "always")?.start).toBe(at("2024-03-10T12:00Z"));
    expect(barInterval(ALWAYS, size("7m"), at("2024-03-10T23:59Z"), "always")?.end).toBe(at("2024-03-11T00:00Z"));
  });

  it("end with the calendar", () => {
    expect(nextBarEnd(NYSE, size("5m"), NYSE.until, "regular")).toBeUndefined();
    expect(nextBarEnd(NYSE, size("5m"), at("2028-12-30T12:00Z"), "regular")).toBeUndefined();
  });
});

describe("minutes of a session", () => {
  it("count from the open and to the close, and are 0 at the close itself", () => {
    const close = at("2024-03-11T20:00Z");
    expect(minutesToClose(NYSE, close, "regular")).toBe(0);
    expect(minutesSinceOpen(NYSE, close, "regular")).toBe(390);
    expect(minutesToClose(NYSE, close - 90_000, "regular")).toBe(1.5);
    expect(minutesToClose(NYSE, close, "extended")).toBe(240);
    expect(minutesSinceOpen(NYSE, at("2024-03-11T13:30Z"), "regular")).toBe(0);
  });

  it("are unknown outside", () => {
    expect(minutesToClose(NYSE, at("2024-03-11T20:00:00.001Z"), "regular")).toBeNaN();
    expect(minutesSinceOpen(NYSE, at("2024-03-11T13:29Z"), "regular")).toBeNaN();
    expect(minutesSinceOpen(NYSE, at("2024-03-10T15:00Z"), "extended")).toBeNaN();
    expect(sessionOf(NYSE, at("2024-03-10T15:00Z"), "extended")).toBeUndefined();
  });

  it("start over at midnight UTC on a market that never closes", () => {
    expect(minutesSinceOpen(ALWAYS, at("2024-03-10T00:00Z"), "always")).toBe(0);
    expect(minutesToClose(ALWAYS, at("2024-03-10T00:00Z"), "always")).toBe(1440);
  });
});
