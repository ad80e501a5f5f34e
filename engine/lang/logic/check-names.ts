/**
 * Names that nothing uses.
 *
 * Owns: names/unused for params and conditions. Named facts are shown live, so a fact needs no user.
 * It looks at words of text rather than at meaning: a word in a comment-like place keeps a name quiet.
 */
import { isMap, isPair, isScalar, visit } from "yaml";
import type { Builder } from "../builder.ts";
import { advice } from "../fix.ts";
import { without } from "../fix-yaml.ts";

const SECTIONS = ["params", "conditions"] as const;

export function checkNames(builder: Builder): void {
  const { document, data } = builder.file;
  if (document === undefined) return;
  const declared = SECTIONS.flatMap((section) => namesOf(data?.[section]).map((name) => ({ section, name })));
  if (declared.length === 0) return;
  const words = new Set<string>();
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== "string") return;
      for (const word of node.value.match(/[A-Za-z_]\w*/g) ?? []) words.add(word);
    },
    Pair(_, pair) {
      // Keys of the two sections declare; all other keys may be words of the language that take names.
      const isSection =
        isScalar(pair.key) && SECTIONS.some((section) => section === String((pair.key as { value: unknown }).value));
      if (!isSection || !isMap(pair.value)) return undefined;
      for (const item of pair.value.items) {
        if (!isPair(item)) continue;
        visit(item.value as Parameters<typeof visit>[0], {
          Scalar(__, node) {
            if (typeof node.value !== "string") return;
            for (const word of node.value.match(/[A-Za-z_]\w*/g) ?? []) words.add(word);
          },
        });
      }
      return visit.SKIP;
    },
  });
  for (const { section, name } of declared) {
    if (words.has(name)) continue;
    const what = section === "params" ? "param" : "condition";
    const help = advice("Use it or remove it.", without(builder.file, [section, name], `Remove the ${what} ${name}`));
    builder.reportKey("names/unused", [section, name], `Nothing uses the ${what} "${name}"`, help);
  }
}

function namesOf(section: unknown): string[] {
  return typeof section === "object" && section !== null && !Array.isArray(section) ? Object.keys(section) : [];
}
