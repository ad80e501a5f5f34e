/**
 * The desk's books beside the exchange's ledger.
 *
 * Owns: the comparison. What is returned are sentences, one for each difference. May not: know how either came about.
 */
import { text, ZERO } from "../../engine/core/decimal.ts";
import type { Order } from "../../engine/core/desk/orders.ts";
import type { CoreState } from "../../engine/core/step.ts";
import type { Exchange, ExchangeOrder } from "../../engine/exchange/types.ts";

const ENDS: ReadonlySet<string> = new Set(["filled", "canceled", "expired", "rejected"]);
const OPEN: ReadonlySet<string> = new Set(["new", "accepted", "held", "partially_filled"]);

export function isOpen({ status }: ExchangeOrder): boolean {
  return OPEN.has(status);
}

/** What both sides hold, over all strategies, and the money. */
export function differencesOfMoney(core: CoreState, exchange: Exchange): string[] {
  const { portfolio } = core.desk.state;
  const found: string[] = [];
  const theirs = new Map(exchange.positions().map(({ symbol, qty }) => [symbol, qty]));
  for (const symbol of new Set([...theirs.keys(), ...[...portfolio.positions].map((one) => one.symbol)])) {
    const net = portfolio.netQty(symbol);
    const held = theirs.get(symbol) ?? ZERO;
    if (!net.eq(held)) found.push(`all hold ${text(net)} ${symbol} here, ${text(held)} at the exchange`);
  }
  const { cash } = exchange.account();
  if (!portfolio.cash.eq(cash)) found.push(`cash is ${text(portfolio.cash)} here, ${text(cash)} at the exchange`);
  return found;
}

export function differencesOfOrder(ours: Order, theirs: ExchangeOrder): string[] {
  const id = ours.clientOrderId;
  const found: string[] = [];
  if (!ours.filledQty.eq(theirs.filledQty))
    found.push(`${id} filled ${text(ours.filledQty)} here, ${text(theirs.filledQty)} at the exchange`);
  const paid = theirs.filledQty.times(theirs.filledAvgPrice ?? 0);
  const here = ours.filledQty.times(ours.avgPrice ?? 0);
  if (paid.minus(here).abs().isGreaterThan("0.000001"))
    found.push(`${id} cost ${text(here)} here, ${text(paid)} there`);
  const isOver = ENDS.has(ours.state);
  if (isOver === isOpen(theirs)) found.push(`${id} is ${ours.state} here and ${theirs.status} at the exchange`);
  else if (isOver && ours.state !== theirs.status) found.push(`${id} ended ${ours.state} here, ${theirs.status} there`);
  return found;
}

/** Everything that one side remembers and the other should. Each forgets what is long over, at a time of its own. */
export function bookDifferences(core: CoreState, exchange: Exchange): string[] {
  const { orders } = core.desk.state;
  const found = differencesOfMoney(core, exchange);
  for (const ours of orders.all) {
    const theirs = exchange.orderByClientId(ours.clientOrderId);
    if (theirs !== undefined) found.push(...differencesOfOrder(ours, theirs));
    else if (!ENDS.has(ours.state)) found.push(`${ours.clientOrderId} is ${ours.state} here and not at the exchange`);
  }
  for (const theirs of exchange.orders())
    if (isOpen(theirs) && orders.get(theirs.clientOrderId) === undefined)
      found.push(`${theirs.clientOrderId} is ${theirs.status} at the exchange and unknown here`);
  return found;
}
