/**
 * A file as an editor has it.
 *
 * Owns: reading it once, however broken it is, and what the files of a project are to each other.
 */
import { beside } from "../lang/references.ts";
import type { YamlFile } from "../lang/yaml-file.ts";
import { nodeAt, readLoosely } from "../lang/yaml-file.ts";
import { isScalar, isSeq } from "yaml";
import { kindOf } from "./kinds.ts";
import type { FileKind } from "./kinds.ts";

export interface EditorFile {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly kind: FileKind;
  readonly text: string;
  readonly yaml: YamlFile;
}

/** The files of one project. */
export interface Project {
  readonly file: (path: string) => EditorFile | undefined;
  readonly paths: () => Iterable<string>;
}

/** Undefined: not a file of ours. */
export function editorFile(path: string, text: string): EditorFile | undefined {
  const kind = kindOf(path);
  return kind === undefined ? undefined : { path, kind, text, yaml: readLoosely(path, text) };
}

/** The strategies that a test file names, in its order. */
export function testedBy({ path, yaml }: EditorFile): readonly string[] {
  const several = nodeAt(yaml, ["strategies"]);
  const named = [nodeAt(yaml, ["strategy"]), ...(isSeq(several) ? several.items : [])];
  return named.flatMap((node) => (isScalar(node) && typeof node.value === "string" ? [beside(path, node.value)] : []));
}
