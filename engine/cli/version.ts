/**
 * The version of this package.
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
