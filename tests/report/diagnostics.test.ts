import { describe, expect, it } from "vitest";
import { compile } from "../../engine/lang/compile.ts";
import { codeFrame } from "../../engine/report/code-frame.ts";
import { renderDiagnostics, summaryOf } from "../../engine/report/diagnostics.ts";

const FILE = "strategies/a.strategy.yaml";
const TEXT = `barwise: 1
name: a
symbols: [SPY]
on: 5m
rules:
  - name: go
    when: rsii(14) < 30
    then: {buy: {size: {qty: 1}}}
    cooldown: 1m
`;
const { diagnostics } = compile({ [FILE]: TEXT });
const texts = { [FILE]: TEXT };

describe("findings as text", () => {
  it("pretty shows place, frame, reason and help", () => {
    const text = renderDiagnostics(diagnostics, { format: "pretty", color: false, texts });
    expect(text).toContain(`${FILE}:7:11 error names/unknown
  Unknown indicator or function "rsii"
    6 │   - name: go
  > 7 │     when: rsii(14) < 30
      │           ^^^^
  why:  A misspelt name would never have a value.
  help: Did you mean "rsi"?
`);
  });

  it("pretty has colour only when asked", () => {
    expect(renderDiagnostics(diagnostics, { format: "pretty", color: false, texts })).not.toContain("\u001b");
    expect(renderDiagnostics(diagnostics, { format: "pretty", color: true, texts })).toContain("\u001b[31m");
  });

  it("concise is one line each", () => {
    const text = renderDiagnostics(diagnostics, { format: "concise", color: false, texts });
    expect(text.split("\n")[0]).toBe(
      `${FILE}:7:11: error: Unknown indicator or function "rsii". Did you mean "rsi"? [names/unknown]`,
    );
    expect(text.trim().split("\n")).toHaveLength(diagnostics.length);
  });

  it("json always holds a list and the counts", () => {
    const parsed = JSON.parse(renderDiagnostics(diagnostics, { format: "json", color: false, texts })) as unknown;
    expect(parsed).toMatchObject({ format_version: 1, valid: false, errors: 1, warnings: 1, diagnostics });
    expect(JSON.parse(renderDiagnostics([], { format: "json", color: false, texts }))).toMatchObject({
      valid: true,
      diagnostics: [],
    });
  });

  it("github escapes what would end an annotation", () => {
    const [first] = diagnostics;
    if (first === undefined) throw new Error("no finding");
    const odd = { ...first, file: "a,b:c.yaml", message: "100%\nnext" };
    const text = renderDiagnostics([odd], { format: "github", color: false, texts });
    expect(text).toContain("file=a%2Cb%3Ac.yaml,line=7,endLine=7,col=11,endColumn=15");
    expect(text).toContain("::100%25%0Anext.");
    expect(text.trim().split("\n")).toHaveLength(1);
  });

  it("github says how many it leaves out", () => {
    const many = Array.from({ length: 13 }, () => diagnostics[0]).filter((one) => one !== undefined);
    const text = renderDiagnostics(many, { format: "github", color: false, texts });
    expect(text.trim().split("\n")).toHaveLength(11);
    expect(text).toContain("3 more");
  });

  it("counts in words", () => {
    expect(summaryOf(diagnostics)).toBe("1 error and 1 warning");
    expect(summaryOf([])).toBe("No findings");
  });

  it("does not let a file steer the terminal", () => {
    const name = "\u001b[2Jx.strategy.yaml";
    const evil = compile({ [name]: "a: 1\n" });
    const text = renderDiagnostics(evil.diagnostics, { format: "pretty", color: false, texts: { [name]: "a: 1\n" } });
    expect(text).not.toContain("\u001b");
  });
});

describe("code frames", () => {
  it("put the mark under wide characters and tabs", () => {
    const place = { line: 1, column: 5, endLine: 1, endColumn: 6 };
    expect(codeFrame("日本\tax", place)).toEqual(["  > 1 │ 日本 ax", "      │       ^"]);
  });

  it("mark at least one column at the end of a line", () => {
    const place = { line: 2, column: 3, endLine: 2, endColumn: 3 };
    expect(codeFrame("ab\ncd", place).at(-1)).toBe("      │   ^");
  });
});
