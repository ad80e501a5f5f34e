/**
 * `lint --fix`: the safe corrections of many files, applied until nothing is left to correct.
 *
 * Owns: which corrections go together, and the proof that a file is better afterwards: it has no finding that was not
 * there, and a program that was there keeps its digest. May not: read or write anything, or apply an unsafe fix.
 */
import { compile } from "./compile.ts";
import type { CompileEnv, FileTexts } from "./compile.ts";
import type { Code } from "./codes.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { safeFix, withEdits } from "./fix.ts";
import type { Edit, Fix } from "./fix.ts";

/** Each round corrects something or gives one correction up, so that it ends by itself; this is for corrections that undo each other. */
const MAX_ROUNDS = 1_000;

interface AppliedFix {
  readonly file: string;
  /** Where the finding stood when it was corrected. */
  readonly line: number;
  readonly code: Code;
  readonly title: string;
}

export interface FixedFiles {
  /** All texts, corrected where something could be. */
  readonly files: FileTexts;
  readonly applied: readonly AppliedFix[];
  /** What is still to be said about the files as they are now. */
  readonly diagnostics: readonly Diagnostic[];
}

interface Candidate {
  readonly finding: Diagnostic;
  readonly fix: Fix;
}

interface State {
  readonly files: FileTexts;
  readonly digest: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * `may` says which files may be corrected; the others are there to be compiled with them. `beside` finds what is wrong in
 * files that are no part of a program, such as tests.
 */
export function fixFiles(
  files: FileTexts,
  env: CompileEnv = {},
  may: (file: string) => boolean = () => true,
  beside: (files: FileTexts) => readonly Diagnostic[] = () => [],
): FixedFiles {
  const look = (texts: FileTexts): State => {
    const { program, diagnostics } = compile(texts, env);
    return { files: texts, digest: program?.digest, diagnostics: [...diagnostics, ...beside(texts)] };
  };
  let state = look(files);
  const applied: AppliedFix[] = [];
  const refused = new Set<string>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const open = candidatesOf(state).filter(({ finding }) => may(finding.file));
    const candidates = open.filter((one) => !refused.has(keyOf(one)));
    if (candidates.length === 0) break;
    const together = compatible(candidates);
    const done = largest(state, together, look);
    // Not even the first by itself: it makes the file worse, and is not asked again.
    if (done === undefined) refused.add(keyOf(together[0] as Candidate));
    else {
      state = done.state;
      applied.push(...together.slice(0, done.count).map(told));
    }
  }
  return { files: state.files, applied, diagnostics: state.diagnostics };
}

/** One of them may make it worse: half of them, and half of those, until what is left does not. */
function largest(
  state: State,
  together: readonly Candidate[],
  look: (files: FileTexts) => State,
): { readonly state: State; readonly count: number } | undefined {
  for (let count = together.length; count >= 1; count = Math.floor(count / 2)) {
    const next = attempt(state, together.slice(0, count), look);
    if (next !== undefined) return { state: next, count };
  }
  return undefined;
}

function keyOf({ finding, fix }: Candidate): string {
  return `${finding.file}\n${finding.code}\n${finding.message}\n${fix.title}`;
}

function told({ finding, fix }: Candidate): AppliedFix {
  return { file: finding.file, line: finding.line, code: finding.code, title: fix.title };
}

function candidatesOf({ files, diagnostics }: State): Candidate[] {
  return diagnostics.flatMap((finding) => {
    const fix = safeFix(finding);
    return fix === undefined || !Object.hasOwn(files, finding.file) ? [] : [{ finding, fix }];
  });
}

/** Corrections of a file that do not touch each other; the others wait for the next round. */
function compatible(candidates: readonly Candidate[]): Candidate[] {
  const taken = new Map<string, Edit[]>();
  return candidates.filter(({ finding, fix }) => {
    const own = taken.get(finding.file) ?? [];
    if (fix.edits.some((edit) => own.some((other) => touches(edit, other)))) return false;
    taken.set(finding.file, [...own, ...fix.edits]);
    return true;
  });
}

function touches(a: Edit, b: Edit): boolean {
  return a.start <= b.end && b.start <= a.end;
}

/** The state after the corrections, or undefined when it is not better. */
function attempt(state: State, chosen: readonly Candidate[], look: (files: FileTexts) => State): State | undefined {
  const edits = new Map<string, Edit[]>();
  for (const { finding, fix } of chosen) {
    edits.set(finding.file, [...(edits.get(finding.file) ?? []), ...fix.edits]);
  }
  const files = { ...state.files };
  for (const [file, own] of edits) files[file] = withEdits(files[file] as string, own);
  const next = look(files);
  if (state.digest !== undefined && next.digest !== state.digest) return undefined;
  for (const [file, own] of edits) if (!isBetter(state, next, file, own)) return undefined;
  return next;
}

/**
 * Nothing is found that was not found before. Where errors kept the rest of the file from being looked at, that rest is
 * seen now for the first time: only what stands where something was written counts as new.
 */
function isBetter(before: State, after: State, file: string, edits: readonly Edit[]): boolean {
  const own = ({ diagnostics }: State): Diagnostic[] => diagnostics.filter((finding) => finding.file === file);
  const known = new Map<string, number>();
  for (const finding of own(before)) known.set(nameOf(finding), (known.get(nameOf(finding)) ?? 0) + 1);
  const wasHidden = own(before).some(({ severity }) => severity === "error");
  const places = written(edits);
  for (const finding of own(after)) {
    const left = known.get(nameOf(finding)) ?? 0;
    known.set(nameOf(finding), left - 1);
    if (left > 0) continue;
    if (!wasHidden || places.some(({ start, end }) => finding.start <= end && start <= finding.end)) return false;
  }
  return true;
}

/** A message names what is wrong; where it stands moves with the text. */
function nameOf({ code, message }: Diagnostic): string {
  return `${code}\n${message}`;
}

/** Where the edits are in the text that they make. */
function written(edits: readonly Edit[]): { readonly start: number; readonly end: number }[] {
  let shift = 0;
  return edits
    .toSorted((a, b) => a.start - b.start)
    .map(({ start, end, text }) => {
      const place = { start: start + shift, end: start + shift + text.length };
      shift += text.length - (end - start);
      return place;
    });
}
