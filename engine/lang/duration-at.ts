/**
 * A duration at a place in a file.
 *
 * Owns: the finding when it is none.
 */
import { spelt } from "./fix-spelling.ts";
import { isDuration, parseDuration } from "./values.ts";
import { placeOf } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

/** Undefined when nothing is written there, or something else than text: the schema tells that. */
export function durationAt(yaml: YamlFile, path: Path, value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const ms = parseDuration(value);
  if (ms === undefined) {
    const help = spelt("Write 2s.", isDuration);
    yaml.findings.report("types/value", placeOf(yaml, path), `"${value}" is no duration`, help);
  }
  return ms;
}
