/**
 * Variables of the environment in what a feed says.
 *
 * Owns: that one is written in one way, here as everywhere in `barwise.yaml`: another way would be sent as it stands, to a
 * server that then refuses a login nobody can explain. May not: read the environment.
 */
import { advice, becomes } from "./fix.ts";
import { placeOf } from "./yaml-file.ts";
import type { Path, YamlFile } from "./yaml-file.ts";

/** What people write for it elsewhere. */
const OTHER =
  /\$ENV\{ *([A-Za-z_]\w*) *\}|\$\{\{ *(?:secrets|env)\.([A-Za-z_]\w*) *\}\}|\$\{ *(?:env: *)?([A-Za-z_]\w*) *\}/g;
const RIGHT = /^\$\{env:[A-Za-z_]\w*\}$/;

export function checkVariables(yaml: YamlFile, at: Path, value: unknown): void {
  if (typeof value === "string") return checkText(yaml, at, value);
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value))
    checkVariables(yaml, [...at, Array.isArray(value) ? +key : key], inner);
}

function checkText(yaml: YamlFile, at: Path, text: string): void {
  const wrong = [...text.matchAll(OTHER)].find(([whole]) => !RIGHT.test(whole));
  if (wrong === undefined) return;
  const right = `\${env:${wrong[1] ?? wrong[2] ?? wrong[3]}}`;
  const mended = (source: string): string => source.replaceAll(wrong[0], right);
  yaml.findings.report(
    "schema/secret",
    placeOf(yaml, at),
    "This is not how a variable is written here",
    advice(`Write ${right}; in braces {…} with quotes.`, becomes(mended, { safe: false })),
  );
}
