/**
 * Conditions that decide nothing: never true, always true, or with parts that change nothing.
 *
 * Owns: logic/contradiction, logic/tautology, logic/redundant, logic/too-complex, and which part is to blame.
 * May not: repeat what the range of a single fact has already told (logic/never, logic/always), or doubt a part whose
 * number is a param: another value may give it a meaning.
 */
import { factsOf } from "../../core/canonical.ts";
import type { Condition } from "../../core/program.ts";
import type { Diagnostic, Findings } from "../diagnostic.ts";
import type { Node } from "../syntax.ts";
import { exampleOf, reasonOf } from "./examples.ts";
import type { Logic } from "./logic.ts";
import type { Trees } from "./trees.ts";

interface Part {
  readonly node: Node;
  readonly condition: Condition;
}

export class ConditionCheck {
  readonly #trees: Trees;
  readonly #logic: Logic;
  readonly #findings: Findings;
  readonly #rule: string | undefined;
  /** Named conditions that have been looked at, by any rule. */
  readonly #seen: Set<string>;

  constructor(trees: Trees, logic: Logic, findings: Findings, rule: string | undefined, seen: Set<string>) {
    this.#trees = trees;
    this.#logic = logic;
    this.#findings = findings;
    this.#rule = rule;
    this.#seen = seen;
  }

  /** One whole condition. */
  check(node: Node): void {
    const condition = this.#trees.lower(node, this.#rule);
    if (condition === undefined) return;
    this.#visitNames(node);
    const isPossible = this.#logic.satisfiable(condition);
    if (isPossible === undefined) {
      const message = "This condition has too many alternatives to look for contradictions";
      this.#findings.report("logic/too-complex", node.span, message, "Nothing is wrong; name some parts if you can.");
      return;
    }
    if (!isPossible) return this.#contradiction(node);
    if (this.#logic.always(condition) === true) return this.#tautology(node);
    this.#parts(node, []);
  }

  // ------------------------------------------------------------------------------------ never and always

  #contradiction(node: Node): void {
    if (node.kind === "name") return;
    if (node.kind === "then" && this.#isImpossible(node.second)) return this.#contradiction(node.second);
    if (node.kind === "any") {
      for (const kid of node.kids) this.#contradiction(kid);
      return;
    }
    const core = node.kind === "all" ? this.#smallest(this.#kids(node), "all") : [];
    const [only] = core;
    if (core.length === 1 && only !== undefined) return this.#contradiction(only.node);
    if (this.#isTold(node, "logic/never")) return;
    const last = core.at(-1);
    const reason = reasonOf(this.#logic, last === undefined ? this.#lower(node) : all(core));
    if (last === undefined) {
      this.#findings.report(
        "logic/contradiction",
        node.span,
        `This is never true${reason}`,
        "Remove it, or correct it.",
      );
      return;
    }
    const message = `${this.#listed(core)} are never true together${reason}`;
    const rest = core.slice(0, -1);
    const example = exampleOf(this.#logic, all(rest), all(core));
    const help = example === "" ? "Correct one of them." : `Correct one of them: with ${example} only this one fails.`;
    this.#findings.report("logic/contradiction", last.node.span, message, help);
  }

  #isImpossible(node: Node): boolean {
    const condition = this.#lower(node);
    return condition !== undefined && this.#logic.satisfiable(condition) === false;
  }

  #tautology(node: Node): void {
    if (node.kind === "name") return;
    if (node.kind === "all") {
      for (const kid of node.kids) this.#tautology(kid);
      return;
    }
    const core = node.kind === "any" ? this.#smallest(this.#kids(node), "any") : [];
    const [only] = core;
    if (core.length === 1 && only !== undefined) return this.#tautology(only.node);
    if (this.#isTold(node, "logic/always")) return;
    const last = core.at(-1);
    const condition = last === undefined ? this.#lower(node) : any(core);
    const reason = condition === undefined ? "" : reasonOf(this.#logic, { op: "not", kid: condition });
    if (last === undefined) {
      this.#findings.report("logic/tautology", node.span, `This is always true${reason}`, "Remove it, or correct it.");
      return;
    }
    const example = exampleOf(this.#logic, { op: "not", kid: any(core.slice(0, -1)) }, any(core));
    const help = example === "" ? "Correct one of them." : `Where the others fail, e.g. ${example}, this one holds.`;
    this.#findings.report(
      "logic/tautology",
      last.node.span,
      `One of ${this.#listed(core)} is always true${reason}`,
      help,
    );
  }

  /** As few parts as possible that contradict each other, or between them cover everything. */
  #smallest(parts: readonly Part[], op: "all" | "any"): readonly Part[] {
    let kept = parts;
    for (const part of parts) {
      const rest = kept.filter((one) => one !== part);
      if (rest.length === 0) break;
      const isEnough =
        op === "all" ? this.#logic.satisfiable(all(rest)) === false : this.#logic.always(any(rest)) === true;
      if (isEnough) kept = rest;
    }
    return kept;
  }

  // ------------------------------------------------------------------------------------ parts

  /** `siblings` are parts that hold whenever this one is asked. */
  #parts(node: Node, siblings: readonly Part[]): void {
    switch (node.kind) {
      case "all":
        return this.#conjuncts(this.#kids(node));
      case "any":
        return this.#alternatives(this.#kids(node), siblings);
      case "not":
        return this.#parts(node.kid, []);
      case "for":
      case "within":
        return this.check(node.of);
      case "then":
        this.check(node.first);
        return this.#parts(node.second, []);
      default:
    }
  }

  #conjuncts(parts: readonly Part[]): void {
    const kept = this.#withoutRedundant(parts, "all", (rest, part) => this.#logic.implies(all(rest), part.condition));
    for (const part of kept) {
      const isGroup = part.node.kind === "any";
      this.#parts(part.node, isGroup ? kept.filter((one) => one !== part) : []);
    }
  }

