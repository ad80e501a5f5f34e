import { describe, expect, it } from "vitest";
import { CODES } from "../../engine/lang/codes.ts";
import { compile } from "../../engine/lang/compile.ts";
import type { Diagnostic } from "../../engine/lang/diagnostic.ts";
import { renderDiagnostics } from "../../engine/report/diagnostics.ts";

const FILE = "strategies/a b.strategy.yaml";
const TEXT = `barwise: 1
name: a
symbols: [SPY]
on: 5m
params: {idle: 1}
rules:
  - name: go
    when: '"' == 1 or rsii(14) < 30
    then: {buy: {size: {qty: 1}}}
  - name: stop
    when: (close > open or volume > 5 and rsi(14) < 20 and rsi(14) > 30)
    then: {close: {}}
    cooldown: 1m
`;
const GOOD = TEXT.replace(`'"' == 1 or rsii(14) < 30`, "rsi(14) < 30");
const texts: Readonly<Record<string, string>> = { [FILE]: TEXT, "b.strategy.yaml": GOOD.replace("name: a", "name: b") };
const { diagnostics } = compile(texts);

interface Log {
  readonly version: string;
  readonly runs: readonly [
    {
      readonly tool: {
        readonly driver: {
          readonly rules: readonly { readonly id: string; readonly properties: { readonly docs: string } }[];
        };
      };
      readonly columnKind: string;
      readonly results: readonly {
        readonly ruleId: string;
        readonly ruleIndex: number;
        readonly level: string;
        readonly message: { readonly text: string };
        readonly locations: readonly {
          readonly physicalLocation: {
            readonly artifactLocation: { readonly uri: string };
            readonly region: Record<string, number>;
          };
        }[];
      }[];
    },
  ];
}

function sarifOf(findings: readonly Diagnostic[]): Log {
  return JSON.parse(renderDiagnostics(findings, { format: "sarif", color: false, texts })) as Log;
}

