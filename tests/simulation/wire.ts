/**
 * The network between Alpaca's adapter and a simulated exchange, with everything that can go wrong on it.
 *
 * Owns: requests that are lost, late or answered by nobody, updates that are lost, doubled, late or out of order, and
 * connections that break. It stands where the SDK stands: the adapter above it is the real one. May not: judge.
 */
import { ApiError, streaming } from "@alpacahq/alpaca-trade-api";
import type {
  SdkOrder,
  SdkTradeUpdate,
  SdkTradingStream,
  StreamOptions,
  TradingApis,
} from "../../engine/adapters/alpaca/sdk.ts";
import { isOpen } from "../../bench/soak/ledger.ts";
import { text } from "../../engine/core/decimal.ts";
import type { OrderRequest } from "../../engine/core/event.ts";
import type { Exchange, ExchangeEvent, ExchangeOrder, ExchangeRefusal } from "../../engine/exchange/types.ts";
import type { Pick } from "../support/runs.ts";
import type { Life, WorldClock } from "./time.ts";

/** Chances in a thousand. */
export interface Weather {
  readonly lostRequest: number;
  readonly lostAnswer: number;
  readonly refused: number;
  /** A request that takes seconds, and one that takes longer than its sender waits. */
  readonly slow: number;
  readonly lostUpdate: number;
  readonly doubledUpdate: number;
  readonly strayUpdate: number;
  /** A connection that is refused or never answers a login. */
  readonly deafStream: number;
  /** A connection that breaks again at once. */
  readonly shortStream: number;
  /** An answer that is lost because nothing comes through any more, for a while. */
  readonly outage: number;
}

export const CALM: Weather = {
  lostRequest: 0,
  lostAnswer: 0,
  refused: 0,
  slow: 0,
  lostUpdate: 0,
  doubledUpdate: 0,
  strayUpdate: 0,
  deafStream: 0,
  shortStream: 0,
  outage: 0,
};

/** As the adapter's own default. */
const TIMEOUT_MS = 10_000;

/** What sees the exchange from outside: the judge. */
export interface Witness {
  /** A process lets it go. */
  sending(request: OrderRequest): void;
  submitted(request: OrderRequest): void;
  refused(request: OrderRequest, refusal: ExchangeRefusal): void;
  happened(event: ExchangeEvent): void;
}

export interface WireOptions {
  readonly exchange: Exchange;
  readonly world: WorldClock;
  readonly pick: Pick;
  readonly witness: Witness;
  readonly log: (line: string) => void;
}

export class Wire {
  weather: Weather = CALM;
  #downUntil = 0;
  readonly #options: WireOptions;
  readonly #streams = new Set<Stream>();

  constructor(options: WireOptions) {
    this.#options = options;
  }

  chance(inThousand: number): boolean {
    return this.#options.pick(1_000) < inThousand;
  }

  /** How long a message takes: mostly milliseconds. */
  delay(): number {
    const { pick } = this.#options;
    if (!this.chance(this.weather.slow)) return 1 + pick(60);
    return pick(3) === 0 ? 9_000 + pick(40_000) : pick(4_000);
  }

  link(life: Life): Link {
    let last: Stream | undefined;
    return {
      apis: this.#apis(life),
      stream: (options) => (last = this.#open(life, options)) as unknown as SdkTradingStream,
      isLive: () => last?.isLive === true,
    };
  }

  /** All connections break at once. */
  cut(): void {
    for (const stream of this.#streams) stream.drop("cut");
  }

  get isDown(): boolean {
    return this.#options.world.now() < this.#downUntil;
  }

  /** Nothing comes through for some time. */
  #fail(): void {
    const { world, pick, log } = this.#options;
    this.#downUntil = world.now() + 10_000 + pick(150_000);
    log("nothing comes through");
    this.cut();
  }

  clear(): void {
    this.weather = CALM;
    this.#downUntil = 0;
  }

  /** What the exchange has done is told to whoever listens. */
  flush(): void {
    for (const event of this.#options.exchange.drain()) {
      this.#options.witness.happened(event);
      this.#options.log(
        `exchange ${event.kind} ${event.order.side} ${event.order.clientOrderId} ${text(event.order.filledQty)}`,
      );
      for (const stream of this.#streams) stream.tell(updateOf(event));
    }
  }

  #open(life: Life, options: StreamOptions): Stream {
    const { world, pick, log } = this.#options;
    const stream = new Stream({
      life,
      world,
      pick,
      wire: this,
      options,
      log,
      onClose: () => this.#streams.delete(stream),
    });
    this.#streams.add(stream);
    return stream;
  }

