/**
 * Alpaca as a broker: orders over REST, updates over the stream, both through the official SDK.
 *
 * Owns: which event each outcome becomes, and that an order's acceptance is told before its updates and executions,
 * whichever arrived first. Nothing that writes is ever repeated here. May not: decide what an unknown order means.
 */
import { Decimal } from "../../core/decimal.ts";
import type {
  ApprovedOrder,
  BrokerInput,
  ExecutionInput,
  OrderRequest,
  OrderView,
  ReconciledInput,
} from "../../core/event.ts";
import { BrokerError } from "../../ports/broker.ts";
import type { Broker, BrokerSink } from "../../ports/broker.ts";
import { MISSING_KEYS, isComplete, redactor } from "./credentials.ts";
import type { Credentials, Redact } from "./credentials.ts";
import { tradingStreamUrl, tradingUrl } from "./endpoints.ts";
import type { AlpacaAccount } from "./endpoints.ts";
import { findOrder } from "./find-order.ts";
import type { Found } from "./find-order.ts";
import { Lanes } from "./lanes.ts";
import { CANCEL, ORDER, QUERY, RequestLimiter } from "./limiter.ts";
import { OrderBook } from "./order-book.ts";
import { placeOrder, readOrder } from "./orders.ts";
import type { SeenOrder } from "./orders.ts";
import { outcomeOf } from "./outcome.ts";
import { tradingApis } from "./sdk.ts";
import type { SdkTradeUpdate, TradingApis } from "./sdk.ts";
import { snapshot } from "./snapshot.ts";
import { SYSTEM_TIMERS } from "./timers.ts";
import type { Backoff, Timers } from "./timers.ts";
import { TradeStream } from "./trade-stream.ts";
import { executionOf, isTerminal, needsReconciling, plainUpdate, statusOf, statusUpdate } from "./updates.ts";

export interface AlpacaBrokerOptions {
  readonly account: AlpacaAccount;
  /** Undefined or empty: `start` fails with a BrokerError that says what to set. */
  readonly credentials: Credentials | undefined;
  readonly timers?: Timers;
  /** Of one request. A submit that takes longer is unknown. */
  readonly timeoutMs?: number;
  /** How long an order may wait for our own rate limit; then it is refused as `rate_limited`, not sent late. */
  readonly patienceMs?: number;
  readonly requestsPerMinute?: number;
  /** Pauses between attempts to read one order. */
  readonly retryDelaysMs?: readonly number[];
  /** Submits in flight at once; those of one symbol never overtake each other. 1 makes a lockstep run repeatable. */
  readonly submitConcurrency?: number;
  readonly stream?: {
    readonly handshakeMs?: number;
    readonly loginMs?: number;
    readonly pingMs?: number;
    readonly pongMs?: number;
    readonly reconnect?: Backoff;
    readonly afterRefusal?: Backoff;
  };
}

/** An order whose POST has no answer yet; what the stream says about it waits here. */
interface InFlight {
  readonly order: OrderRequest;
  readonly since: number;
  readonly held: SdkTradeUpdate[];
}

const MAX_HELD = 1_000;
const MAX_PICTURES = 5;
const RETRY_DELAYS_MS: readonly number[] = [250, 1_000, 4_000];

export function createAlpacaBroker(options: AlpacaBrokerOptions): Broker {
  return new AlpacaBroker(options);
}

class AlpacaBroker implements Broker {
  readonly name: string;
  readonly live: boolean;
  readonly #options: AlpacaBrokerOptions;
  readonly #redact: Redact;
  readonly #limiter: RequestLimiter;
  readonly #lanes: Lanes;
  readonly #book = new OrderBook();
  readonly #inFlight = new Map<string, InFlight>();
  readonly #unclear = new Set<string>();
  readonly #patienceMs: number;
  readonly #timers: Timers;
  #apis: TradingApis | undefined;
  #stream: TradeStream | undefined;
  #sink: BrokerSink | undefined;
  #executions = 0;

  constructor(options: AlpacaBrokerOptions) {
    this.#options = options;
    this.name = options.account.kind === "loopback" ? "alpaca-local" : `alpaca-${options.account.kind}`;
    this.live = options.account.kind === "live";
    this.#redact = redactor(options.credentials);
    this.#timers = options.timers ?? SYSTEM_TIMERS;
    this.#limiter = new RequestLimiter(options.requestsPerMinute ?? 200, this.#timers);
    this.#lanes = new Lanes(options.submitConcurrency ?? 4);
    this.#patienceMs = options.patienceMs ?? 5_000;
  }

