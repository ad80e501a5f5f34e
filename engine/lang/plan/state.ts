/**
 * What a rule remembers across a change.
 *
 * Owns: the words of the reload's rules: latches follow the rule's digest, cooldowns and counters its name, and what
 * `for`, `within` and `then` count follows the fact that counts. May not: keep anything itself.
 */
import { factsOf } from "../../core/canonical.ts";
import type { Fact, Rule, Strategy } from "../../core/program.ts";
import type { KeptState } from "./types.ts";

export function keptStateOf(before: Strategy | null, old: Rule | null, after: Strategy, now: Rule): KeptState {
  const isNamed = old !== null && old.name === now.name;
  const stays = before?.symbols.some((symbol) => after.symbols.includes(symbol)) === true;
  const counts = now.cooldown !== undefined || now.limit !== undefined || now.oncePer !== undefined;
  const timers = timersOf(after.facts, now);
  const isKnown = ({ key }: Fact): boolean =>
    before?.session === after.session && before.facts.some((fact) => fact.key === key);
  return {
    latch: isNamed && stays && old.digest === now.digest ? "kept" : "anew",
    counters: !counts ? null : isNamed && stays ? "kept" : "anew",
    timers: timers.length === 0 ? null : stays && timers.every(isKnown) ? "kept" : "anew",
  };
}

/** Facts that count evaluations or time, as far as the condition reads them. */
function timersOf(facts: readonly Fact[], rule: Rule): readonly Fact[] {
  const read = new Set([...factsOf(rule.condition), ...(rule.rearm === undefined ? [] : factsOf(rule.rearm))]);
  return [...read].flatMap((index) => {
    const fact = facts[index];
    return fact !== undefined && /^(?:bars|seconds)_/.test(fact.spec.kind) ? [fact] : [];
  });
}
