/**
 * Which operations an address means.
 *
 * Owns: matching paths with `{names}` in them. May not: know who asks.
 */
import { OPERATIONS } from "./operations.ts";
import type { Operation } from "./operations.ts";

export interface AtPath {
  readonly operation: Operation;
  readonly path: Readonly<Record<string, string>>;
}

const PATTERNS = OPERATIONS.map((operation) => ({
  operation,
  pattern: new RegExp(
    `^${operation.path.replaceAll(".", "\\.").replaceAll(/\{(\w+)\}/g, "(?<$1>[\\w.:@%-]{1,200})")}$`,
  ),
}));

export function operationsAt(pathname: string): readonly AtPath[] {
  return PATTERNS.flatMap(({ operation, pattern }) => {
    const match = pattern.exec(pathname);
    return match === null ? [] : [{ operation, path: decoded(match.groups ?? {}) }];
  });
}

/** What is no proper encoding is taken as it is written: nothing has that name. */
function decoded(groups: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, value]) => {
      try {
        return [name, decodeURIComponent(value)];
      } catch {
        return [name, value];
      }
    }),
  );
}
