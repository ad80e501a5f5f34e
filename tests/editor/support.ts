/**
 * Texts with a cursor in them.
 *
 * Owns: `¦` in a text is the cursor, and a project of several such files.
 */
import { completionsAt } from "../../engine/editor/completion.ts";
import type { Item } from "../../engine/editor/completion.ts";
import { diagnoseProject, symbolsIn } from "../../engine/editor/diagnose.ts";
import { editorFile } from "../../engine/editor/editor-file.ts";
import type { EditorFile, Project } from "../../engine/editor/editor-file.ts";
import { hoverAt } from "../../engine/editor/hover.ts";
import { meaningOf } from "../../engine/editor/meaning.ts";

export const NAME = "strategies/a.strategy.yaml";

export interface Here {
  readonly file: EditorFile;
  readonly offset: number;
  readonly project: Project;
  readonly texts: Readonly<Record<string, string>>;
}

export function here(marked: string, path = NAME, others: Readonly<Record<string, string>> = {}): Here {
  const offset = marked.indexOf("¦");
  const text = marked.replace("¦", "");
  const texts = { ...others, [path]: text };
  const project: Project = {
    file: (name) => (Object.hasOwn(texts, name) ? editorFile(name, texts[name] as string) : undefined),
    text: (name) => texts[name],
    paths: () => Object.keys(texts),
  };
  const file = editorFile(path, text);
  if (file === undefined || offset < 0) throw new Error("no file of ours, or no cursor");
  return { file, offset, project, texts };
}

export function completions(
  marked: string,
  path = NAME,
  others: Readonly<Record<string, string>> = {},
): readonly Item[] {
  const { file, offset, project, texts } = here(marked, path, others);
  return completionsAt(file, offset, {
    project,
    symbols: () => symbolsIn(texts),
    findings: (text) => diagnoseProject({ ...texts, [path]: text }, [path]).filter((one) => one.file === path),
  });
}

export function labels(marked: string, path = NAME, others: Readonly<Record<string, string>> = {}): readonly string[] {
  return completions(marked, path, others).map(({ label }) => label);
}

export function hover(marked: string, path = NAME, others: Readonly<Record<string, string>> = {}): string {
  const { file, offset, project, texts } = here(marked, path, others);
  const found = hoverAt(file, offset, { project, meaning: (name, one) => meaningOf(texts, name, one) });
  return found === undefined ? "" : `${file.text.slice(found.span.start, found.span.end)}: ${found.markdown}`;
}

/** A strategy with this condition in its only rule. */
export function when(condition: string, more = ""): string {
  return `barwise: 1
name: a
symbols: [SPY, QQQ]
on: 5m
params: {line: 30}
facts:
  band: bollinger(20, 2)
  trend: sma(200, on: 1d)
conditions:
  calm: rsi(14) > line
${more}rules:
  - name: go
    when: ${condition}
    then: {close: {}}
`;
}
