/**
 * What of each order has been told already, so that two sources (the stream and REST) tell every share once.
 *
 * Owns: per broker order, the executed quantity handed on so far; per client id, whether its acceptance was told.
 * May not: call anybody.
 */
import { Decimal, ZERO, text } from "../../core/decimal.ts";
import type { BrokerInput, ExecutionInput, OrderView } from "../../core/event.ts";
import { roleOf } from "./orders.ts";
import type { SeenOrder } from "./orders.ts";

/** Orders remembered; beyond it the oldest are forgotten (their client ids cannot be used again anyway). */
const MAX_ORDERS = 50_000;

interface Told {
  qty: Decimal;
  notional: Decimal;
  /** Up to here the quantity came from REST: executions of the stream below it were told as one. */
  fromRest: Decimal;
  readonly executions: Set<string>;
  terminal: boolean;
}

export class OrderBook {
  readonly #told = new Map<string, Told>();
  readonly #accepted = new Set<string>();
  readonly #clientOf = new Map<string, string>();

  #of(brokerOrderId: string): Told {
    let told = this.#told.get(brokerOrderId);
    if (told === undefined) {
      told = { qty: ZERO, notional: ZERO, fromRest: ZERO, executions: new Set(), terminal: false };
      this.#told.set(brokerOrderId, told);
      if (this.#told.size > MAX_ORDERS) forgetFirst(this.#told);
    }
    return told;
  }

  knows(brokerOrderId: string): boolean {
    return this.#clientOf.has(brokerOrderId);
  }

  isAccepted(clientOrderId: string): boolean {
    return this.#accepted.has(clientOrderId);
  }

  isTerminal(brokerOrderId: string): boolean {
    return this.#told.get(brokerOrderId)?.terminal === true;
  }

  /** The acceptance of an order and of its legs. */
  accept(order: SeenOrder): BrokerInput {
    for (const known of [order, ...order.legs]) {
      this.#accepted.add(known.clientOrderId);
      this.#clientOf.set(known.id, known.clientOrderId);
    }
    if (this.#accepted.size > MAX_ORDERS) forgetFirst(this.#accepted);
    if (this.#clientOf.size > MAX_ORDERS) forgetFirst(this.#clientOf);
    return {
      kind: "order.accepted",
      clientOrderId: order.clientOrderId,
      brokerOrderId: order.id,
      legs: order.legs.map((leg) => ({ role: roleOf(leg), clientOrderId: leg.clientOrderId, brokerOrderId: leg.id })),
    };
  }

  /** What another process had told of an order before this one began. */
  resume({ clientOrderId, brokerOrderId, filledQty, avgPrice }: OrderView & { readonly brokerOrderId: string }): void {
    this.#accepted.add(clientOrderId);
    this.#clientOf.set(brokerOrderId, clientOrderId);
    const told = this.#of(brokerOrderId);
    told.qty = new Decimal(filledQty);
    told.notional = told.qty.times(avgPrice ?? "0");
    told.fromRest = told.qty;
  }

  /** A picture holds what it has filled, and it is nobody's here: what the stream says later of these shares is told already. */
  shown({ id, filledQty, avgPrice }: SeenOrder): void {
    if (this.knows(id)) return;
    const told = this.#of(id);
    const filled = new Decimal(filledQty);
    told.fromRest = Decimal.max(told.fromRest, filled);
    if (!filled.isGreaterThan(told.qty)) return;
    told.qty = filled;
    told.notional = filled.times(avgPrice ?? "0");
  }

  end(brokerOrderId: string): void {
    this.#of(brokerOrderId).terminal = true;
  }

  /** An execution of the stream; false when REST has told these shares already. Repeats pass: their id is the same. */
  streamed(execution: ExecutionInput): boolean {
    const told = this.#of(execution.brokerOrderId);
    if (new Decimal(execution.cumulativeQty).isLessThanOrEqualTo(told.fromRest)) return false;
    if (told.executions.has(execution.executionId)) return true;
    told.executions.add(execution.executionId);
    told.qty = told.qty.plus(execution.qty);
    told.notional = told.notional.plus(new Decimal(execution.qty).times(execution.price));
    return true;
  }

  /** Whether the broker has executed more of an order than was told: an execution was missed. */
  lags(brokerOrderId: string, filledQty: string): boolean {
    return new Decimal(filledQty).isGreaterThan(this.#of(brokerOrderId).qty);
  }

  /** Orders (legs too) that were accepted and, as far as was told, still work: broker id to client id. */
  open(): ReadonlyMap<string, string> {
    const open = new Map<string, string>();
    for (const [brokerOrderId, clientOrderId] of this.#clientOf) {
      if (!this.isTerminal(brokerOrderId)) open.set(brokerOrderId, clientOrderId);
    }
    return open;
  }

  /** What REST shows to be executed beyond what was told, as one execution at its average price. */
  missing(order: SeenOrder): ExecutionInput | undefined {
    const told = this.#of(order.id);
    const filled = new Decimal(order.filledQty);
    const qty = filled.minus(told.qty);
    if (!qty.isGreaterThan(0) || order.avgPrice === null) return undefined;
    const notional = filled.times(order.avgPrice);
    const price = notional.minus(told.notional).dividedBy(qty);
    told.qty = filled;
    told.notional = notional;
    told.fromRest = filled;
    return {
      kind: "execution",
      executionId: `rest:${order.id}:${text(filled)}`,
      clientOrderId: order.clientOrderId,
      brokerOrderId: order.id,
      symbol: order.symbol,
      side: order.side,
      qty: text(qty),
      price: text(price.decimalPlaces(9)),
      fee: "0",
      cumulativeQty: text(filled),
      time: order.time,
    };
  }
}

/** Maps and sets remember the order of insertion: the first is the oldest. */
function forgetFirst(collection: Map<string, unknown> | Set<string>): void {
  for (const key of collection.keys()) {
    collection.delete(key);
    return;
  }
}
