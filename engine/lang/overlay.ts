/**
 * One strategy laid over another.
 *
 * Owns: what a key of the upper one does to the lower one. Values replace; names under params, facts, conditions, risk and
 * approval join; rules join by name; an empty value takes a key away, `remove: true` a rule.
 * May not: judge the result, except for what would be silently without effect.
 */
import { isMap, isScalar, isSeq, Pair, YAMLMap, YAMLSeq } from "yaml";
import type { Findings } from "./diagnostic.ts";
import { didYouMean, listed } from "./suggest.ts";
import { spanOfNode } from "./yaml-file.ts";

const JOINED: ReadonlySet<string> = new Set(["params", "facts", "conditions", "risk", "approval"]);

export function overlay(findings: Findings, base: YAMLMap, over: YAMLMap): YAMLMap {
  return joined(base, over, (key, below, above) => {
    if (JOINED.has(key) && isMap(below) && isMap(above)) return joined(below, above, (_name, _old, value) => value);
    if (key === "rules" && isSeq(below) && isSeq(above)) return rules(findings, below, above);
    return above;
  });
}

function joined(base: YAMLMap, over: YAMLMap, join: (key: string, below: unknown, above: unknown) => unknown): YAMLMap {
  const result = emptyLike(over);
  const upper = new Map(over.items.map((pair) => [keyOf(pair), pair]));
  for (const pair of base.items) {
    const key = keyOf(pair);
    const above = upper.get(key);
    upper.delete(key);
    if (above === undefined) result.items.push(pair);
    else if (!isNothing(above.value)) {
      result.items.push(new Pair(above.key, join(key, pair.value, above.value)));
    }
  }
  for (const pair of upper.values()) result.items.push(pair);
  return result;
}

/** Same name: the keys of the rule above replace; new names come last. */
function rules(findings: Findings, below: YAMLSeq, above: YAMLSeq): YAMLSeq {
  const result = new YAMLSeq();
  result.range = above.range ?? null;
  const names = below.items.map(nameOf);
  const left = above.items.map((rule) => ({ rule, name: nameOf(rule) }));
  for (const [index, rule] of below.items.entries()) {
    const at = left.findIndex(({ name }) => name !== undefined && name === names[index]);
    if (at < 0) {
      result.items.push(rule);
      continue;
    }
    const [found] = left.splice(at, 1);
    if (isRemoved(found?.rule)) continue;
    const both = isMap(rule) && isMap(found?.rule);
    result.items.push(both ? joined(rule, found.rule as YAMLMap, (_key, _old, value) => value) : found?.rule);
  }
  for (const { rule, name } of left) if (isNew(findings, rule, name, names)) result.items.push(rule);
  return result;
}

/** A rule that is not below must be whole; otherwise its name is most likely misspelt. */
function isNew(findings: Findings, rule: unknown, name: string | undefined, names: readonly unknown[]): boolean {
  if (name === undefined || !isMap(rule)) return true;
  const removed = isRemoved(rule);
  if (!removed && (rule.has("when") || rule.has("then"))) return true;
  const known = names.filter((one) => typeof one === "string");
  const help = didYouMean(name, known, `It has ${listed(known, "and")}. A new rule needs when: and then:.`);
  const span = spanOfNode(rule.get("name", true)) ?? { start: 0, end: 0 };
  const message = `There is no rule "${name}" to ${removed ? "remove" : "change"}`;
  findings.report("names/unknown", span, message, help, "A change of a rule that is not there does nothing.");
  return false;
}

function isRemoved(rule: unknown): boolean {
  return isMap(rule) && rule.get("remove") === true;
}

function nameOf(rule: unknown): string | undefined {
  const name: unknown = isMap(rule) ? rule.get("name") : undefined;
  return typeof name === "string" ? name : undefined;
}

function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : "";
}

function isNothing(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

/** An empty mapping that stands where another one stands. */
export function emptyLike(map: YAMLMap): YAMLMap {
  const result = new YAMLMap();
  result.range = map.range ?? null;
  return result;
}
