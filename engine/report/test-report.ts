/**
 * Results of tests as text.
 *
 * Owns: the formats pretty, json and junit, and the words of coverage. May not print, and decides nothing about colour.
 */
import type { CaseResult, Coverage, Place, RuleCoverage, UnitCoverage } from "../lang/test-types.ts";

export type Paint = (style: "bold" | "dim" | "red" | "green" | "yellow", text: string) => string;

export function testsAsText(results: readonly CaseResult[], paint: Paint): string {
  const lines: string[] = [];
  let file: string | undefined;
  for (const result of results) {
    if (result.file !== file) lines.push(paint("bold", result.file));
    file = result.file;
    const good = result.failures.length === 0;
    const word = good ? paint("green", "PASS") : paint("red", "FAIL");
    lines.push(`  ${word}  ${result.name} ${paint("dim", `(${result.milliseconds.toFixed(0)} ms)`)}`);
    for (const { place, expected, got } of result.failures) {
      lines.push(paint("dim", `        ${placeText(place)}`));
      lines.push(`          exp: ${paint("green", expected)}`);
      for (const [i, line] of got.entries())
        lines.push(`          ${i === 0 ? "got: " : "     "}${paint("red", line)}`);
    }
  }
  return lines.join("\n");
}

export function summaryOfTests(results: readonly CaseResult[]): string {
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  const tests = `${results.length} ${results.length === 1 ? "test" : "tests"}`;
  return failed === 0 ? `${tests} passed` : `${tests}: ${results.length - failed} passed, ${failed} failed`;
}

export function coverageAsText(coverage: Coverage, paint: Paint): string {
  const lines = [paint("bold", `Coverage ${coverage.percent.toFixed(1)} %`)];
  const line = (one: RuleCoverage | UnitCoverage, word: string, what: string): string => {
    // In a template the place alone does not say whose rule it is.
    const owner = one.place.file === one.file ? "" : ` ${paint("dim", `(${one.strategy})`)}`;
    return `  ${placeText(one.place)}  ${paint("yellow", word)}  ${what}${owner}`;
  };
  for (const one of coverage.rules) if (one.fired === 0) lines.push(line(one, "never fired", one.rule));
  for (const one of coverage.comparisons) {
    const { text, wasTrue, wasFalse } = one;
    if (wasTrue && wasFalse) continue;
    lines.push(line(one, wasTrue ? "never false" : wasFalse ? "never true" : "never known", text));
  }
  return lines.join("\n");
}

export function testsAsJson(results: readonly CaseResult[], coverage: Coverage | undefined): string {
  const tests = results.map((result) => ({ ...result, passed: result.failures.length === 0 }));
  return JSON.stringify({ format_version: 1, tests, ...(coverage === undefined ? {} : { coverage }) }, undefined, 2);
}

export function testsAsJunit(results: readonly CaseResult[]): string {
  const files = [...new Set(results.map(({ file }) => file))];
  const suites = files.map((file) => {
    const own = results.filter((result) => result.file === file);
    const cases = own.map(({ name, milliseconds, failures }) => {
      const head = `    <testcase classname="${escaped(file)}" name="${escaped(name)}" time="${seconds(milliseconds)}"`;
      if (failures.length === 0) return `${head}/>`;
      const inner = failures.map(({ place, expected, got }) => {
        const text = `${placeText(place)}\nexp: ${expected}\ngot: ${got.join("\n     ")}`;
        return `      <failure message="${escaped(expected)}">${escaped(text)}</failure>`;
      });
      return `${head}>\n${inner.join("\n")}\n    </testcase>`;
    });
    return `  <testsuite name="${escaped(file)}" ${counts(own)}>\n${cases.join("\n")}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts(results)}>\n${suites.join("\n")}\n</testsuites>\n`;
}

function counts(results: readonly CaseResult[]): string {
  const failures = results.filter((result) => result.failures.length > 0).length;
  const time = results.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return `tests="${results.length}" failures="${failures}" errors="0" time="${seconds(time)}"`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(3);
}

function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

function escaped(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex -- XML 1.0 has no way to write them
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/g, "·")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("\n", "&#10;")
  );
}
