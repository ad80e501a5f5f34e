/**
 * Where a name is defined, who uses it, and giving it another one.
 *
 * Owns: definition, references, rename and the outline of a file. A rename that could miss a use is refused.
 */
import type { Span } from "../lang/diagnostic.ts";
import type { Edit } from "../lang/fix.ts";
import { isReserved } from "../lang/scope.ts";
import { placeAt } from "./cursor.ts";
import type { EditorFile, Project } from "./editor-file.ts";
import { basesOf, familyOf, namedFile, scopeFiles } from "./family.ts";
import { definitionsOf, unreadable, usesOf } from "./names.ts";
import type { Definition, Section } from "./names.ts";

export interface Location {
  readonly path: string;
  readonly span: Span;
  readonly isDefinition: boolean;
}

export interface Found {
  /** The file that defines it, the nearest of several. */
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
  for (const one of scopeFiles(file, project)) {
    const definition = definitionsOf(one).find((candidate) => means(candidate, use.name, use.section));
    if (definition !== undefined) return { file: one, definition, at: use.span };
  }
  return undefined;
}

/** The file that a value names: a template, a strategy, a watchlist. */
export function fileAt(file: EditorFile, offset: number, project: Project): EditorFile | undefined {
  const place = placeAt(file.yaml, offset);
  if (place?.part !== "value" || typeof place.node.value !== "string") return undefined;
  const [last, before] = [place.path.at(-1), place.path.at(-2)];
  const isName = ["template", "extends", "file", "strategy"].includes(String(last)) || before === "strategies";
  return isName ? namedFile(file, place.node.value, project) : undefined;
}

function isIn({ start, end }: Span, offset: number): boolean {
  return start <= offset && offset <= end;
}

function means({ name, section }: Definition, used: string, as: Section | undefined): boolean {
  return name === used && (as === undefined ? section !== "rules" && section !== "inputs" : section === as);
}

/** Everyone who may say the name: the file where it comes from, all that are made of it, and their tests. */
function membersOf({ file, definition }: Found, project: Project): readonly EditorFile[] {
  const origin = basesOf(file, project).findLast((one) =>
    definitionsOf(one).some((candidate) => means(candidate, definition.name, definition.section)),
  );
  return familyOf(origin ?? file, project);
}

/** Every place that names the same thing; a strategy that extends another may define it once more. */
export function placesOfName(found: Found, project: Project): readonly Location[] {
  const { definition } = found;
  return membersOf(found, project).flatMap((one): Location[] => [
    ...definitionsOf(one)
      .filter((candidate) => means(candidate, definition.name, definition.section))
      .map(({ span }) => ({ path: one.path, span, isDefinition: true })),
    ...usesOf(one)
      .filter(({ name, section }) => means(definition, name, section))
      .map(({ span }) => ({ path: one.path, span, isDefinition: false })),
  ]);
}

export type Renamed =
  | { readonly edits: ReadonlyMap<string, readonly Edit[]> }
  /** Why not, as a sentence. */
  | { readonly refusal: string };

export function rename(found: Found, name: string, project: Project): Renamed {
  const { definition } = found;
  for (const one of membersOf(found, project)) {
    const refusal = nameRefusal(one, definition, name) ?? readRefusal(one, definition);
    if (refusal !== undefined) return { refusal };
  }
  const edits = new Map<string, Edit[]>();
  for (const { path, span } of placesOfName(found, project)) {
    const own = edits.get(path) ?? [];
    if (!own.some(({ start }) => start === span.start)) own.push({ ...span, text: name });
    edits.set(path, own);
  }
  return { edits };
}

/** Where something cannot be read, a use could be missed. */
function readRefusal(file: EditorFile, { section }: Definition): string | undefined {
  const { document, findings } = file.yaml;
  if (document === undefined || findings.hasErrors) {
    return `${file.path} cannot be read; correct it first, so that no use is missed.`;
  }
  const unread = section === "rules" ? undefined : unreadable(file)[0];
  if (unread === undefined) return undefined;
  const { line } = findings.position(unread.start);
  return `The expression in ${file.path}, line ${line}, cannot be read; correct it first.`;
}

function nameRefusal(file: EditorFile, { name: before, section }: Definition, name: string): string | undefined {
  if (name === before) return undefined;
  const pattern = section === "rules" ? /^[A-Za-z_][A-Za-z0-9_-]*$/ : /^[A-Za-z_][A-Za-z0-9_]*$/;
  if (!pattern.test(name)) {
    const signs = section === "rules" ? "letters, digits, dashes and underscores" : "letters, digits and underscores";
    return `"${name}" cannot be a name: use ${signs}, and begin with a letter.`;
  }
  if (section !== "rules" && section !== "inputs" && isReserved(name)) return `"${name}" is a word of the language.`;
  const kindOf = (one: Section): Section => (one === "rules" || one === "inputs" ? one : "params");
  const other = definitionsOf(file).find((one) => one.name === name && kindOf(one.section) === kindOf(section));
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