  async #ask<T>(life: Life, name: string, act: () => T, counts = false): Promise<T> {
    const { world, pick, log } = this.#options;
    // A process that has ended neither sends nor hears.
    if (!life.goesOn()) return new Promise(() => {});
    if (this.isDown) {
      await life.sleep(20);
      throw new Error("the connection was refused");
    }
    const isLost = this.chance(this.weather.lostRequest);
    const isRefused = !isLost && counts && this.chance(this.weather.refused);
    const there = this.delay();
    const answer = new Promise<T>((resolve, reject) => {
      const timeout = (): void => reject(new Error("the request timed out"));
      const cancel = life.after(TIMEOUT_MS, timeout);
      if (isLost) return log(`lost on its way: ${name}`);
      world.after(there, () => {
        const outcome = this.#act(isRefused ? () => refuse(one(pick, REFUSALS)) : act);
        log(`${name}: ${"error" in outcome ? outcome.error.message : "done"}`);
        if (counts && this.chance(this.weather.outage)) return this.#fail();
        if (this.isDown) return log(`nobody is there for the answer: ${name}`);
        if (this.chance(this.weather.lostAnswer)) {
          if (pick(2) === 0)
            life.after(this.delay(), () => reject(apiError({ status: 500, message: "internal server error" })));
          return log(`its answer is lost: ${name}`);
        }
        life.after(this.delay(), () => {
          cancel();
          if ("error" in outcome) reject(outcome.error);
          else resolve(outcome.value);
        });
      });
    });
    try {
      return await answer;
    } finally {
      if (!life.goesOn()) await new Promise(() => {});
    }
  }

  #act<T>(act: () => T): { readonly value: T } | { readonly error: Error } {
    try {
      return { value: act() };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { error };
    } finally {
      this.flush();
    }
  }

  #apis(life: Life): TradingApis {
    const { exchange, world, witness } = this.#options;
    const submit =
      (type: OrderRequest["type"] | undefined, orderClass: OrderRequest["orderClass"] | undefined) =>
      (body: Partial<OrderRequest>): Promise<SdkOrder> => {
        const request = {
          extendedHours: false,
          ...(type === undefined ? {} : { type }),
          orderClass: orderClass ?? "simple",
          ...body,
          // Only an entry at the market is left without a price.
          ...(orderClass === undefined
            ? {}
            : { type: body.limitPrice === undefined && orderClass !== "oco" ? "market" : "limit" }),
        } as OrderRequest;
        if (!life.isOver) witness.sending(request);
        const act = (): SdkOrder => {
          witness.submitted(request);
          const result = exchange.submit(request, world.now());
          if (result.ok) return sdkOrder(exchange, result.value);
          witness.refused(request, result.refusal);
          return refuse(result.refusal);
        };
        return this.#ask(life, `submit ${request.side} ${request.qty} ${request.clientOrderId}`, act, true);
      };
    const found = (order: ExchangeOrder | undefined): SdkOrder =>
      order === undefined ? refuse({ status: 404, message: "order not found" }) : sdkOrder(exchange, order);
    const orders = {
      market: submit("market", undefined),
      limit: submit("limit", undefined),
      stop: submit("stop", undefined),
      stopLimit: submit("stop_limit", undefined),
      trailingStop: submit("trailing_stop", undefined),
      bracket: submit(undefined, "bracket"),
      oco: submit(undefined, "oco"),
      oto: submit(undefined, "oto"),
      submit: submit(undefined, undefined),
      getOrderByClientOrderId: ({ clientOrderId }: { clientOrderId: string }) =>
        this.#ask(life, `look up ${clientOrderId}`, () => found(exchange.orderByClientId(clientOrderId))),
      getOrderByOrderID: ({ orderId }: { orderId: string }) =>
        this.#ask(life, `read ${orderId}`, () => found(exchange.order(orderId))),
      deleteOrderByOrderID: ({ orderId }: { orderId: string }) =>
        this.#ask(life, `cancel ${orderId}`, () => {
          const result = exchange.cancel(orderId, world.now());
          if (!result.ok) refuse(result.refusal);
        }),
      getAllOrders: ({ afterOrderId, status }: { afterOrderId?: string; status?: string }) =>
        this.#ask(life, `list ${status} orders`, () =>
          afterOrderId === undefined
            ? exchange
                .orders()
                .filter((order) => isOpen(order) === (status === "open"))
                .map((order) => sdkOrder(exchange, order))
            : [],
        ),
    };
    const accounts = { getAccount: () => this.#ask(life, "read the account", () => accountOf(exchange)) };
    const positions = { getAllOpenPositions: () => this.#ask(life, "list positions", () => positionsOf(exchange)) };
    const assets = {
      getV2AssetsSymbolOrAssetId: ({ symbolOrAssetId: symbol }: { symbolOrAssetId: string }) =>
        this.#ask(life, "read an asset", () => assetOf(symbol)),
    };
    return { orders, accounts, positions, assets } as unknown as TradingApis;
  }
}

