/** Counts of the last second, minute and day, at the moments at which something leaves them. */
import { describe, expect, it } from "vitest";
import { Counts } from "../../../engine/core/desk/counts.ts";

const SCOPES = ["account", "strategy:a"];

describe("an order that left", () => {
  it.each([
    [59_999, 1],
    [60_000, 0],
  ])("%d ms ago counts %d times in the last minute", (now, expected) => {
    const counts = new Counts();
    counts.sent(SCOPES, 0);
    counts.message(0);
    expect(counts.seen(now, "account")).toEqual({ minute: expected, messages: expected });
    expect([counts.lastMinute(now, "strategy:a"), counts.messagesLastMinute(now)]).toEqual([expected, expected]);
    expect(counts.lastMinute(now, "account")).toBe(expected);
  });

  it.each([
    [999, 1],
    [1_000, 0],
  ])("%d ms ago counts %d times in the last second", (now, expected) => {
    const counts = new Counts();
    counts.sent(SCOPES, 0);
    expect([counts.lastSecond(now, "account"), counts.lastSecond(now, "strategy:a")]).toEqual([expected, expected]);
  });

  it("counts on its day alone, in its scopes alone", () => {
    const counts = new Counts();
    counts.sentOn(1, "account");
    expect([counts.on(1, "account"), counts.on(2, "account"), counts.on(1, "strategy:a")]).toEqual([1, 0, 0]);
    counts.sentOn(2, "account");
    expect([counts.on(1, "account"), counts.on(2, "account")]).toEqual([0, 1]);
  });
});
