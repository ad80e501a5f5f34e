/**
 * The statement of a run: every fill, every closed trade, and a profit and loss that adds up to the cent.
 *
 * Owns: collecting what a run did, from inputs and outputs alone. May not: ask the desk or the broker.
 */
import { ZERO, decimal } from "../core/decimal.ts";
import type { Decimal } from "../core/decimal.ts";
import type { ExecutionInput, Input, OrderView, Output, PositionView, Side } from "../core/event.ts";

export interface FillLine {
  readonly time: number;
  readonly strategy: string;
  readonly rule: string;
  readonly symbol: string;
  readonly side: Side;
  readonly role: OrderView["role"];
  readonly qty: string;
  readonly price: string;
  readonly fee: string;
}

/** From flat to flat in one strategy and symbol. */
export interface TradeLine {
  readonly strategy: string;
  readonly symbol: string;
  readonly side: "long" | "short";
  readonly openedAt: number;
  readonly closedAt: number;
  /** Realised profit less the fees of both ways. */
  readonly pnl: string;
}

/** What is there where a statement begins in the middle of a run. */
export interface StatementStart {
  readonly time: number;
  readonly cash: string;
  readonly positions: readonly Omit<PositionView, "cash">[];
  /** Whatever may still be filled or told of. */
  readonly orders: readonly OrderView[];
  /** Last price of a symbol, or NaN. */
  readonly priceOf: (symbol: string) => number;
}

export interface Statement {
  /** Market time from which on everything is counted, or null: from the beginning of the run. */
  readonly since: number | null;
  /** Cash at the beginning of the run; since a later time the equity of then. */
  readonly startCash: string;
  readonly endCash: string;
  readonly marketValue: string;
  readonly realized: string;
  readonly unrealized: string;
  readonly fees: string;
  readonly endEquity: string;
  /** startCash + realized + unrealized - fees - endEquity; 0 when the books are right. */
  readonly difference: string;
  readonly returnRatio: number;
  readonly maxDrawdownRatio: number;
  readonly orders: number;
  readonly fills: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly trades: number;
  readonly wins: number;
  readonly byStrategy: readonly {
    readonly strategy: string;
    readonly realized: string;
    readonly unrealized: string;
    readonly fees: string;
    readonly trades: number;
  }[];
}

interface OpenTrade {
  readonly side: "long" | "short";
  readonly openedAt: number;
  readonly realized: Decimal;
  readonly fees: Decimal;
}

/** The last price of a symbol, NaN before the first. An object that changes: a number in a map would be allocated anew. */
interface Mark {
  price: number;
}

interface Earned {
  readonly realized: Decimal;
  readonly open: Decimal;
  readonly fees: Decimal;
}

interface Held {
  readonly mark: Mark;
  readonly units: number;
  /** What it cost, for as long as nothing else is known. */
  readonly price: number;
}

export class StatementWriter {
  readonly fills: FillLine[] = [];
  readonly trades: TradeLine[] = [];
  readonly refused = new Map<string, number>();
  readonly alerts: {
    readonly time: number;
    readonly level: string;
    readonly code: string;
    readonly message: string;
  }[] = [];
  orders = 0;
  readonly #orders = new Map<string, OrderView>();
  readonly #positions = new Map<string, PositionView>();
  readonly #open = new Map<string, OpenTrade>();
  readonly #marks = new Map<string, Mark>();
  #startCash: Decimal | undefined;
  #cash: Decimal = ZERO;
  #cashNumber = 0;
  readonly #held = new Map<string, Held>();
  /** The same, to walk through at every price. */
  #heldNow: readonly Held[] = [];
  #since: number | null = null;
  /** What the positions had earned and were worth before `#since`. */
  readonly #before = new Map<string, Earned>();
  #peak = Number.NaN;
  #drawdown = 0;

  /** Of a run that is gone on with from a snapshot: nothing of before is told, so nothing of it is counted. */
  begin({ time, cash, positions, orders, priceOf }: StatementStart): void {
    this.#since = time;
    this.#setCash(cash);
    for (const order of orders) this.#orders.set(order.clientOrderId, order);
    let equity = this.#cash;
    for (const one of positions) {
      const position = { ...one, cash };
      const key = keyOf(position);
      this.#markOf(position.symbol).price = priceOf(position.symbol);
      this.#positions.set(key, position);
      this.#hold(key, position);
      const { value, open } = this.#valued(position);
      equity = equity.plus(value);
      const [realized, fees] = [decimal(position.realized), decimal(position.fees)];
      this.#before.set(key, { realized, fees, open });
      const units = Number(position.qty);
      if (units !== 0) this.#open.set(key, { side: units > 0 ? "long" : "short", openedAt: time, realized, fees });
    }
    this.#startCash = equity;
    this.#peak = this.equity();
  }

