/**
 * Drives a core by hand: stamps inputs, keeps every output, fires timers when time passes.
 *
 * Owns: what a runtime does around `step`, without a broker: confirmations and broker answers are given by the test.
 */
import { createCore, step } from "../../engine/core/step.ts";
import type { CoreState } from "../../engine/core/step.ts";
import { Stamper } from "../../engine/core/stamp.ts";
import { knownAt } from "../../engine/core/known-at.ts";
import type {
  ApprovedOrder,
  BrokerInput,
  Firing,
  Input,
  InputBody,
  MarketInput,
  OrderRequest,
  OrderView,
  Output,
  ReconciledInput,
} from "../../engine/core/event.ts";
import type { Program } from "../../engine/core/program.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { TimerQueue } from "../../engine/runtime/timers.ts";

export function reconciled(over: Partial<ReconciledInput["account"]> = {}): ReconciledInput {
  return {
    kind: "reconciled",
    account: { cash: "100000", equity: "100000", lastEquity: "100000", multiplier: 2, shorting: true, ...over },
    positions: [],
    openOrders: [],
  };
}

const NO = Number.NaN;
const SPOILT: readonly MarketInput[] = [
  { kind: "bar", symbol: "", size: "", revised: true, start: NO, open: NO, high: NO, low: NO, close: NO, volume: NO },
  { kind: "trade", symbol: "", time: NO, price: NO, size: NO, setsPrice: false },
  { kind: "trade", symbol: "", time: NO, price: NO, size: NO, setsPrice: false, id: "" },
  { kind: "quote", symbol: "", time: NO, bid: NO, bidSize: NO, ask: NO, askSize: NO },
];

export class CoreDriver {
  readonly core: CoreState;
  readonly inputs: Input[] = [];
  readonly outputs: Output[] = [];
  /** By input. */
  readonly outputsOf: (readonly Output[])[] = [];
  readonly timers = new TimerQueue();
  readonly #stamper = new Stamper();
  now: number;
  arrival: number;
  /** Answers every `confirm` at once. */
  autoConfirm = true;
  #asked: Firing[] = [];
  #executions = 0;

  constructor(
    program: Program,
    now: number,
    options: {
      readonly live?: boolean;
      readonly trade?: boolean;
      readonly account?: string;
      readonly journal?: string;
    } = {},
  ) {
    const { account = "test", journal = "j" } = options;
    this.core = createCore({ account, journal, calendarOf });
    this.now = now;
    this.arrival = now;
    this.feed({ kind: "program.loaded", program, warmup: [] });
    this.feed(reconciled());
    if (options.live === true) this.feed({ kind: "feed", feed: "f", status: "live", detail: "" });
    if (options.trade !== false) this.feed({ kind: "trading.started" });
  }

  feed(body: InputBody): readonly Output[] {
    const input = this.#stamper.stamp(body, this.inputs.length + 1, this.now, this.arrival);
    this.inputs.push({ ...input });
    const outputs = step(this.core, input);
    this.outputsOf.push(outputs);
    this.#spoil(body);
    for (const output of outputs) {
      this.outputs.push(output);
      if (output.kind === "timer.set" && output.clock === "market") this.timers.set(output.id, output.at);
      if (output.kind === "timer.cancel") this.timers.cancel(output.id);
      if (output.kind === "confirm") this.#asked.push(output.firing);
    }
    if (this.autoConfirm) this.confirmAll();
    return outputs;
  }

