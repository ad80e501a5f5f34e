/**
 * Alpaca as a broker: orders over REST, updates over the stream, both through the official SDK.
 *
 * Owns: which event each outcome becomes, and that an order's acceptance is told before its updates and executions,
 * whichever arrived first. Nothing that writes is ever repeated here. May not: decide what an unknown order means.
 */
import type { ApprovedOrder, BrokerInput, ExecutionInput, OrderView, ReconciledInput } from "../../core/event.ts";
import { BrokerError } from "../../ports/broker.ts";
import type { Broker, BrokerSink, LastLook } from "../../ports/broker.ts";
import type { AlpacaBrokerOptions } from "./broker-options.ts";
import { MISSING_KEYS, isComplete, redactor } from "./credentials.ts";
import type { Credentials, Redact } from "./credentials.ts";
import { tradingStreamUrl, tradingUrl } from "./endpoints.ts";
import { findOrder } from "./find-order.ts";
import type { Found } from "./find-order.ts";
import { askInstruments } from "./instruments.ts";
import { Lanes } from "./lanes.ts";
import { CANCEL, ORDER, QUERY, RequestLimiter } from "./limiter.ts";
import { OrderBook } from "./order-book.ts";
import { isOfSeveral, isSame, placeOrder, readOrder } from "./orders.ts";
import type { SeenOrder } from "./orders.ts";
import { outcomeOf } from "./outcome.ts";
import { standingPicture } from "./picture.ts";
import { tradingApis } from "./sdk.ts";
import type { SdkTradeUpdate, TradingApis } from "./sdk.ts";
import { snapshot } from "./snapshot.ts";
import { SYSTEM_TIMERS } from "./timers.ts";
import type { Timers } from "./timers.ts";
import { TradeStream } from "./trade-stream.ts";
import { UnnamedOrders } from "./unnamed.ts";
import { executionOf, isExecution, isTerminal, needsReconciling, plainUpdate } from "./updates.ts";
import { statusOf, statusUpdate, unknown } from "./updates.ts";

const RETRY_DELAYS_MS: readonly number[] = [250, 1_000, 4_000];
/** Until an order is asked for anew that the stream knows and REST does not show yet. */
const AGAIN_MS = 2_000;

export function createAlpacaBroker(options: AlpacaBrokerOptions): Broker {
  return new AlpacaBroker(options);
}

