/**
 * Every file of tests/golden/lang is compiled, and what is said about it is compared with the `.out` beside it.
 * UPDATE_GOLDEN=1 writes the answers; read the difference before committing it.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compile } from "../../engine/lang/compile.ts";
import { readTests } from "../../engine/lang/test-file.ts";
import { CODES } from "../../engine/lang/codes.ts";
import { renderDiagnostics } from "../../engine/report/diagnostics.ts";

const FOLDER = join(import.meta.dirname, "../golden/lang");
const names = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".yaml"))
  .sort();
const seen = new Set<string>();

function answer(name: string): string {
  const text = readFileSync(join(FOLDER, name), "utf8");
  if (name.startsWith("test-")) return answerOfTests(text);
  const isProject = name.startsWith("project-");
  const file = isProject ? "barwise.yaml" : "case.strategy.yaml";
  const files = { [file]: text, ...(isProject ? { "case.strategy.yaml": MINIMAL } : {}) };
  const { program, diagnostics } = compile(files, { history: () => 500 });
  for (const finding of diagnostics) seen.add(finding.code);
  const hasErrors = diagnostics.some((finding) => finding.severity === "error");
  expect(program === null).toBe(hasErrors);
  return renderDiagnostics(diagnostics, { format: "pretty", color: false, texts: files }) || "no findings\n";
}

/** A test file beside a small strategy. */
function answerOfTests(text: string): string {
  const files = { "case.strategy.yaml": MINIMAL };
  const { cases, diagnostics } = readTests("case.test.yaml", text, {
    files,
    absent: new Set(["gone.strategy.yaml"]),
    csv: new Map(),
  });
  for (const finding of diagnostics) seen.add(finding.code);
  if (diagnostics.length > 0) expect(cases).toEqual([]);
  const texts = { ...files, "case.test.yaml": text };
  return renderDiagnostics(diagnostics, { format: "pretty", color: false, texts }) || "no findings\n";
}

const MINIMAL = `barwise: 1
name: minimal
symbols: [SPY]
on: 5m
rules:
  - {name: leave, when: close > 1, then: {close: {}}}
`;

describe("golden findings", () => {
  it.each(names)("%s", (name) => {
    const out = join(FOLDER, name.replace(/\.yaml$/, ".out"));
    const found = answer(name);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(out, found);
    expect(found).toBe(readFileSync(out, "utf8"));
  });

  it("cover every code that a single file can have", () => {
    const elsewhere = new Set([
      "names/unknown-param",
      "data/no-strategy",
      "time/grace",
      // Of a project beside its strategies: tests/golden/places/judgement.txt.
      "risk/unknown-name",
      "yaml/too-large",
      "schema/missing-file",
      // Of several files: composed.test.ts.
      "types/input",
    ]);
    // A plan compares two files: tests/lang/plan-pages.test.ts.
    const ofFiles = Object.keys(CODES).filter((code) => !code.startsWith("plan/"));
    const missing = ofFiles.filter((code) => !seen.has(code) && !elsewhere.has(code));
    expect(missing).toEqual([]);
  });
});
