import { expect, it } from "vitest";
import { localClock, zonedTime } from "../../../engine/adapters/venue/times.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";

it("writes the exchange's whole offset at any fraction of a minute", () => {
  const nyse = calendarOf("SPY");
  for (const ms of [0, 1, 999, 30_500, 59_999]) {
    expect(zonedTime(nyse, Date.parse("2001-01-02T21:00:00Z") + ms)).toMatch(/^2001-01-02T16:00:\d\d-05:00$/);
    expect(zonedTime(nyse, Date.parse("2001-07-02T20:00:00Z") + ms)).toMatch(/^2001-07-02T16:00:\d\d-04:00$/);
    expect(localClock(nyse, Date.parse("2001-01-02T21:07:00Z") + ms)).toBe("16:07");
  }
});
