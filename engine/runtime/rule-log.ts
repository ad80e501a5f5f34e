/**
 * What each rule of a running engine did last: firings, and what was refused, apart from each other so that many of one do not push the
 * other out.
 *
 * Owns: those, within bounds. May not: judge a rule, or keep how close one came: `barwise explain --why-not` takes that from the journal.
 */
import type { Input, Output } from "../core/event.ts";
import type { RuleEvent } from "../ports/control.ts";
import { timeOf } from "./control-views.ts";

/** Of each kind and rule. */
const KEPT = 20;
/** Rules that are remembered: reloads may bring new names without end. */
const MAX_RULES = 10_000;

interface Kept {
  readonly fired: RuleEvent[];
  readonly refused: RuleEvent[];
}

export class RuleLog {
  readonly #rules = new Map<string, Kept>();

  keep({ seq, marketTime }: Input, output: Output): void {
    if (output.kind === "confirm") {
      const { id: firing, strategy, rule, symbol, time } = output.firing;
      const event = { seq, time: timeOf(time), symbol, firing, code: null, reason: null };
      push(this.#of(strategy, rule).fired, event);
    } else if (output.kind === "refused") {
      const { firing, strategy, rule, symbol, code, reason } = output;
      push(this.#of(strategy, rule).refused, { seq, time: timeOf(marketTime), symbol, firing, code, reason });
    }
  }

  /** Oldest first. */
  of(strategy: string, rule: string): Kept {
    const { fired = [], refused = [] } = this.#rules.get(keyOf(strategy, rule)) ?? {};
    return { fired: [...fired], refused: [...refused] };
  }

  #of(strategy: string, rule: string): Kept {
    const key = keyOf(strategy, rule);
    const kept = this.#rules.get(key) ?? { fired: [], refused: [] };
    this.#rules.set(key, kept);
    // The first is the one that is known longest.
    const [oldest = key] = this.#rules.keys();
    if (this.#rules.size > MAX_RULES) this.#rules.delete(oldest);
    return kept;
  }
}

function push(events: RuleEvent[], event: RuleEvent): void {
  events.push(event);
  if (events.length > KEPT) events.shift();
}

function keyOf(strategy: string, rule: string): string {
  return JSON.stringify([strategy, rule]);
}
