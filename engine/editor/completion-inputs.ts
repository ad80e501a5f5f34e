/**
 * What may be written where a template and a strategy meet.
 *
 * Owns: inputs behind `$` and below `with:`, what each takes, and the files that `template:`, `extends:` and `file:` may name.
 */
import { isMap, isScalar } from "yaml";
import type { Path } from "../lang/yaml-file.ts";
import type { Item, ItemKind } from "./completion.ts";
import type { EditorFile, Project } from "./editor-file.ts";
import type { ExpressionKind } from "./expressions.ts";
import { basesOf } from "./family.ts";
import { code } from "./markdown.ts";
import { definitionsOf } from "./names.ts";
import type { Definition } from "./names.ts";
import { sourceOf } from "./navigation.ts";

interface Input {
  readonly file: EditorFile;
  readonly definition: Definition;
}

function inputsFor(file: EditorFile, project: Project): readonly Input[] {
  const files = file.kind === "template" ? [file] : basesOf(file, project);
  return files.flatMap((one) =>
    definitionsOf(one)
      .filter(({ section }) => section === "inputs")
      .map((definition) => ({ file: one, definition })),
  );
}

/** A word of an input's declaration. */
function declared({ definition }: Input, key: string): string | undefined {
  const value: unknown = isMap(definition.value) ? definition.value.get(key) : undefined;
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function itemOf(input: Input, offset: number, word: string, snippet: string, rank: number): Item {
  const { file, definition } = input;
  return {
    label: definition.name,
    kind: "param",
    detail: declared(input, "description") ?? declared(input, "type") ?? "",
    markdown: code(`${definition.name}: ${sourceOf(file, definition.value)}`),
    snippet,
    span: { start: offset - word.length, end: offset },
    rank,
  };
}

/** Behind `$` in a template; undefined: the cursor is somewhere else. */
export function placeholderItems(file: EditorFile, offset: number, project: Project): readonly Item[] | undefined {
  const typed = file.kind === "template" ? /\$(\w*)$/.exec(file.text.slice(Math.max(0, offset - 200), offset)) : null;
  if (typed === null) return undefined;
  const word = typed[1] ?? "";
  return inputsFor(file, project).map((one, rank) => itemOf(one, offset, word, one.definition.name, rank));
}

/** Keys of `with:` that are not given yet, those without a default first. */
export function givenKeys(
  file: EditorFile,
  typed: { readonly word: string; readonly hasColon: boolean; readonly siblings: readonly string[] },
  offset: number,
  project: Project,
): readonly Item[] {
  return inputsFor(file, project)
    .filter(({ definition }) => !typed.siblings.includes(definition.name))
    .map((one, index) => {
      const { name } = one.definition;
      const usual = declared(one, "default");
      const value = usual === undefined ? "$1" : `\${1:${usual.replaceAll(/[\\$}]/g, (sign) => `\\${sign}`)}}`;
      const rank = (usual === undefined ? 0 : 1_000) + index;
      return itemOf(one, offset, typed.word, typed.hasColon ? name : `${name}: ${value}`, rank);
    });
}

/** What kind of expression an input takes; undefined: none. */
export function givenKind(file: EditorFile, path: Path, project: Project): ExpressionKind | undefined {
  if (file.kind !== "strategy" || path[0] !== "with" || path.length !== 2) return undefined;
  const input = inputsFor(file, project).find(({ definition }) => definition.name === path[1]);
  const type = input === undefined ? undefined : declared(input, "type");
  return type === "condition" ? "condition" : type === "expression" || type === "number" ? "number" : undefined;
}

/** What an input that offers a choice takes. */
export function givenChoices(file: EditorFile, path: Path, project: Project): readonly string[] {
  if (path[0] !== "with" || path.length !== 2) return [];
  const input = inputsFor(file, project).find(({ definition }) => definition.name === path[1]);
  const choices: unknown = isMap(input?.definition.value) ? input.definition.value.get("choices", true) : undefined;
  const items = (choices as { readonly items?: readonly unknown[] } | undefined)?.items ?? [];
  return items.flatMap((item) => (isScalar(item) ? [String(item.value)] : []));
}

/** Files that a value may name, as they would be written here. */
export function* fileNames(file: EditorFile, path: Path, project: Project): Generator<readonly [string, ItemKind]> {
  const [last, before] = [path.at(-1), path.at(-2)];
  const isTested = file.kind === "test" && (last === "strategy" || before === "strategies");
  const kind =
    last === "template"
      ? "template"
      : last === "extends" || isTested
        ? "strategy"
        : last === "file"
          ? "watchlist"
          : undefined;
  if (kind === undefined) return;
  const folder = file.path.slice(0, file.path.lastIndexOf("/") + 1);
  for (const other of project.paths()) {
    if (other === file.path || project.file(other)?.kind !== kind) continue;
    if (other.startsWith(folder)) yield [other.slice(folder.length), "word"];
    // A test names what stands beside it; the others may start from the project's folder.
    else if (!isTested) yield [other, "word"];
  }
}
