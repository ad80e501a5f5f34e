/**
 * Conditions with the place where each part was written.
 *
 * Owns: lowering a part of the tree again, quietly, to know which condition it is; its text; which params it depends on.
 * May not: report. The strategy is in order when these are asked, so lowering again finds the same facts.
 */
import type { Condition } from "../../core/program.ts";
import type { Builder } from "../builder.ts";
import { Findings } from "../diagnostic.ts";
import { lowerCondition } from "../lower-condition.ts";
import type { Context, Scope } from "../scope.ts";
import type { Sources } from "../sources.ts";
import { partsOf } from "../syntax.ts";
import type { Node } from "../syntax.ts";

const LONGEST_TEXT = 60;

export class Trees {
  readonly #sources: Sources;
  readonly #scope: Scope;
  readonly #context: Context;
  #rule: string | undefined;
  #known = new WeakMap<Node, Condition>();

  constructor({ file, context }: Builder) {
    this.#sources = file.findings.sources;
    this.#scope = { ...context.scope, findings: new Findings("", ""), spent: { steps: 0 }, used: new Set(), open: [] };
    this.#context = { ...context, scope: this.#scope };
  }

  get scope(): Scope {
    return this.#scope;
  }

  /** The condition of a part, as the rule of this name sees it. */
  lower(node: Node, rule: string | undefined): Condition | undefined {
    if (rule !== this.#rule) {
      this.#rule = rule;
      this.#known = new WeakMap();
    }
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const condition = this.#lower(node);
    if (condition !== undefined) this.#known.set(node, condition);
    return condition;
  }

  /** Groups are made of their parts, so that every comparison is lowered once. */
  #lower(node: Node): Condition | undefined {
    if (node.kind === "not") {
      const kid = this.lower(node.kid, this.#rule);
      return kid === undefined ? undefined : { op: "not", kid };
    }
    if (node.kind === "all" || node.kind === "any") {
      const kids = node.kids.flatMap((kid) => this.lower(kid, this.#rule) ?? []);
      return kids.length === node.kids.length ? { op: node.kind, kids } : undefined;
    }
    // The budget guards against definitions that grow; parts of what has passed may be lowered as often as needed.
    this.#scope.spent.steps = 0;
    return lowerCondition({ ...this.#context, rule: this.#rule }, node);
  }

  textOf(node: Node): string {
    const text = this.#sources.textOf(node.span).replaceAll(/\s+/g, " ").trim();
    return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
  }

  /** Its truth may change when a param is set to another value. */
  usesParam(node: Node, seen: ReadonlySet<string> = new Set()): boolean {
    if (node.kind === "name") {
      const [base = ""] = node.name.split(".");
      if (this.#scope.params.has(node.name)) return true;
      if (seen.has(base)) return false;
      const inner = this.#scope.conditions.get(base)?.node ?? this.#scope.facts.get(base)?.node;
      return inner !== undefined && this.usesParam(inner, new Set([...seen, base]));
    }
    return partsOf(node).some((kid) => this.usesParam(kid, seen));
  }
}
