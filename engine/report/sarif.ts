/**
 * Findings as SARIF 2.1.0, for code scanning.
 *
 * Owns: the log, its rules and its regions. Columns are UTF-16 code units and the end is exclusive, as in findings.
 * May not: know the version of the tool or where its docs are published: a page is named by its path.
 */
import { CODES } from "../lang/codes.ts";
import type { Code } from "../lang/codes.ts";
import { Findings } from "../lang/diagnostic.ts";
import type { Diagnostic, Related, Severity } from "../lang/diagnostic.ts";
import type { Edit, Fix } from "../lang/fix.ts";

const LEVELS: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  error: "error",
  warning: "warning",
  info: "note",
};

/** `texts` tells where the lines of a correction begin; without the text of a file it is named by offsets alone. */
export function renderSarif(findings: readonly Diagnostic[], texts: Readonly<Record<string, string>>): string {
  const codes = [...new Set(findings.map((finding) => finding.code))].sort();
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "barwise", rules: codes.map(ruleOf) } },
        columnKind: "utf16CodeUnits",
        results: findings.map((finding) => resultOf(finding, codes.indexOf(finding.code), texts)),
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

function resultOf(finding: Diagnostic, ruleIndex: number, texts: Readonly<Record<string, string>>): object {
  const { code, severity, message, help, file, fixes, related = [] } = finding;
  return {
    ruleId: code,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: help === "" ? message : `${message}. ${help}` },
    locations: finding.file === "" ? [] : [locationOf(finding)],
    ...(fixes.length === 0 ? {} : { fixes: fixes.map((fix) => fixOf(fix, file, texts[file])) }),
    ...(related.length === 0 ? {} : { relatedLocations: related.map(relatedLocation) }),
  };
}

function relatedLocation({ file, line, column, message }: Related, index: number): object {
  const region = { startLine: line, startColumn: column };
  return {
    id: index,
    message: { text: message },
    physicalLocation: { artifactLocation: { uri: uriOf(file) }, region },
  };
}

/** `safe` says that `barwise lint --fix` applies it by itself. */
function fixOf({ title, edits, safe }: Fix, file: string, text: string | undefined): object {
  const lines = text === undefined ? undefined : new Findings(file, text);
  return {
    description: { text: title },
    artifactChanges: [
      {
        artifactLocation: { uri: uriOf(file) },
        replacements: edits.map((edit) => ({
          deletedRegion: regionOf(edit, lines),
          insertedContent: { text: edit.text },
        })),
      },
    ],
    properties: { safe },
  };
}

function regionOf({ start, end }: Edit, lines: Findings | undefined): object {
  const offsets = { charOffset: start, charLength: end - start };
  if (lines === undefined) return offsets;
  const [from, to] = [lines.position(start), lines.position(end)];
  return { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column, ...offsets };
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
  // Half a character has no bytes that could be encoded.
  const path = file.replaceAll("\\", "/").replaceAll(/\p{Cs}/gu, "\ufffd");
  const drive = /^[A-Za-z]:(?=\/)/.exec(path)?.[0];
  if (drive !== undefined) return `file:///${drive}${uriOf(path.slice(drive.length)).slice("file://".length)}`;
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return path.startsWith("/") ? `file://${encoded}` : encoded;
}
