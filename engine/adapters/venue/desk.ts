/**
 * The venue's side of the exchange: its clock, and what the exchange said since it was last asked.
 *
 * Owns: draining the exchange (nobody else may), the list of fills for the activities, and the hand-over of trade
 * updates to the stream. May not: match orders.
 */
import type { Exchange, ExchangeOrder, ExchangeRequest, ExchangeResult, Instrument } from "../../exchange/types.ts";
import type { Calendar } from "../../market/calendar.ts";
import { EquityLog } from "./portfolio-history.ts";
import { Preferences } from "./preferences.ts";
import { OrderWriter, uuidOf } from "./wire-order.ts";

/** Fills kept for GET /v2/account/activities; older ones are dropped. */
const MAX_ACTIVITIES = 10_000;

type WireObject = Readonly<Record<string, unknown>>;

export interface Activity {
  readonly time: number;
  readonly json: WireObject;
}

export class Desk {
  readonly exchange: Exchange;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly calendar: Calendar;
  readonly keyId: string;
  readonly startedAt: number;
  readonly writer: OrderWriter;
  readonly activities: Activity[] = [];
  readonly preferences: Preferences;
  readonly equity = new EquityLog();
  readonly #rejects: (symbol: string) => boolean;
  onUpdate: (update: WireObject) => void = () => {};
  #time: number;
  #updates = 0;
  #ownIds = 0;

  constructor(options: {
    readonly exchange: Exchange;
    readonly instruments: readonly Instrument[];
    readonly calendar: Calendar;
    readonly keyId: string;
    readonly startAt: number;
    /** Whether an order is refused for no reason of its own. */
    readonly rejects: (symbol: string) => boolean;
  }) {
    this.exchange = options.exchange;
    this.instruments = new Map(options.instruments.map((instrument) => [instrument.symbol, instrument]));
    this.calendar = options.calendar;
    this.keyId = options.keyId;
    this.startedAt = options.startAt;
    this.#time = options.startAt;
    this.writer = new OrderWriter(options.exchange, this.instruments);
    this.preferences = new Preferences(options.exchange);
    this.#rejects = options.rejects;
    this.mark();
  }

  /** The way of every new order: the owner's settings and the faults come before the exchange. */
  submit(request: ExchangeRequest): ExchangeResult<ExchangeOrder> {
    const symbol = this.instruments.has(request.symbol) ? request.symbol : this.#pairOf(request.symbol);
    const named = { ...request, symbol };
    const refusal = this.preferences.refusal(named);
    if (refusal !== undefined) return { ok: false, refusal };
    if (this.#rejects(symbol)) {
      const message = "order rejected by fault injection";
      return { ok: false, refusal: { status: 422, code: 42210000, message, extra: {} } };
    }
    return this.exchange.submit(named, this.now());
  }

  /** BTCUSD is an old name of BTC/USD. */
  #pairOf(name: string): string {
    for (const symbol of this.instruments.keys()) if (symbol.replace("/", "") === name) return symbol;
    return name;
  }

  /** Remembers what the account is worth now. */
  mark(): void {
    this.equity.add(this.now(), this.exchange.account().equity.toNumber());
  }

  now(): number {
    return Math.max(this.#time, this.exchange.now);
  }

  /** The tape's time never goes back. */
  moveTo(time: number): void {
    if (time > this.#time) this.#time = time;
  }

  get updates(): number {
    return this.#updates;
  }

  /** Sends what happened as trade updates; returns how many. */
  flush(): number {
    const events = this.exchange.drain();
    for (const event of events) {
      if (event.kind === "fill" || event.kind === "partial_fill") {
        this.activities.push({ time: event.execution.time, json: this.writer.activity(event) });
        if (this.activities.length > MAX_ACTIVITIES) this.activities.shift();
      }
      this.#updates += 1;
      this.onUpdate(this.writer.update(event, this.#updates));
    }
    return events.length;
  }

  /** An id for an order that came without one. Never equal to one of a client that names its own. */
  nextClientId(): string {
    this.#ownIds += 1;
    return uuidOf(`client:${this.keyId}:${this.#ownIds}`);
  }
}