  async start(sink: BrokerSink, open: readonly OrderView[] = []): Promise<void> {
    const { account, credentials } = this.#options;
    if (!isComplete(credentials)) throw new BrokerError("config", MISSING_KEYS);
    // The type says so already; a configuration read from a file has no types.
    if (account.kind === "live" && !account.confirmed) {
      throw new BrokerError("config", "an account with real money needs an explicit confirmation (--live)");
    }
    this.#sink = sink;
    for (const order of open) {
      const { brokerOrderId } = order;
      if (brokerOrderId === null) this.#unclear.add(order.clientOrderId);
      else this.#book.resume({ ...order, brokerOrderId });
    }
    this.#apis = tradingApis({
      credentials,
      baseUrl: tradingUrl(account),
      timeoutMs: this.#options.timeoutMs ?? 10_000,
      onHeaders: (headers) => this.#limiter.observe(headers),
    });
    this.#stream = this.#openStream(credentials);
    try {
      await this.#stream.start();
    } catch (error) {
      this.#sink = undefined;
      throw error;
    }
  }

  #openStream(credentials: Credentials): TradeStream {
    const stream = this.#options.stream ?? {};
    return new TradeStream({
      credentials,
      url: tradingStreamUrl(this.#options.account),
      timers: this.#timers,
      redact: this.#redact,
      handshakeMs: stream.handshakeMs ?? 10_000,
      loginMs: stream.loginMs ?? 10_000,
      pingMs: stream.pingMs ?? 10_000,
      pongMs: stream.pongMs ?? 5_000,
      reconnect: stream.reconnect ?? { firstMs: 1_000, maxMs: 64_000 },
      afterRefusal: stream.afterRefusal ?? { firstMs: 10_000, maxMs: 300_000 },
      onUp: () => this.#tell({ kind: "broker", status: "connected", detail: "trade updates are live" }),
      onDown: (detail) => this.#tell({ kind: "broker", status: "disconnected", detail }),
      onUpdate: (update) => this.#onUpdate(update),
      onProblem: (detail) => this.#askToReconcile(`a trade update was not understood: ${detail}`),
    });
  }

  async stop(): Promise<void> {
    this.#sink = undefined;
    this.#limiter.close();
    this.#stream?.stop();
  }

  /**
   * A picture that holds nothing untold: shares that the broker shows in a position must not come as an execution
   * afterwards, nor the other way round. So what was missed is told first, and the picture is taken until it stands.
   */
  async reconcile(): Promise<ReconciledInput> {
    const apis = this.#api();
    // Their shares may be in the positions already: whose they are must be known first.
    for (const clientOrderId of this.#unclear) await this.#lookup(clientOrderId, ORDER);
    for (let attempt = 0; attempt < MAX_PICTURES; attempt += 1) {
      await this.#noneInFlight();
      const before = this.#executions;
      const picture = await snapshot(apis, () => this.#limiter.acquire(QUERY, 60_000), this.#redact);
      const listed = new Map(picture.openOrders.map((order) => [order.brokerOrderId, order.filledQty]));
      const behind = [...this.#book.open()].filter(([brokerOrderId]) => {
        const filledQty = listed.get(brokerOrderId);
        return filledQty === undefined || this.#book.lags(brokerOrderId, filledQty);
      });
      if (behind.length === 0 && before === this.#executions && this.#inFlight.size === 0) return picture;
      for (const [, clientOrderId] of behind) await this.#lookup(clientOrderId, ORDER);
    }
    throw new BrokerError("protocol", "orders kept changing while they were read; reconcile again");
  }

  /** Waits for the answers of what was sent; every request has its own deadline. */
  async #noneInFlight(): Promise<void> {
    while (this.#inFlight.size > 0 && this.#sink !== undefined) {
      await new Promise<void>((resolve) => this.#timers.set(resolve, 10));
    }
  }

  submit(order: ApprovedOrder): void {
    this.#inFlight.set(order.clientOrderId, { order, since: this.#timers.now(), held: [] });
    this.#lanes.run(order.symbol, () => this.#send(order));
  }

  cancel(clientOrderId: string, brokerOrderId: string | null): void {
    void this.#cancel(clientOrderId, brokerOrderId);
  }

  lookup(clientOrderId: string): void {
    void this.#lookup(clientOrderId, ORDER);
  }

  #api(): TradingApis {
    if (this.#apis === undefined) throw new BrokerError("config", "the broker was not started");
    return this.#apis;
  }

  #tell(input: BrokerInput): void {
    this.#sink?.broker(input);
  }

  #execution(input: ExecutionInput): void {
    this.#executions += 1;
    this.#tell(input);
  }

  /** There is no event for "what I told you may be wrong": a fresh `connected` makes the runtime ask for everything. */
  #askToReconcile(detail: string): void {
    this.#tell({ kind: "broker", status: "connected", detail: `${detail}; reconcile` });
  }

  // ------------------------------------------------------------------------------------------------ submit

  async #send(order: ApprovedOrder): Promise<void> {
    const id = order.clientOrderId;
    const unsent = (code: string, reason: string): void =>
      this.#settle(id, { kind: "order.rejected", clientOrderId: id, code, reason: `not sent: ${reason}` });
    // A price that was right when the order was made is not right for ever.
    const waited = this.#timers.now() - (this.#inFlight.get(id)?.since ?? 0);
    if (waited > this.#patienceMs) return unsent("not_sent", `it waited ${waited} ms behind another order`);
    if (!(await this.#limiter.acquire(ORDER, this.#patienceMs - waited))) {
      return unsent("rate_limited", "the request budget of this minute is used up");
    }
    try {
      const placed = readOrder(await placeOrder(this.#api().orders, order));
      if (placed?.clientOrderId === id) this.#settle(id, this.#book.accept(placed));
      else this.#settle(id, unknown(id, "the answer was not understood"));
    } catch (error) {
      const outcome = await outcomeOf(error, this.#redact);
      if (outcome.kind === "duplicate") return this.#adopt(order);
      if (outcome.kind === "unknown") return this.#settle(id, unknown(id, outcome.reason));
      this.#settle(id, { kind: "order.rejected", clientOrderId: id, code: outcome.code, reason: outcome.reason });
    }
  }

  /** Tells the outcome of a POST, then what the stream said meanwhile. */
  #settle(id: string, outcome: BrokerInput): void {
    const held = this.#inFlight.get(id)?.held ?? [];
    this.#inFlight.delete(id);
    if (outcome.kind === "order.unknown") this.#unclear.add(id);
    this.#tell(outcome);
    for (const update of held) this.#apply(update);
  }

  /** The id exists: ours, when symbol, side, quantity and type are the same; somebody else's otherwise. */
  async #adopt(order: ApprovedOrder): Promise<void> {
    const id = order.clientOrderId;
    const found = await this.#find(id, ORDER);
    if (found.kind !== "found") {
      const why = found.kind === "failed" ? found.reason : "it was not found";
      return this.#settle(id, unknown(id, `the id exists, but its order could not be read: ${why}`));
    }
    const theirs = found.order;
    const same =
      theirs.symbol === order.symbol &&
      theirs.side === order.side &&
      theirs.type === order.type &&
      theirs.qty !== null &&
      new Decimal(theirs.qty).isEqualTo(order.qty);
    if (!same) {
      const reason = `another order has this client order id: ${theirs.side} ${theirs.qty ?? "?"} ${theirs.symbol} ${theirs.type}`;
      return this.#settle(id, { kind: "order.rejected", clientOrderId: id, code: "client_id_conflict", reason });
    }
    this.#settle(id, this.#book.accept(theirs));
    this.#tellState(theirs);
  }

  // ------------------------------------------------------------------------------------------------ lookup, cancel

  #find(clientOrderId: string, priority: typeof CANCEL | typeof ORDER): Promise<Found> {
    const { retryDelaysMs = RETRY_DELAYS_MS } = this.#options;
    const options = {
      limiter: this.#limiter,
      timers: this.#timers,
      redact: this.#redact,
      patienceMs: this.#patienceMs,
    };
    return findOrder({ ...options, apis: this.#api(), retryDelaysMs }, clientOrderId, priority);
  }

  async #lookup(clientOrderId: string, priority: typeof CANCEL | typeof ORDER): Promise<SeenOrder | undefined> {
    const found = await this.#find(clientOrderId, priority);
    if (found.kind === "failed") {
      this.#tell(unknown(clientOrderId, `look-up failed: ${found.reason}`));
      return undefined;
    }
    if (found.kind === "missing") {
      const reason = "no order with this client order id";
      this.#tell({ kind: "order.rejected", clientOrderId, code: "not_found", reason });
      return undefined;
    }
    this.#unclear.delete(clientOrderId);
    this.#tell(this.#book.accept(found.order));
    this.#tellState(found.order);
    return found.order;
  }

  /** What REST shows of an order and its legs, as far as it was not told before. */
  #tellState(order: SeenOrder): void {
    for (const part of [order, ...order.legs]) {
      const missing = this.#book.missing(part);
      if (missing !== undefined) this.#execution(missing);
      if (isTerminal(part.status)) this.#book.end(part.id);
      const status = statusOf(part.status);
      if (status !== undefined) this.#tell(statusUpdate(part, status, null));
    }
  }

  async #cancel(clientOrderId: string, brokerOrderId: string | null): Promise<void> {
    const refuse = (reason: string): void => this.#tell({ kind: "cancel.rejected", clientOrderId, reason });
    let orderId = brokerOrderId;
    if (orderId === null) {
      const found = await this.#find(clientOrderId, CANCEL);
      if (found.kind === "failed") return refuse(`unclear: ${found.reason}`);
      if (found.kind === "missing") return refuse("no order with this client order id");
      orderId = found.order.id;
    }
    if (!(await this.#limiter.acquire(CANCEL, this.#patienceMs))) {
      return refuse("not sent: the request budget of this minute is used up");
    }
    try {
      await this.#api().orders.deleteOrderByOrderID({ orderId });
    } catch (error) {
      const outcome = await outcomeOf(error, this.#redact);
      if (outcome.kind !== "unknown") return refuse(outcome.reason);
      const seen = await this.#lookup(clientOrderId, CANCEL);
      if (seen === undefined || !isTerminal(seen.status)) refuse(`unclear: ${outcome.reason}`);
      return;
    }
    // The stream may have said `canceled` before this answer; then there is nothing to add.
    if (this.#book.isTerminal(orderId)) return;
    this.#tell({ kind: "order.update", clientOrderId, brokerOrderId: orderId, status: "pending_cancel", reason: null });
  }

  // ------------------------------------------------------------------------------------------------ updates

  #onUpdate(update: SdkTradeUpdate): void {
    const order = readOrder(update.order);
    if (order === undefined) return this.#askToReconcile("a trade update carried an incomplete order");
    const waiting = this.#waitsFor(order);
    if (waiting === undefined || waiting.held.length >= MAX_HELD) this.#apply(update);
    else waiting.held.push(update);
  }

  /** The POST whose answer must be told before this order is: its own, or that of the bracket it may be a leg of. */
  #waitsFor(order: SeenOrder): InFlight | undefined {
    const own = this.#inFlight.get(order.clientOrderId);
    if (own !== undefined || this.#book.knows(order.id)) return own;
    for (const entry of this.#inFlight.values()) {
      if (entry.order.orderClass !== "simple" && entry.order.symbol === order.symbol) return entry;
    }
    return undefined;
  }

  #apply(update: SdkTradeUpdate): void {
    const order = readOrder(update.order);
    if (order === undefined) return;
    if (this.#unclear.delete(order.clientOrderId) && !this.#book.isAccepted(order.clientOrderId)) {
      // The stream proves what the lost answer did not say.
      this.#tell(this.#book.accept(order));
    }
    if (isTerminal(order.status)) this.#book.end(order.id);
    if (needsReconciling(update.event)) return this.#askToReconcile(`${update.event} of order ${order.clientOrderId}`);
    if (update.event === "fill" || update.event === "partial_fill") return this.#executed(update, order);
    const input = plainUpdate(update, order);
    if (input !== undefined) this.#tell(input);
  }

  #executed(update: SdkTradeUpdate, order: SeenOrder): void {
    const execution = executionOf(update, order);
    if (execution === undefined)
      return this.#askToReconcile(`a fill of ${order.clientOrderId} had no price or quantity`);
    if (!this.#book.streamed(execution)) return;
    this.#execution(execution);
    // More is filled than was told: an execution was missed on the way, and REST knows it.
    if (this.#book.knows(order.id) && this.#book.lags(order.id, order.filledQty)) {
      void this.#lookup(order.clientOrderId, ORDER);
    }
  }
}

function unknown(clientOrderId: string, reason: string): BrokerInput {
  return { kind: "order.unknown", clientOrderId, reason };
}
