/**
 * Which files an editor is helped with, and what kind each is.
 *
 * Owns: the kinds. Which names make which kind is the language's business.
 */
import { isStrategyFile, isTemplateFile, isWatchlistFile } from "../lang/references.ts";
import { isTestFile } from "../lang/test-file.ts";

export type FileKind = "strategy" | "template" | "watchlist" | "test" | "project";

/** Undefined: none of ours. `path` has forward slashes. */
export function kindOf(path: string): FileKind | undefined {
  if (isStrategyFile(path)) return "strategy";
  if (isTestFile(path)) return "test";
  if (isTemplateFile(path)) return "template";
  if (isWatchlistFile(path)) return "watchlist";
  return /(?:^|\/)barwise\.yaml$/.test(path) ? "project" : undefined;
}
