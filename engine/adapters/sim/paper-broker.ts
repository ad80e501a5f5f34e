/**
 * Paper trading on any feed: the simulated exchange sees the same market data as the strategies, before them.
 *
 * Owns: making a synchronous exchange look like a broker on the other side of a wire (answers come later, never inside
 * the call). May not: let an order trade at a price that was known before it was sent.
 */
import type { BrokerInput, MarketInput, ReconciledInput } from "../../core/event.ts";
import type { ApprovedOrder } from "../../core/event.ts";
import type { Broker, BrokerSink, LastLook } from "../../ports/broker.ts";
import type { Feed } from "../../ports/feed.ts";
import type { SimBroker } from "../../ports/sim-broker.ts";

export class PaperBroker implements Broker {
  readonly name = "paper";
  readonly live = false;
  readonly feesInCoins = false;
  readonly #sim: SimBroker;
  readonly #knownAt: (input: MarketInput) => number | undefined;
  #sink: BrokerSink | undefined;
  #now = Number.NEGATIVE_INFINITY;

  constructor(sim: SimBroker, knownAt: (input: MarketInput) => number | undefined) {
    this.#sim = sim;
    this.#knownAt = knownAt;
  }

  start(sink: BrokerSink): Promise<void> {
    this.#sink = sink;
    return Promise.resolve();
  }

  reconcile(): Promise<ReconciledInput> {
    return Promise.resolve(this.#sim.reconcile());
  }

  submit(order: ApprovedOrder, lastLook: LastLook): void {
    const { clientOrderId } = order;
    this.#answerLater(() => {
      const why = lastLook();
      if (why === undefined) return this.#sim.submit(order, this.#now);
      return [{ kind: "order.rejected", clientOrderId, code: "not_sent", reason: why }];
    });
  }

  cancel(clientOrderId: string): void {
    this.#answerLater(() => this.#sim.cancel(clientOrderId, this.#now));
  }

  lookup(clientOrderId: string): void {
    this.#answerLater(() => this.#sim.lookup(clientOrderId, this.#now));
  }

  /** Everything is tradable in here. */
  instruments(): void {}

  stop(): Promise<void> {
    this.#sink = undefined;
    return Promise.resolve();
  }

  /** Wraps a feed so that the exchange sees each item first and its fills arrive before the item does. */
  watching(feed: Feed): Feed {
    return {
      name: feed.name,
      get delayMs() {
        return feed.delayMs ?? 0;
      },
      start: (sink) =>
        feed.start({
          market: (input) => {
            this.#see(input);
            sink.market(input);
          },
          refused: (name, reason, sample, count) => sink.refused(name, reason, sample, count),
        }),
      stop: () => feed.stop(),
    };
  }

  #see(input: MarketInput): void {
    const time = this.#knownAt(input);
    if (time === undefined) return;
    this.#now = Math.max(this.#now, time);
    this.#deliver(this.#sim.market(input, time));
  }

  #answerLater(ask: () => readonly BrokerInput[]): void {
    setImmediate(() => {
      if (this.#sink !== undefined) this.#deliver(ask());
    });
  }

  #deliver(inputs: readonly BrokerInput[]): void {
    for (const input of inputs) this.#sink?.broker(input);
  }
}
