/**
 * Where a name is defined, who uses it, and giving it another one.
 *
 * Owns: definition, references, rename and the outline of a file. A rename that could miss a use is refused.
 */
import type { Span } from "../lang/diagnostic.ts";
import type { Edit } from "../lang/fix.ts";
import { isReserved } from "../lang/scope.ts";
import { testedBy } from "./editor-file.ts";
import type { EditorFile, Project } from "./editor-file.ts";
import { definitionsOf, unreadable, usesOf } from "./names.ts";
import type { Definition, Section } from "./names.ts";

export interface Location {
  readonly path: string;
  readonly span: Span;
}

export interface Found {
  /** The file that defines it. */
  readonly file: EditorFile;
  readonly definition: Definition;
  /** The word under the cursor. */
  readonly at: Span;
}

/** The name under the cursor and its definition; undefined: nothing that a person has named. */
export function nameAt(file: EditorFile, offset: number, project: Project): Found | undefined {
  const own = definitionsOf(file);
  const here = own.find(({ span }) => isIn(span, offset));
  if (here !== undefined) return { file, definition: here, at: here.span };
  const use = usesOf(file).find(({ span }) => isIn(span, offset));
  if (use === undefined) return undefined;
  for (const one of file.kind === "test" ? testedFiles(file, project) : [file]) {
    const definition = definitionsOf(one).find((candidate) => means(candidate, use.name, use.section));
    if (definition !== undefined) return { file: one, definition, at: use.span };
  }
  return undefined;
}

function isIn({ start, end }: Span, offset: number): boolean {
  return start <= offset && offset <= end;
}

function means({ name, section }: Definition, used: string, as: Section | undefined): boolean {
  return name === used && (as === undefined ? section !== "rules" : section === as);
}

function testedFiles(file: EditorFile, project: Project): readonly EditorFile[] {
  return testedBy(file).flatMap((path) => project.file(path) ?? []);
}

/** Every place that names the same thing, in its own file and in the tests of it. */
export function placesOfName(found: Found, project: Project): readonly Location[] {
  const { file, definition } = found;
  const places: Location[] = [{ path: file.path, span: definition.span }];
  for (const one of [file, ...testsOf(file, project)]) {
    for (const { name, section, span } of usesOf(one))
      if (means(definition, name, section)) places.push({ path: one.path, span });
  }
  return places;
}

function testsOf(file: EditorFile, project: Project): readonly EditorFile[] {
  const found: EditorFile[] = [];
  for (const path of project.paths()) {
    const one = project.file(path);
    if (one?.kind === "test" && testedBy(one).includes(file.path)) found.push(one);
  }
  return found;
}

export type Renamed =
  | { readonly edits: ReadonlyMap<string, readonly Edit[]> }
  /** Why not, as a sentence. */
  | { readonly refusal: string };

export function rename(found: Found, name: string, project: Project): Renamed {
  const { file, definition } = found;
  const refusal = nameRefusal(file, definition, name);
  if (refusal !== undefined) return { refusal };
  for (const one of [file, ...testsOf(file, project)]) {
    const { document, findings } = one.yaml;
    const unread = unreadable(one)[0];
    if (document === undefined || findings.hasErrors) {
      return { refusal: `${one.path} cannot be read; correct it first, so that no use is missed.` };
    }
    if (unread !== undefined && definition.section !== "rules") {
      const { line } = findings.position(unread.start);
      return { refusal: `The expression in ${one.path}, line ${line}, cannot be read; correct it first.` };
    }
  }
  const edits = new Map<string, Edit[]>();
  for (const { path, span } of placesOfName(found, project)) {
    const own = edits.get(path) ?? [];
    if (!own.some(({ start }) => start === span.start)) own.push({ ...span, text: name });
    edits.set(path, own);
  }
  return { edits };
}

function nameRefusal(file: EditorFile, { name: before, section }: Definition, name: string): string | undefined {
  if (name === before) return undefined;
  const pattern = section === "rules" ? /^[A-Za-z_][A-Za-z0-9_-]*$/ : /^[A-Za-z_][A-Za-z0-9_]*$/;
  if (!pattern.test(name)) {
    const signs = section === "rules" ? "letters, digits, dashes and underscores" : "letters, digits and underscores";
    return `"${name}" cannot be a name: use ${signs}, and begin with a letter.`;
  }
  if (section !== "rules" && isReserved(name)) return `"${name}" is a word of the language.`;
  const other = definitionsOf(file).find(
    (one) => one.name === name && (one.section === "rules") === (section === "rules"),
  );
  return other === undefined ? undefined : `"${name}" is already defined under ${other.section}.`;
}

// ------------------------------------------------------------------------------------------------ outline

export interface Outline {
  readonly name: string;
  readonly detail: string;
  readonly section: Section;
  readonly span: Span;
  readonly extent: Span;
}

export function outline(file: EditorFile): readonly Outline[] {
  return definitionsOf(file).map(({ name, section, span, extent, value }) => ({
    name,
    section,
    span,
    extent,
    detail: section === "rules" ? "" : sourceOf(file, value),
  }));
}

/** What a definition stands for, on one line. */
export function sourceOf(file: EditorFile, value: unknown): string {
  const range = (value as { readonly range?: readonly number[] | null } | null)?.range;
  if (range === undefined || range === null) return "";
  const line = file.text.slice(range[0], range[1]).replace(/\s+/g, " ").trim();
  return line.length > 120 ? `${line.slice(0, 117)}…` : line;
}
