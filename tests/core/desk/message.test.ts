import { describe, expect, it } from "vitest";
import { messageOf } from "../../../engine/core/desk/message.ts";
import type { MessagePart } from "../../../engine/core/program.ts";

const told = (value: number, as?: Exclude<MessagePart, string>["as"]): string =>
  messageOf([{ expression: 0, ...(as === undefined ? {} : { as }) }], { 0: value });

describe("a number in a message", () => {
  it.each([
    [101.5, "101.5"],
    [0.1 + 0.2, "0.3"],
    [100 / 3, "33.3333"],
    [1_234_567.891, "1234567.891"],
    [123_456_789_012, "123456789012"],
    [0.00001234, "0.00001234"],
    [1e-7, "0.0000001"],
    [-2.5, "-2.5"],
    [0, "0"],
  ])("%d reads %s", (value, text) => {
    expect(told(value)).toBe(text);
  });

  it("is a percentage, a time of day or a duration where the fact is one", () => {
    expect(told(0.0234567, "percent")).toBe("2.35%");
    expect(told(-0.5, "percent")).toBe("-50%");
    expect(told(585, "clock")).toBe("09:45");
    expect([45, 3_600, 7_500, 90_061, 0, -60].map((seconds) => told(seconds, "duration"))).toEqual([
      "45s",
      "1h",
      "2h 5m",
      "1d 1h",
      "0s",
      "-1m",
    ]);
  });

  it("that is unknown is said to be", () => {
    expect(messageOf(["price ", { expression: 3 }, "."], {})).toBe("price unknown.");
  });
});
