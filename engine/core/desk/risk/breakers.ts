/**
 * How the broker and the feeds behave: rejections, connections that break, answers that take long.
 *
 * Owns: those counts by scope, in arrival time. May not: know limits, or decide that trading stops.
 */
import { ACCOUNT } from "../states.ts";
import type { ScopeName } from "../states.ts";

/** Rejections and acknowledgements of one scope. */
interface Manners {
  /** Rejections without an acknowledgement between them. */
  row: number;
  /** Arrival times of rejections, oldest first. */
  rejected: readonly number[];
  /** Answers in a row that took too long. */
  slow: number;
}

export interface SavedBreakers {
  readonly manners: Readonly<Record<ScopeName, Manners>>;
  readonly broken: readonly number[];
}

const REJECTIONS_MS = 60_000;
const RECONNECTS_MS = 600_000;
const ONE_REASON_MS = 1_000;
/** So many in a row are no accident. */
export const SLOW_ANSWERS = 3;

export class Breakers {
  readonly #manners = new Map<ScopeName, Manners>();
  /** Arrival times at which a connection broke. */
  #broken: readonly number[] = [];

  rejected(scopes: readonly ScopeName[], now: number): void {
    for (const scope of scopes) {
      const manners = this.#of(scope);
      manners.row++;
      manners.rejected = [...recent(manners.rejected, now - REJECTIONS_MS), now];
    }
  }

  accepted(scopes: readonly ScopeName[]): void {
    for (const scope of scopes) this.#of(scope).row = 0;
  }

  /** Rejections in a row, or within a minute: what is more. */
  rejections(scope: ScopeName, now: number): number {
    const { row = 0, rejected = [] } = this.#manners.get(scope) ?? {};
    return Math.max(row, recent(rejected, now - REJECTIONS_MS).length);
  }

  answered(scope: ScopeName, tookLong: boolean): void {
    const manners = this.#of(scope);
    manners.slow = tookLong ? manners.slow + 1 : 0;
  }

  slow(scope: ScopeName): number {
    return this.#manners.get(scope)?.slow ?? 0;
  }

  /** What breaks within a second breaks for one reason: a process that starts again finds broker and feed gone. */
  broke(now: number): void {
    if (now - (this.#broken.at(-1) ?? Number.NEGATIVE_INFINITY) < ONE_REASON_MS) return;
    this.#broken = [...recent(this.#broken, now - RECONNECTS_MS), now];
  }

  /** Connections that broke within ten minutes. */
  reconnects(now: number): number {
    return recent(this.#broken, now - RECONNECTS_MS).length;
  }

  /** One more slow answer is enough. */
  tryAgain(scope: ScopeName): void {
    this.#of(scope).slow = SLOW_ANSWERS - 1;
  }

  /** Connections have held for a while. */
  forgiveReconnects(): void {
    this.#broken = [];
  }

  /** A person answers for the scope: everything is counted anew there. */
  forgive(scope: ScopeName): void {
    this.#manners.delete(scope);
    if (scope === ACCOUNT) this.forgiveReconnects();
  }

  #of(scope: ScopeName): Manners {
    let manners = this.#manners.get(scope);
    if (manners === undefined) this.#manners.set(scope, (manners = { row: 0, rejected: [], slow: 0 }));
    return manners;
  }

  save(): SavedBreakers {
    return {
      manners: Object.fromEntries([...this.#manners].map(([scope, manners]) => [scope, { ...manners }])),
      broken: this.#broken,
    };
  }

  restore({ manners, broken }: SavedBreakers): void {
    for (const [scope, one] of Object.entries(manners)) this.#manners.set(scope, { ...one });
    this.#broken = broken;
  }
}

function recent(times: readonly number[], after: number): readonly number[] {
  return times.filter((time) => time > after);
}
