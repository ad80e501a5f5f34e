/**
 * Look-up tables over instances and series, and what a reload keeps of rule states.
 *
 * Owns: grouping only. May not: hold state of its own.
 */
import type { FactGraph } from "./graph.ts";
import type { Instance, RuleInstance } from "./instance.ts";
import type { Series } from "./series.ts";

export function groupBySeries(instances: readonly Instance[]): Map<Series, Instance[]> {
  const groups = new Map<Series, Instance[]>();
  for (const instance of instances) {
    const group = groups.get(instance.facts.series) ?? [];
    group.push(instance);
    groups.set(instance.facts.series, group);
  }
  return groups;
}

/** Longest first, so that of bars that end together the longest closes first. */
export function groupBySymbol(graph: FactGraph): Map<string, readonly Series[]> {
  const groups = new Map<string, Series[]>();
  for (const series of graph.series.values()) {
    const group = groups.get(series.symbol) ?? [];
    group.push(series);
    groups.set(series.symbol, group);
  }
  for (const group of groups.values()) group.sort((a, b) => b.size.ms - a.size.ms);
  return groups;
}

/** Latches follow the rule's digest; cooldowns and counters follow its name. A changed rule keeps the latch of its warm-up. */
export function restoreStates(previous: readonly Instance[], instances: readonly Instance[]): void {
  const remembered = new Map<string, RuleInstance>();
  for (const { facts, rules } of previous)
    for (const rule of rules) remembered.set(`${facts.key}/${rule.rule.name}`, rule);
  for (const { facts, rules } of instances) {
    for (const instance of rules) {
      const old = remembered.get(`${facts.key}/${instance.rule.name}`);
      if (old === undefined) continue;
      const latch = old.rule.digest === instance.rule.digest ? old.state.latch : instance.state.latch;
      instance.state = { latch, usage: old.state.usage };
    }
  }
}