class AlpacaBroker implements Broker {
  readonly name: string;
  readonly live: boolean;
  readonly feesInCoins: boolean;
  readonly #options: AlpacaBrokerOptions;
  readonly #redact: Redact;
  readonly #limiter: RequestLimiter;
  readonly #lanes: Lanes;
  readonly #book = new OrderBook();
  readonly #unnamed = new UnnamedOrders();
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
    this.feesInCoins = options.account.kind !== "loopback";
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
      if (brokerOrderId === null) this.#unnamed.resume(order);
      else this.#book.resume({ ...order, brokerOrderId });
    }
    this.#apis = tradingApis({
      credentials,
      baseUrl: tradingUrl(account),
      timeoutMs: this.#options.timeoutMs ?? 10_000,
      onHeaders: (headers, status) => this.#limiter.observe(headers, status),
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
      onTime: (time) => this.#options.onTime?.(time),
      onUpdate: (update) => this.#onUpdate(update),
      onProblem: (detail) => this.#askToReconcile(`a trade update was not understood: ${detail}`),
    });
  }

  async stop(): Promise<void> {
    this.#sink = undefined;
    this.#limiter.close();
    this.#stream?.stop();
  }

  async reconcile(): Promise<ReconciledInput> {
    const apis = this.#api();
    return await standingPicture({
      take: () => snapshot(apis, this.live, () => this.#limiter.acquire(QUERY, 60_000), this.#redact),
      lookup: (clientOrderId) => this.#lookup(clientOrderId, ORDER),
      book: this.#book,
      unnamed: this.#unnamed,
      executions: () => this.#executions,
      noneInFlight: () => this.#noneInFlight(),
    });
  }

  /** Waits for the answers of what was sent; every request has its own deadline. */
  async #noneInFlight(): Promise<void> {
    while (this.#unnamed.isAnyInFlight && this.#sink !== undefined) {
      await new Promise<void>((resolve) => this.#timers.set(resolve, 10));
    }
  }

  submit(order: ApprovedOrder, lastLook: LastLook): void {
    this.#unnamed.sent(order, this.#timers.now());
    this.#lanes.run(order.symbol, () => this.#send(order, lastLook));
  }

  cancel(clientOrderId: string, brokerOrderId: string | null): void {
    void this.#cancel(clientOrderId, brokerOrderId);
  }

  lookup(clientOrderId: string): void {
    void this.#lookup(clientOrderId, ORDER);
  }

  instruments(symbols: readonly string[]): void {
    const allowed = (): Promise<boolean> => this.#limiter.acquire(QUERY, 60_000);
    void askInstruments(this.#api(), symbols, allowed, (input) => this.#tell(input));
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

  async #send(order: ApprovedOrder, lastLook: LastLook): Promise<void> {
    const id = order.clientOrderId;
    const unsent = (reason: string): void =>
      this.#settle(id, { kind: "order.rejected", clientOrderId: id, code: "not_sent", reason });
    // A price that was right when the order was made is not right for ever.
    const waited = this.#timers.now() - (this.#unnamed.get(id)?.since ?? 0);
    if (waited > this.#patienceMs) return unsent(`it waited ${waited} ms behind another order`);
    if (!(await this.#limiter.acquire(ORDER, this.#patienceMs - waited)))
      return unsent("the request budget of this minute is used up");
    const why = lastLook();
    if (why !== undefined) return unsent(why);
    try {
      const placed = readOrder(await placeOrder(this.#api().orders, order));
      const isNamed = order.orderClass === "simple" || placed?.legs.length !== 0;
      if (placed?.clientOrderId === id && isNamed) this.#settle(id, this.#book.accept(placed));
      else this.#settle(id, unknown(id, isNamed ? "the answer was not understood" : "the answer names no legs"));
    } catch (error) {
      const outcome = await outcomeOf(error, this.#redact);
      if (outcome.kind === "duplicate") return this.#adopt(order);
      if (outcome.kind === "unknown") return this.#settle(id, unknown(id, outcome.reason));
      this.#settle(id, { kind: "order.rejected", clientOrderId: id, code: outcome.code, reason: outcome.reason });
    }
  }

  /** Tells the outcome of a POST, then what the stream said meanwhile. */
  #settle(id: string, outcome: BrokerInput): void {
    const order = this.#unnamed.get(id);
    const staysUnclear =
      outcome.kind === "order.unknown" || (outcome.kind === "order.rejected" && (order?.times ?? 0) > 1);
    if (!staysUnclear || order === undefined) {
      this.#tell(outcome);
      return this.#release(this.#unnamed.settle(id));
    }
    order.isUnclear = true;
    this.#tell(outcome);
    if (order.held.length > 0) this.#prove(id);
  }

  /** The stream has said something that may prove what the lost answer did not say. */
  #prove(id: string): void {
    const order = this.#unnamed.get(id);
    if (order === undefined) return;
    const own = order.held
      .map(({ order: theirs }) => readOrder(theirs))
      .find((seen) => seen?.clientOrderId === order.id);
    if (own !== undefined && !order.mayHaveLegs) {
      this.#tell(this.#book.accept(own));
      this.#release(this.#unnamed.settle(order.id));
    } else if (!order.isAsked) {
      // Updates do not name the legs.
      void this.#lookup(order.id, ORDER);
    }
  }

  #release(held: readonly SdkTradeUpdate[]): void {
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
    if (!isSame(theirs, order)) {
      const reason = `another order has this client order id: ${theirs.side} ${theirs.qty ?? "?"} ${theirs.symbol} ${theirs.type}`;
      return this.#settle(id, { kind: "order.rejected", clientOrderId: id, code: "client_id_conflict", reason });
    }
    this.#settle(id, this.#book.accept(theirs));
    this.#tellState(theirs);
  }

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

  async #lookup(clientOrderId: string, priority: typeof CANCEL | typeof ORDER): Promise<Found> {
    const order = this.#unnamed.get(clientOrderId);
    const heard = order?.held.length ?? 0;
    if (order !== undefined) order.isAsked = true;
    const found = await this.#find(clientOrderId, priority);
    if (order !== undefined) order.isAsked = false;
    if (found.kind === "missing" && this.#unnamed.mayBeThere(clientOrderId, heard)) {
      // The answer may be older than what the stream has said since, which may be of its legs.
      this.#timers.set(() => this.#prove(clientOrderId), AGAIN_MS);
      return this.#failed(clientOrderId, "the stream has told more meanwhile");
    }
    if (found.kind === "failed") return this.#failed(clientOrderId, found.reason);
    if (found.kind === "missing") {
      const reason = "no order with this client order id";
      this.#tell({ kind: "order.rejected", clientOrderId, code: "not_found", reason });
      const others = this.#unnamed.release(clientOrderId);
      for (const update of others) this.#onUpdate(update, order?.number);
    } else {
      this.#tell(this.#book.accept(found.order));
      this.#tellState(found.order);
      this.#release(this.#unnamed.settle(clientOrderId));
    }
    return found;
  }

  #failed(clientOrderId: string, reason: string): Found {
    this.#tell(unknown(clientOrderId, `look-up failed: ${reason}`));
    return { kind: "failed", reason };
  }

  /** What REST shows of an order and its legs, as far as it was not told before. */
  #tellState(order: SeenOrder): void {
    for (const part of [order, ...order.legs]) {
      const missing = this.#book.missing(part);
      if (missing !== undefined) this.#execution(missing);
      if (isTerminal(part.status)) this.#book.end(part.id);
      const status = statusOf(part.status);
      if (status !== undefined) this.#tell(statusUpdate(part, status, null));
      this.#tellEnd(part);
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
      if (seen.kind !== "found" || !isTerminal(seen.order.status)) refuse(`unclear: ${outcome.reason}`);
      return;
    }
    // The stream may have said `canceled` before this answer; then there is nothing to add.
    if (this.#book.isTerminal(orderId)) return;
    this.#tell({ kind: "order.update", clientOrderId, brokerOrderId: orderId, status: "pending_cancel", reason: null });
  }

  #onUpdate(update: SdkTradeUpdate, after?: number): void {
    if (isOfSeveral(update.order)) {
      // Somebody else's, in options: what it holds then is shown with everything else that the account holds.
      if (isExecution(update)) this.#askToReconcile("an order of several options filled");
      return;
    }
    const order = readOrder(update.order);
    if (order === undefined) return this.#askToReconcile("a trade update carried an incomplete order");
    const waiting = this.#unnamed.waitsFor(order, this.#book.knows(order.id), after);
    if (waiting === undefined) return this.#apply(update);
    waiting.held.push(update);
    if (waiting.isUnclear) this.#prove(waiting.id);
  }

  #apply(update: SdkTradeUpdate): void {
    const order = readOrder(update.order);
    if (order === undefined) return;
    if (isTerminal(order.status)) this.#book.end(order.id);
    if (needsReconciling(update.event)) return this.#askToReconcile(`${update.event} of order ${order.clientOrderId}`);
    if (isExecution(update)) return this.#executed(update, order);
    this.#catchUp(order);
    const input = plainUpdate(update, order);
    if (input !== undefined) this.#tell(input);
  }

  #executed(update: SdkTradeUpdate, order: SeenOrder): void {
    const execution = executionOf(update, order);
    if (execution === undefined)
      return this.#askToReconcile(`a fill of ${order.clientOrderId} had no price or quantity`);
    if (this.#book.streamed(execution)) this.#execution(execution);
    this.#catchUp(order);
    this.#tellEnd(order);
  }

  /** What the other leg has filled is taken off this one: only the broker knows when that is all. */
  #tellEnd(order: SeenOrder): void {
    const mayShrink = order.orderClass !== "" && order.orderClass !== "simple";
    if (!mayShrink || order.status !== "filled" || this.#book.lags(order.id, order.filledQty)) return;
    this.#tell(statusUpdate(order, "filled", null));
  }

  /** Every update carries its whole order: executions that were lost or overtaken on the way are told with it. */
  #catchUp(order: SeenOrder): void {
    if (!this.#book.knows(order.id)) return;
    const missing = this.#book.missing(order);
    if (missing !== undefined) this.#execution(missing);
    else if (this.#book.lags(order.id, order.filledQty)) void this.#lookup(order.clientOrderId, ORDER);
  }
}
