/**
 * What the graph makes for one strategy in one symbol, and where.
 *
 * Owns: the shapes. May not: be shared with another instance.
 */
import type { FactSpec, Strategy } from "../program.ts";
import type { FactNode, Moment } from "./nodes.ts";
import type { Series } from "./series.ts";
import type { SecondsTrueNode, SinceNode } from "./temporal-nodes.ts";

/** Everything of one strategy in one symbol that exists once per evaluation. */
export interface InstanceFacts {
  readonly key: string;
  readonly strategy: Strategy;
  readonly symbol: string;
  readonly series: Series;
  readonly moment: Moment;
  /** Fact index -> slot. */
  readonly slotOf: number[];
  /** Updated first, for all symbols that are judged together: guards, and what ranks compare. */
  readonly early: FactNode[];
  /** Facts updated right before an evaluation, inputs before users. */
  readonly nodes: FactNode[];
  /** Series of other symbols that an evaluation waits for. */
  readonly others: Series[];
  /** Every series that one of its facts reads, its own included. */
  readonly reads: Set<Series>;
  /** Facts of how long a condition has held. */
  readonly lasting: Map<FactSpec, SecondsTrueNode>;
  /** Sequence facts by the rule that uses them up. */
  readonly sequences: Map<string, SinceNode[]>;
}

/** Where a fact is computed. */
export interface Placed {
  readonly key: string;
  /** Of the node that computes it; not that of one output. */
  readonly node: string;
  readonly slot: number;
  /** The series it is computed on, or null for the instance. */
  readonly home: Series | null;
}
