/**
 * What leaves the engine: questions to json-rules-engine and requests to the broker.
 *
 * Owns: that effects leave in order, each after the journal has what justifies it, and what has no answer yet. May not:
 * repeat one, or decide that one should leave.
 */
import type { InputBody, Output } from "../core/event.ts";
import type { Broker } from "../ports/broker.ts";
import type { Journal } from "../ports/journal.ts";
import { confirm } from "./confirm.ts";

export type Effect = Extract<Output, { kind: "confirm" | "submit" | "cancel" | "lookup" }>;

/** json-rules-engine runs on microtasks: after this many the event loop gets a turn. */
const CONFIRMATIONS_PER_TURN = 50;

export interface EffectsOptions {
  readonly journal: Journal;
  readonly broker: Broker;
  readonly post: (input: InputBody) => void;
  /** Nothing leaves any more. */
  readonly isOver: () => boolean;
  readonly onError: (error: unknown) => void;
  /** Something was dispatched or answered: whoever waits for quiet looks again. */
  readonly onMove: () => void;
}

export class Effects {
  readonly #options: EffectsOptions;
  #waiting: Effect[] = [];
  #flushing = false;
  #confirming = 0;
  #confirmations = 0;
  /** Requests to the broker that have no answer yet. */
  readonly #unanswered = new Set<string>();

  constructor(options: EffectsOptions) {
    this.#options = options;
  }

  add(effect: Effect): void {
    this.#waiting.push(effect);
  }

  /** Nothing waits to leave, is being confirmed or unanswered. */
  get areDone(): boolean {
    return this.#waiting.length === 0 && !this.#flushing && this.#confirming === 0 && this.#unanswered.size === 0;
  }

  answered(clientOrderId: string): void {
    this.#unanswered.delete(clientOrderId);
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  /** Lets out what has gathered; calls that come meanwhile share the round. */
  leave(): void {
    if (this.#waiting.length > 0 && !this.#flushing) void this.#flush();
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    try {
      while (this.#waiting.length > 0 && !this.#options.isOver()) {
        const effects = this.#waiting;
        this.#waiting = [];
        await this.#options.journal.sync();
        await this.#dispatch(effects);
      }
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#flushing = false;
    }
    this.#options.onMove();
  }

  async #dispatch(effects: readonly Effect[]): Promise<void> {
    const { broker } = this.#options;
    for (const effect of effects) {
      if (this.#options.isOver()) return;
      switch (effect.kind) {
        case "confirm":
          this.#confirming++;
          this.#options.post(await confirm(effect.firing));
          this.#confirming--;
          if (++this.#confirmations % CONFIRMATIONS_PER_TURN === 0) await new Promise(setImmediate);
          break;
        case "submit":
          this.#unanswered.add(effect.order.clientOrderId);
          broker.submit(effect.order);
          break;
        case "cancel":
          this.#unanswered.add(effect.clientOrderId);
          broker.cancel(effect.clientOrderId, effect.brokerOrderId);
          break;
        case "lookup":
          this.#unanswered.add(effect.clientOrderId);
          broker.lookup(effect.clientOrderId);
          break;
      }
    }
  }
}
