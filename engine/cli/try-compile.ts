/**
 * Compiling for a run: what files say, with what the command line and the data replace of it.
 *
 * Owns: the overrides, and saying what they changed. May not: read files, or import what a thread that only compiles has no
 * use for.
 */
import { compile } from "../lang/compile.ts";
import type { Compiled } from "../lang/compile.ts";
import type { SeriesSize } from "../market/bar-size.ts";
import type { FileSet } from "../ports/files.ts";

export interface Override {
  /** Symbols that there is data for. */
  readonly available?: readonly string[];
  readonly on?: SeriesSize;
  readonly params?: Readonly<Record<string, number>>;
  /** Strategy files that run, when others are there to be extended. */
  readonly only?: readonly string[];
}

export function tryCompile(
  files: FileSet,
  override: Override,
): { readonly compiled: Compiled; readonly notes: readonly string[] } {
  // The compiler asks for the symbols of a strategy more than once.
  const notes = new Set<string>();
  const { available, on, params, only } = override;
  const chosen = { ...(params === undefined ? {} : { params }), ...(only === undefined ? {} : { only }) };
  const symbols = (strategy: string, declared: readonly string[]): readonly string[] => {
    if (available === undefined) return [...new Set(declared)];
    const there = declared.filter((symbol) => available.includes(symbol));
    if (there.length === 0) {
      notes.add(
        `${strategy} names ${declared.join(", ")}; the data has ${available.join(", ")}: played on ${available.join(", ")}`,
      );
      return available;
    }
    const missing = declared.filter((symbol) => !available.includes(symbol));
    if (missing.length > 0) notes.add(`${strategy}: no data for ${missing.join(", ")}, left out`);
    return [...new Set(there)];
  };
  const compiled = compile(files, {
    ...chosen,
    override: { symbols, ...(on === undefined ? {} : { on }) },
  });
  if (on !== undefined && compiled.program !== null) {
    const plain = compile(files, chosen);
    for (const strategy of plain.program?.strategies ?? []) {
      const own = strategy.ticks === true ? "tick" : strategy.on.label;
      if (own !== on.label) notes.add(`${strategy.name} says on: ${own}: played on ${on.label} bars`);
    }
  }
  return { compiled, notes: [...notes] };
}
