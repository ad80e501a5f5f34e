/**
 * Strategies compiled twice: as they trade, and with conditions beside them that only watch.
 *
 * Owns: compiling a condition of a test, or a comparison for coverage, in the scope of a strategy: its params, facts and
 * conditions mean what they mean there. May not: change what trades; the watched program is never sent an order for.
 *
 * A condition becomes one more rule of a copy of the strategy; its facts then stand in that copy's fact table.
 */
import { isSeq, parseDocument, Scalar } from "yaml";
import type { Condition, Program, Strategy } from "../core/program.ts";
import { compile } from "./compile.ts";
import type { CompileEnv, FileTexts } from "./compile.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Fix } from "./fix.ts";
import { readLoosely, spanOfNode } from "./yaml-file.ts";

/** Text or the object form. */
export type Source = string | object;

export interface ProbeProblem {
  readonly finding: Diagnostic;
  /** Offsets in the condition's text; undefined for the object form. */
  readonly span: { readonly start: number; readonly end: number } | undefined;
  /** Corrections in offsets of the condition's text. */
  readonly fixes: readonly Fix[];
}

export interface Probed {
  readonly watched: Program;
  /** Strategy file -> one condition per source, undefined where it has a problem. */
  readonly conditions: ReadonlyMap<string, readonly (Condition | undefined)[]>;
  readonly problems: ReadonlyMap<string, readonly (ProbeProblem | undefined)[]>;
}

const PREFIX = "watched-by-a-test-";

export function compileProbes(
  files: FileTexts,
  env: CompileEnv,
  program: Program,
  sources: ReadonlyMap<string, readonly Source[]>,
): Probed {
  const conditions = new Map<string, (Condition | undefined)[]>();
  const problems = new Map<string, (ProbeProblem | undefined)[]>();
  // Conditions with a mistake are left out of the next try: the others must still compile.
  const left = new Map([...sources].map(([file, all]) => [file, all.map((source, index) => ({ source, index }))]));
  for (const [file, all] of sources) problems.set(file, Array.from({ length: all.length }));
  for (let attempt = 0; attempt < 2; attempt++) {
    const { texts, spans } = extend(files, left);
    const compiled = compile(texts, env);
    for (const [file, own] of left) {
      const kept = own.filter(({ index, source }, i) => {
        const problem = problemOf(compiled.diagnostics, file, spans.get(file)?.[i], source);
        if (problem !== undefined) (problems.get(file) as (ProbeProblem | undefined)[])[index] = problem;
        return problem === undefined;
      });
      left.set(file, kept);
    }
    if (compiled.program === null) continue;
    for (const strategy of compiled.program.strategies) {
      const own = left.get(strategy.file) ?? [];
      const list: (Condition | undefined)[] = Array.from({ length: sources.get(strategy.file)?.length ?? 0 });
      for (const [i, { index }] of own.entries())
        list[index] = strategy.rules.find(({ name }) => name === `${PREFIX}${i}`)?.condition;
      conditions.set(strategy.file, list);
    }
    return { watched: watchedOf(program, compiled.program.strategies), conditions, problems };
  }
  return { watched: program, conditions, problems };
}

/** The rules and digests of the real program over the facts of the copy. */
function watchedOf(program: Program, copies: readonly Strategy[]): Program {
  const strategies = program.strategies.map((real): Strategy => {
    const copy = copies.find(({ file }) => file === real.file);
    if (copy === undefined) return real;
    return { ...copy, rules: copy.rules.filter(({ name }) => !name.startsWith(PREFIX)), digest: real.digest };
  });
  return { ...program, strategies };
}

function extend(
  files: FileTexts,
  sources: ReadonlyMap<string, readonly { readonly source: Source }[]>,
): { readonly texts: FileTexts; readonly spans: ReadonlyMap<string, readonly Span[]> } {
  const texts: Record<string, string> = { ...files };
  const spans = new Map<string, Span[]>();
  for (const [file, own] of sources) {
    // Plain text may hold `on: 1d` inside parentheses, which YAML by itself would refuse.
    const { document } = readLoosely(file, files[file] ?? "");
    if (document === undefined) continue;
    // A strategy that fills a template or extends another may have no rules of its own.
    if (!document.has("rules")) document.set("rules", document.createNode([]));
    const rules: unknown = document.get("rules", true);
    if (!isSeq(rules)) continue;
    const first = rules.items.length;
    for (const [i, { source }] of own.entries()) {
      const when = document.createNode(source);
      if (when instanceof Scalar) when.type = Scalar.QUOTE_DOUBLE;
      // oxlint-disable-next-line unicorn/no-thenable -- `then` is a key of rules
      const rule = document.createNode({ name: `${PREFIX}${i}`, then: { alert: { message: "watched" } } });
      rule.add({ key: document.createNode("when"), value: when } as never);
      rules.add(rule);
    }
    const text = document.toString({ lineWidth: 0 });
    texts[file] = text;
    const again = parseDocument(text, { version: "1.2" });
    spans.set(
      file,
      own.map(({ source }, i) => {
        const span = spanOfNode(again.getIn(["rules", first + i, "when"], true)) ?? { start: 0, end: 0 };
        return { ...span, isAsWritten: text.slice(span.start + 1, span.end - 1) === source };
      }),
    );
  }
  return { texts, spans };
}

interface Span {
  readonly start: number;
  readonly end: number;
  /** Nothing in it had to be written in another way between the quotes. */
  readonly isAsWritten: boolean;
}

function problemOf(
  diagnostics: readonly Diagnostic[],
  file: string,
  span: Span | undefined,
  source: Source,
): ProbeProblem | undefined {
  if (span === undefined) return undefined;
  const finding = diagnostics.find(
    (one) => one.file === file && one.severity === "error" && one.start >= span.start && one.start < span.end,
  );
  if (finding === undefined) return undefined;
  if (typeof source !== "string") return { finding, span: undefined, fixes: [] };
  const begin = span.start + 1;
  const start = Math.min(Math.max(0, finding.start - begin), source.length);
  const end = Math.max(start, Math.min(finding.end - begin, source.length));
  const isInside = ({ edits }: Fix): boolean =>
    edits.every((edit) => edit.start >= begin && edit.end <= begin + source.length);
  const fixes = (span.isAsWritten ? finding.fixes.filter(isInside) : []).map(({ edits, ...fix }) => ({
    ...fix,
    edits: edits.map((edit) => ({ ...edit, start: edit.start - begin, end: edit.end - begin })),
  }));
  return { finding, span: { start, end }, fixes };
}
