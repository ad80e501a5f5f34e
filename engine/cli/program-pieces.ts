/**
 * A compiled program as messages between threads.
 *
 * Owns: pieces small enough that reading one holds the event loop for a fraction of a millisecond, and putting them together
 * again. Everything in a program is plain data, and nothing in it is known by identity but facts and rules, which are whole.
 */
import { invariant } from "../core/assert.ts";
import type { Fact, Program, Rule, Strategy } from "../core/program.ts";
import type { Compiled } from "../lang/compile.ts";
import type { Diagnostic } from "../lang/diagnostic.ts";

/** So many facts, rules or findings in one. */
const SIZE = 25;

type Frame = Omit<Compiled, "diagnostics" | "program"> & { readonly program: Omit<Program, "strategies"> | null };

export type Piece =
  | { readonly kind: "frame"; readonly frame: Frame }
  | { readonly kind: "diagnostics"; readonly items: readonly Diagnostic[] }
  | { readonly kind: "strategy"; readonly strategy: Omit<Strategy, "facts" | "rules"> }
  | { readonly kind: "facts"; readonly items: readonly Fact[] }
  | { readonly kind: "rules"; readonly items: readonly Rule[] }
  /** Nothing is missing. */
  | { readonly kind: "end" };

export function* piecesOf({ program, project, diagnostics }: Compiled): Generator<Piece, void> {
  if (program === null) yield { kind: "frame", frame: { program, project } };
  else {
    const { strategies, ...rest } = program;
    yield { kind: "frame", frame: { program: rest, project } };
    for (const { facts, rules, ...strategy } of strategies) {
      yield { kind: "strategy", strategy };
      for (const items of inPieces(facts)) yield { kind: "facts", items };
      for (const items of inPieces(rules)) yield { kind: "rules", items };
    }
  }
  for (const items of inPieces(diagnostics)) yield { kind: "diagnostics", items };
  yield { kind: "end" };
}

function* inPieces<T>(items: readonly T[]): Generator<readonly T[], void> {
  for (let at = 0; at < items.length; at += SIZE) yield items.slice(at, at + SIZE);
}

export class Assembly {
  #frame: Frame | undefined;
  readonly #diagnostics: Diagnostic[] = [];
  readonly #strategies: (Strategy & { readonly facts: Fact[]; readonly rules: Rule[] })[] = [];

  /** What it was in the other thread, once all has come; undefined before. */
  add(piece: Piece): Compiled | undefined {
    switch (piece.kind) {
      case "frame":
        this.#frame = piece.frame;
        return undefined;
      case "diagnostics":
        this.#diagnostics.push(...piece.items);
        return undefined;
      case "strategy":
        this.#strategies.push({ ...piece.strategy, facts: [], rules: [] });
        return undefined;
      case "facts":
        this.#strategies.at(-1)?.facts.push(...piece.items);
        return undefined;
      case "rules":
        this.#strategies.at(-1)?.rules.push(...piece.items);
        return undefined;
      case "end":
        return this.#whole();
    }
  }

  #whole(): Compiled {
    invariant(this.#frame !== undefined, "a frame comes first");
    const { program, project } = this.#frame;
    const diagnostics = this.#diagnostics;
    if (program === null) return { program, project, diagnostics };
    return { program: { ...program, strategies: this.#strategies }, project, diagnostics };
  }
}
