/**
 * Cases whose places a person has marked: tests/golden/places.
 *
 * A case is a name, YAML (a fragment is completed as in the pages of findings) in which every expected place stands
 * between ⟦ and ⟧, and a line per place: `-> code part of the message`. `-> also code` stands for a finding that has no
 * mark. `.. crlf` and `.. bom` change how the files are written; with `.. whole` nothing is completed.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { FileTexts } from "../../engine/lang/compile.ts";
import type { Diagnostic } from "../../engine/lang/diagnostic.ts";
import { filesIn } from "./finding-pages.ts";

const FOLDER = join(import.meta.dirname, "../golden/places");

export interface Expected {
  readonly code: string;
  readonly says: string;
}

export interface Marked {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

export interface Case {
  readonly area: string;
  readonly name: string;
  readonly files: FileTexts;
  readonly places: readonly Marked[];
  readonly expected: readonly Expected[];
  /** Codes without a place. */
  readonly also: readonly string[];
}

export function allCases(): readonly Case[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .flatMap((name) => casesIn(name.replace(/\.txt$/, ""), readFileSync(join(FOLDER, name), "utf8")));
}

function casesIn(area: string, text: string): readonly Case[] {
  const parts = text.split(/^== (.+)\n/m).slice(1);
  const cases: Case[] = [];
  for (let i = 0; i < parts.length; i += 2) cases.push(caseOf(area, parts[i] as string, parts[i + 1] as string));
  return cases;
}

function caseOf(area: string, name: string, body: string): Case {
  const lines = body.split("\n");
  const notes = lines.filter((line) => /^(?:->|\.\.) /.test(line));
  const yaml = lines.filter((line) => !notes.includes(line)).join("\n");
  const source = `${yaml.trimEnd()}\n`;
  const written = notes.includes(".. whole") ? { "case.strategy.yaml": source } : filesIn(source);
  const files: Record<string, string> = {};
  const places: Marked[] = [];
  for (const [file, text] of Object.entries(written)) {
    const lineEnds = notes.includes(".. crlf") ? text.replaceAll("\n", "\r\n") : text;
    const marked = notes.includes(".. bom") ? `\ufeff${lineEnds}` : lineEnds;
    places.push(...marksIn(file, marked));
    files[file] = marked.replaceAll(/[⟦⟧]/g, "");
  }
  const told = notes.flatMap((note) => /^-> (also )?(\S+)\s*(.*)$/.exec(note) ?? []);
  const expected: Expected[] = [];
  const also: string[] = [];
  for (let i = 0; i < told.length; i += 4) {
    if (told[i + 1] === undefined) expected.push({ code: told[i + 2] as string, says: told[i + 3] as string });
    else also.push(told[i + 2] as string);
  }
  return { area, name, files, places, expected, also };
}

function marksIn(file: string, text: string): readonly Marked[] {
  const found: Marked[] = [];
  let removed = 0;
  let start = 0;
  for (const { 0: mark, index } of text.matchAll(/[⟦⟧]/g)) {
    if (mark === "⟦") start = index - removed;
    else found.push({ file, start, end: index - removed });
    removed++;
  }
  return found;
}

/** The text with the places of findings marked, for a person who compares. */
export function withMarks(text: string, findings: readonly Pick<Diagnostic, "start" | "end">[]): string {
  const edits = findings.flatMap(({ start, end }) => [
    { at: end, mark: "⟧", order: 1 },
    { at: start, mark: "⟦", order: 0 },
  ]);
  let marked = text;
  for (const { at, mark } of edits.toSorted((a, b) => b.at - a.at || b.order - a.order))
    marked = marked.slice(0, at) + mark + marked.slice(at);
  return marked;
}
