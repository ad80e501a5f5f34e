/**
 * A broker that answers at once: what a backtest trades against.
 *
 * Owns: the interface. Time comes with each call; the answers are inputs for the core, in order.
 */
import type { ApprovedOrder, BrokerInput, MarketInput, ReconciledInput } from "../core/event.ts";

export interface SimBroker {
  reconcile(): ReconciledInput;
  submit(order: ApprovedOrder, now: number): readonly BrokerInput[];
  cancel(clientOrderId: string, now: number): readonly BrokerInput[];
  lookup(clientOrderId: string, now: number): readonly BrokerInput[];
  /** Market data reaches the exchange before it reaches the strategies. `knownAt` is when the item is complete. */
  market(input: MarketInput, knownAt: number): readonly BrokerInput[];
}
