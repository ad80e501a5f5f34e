/**
 * Findings as text.
 *
 * Owns: the formats pretty, concise, json and github; sarif and junit have files of their own. May not print, and decides nothing about colour: it is a flag.
 */
import type { Diagnostic, Severity } from "../lang/diagnostic.ts";
import { safeFix } from "../lang/fix.ts";
import { codeFrame } from "./code-frame.ts";
import { renderJunit } from "./junit.ts";
import { renderSarif } from "./sarif.ts";

export type DiagnosticFormat = "pretty" | "concise" | "json" | "github" | "sarif" | "junit";

export interface RenderOptions {
  readonly format: DiagnosticFormat;
  readonly color: boolean;
  /** Path -> text, for the lines around a place. */
  readonly texts: Readonly<Record<string, string>>;
}

export function renderDiagnostics(findings: readonly Diagnostic[], given: RenderOptions): string {
  const options = { ...given, texts: withoutSecrets(given.texts, findings) };
  switch (options.format) {
    case "pretty":
      return pretty(findings, options);
    case "concise":
      return findings.map((finding) => `${concise(finding)}\n`).join("");
    case "json":
      return json(findings);
    case "github":
      return github(findings);
    case "sarif":
      return renderSarif(findings, options.texts);
    case "junit":
      return renderJunit(findings, Object.keys(options.texts));
  }
}

/** What must not stand in a file must not stand in the log of a check either. Lengths stay, so places do. */
function withoutSecrets(texts: RenderOptions["texts"], findings: readonly Diagnostic[]): RenderOptions["texts"] {
  const clean: Record<string, string> = { ...texts };
  for (const { code, file, start, end } of findings) {
    const text = clean[file];
    if (code !== "schema/secret" || text === undefined) continue;
    clean[file] = text.slice(0, start) + text.slice(start, end).replaceAll(/[^\r\n]/g, "*") + text.slice(end);
  }
  return clean;
}

export interface Counts {
  readonly errors: number;
  readonly warnings: number;
}

export function countOf(findings: readonly Diagnostic[]): Counts {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  return { errors: count("error"), warnings: count("warning") };
}

/** Findings that `lint --fix` corrects. */
export function fixableOf(findings: readonly Diagnostic[]): number {
  return findings.filter((finding) => safeFix(finding) !== undefined).length;
}

/** `2 errors and 1 warning`; remarks are counted where nothing weighs more. */
export function summaryOf(findings: readonly Diagnostic[]): string {
  const { errors, warnings } = countOf(findings);
  const remarks = findings.length - errors - warnings;
  const parts = [
    ...(errors > 0 ? [`${errors} error${errors === 1 ? "" : "s"}`] : []),
    ...(warnings > 0 ? [`${warnings} warning${warnings === 1 ? "" : "s"}`] : []),
    ...(remarks > 0 && errors + warnings === 0 ? [`${remarks} remark${remarks === 1 ? "" : "s"}`] : []),
  ];
  return parts.length === 0 ? "No findings" : parts.join(" and ");
}

// ---------------------------------------------------------------------------------------------- pretty

const COLORS = { error: "31", warning: "33", info: "36", dim: "2", bold: "1" } as const;

function painter(color: boolean): (name: keyof typeof COLORS, text: string) => string {
  return (name, text) => (color ? `\u001b[${COLORS[name]}m${text}\u001b[0m` : text);
}

function pretty(findings: readonly Diagnostic[], { color, texts }: RenderOptions): string {
  const paint = painter(color);
  const blocks = findings.map((finding) => {
    const { severity, code, message, why, help } = finding;
    const text = Object.hasOwn(texts, finding.file) ? texts[finding.file] : undefined;
    const lines = [
      `${paint("bold", placeOf(finding))} ${paint(severity, severity)} ${paint("dim", code)}`,
      `  ${clean(message)}`,
      ...(text === undefined ? [] : codeFrame(text, finding).map((line) => mark(line, severity, paint))),
      `  ${paint("dim", `why:  ${why}`)}`,
      ...(help === "" ? [] : [`  help: ${clean(help)}`]),
      ...(finding.related ?? []).map((one) => `  ${paint("dim", `${placeOf(one)} ${one.message}`)}`),
    ];
    return `${lines.join("\n")}\n`;
  });
  return blocks.join("\n");
}

function mark(line: string, severity: Severity, paint: ReturnType<typeof painter>): string {
  const at = line.indexOf("│");
  if (/^ +│ +\^+$/.test(line)) return `${paint("dim", line.slice(0, at + 1))}${paint(severity, line.slice(at + 1))}`;
  return `${paint("dim", line.slice(0, at + 1))}${line.slice(at + 1)}`;
}

function placeOf({ file, line, column }: Pick<Diagnostic, "file" | "line" | "column">): string {
  return file === "" ? "(project)" : `${clean(file)}:${line}:${column}`;
}

// ---------------------------------------------------------------------------------------------- machines

function concise(finding: Diagnostic): string {
  const { severity, code, message, help } = finding;
  const advice = help === "" ? "" : ` ${clean(help)}`;
  return `${placeOf(finding)}: ${severity}: ${clean(message)}.${advice} [${code}]`;
}

function json(findings: readonly Diagnostic[]): string {
  const { errors, warnings } = countOf(findings);
  const report = { format_version: 1, valid: errors === 0, errors, warnings, diagnostics: findings };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** GitHub shows ten errors and ten warnings per step: the first ones, and a sentence about the rest. */
const GITHUB_MOST = 10;

function github(findings: readonly Diagnostic[]): string {
  const lines: string[] = [];
  for (const severity of ["error", "warning", "info"] as const) {
    const own = findings.filter((finding) => finding.severity === severity);
    for (const finding of own.slice(0, GITHUB_MOST)) lines.push(annotation(finding));
    const rest = own.length - GITHUB_MOST;
    if (rest > 0) lines.push(`${rest} more of severity ${severity}; run barwise lint to see all.`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function annotation({ severity, file, line, column, endLine, endColumn, code, message, help }: Diagnostic): string {
  const level = severity === "info" ? "notice" : severity;
  const place = `file=${property(file)},line=${line},endLine=${endLine},col=${column},endColumn=${endColumn}`;
  const advice = help === "" ? "" : ` ${help}`;
  return `::${level} ${place},title=${property(code)}::${data(`${message}.${advice}`)}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** What comes from a file must not steer the terminal, or begin a line for whoever reads line by line. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, "�");
}
