/**
 * A broker that takes no order while the account is latched.
 *
 * Owns: the last look before an order leaves. The core refuses orders of a halted account already; this one holds in the moment
 * in which a process that stood still goes on, before anybody could tell the core. May not: hold back a cancel or a look-up.
 */
import type { Broker, BrokerSink, LastLook } from "../../ports/broker.ts";
import type { ApprovedOrder, OrderView, ReconciledInput } from "../../core/event.ts";

export interface BrokerGuard {
  /** Asked before every order. */
  isHalted(): boolean;
  /** An order goes to the broker. */
  onSend(order: ApprovedOrder): void;
}

export class GuardedBroker implements Broker {
  readonly #broker: Broker;
  readonly #guard: BrokerGuard;

  constructor(broker: Broker, guard: BrokerGuard) {
    this.#broker = broker;
    this.#guard = guard;
  }

  get name(): string {
    return this.#broker.name;
  }

  get live(): boolean {
    return this.#broker.live;
  }

  get feesInCoins(): boolean {
    return this.#broker.feesInCoins;
  }

  start(sink: BrokerSink, open?: readonly OrderView[]): Promise<void> {
    return this.#broker.start(sink, open);
  }

  submit(order: ApprovedOrder, lastLook: LastLook): void {
    this.#broker.submit(order, () => {
      const why = this.#guard.isHalted() ? "the kill switch is on" : lastLook();
      if (why === undefined) this.#guard.onSend(order);
      return why;
    });
  }

  cancel(clientOrderId: string, brokerOrderId: string | null): void {
    this.#broker.cancel(clientOrderId, brokerOrderId);
  }

  lookup(clientOrderId: string): void {
    this.#broker.lookup(clientOrderId);
  }

  instruments(symbols: readonly string[]): void {
    this.#broker.instruments(symbols);
  }

  reconcile(): Promise<ReconciledInput> {
    return this.#broker.reconcile();
  }

  stop(): Promise<void> {
    return this.#broker.stop();
  }
}