  #alternatives(parts: readonly Part[], siblings: readonly Part[]): void {
    const living = parts.filter((part) => !this.#isDead(part, siblings));
    const kept = this.#withoutRedundant(living, "any", (rest, part) => {
      const isKnownAsEarly = this.#warmup(rest) <= this.#warmup([part]);
      return isKnownAsEarly && this.#logic.implies(part.condition, any(rest));
    });
    for (const part of kept) this.#parts(part.node, []);
  }

  /** An alternative that cannot hold, alone or beside what must hold with it. */
  #isDead(part: Part, siblings: readonly Part[]): boolean {
    const whole = all([...siblings, part]);
    if (this.#logic.satisfiable(whole) !== false) return false;
    if (this.#isTold(part.node, "logic/never") || this.#trees.usesParam(part.node)) return true;
    if (siblings.some((one) => this.#trees.usesParam(one.node))) return true;
    const core = this.#smallest([...siblings, part], "all");
    const others = core.filter((one) => one !== part);
    const beside = others.length === 0 ? "" : ` beside ${this.#listed(others)}`;
    const message = `The alternative ${this.#quoted(part)} is never true${beside}${reasonOf(this.#logic, all(core))}`;
    this.#findings.report("logic/redundant", part.node.span, message, "Remove it, or correct it.");
    return true;
  }

  /** Later parts are asked first, so that of two equal ones the first stays. */
  #withoutRedundant(
    parts: readonly Part[],
    op: "all" | "any",
    isCovered: (rest: readonly Part[], part: Part) => boolean | undefined,
  ): readonly Part[] {
    let kept = parts;
    for (const part of parts.toReversed()) {
      const rest = kept.filter((one) => one !== part);
      if (rest.length === 0 || isCovered(rest, part) !== true) continue;
      kept = rest;
      if (this.#isTold(part.node, "logic/always") || this.#isTold(part.node, "logic/never")) continue;
      if ([part, ...rest].some((one) => this.#trees.usesParam(one.node))) continue;
      const sole = rest.find((one) => isCovered([one], part) === true);
      const by = sole === undefined ? "the other parts" : this.#quoted(sole);
      const verb = op === "all" ? "is implied by" : "is covered by";
      const reason = reasonOf(this.#logic, redundancy(op, sole === undefined ? rest : [sole], part));
      const example = exampleOf(this.#logic, op === "all" ? all(rest) : part.condition, part.condition);
      const help = example === "" ? "Remove it." : `Remove it: e.g. ${example} makes both true.`;
      this.#findings.report("logic/redundant", part.node.span, `${this.#quoted(part)} ${verb} ${by}${reason}`, help);
    }
    return kept;
  }

  // ------------------------------------------------------------------------------------ helpers

  #kids(node: Node & { readonly kind: "all" | "any" }): readonly Part[] {
    return node.kids.flatMap((kid) => {
      // `a and (b and c)` is one group.
      if (kid.kind === node.kind) return this.#kids(kid);
      const condition = this.#lower(kid);
      return condition === undefined ? [] : [{ node: kid, condition }];
    });
  }

  #lower(node: Node): Condition | undefined {
    return this.#trees.lower(node, this.#rule);
  }

  #visitNames(node: Node): void {
    const { conditions } = this.#trees.scope;
    if (node.kind === "name") {
      const definition = conditions.get(node.name)?.node;
      if (definition === undefined || this.#seen.has(node.name)) return;
      this.#seen.add(node.name);
      this.check(definition);
    } else if (node.kind === "all" || node.kind === "any") for (const kid of node.kids) this.#visitNames(kid);
    else if (node.kind === "not") this.#visitNames(node.kid);
    else if (node.kind === "then") this.#visitNames(node.second);
  }

  #warmup(parts: readonly Part[]): number {
    const indexes = parts.flatMap(({ condition }) => [...factsOf(condition)]);
    return Math.max(0, ...indexes.map((index) => this.#trees.scope.table.fact(index).warmup));
  }

  /** The range of one fact has already decided some part of it. */
  #isTold(node: Node, code: "logic/never" | "logic/always"): boolean {
    const { from, to } = this.#findings.sources.places(node.span);
    const isInside = (one: Diagnostic): boolean =>
      one.file === from.file && one.start >= from.offset && one.start < to.offset;
    return this.#findings.list().some((one) => one.code === code && isInside(one));
  }

  #quoted({ node }: Part): string {
    return `"${this.#trees.textOf(node)}"`;
  }

  #listed(parts: readonly Part[]): string {
    const words = parts.map((part) => this.#quoted(part));
    return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
  }
}

function all(parts: readonly Part[]): Condition {
  return { op: "all", kids: parts.map((part) => part.condition) };
}

function any(parts: readonly Part[]): Condition {
  return { op: "any", kids: parts.map((part) => part.condition) };
}

/** What would have to hold if the part did matter. */
function redundancy(op: "all" | "any", rest: readonly Part[], part: Part): Condition {
  const matters: Condition = op === "all" ? { op: "not", kid: part.condition } : { op: "not", kid: any(rest) };
  return { op: "all", kids: [...(op === "all" ? rest.map((one) => one.condition) : [part.condition]), matters] };
}
