/**
 * Strategies that are made of several files: tests/golden/composed. Each case holds its files under `=== path` lines.
 * UPDATE_GOLDEN=1 writes the answers; read the difference before committing it.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compile } from "../../engine/lang/compile.ts";
import type { FileTexts } from "../../engine/lang/compile.ts";
import { wantedBy } from "../../engine/lang/references.ts";
import { renderDiagnostics } from "../../engine/report/diagnostics.ts";

const FOLDER = join(import.meta.dirname, "../golden/composed");
const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".txt"))
  .map((name) => name.replace(/\.txt$/, ""))
  .sort();

function filesOf(name: string): FileTexts {
  const parts = readFileSync(join(FOLDER, `${name}.txt`), "utf8").split(/^=== (.+)\n/m);
  const files: Record<string, string> = {};
  for (let i = 1; i < parts.length; i += 2) files[parts[i] as string] = parts[i + 1] as string;
  return files;
}

describe("golden findings of composed strategies", () => {
  it.each(names)("%s", (name) => {
    const files = filesOf(name);
    const { program, diagnostics } = compile(files, { history: () => 500 });
    expect(program === null).toBe(diagnostics.some((finding) => finding.severity === "error"));
    for (const { file, start, end } of diagnostics) {
      expect(Object.keys(files)).toContain(file);
      expect(end).toBeLessThanOrEqual((files[file] ?? "").length);
      expect(start).toBeLessThanOrEqual(end);
    }
    const found = renderDiagnostics(diagnostics, { format: "pretty", color: false, texts: files }) || "no findings\n";
    const out = join(FOLDER, `${name}.out`);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(out, found);
    expect(found).toBe(readFileSync(out, "utf8"));
  });
});

const TEMPLATE = `barwise: 1
inputs:
  period: {type: integer, default: 14}
  stop: {type: expression, default: 2 * atr(14)}
  big: {type: bar_size, default: 1d}
  names: {type: symbols, default: [SPY, QQQ]}
strategy:
  on: 5m
  symbols: [IWM, $names]
  rules:
    - name: enter
      when: rsi($period) crosses below 30 and close > sma(200, on: $big)
      then: {buy: {size: {risk: 1%, stop: $stop}, bracket: {stop_loss: close - 1 * $stop}}}
    - {name: leave, when: "rsi($period) > 70", then: {alert: {message: "cost $$5, {rsi($period)}"}}}
`;

function strategyOf(files: FileTexts, only?: readonly string[]) {
  const { program, diagnostics } = compile(files, only === undefined ? {} : { only });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const found = program?.strategies.find(({ file }) => file === "use.strategy.yaml");
  if (found === undefined) throw new Error("no strategy");
  return found;
}

describe("a filled template", () => {
  it("is the strategy that a person would have written out", () => {
    const filled = strategyOf({
      "dip.template.yaml": TEMPLATE,
      "use.strategy.yaml": "barwise: 1\nname: use\ntemplate: dip.template.yaml\nwith: {period: 7, stop: atr(14) + 1}\n",
    });
    const written = strategyOf({
      "use.strategy.yaml": `barwise: 1
name: use
symbols: [IWM, SPY, QQQ]
on: 5m
rules:
  - name: enter
    when: rsi(7) crosses below 30 and close > sma(200, on: 1d)
    then: {buy: {size: {risk: 1%, stop: atr(14) + 1}, bracket: {stop_loss: close - 1 * (atr(14) + 1)}}}
  - {name: leave, when: "rsi(7) > 70", then: {alert: {message: "cost $5, {rsi(7)}"}}}
`,
    });
    expect(filled.digest).toBe(written.digest);
  });

  it("names the place in the template where a rule was written", () => {
    const { rules } = strategyOf({
      "dip.template.yaml": TEMPLATE,
      "use.strategy.yaml": "barwise: 1\nname: use\ntemplate: dip.template.yaml\n",
    });
    expect(rules.map(({ source }) => source)).toEqual([
      { file: "dip.template.yaml", line: 11, column: 7 },
      { file: "dip.template.yaml", line: 14, column: 8 },
    ]);
  });
});

const BASE = `barwise: 1
name: base
symbols: [SPY]
on: 5m
params: {oversold: 30, overbought: 70}
rules:
  - {name: enter, when: rsi(14) < oversold, then: {buy: {size: {qty: 1}}}, cooldown: 30m}
  - {name: leave, when: rsi(14) > overbought, then: {close: {}}}
`;

describe("a strategy that extends another", () => {
  it("is the other with what it says differently, and a name of its own", () => {
    const files = {
      "base.strategy.yaml": BASE,
      "use.strategy.yaml": `barwise: 1
name: use
extends: base.strategy.yaml
params: {oversold: 25}
rules:
  - {name: late, when: session.minutes_to_close <= 10, then: {close: {}}}
  - {name: enter, cooldown: }
`,
    };
    const written = `barwise: 1
name: use
symbols: [SPY]
on: 5m
params: {oversold: 25, overbought: 70}
rules:
  - {name: enter, when: rsi(14) < oversold, then: {buy: {size: {qty: 1}}}}
  - {name: leave, when: rsi(14) > overbought, then: {close: {}}}
  - {name: late, when: session.minutes_to_close <= 10, then: {close: {}}}
`;
    expect(strategyOf(files).digest).toBe(strategyOf({ "use.strategy.yaml": written }).digest);
  });

  it("runs alone when only it is asked for", () => {
    const files = {
      "base.strategy.yaml": BASE,
      "use.strategy.yaml": "barwise: 1\nname: use\nextends: base.strategy.yaml\n",
    };
    const { program } = compile(files, { only: ["use.strategy.yaml"] });
    expect(program?.strategies.map(({ name }) => name)).toEqual(["use"]);
    expect(program?.settings?.only).toEqual(["use.strategy.yaml"]);
    expect(compile(files).program?.strategies).toHaveLength(2);
  });

  it("changes when the other changes, and not when it is only laid out anew", () => {
    const use = "barwise: 1\nname: use\nextends: base.strategy.yaml\n";
    const digest = (base: string): string =>
      strategyOf({ "base.strategy.yaml": base, "use.strategy.yaml": use }).digest;
    expect(digest(BASE.replace("30m", "45m"))).not.toBe(digest(BASE));
    expect(digest(`# remark\n${BASE}`)).toBe(digest(BASE));
  });
});

describe("what files name", () => {
  it("is wanted where it may be, until it was looked for", () => {
    const files = {
      "strategies/use.strategy.yaml": "template: t/dip.template.yaml\nsymbols: {file: watchlists/a.yaml}\n",
    };
    expect(wantedBy(files, new Set())).toEqual([
      "strategies/t/dip.template.yaml",
      "strategies/watchlists/a.yaml",
      "t/dip.template.yaml",
      "watchlists/a.yaml",
    ]);
    expect(wantedBy(files, new Set(["strategies/t/dip.template.yaml", "t/dip.template.yaml"]))).toHaveLength(2);
    const found = { ...files, "t/dip.template.yaml": "", "strategies/watchlists/a.yaml": "" };
    expect(wantedBy(found, new Set())).toEqual([]);
    expect(wantedBy(files, new Set(), "project")).toContain("project/watchlists/a.yaml");
  });
});
