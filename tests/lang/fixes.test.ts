/** Corrections: what they write, when they are safe, and that a file is never worse afterwards. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../engine/lang/compile.ts";
import type { Diagnostic } from "../../engine/lang/diagnostic.ts";
import { fixFiles } from "../../engine/lang/fix-files.ts";
import { safeFix, withEdits } from "../../engine/lang/fix.ts";
import { didYouMean } from "../../engine/lang/suggest.ts";

const FILE = "a.strategy.yaml";
const GOLDEN = join(import.meta.dirname, "../golden/lang");

/** A strategy whose one rule has this condition. */
function when(condition: string): string {
  return `barwise: 1\nname: a\nsymbols: [SPY]\non: 5m\nrules:\n  - name: go\n    when: ${condition}\n    then: {close: {}}\n`;
}

function fixed(text: string): { readonly text: string; readonly left: readonly string[]; readonly count: number } {
  const { files, diagnostics, applied } = fixFiles({ [FILE]: text });
  return { text: files[FILE] as string, left: diagnostics.map(({ code }) => code), count: applied.length };
}

function findings(text: string): readonly Diagnostic[] {
  return compile({ [FILE]: text }).diagnostics;
}

/** Each text that one of the offered corrections would make. */
function offers(text: string): readonly string[] {
  return findings(text).flatMap(({ fixes }) => fixes.map(({ edits }) => withEdits(text, edits)));
}

describe("a safe correction", () => {
  it.each([
    ["rsi(14) < 30 & close > open", "rsi(14) < 30 and close > open"],
    ["rsi(14) < 30 | close > open", "rsi(14) < 30 or close > open"],
    ["rsi(14) < 30%", "rsi(14) < 30"],
    ["close > open for 10min", "close > open for 10m"],
    ["close > open for 3bars", "close > open for 3 bars"],
    ["clsoe > open", "close > open"],
    ["Close > open", "close > open"],
    ["RSI(14) > 70", "rsi(14) > 70"],
    ["close > opne", "close > open"],
    ["volume > 1.5e3", "volume > 1500"],
    ["volume > 25e-1", "volume > 2.5"],
    ["close > open * .5", "close > open * 0.5"],
    ["close > open * 2 %", "close > open * 2%"],
    ["20 < rsi(14) < 40", "20 < rsi(14) and rsi(14) < 40"],
    ["bollinger(20, 2).uper < close", "bollinger(20, 2).upper < close"],
    ["sma(20, perod: 3) > close", "sma(20, perod: 3) > close"],
  ])("writes %s as %s", (before, after) => {
    expect(fixed(when(before)).text).toBe(when(after));
  });

  it.each([
    ["symbols: [SPY, TRUE, 0700]", 'symbols: [SPY, "TRUE", "0700"]'],
    ["symbols: [SPY, null]", 'symbols: [SPY, "null"]'],
  ])("puts quotes around %s", (before, after) => {
    const text = when("close > open");
    expect(fixed(text.replace("symbols: [SPY]", before)).text).toBe(text.replace("symbols: [SPY]", after));
  });

  it("corrects a key that only one key is like, and leaves one that is like two", () => {
    expect(fixed(`${when("close > open")}    coldown: 5 bars\n`).text).toBe(
      `${when("close > open")}    cooldown: 5 bars\n`,
    );
    const two = `${when("close > open")}risk: {max_order: 4}\n`;
    expect(fixed(two).text).toBe(two);
  });

  it("takes an unused exception away with its line, whatever ends the lines", () => {
    for (const end of ["\n", "\r\n"]) {
      const text = when("close > open").replaceAll("\n", end);
      const comment = `  # lint-ignore risk/no-exit -- sold by hand${end}`;
      expect(fixed(text.replace("  - name", `${comment}  - name`))).toEqual({ text, left: [], count: 1 });
      expect(fixed(text + comment.trimEnd()).text).toBe(text.slice(0, -end.length));
    }
  });

  it("writes a name of the file without the empty parentheses behind it", () => {
    const text = when("trend() > open").replace("rules:", "facts: {trend: sma(20)}\nrules:");
    expect(fixed(text).text).toBe(text.replace("trend()", "trend"));
    const full = text.replace("trend()", "trend(3)");
    expect(fixed(full).text).toBe(full);
    expect(offers(full)).toEqual([text.replace("trend()", "trend")]);
  });

  it("puts an expression that YAML cut at a comma into quotes", () => {
    const text = when("{any: [rsi(14) < 30, sma(20, on: 1d) > close]}");
    expect(fixed(text)).toEqual({
      text: when('{any: [rsi(14) < 30, "sma(20, on: 1d) > close"]}'),
      left: [],
      count: 1,
    });
  });

  it("puts a value with a second colon into quotes", () => {
    const text = when("close > open").replace("name: a", "name: a\ndescription: Buys: dips, and sells # later");
    expect(fixed(text).text).toBe(text.replace("Buys: dips, and sells", '"Buys: dips, and sells"'));
  });

  it.each([
    ["on: 5m", "on: 5min", "on: 5m"],
    ["on: 5m", "on: 1D", "on: 1d"],
    ["on: 5m", "on: daily", "on: 1d"],
    ["on: 5m", "on: '15 minutes'", "on: '15m'"],
    ["on: 5m", "on: 1M", "on: 1M"],
    ["on: 5m", "on: 7m", "on: 7m"],
    ["    then", "    cooldown: 30 min\n    then", "    cooldown: 30m\n    then"],
    ["    then", "    cooldown: 5bars\n    then", "    cooldown: 5 bars\n    then"],
    ["    then", "    limit: 3 per day\n    then", "    limit: 3/day\n    then"],
    ["    then", "    limit: 3 a week\n    then", "    limit: 3/week\n    then"],
    ["close > open", "sma(20, on: 1day) > open", "sma(20, on: 1d) > open"],
  ])("spells small values as the language does: %s", (place, before, after) => {
    const text = when("close > open");
    expect(fixed(text.replace(place, before)).text).toBe(text.replace(place, after));
  });

  it("adds the version of the language", () => {
    const text = when("close > open").replace("barwise: 1\n", "");
    expect(fixed(`# mine\n\n${text}`).text).toBe(`# mine\n\nbarwise: 1\n${text}`);
  });

  it("takes invisible characters out, all at once", () => {
    const text = when("close > open");
    expect(fixed(text.replace("close > open", "close\u0008 > \u0008open"))).toEqual({ text, left: [], count: 1 });
  });
});