describe("sarif", () => {
  it("has one result per finding, each with its rule", () => {
    const { version, runs } = sarifOf(diagnostics);
    const [{ tool, results, columnKind }] = runs;
    expect([version, columnKind]).toEqual(["2.1.0", "utf16CodeUnits"]);
    expect(results.length).toBe(diagnostics.length);
    for (const [at, result] of results.entries()) {
      expect(tool.driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
      expect(result.ruleId).toBe(diagnostics[at]?.code);
      expect(result.level).toBe(
        { error: "error", warning: "warning", info: "note" }[diagnostics[at]?.severity ?? "info"],
      );
      expect(result.message.text).not.toBe("");
    }
    expect(new Set(tool.driver.rules.map((rule) => rule.id)).size).toBe(tool.driver.rules.length);
  });

  it("carries the corrections, each with the text that goes and the text that comes", () => {
    const text = GOOD.replace("rsi(14) < 30", "rsii(14) < 30");
    const own = compile({ [FILE]: text }).diagnostics;
    const log = JSON.parse(renderDiagnostics(own, { format: "sarif", color: false, texts: { [FILE]: text } })) as Log;
    const results = log.runs[0].results as unknown as readonly {
      readonly fixes?: readonly {
        readonly description: { readonly text: string };
        readonly properties: { readonly safe: boolean };
        readonly artifactChanges: readonly [
          {
            readonly artifactLocation: { readonly uri: string };
            readonly replacements: readonly [
              {
                readonly deletedRegion: Readonly<Record<string, number>>;
                readonly insertedContent: { readonly text: string };
              },
            ];
          },
        ];
      }[];
    }[];
    const found = results.flatMap(({ fixes = [] }) => fixes);
    expect(found.length).toBe(own.flatMap(({ fixes }) => fixes).length);
    const rsi = found.find(({ description }) => description.text.includes('"rsii"'));
    const [change] = rsi?.artifactChanges ?? [];
    expect(change?.artifactLocation.uri).toBe("strategies/a%20b.strategy.yaml");
    const [{ deletedRegion, insertedContent }] = change?.replacements ?? [
      { deletedRegion: {}, insertedContent: { text: "" } },
    ];
    const { charOffset = 0, charLength = 0, startLine = 0, startColumn = 0, endLine, endColumn } = deletedRegion;
    expect(text.slice(charOffset, charOffset + charLength)).toBe("rsii");
    expect(text.split("\n")[startLine - 1]?.slice(startColumn - 1, (endColumn ?? 0) - 1)).toBe("rsii");
    expect([endLine, insertedContent.text, rsi?.properties.safe]).toEqual([startLine, "rsi", true]);
  });

  it("has regions that cut the guilty text out of the file, and URIs that are URIs", () => {
    for (const result of sarifOf(diagnostics).runs[0].results) {
      const place = result.locations[0]?.physicalLocation;
      const uri = place?.artifactLocation.uri ?? "";
      expect(uri).toMatch(/^[\w./%-]+$/);
      const text = texts[decodeURIComponent(uri)] ?? "";
      const { startLine, startColumn, endLine, endColumn, charOffset, charLength } = place?.region ?? {};
      const offsetOf = (line = 0, column = 0): number =>
        text
          .split("\n")
          .slice(0, line - 1)
          .reduce((sum, one) => sum + one.length + 1, 0) +
        column -
        1;
      expect(
        [startLine, startColumn, endLine, endColumn].every((one) => Number.isInteger(one) && (one ?? 0) >= 1),
      ).toBe(true);
      expect(offsetOf(startLine, startColumn)).toBe(charOffset);
      expect(offsetOf(endLine, endColumn)).toBe((charOffset ?? 0) + (charLength ?? 0));
    }
  });

  it("is a log without results when there are none, and places nothing that has no file", () => {
    expect(sarifOf([]).runs[0].results).toEqual([]);
    const none = compile({}).diagnostics;
    expect(sarifOf(none).runs[0].results.map((result) => result.locations)).toEqual([[]]);
  });

  it("knows a page for every code", () => {
    const [first] = diagnostics;
    if (first === undefined) throw new Error("no finding");
    const codes = Object.keys(CODES) as Diagnostic["code"][];
    const { rules } = sarifOf(codes.map((code) => ({ ...first, code }))).runs[0].tool.driver;
    expect(rules.map((rule) => rule.properties.docs)).toContain("docs/reference/findings/logic-contradiction.md");
    expect(rules).toHaveLength(codes.length);
  });
});

describe("junit", () => {
  const render = (findings: readonly Diagnostic[]): string =>
    renderDiagnostics(findings, { format: "junit", color: false, texts });

  it("counts errors as failures, and a file without findings as a passed case", () => {
    const [first] = diagnostics;
    if (first === undefined) throw new Error("no finding");
    const text = render([
      { ...first, file: FILE, severity: "error" },
      { ...first, file: FILE, severity: "warning", code: "names/unused" },
    ]);
    expect(text).toContain('<testsuites name="barwise lint" tests="3" failures="1">');
    expect(text).toContain('<testsuite name="b.strategy.yaml" tests="1" failures="0">');
    expect(text.match(/<failure /g)).toHaveLength(1);
    expect(text.match(/<system-out>/g)).toHaveLength(1);
  });

  it("escapes what XML would read as its own or could not hold", () => {
    const [first] = diagnostics;
    if (first === undefined) throw new Error("no finding");
    const odd = {
      ...first,
      file: `"<a>&'.yaml`,
      severity: "error" as const,
      message: ']]> \u0000\u001b \uD800 <b> & "c"\nnext',
    };
    const text = render([odd]);
    expect(text).toContain('name="&quot;&lt;a&gt;&amp;\'.yaml"');
    expect(text).toContain('message="]]&gt; \uFFFD\uFFFD \uFFFD &lt;b&gt; &amp; &quot;c&quot;&#10;next"');
    expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(text.replaceAll(/<\/?[a-z?][^<>]*>/g, "")).not.toMatch(/[<>]/);
  });
});
