/**
 * Trading states by scope, with every cause of one.
 *
 * Owns: that a scope is as restricted as the most severe of its causes, and stays so until each of them is lifted by who set
 * it, across restarts. May not: decide that trading is to stop or to go on.
 */
import type { TradingState } from "../event.ts";

/** `account`, `strategy:NAME` or `symbol:NAME`. */
export type ScopeName = string;

export const ACCOUNT: ScopeName = "account";

export function strategyScope(name: string): ScopeName {
  return `strategy:${name}`;
}

export function symbolScope(name: string): ScopeName {
  return `symbol:${name}`;
}

/** Whether a scope holds a strategy's book in a symbol. */
export function covers(
  scope: ScopeName,
  { strategy, symbol }: { readonly strategy: string; readonly symbol: string },
): boolean {
  return scope === ACCOUNT || scope === strategyScope(strategy) || scope === symbolScope(symbol);
}

export interface Restriction {
  readonly state: TradingState;
  readonly reason: string;
}

/** Who may lift it: an operator lifts all of them, everything else only its own. */
export type Cause = "operator" | "daily_loss" | "quarantine" | "kill_file" | `control:${string}`;

const SEVERITY = { ACTIVE: 0, REDUCING: 1, HALTED: 2 } as const;
const FREE: Restriction = { state: "ACTIVE", reason: "" };

export type SavedStates = readonly (readonly [
  scope: ScopeName,
  causes: readonly (readonly [cause: Cause, restriction: Restriction])[],
])[];

export class TradingStates {
  readonly #causes = new Map<ScopeName, Map<Cause, Restriction>>();

  /** Scopes that are restricted. */
  get scopes(): readonly ScopeName[] {
    return [...this.#causes.keys()];
  }

  /** What holds in a scope by itself: the most severe of its causes, of equal ones the older. */
  in(scope: ScopeName): Restriction {
    let worst = FREE;
    for (const restriction of this.#causes.get(scope)?.values() ?? [])
      if (SEVERITY[restriction.state] > SEVERITY[worst.state]) worst = restriction;
    return worst;
  }

  /** The most severe of what holds for a strategy in a symbol. */
  of(strategy: string, symbol?: string): Restriction {
    if (this.#causes.size === 0) return FREE;
    const scopes = [ACCOUNT, strategyScope(strategy), ...(symbol === undefined ? [] : [symbolScope(symbol)])];
    let worst = FREE;
    for (const scope of scopes) {
      const own = this.in(scope);
      if (SEVERITY[own.state] > SEVERITY[worst.state]) worst = own;
    }
    return worst;
  }

  has(scope: ScopeName, cause: Cause): boolean {
    return this.#causes.get(scope)?.has(cause) === true;
  }

  /** Whether what holds in the scope is another now. */
  set(scope: ScopeName, cause: Cause, restriction: Restriction): boolean {
    const before = this.in(scope);
    const causes = this.#causes.get(scope) ?? new Map<Cause, Restriction>();
    this.#causes.set(scope, causes.set(cause, restriction));
    return !isSame(before, this.in(scope));
  }

  /** Lifts one cause, or with none named all of them. Whether what holds is another now. */
  lift(scope: ScopeName, cause?: Cause): boolean {
    const before = this.in(scope);
    const causes = this.#causes.get(scope);
    if (cause === undefined) causes?.clear();
    else causes?.delete(cause);
    if (causes?.size === 0) this.#causes.delete(scope);
    return !isSame(before, this.in(scope));
  }

  save(): SavedStates {
    return [...this.#causes].map(([scope, causes]) => [scope, [...causes]] as const);
  }

  restore(saved: SavedStates): void {
    for (const [scope, causes] of saved) this.#causes.set(scope, new Map(causes));
  }
}

function isSame(a: Restriction, b: Restriction): boolean {
  return a.state === b.state && a.reason === b.reason;
}
