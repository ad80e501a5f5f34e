/**
 * Everything that lint and test say about some files, the way the command line asks it.
 *
 * Owns: which files are compiled and which are read as tests. May not: read the disk.
 */
import { compile } from "../../engine/lang/compile.ts";
import type { CompileEnv, FileTexts } from "../../engine/lang/compile.ts";
import type { Diagnostic } from "../../engine/lang/diagnostic.ts";
import { isTestFile, readTests } from "../../engine/lang/test-file.ts";

/** Bars of history that examples and cases can count on. */
export const HISTORY = 500;

export function findingsOf(files: FileTexts, env: CompileEnv = {}): readonly Diagnostic[] {
  const sources = Object.fromEntries(Object.entries(files).filter(([path]) => !isTestFile(path)));
  const compiled = compile(sources, { history: () => HISTORY, ...env }).diagnostics;
  const tests = Object.keys(files).filter(isTestFile);
  return [...compiled, ...tests.flatMap((path) => testFindings(path, files, sources))];
}

/** What a test file wants and nobody has is not there. */
function testFindings(path: string, files: FileTexts, sources: FileTexts): readonly Diagnostic[] {
  const absent = new Set<string>();
  for (;;) {
    const { diagnostics, wanted } = readTests(path, files[path] as string, { files: sources, absent, csv: new Map() });
    if (wanted.files.length === 0) return diagnostics;
    for (const file of wanted.files) absent.add(file);
  }
}
