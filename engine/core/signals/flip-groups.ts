/**
 * Which strategies follow their conditions in one network.
 *
 * Owns: grouping instances, and so making them. May not: build networks or hold truth.
 */
import type { Strategy } from "../program.ts";
import { Flips } from "./flips.ts";
import { placed } from "./flip-network.ts";
import type { Member, Networks } from "./flip-network.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { Instance } from "./instance.ts";
import { followedBy } from "./specs.ts";
import type { Work } from "./work.ts";

/**
 * Each different set of strategies that some symbol has needs a network of its own, and there may be as many sets as
 * symbols. Past so many conditions in networks of several strategies a strategy keeps to itself, which is only slower.
 */
const MOST_CONDITIONS = 16_384;

/** All strategies of a symbol are followed together, whatever their bars and sessions: truth depends on slots alone. */
export function* instancesOf(all: readonly InstanceFacts[], most = MOST_CONDITIONS): Work<Instance[]> {
  const bySymbol = new Map<string, InstanceFacts[]>();
  for (const facts of all) {
    const group = bySymbol.get(facts.symbol) ?? [];
    group.push(facts);
    bySymbol.set(facts.symbol, group);
  }
  const networks: Networks = new Map();
  const together = new Set<string>();
  let left = most;
  const made = new Map<InstanceFacts, Instance>();
  for (const group of bySymbol.values()) {
    yield;
    const set = JSON.stringify(group.map(({ strategy }) => strategy.name));
    let size = 0;
    for (const { strategy } of group) {
      size += countOf(strategy);
      yield;
    }
    if (group.length > 1 && !together.has(set) && size <= left) {
      together.add(set);
      left -= size;
    }
    for (const part of together.has(set) ? [group] : group.map((one) => [one])) {
      const members: Member[] = [];
      for (const facts of part) {
        members.push(memberOf(facts));
        yield;
      }
      const flips = new Flips(yield* placed(members, networks));
      for (const [member, facts] of part.entries()) made.set(facts, yield* Instance.of(facts, { flips, member }));
    }
  }
  return all.map((facts) => made.get(facts) as Instance);
}

/** Of what `followedBy` lists. */
function countOf({ rules }: Strategy): number {
  return rules.reduce((sum, { rearm }) => sum + (rearm === undefined ? 1 : 2), 0);
}

function memberOf({ strategy, slotOf }: InstanceFacts): Member {
  return {
    name: strategy.name,
    conditions: followedBy(strategy).map(({ condition }) => condition),
    slotOf: (fact) => slotOf[fact] as number,
  };
}
