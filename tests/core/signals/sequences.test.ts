/** `a then b within n`: streamed through the core, and found again by looking at all evaluations. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../../engine/lang/compile.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";
import { runs } from "../../support/runs.ts";

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");

/** One letter a bar of a minute: a, b, c or nothing (`.`), `_` for no bar. Answers `x` where the rule fires. */
function play(when: string, letters: string): string {
  const text = [
    "barwise: 1",
    "name: case",
    "symbols: [SPY]",
    "on: 1m",
    "conditions: {a: close == 1, b: close == 2, c: close == 3}",
    "rules:",
    `  - {name: go, fire: each, when: "${when}", then: {alert: {message: now}}}`,
    "  - {name: other, fire: each, when: a then b within 9 bars, then: {alert: {message: other}}}",
  ].join("\n");
  const { program, diagnostics } = compile({ "case.strategy.yaml": text });
  if (program === null) throw new Error(JSON.stringify(diagnostics, null, 1));
  const run = new CoreDriver(program, OPEN - 1);
  return letters
    .split("")
    .map((letter, index) => {
      if (letter === "_") return "_";
      const before = run.outputs.length;
      run.bar("SPY", "1m", OPEN + index * MINUTE, ".abc".indexOf(letter) || 9);
      const said = run.outputs.slice(before).flatMap((one) => (one.kind === "alert" ? [one.message] : []));
      return said.includes("now") ? "x" : ".";
    })
    .join("");
}

describe("a sequence of two steps", () => {
  it("holds when the first came at one of the bars before, not at the same", () => {
    expect(play("(a) then (b) within 2 bars", "...a.b")).toBe(".....x");
    expect(play("(a) then (b) within 2 bars", "...a..b")).toBe(".......");
    expect(play("(a) then (a) within 2 bars", "...a.a.a")).toBe(".....x.x");
  });

  it("is used up by a firing of its rule", () => {
    expect(play("(a) then (b) within 5 bars", ".....abb.ab")).toBe("......x...x");
  });

  it("within a duration counts time, not bars", () => {
    expect(play("(a) then (b) within 3m", "....a..b")).toBe(".......x");
    expect(play("(a) then (b) within 3m", "....a___b")).toBe(".....___.");
    expect(play("(a) then (b) within 3 bars", "....a___b")).toBe(".....___x");
  });

  it("within a duration is used up by a firing too, and what holds at the firing may lead to the next", () => {
    expect(play("(a) then (b) within 5m", ".....abb.ab")).toBe("......x...x");
    expect(play("(a or b) then (b) within 5m", "......abb.b")).toBe(".......xx.x");
  });
});

describe("a sequence of three steps", () => {
  const three = "(a) then (b) within 3 bars then (c) within 2 bars";

  it("needs each step at a bar before the next one", () => {
    expect(play(three, "......abc")).toBe("........x");
    expect(play(three, "......a..b.c")).toBe("...........x");
    expect(play(three, "......a...bc")).toBe("............");
    expect(play(three, "......ab..c")).toBe("...........");
    expect(play(three, "......bac")).toBe(".........");
  });

  it("is used up as a whole", () => {
    expect(play(three, "......abcc.bc.abc")).toBe("........x.......x");
  });

  it("is left alone by a firing of another rule", () => {
    expect(play("(a) then (b) within 5 bars then (c) within 5 bars", ".........ab.c")).toBe("............x");
  });

  const letters = fc.array(fc.constantFrom("a", "b", "c", "."), { minLength: 10, maxLength: 40 });

  it("is what looking at all the bars finds", () => {
    fc.assert(
      fc.property(letters, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), (bars, n, m) => {
        const text = `........${bars.join("")}`;
        const fired = play(`(a) then (b) within ${n} bars then (c) within ${m} bars`, text);
        const timed = play(`(a) then (b) within ${n}m then (c) within ${m}m`, text);
        let usedBefore = 0;
        const expected = text
          .split("")
          .map((letter, now) => {
            const steps = (end: number, from: string, within: number): number[] =>
              [...text.slice(0, end)]
                .flatMap((_, i) => i)
                .filter((i) => text[i] === from && i >= end - within && i >= usedBefore);
            const found = letter === "c" && steps(now, "b", m).some((at) => steps(at, "a", n).length > 0);
            if (found) usedBefore = now;
            return found ? "x" : ".";
          })
          .join("");
        expect(fired).toBe(expected);
        expect(timed).toBe(expected);
      }),
      { numRuns: runs(60) },
    );
  });
});
