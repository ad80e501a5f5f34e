/**
 * What waits for a person's word: findings of a plan that hold a reload back, and orders that nobody finds.
 *
 * Owns: what is held on paper and what on a live account, and whether an acceptance covers it. May not: make plans, read
 * where acceptances are kept, load anything.
 */
import type { Plan, PlanFinding } from "../lang/plan/types.ts";

/** One transition between two programs of one run, accepted by somebody who saw these findings. */
export interface Acceptance {
  /** Digests of the two programs. */
  readonly from: string;
  readonly to: string;
  /** Journal of the run. */
  readonly run: string;
  readonly by: string;
  readonly reason: string;
  /** What the person saw, as `findingName` says it. */
  readonly findings: readonly string[];
}

/** A person has seen at the broker that an order is not there. */
export interface NotSent {
  readonly order: string;
  readonly run: string;
  readonly by: string;
  readonly reason: string;
}

/**
 * What must not happen without a person's word: protection that goes, a position that nobody looks after; on a live
 * account whatever lets more in as well.
 */
export function heldBy({ findings }: Plan, live: boolean): readonly PlanFinding[] {
  return findings.filter(({ severity }) => severity === "error" || (live && severity === "warning"));
}

/** The same finding of two plans has the same name; its sentence may tell another quantity meanwhile. */
export function findingName({ code, strategy, rule }: PlanFinding): string {
  return `${code} ${strategy ?? "account"}${rule === null ? "" : `/${rule}`}`;
}

/** What is held and was not seen by whoever accepted; everything when the acceptance is for something else. */
export function notCovered(
  plan: Plan,
  held: readonly PlanFinding[],
  run: string,
  acceptances: readonly Acceptance[],
): { readonly held: readonly PlanFinding[]; readonly accepted: Acceptance | null } {
  let best: { held: readonly PlanFinding[]; accepted: Acceptance | null } = { held, accepted: null };
  for (const acceptance of acceptances) {
    if (acceptance.from !== plan.from || acceptance.to !== plan.to || acceptance.run !== run) continue;
    const seen = new Set(acceptance.findings);
    const rest = held.filter((finding) => !seen.has(findingName(finding)));
    if (rest.length < best.held.length) best = { held: rest, accepted: acceptance };
  }
  return best;
}
