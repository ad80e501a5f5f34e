/**
 * From the fact of a program to the node that computes it.
 *
 * Owns: which class of node a kind of fact is. May not: decide where a node lives, or keep it.
 */
import { invariant, unreachable } from "../assert.ts";
import { factsOf } from "../canonical.ts";
import type { Condition, FactSpec, SeriesRef, Strategy } from "../program.ts";
import { compileTest } from "./conditions.ts";
import { BarsAgoNode, FormingFieldNode, PeekNode } from "./forming-nodes.ts";
import type { InstanceFacts } from "./instance-facts.ts";
import { kernelOf } from "./kernel-of.ts";
import { CalcNode, FieldNode, IndicatorNode, LagNode } from "./nodes.ts";
import type { FactNode } from "./nodes.ts";
import type { Quotes } from "./quotes.ts";
import { RankNode } from "./ranking.ts";
import type { Ranking } from "./ranking.ts";
import type { Series } from "./series.ts";
import { OpeningRangeNode, PriorNode } from "./session-nodes.ts";
import { BarsTrueNode, SecondsTrueNode, SinceNode } from "./temporal-nodes.ts";
import type { Watched } from "./temporal-nodes.ts";
import { AccountNode, PositionNode, QuoteNode, SessionNode } from "./view-nodes.ts";
import type { Views } from "./view-nodes.ts";

/** What several nodes of a graph share. */
export interface GraphParts {
  seriesOf(strategy: Strategy, symbol: string, ref: SeriesRef): Series;
  /** By what a strategy ranks its symbols. */
  rankingOf(strategy: string, fact: number): Ranking;
}

interface NodePlace {
  readonly key: string;
  readonly slot: number;
  /** Of a fact that this one reads. */
  readonly slotOf: (index: number) => number;
  readonly instance: InstanceFacts;
  readonly series: Series;
  readonly peeked: FactNode | undefined;
  readonly views: Views;
  readonly quotes: Quotes;
  readonly graph: GraphParts;
}

export function nodeOf(spec: Exclude<FactSpec, { kind: "const" }>, at: NodePlace): FactNode {
  const { key, slot, slotOf, instance, series, quotes, graph } = at;
  const { moment } = instance;
  switch (spec.kind) {
    case "field": {
      if (spec.forming !== true) return new FieldNode(key, slot, series, spec.field);
      const isForeign = series.symbol !== instance.symbol;
      return new FormingFieldNode(key, slot, series, spec.field, isForeign ? moment : undefined);
    }
    case "peek": {
      invariant(at.peeked instanceof IndicatorNode, "a peek needs an indicator");
      const isForeign = series.symbol !== instance.symbol;
      const inputs = spec.inputs.map(slotOf);
      return new PeekNode(key, slot, at.peeked, { series, moment, isForeign, inputs });
    }
    case "bars_ago":
      return new BarsAgoNode(key, slot, series, { of: slotOf(spec.of), before: slotOf(spec.before) });
    case "indicator":
      return new IndicatorNode(key, slot, series, kernelOf(spec), spec.inputs.map(slotOf));
    case "lag":
      return new LagNode(key, slot, slotOf(spec.of), spec.bars);
    case "calc":
      return new CalcNode(key, slot, spec.operator, spec.args.map(slotOf));
    case "bars_true":
      return new BarsTrueNode(key, slot, watched(spec.condition, slotOf));
    case "seconds_true": {
      const node = new SecondsTrueNode(key, slot, watched(spec.condition, slotOf), moment);
      instance.lasting.set(spec, node);
      return node;
    }
    case "seconds_since":
      return since(spec, at, { horizon: spec.horizonSeconds, unit: "seconds" });
    case "bars_since":
      return since(spec, at, { horizon: spec.horizon, unit: "bars" });
    case "quote":
      return new QuoteNode(key, slot, quotes.of(series.symbol), spec.field, moment, quotes.staleMs);
    case "session":
      return new SessionNode(key, slot, series, moment, spec.field);
    case "position":
      return new PositionNode(key, slot, at.views, instance, series, spec.field);
    case "account":
      return new AccountNode(key, slot, at.views, spec.field);
    case "order":
      return unreachable(spec as never, "a rule cannot read an order");
    case "prior": {
      const { strategy, symbol } = instance;
      const larger = graph.seriesOf(strategy, symbol, strategy.facts[spec.of]?.spec.series ?? spec.series);
      return new PriorNode(key, slot, larger, moment, { of: slotOf(spec.of), before: slotOf(spec.before) });
    }
    case "opening_range":
      return new OpeningRangeNode(key, slot, series, spec.spanMs, spec.field);
    case "rank": {
      const ranking = graph.rankingOf(instance.strategy.name, spec.of);
      const of = slotOf(spec.of);
      ranking.join(of, instance.series);
      return new RankNode(key, slot, of, ranking);
    }
  }
}

/** `before` facts belong to the rule whose firings use them up. */
function since(
  { condition, before, rule }: FactSpec & { kind: "bars_since" | "seconds_since" },
  { key, slot, slotOf, instance }: NodePlace,
  scale: { readonly horizon: number; readonly unit: "bars" | "seconds" },
): SinceNode {
  const { moment, sequences } = instance;
  const node = new SinceNode(key, slot, watched(condition, slotOf), moment, { ...scale, before });
  if (rule !== undefined) sequences.set(rule, [...(sequences.get(rule) ?? []), node]);
  return node;
}

function watched(condition: Condition, slotOf: (index: number) => number): Watched {
  return { slots: [...new Set([...factsOf(condition)].map(slotOf))], test: compileTest(condition, slotOf) };
}
