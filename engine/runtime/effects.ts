/**
 * What leaves the engine: questions to json-rules-engine and requests to the broker.
 *
 * Owns: that requests leave in order, each after the journal has what justifies it, and what has no answer yet. A question
 * does not leave the process, so it waits for no disk. May not: repeat one, or decide that one should leave.
 */
import type { InputBody, Output } from "../core/event.ts";
import type { Broker, LastLook } from "../ports/broker.ts";
import type { Journal } from "../ports/journal.ts";
import { confirm } from "./confirm.ts";

export type Effect = Extract<Output, { kind: "confirm" | "submit" | "cancel" | "lookup" }>;

export function isEffect(output: Output): output is Effect {
  const { kind } = output;
  return kind === "confirm" || kind === "submit" || kind === "cancel" || kind === "lookup";
}

type Question = Extract<Effect, { kind: "confirm" }>;

interface Decided {
  readonly request: Exclude<Effect, Question>;
  readonly at: number;
}

/** json-rules-engine runs on microtasks: after this many the event loop gets a turn. */
const CONFIRMATIONS_PER_TURN = 50;

export interface EffectsOptions {
  readonly journal: Journal;
  readonly broker: Broker;
  readonly post: (input: InputBody) => void;
  /** Why an order must not leave any more; `decidedAt` in arrival time. */
  readonly lastLook: (clientOrderId: string, decidedAt: number) => ReturnType<LastLook>;
  /** Nothing leaves any more. */
  readonly isOver: () => boolean;
  readonly onError: (error: unknown) => void;
  /** Something was dispatched or answered: whoever waits for quiet looks again. */
  readonly onMove: () => void;
}

export class Effects {
  readonly #options: EffectsOptions;
  #requests: Decided[] = [];
  #questions: Question[] = [];
  #flushing = false;
  #asking = false;
  #confirmations = 0;
  /** Requests to the broker that have no answer yet. */
  readonly #unanswered = new Set<string>();

  constructor(options: EffectsOptions) {
    this.#options = options;
  }

  /** `at`: arrival time at which it was decided. */
  add(effect: Effect, at: number): void {
    if (effect.kind === "confirm") this.#questions.push(effect);
    else this.#requests.push({ request: effect, at });
  }

  /** Nothing waits to leave, is being confirmed or unanswered. */
  get areDone(): boolean {
    const isQuiet = !this.#flushing && !this.#asking && this.#unanswered.size === 0;
    return isQuiet && this.#requests.length === 0 && this.#questions.length === 0;
  }

  answered(clientOrderId: string): void {
    this.#unanswered.delete(clientOrderId);
  }

  clear(): void {
    this.#requests.length = 0;
    this.#questions.length = 0;
  }

  /** Lets out what has gathered; calls that come meanwhile share the round. */
  leave(): void {
    if (this.#questions.length > 0 && !this.#asking) {
      // An order most likely follows: the disk's thread works through what has gathered while the question is judged.
      this.#options.journal.announce();
      void this.#ask();
    }
    if (this.#requests.length > 0 && !this.#flushing) void this.#flush();
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    try {
      for (let question = this.#questions.shift(); question !== undefined; question = this.#questions.shift()) {
        if (this.#options.isOver()) break;
        this.#options.post(await confirm(question.firing));
        if (++this.#confirmations % CONFIRMATIONS_PER_TURN === 0) await new Promise(setImmediate);
      }
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#asking = false;
    }
    this.#options.onMove();
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    try {
      while (this.#requests.length > 0 && !this.#options.isOver()) {
        const requests = this.#requests;
        this.#requests = [];
        await this.#options.journal.sync();
        for (const decided of requests) if (!this.#options.isOver()) this.#send(decided);
      }
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#flushing = false;
    }
    this.#options.onMove();
  }

  #send({ request, at }: Decided): void {
    const { broker, lastLook } = this.#options;
    switch (request.kind) {
      case "submit": {
        const { order } = request;
        this.#unanswered.add(order.clientOrderId);
        return broker.submit(order, () => lastLook(order.clientOrderId, at));
      }
      case "cancel":
        this.#unanswered.add(request.clientOrderId);
        return broker.cancel(request.clientOrderId, request.brokerOrderId);
      case "lookup":
        this.#unanswered.add(request.clientOrderId);
        return broker.lookup(request.clientOrderId);
    }
  }
}
