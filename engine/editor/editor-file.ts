/**
 * A file as an editor has it.
 *
 * Owns: reading it once, however broken it is.
 */
import type { YamlFile } from "../lang/yaml-file.ts";
import { readLoosely } from "../lang/yaml-file.ts";
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
  readonly text: (path: string) => string | undefined;
  readonly paths: () => Iterable<string>;
}

/** Undefined: not a file of ours. */
export function editorFile(path: string, text: string): EditorFile | undefined {
  const kind = kindOf(path);
  if (kind === undefined) return undefined;
  // An input of a template is no part of an expression; as a name of the same length it can be read as one.
  const readable = kind === "template" ? text.replaceAll(/\$(?=[A-Za-z_])/g, "_") : text;
  return { path, kind, text, yaml: readLoosely(path, readable) };
}
