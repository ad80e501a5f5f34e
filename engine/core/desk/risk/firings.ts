/**
 * What became of each firing: how much it wanted, and which entries were sent for it.
 *
 * Owns: that memory, as long as anything refers to the firing. May not: judge.
 */
import type { DecimalText } from "../../decimal.ts";
import { decimal, text } from "../../decimal.ts";
import type { Decimal } from "../../decimal.ts";

interface Sent {
  readonly leg: string;
  readonly id: string;
}

export interface SavedFirings {
  readonly wanted: Readonly<Record<string, DecimalText>>;
  readonly sent: Readonly<Record<string, readonly Sent[]>>;
}

const NOTHING: readonly Sent[] = [];

export class Firings {
  readonly #wanted = new Map<string, Decimal>();
  readonly #sent = new Map<string, readonly Sent[]>();

  /** An entry left. The first one says how much the firing wanted: a later one cannot raise it. */
  sent(firing: string, leg: string, id: string, wanted: Decimal): void {
    if (!this.#wanted.has(firing)) this.#wanted.set(firing, wanted);
    this.#sent.set(firing, [...this.sentFor(firing), { leg, id }]);
  }

  /** What it wanted when its first entry left. */
  wantedBy(firing: string): Decimal | undefined {
    return this.#wanted.get(firing);
  }

  sentFor(firing: string): readonly Sent[] {
    return this.#sent.get(firing) ?? NOTHING;
  }

  /** A firing that nothing refers to sends no more, and its id is never used again. */
  forget(isNeeded: (firing: string) => boolean): void {
    for (const firing of this.#sent.keys()) {
      if (isNeeded(firing)) continue;
      this.#sent.delete(firing);
      this.#wanted.delete(firing);
    }
  }

  save(): SavedFirings {
    return {
      wanted: Object.fromEntries([...this.#wanted].map(([firing, qty]) => [firing, text(qty)])),
      sent: Object.fromEntries(this.#sent),
    };
  }

  restore({ wanted, sent }: SavedFirings): void {
    for (const [firing, qty] of Object.entries(wanted)) this.#wanted.set(firing, decimal(qty));
    for (const [firing, orders] of Object.entries(sent)) this.#sent.set(firing, orders);
  }
}
