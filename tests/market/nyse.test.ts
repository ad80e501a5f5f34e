import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { dayNumber, isoDate, MS_PER_DAY, weekdayOf } from "../../engine/market/civil.ts";
import { newYorkEpoch, newYorkOffset } from "../../engine/market/new-york.ts";
import { NYSE } from "../../engine/market/nyse.ts";
import { haveSharedData, leanDailyBars, SHARED_DATA_MISSING, sharedPath } from "../support/reference-data.ts";

const HOUR = 3_600_000;
const at = (iso: string): number => Date.parse(iso);

/** Short days that the reference database does not have, see nyse-holidays.ts. */
const MISSING_IN_REFERENCE = ["1998-11-27", "1998-12-24", "1999-12-31"];

interface MarketHours {
  readonly holidays: readonly string[];
  readonly earlyCloses: Readonly<Record<string, string>>;
}

function reference(): { holidays: Set<string>; earlyCloses: Set<string> } {
  const file = JSON.parse(readFileSync(sharedPath("market/lean/market-hours-us-equity.json"), "utf8")) as Record<
    string,
    MarketHours
  >;
  const hours = file["Equity-usa-[*]"] as MarketHours;
  const iso = (date: string): string => {
    const [month, day, year] = date.split("/").map(Number) as [number, number, number];
    return isoDate(dayNumber(year, month, day));
  };
  for (const close of Object.values(hours.earlyCloses)) expect(close).toBe("13:00:00");
  return {
    holidays: new Set(hours.holidays.map(iso)),
    earlyCloses: new Set(Object.keys(hours.earlyCloses).map(iso)),
  };
}

describe("New York time", () => {
  it("agrees with Intl at every hour around every clock change from 1998 to 2037", () => {
    const format = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", timeZoneName: "longOffset" });
    const intlOffset = (time: number): number => {
      const name = format.formatToParts(time).find((part) => part.type === "timeZoneName")?.value ?? "";
      return Number(/GMT([+-]\d{2})/.exec(name)?.[1]) * HOUR;
    };
    for (let year = 1998; year <= 2037; year++) {
      for (const month of [3, 4, 10, 11]) {
        const from = dayNumber(year, month, 1) * MS_PER_DAY;
        for (let day = 0; day < 31; day++) {
          const noon = from + day * MS_PER_DAY + 12 * HOUR;
          if (intlOffset(noon) !== newYorkOffset(noon)) expect.fail(new Date(noon).toISOString());
          if (weekdayOf(Math.floor(noon / MS_PER_DAY)) !== 7) continue;
          for (let hour = 4; hour < 9; hour++) {
            for (const ms of [0, HOUR - 1]) {
              const time = from + day * MS_PER_DAY + hour * HOUR + ms;
              if (intlOffset(time) !== newYorkOffset(time)) expect.fail(new Date(time).toISOString());
            }
          }
        }
      }
    }
  });

  it("reads 09:31 at the known instants on both sides of clock changes", () => {
    for (const iso of ["2008-03-07T14:31Z", "2008-03-10T13:31Z", "2013-11-01T13:31Z", "2013-11-04T14:31Z"]) {
      expect(NYSE.localTime(at(iso)).minutes).toBe(571);
    }
    expect(NYSE.localTime(at("2013-11-04T14:31Z")).weekday).toBe(1);
    expect(NYSE.localTime(at("2024-03-10T03:30Z"))).toEqual({ minutes: 22.5 * 60, weekday: 6 });
    expect(newYorkEpoch(dayNumber(2024, 7, 1), 9.5 * HOUR)).toBe(at("2024-07-01T13:30Z"));
  });
});

