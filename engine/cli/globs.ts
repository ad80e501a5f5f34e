/**
 * Patterns of paths, for shells that do not expand them and for scripts that quote them.
 *
 * Owns: `*`, `**`, `?`, `[…]` and `{a,b}`, as shells read them. A name that is there is never read as a pattern.
 */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/** Files that the pattern matches, sorted. Names that begin with a dot and node_modules are left out, as shells do. */
export async function matching(pattern: string): Promise<readonly string[]> {
  const parts = pattern.replaceAll("\\", "/").split("/");
  const fixed = parts.findIndex(isPattern);
  const base = parts.slice(0, fixed).join("/") || (pattern.startsWith("/") ? "/" : ".");
  const wanted = new RegExp(`^(?:${alternatives(parts.slice(fixed).join("/")).map(expression).join("|")})$`);
  const found: string[] = [];
  await walk(base, "", wanted, found);
  return found.sort();
}

async function walk(base: string, below: string, wanted: RegExp, found: string[]): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await readdir(join(base, below), { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  for (const entry of entries) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) await walk(base, path, wanted, found);
    else if (wanted.test(path)) found.push(base === "." ? path : join(base, path));
  }
}

/** `{a,b}c` is `ac` and `bc`; braces that are not closed are signs like any other. */
function alternatives(pattern: string): readonly string[] {
  const found = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(pattern);
  if (found === null) return [pattern];
  const [, head = "", inner = "", tail = ""] = found;
  return inner.split(",").flatMap((one) => alternatives(head + one + tail));
}

function expression(pattern: string): string {
  let result = "";
  for (let i = 0; i < pattern.length; i++) {
    const rest = pattern.slice(i);
    const set = /^\[([!^]?)([^\]/]+)\]/.exec(rest);
    if (rest.startsWith("**/")) {
      result += "(?:[^/]+/)*";
      i += 2;
    } else if (rest.startsWith("**")) {
      result += ".*";
      i += 1;
    } else if (rest.startsWith("*")) result += "[^/]*";
    else if (rest.startsWith("?")) result += "[^/]";
    else if (set !== null) {
      const [whole, not, inside = ""] = set;
      result += `[${not === "" ? "" : "^"}${inside.replaceAll(/[\\^]/g, String.raw`\$&`)}]`;
      i += whole.length - 1;
    } else result += (pattern[i] as string).replaceAll(/[.+^$()|{}[\]\\]/g, String.raw`\$&`);
  }
  return result;
}
