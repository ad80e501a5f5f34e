/**
 * Findings as SARIF 2.1.0, for code scanning.
 *
 * Owns: the log, its rules and its regions. Columns are UTF-16 code units and the end is exclusive, as in findings.
 * May not: know the version of the tool or where its docs are published: a page is named by its path.
 */
import { CODES } from "../lang/codes.ts";
import type { Code } from "../lang/codes.ts";
import type { Diagnostic, Severity } from "../lang/diagnostic.ts";

const LEVELS: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  error: "error",
  warning: "warning",
  info: "note",
};

export function renderSarif(findings: readonly Diagnostic[]): string {
  const codes = [...new Set(findings.map((finding) => finding.code))].sort();
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "barwise", rules: codes.map(ruleOf) } },
        columnKind: "utf16CodeUnits",
        results: findings.map((finding) => resultOf(finding, codes.indexOf(finding.code))),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

/** `helpUri` must be absolute, so the page stands in the help text instead. */
function ruleOf(code: Code): object {
  const { severity, why } = CODES[code];
  const page = `docs/reference/findings/${code.replace("/", "-")}.md`;
  return {
    id: code,
    shortDescription: { text: why },
    help: { text: `${why} See ${page}.`, markdown: `${why} See [${code}](${page}).` },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { tags: [code.slice(0, code.indexOf("/"))], docs: page },
  };
}

function resultOf(finding: Diagnostic, ruleIndex: number): object {
  const { code, severity, message, help } = finding;
  return {
    ruleId: code,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: help === "" ? message : `${message}. ${help}` },
    locations: finding.file === "" ? [] : [locationOf(finding)],
  };
}

function locationOf({ file, line, column, endLine, endColumn, start, end }: Diagnostic): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      region: {
        ...{ startLine: line, startColumn: column, endLine, endColumn },
        ...{ charOffset: start, charLength: end - start },
      },
    },
  };
}

/** A path as a URI reference: relative to the root of the checkout, or absolute with a scheme. */
function uriOf(file: string): string {
  const path = file.replaceAll("\\", "/");
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return path.startsWith("/") ? `file://${encoded}` : encoded;
}
