/**
 * What a name of a strategy comes to: the canonical form that both evaluators judge.
 *
 * Owns: asking the compiler. A file that does not compile has no meaning, and nothing is said about it.
 */
import { toCanonical } from "../core/canonical.ts";
import { compile } from "../lang/compile.ts";
import type { CompileEnv, FileTexts } from "../lang/compile.ts";
import { compileProbes } from "../lang/test-probe.ts";
import { conditionWords, factWords } from "../report/words.ts";
import type { Definition } from "./names.ts";

export interface Meaning {
  /** As an expression without names. */
  readonly words: readonly string[];
  /** Bars before it is known, of facts. */
  readonly warmup: number | undefined;
}

/** `files` are those that `compile` needs for the strategy. */
export function meaningOf(
  files: FileTexts,
  path: string,
  { name, section }: Definition,
  env: CompileEnv = {},
): Meaning | undefined {
  if (section !== "facts" && section !== "conditions") return undefined;
  const { program } = compile(files, env);
  const strategy = program?.strategies.find(({ file }) => file === path);
  if (program === null || strategy === undefined) return undefined;
  if (section === "facts") {
    const own = Object.entries(strategy.named).filter(([key]) => key === name || key.startsWith(`${name}.`));
    const facts = own.flatMap(([key, index]) => {
      const fact = strategy.facts[index];
      return fact === undefined
        ? []
        : [{ words: key === name ? factWords(fact.ref) : `${key}: ${factWords(fact.ref)}`, fact }];
    });
    if (facts.length === 0) return undefined;
    return { words: facts.map(({ words }) => words), warmup: Math.max(...facts.map(({ fact }) => fact.warmup)) };
  }
  const { conditions, watched } = compileProbes(files, env, program, new Map([[path, [name]]]));
  const condition = conditions.get(path)?.[0];
  const facts = watched.strategies.find(({ file }) => file === path)?.facts;
  if (condition === undefined || facts === undefined) return undefined;
  return { words: [conditionWords(toCanonical(facts, condition))], warmup: undefined };
}
