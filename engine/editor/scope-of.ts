/**
 * The names that an expression of a file may use.
 *
 * Owns: whose names count where: a strategy's own, those of what it is made of, and in a test those of its strategies.
 */
import type { EditorFile, Project } from "./editor-file.ts";
import { scopeFiles } from "./family.ts";
import { definitionsOf } from "./names.ts";
import type { Definition } from "./names.ts";

export interface Scoped {
  readonly file: EditorFile;
  readonly definition: Definition;
}

export function scopeOf(file: EditorFile, project: Project): readonly Scoped[] {
  const found = scopeFiles(file, project).flatMap((one) =>
    definitionsOf(one).map((definition) => ({ file: one, definition })),
  );
  const keyOf = ({ definition }: Scoped): string => `${definition.section} ${definition.name}`;
  // What a strategy says itself stands before what it is made of.
  return found.filter((one, index) => found.findIndex((other) => keyOf(other) === keyOf(one)) === index);
}

/** Rules and inputs are named, but no expression can use them as they stand. */
export function isWord({ definition }: Scoped): boolean {
  return definition.section !== "rules" && definition.section !== "inputs";
}

export function wordIn(scope: readonly Scoped[], name: string): Scoped | undefined {
  return scope.find((one) => isWord(one) && one.definition.name === name);
}
