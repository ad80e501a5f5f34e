/** Times and intervals of tests on real sessions. */
import { describe, expect, it } from "vitest";
import { isoTime } from "../../engine/core/time.ts";
import { intervalsBefore, intervalsFrom, parseTestTime } from "../../engine/lang/test-time.ts";
import { DAY, parseBarSize } from "../../engine/market/bar-size.ts";
import { NYSE } from "../../engine/market/nyse.ts";

const FIVE = parseBarSize("5m")!;
const at = (text: string): number => Date.parse(text);

describe("times of tests", () => {
  it.each([
    ["2024-03-04T09:30", "2024-03-04T14:30:00Z"],
    ["2024-03-04T09:30:00 America/New_York", "2024-03-04T14:30:00Z"],
    ["2024-07-01 09:30", "2024-07-01T13:30:00Z"],
    ["2024-03-04T14:30:00Z", "2024-03-04T14:30:00Z"],
    ["2024-03-04T15:30+01:00", "2024-03-04T14:30:00Z"],
  ])("%s", (text, expected) => {
    expect(parseTestTime(text)).toEqual({ time: at(expected) });
  });

  it("reads a date as a whole day, and nothing else", () => {
    expect(parseTestTime("2024-03-04")).toEqual({ date: "2024-03-04" });
    for (const text of ["2024-02-30T09:30", "2024-03-04T25:00", "tomorrow", "09:30", "1890-01-01T00:00"])
      expect(parseTestTime(text)).toBeUndefined();
  });
});

describe("intervals", () => {
  const grid = { calendar: NYSE, size: FIVE, session: "regular" as const };

  it("skip the night, the weekend and the change of clocks", () => {
    // Friday 2024-03-08 15:55 New York; daylight saving time begins on Sunday.
    const bars = intervalsFrom(grid, at("2024-03-08T20:55:00Z"), 2);
    expect(bars.map(({ start }) => isoTime(start))).toEqual(["2024-03-08T20:55:00Z", "2024-03-11T13:30:00Z"]);
  });

  it("end at a half day's close", () => {
    const bars = intervalsFrom(grid, at("2024-11-29T17:55:00Z"), 2);
    expect(bars.map(({ start }) => isoTime(start))).toEqual(["2024-11-29T17:55:00Z", "2024-12-02T14:30:00Z"]);
  });

  it("go back over holidays, oldest first", () => {
    const days = intervalsBefore({ ...grid, size: DAY }, at("2024-01-02T14:30:00Z"), 2);
    expect(days.map(({ start }) => isoTime(start).slice(0, 10))).toEqual(["2023-12-28", "2023-12-29"]);
  });

  it("leave out the day that is not over", () => {
    const [day] = intervalsBefore({ ...grid, size: DAY }, at("2024-03-05T17:00:00Z"), 1);
    expect(isoTime(day!.start).slice(0, 10)).toBe("2024-03-04");
  });

  it("back and forth are the same bars", () => {
    const forth = intervalsFrom(grid, at("2024-03-04T14:30:00Z"), 200);
    expect(intervalsBefore(grid, forth.at(-1)!.end, 200)).toEqual(forth);
  });
});
