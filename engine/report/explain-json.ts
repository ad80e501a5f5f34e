/**
 * What `barwise explain FILE` says, for programs.
 *
 * Owns: the shape that is documented in docs/reference/cli.md. Lists are always there; what a rule leaves out is null.
 */
import { toCanonical } from "../core/canonical.ts";
import type { Approval } from "../core/approval.ts";
import type { Program, Rule, Strategy } from "../core/program.ts";
import { spelled } from "../lang/digest.ts";
import { snake } from "../lang/plan/aspects.ts";
import { historyOf } from "../lang/plan/warmup.ts";
import { actionWords, firingWords } from "./explain.ts";
import type { ValuesOf } from "./explain.ts";
import { conditionWords, factWords } from "./words.ts";

export function explainJson(program: Program, valuesOf: ValuesOf): object {
  return {
    format_version: 1,
    digest: program.digest,
    approval: approvalJson(program.approval),
    strategies: program.strategies.map((strategy) => strategyJson(strategy, valuesOf)),
  };
}

function strategyJson(strategy: Strategy, valuesOf: ValuesOf): object {
  const { name, description, file, digest, symbols, on, ticks, session, maxEntries, onFailure } = strategy;
  const judged = ticks === true ? { on: "tick", bars: on.label } : { on: on.label };
  const names = new Map(Object.entries(strategy.named).map(([fact, index]) => [index, fact]));
  return {
    ...{ name, description, file, digest, symbols, ...judged, session },
    max_entries: maxEntries,
    on_failure: onFailure,
    params: strategy.params ?? {},
    limits: Object.fromEntries(Object.entries(strategy.risk).map(([key, limit]) => [snake(key), limit])),
    approval: approvalJson(strategy.approval),
    history: historyOf(strategy),
    facts: strategy.facts.map(({ key, ref, spec, warmup }, index) => ({
      key,
      ...ref,
      name: names.get(index) ?? null,
      text: factWords(ref),
      kind: spec.kind,
      symbol: spec.series.symbol,
      on: spec.series.size.label,
      warmup,
      values: valuesOf(strategy.facts, index),
    })),
    rules: strategy.rules.map((rule) => ruleJson(strategy, rule)),
  };
}

function ruleJson({ facts }: Strategy, rule: Rule): object {
  const { name, digest, source, fire, start, cooldown = null, limit = null, priority, group = null } = rule;
  const conditions = toCanonical(facts, rule.condition);
  return {
    ...{ name, digest, source },
    when: conditionWords(conditions),
    does: actionWords(facts, rule.action),
    fires: firingWords(facts, rule),
    ...{ fire, start, cooldown, limit, once_per: rule.oncePer ?? null, priority, group },
    conditions,
    rearm: rule.rearm === undefined ? null : toCanonical(facts, rule.rearm),
    action: spelled(facts, rule.action),
  };
}

function approvalJson(approval: Approval | undefined): object | null {
  if (approval === undefined) return null;
  const { facts, condition, second, symbols = [], expiresMs } = approval;
  const conditions = condition === undefined ? null : toCanonical(facts, condition);
  return {
    when: conditions === null ? null : conditionWords(conditions),
    conditions,
    second: second === undefined ? null : conditionWords(toCanonical(facts, second)),
    symbols,
    expires_ms: expiresMs,
  };
}
