/**
 * Files that make one strategy together: a template and who fills it, a strategy and who extends it, and their tests.
 *
 * Owns: which files a file names, and the way up and down. May not: compose them (see engine/lang).
 */
import { isMap, isScalar, isSeq } from "yaml";
import { beside, candidates } from "../lang/references.ts";
import { nodeAt } from "../lang/yaml-file.ts";
import type { Path } from "../lang/yaml-file.ts";
import type { EditorFile, Project } from "./editor-file.ts";
import { kindOf } from "./kinds.ts";
import type { FileKind } from "./kinds.ts";

/** Nobody extends that often; a circle ends here too. */
const MOST = 16;

function textAt({ yaml }: EditorFile, path: Path): string | undefined {
  const node = nodeAt(yaml, path);
  return isScalar(node) && typeof node.value === "string" ? node.value : undefined;
}

/** The file that a name stands for, beside the file that says it or below the project's folder. */
export function namedFile(from: EditorFile, name: string, project: Project): EditorFile | undefined {
  for (const path of candidates(from.path, name, "")) {
    const found = project.file(path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The template that a file fills, the strategy that it extends, and theirs; the nearest first. */
export function basesOf(file: EditorFile, project: Project): readonly EditorFile[] {
  const found: EditorFile[] = [];
  let here: EditorFile | undefined = file;
  while (here !== undefined && found.length < MOST) {
    const name: string | undefined = textAt(here, ["extends"]) ?? textAt(here, ["template"]);
    const next: EditorFile | undefined = name === undefined ? undefined : namedFile(here, name, project);
    const isNew: boolean = next !== undefined && [file, ...found].every(({ path }) => path !== next.path);
    here = isNew ? next : undefined;
    if (here !== undefined) found.push(here);
  }
  return found;
}

/** Strategies that fill or extend a file, and theirs. */
function derivedOf(file: EditorFile, project: Project): readonly EditorFile[] {
  const composed = filesOf(project, "strategy", (text) => /^["']?(?:extends|template)\b/m.test(text));
  return composed.filter((one) => basesOf(one, project).some(({ path }) => path === file.path));
}

/** Files of a kind whose text may matter: reading the thousand others would take seconds. */
function filesOf(project: Project, kind: FileKind, matters: (text: string) => boolean): readonly EditorFile[] {
  return [...project.paths()].flatMap((path) => {
    if (kindOf(path) !== kind || !matters(project.text(path) ?? "")) return [];
    return project.file(path) ?? [];
  });
}

/** The strategies that a test file names, in its order, and what they are made of. */
export function testedBy(file: EditorFile): readonly string[] {
  const several = nodeAt(file.yaml, ["strategies"]);
  const named = [nodeAt(file.yaml, ["strategy"]), ...(isSeq(several) ? several.items : [])];
  return named.flatMap((node) => {
    return isScalar(node) && typeof node.value === "string" ? [beside(file.path, node.value)] : [];
  });
}

/** Whose names count in a file, the nearest first. */
export function scopeFiles(file: EditorFile, project: Project): readonly EditorFile[] {
  const own = file.kind === "test" ? testedBy(file).flatMap((path) => project.file(path) ?? []) : [file];
  const all = own.flatMap((one) => [one, ...basesOf(one, project)]);
  return [...new Map(all.map((one) => [one.path, one])).values()];
}

/** A file, all that fill or extend it, and the tests of any of them. */
export function familyOf(file: EditorFile, project: Project): readonly EditorFile[] {
  const strategies = [file, ...derivedOf(file, project)];
  const paths = new Set(strategies.map(({ path }) => path));
  const names = strategies.map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
  const tests = filesOf(project, "test", (text) => names.some((name) => text.includes(name))).filter((one) =>
    testedBy(one).some((path) => paths.has(path)),
  );
  return [...strategies, ...tests];
}

/** The inputs that a strategy gives: keys of `with:`. */
export function givenInputs(file: EditorFile): readonly { readonly key: unknown; readonly value: unknown }[] {
  const given = file.kind === "strategy" ? nodeAt(file.yaml, ["with"]) : undefined;
  return isMap(given) ? given.items : [];
}
