/**
 * Sinks that record, and adapters pointed at a venue.
 */
import { createAlpacaBroker } from "../../../engine/adapters/alpaca/broker.ts";
import type { AlpacaBrokerOptions } from "../../../engine/adapters/alpaca/broker-options.ts";
import { createAlpacaMarketData } from "../../../engine/adapters/alpaca/market-data.ts";
import type { AlpacaMarketDataOptions } from "../../../engine/adapters/alpaca/market-data.ts";
import type { Venue } from "../../../engine/adapters/venue/options.ts";
import type { ApprovedOrder, BrokerInput, MarketInput, OrderRequest } from "../../../engine/core/event.ts";
import { NYSE } from "../../../engine/market/nyse.ts";
import type { Broker, BrokerSink } from "../../../engine/ports/broker.ts";
import type { Feed, FeedSink } from "../../../engine/ports/feed.ts";
import { KEY, SECRET, until } from "../venue/support.ts";

export const CREDENTIALS = { keyId: KEY, secret: SECRET };

/** Kind of event -> that event. */
type Of<U extends { kind: string }, K extends U["kind"]> = Extract<U, { kind: K }>;

export class BrokerRecorder implements BrokerSink {
  readonly inputs: BrokerInput[] = [];

  broker(input: BrokerInput): void {
    this.inputs.push(input);
  }

  of<K extends BrokerInput["kind"]>(kind: K): Of<BrokerInput, K>[] {
    return this.inputs.filter((input): input is Of<BrokerInput, K> => input.kind === kind);
  }

  async first<K extends BrokerInput["kind"]>(kind: K, count = 1): Promise<Of<BrokerInput, K>> {
    await until(`${kind} x${count}, have ${JSON.stringify(this.inputs)}`, () => this.of(kind).length >= count);
    return this.of(kind)[count - 1] as Of<BrokerInput, K>;
  }

  /** What was told of one order, in words. */
  story(clientOrderId: string): string[] {
    return this.inputs
      .filter((input) => "clientOrderId" in input && input.clientOrderId === clientOrderId)
      .map((input) => {
        if (input.kind === "order.update") return input.status;
        if (input.kind === "execution") return `${input.side} ${input.qty} @ ${input.price}`;
        return input.kind;
      });
  }
}

export class FeedRecorder implements FeedSink {
  readonly inputs: MarketInput[] = [];
  readonly refusals: { readonly reason: string; readonly sample: string; readonly count: number }[] = [];

  market(input: MarketInput): void {
    this.inputs.push(input);
  }

  refused(_feed: string, reason: string, sample: string, count = 1): void {
    this.refusals.push({ reason, sample, count });
  }

  of<K extends MarketInput["kind"]>(kind: K): Of<MarketInput, K>[] {
    return this.inputs.filter((input): input is Of<MarketInput, K> => input.kind === kind);
  }

  async first<K extends MarketInput["kind"]>(kind: K, count = 1): Promise<Of<MarketInput, K>> {
    await until(`${kind} x${count}, have ${JSON.stringify(this.inputs)}`, () => this.of(kind).length >= count);
    return this.of(kind)[count - 1] as Of<MarketInput, K>;
  }

  get statuses(): string[] {
    return this.of("feed").map((input) => input.status);
  }
}

const running: (Broker | Feed)[] = [];

export async function stopAdapters(): Promise<void> {
  await Promise.all(running.splice(0).map((adapter) => adapter.stop()));
}

const FAST = { firstMs: 10, maxMs: 20 };

export function brokerAt(venue: Venue, options: Partial<AlpacaBrokerOptions> = {}): Broker {
  const broker = createAlpacaBroker({
    account: { kind: "loopback", url: venue.url },
    credentials: CREDENTIALS,
    timeoutMs: 300,
    retryDelaysMs: [1, 1],
    stream: { reconnect: FAST, afterRefusal: FAST },
    ...options,
  });
  running.push(broker);
  return broker;
}

export async function startedBroker(venue: Venue, options: Partial<AlpacaBrokerOptions> = {}) {
  const broker = brokerAt(venue, options);
  const sink = new BrokerRecorder();
  await broker.start(sink);
  return { broker, sink };
}

export function feedAt(venue: Venue, options: Partial<AlpacaMarketDataOptions> = {}): Feed {
  const feed = createAlpacaMarketData({
    feed: "iex",
    credentials: CREDENTIALS,
    channels: { bars: ["SPY"], updatedBars: ["SPY"] },
    calendar: NYSE,
    venueUrl: venue.url,
    reconnect: FAST,
    afterRefusal: FAST,
    ...options,
  });
  running.push(feed);
  return feed;
}

/** Tests stand in for the risk stage, the only one that makes approved orders. */
/** Nothing holds an order back. */
export const mayLeave = (): undefined => undefined;

export function approved(order: Partial<OrderRequest> & { readonly clientOrderId: string }): ApprovedOrder {
  return {
    symbol: "SPY",
    side: "buy",
    qty: "10",
    type: "market",
    timeInForce: "day",
    extendedHours: false,
    orderClass: "simple",
    ...order,
  } as ApprovedOrder;
}