describe("a correction that needs a person", () => {
  it.each([
    // A short word is like several.
    ["tma(20) > close", ["sma", "ema", "wma", "rma", "tema", "hma"].map((one) => `${one}(20) > close`)],
    ["rsi(14) between 70 and 30", ["rsi(14) between 30 and 70"]],
    ["close > open for 3", ["close > open for 3 bars", "close > open for 3m"]],
    [
      "bollinger(20, 2) > close",
      ["upper", "middle", "lower", "width", "percent_b"].map((one) => `bollinger(20, 2).${one} > close`),
    ],
    ["close > open and !(rsi(14) > 3)", ["close > open and not (rsi(14) > 3)"]],
  ])("is offered for %s and not applied", (before, after) => {
    const text = when(before);
    const made = offers(text).map((one) => one.replace("not  (", "not ("));
    expect(made.toSorted()).toEqual(after.map(when).toSorted());
    expect(fixed(text)).toMatchObject({ text, count: 0 });
  });

  it("is offered for a name whose number differs", () => {
    const text = when("close > trend50").replace("rules:", "facts: {trend20: sma(20)}\nrules:");
    expect(offers(text)).toEqual([text.replace("trend50", "trend20")]);
    expect(fixed(text).text).toBe(text);
  });

  it("takes out what nothing uses, with its line", () => {
    const text = when("close > b").replace("rules:", "params:\n  idle: 1\n  b: 2\nrules:");
    expect(offers(text)).toEqual([text.replace("  idle: 1\n", "")]);
    const flow = when("close > b").replace("rules:", "params: {b: 2, idle: 1}\nrules:");
    expect(offers(flow)).toEqual([flow.replace(", idle: 1", "")]);
    const last = when("close > 1").replace("rules:", "params: {idle: 1}\nrules:");
    expect(offers(last)).toEqual([last.replace("params: {idle: 1}\n", "")]);
  });

  it("takes out the second of two equal rules", () => {
    const text = when("close > open");
    const rule = "  - name: again\n    when: close > open\n    then: {close: {}}\n";
    expect(offers(text + rule)).toEqual([text]);
  });
});

