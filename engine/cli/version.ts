/**
 * The versions that a journal names: of this package and of what runs it.
 */
import { createRequire } from "node:module";

const read = createRequire(import.meta.url);

function find(): string {
  // From the sources the manifest is two folders up, from the build three.
  for (const path of ["../../package.json", "../../../package.json"]) {
    try {
      const manifest = read(path) as { name?: string; version?: string };
      if (manifest.name === "barwise" && manifest.version !== undefined) return manifest.version;
    } catch {
      continue;
    }
  }
  return "0.0.0";
}

export const VERSION: string = find();

/** What a result may depend on besides its inputs; a journal's header holds it. */
export function builtWith() {
  const { node, v8, tz = "", icu = "" } = process.versions as { node: string; v8: string; tz?: string; icu?: string };
  return { barwise: VERSION, node, v8, tz, icu };
}
