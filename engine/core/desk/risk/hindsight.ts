/**
 * What the controls are told of before: what this firing, its rule and its strategy have sent, what works against the order,
 * what was lost, how the broker behaves.
 *
 * Owns: reading the desk and its memory for one order, each thing when it is asked for. May not: judge, or change anything.
 */
import { Decimal, ZERO, decimal } from "../../decimal.ts";
import type { OrderRequest } from "../../event.ts";
import { exitAgainst } from "../crossing.ts";
import { guardedQty } from "../guarded.ts";
import { isTerminal } from "../orders.ts";
import type { Order } from "../orders.ts";
import type { DeskState, SendOptions } from "../state.ts";
import type { ScopeName } from "../states.ts";
import { dayLossOf, drawdownOf } from "../valued.ts";

export class Hindsight {
  readonly #desk: DeskState;
  readonly #request: OrderRequest;
  readonly #options: SendOptions;
  readonly #itself: Order | undefined;
  /** The same order under the same id once more: it was counted when it left first. */
  readonly isResend: boolean;

  constructor(
    desk: DeskState,
    request: OrderRequest,
    options: SendOptions,
    itself: Order | undefined,
    isResend: boolean,
  ) {
    this.isResend = isResend;
    this.#desk = desk;
    this.#request = request;
    this.#options = options;
    this.#itself = itself;
  }

  /** The id of the entry that this firing sent by the same leg already. */
  get twin(): string | undefined {
    const { origin, leg } = this.#options;
    return this.#desk.memory.firings.sentFor(origin.firing).find((sent) => sent.leg === leg)?.id;
  }

  /** Entries of the last minute that were the same order, by the same strategy. */
  get identical(): number {
    const { memory, now } = this.#desk;
    return memory.repeats.identical(this.#options.origin.strategy, this.#request, now.marketTime);
  }

  /** Entries of the last minute of the same rule in the symbol. */
  get ofRule(): number {
    const { memory, now } = this.#desk;
    const { strategy, rule } = this.#options.origin;
    return memory.repeats.ofRule(strategy, rule, this.#request.symbol, now.marketTime);
  }

  /** Entries that the rule has sent since it is what it is. */
  get served(): number {
    const { strategy, rule } = this.#options.origin;
    return this.#desk.memory.probation.entries(strategy, rule);
  }

  /** What the firing wanted altogether. */
  get wanted(): Decimal {
    const { origin, wanted } = this.#options;
    return this.#desk.memory.firings.wantedBy(origin.firing) ?? wanted ?? decimal(this.#request.qty);
  }

  /** What its entries have taken and may still take of it. */
  get taken(): Decimal {
    const { memory, orders } = this.#desk;
    let total = ZERO;
    for (const { id } of memory.firings.sentFor(this.#options.origin.firing)) {
      const order = orders.get(id);
      if (order === undefined || order === this.#itself) continue;
      total = total.plus(isTerminal(order) ? order.filledQty : order.qty);
    }
    return total;
  }

  /** Shares of the strategy that an order of this side brings closer to zero. */
  get held(): Decimal {
    const { symbol, side } = this.#request;
    const { qty } = this.#desk.portfolio.position(this.#options.origin.strategy, symbol);
    return Decimal.max(side === "sell" ? qty : qty.negated(), ZERO);
  }

  /** Of those, what other working orders may take. */
  get leaving(): Decimal {
    const { symbol, side } = this.#request;
    const book = { strategy: this.#options.origin.strategy, symbol };
    return guardedQty(
      this.#desk.orders,
      book,
      (order) => order.role !== "entry" && order.side === side && order !== this.#itself,
    );
  }

  /** Working orders of the other side in the symbol, whoever's they are. */
  get opposing(): readonly Order[] {
    const { symbol, side } = this.#request;
    return this.#desk.orders.open((order) => order.symbol === symbol && order.side !== side);
  }

  /** A strategy that is about to send an exit against the order. */
  get exitAgainst(): string | undefined {
    const { symbol, side } = this.#request;
    return exitAgainst(this.#desk, this.#options.origin.strategy, symbol, side);
  }

  /** Loss of the day as a positive ratio of the equity at the previous close; NaN when nobody knows. */
  dayLoss(scope: ScopeName): number {
    return dayLossOf(this.#desk, scope);
  }

  /** Loss since the best moment as a positive ratio; NaN when nobody knows. */
  drawdown(scope: ScopeName): number {
    return drawdownOf(this.#desk, scope);
  }

  lostInRow(scope: ScopeName): number {
    return this.#desk.memory.streaks.lost(scope);
  }

  rejections(scope: ScopeName): number {
    return this.#desk.memory.breakers.rejections(scope, this.#desk.now.arrivalTime);
  }

  get reconnects(): number {
    return this.#desk.memory.breakers.reconnects(this.#desk.now.arrivalTime);
  }

  slowAnswers(scope: ScopeName): number {
    return this.#desk.memory.breakers.slow(scope);
  }
}
