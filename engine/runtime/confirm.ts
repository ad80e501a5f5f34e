/**
 * The second opinion: json-rules-engine judges every firing on the frozen facts.
 *
 * Owns: a fresh engine per confirmation (a shared one loses runs), facts as functions over the copy, no paths, no
 * handlers. May not: change a firing or place anything. Anything but a clear "true" is no.
 */
import { Engine } from "json-rules-engine";
import type { TopLevelCondition } from "json-rules-engine";
import { refKey } from "../core/canonical.ts";
import type { ConfirmationInput, Firing } from "../core/event.ts";
import { hash128 } from "../core/hash.ts";
import type { CanonicalCondition, FactRef } from "../core/program.ts";

/** `sampled`: one firing in `every` is confirmed, chosen by its id; for long backtests only. */
export type ConfirmMode = { readonly mode: "full" } | { readonly mode: "sampled"; readonly every: number };

export function isSampled(mode: ConfirmMode, firing: string): boolean {
  return mode.mode === "full" || Number.parseInt(hash128(firing).slice(-8), 16) % mode.every === 0;
}

export function notSampled(firing: string): ConfirmationInput {
  return { kind: "confirmation", firing, verdict: "not-sampled", explanation: null, error: null };
}

export async function confirm(firing: Firing): Promise<ConfirmationInput> {
  try {
    const engine = new Engine([], { pathResolver: refusePath });
    const unknown = new Set<string>();
    const read = (name: string) => factReader(firing, name, unknown);
    for (const name of factNames(firing.condition)) engine.addFact(name, read(name), { cache: false });
    engine.addRule({ name: firing.rule, conditions: rootOf(firing.condition), event: { type: "fired" } });
    const { results, failureResults } = await engine.run();
    const [missing] = unknown;
    if (missing !== undefined) throw new Error(`the fact ${missing} is unknown`);
    const explanation = results[0] ?? failureResults[0];
    const agreed = results.length === 1 && results[0]?.result === true;
    return {
      kind: "confirmation",
      firing: firing.id,
      verdict: agreed ? "agreed" : "disagreed",
      explanation: explanation === undefined ? null : JSON.stringify(explanation.toJSON(false)),
      error: null,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "confirmation", firing: firing.id, verdict: "failed", explanation: null, error: message };
  }
}

function refusePath(): never {
  throw new Error("paths are not part of the safe profile");
}

/**
 * It tells what is unknown instead of throwing: of several facts that throw, the engine awaits only the first, and the
 * rejection that nobody awaits would end the process.
 */
function factReader(firing: Firing, name: string, unknown: Set<string>): (params: Record<string, unknown>) => number {
  return (params) => {
    const ref =
      Object.keys(params).length === 0
        ? { fact: name }
        : { fact: name, params: params as NonNullable<FactRef["params"]> };
    const value = firing.facts[refKey(ref)];
    if (value !== undefined && Number.isFinite(value)) return value;
    unknown.add(refKey(ref));
    return Number.NaN;
  };
}

/** json-rules-engine wants a group at the root. */
function rootOf(condition: CanonicalCondition): TopLevelCondition {
  const root = "fact" in condition ? { all: [condition] } : condition;
  return root as unknown as TopLevelCondition;
}

function factNames(condition: CanonicalCondition, into: Set<string> = new Set()): Set<string> {
  if ("all" in condition) for (const kid of condition.all) factNames(kid, into);
  else if ("any" in condition) for (const kid of condition.any) factNames(kid, into);
  else if ("not" in condition) factNames(condition.not, into);
  else {
    into.add(condition.fact);
    if (typeof condition.value === "object" && "fact" in condition.value) into.add(condition.value.fact);
  }
  return into;
}
