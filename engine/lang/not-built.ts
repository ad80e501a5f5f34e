/**
 * What the language reserves and this version does not do yet.
 *
 * Owns: the sentences. Accepting such a construct and ignoring it would be worse than refusing it.
 */

/** Keys by the schema path of their mapping: `""` the file, `rules` a rule, `action`, `trade`. */
const KEYS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "": {
    universe: "A universe of symbols (universe:) is",
  },
  rule: {
    approval: "Approval by a person (approval:) is",
  },
  tape: {
    loop: "Playing a tape again from its start (loop:) is",
  },
};

const INSTEAD: Readonly<Record<string, string>> = {
  approval: "Write it for the whole strategy: approval: {when: order.notional > 25000}.",
};

export type KeyPlace = "" | "rule" | "action" | "trade" | "project" | "tape";

export function notBuiltKey(
  place: KeyPlace,
  key: string,
): { readonly message: string; readonly help: string } | undefined {
  const keys = KEYS[place] ?? {};
  const what = Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (what === undefined) return undefined;
  return { message: `${what} not built yet`, help: INSTEAD[key] ?? "Remove it for now." };
}
