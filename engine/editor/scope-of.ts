/**
 * The names that an expression of a file may use.
 *
 * Owns: whose names count where: a strategy's own, and in a test those of the strategies that it names.
 */
import { testedBy } from "./editor-file.ts";
import type { EditorFile, Project } from "./editor-file.ts";
import { definitionsOf } from "./names.ts";
import type { Definition } from "./names.ts";

export interface Scoped {
  readonly file: EditorFile;
  readonly definition: Definition;
}

export function scopeOf(file: EditorFile, project: Project): readonly Scoped[] {
  const files = file.kind === "test" ? testedBy(file).flatMap((path) => project.file(path) ?? []) : [file];
  return files.flatMap((one) => definitionsOf(one).map((definition) => ({ file: one, definition })));
}

/** Rules are named, but no expression can use them. */
export function wordIn(scope: readonly Scoped[], name: string): Scoped | undefined {
  return scope.find(({ definition }) => definition.section !== "rules" && definition.name === name);
}
