/**
 * Which other files a file names, and where they are.
 *
 * Owns: paths relative to a file or to the project, the kinds of files by their names, and what a caller still has to
 * read before `compile` can see everything. May not: read files.
 */
import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { FileTexts } from "./compile.ts";

export function isStrategyFile(path: string): boolean {
  return /\.strategy\.ya?ml$/.test(path);
}

export function isTemplateFile(path: string): boolean {
  return /\.template\.ya?ml$/.test(path);
}

export function isTestFile(path: string): boolean {
  return /\.test\.ya?ml$/.test(path);
}

/** By its folder; a watchlist elsewhere is one because a strategy names it. */
export function isWatchlistFile(path: string): boolean {
  return /(?:^|\/)watchlists\/[^/]+\.ya?ml$/.test(path);
}

/** A path relative to the folder of another file. */
export function beside(file: string, name: string): string {
  if (name.startsWith("/")) return name;
  const parts = file.split("/").slice(0, -1);
  for (const part of name.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return `${file.startsWith("/") && parts[0] !== "" ? "/" : ""}${parts.join("/")}`;
}

/** Where a named file may be: beside the file that names it, or below the project's folder. */
export function candidates(from: string, name: string, root: string): readonly string[] {
  const near = beside(from, name);
  const below = beside(root === "" ? "x" : `${root}/x`, name);
  return near === below ? [near] : [near, below];
}

/**
 * Files that these files name and that are not among them. `absent` are those that a caller looked for in vain. Names
 * inside files that are read because of this call may lead to more: ask again until nothing is wanted.
 */
export function wantedBy(files: FileTexts, absent: ReadonlySet<string>, root = ""): string[] {
  const wanted = new Set<string>();
  for (const [path, text] of Object.entries(files)) {
    if (!isStrategyFile(path) && !isTemplateFile(path)) continue;
    if (!/\b(?:template|extends|file)\b/.test(text)) continue;
    for (const name of namesIn(text)) {
      const places = candidates(path, name, root);
      if (places.some((place) => Object.hasOwn(files, place))) continue;
      for (const place of places) if (!absent.has(place)) wanted.add(place);
    }
  }
  return [...wanted].sort();
}

/** These files and, of the others, what they name. */
export function closureOf(paths: readonly string[], files: FileTexts): FileTexts {
  const texts: Record<string, string> = Object.fromEntries(paths.map((path) => [path, files[path] ?? ""]));
  for (;;) {
    const named = wantedBy(texts, new Set()).filter((path) => Object.hasOwn(files, path));
    if (named.length === 0) return texts;
    for (const path of named) texts[path] = files[path] ?? "";
  }
}

/** Every value of `template:`, `extends:` and of `file:`, wherever they stand: too many are harmless. */
function namesIn(text: string): readonly string[] {
  if (text.length > LONGEST) return [];
  const found: string[] = [];
  const walk = (node: unknown, depth: number): void => {
    if (depth > DEEPEST) return;
    if (isSeq(node)) for (const item of node.items) walk(item, depth + 1);
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? key.value : undefined;
      const isName = name === "template" || name === "extends" || name === "file" || depth === INPUT_DEPTH;
      if (isName && isScalar(value) && isFileName(value.value)) found.push(value.value);
      walk(value, depth + 1);
    }
  };
  walk(parseDocument(text, { version: "1.2", prettyErrors: false }).contents, 0);
  return found;
}

const LONGEST = 256 * 1024;
const DEEPEST = 16;
/** `with: {watchlist: x.yaml}`: the value of an input may name a file. */
const INPUT_DEPTH = 1;

function isFileName(value: unknown): value is string {
  return typeof value === "string" && /\.ya?ml$/.test(value) && value.length <= 1_000;
}