  observe(input: Input, outputs: readonly Output[]): void {
    if (input.kind === "bar" && !input.revised) this.#mark(input.symbol, input.close);
    else if (input.kind === "trade" && input.setsPrice) this.#mark(input.symbol, input.price);
    else if (input.kind === "reconciled" && this.#startCash === undefined) {
      this.#startCash = decimal(input.account.cash);
      this.#setCash(input.account.cash);
    }
    if (outputs.length === 0) return;
    for (const output of outputs) this.#output(input, output);
    if (input.kind === "execution") this.#fill(input);
  }

  #mark(symbol: string, price: number): void {
    this.#markOf(symbol).price = price;
    const equity = this.equity();
    if (!(equity <= this.#peak)) this.#peak = equity;
    else this.#drawdown = Math.max(this.#drawdown, (this.#peak - equity) / this.#peak);
  }

  /** As a float, at the last prices. Asked for at every price, so flat positions and decimals are left out of it. */
  equity(): number {
    let total = this.#cashNumber;
    for (const { mark, units, price } of this.#heldNow)
      total += units * (mark.price === mark.price ? mark.price : price);
    return total;
  }

  #markOf(symbol: string): Mark {
    let mark = this.#marks.get(symbol);
    if (mark === undefined) this.#marks.set(symbol, (mark = { price: Number.NaN }));
    return mark;
  }

  #output(input: Input, output: Output): void {
    switch (output.kind) {
      case "submit":
        this.orders++;
        break;
      case "order":
        this.#orders.set(output.order.clientOrderId, output.order);
        break;
      case "position":
        this.#position(input, output.position);
        break;
      case "refused":
        this.refused.set(output.code, (this.refused.get(output.code) ?? 0) + 1);
        break;
      case "alert":
        this.alerts.push({ time: input.marketTime, level: output.level, code: output.code, message: output.message });
        break;
      default:
        break;
    }
  }

  #fill(input: ExecutionInput): void {
    const order =
      this.#orders.get(input.clientOrderId) ??
      [...this.#orders.values()].find(({ brokerOrderId }) => brokerOrderId === input.brokerOrderId);
    this.fills.push({
      time: input.time,
      strategy: order?.strategy ?? "@external",
      rule: order?.rule ?? "",
      symbol: input.symbol,
      side: input.side,
      role: order?.role ?? "external",
      qty: input.qty,
      price: input.price,
      fee: input.fee,
    });
  }

