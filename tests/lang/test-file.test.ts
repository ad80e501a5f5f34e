/** Test files that strangers wrote: findings, never a crash. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTests } from "../../engine/lang/test-file.ts";
import type { ReadTests } from "../../engine/lang/test-file.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (name: string): string => readFileSync(join(ROOT, "strategies", name), "utf8");
const STRATEGY = read("sma-cross.strategy.yaml");
const TESTS = read("sma-cross.test.yaml");

function readOf(text: string): ReadTests {
  const files = { "sma-cross.strategy.yaml": STRATEGY };
  return readTests("sma-cross.test.yaml", text, { files, absent: new Set(), csv: new Map() });
}

describe("reading a test file", () => {
  it("wants ticks for a strategy on ticks: bars alone are refused where they stand", () => {
    const files = { "t.strategy.yaml": ON_TICKS };
    const of = (data: string): string[] => {
      const text = `strategy: t.strategy.yaml\ntests:\n  - {name: n, ${data}, expect: []}\n`;
      const { diagnostics } = readTests("t.test.yaml", text, { files, absent: new Set(), csv: new Map() });
      return diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
    };
    expect(of("bars: {SPY: 100x5}")).toEqual([
      "3:22 t is judged at trades and quotes (on: tick), and SPY has bars only",
    ]);
    expect(of("bars: {SPY: 100x5}, quotes: {SPY: 100x5}")).toEqual([]);
    expect(of("trades: {SPY: 100x5}")).toEqual([]);
  });

  it("says which files it wants before it has them", () => {
    const env = { files: {}, absent: new Set<string>(), csv: new Map() };
    const { wanted, cases, diagnostics } = readTests("a/b/x.test.yaml", "strategy: ../s.strategy.yaml\n" + REST, env);
    expect(wanted.files).toEqual(["a/s.strategy.yaml"]);
    expect([...cases, ...diagnostics]).toEqual([]);
  });

  it("judges facts of a strategy whose plain text holds an argument with a colon", () => {
    const strategy = STRATEGY.replace("facts:\n", "facts:\n  slow_day: sma(200, on: 1d)\n");
    const files = { "sma-cross.strategy.yaml": strategy };
    const text =
      "strategy: sma-cross.strategy.yaml\ntests:\n  - name: a\n    bars: {SPY: 100x3}\n    expect: [{at: bar 1, fact: close > 1}]\n";
    const { cases, diagnostics } = readTests("a.test.yaml", text, { files, absent: new Set(), csv: new Map() });
    expect(diagnostics).toEqual([]);
    expect(cases).toHaveLength(1);
  });

  it("leaves out a warning that a comment overrules, and finds the comment that overrules nothing", () => {
    const text = (ask: number): string => `strategy: sma-cross.strategy.yaml
tests:
  - name: n
    quotes:
      SPY:
        # lint-ignore data/crossed-quote -- that is what it tests
        - {at: "09:30:00", bid: 101, ask: ${ask}}
    expect: []
`;
    expect(readOf(text(100)).diagnostics).toEqual([]);
    expect(readOf(text(102)).diagnostics.map(({ code }) => code)).toEqual(["schema/unused-ignore"]);
  });

  it("never throws and places every finding, whatever is done to the text", () => {
    const pieces = [
      "{",
      "}",
      "[",
      "]",
      ": ",
      "- ",
      "\n",
      "_",
      "x0",
      "null",
      "bar 0",
      "'",
      '"',
      "~",
      "-1",
      "#",
      "SPY",
      "5m",
    ];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(TESTS.length), fc.nat(6), fc.constantFrom(...pieces)), { minLength: 1, maxLength: 4 }),
        (edits) => {
          let text = TESTS;
          for (const [at, cut, piece] of edits) text = text.slice(0, at) + piece + text.slice(at + cut);
          const { cases, diagnostics } = readOf(text);
          for (const { line, column, file, message } of diagnostics) {
            expect(message).not.toBe("");
            expect(file === "" ? 1 : line * column).toBeGreaterThan(0);
          }
          if (diagnostics.some(({ severity }) => severity === "error")) expect(cases).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);

  it("reads any value in any place without throwing", () => {
    const value = fc.oneof(
      fc.constantFrom(null, true, 0, -3, 1e300, "", "x", "bar 3", "2024-03-04", [], {}, [[]], [null], { SPY: null }),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const keys = ["name", "start", "given", "bars", "trades", "quotes", "history", "expect"];
    fc.assert(
      fc.property(fc.constantFrom(...keys), value, (key, odd) => {
        const test = { name: "n", bars: { SPY: "100x5" }, expect: [], [key]: odd };
        readOf(JSON.stringify({ strategy: "sma-cross.strategy.yaml", tests: [test] }));
        const isData = ["bars", "trades", "quotes", "history"].includes(key);
        const inner = isData ? { [key]: { SPY: odd } } : { expect: [{ at: "bar 1", fact: odd }] };
        readOf(JSON.stringify({ strategy: "sma-cross.strategy.yaml", tests: [{ ...test, ...inner }] }));
        const row = { at: "+1s", price: 1, bid: 1, ask: 1, every: "1s", mid: 1, [key]: odd };
        const rows = { trades: { SPY: [row] }, quotes: { SPY: row } };
        readOf(JSON.stringify({ strategy: "sma-cross.strategy.yaml", tests: [{ name: "n", ...rows, expect: [] }] }));
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});

const ON_TICKS =
  "barwise: 1\nname: t\nsymbols: [SPY]\non: tick\nrules:\n  - {name: go, when: bid > 1, then: {alert: {message: m}}}\n";

const REST = `tests:
  - {name: n, bars: {SPY: 100x5}, expect: []}
`;
