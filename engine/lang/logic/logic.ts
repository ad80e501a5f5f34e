/**
 * Questions about conditions: can it be true, is it always true, does one imply the other, can both hold.
 *
 * Owns: how a question becomes satisfiability, the limits, and witnesses. Facts are finite real numbers here: a rule with
 * an unknown fact is silent anyway.
 * May not: report. Beyond its limits it answers undefined, never a guess.
 */
import type { Condition } from "../../core/program.ts";
import { both, dnf } from "./dnf.ts";
import type { Conjunction } from "./dnf.ts";
import { Domain } from "./domain.ts";
import type { DomainSource } from "./domain.ts";
import { Order } from "./order.ts";
import type { NodeKind, Relation } from "./order.ts";

/** Facts and a value for each. */
export type Witness = ReadonlyMap<number, number>;

type Forms = WeakMap<Condition, readonly Conjunction[] | "too many">;
type Verdicts = WeakMap<Condition, boolean | "unknown">;

/** Nodes of one conjunction: beyond it the closure would take too long. */
const MOST_NODES = 96;
/** Conjunctions of one strategy. */
const MOST_STEPS = 60_000;

export class Logic {
  readonly domain: Domain;
  #steps = 0;
  readonly #forms: readonly [Forms, Forms] = [new WeakMap(), new WeakMap()];
  readonly #verdicts: readonly [Verdicts, Verdicts] = [new WeakMap(), new WeakMap()];

  constructor(source: DomainSource) {
    this.domain = new Domain(source);
  }

  satisfiable(condition: Condition): boolean | undefined {
    return this.#verdict(condition, false);
  }

  always(condition: Condition): boolean | undefined {
    return opposite(this.#verdict(condition, true));
  }

  /** Whenever `a` holds, `b` holds. */
  implies(a: Condition, b: Condition): boolean | undefined {
    const [first, second] = [this.#form(a, false), this.#form(b, true)];
    return opposite(this.#any(first === undefined || second === undefined ? undefined : both(first, second)));
  }

  /** Values at which the condition holds; undefined also when whole numbers leave no room. */
  witness(condition: Condition): Witness | undefined {
    for (const conjunction of this.#form(condition, false) ?? []) {
      const order = this.#order(conjunction);
      if (order?.order.possible !== true) continue;
      const values = order.order.values();
      if (values !== undefined) return new Map(order.nodes.map((node, at) => [node, values[at] as number]));
    }
    return undefined;
  }

  /** The axioms without which the condition could hold, e.g. `close <= highest(close, 20)`. */
  reasons(condition: Condition): readonly Relation[] {
    const [conjunction] = this.#form(condition, false) ?? [];
    if (conjunction === undefined) return [];
    const { nodes, axioms } = this.#gather(conjunction);
    const impossible = (kept: readonly Relation[]): boolean => !this.#build(nodes, [...conjunction, ...kept]).possible;
    if (nodes.length > MOST_NODES || !impossible(axioms)) return [];
    let needed = axioms;
    for (const axiom of axioms) {
      const without = needed.filter((one) => one !== axiom);
      if (impossible(without)) needed = without;
    }
    return needed;
  }

  #form(condition: Condition, negated: boolean): readonly Conjunction[] | undefined {
    const forms = this.#forms[negated ? 1 : 0];
    let form = forms.get(condition);
    if (form === undefined) {
      form = dnf(condition, this.domain, negated) ?? "too many";
      forms.set(condition, form);
    }
    return form === "too many" ? undefined : form;
  }

  #verdict(condition: Condition, negated: boolean): boolean | undefined {
    const verdicts = this.#verdicts[negated ? 1 : 0];
    let verdict = verdicts.get(condition);
    if (verdict === undefined) {
      verdict = this.#any(this.#form(condition, negated)) ?? "unknown";
      verdicts.set(condition, verdict);
    }
    return verdict === "unknown" ? undefined : verdict;
  }

  #any(form: readonly Conjunction[] | undefined): boolean | undefined {
    let unknown = form === undefined;
    for (const conjunction of form ?? []) {
      const order = this.#order(conjunction);
      if (order === undefined) unknown = true;
      else if (order.order.possible) return true;
    }
    return unknown ? undefined : false;
  }

  #order(conjunction: Conjunction): { readonly order: Order; readonly nodes: readonly number[] } | undefined {
    if (++this.#steps > MOST_STEPS) return undefined;
    const { nodes, axioms } = this.#gather(conjunction);
    if (nodes.length > MOST_NODES) return undefined;
    return { order: this.#build(nodes, [...conjunction, ...axioms]), nodes };
  }

  /** Axioms of the nodes that are there, and of those they bring in, until nothing is added. */
  #gather(conjunction: Conjunction): { readonly nodes: readonly number[]; readonly axioms: readonly Relation[] } {
    const nodes = new Set<number>();
    for (const { a, b } of conjunction) nodes.add(a).add(b);
    const axioms = new Set<Relation>();
    // A set may grow while it is walked: what is added is visited too.
    for (const node of nodes) {
      for (const axiom of this.domain.axioms(node)) {
        axioms.add(axiom);
        nodes.add(axiom.a).add(axiom.b);
      }
    }
    return { nodes: [...nodes], axioms: [...axioms] };
  }

  #build(nodes: readonly number[], relations: readonly Relation[]): Order {
    const at = new Map(nodes.map((node, index) => [node, index]));
    const kinds = nodes.map((node): NodeKind => this.domain.kind(node));
    return new Order(
      kinds,
      relations.map(({ a, b, kind }) => ({ a: at.get(a) as number, b: at.get(b) as number, kind })),
    );
  }
}

function opposite(truth: boolean | undefined): boolean | undefined {
  return truth === undefined ? undefined : !truth;
}
