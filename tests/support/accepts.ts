/**
 * What holds for every answer of the language, whatever it was asked about.
 *
 * Owns: the claims a fuzzer checks: no throw, no hang, every finding in its file and its text, a program exactly when
 * there is no error, reports that are what they say. May not: make inputs.
 */
import { runInThisContext } from "node:vm";
import { compile } from "../../engine/lang/compile.ts";
import type { CompileEnv, FileTexts } from "../../engine/lang/compile.ts";
import type { Diagnostic } from "../../engine/lang/diagnostic.ts";
import { fixFiles } from "../../engine/lang/fix-files.ts";
import { formatFiles, formatText, isFormattable } from "../../engine/lang/format.ts";
import { readTests, isTestFile } from "../../engine/lang/test-file.ts";
import type { CsvTable } from "../../engine/lang/test-market.ts";
import { renderDiagnostics } from "../../engine/report/diagnostics.ts";
import type { DiagnosticFormat } from "../../engine/report/diagnostics.ts";
import { explain } from "../../engine/report/explain.ts";

/** A batch takes a second. This is no claim about speed: whatever takes so long never ends. */
const HANG_MS = 600_000;
const FORMATS: readonly DiagnosticFormat[] = ["pretty", "concise", "json", "github", "sarif", "junit"];

/** Stops what runs in a circle: the timer of `vm` ends code that never returns to anybody. */
export function ending(run: () => void): void {
  const holder = globalThis as { fuzzed?: () => void };
  holder.fuzzed = run;
  runInThisContext("globalThis.fuzzed()", { timeout: HANG_MS });
}

export interface Checks {
  /** `lint --fix` and `fmt` compile again and again: not for every input. */
  readonly isFixed: boolean;
}

/** Said only when it fails: this is asked millions of times. */
function must(holds: boolean, claim: string, about: unknown): void {
  if (!holds) throw new Error(`${claim}: ${JSON.stringify(about)}`);
}

/** Throws when the language breaks a promise about these files. */
export function check(files: FileTexts, { isFixed }: Checks): void {
  const sources = Object.fromEntries(Object.entries(files).filter(([path]) => !isTestFile(path)));
  const { program, diagnostics } = compile(sources);
  const hasErrors = diagnostics.some(({ severity }) => severity === "error");
  must((program === null) === hasErrors, "there is a program exactly when there is no error", diagnostics);
  const words = program === null ? "" : explain(program, () => "");
  must(!/\bundefined\b|\[object/.test(words), "explain has words for everything", words);
  const tests = Object.keys(files).filter(isTestFile);
  const found = [...diagnostics, ...tests.flatMap((path) => testFindings(path, files, sources))];
  for (const finding of found) checkPlace(finding, files);
  for (const format of FORMATS) checkReport(format, found, files);
  for (const [path, text] of Object.entries(files)) if (isFormattable(path)) formatText(path, text);
  if (!isFixed) return;
  checkFixes(sources);
  checkLayout(sources);
}

/** What a test file wants and nobody has is not there. */
function testFindings(path: string, files: FileTexts, sources: FileTexts): readonly Diagnostic[] {
  const csv = new Map<string, CsvTable>();
  const absent = new Set<string>();
  for (let round = 0; round < 10; round++) {
    const { diagnostics, wanted } = readTests(path, files[path] ?? "", { files: sources, absent, csv });
    if (wanted.files.length === 0) return diagnostics;
    for (const file of wanted.files) absent.add(file);
  }
  throw new Error(`${path} wants more and more files`);
}

function checkPlace(finding: Diagnostic, files: FileTexts): void {
  const { file, start, end, message, help, fixes, related = [] } = finding;
  must(!/\bundefined\b|\[object/.test(`${message} ${help}`), "its words are words", finding);
  // Only that there is no strategy at all is in no file.
  if (file === "") return must(finding.code === "data/no-strategy", "it is in a file", finding);
  const text = files[file];
  if (text === undefined) throw new Error(`a finding in a file that nobody gave: ${JSON.stringify(finding)}`);
  must(start >= 0 && start <= end && end <= text.length, "it is inside the text", finding);
  const [from, to] = [position(text, start), position(text, end)];
  must(from.line === finding.line && from.column === finding.column, "it begins at its line and column", finding);
  must(to.line === finding.endLine && to.column === finding.endColumn, "it ends at its line and column", finding);
  const edits = fixes.flatMap((fix) => fix.edits);
  const isInside = edits.every((edit) => edit.start >= 0 && edit.start <= edit.end && edit.end <= text.length);
  must(isInside, "its corrections are inside the text", finding);
  must(
    related.every((place) => Object.hasOwn(files, place.file)),
    "what is related is in the files",
    finding,
  );
}

function position(text: string, offset: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

function checkReport(format: DiagnosticFormat, found: readonly Diagnostic[], texts: FileTexts): void {
  const text = renderDiagnostics(found, { format, color: false, texts });
  if (format === "json" || format === "sarif") JSON.parse(text);
  if (format === "concise") must(text.split("\n").length - 1 === found.length, "concise is a line per finding", text);
  if (format !== "github") return;
  const isCommand = /^::(?:error|warning|notice) file=/;
  const lines = text.split("\n").filter((line) => line.startsWith("::"));
  must(lines.length <= found.length && lines.every((line) => isCommand.test(line)), "github shows findings only", text);
}

/** One layout, the same program, and nothing to lay out a second time. */
function checkLayout(files: FileTexts): void {
  const laidOut = (texts: FileTexts): FileTexts => ({
    ...texts,
    ...Object.fromEntries(formatFiles(texts).map(({ file, text }) => [file, text])),
  });
  const once = laidOut(files);
  const [before, after] = [compile(files).program, compile(once).program];
  must(before?.digest === after?.digest, "a layout keeps the program", files);
  // Among broken files one may keep its layout because of another: only files that compile are done at once.
  if (before === null) return;
  must(JSON.stringify(laidOut(once)) === JSON.stringify(once), "a second time nothing is laid out", files);
}

/** What is corrected is not worse, and correcting it again changes nothing. */
function checkFixes(files: FileTexts, env: CompileEnv = {}): void {
  const before = compile(files, env);
  const fixed = fixFiles(files, env);
  const after = compile(fixed.files, env);
  must(before.program === null || after.program?.digest === before.program.digest, "a fix keeps the program", files);
  must(fixFiles(fixed.files, env).applied.length === 0, "a second time nothing is fixed", fixed);
}