  #position(input: Input, position: PositionView): void {
    const key = keyOf(position);
    const before = this.#positions.get(key);
    this.#positions.set(key, position);
    this.#setCash(position.cash);
    this.#hold(key, position);
    const time = input.kind === "execution" ? input.time : input.marketTime;
    const was = Math.sign(Number(before?.qty ?? "0"));
    const is = Math.sign(Number(position.qty));
    if (was !== 0 && is !== was) this.#closeTrade(key, position, time);
    if (is !== 0 && is !== was) {
      this.#open.set(key, {
        side: is > 0 ? "long" : "short",
        openedAt: time,
        realized: decimal(was === 0 ? (before?.realized ?? "0") : position.realized),
        fees: decimal(was === 0 ? (before?.fees ?? "0") : position.fees),
      });
    }
  }

  #setCash(cash: string): void {
    this.#cash = decimal(cash);
    this.#cashNumber = this.#cash.toNumber();
  }

  #hold(key: string, { symbol, qty, avgPrice }: PositionView): void {
    if (qty === "0") this.#held.delete(key);
    else this.#held.set(key, { mark: this.#markOf(symbol), units: Number(qty), price: Number(avgPrice) });
    this.#heldNow = [...this.#held.values()];
  }

  #closeTrade(key: string, { strategy, symbol, realized, fees }: PositionView, closedAt: number): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    const pnl = decimal(realized).minus(open.realized).minus(decimal(fees).minus(open.fees));
    this.trades.push({ strategy, symbol, side: open.side, openedAt: open.openedAt, closedAt, pnl: pnl.toFixed() });
    this.#open.delete(key);
  }

  statement(): Statement {
    const start = this.#startCash ?? ZERO;
    const positions = [...this.#positions.values()].map((position) => ({ position, ...this.#earned(position) }));
    const names = [...new Set(positions.map(({ position }) => position.strategy))].sort();
    const of = (pick: (position: (typeof positions)[number]) => Decimal): Decimal[] =>
      names.map((name) => total(positions.filter(({ position }) => position.strategy === name).map(pick)));
    const realized = of(({ realized: one }) => one);
    const unrealized = of(({ open: one }) => one);
    const fees = of(({ fees: one }) => one);
    const endEquity = this.#cash.plus(total(positions.map(({ value }) => value)));
    const exact = start.plus(total(realized)).plus(total(unrealized)).minus(total(fees));
    // What people add up must add up: after rounding to cents the rest goes to the line that has no cents of its own.
    const cents = { start: toCents(start), realized: toCents(total(realized)), fees: toCents(total(fees)) };
    const difference = exact.minus(endEquity);
    // Average prices have twelve decimals: what is below that is no difference, and anything above is shown as one.
    const end = difference.abs().isLessThan(NO_DIFFERENCE) ? endEquity : exact;
    const open = toCents(end).minus(cents.start).minus(cents.realized).plus(cents.fees);
    const rows = {
      realized: apportion(realized, cents.realized),
      unrealized: apportion(unrealized, open),
      fees: apportion(fees, cents.fees),
    };
    return {
      since: this.#since,
      startCash: money(start),
      endCash: money(this.#cash),
      marketValue: money(toCents(endEquity).minus(toCents(this.#cash))),
      realized: money(cents.realized),
      unrealized: money(open),
      fees: money(cents.fees),
      endEquity: money(endEquity),
      difference: money(end === exact ? difference : ZERO),
      returnRatio: start.isZero() ? 0 : endEquity.div(start).minus(1).toNumber(),
      maxDrawdownRatio: this.#drawdown,
      orders: this.orders,
      fills: this.fills.length,
      refused: Object.fromEntries([...this.refused].sort(([a], [b]) => (a < b ? -1 : 1))),
      trades: this.trades.length,
      wins: this.trades.filter(({ pnl }) => decimal(pnl).isGreaterThan(0)).length,
      byStrategy: names.map((strategy, i) => ({
        strategy,
        realized: money(rows.realized[i] ?? ZERO),
        unrealized: money(rows.unrealized[i] ?? ZERO),
        fees: money(rows.fees[i] ?? ZERO),
        trades: this.trades.filter((trade) => trade.strategy === strategy).length,
      })),
    };
  }

  /** Since the statement began. */
  #earned(position: PositionView): Earned & { readonly value: Decimal } {
    const { value, open } = this.#valued(position);
    const before = this.#before.get(keyOf(position)) ?? NOTHING;
    return {
      value,
      realized: decimal(position.realized).minus(before.realized),
      open: open.minus(before.open),
      fees: decimal(position.fees).minus(before.fees),
    };
  }

  #valued({ symbol, qty, avgPrice }: PositionView): { readonly value: Decimal; readonly open: Decimal } {
    const shares = decimal(qty);
    const mark = this.#markOf(symbol).price;
    const price = Number.isNaN(mark) ? decimal(avgPrice) : decimal(mark);
    return { value: shares.times(price), open: shares.times(price.minus(decimal(avgPrice))) };
  }
}

const NO_DIFFERENCE = 0.0001;
const NOTHING: Earned = { realized: ZERO, open: ZERO, fees: ZERO };

function keyOf({ strategy, symbol }: PositionView): string {
  return `${strategy}/${symbol}`;
}

function total(values: readonly Decimal[]): Decimal {
  return values.reduce((sum, value) => sum.plus(value), ZERO);
}

function toCents(value: Decimal): Decimal {
  return value.decimalPlaces(2);
}

function money(value: Decimal): string {
  return value.toFixed(2);
}

/** Values in cents that add up to `sum`: what rounding left over goes to the largest of them. */
function apportion(values: readonly Decimal[], sum: Decimal): Decimal[] {
  const rounded = values.map(toCents);
  const largest = rounded.reduce(
    (best, value, i) => (value.abs().isGreaterThan(rounded[best]?.abs() ?? ZERO) ? i : best),
    0,
  );
  return rounded.map((value, i) => (i === largest ? value.plus(sum).minus(total(rounded)) : value));
}
