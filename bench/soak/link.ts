/**
 * The line to the broker, which breaks.
 *
 * Owns: keeping back what is told while it is down; it comes before the line is up again. May not: lose or change anything.
 */
import type { PaperBroker } from "../../engine/adapters/sim/paper-broker.ts";
import type { ApprovedOrder, BrokerInput, ReconciledInput } from "../../engine/core/event.ts";
import type { Broker, BrokerSink, LastLook } from "../../engine/ports/broker.ts";

export class Link implements Broker {
  readonly name = "soak";
  readonly live = false;
  readonly feesInCoins = false;
  readonly #broker: PaperBroker;
  #sink: BrokerSink | undefined;
  /** Undefined while the line is up. */
  #held: BrokerInput[] | undefined;

  constructor(broker: PaperBroker) {
    this.#broker = broker;
  }

  start(sink: BrokerSink): Promise<void> {
    this.#sink = sink;
    return this.#broker.start({
      broker: (input) => {
        if (this.#held === undefined) sink.broker(input);
        else this.#held.push(input);
      },
    });
  }

  get isCut(): boolean {
    return this.#held !== undefined;
  }

  cut(): void {
    this.#held ??= [];
    this.#sink?.broker({ kind: "broker", status: "disconnected", detail: "the line is down" });
  }

  mend(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const input of held) this.#sink?.broker(input);
    this.#sink?.broker({ kind: "broker", status: "connected", detail: "the line is up" });
  }

  reconcile(): Promise<ReconciledInput> {
    return this.#broker.reconcile();
  }

  submit(order: ApprovedOrder, lastLook: LastLook): void {
    this.#broker.submit(order, lastLook);
  }

  cancel(clientOrderId: string): void {
    this.#broker.cancel(clientOrderId);
  }

  lookup(clientOrderId: string): void {
    this.#broker.lookup(clientOrderId);
  }

  instruments(): void {
    this.#broker.instruments();
  }

  stop(): Promise<void> {
    return this.#broker.stop();
  }
}
