/**
 * Findings as JUnit XML: one suite per file, one case per finding.
 *
 * Owns: the elements and their escaping. Errors are failures; what does not fail the build is output of a passed case,
 * and a file without findings is one passed case.
 */
import type { Diagnostic } from "../lang/diagnostic.ts";

export function renderJunit(findings: readonly Diagnostic[], files: readonly string[]): string {
  const names = [...new Set([...files, ...findings.map((finding) => finding.file)])].sort();
  const suites = names.map((name) =>
    suiteOf(
      name,
      findings.filter((finding) => finding.file === name),
    ),
  );
  const tests = names.reduce((sum, name) => sum + casesIn(findings, name), 0);
  const failures = findings.filter(isFailure).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="barwise lint" tests="${tests}" failures="${failures}">`,
    ...suites.flat(),
    "</testsuites>",
    "",
  ].join("\n");
}

function isFailure({ severity }: Diagnostic): boolean {
  return severity === "error";
}

function casesIn(findings: readonly Diagnostic[], name: string): number {
  return Math.max(1, findings.filter((finding) => finding.file === name).length);
}

function suiteOf(name: string, findings: readonly Diagnostic[]): string[] {
  const shown = attribute(name === "" ? "(project)" : name);
  const failures = findings.filter(isFailure).length;
  const cases = findings.flatMap((finding) => caseOf(shown, finding));
  if (cases.length === 0) cases.push(`    <testcase name="lint" classname="${shown}"/>`);
  return [
    `  <testsuite name="${shown}" tests="${Math.max(1, findings.length)}" failures="${failures}">`,
    ...cases,
    "  </testsuite>",
  ];
}

function caseOf(classname: string, finding: Diagnostic): string[] {
  const { code, line, column, severity, message, why, help } = finding;
  const name = attribute(`${code} at ${line}:${column}`);
  const details = text([message, `why: ${why}`, ...(help === "" ? [] : [`help: ${help}`])].join("\n"));
  const body = isFailure(finding)
    ? `      <failure type="${attribute(code)}" message="${attribute(message)}">${details}</failure>`
    : `      <system-out>${text(`${severity}: `)}${details}</system-out>`;
  return [`    <testcase name="${name}" classname="${classname}">`, body, "    </testcase>"];
}

/** XML 1.0 has no way to write control characters and lone surrogates, not even escaped. */
function text(value: string): string {
  return value
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

function attribute(value: string): string {
  return text(value)
    .replaceAll('"', "&quot;")
    .replaceAll(/[\t\n\r]/g, (one) => `&#${one.codePointAt(0)};`);
}
