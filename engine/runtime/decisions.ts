/**
 * Decisions of people on their way into the core, and what became of them.
 *
 * Owns: that each gets the answer that the core gave to exactly it, and only when the journal has it: a channel that says
 * "approved" must not be wrong after a crash. May not: judge a decision.
 */
import type { DecisionInput } from "../core/approval.ts";
import type { Input, Output } from "../core/event.ts";
import type { Clock } from "../ports/clock.ts";
import type { Decision, DecisionOutcome } from "../ports/notifier.ts";

/** An engine that takes longer is not well; the decision may still count. */
const LONGEST_WAIT_MS = 10_000;

export interface DecisionsOptions {
  readonly post: (input: DecisionInput) => void;
  readonly durable: () => Promise<void>;
  readonly clock: Clock;
}

interface Waiting {
  readonly decision: Decision;
  readonly answer: (outcome: DecisionOutcome) => void;
}

export class Decisions {
  readonly #options: DecisionsOptions;
  /** In the order in which they were posted, which is that in which the core takes them. */
  readonly #waiting: Waiting[] = [];
  #ended: string | undefined;

  constructor(options: DecisionsOptions) {
    this.#options = options;
  }

  async decide(decision: Decision): Promise<DecisionOutcome> {
    if (this.#ended !== undefined) return { kind: "lost", reason: this.#ended };
    let cancel: (() => void) | undefined;
    const outcome = await new Promise<DecisionOutcome>((answer) => {
      const waiting = { decision, answer };
      this.#waiting.push(waiting);
      cancel = this.#options.clock.after(LONGEST_WAIT_MS, () =>
        answer({ kind: "lost", reason: "the engine did not answer; look at barwise approvals" }),
      );
      this.#options.post({ kind: "decision", ...decision });
    });
    cancel?.();
    if (outcome.kind === "lost") return outcome;
    try {
      await this.#options.durable();
      return outcome;
    } catch {
      return { kind: "lost", reason: "the journal could not be written; the decision may be lost" };
    }
  }

  /** Of every step. */
  observe(input: Input, outputs: readonly Output[]): void {
    if (input.kind !== "decision" || this.#waiting.length === 0) return;
    const at = this.#waiting.findIndex(({ decision }) => isSame(decision, input));
    if (at < 0) return;
    const [waiting] = this.#waiting.splice(at, 1);
    waiting?.answer(outcomeOf(input.approval, outputs));
  }

  /** Nobody answers any more. */
  end(reason: string): void {
    this.#ended = reason;
    for (const { answer } of this.#waiting.splice(0)) answer({ kind: "lost", reason });
  }
}

function isSame(a: Decision, b: DecisionInput): boolean {
  return a.approval === b.approval && a.by === b.by && a.channel === b.channel && a.hash === b.hash;
}

/** The last word of the step on this request: an expiry at the same step comes before the refusal that it leads to. */
function outcomeOf(approval: string, outputs: readonly Output[]): DecisionOutcome {
  let outcome: DecisionOutcome = { kind: "lost", reason: "the engine did not say what became of it" };
  for (const output of outputs) {
    if (output.kind === "decision.refused" && output.approval === approval) return { ...output, kind: "refused" };
    if (output.kind === "approval" && output.approval.id === approval)
      outcome = { kind: "counted", approval: output.approval };
  }
  return outcome;
}