  /** A mailbox writes the record of a tick anew; here at once, with nonsense: what the core had kept of it would show. */
  #spoil({ kind }: InputBody): void {
    const spoilt = SPOILT.filter((one) => one.kind === kind);
    for (const one of spoilt) this.#stamper.stamp(one, this.inputs.length, this.now, this.arrival);
  }

  confirmAll(verdict: "agreed" | "disagreed" = "agreed"): void {
    const asked = this.#asked;
    this.#asked = [];
    for (const { id } of asked)
      this.feed({ kind: "confirmation", firing: id, verdict, explanation: null, error: null });
  }

  /** Lets market time pass: what is due fires, each at its own time. */
  passTo(time: number): void {
    for (let timer = this.timers.take(time); timer !== undefined; timer = this.timers.take(time)) {
      this.#at(Math.max(this.now, timer.at));
      this.feed({ kind: "timer", id: timer.id, clock: "market", at: timer.at });
    }
    this.#at(Math.max(this.now, time));
  }

  #at(time: number): void {
    this.arrival += Math.max(0, time - this.now);
    this.now = time;
  }

  market(input: MarketInput): readonly Output[] {
    const time = knownAt(input, calendarOf);
    if (time !== undefined) this.passTo(time);
    return this.feed(input);
  }

  bar(
    symbol: string,
    size: string,
    start: number,
    close: number,
    over: Partial<{ open: number; high: number; low: number; volume: number }> = {},
  ): readonly Output[] {
    const open = over.open ?? close;
    return this.market({
      kind: "bar",
      symbol,
      size,
      revised: false,
      start,
      open,
      high: over.high ?? Math.max(open, close),
      low: over.low ?? Math.min(open, close),
      close,
      volume: over.volume ?? 100,
    });
  }

  trade(symbol: string, time: number, price: number, size = 100): readonly Output[] {
    return this.market({ kind: "trade", symbol, time, price, size, setsPrice: true });
  }

  quote(symbol: string, time: number, bid: number, ask: number): readonly Output[] {
    return this.market({ kind: "quote", symbol, time, bid, bidSize: 100, ask, askSize: 100 });
  }

  of<K extends Output["kind"]>(kind: K): Extract<Output, { kind: K }>[] {
    return this.outputs.filter((output): output is Extract<Output, { kind: K }> => output.kind === kind);
  }

  get submits(): ApprovedOrder[] {
    return this.of("submit").map(({ order }) => order);
  }

  get lastSubmit(): ApprovedOrder {
    const order = this.submits.at(-1);
    if (order === undefined) throw new Error("nothing was submitted");
    return order;
  }

  get cancels(): string[] {
    return this.of("cancel").map(({ clientOrderId }) => clientOrderId);
  }

  get alerts(): string[] {
    return this.of("alert").map(({ code }) => code);
  }

  get refusals(): string[] {
    return this.of("refused").map(({ code }) => code);
  }

  orderOf(id: string): OrderView {
    const view = this.of("order").findLast(({ order }) => order.clientOrderId === id);
    if (view === undefined) throw new Error(`no order ${id}`);
    return view.order;
  }

  broker(input: BrokerInput): readonly Output[] {
    return this.feed(input);
  }

  /** Accepts an order with its legs, as a broker names them. */
  accept(order: OrderRequest): void {
    const legs = [];
    if (order.orderClass !== "simple") {
      if (order.takeProfit !== undefined && order.orderClass !== "oco")
        legs.push({
          role: "take_profit" as const,
          clientOrderId: `${order.clientOrderId}-tp`,
          brokerOrderId: `B${order.clientOrderId}-tp`,
        });
      if (order.stopLoss !== undefined)
        legs.push({
          role: "stop_loss" as const,
          clientOrderId: `${order.clientOrderId}-sl`,
          brokerOrderId: `B${order.clientOrderId}-sl`,
        });
    }
    this.broker({
      kind: "order.accepted",
      clientOrderId: order.clientOrderId,
      brokerOrderId: `B${order.clientOrderId}`,
      legs,
    });
  }

  filled(
    order: { readonly clientOrderId: string; readonly symbol: string; readonly side: "buy" | "sell" },
    qty: number,
    price: number,
    cumulative = qty,
    executionId?: string,
  ): void {
    this.broker({
      kind: "execution",
      executionId: executionId ?? `x${++this.#executions}`,
      clientOrderId: order.clientOrderId,
      brokerOrderId: `B${order.clientOrderId}`,
      symbol: order.symbol,
      side: order.side,
      qty: String(qty),
      price: String(price),
      fee: "0",
      cumulativeQty: String(cumulative),
      time: this.now,
    });
  }

  leg(id: string): { clientOrderId: string; symbol: string; side: "buy" | "sell" } {
    const { symbol, side } = this.orderOf(id);
    return { clientOrderId: id, symbol, side };
  }

  ended(id: string, status: "filled" | "canceled" | "expired" | "rejected", reason: string | null = null): void {
    this.broker({ kind: "order.update", clientOrderId: id, brokerOrderId: `B${id}`, status, reason });
  }

  position(strategy: string, symbol: string): number {
    return this.core.desk.state.portfolio.position(strategy, symbol).qty.toNumber();
  }
}

/** Says what rules on the last digit of the close wait for: one bar of SPY a minute, near 100, from the open on. */
export class DigitDriver extends CoreDriver {
  #bar = 0;
  readonly #open: number;

  constructor(subject: Program, open: number) {
    super(subject, open - 1_000);
    this.#open = open;
    this.bar("SPY", "1m", open - 30 * 60_000, 100);
    this.say(0);
  }

  /** One bar whose close ends in this digit. */
  say(digit: number, symbol = "SPY"): void {
    this.bar(symbol, "1m", this.#open + this.#bar++ * 60_000, 100 + digit / 10);
  }
}

/** The regular open of a New York trading date. */
export function openOf(date: string): number {
  const session = calendarOf("SPY").sessionOn(date);
  if (session === undefined) throw new Error(`no session on ${date}`);
  return session.open;
}
