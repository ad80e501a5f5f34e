/**
 * Orders that were sent and have no name at the broker yet: their answer is on its way, or said nothing.
 *
 * Owns: what the stream says meanwhile of such an order and of legs that only its answer names; it is told after the
 * acceptance. May not: call anybody.
 */
import type { OrderRequest, OrderView } from "../../core/event.ts";
import type { SeenOrder } from "./orders.ts";
import type { SdkTradeUpdate } from "./sdk.ts";

const MAX_HELD = 1_000;

export interface Unnamed {
  readonly id: string;
  readonly number: number;
  readonly symbol: string;
  /** It may have legs, whose ids the broker chooses: updates of orders that nobody knows may be theirs. */
  readonly mayHaveLegs: boolean;
  readonly since: number;
  held: SdkTradeUpdate[];
  /** Its answer came and said nothing, or went to an earlier process. */
  isUnclear: boolean;
  /** How often it was sent: a refusal of the last time says nothing about the first. */
  readonly times: number;
  /** Somebody asks for it right now. */
  isAsked: boolean;
}

export class UnnamedOrders {
  readonly #orders = new Map<string, Unnamed>();
  #numbers = 0;

  sent({ clientOrderId: id, symbol, orderClass }: OrderRequest, since: number): void {
    const { held, number, times } = this.#orders.get(id) ?? { held: [], number: this.#numbers++, times: 0 };
    const mayHaveLegs = orderClass !== "simple";
    this.#orders.set(id, {
      id,
      number,
      symbol,
      mayHaveLegs,
      since,
      held,
      times: times + 1,
      isUnclear: false,
      isAsked: false,
    });
  }

  /** Of an earlier process: what it was sent with is not known here. */
  resume({ clientOrderId: id, symbol }: OrderView): void {
    const number = this.#numbers++;
    this.#orders.set(id, {
      id,
      number,
      symbol,
      mayHaveLegs: true,
      since: 0,
      held: [],
      times: 1,
      isUnclear: true,
      isAsked: false,
    });
  }

  get(id: string): Unnamed | undefined {
    return this.#orders.get(id);
  }

  get isAnyInFlight(): boolean {
    return [...this.#orders.values()].some(({ isUnclear }) => !isUnclear);
  }

  get unclear(): readonly string[] {
    return [...this.#orders.values()].filter(({ isUnclear }) => isUnclear).map(({ id }) => id);
  }

  /** It is known now, or certainly not there. What was held is told next. */
  settle(id: string): readonly SdkTradeUpdate[] {
    const held = this.#orders.get(id)?.held ?? [];
    this.#orders.delete(id);
    return held;
  }

  /** Though REST does not show it: the stream has told of it, or of what may be a leg since `heard` updates were held. */
  mayBeThere(id: string, heard: number): boolean {
    const order = this.#orders.get(id);
    return order !== undefined && (order.held.length > heard || order.held.some((update) => isOwn(update, id)));
  }

  /** The order is not there, so others were not its legs. */
  release(id: string): readonly SdkTradeUpdate[] {
    const order = this.#orders.get(id);
    if (order === undefined || !order.isUnclear) return [];
    const others = order.held.filter((update) => !isOwn(update, id));
    order.held = order.held.filter((update) => isOwn(update, id));
    return others;
  }

  /**
   * The order whose acceptance must be told before this update is: its own, or that of the bracket it may be a leg of.
   * `after`: the last one that it turned out to have nothing to do with.
   */
  waitsFor(update: SeenOrder, isKnown: boolean, after = -1): Unnamed | undefined {
    const own = this.#orders.get(update.clientOrderId);
    if (own !== undefined || isKnown) return withRoom(own);
    for (const order of this.#orders.values()) {
      if (order.mayHaveLegs && order.symbol === update.symbol && order.number > after) return withRoom(order);
    }
    return undefined;
  }
}

function isOwn(update: SdkTradeUpdate, id: string): boolean {
  return update.order.clientOrderId === id;
}

function withRoom(order: Unnamed | undefined): Unnamed | undefined {
  return order === undefined || order.held.length >= MAX_HELD ? undefined : order;
}
