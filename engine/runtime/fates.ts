/**
 * What became of firings, as the records say it.
 *
 * Owns: putting together what outputs and answers say of one firing. May not: decide anything.
 */
import type { ApprovalView } from "../core/approval.ts";
import type { ConfirmationInput, Firing, OrderView, Output, Verdict } from "../core/event.ts";
import type { JournaledInput } from "../ports/journal.ts";

export interface Fate {
  readonly id: string;
  readonly firing: Firing | null;
  readonly confirmation: ConfirmationInput["verdict"] | null;
  /** The last word against it. */
  readonly refused: { readonly code: string; readonly reason: string } | null;
  /** Of its first intent. */
  readonly verdict: Verdict | null;
  readonly approval: ApprovalView | null;
  /** With their last state, oldest first. */
  readonly orders: readonly OrderView[];
}

/** `told`: an alert, about which nobody is asked. `done`: it was confirmed, and no order came of it. */
export type Stage = "confirming" | "asked" | "refused" | "ordered" | "told" | "done";

export function stageOf({ firing, confirmation, refused, approval, orders }: Fate): Stage {
  if (approval?.state === "pending") return "asked";
  if (orders.length > 0) return "ordered";
  if (refused !== null) return "refused";
  if (firing === null) return "told";
  return confirmation === null ? "confirming" : "done";
}

type Kept = { -readonly [K in Exclude<keyof Fate, "orders">]: Fate[K] } & { readonly byId: Map<string, OrderView> };

export class Fates {
  readonly #kept = new Map<string, Kept>();
  readonly #isWanted: (firing: string) => boolean;

  constructor(isWanted: (firing: string) => boolean) {
    this.#isWanted = isWanted;
  }

  of(id: string): Fate {
    const { byId, ...kept } = this.#kept.get(id) ?? begun(id);
    return { ...kept, orders: [...byId.values()] };
  }

  input(input: JournaledInput): void {
    if (input.kind === "confirmation") this.#about(input.firing, (fate) => (fate.confirmation = input.verdict));
  }

  output(output: Output): void {
    switch (output.kind) {
      case "confirm":
        return this.#about(output.firing.id, (fate) => (fate.firing = output.firing));
      case "refused":
        return this.#about(output.firing, (fate) => {
          fate.refused = { code: output.code, reason: output.reason };
        });
      case "verdict":
        return this.#about(output.verdict.firing, (fate) => (fate.verdict ??= output.verdict));
      case "approval":
        return this.#about(output.approval.firing, (fate) => (fate.approval = output.approval));
      case "order":
        return this.#about(output.order.firing, (fate) => fate.byId.set(output.order.clientOrderId, output.order));
      default:
    }
  }

  #about(id: string, change: (fate: Kept) => void): void {
    if (!this.#isWanted(id)) return;
    const fate = this.#kept.get(id) ?? begun(id);
    this.#kept.set(id, fate);
    change(fate);
  }
}

function begun(id: string): Kept {
  return { id, firing: null, confirmation: null, refused: null, verdict: null, approval: null, byId: new Map() };
}
