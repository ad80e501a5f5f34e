/**
 * A watchlist: symbols that several strategies trade.
 *
 * Owns: what is wrong in one file. May not: know who uses it.
 */
import type { Diagnostic } from "./diagnostic.ts";
import { checkSchema, compileSchema } from "./schema-check.ts";
import { watchlistSchema } from "./schema-template.ts";
import { readYaml } from "./yaml-file.ts";

let validator: ReturnType<typeof compileSchema> | undefined;

export function checkWatchlist(path: string, text: string): readonly Diagnostic[] {
  const file = readYaml(path, text);
  validator ??= compileSchema(watchlistSchema());
  if (file.data !== undefined) checkSchema(validator, file, "plain");
  return file.findings.list();
}