describe("many corrections", () => {
  it("are applied until none is left, one after the other where they touch", () => {
    const { text, left } = fixed(when("10 < rsi(14) < 9e1 & clsoe > open for 10min"));
    expect(text).toBe(when("10 < rsi(14) and rsi(14) < 90 and close > open for 10m"));
    expect(left).toEqual([]);
  });

  it("come to an end in a file that is full of mistakes", () => {
    const rules = Array.from(
      { length: 60 },
      (_, i) => `  - {name: r${i}, wehn: clsoe > ${i + 1}, then: {close: {}}}\n`,
    );
    const text = `barwise: 1\nname: a\nsymbols: [TRUE]\non: 5m\nrules:\n${rules.join("")}`;
    const { text: after, count } = fixed(text);
    expect(after).not.toMatch(/wehn|clsoe|\[TRUE/);
    expect(count).toBe(121);
  });

  it("go on however many of them would make the file worse", () => {
    // A space after each `limit:` in `close` would name what nothing has; the others are right.
    const rule = (i: number): string =>
      `{name:"r${i}",when:"close > ${i + 1}",then:{close:{limit:"limit"}},limit:"1/bar",once_per:"session"}`;
    const rules = Array.from({ length: 8 }, (_, i) => rule(i)).join(",");
    const { text, count } = fixed(`{barwise:1,name:"a",symbols:["SPY"],on:"5m",rules:[${rules}]}\n`);
    expect(text).not.toMatch(/(?:name|when|once_per|on):"/);
    expect(text.match(/limit:"limit"/g)).toHaveLength(8);
    expect(text.match(/limit: "1\/bar"/g)).toHaveLength(8);
    expect(fixed(text).count).toBe(0);
    expect(count).toBeGreaterThan(30);
  });

  it("leave out the one that would make the file worse, and apply the others", () => {
    // In quotes the mapping would be text, and text is no action.
    const text = when("clsoe > open").replace("then: {close: {}}", "then: buy: size\n    coldown: 5 bars");
    const { text: after } = fixed(text);
    expect(after).toBe(text);
    const other = `${when("clsoe > open")}    limit: 3/day\n    limitt: 4/day\n`;
    expect(fixed(other).text).toBe(other.replace("clsoe", "close"));
  });

  it("leave an exception alone while errors keep its finding from being seen", () => {
    const text = when("nothing_like_it > open").replace(
      "  - name",
      "  # lint-ignore risk/no-exit -- sold by hand\n  - name",
    );
    expect(findings(text).map(({ code }) => code)).toEqual(["names/unknown"]);
    expect(fixed(text).text).toBe(text);
  });

  it("respect what a person has overruled", () => {
    const text = when("rsi(14) between 70 and 30").replace(
      "    when",
      "    # lint-ignore logic/never -- kept for later\n    when",
    );
    expect(findings(text).flatMap(({ fixes }) => fixes)).toEqual([]);
  });

  it("change nothing in files that are in order", () => {
    const text = when("close > open");
    expect(fixed(text)).toEqual({ text, left: [], count: 0 });
  });
});

describe("every correction of the golden files", () => {
  const texts = readdirSync(GOLDEN)
    .filter((name) => name.endsWith(".yaml") && !/^(?:test|project)-/.test(name))
    .map((name) => [name, readFileSync(join(GOLDEN, name), "utf8")] as const);

  it("stays inside its file, in order and apart", () => {
    let count = 0;
    for (const [, text] of texts) {
      for (const { edits } of findings(text).flatMap(({ fixes }) => fixes)) {
        count++;
        let at = 0;
        for (const { start, end } of edits) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThanOrEqual(start);
          at = end;
        }
        expect(at).toBeLessThanOrEqual(text.length);
      }
    }
    expect(count).toBeGreaterThan(20);
  });

  it("is safe only where the file did not compile or its digest stays", () => {
    let safe = 0;
    for (const [name, text] of texts) {
      const before = compile({ [FILE]: text });
      for (const finding of before.diagnostics) {
        const fix = safeFix(finding);
        if (fix === undefined) continue;
        safe++;
        if (before.program === null) continue;
        expect([name, compile({ [FILE]: withEdits(text, fix.edits) }).program?.digest]).toEqual([
          name,
          before.program.digest,
        ]);
      }
    }
    expect(safe).toBeGreaterThan(10);
  });

  it("comes to rest: a second time nothing is corrected", () => {
    for (const [name, text] of texts) {
      const { files, applied } = fixFiles({ [FILE]: text });
      if (applied.length === 0) expect([name, files[FILE]]).toEqual([name, text]);
      else expect([name, fixFiles(files).applied]).toEqual([name, []]);
    }
  });
});

describe("whatever is done to a strategy", () => {
  const folder = join(import.meta.dirname, "../../strategies");
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith(".strategy.yaml"))
    .map((name) => readFileSync(join(folder, name), "utf8"));
  const pieces = [
    "&",
    "%",
    "1e3",
    ".5",
    "min",
    "clsoe",
    "TRUE",
    ": ",
    "#",
    "(",
    ")",
    "{",
    "}",
    "[",
    "\n",
    "  ",
    "x",
    "'",
    '"',
    "\t",
    "\u0007",
  ];
  const edit = fc.tuple(fc.nat(4_000), fc.nat(4), fc.constantFrom(...pieces));
  const texts = fc
    .tuple(fc.constantFrom(...sources), fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([source, edits]) =>
      edits.reduce((text, [at, cut, piece]) => {
        const here = at % (text.length + 1);
        return text.slice(0, here) + piece + text.slice(here + cut);
      }, source),
    );

  it("corrections come to rest and keep a program that was there", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const before = compile({ [FILE]: text });
        const { files, applied, diagnostics } = fixFiles({ [FILE]: text });
        if (applied.length === 0) {
          expect(files[FILE]).toBe(text);
          return;
        }
        const after = compile(files);
        expect(after.diagnostics).toEqual(diagnostics);
        if (before.program !== null) expect(after.program?.digest).toBe(before.program.digest);
        expect(fixFiles(files).applied).toEqual([]);
      }),
      { numRuns: process.env["BARWISE_SOAK"] === "1" ? 5_000 : 150 },
    );
  }, 300_000);
});

describe("did you mean", () => {
  const safe = (word: string, candidates: readonly string[]): boolean => {
    const help = didYouMean(word, candidates);
    if (typeof help === "string") throw new Error("no suggestion");
    const site = { place: { start: 0, end: word.length }, source: () => word };
    return help.fixes.every((propose) => propose(site)?.safe === true);
  };

  it("is certain of one slip in a word that is like no other", () => {
    expect(safe("uptrned", ["uptrend", "close"])).toBe(true);
    expect(safe("uptrendd", ["uptrend"])).toBe(true);
    expect(safe("Uptrend", ["uptrend"])).toBe(true);
  });

  it("is not certain of two slips, short words, numbers and two candidates", () => {
    expect(safe("uptrendss", ["uptrend"])).toBe(false);
    expect(safe("gtd", ["gtc", "day"])).toBe(false);
    expect(safe("fast9", ["fast8"])).toBe(false);
    expect(safe("fast", ["fasta", "fastb"])).toBe(false);
  });
});
