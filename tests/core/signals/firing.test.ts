import { describe, expect, it } from "vitest";
import type { Rule } from "../../../engine/core/program.ts";
import { advance, newRuleState, phaseOf } from "../../../engine/core/signals/firing.ts";
import type { FiringContext } from "../../../engine/core/signals/firing.ts";

function rule(over: Partial<Rule> = {}): Rule {
  return {
    name: "r",
    index: 0,
    condition: { op: "all", kids: [] },
    action: { kind: "cancel" },
    fire: "once",
    start: "wait",
    priority: 0,
    digest: "d",
    source: { file: "f", line: 1, column: 1 },
    ...over,
  };
}

/** Plays truths `T`, `F`, `?` one per bar of a minute; answers `x` where the rule fires. */
function play(subject: Rule, truths: string, over: (index: number) => Partial<FiringContext> = () => ({})): string {
  const state = newRuleState(subject);
  return truths
    .split("")
    .map((letter, index) => {
      const truth = letter === "T" ? 1 : letter === "F" ? 0 : -1;
      const context: FiringContext = {
        time: index * 60_000,
        index,
        bars: index,
        start: (index - 1) * 60_000,
        day: 1,
        truth,
        rearm: -1,
        useful: true,
        trading: true,
        ...over(index),
      };
      return advance(subject, state, context) === "fires" ? "x" : ".";
    })
    .join("");
}

describe("fire: once", () => {
  it("fires on the turn from false to true and not again until it was false", () => {
    expect(play(rule(), "FTTFTT")).toBe(".x..x.");
  });
  it("waits for false when it is already true at load", () => {
    expect(play(rule(), "TTFT")).toBe("...x");
  });
  it("fires at once when it is already true and start is fire", () => {
    expect(play(rule({ start: "fire" }), "TTFT")).toBe("x..x");
  });
  it("waits for false when its first known value is true", () => {
    expect(play(rule(), "??TTFT")).toBe(".....x");
  });
  it("keeps the latch through unknown", () => {
    expect(play(rule(), "FT?TFT")).toBe(".x...x");
    expect(play(rule(), "F?T")).toBe("..x");
  });
  it("with rearm, needs rearm and not only false after it fired", () => {
    const subject = rule({ rearm: { op: "all", kids: [] } });
    expect(play(subject, "FTFTFT", (index) => ({ rearm: index === 4 ? 1 : 0 }))).toBe(".x...x");
  });
  it("does not fire late when the edge came during a cooldown", () => {
    expect(play(rule({ cooldown: { ms: 180_000 } }), "FTFTTTTFT")).toBe(".x......x");
  });
  it("counts a cooldown in bars", () => {
    expect(play(rule({ cooldown: { bars: 3 } }), "FTFTFTFT")).toBe(".x...x..");
  });
  it("stops at the daily limit and starts again the next day", () => {
    const subject = rule({ limit: { count: 2, per: "day" } });
    expect(play(subject, "FTFTFTFT", (index) => ({ day: index < 6 ? 1 : 2 }))).toBe(".x.x...x");
  });
  it.each([
    ["bar", (index: number) => ({ start: Math.floor(index / 4) }), ".x.x.x.x"],
    ["hour", (index: number) => ({ start: index * 20 * 60_000 }), ".x.x.x.x"],
    ["day", (index: number) => ({ day: Math.floor(index / 4) }), ".x.x.x.x"],
    ["week", (index: number) => ({ day: 3 + Math.floor(index / 6) }), ".x.x...x"],
  ] as const)("stops at the limit per %s and starts again with the next one", (per, over, expected) => {
    expect(play(rule({ limit: { count: 2, per } }), "FTFTFTFT", over)).toBe(expected);
  });
  it("does not fire while warming up, and what is true then counts as already true", () => {
    expect(play(rule(), "FTTFT", (index) => ({ trading: index > 1 }))).toBe("....x");
  });
});

describe("fire: each", () => {
  const each = rule({ fire: "each" });
  it("fires at every evaluation where it is true and would change something", () => {
    expect(play(each, "TTFT", (index) => ({ useful: index !== 1 }))).toBe("x..x");
  });
  it("never fires on unknown", () => {
    expect(play(each, "?T?")).toBe(".x.");
  });
  it("fires once per session when told so", () => {
    expect(play(rule({ fire: "each", oncePer: "session" }), "TTTT", (index) => ({ day: index < 2 ? 1 : 2 }))).toBe(
      "x.x.",
    );
  });
});

describe("the phase of a rule", () => {
  it("is named for people", () => {
    const subject = rule({ cooldown: { bars: 2 } });
    const state = newRuleState(subject);
    const at = (index: number, truth: -1 | 0 | 1): string => {
      const context = {
        time: index,
        index,
        bars: index,
        start: index,
        day: 1,
        truth,
        rearm: -1 as const,
        useful: true,
        trading: true,
      };
      advance(subject, state, context);
      return phaseOf(subject, state, context);
    };
    expect([at(0, -1), at(1, 1), at(2, 0), at(3, 1), at(5, 1), at(6, 0)]).toEqual([
      "unknown",
      "waiting",
      "idle",
      "cooling",
      "fired",
      "idle",
    ]);
  });
});