describe("NYSE calendar", () => {
  it("opens on exactly the weekdays that are no holiday of the reference", (context) => {
    if (!haveSharedData()) context.skip(SHARED_DATA_MISSING);
    const { holidays, earlyCloses } = reference();
    for (let day = dayNumber(1998, 1, 1); day < dayNumber(2029, 1, 1); day++) {
      const date = isoDate(day);
      const session = NYSE.sessionOn(date);
      expect(session !== undefined, date).toBe(weekdayOf(day) <= 5 && !holidays.has(date));
      if (session === undefined) continue;
      const short = earlyCloses.has(date) || MISSING_IN_REFERENCE.includes(date);
      expect(session.close - session.open, date).toBe((short ? 3.5 : 6.5) * HOUR);
      expect(session.extendedClose - session.extendedOpen, date).toBe((short ? 13 : 16) * HOUR);
    }
  });

  it("has a session for every SPY daily row and no other", (context) => {
    if (!haveSharedData()) context.skip(SHARED_DATA_MISSING);
    const rows = leanDailyBars("spy");
    let session = NYSE.sessionAtOrAfter((rows[0] as { start: number }).start);
    for (const row of rows) {
      expect(session).toBeDefined();
      if (session === undefined) return;
      expect(NYSE.dateOf(session)).toBe(isoDate(Math.floor((row.start + 12 * HOUR) / MS_PER_DAY)));
      session = NYSE.sessionAtOrAfter(session.extendedClose);
    }
  });

  it("knows special closures and half days", () => {
    for (const date of ["2001-09-11", "2001-09-14", "2004-06-11", "2012-10-29", "2018-12-05", "2025-01-09"]) {
      expect(NYSE.sessionOn(date), date).toBeUndefined();
    }
    expect(NYSE.sessionOn("2015-12-24")?.close).toBe(at("2015-12-24T18:00Z"));
    expect(NYSE.sessionOn("2015-12-24")?.extendedClose).toBe(at("2015-12-24T22:00Z"));
    expect(NYSE.sessionOn("2022-06-20")).toBeUndefined();
    expect(NYSE.sessionOn("2021-06-18")).toBeDefined();
    expect(NYSE.sessionOn("2021-12-31")).toBeDefined();
    expect(NYSE.sessionOn("2024-02-30")).toBeUndefined();
    expect(NYSE.sessionOn("nonsense")).toBeUndefined();
  });

  it("gives the session in progress, else the next and the previous one", () => {
    const monday = NYSE.sessionOn("2024-03-11");
    const friday = NYSE.sessionOn("2024-03-08");
    expect(NYSE.sessionAtOrAfter(at("2024-03-11T08:00Z"))).toBe(monday);
    expect(NYSE.sessionAtOrBefore(at("2024-03-11T08:00Z"))).toBe(monday);
    expect(NYSE.sessionAtOrAfter(at("2024-03-11T07:59:59.999Z"))).toBe(monday);
    expect(NYSE.sessionAtOrBefore(at("2024-03-11T07:59:59.999Z"))).toBe(friday);
    expect(NYSE.sessionAtOrAfter(at("2024-03-10T12:00Z"))).toBe(monday);
    expect(NYSE.sessionAtOrAfter((friday as { extendedClose: number }).extendedClose)).toBe(monday);
    expect(NYSE.sessionAtOrBefore((friday as { extendedClose: number }).extendedClose)).toBe(friday);
  });

  it("answers undefined outside its table", () => {
    expect(NYSE.sessionAtOrAfter(NYSE.until)).toBeUndefined();
    expect(NYSE.sessionAtOrBefore(NYSE.until)).toBeUndefined();
    expect(NYSE.sessionAtOrAfter(NYSE.from - 1)).toBeUndefined();
    expect(NYSE.sessionAtOrBefore(NYSE.from)).toBeUndefined();
    expect(NYSE.sessionAtOrAfter(NaN)).toBeUndefined();
    expect(NYSE.dateOf(NYSE.sessionAtOrAfter(NYSE.from) as never)).toBe("1998-01-02");
    expect(NYSE.sessionOn("2028-12-29")).toBeDefined();
  });

  it("shares one session object for all look-ups of a day", () => {
    const a = NYSE.sessionAtOrAfter(at("2020-05-05T15:00Z"));
    expect(NYSE.sessionAtOrBefore(at("2020-05-05T19:00Z"))).toBe(a);
    expect(NYSE.sessionOn("2020-05-05")).toBe(a);
  });
});