/** What the SDK gives a broker. */
export interface Link {
  readonly apis: TradingApis;
  readonly stream: (options: StreamOptions) => SdkTradingStream;
  /** Whether updates come through. */
  readonly isLive: () => boolean;
}

/** By the key that the process logs in with. */
export const LINKS = new Map<string, Link>();

function one<T>(pick: Pick, choices: readonly T[]): T {
  return choices[pick(choices.length)] as T;
}

type Refusal = { readonly status: number; readonly message: string } | ExchangeRefusal;

const REFUSALS: readonly Refusal[] = [
  { status: 403, message: "insufficient buying power" },
  { status: 422, message: "asset is not tradable" },
  { status: 429, message: "too many requests" },
  { status: 500, message: "internal server error" },
  { status: 503, message: "service unavailable" },
];

function refuse(refusal: Refusal): never {
  throw apiError(refusal);
}

function apiError({ status, message }: Refusal): ApiError {
  const response = { status, headers: new Headers(), json: () => Promise.resolve({}) } as unknown as Response;
  return new ApiError(response, status, undefined, message);
}

// ---------------------------------------------------------------------------------------------- what Alpaca's wire shows

function sdkOrder(exchange: Exchange, order: ExchangeOrder): SdkOrder {
  const legs = order.legIds.flatMap((id) => {
    const leg = exchange.order(id);
    return leg === undefined ? [] : [plainOrder(leg)];
  });
  return { ...plainOrder(order), legs } as unknown as SdkOrder;
}

function plainOrder(order: ExchangeOrder): object {
  return {
    id: order.id,
    clientOrderId: order.clientOrderId,
    symbol: order.symbol,
    side: order.side,
    qty: order.qty === null ? undefined : text(order.qty),
    filledQty: text(order.filledQty),
    filledAvgPrice: order.filledAvgPrice === null ? undefined : text(order.filledAvgPrice),
    type: order.type,
    status: order.status,
    orderClass: order.orderClass,
    updatedAt: new Date(order.updatedAt),
  };
}

function updateOf(event: ExchangeEvent): SdkTradeUpdate {
  const order = plainOrder(event.order);
  const fill =
    "execution" in event
      ? {
          qty: text(event.execution.qty),
          price: text(event.execution.price),
          executionId: event.execution.executionId,
          timestamp: new Date(event.time),
        }
      : {};
  return { event: event.kind, order, ...fill } as unknown as SdkTradeUpdate;
}

function assetOf(symbol: string): object {
  return { symbol, status: "active", tradable: true, shortable: true, fractionable: true, marginable: true };
}

function accountOf(exchange: Exchange): object {
  const { cash, equity, lastEquity, multiplier, shorting } = exchange.account();
  return {
    cash: text(cash),
    equity: text(equity),
    lastEquity: text(lastEquity),
    multiplier: String(multiplier),
    shortingEnabled: shorting,
  };
}

function positionsOf(exchange: Exchange): object[] {
  return exchange.positions().map(({ symbol, qty, avgPrice }) => ({
    symbol,
    qty: text(qty),
    side: qty.isNegative() ? "short" : "long",
    avgEntryPrice: text(avgPrice),
  }));
}

