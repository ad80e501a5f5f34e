/**
 * A person at the broker's own screen, beside every process: cancels orders, trades, closes positions, changes prices.
 *
 * Owns: what they do, drawn from the world's seed, and how their orders are told from all others. May not: tell the engine.
 */
import { isOpen } from "../../bench/soak/ledger.ts";
import { text } from "../../engine/core/decimal.ts";
import type { Exchange, ExchangeOrder } from "../../engine/exchange/types.ts";
import { one } from "../support/runs.ts";
import type { Pick } from "../support/runs.ts";

export interface HandsOptions {
  readonly pick: Pick;
  readonly exchange: Exchange;
  readonly now: () => number;
  readonly symbols: readonly string[];
  /** What the exchange did is told. */
  readonly flush: () => void;
  readonly log: (line: string) => void;
}

const MARK = "hand-";

export class Hands {
  readonly #options: HandsOptions;
  #orders = 0;

  constructor(options: HandsOptions) {
    this.#options = options;
  }

  /** Theirs, or one of ours as they changed it. */
  static isForeign({ clientOrderId, replaces }: ExchangeOrder): boolean {
    return clientOrderId.startsWith(MARK) || replaces !== null;
  }

  cancel(): void {
    const { pick, exchange, now } = this.#options;
    const open = exchange.orders().filter(isOpen);
    if (open.length === 0) return;
    const { id, clientOrderId } = one(pick, open);
    this.#did(`cancels ${clientOrderId}`);
    exchange.cancel(id, now());
    this.#options.flush();
  }

  trade(): void {
    const { pick, symbols } = this.#options;
    this.#order(one(pick, symbols), one(pick, ["buy", "sell"] as const), String(1 + pick(15)));
  }

  /** As brokers do it: first every order of the symbol goes. */
  close(): void {
    const { pick, exchange, now, symbols } = this.#options;
    const symbol = one(pick, symbols);
    for (const order of exchange.orders())
      if (order.symbol === symbol && isOpen(order)) exchange.cancel(order.id, now());
    const held = exchange.positions().find((position) => position.symbol === symbol)?.qty;
    if (held !== undefined) this.#order(symbol, held.isNegative() ? "buy" : "sell", text(held.abs()));
    else this.#options.flush();
  }

  change(): void {
    const { pick, exchange, now } = this.#options;
    const open = exchange.orders().filter((order) => isOpen(order) && (order.limitPrice ?? order.stopPrice) !== null);
    if (open.length === 0) return;
    const { id, clientOrderId, limitPrice, stopPrice } = one(pick, open);
    const by = (pick(21) - 10) / 100;
    const moved = (price: NonNullable<typeof limitPrice>): string => text(price.plus(by).decimalPlaces(2));
    const result = exchange.replace(
      id,
      {
        ...(limitPrice === null ? {} : { limitPrice: moved(limitPrice) }),
        ...(stopPrice === null ? {} : { stopPrice: moved(stopPrice) }),
      },
      now(),
    );
    this.#did(`changes ${clientOrderId}: ${result.ok ? result.value.clientOrderId : result.refusal.message}`);
    this.#options.flush();
  }

  #order(symbol: string, side: "buy" | "sell", qty: string): void {
    const { exchange, now, flush } = this.#options;
    const clientOrderId = `${MARK}${++this.#orders}`;
    const form = { type: "market", timeInForce: "day", extendedHours: false, orderClass: "simple" } as const;
    const result = exchange.submit({ clientOrderId, symbol, side, qty, ...form }, now());
    this.#did(`${side}s ${qty} ${symbol}: ${result.ok ? clientOrderId : result.refusal.message}`);
    flush();
  }

  #did(what: string): void {
    this.#options.log(`by hand: somebody ${what}`);
  }
}
