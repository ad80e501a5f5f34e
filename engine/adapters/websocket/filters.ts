/**
 * Which messages are meant: paths and the values that must stand there.
 *
 * Owns: compiling and asking such filters. May not: know what a message is for.
 */
import { FeedError } from "../../ports/feed.ts";
import { parsePath, valueAt } from "./path.ts";
import type { Path } from "./path.ts";

export type Where = Readonly<Record<string, string | number | boolean>>;

export interface Filter {
  readonly path: Path;
  readonly value: string | number | boolean;
}

export function compileFilters(where: Where | undefined): Filter[] {
  return Object.entries(where ?? {}).map(([source, value]) => ({ path: pathOf("where", source), value }));
}

export function matches(filters: readonly Filter[], message: unknown, item: unknown): boolean {
  return filters.every(({ path, value }) => isValue(valueAt(path.items === null ? message : item, path.steps), value));
}

/** MessagePack brings 64-bit integers as bigint. */
function isValue(found: unknown, value: Filter["value"]): boolean {
  return found === value || (typeof found === "bigint" && typeof value === "number" && Number(found) === value);
}

export function pathOf(name: string, source: string): Path {
  const path = parsePath(source);
  if (path === undefined) {
    throw new FeedError("config", `map: ${name}: ${source} is not a path; write $.a, $.a.b, $.a[0] or $.items[*].a`);
  }
  return path;
}
