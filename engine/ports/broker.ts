/**
 * Where orders go.
 *
 * Owns: the interface. A broker takes approved orders only, tells every outcome as an event, and never retries a
 * submit on its own: a timeout or 5xx is `order.unknown`.
 */
import type { ApprovedOrder, BrokerInput, OrderView, ReconciledInput } from "../core/event.ts";

/** Why an order must not leave any more; undefined when it may. */
export type LastLook = () => string | undefined;

export interface BrokerSink {
  broker(input: BrokerInput): void;
}

export interface Broker {
  readonly name: string;
  /** True only for an account with real money; shown at all times. */
  readonly live: boolean;
  /** Takes its fee for coins out of what is credited, and tells it nowhere but in what the account holds. */
  readonly feesInCoins: boolean;
  /**
   * Opens the stream of trade updates; resolves when it is authorised and listening. Rejects with a BrokerError.
   * `open`: orders that an earlier process sent and whose end it had not heard for sure, with what it had heard of them.
   */
  start(sink: BrokerSink, open?: readonly OrderView[]): Promise<void>;
  /** Account, positions and open orders as they are now. */
  reconcile(): Promise<ReconciledInput>;
  /**
   * Answers through the sink: order.accepted, order.rejected or order.unknown, then updates and executions. `lastLook` is asked at
   * the last moment before the order leaves, however long it waited; with a reason it does not, and is rejected as `not_sent`.
   */
  submit(order: ApprovedOrder, lastLook: LastLook): void;
  /** Answers through the sink: an order.update, or cancel.rejected. `brokerOrderId` null: found by client id. */
  cancel(clientOrderId: string, brokerOrderId: string | null): void;
  /** Asks for one order by its client id; answers order.accepted (+ updates, executions) or order.rejected with code `not_found`. */
  lookup(clientOrderId: string): void;
  /** Asks what it says of these symbols; answers `instrument` for each of which it says something. */
  instruments(symbols: readonly string[]): void;
  stop(): Promise<void>;
}

export class BrokerError extends Error {
  override readonly name = "BrokerError";
  readonly code: "auth" | "unreachable" | "protocol" | "config";
  constructor(code: BrokerError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
