/**
 * The findings of the files that are open, by the same compiler that lint uses.
 *
 * Owns: which files are compiled together. A file that nobody looks at is compiled only where it has something to do
 * with an open one, so that a keystroke costs the same in a project of a thousand strategies. May not: read files; what a
 * test wants and was not given is listed.
 */
import { compile, isStrategyFile } from "../lang/compile.ts";
import type { FileTexts } from "../lang/compile.ts";
import type { Diagnostic } from "../lang/diagnostic.ts";
import { csvKey, readTests } from "../lang/test-file.ts";
import type { TestEnv } from "../lang/test-file.ts";
import type { CsvWanted } from "../lang/test-market.ts";
import { kindOf } from "./kinds.ts";

/** Strategies that the project file, or a template that they share, is judged with. */
const MOST_TOGETHER = 200;

/** What the compiler needs to judge the open files: those, what is no strategy, and strategies of the same name. */
export function relevant(files: FileTexts, open: readonly string[]): FileTexts {
  const names = new Set(open.filter(isStrategyFile).map((path) => nameIn(files[path] ?? "")));
  const withProject = open.some((path) => kindOf(path) === "project");
  const chosen: Record<string, string> = {};
  let strategies = 0;
  for (const [path, text] of Object.entries(files)) {
    const kind = kindOf(path);
    if (kind === "test") continue;
    const isWanted =
      kind !== "strategy" ||
      open.includes(path) ||
      (nameIn(text) !== "" && names.has(nameIn(text))) ||
      ((withProject || isRelated(files, open, path)) && strategies < MOST_TOGETHER);
    if (!isWanted) continue;
    if (kind === "strategy") strategies++;
    chosen[path] = text;
  }
  return chosen;
}

function nameIn(text: string): string {
  return /^name:[ \t]*["']?([\w-]+)/m.exec(text)?.[1] ?? "";
}

/** An open file extends it, or it names an open template, watchlist or strategy. */
function isRelated(files: FileTexts, open: readonly string[], path: string): boolean {
  const names = (text: string, other: string): boolean => text.includes(other.slice(other.lastIndexOf("/") + 1));
  return open.some((one) => {
    if (one === path || kindOf(one) === "test" || kindOf(one) === "project") return false;
    return names(files[path] ?? "", one) || (isStrategyFile(one) && names(files[one] ?? "", path));
  });
}

/** Findings of strategies, templates, watchlists and the project. */
export function diagnoseProject(files: FileTexts, open: readonly string[]): readonly Diagnostic[] {
  const { diagnostics } = compile(relevant(files, open), { isPart: true });
  // That there is no strategy is no finding of a file that somebody looks at.
  return diagnostics.filter(({ file }) => file !== "");
}

export interface TestDiagnosis {
  readonly diagnostics: readonly Diagnostic[];
  readonly wanted: { readonly files: readonly string[]; readonly csv: readonly CsvWanted[] };
}

/** Findings of one test file, without those of its strategies. */
export function diagnoseTest(path: string, text: string, env: TestEnv): TestDiagnosis {
  const { diagnostics, wanted } = readTests(path, text, env);
  return {
    diagnostics: diagnostics.filter(({ file }) => file === path),
    wanted: { files: wanted.files, csv: wanted.csv.filter((one) => !env.csv.has(csvKey(one))) },
  };
}

/** Symbols that the files name, sorted. */
export function symbolsIn(files: FileTexts): readonly string[] {
  const found = new Set<string>();
  for (const [path, text] of Object.entries(files)) {
    const kind = kindOf(path);
    if (kind !== "strategy" && kind !== "watchlist") continue;
    const list = /^symbols:[ \t]*(?:\[([^\]]*)\]|\r?\n((?:[ \t]*-[^\n]*\n?)+))/m.exec(text);
    for (const [word] of (list?.[1] ?? list?.[2] ?? "").matchAll(/[A-Za-z0-9][A-Za-z0-9./_-]*/g)) found.add(word);
  }
  return [...found].sort();
}
