/** Whatever is in a file: no crash, no hang, and every error has a place. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../engine/lang/compile.ts";
import { renderDiagnostics } from "../../engine/report/diagnostics.ts";
import { runs } from "../support/runs.ts";

const FOLDER = join(import.meta.dirname, "../golden/lang");
const CASES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".yaml") && !name.startsWith("project-"))
  .map((name) => readFileSync(join(FOLDER, name), "utf8"));
const FILE = "x.strategy.yaml";

function check(text: string): void {
  const { program, diagnostics } = compile({ [FILE]: text });
  const errors = diagnostics.filter((finding) => finding.severity === "error");
  expect(program === null).toBe(errors.length > 0);
  if (program !== null) expect(program.strategies).toHaveLength(1);
  const lines = text.split("\n").length;
  for (const finding of diagnostics) {
    expect(finding.line).toBeGreaterThanOrEqual(1);
    expect(finding.line).toBeLessThanOrEqual(lines);
    expect(finding.column).toBeGreaterThanOrEqual(1);
    expect(finding.start).toBeLessThanOrEqual(text.length);
    expect(finding.end).toBeLessThanOrEqual(text.length);
    expect(finding.message).not.toMatch(/undefined|\[object/);
  }
  renderDiagnostics(diagnostics, { format: "pretty", color: true, texts: { [FILE]: text } });
}

describe("compile", () => {
  it("survives every truncation of a real file", () => {
    const text = readFileSync(join(FOLDER, "ok-all-of-it.yaml"), "utf8");
    for (let length = 0; length < text.length; length += 7) check(text.slice(0, length));
  });

  it("survives random edits of real files", () => {
    const scrap = fc.constantFrom(
      "[",
      "]",
      "{",
      "}",
      ":",
      ": ",
      "- ",
      "#",
      "&a",
      "*a",
      "!",
      "'",
      '"',
      "\t",
      "\n",
      "  ",
      "null",
      "1e999",
      ".inf",
      ".nan",
      "~",
      "%",
      "\u0000",
      "\ue000",
      "é",
      "💥",
      "on: ",
      "(",
      ")",
      ",",
      "<<: ",
      "?",
      "|",
      ">",
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...CASES),
        fc.array(fc.tuple(fc.nat(), fc.nat(4), scrap), { minLength: 1, maxLength: 4 }),
        (text, edits) => {
          let edited = text;
          for (const [at, cut, what] of edits) {
            const place = at % (edited.length + 1);
            edited = edited.slice(0, place) + what + edited.slice(place + cut);
          }
          check(edited);
        },
      ),
      { numRuns: runs(1500) },
    );
  });

  it("survives random bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        check(text);
        check(
          `barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\nrules:\n  - name: go\n    when: ${JSON.stringify(text)}\n    then: {close: {}}\n`,
        );
      }),
      { numRuns: runs(500) },
    );
  });

  it("survives random words of the language", () => {
    const word = fc.constantFrom(
      "close",
      "rsi",
      "rsi(14)",
      "(",
      ")",
      "[",
      "]",
      "3",
      "2%",
      "10m",
      "09:45",
      "and",
      "or",
      "not",
      "crosses",
      "above",
      "for",
      "within",
      "bars",
      "then",
      "between",
      "in",
      "is",
      "<",
      ">=",
      "==",
      "+",
      "-",
      "*",
      "/",
      ",",
      "on:",
      "of:",
      "symbol:",
      "1d",
      "band.upper",
      "position.qty",
      ".",
      "x",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 14 }), (words) => {
        check(
          `barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\nrules:\n  - name: go\n    when: ${JSON.stringify(words.join(" "))}\n    then: {close: {}}\n`,
        );
      }),
      { numRuns: runs(1500) },
    );
  });

  it.each([
    ["an open bracket and a comment that nothing ends", "barwise: 1 # one\nrules: [ # two"],
    ["a large file", `# ${"x".repeat(300_000)}`],
    ["many errors", `a: ${"[&b ".repeat(5000)}`],
    [
      "a long expression",
      `barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\nrules:\n  - {name: go, when: "${"1+".repeat(4000)}close > 1", then: {close: {}}}\n`,
    ],
    [
      "many lookbacks",
      `barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\nrules:\n  - {name: go, when: "close${"[1]".repeat(3000)} > 1", then: {close: {}}}\n`,
    ],
    [
      "many minuses",
      `barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\nrules:\n  - {name: go, when: "${"-".repeat(5000)}close > 1", then: {close: {}}}\n`,
    ],
    [
      "many nots",
      `barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\nrules:\n  - {name: go, when: "${"not ".repeat(2000)}close > 1", then: {close: {}}}\n`,
    ],
    [
      "prototype names",
      "__proto__: 1\nconstructor: 2\nbarwise: 1\nname: constructor\nparams: {__proto__: 1, toString: 2}\n",
    ],
    [
      "prototype names in expressions",
      'barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\nrules:\n  - {name: __proto__, when: "constructor > 1 and toString(1) > hasOwnProperty", then: {close: {}}}\n',
    ],
    ["block nesting", Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
  ])("refuses %s in time", (_, text) => {
    const started = performance.now();
    check(text);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it("refuses a file name from Object.prototype without a crash", () => {
    expect(compile({}, { project: "constructor" }).program).not.toBeNull();
  });
});