// ---------------------------------------------------------------------------------------------- the stream

interface StreamParts {
  readonly life: Life;
  readonly world: WorldClock;
  readonly pick: Pick;
  readonly wire: Wire;
  readonly options: StreamOptions;
  readonly log: (line: string) => void;
  readonly onClose: () => void;
}

const { CONNECTED, DISCONNECTED } = streaming.STATE;

/** What the adapter uses of the SDK's stream, reconnecting like it. */
class Stream {
  readonly #parts: StreamParts;
  #state: string = DISCONNECTED;
  /** Raised by every break: what was on its way is gone. */
  #connection = 0;
  isLive = false;
  #isEnded = false;
  /** A connection keeps the order of what is sent on it. */
  #lastAt = 0;
  #update: (update: SdkTradeUpdate) => void = () => {};
  #subscription: (streams: unknown) => void = () => {};
  #stateChange: (state: string) => void = () => {};

  constructor(parts: StreamParts) {
    this.#parts = parts;
  }

  onTradeUpdate(callback: (update: SdkTradeUpdate) => void): void {
    this.#update = callback;
  }

  on(_event: string, callback: (streams: unknown) => void): void {
    this.#subscription = callback;
  }

  onError(): void {}

  onStateChange(callback: (state: string) => void): void {
    this.#stateChange = callback;
  }

  subscribeTradeUpdates(): void {}

  getState(): string {
    return this.#state;
  }

  removeAllListeners(): void {
    this.#update = this.#subscription = this.#stateChange = () => {};
  }

  disconnect(): void {
    this.#isEnded = true;
    this.isLive = false;
    this.#connection++;
    this.#parts.onClose();
  }

  connect(): void {
    const { life, pick, wire, options } = this.#parts;
    const connection = ++this.#connection;
    const isDeaf = wire.isDown || wire.chance(wire.weather.deafStream);
    const socket = { on: () => {}, terminate: () => this.drop("terminated") };
    options.onSocket(socket as unknown as Parameters<StreamOptions["onSocket"]>[0]);
    const during = (ms: number, act: () => void): void => {
      life.after(ms, () => {
        if (connection === this.#connection && !this.#isEnded && life.goesOn()) act();
      });
    };
    during(wire.delay(), () => {
      this.#state = CONNECTED;
      this.#stateChange(CONNECTED);
      if (isDeaf) return;
      during(wire.delay(), () => {
        this.isLive = true;
        if (wire.chance(wire.weather.shortStream)) during(pick(1_500), () => this.drop("short-lived"));
        this.#subscription(["trade_updates"]);
      });
    });
  }

  drop(why: string): void {
    const { life, pick, log } = this.#parts;
    if (this.#isEnded || this.#state === "RECONNECTING") return;
    log(`the stream is ${why}`);
    this.#connection++;
    this.isLive = false;
    this.#state = "RECONNECTING";
    if (!life.isOver) this.#stateChange(DISCONNECTED);
    life.after(500 + pick(8_000), () => {
      if (!this.#isEnded && life.goesOn()) this.connect();
    });
  }

  tell(update: SdkTradeUpdate): void {
    const { wire } = this.#parts;
    const { weather } = wire;
    if (!this.isLive || wire.chance(weather.lostUpdate)) return;
    const isStray = wire.chance(weather.strayUpdate);
    this.#deliver(update, isStray ? wire.delay() * 20 : this.#inOrder());
    if (wire.chance(weather.doubledUpdate)) this.#deliver(update, this.#inOrder() + (isStray ? 500 : 0));
  }

  #inOrder(): number {
    const { world, wire } = this.#parts;
    this.#lastAt = Math.max(this.#lastAt, world.now() + wire.delay());
    return this.#lastAt - world.now();
  }

  #deliver(update: SdkTradeUpdate, ms: number): void {
    const { life, log } = this.#parts;
    const connection = this.#connection;
    life.after(ms, () => {
      if (connection !== this.#connection || !life.goesOn()) return;
      const { event, order } = update as unknown as { event: string; order: { clientOrderId: string } };
      log(`told: ${event} ${order.clientOrderId}`);
      this.#update(update);
    });
  }
}
