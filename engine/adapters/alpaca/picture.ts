/**
 * A picture of the account that holds nothing untold: shares that the broker shows in a position must not come as an execution
 * afterwards, nor the other way round.
 *
 * Owns: telling what was missed first, and taking the picture until it stands. An order whose fate is unclear is asked for
 * after each: one that is not there then had no part in it. May not: write.
 */
import type { ReconciledInput } from "../../core/event.ts";
import { BrokerError } from "../../ports/broker.ts";
import type { Found } from "./find-order.ts";
import type { OrderBook } from "./order-book.ts";
import type { Snapshot } from "./snapshot.ts";
import type { UnnamedOrders } from "./unnamed.ts";

export interface PictureOptions {
  readonly take: () => Promise<Snapshot>;
  /** Asks for an order, and tells what was not told of it. */
  readonly lookup: (clientOrderId: string) => Promise<Found>;
  readonly book: OrderBook;
  readonly unnamed: UnnamedOrders;
  /** Executions told so far. */
  readonly executions: () => number;
  /** Resolves when no answer to a request is on its way; each has its own deadline. */
  readonly noneInFlight: () => Promise<void>;
}

const MAX_PICTURES = 5;

export async function standingPicture(options: PictureOptions): Promise<ReconciledInput> {
  const { book, unnamed, executions } = options;
  for (let attempt = 0; attempt < MAX_PICTURES; attempt += 1) {
    await options.noneInFlight();
    const before = executions();
    const { picture, orders } = await options.take();
    const listed = new Map(picture.openOrders.map((order) => [order.brokerOrderId, order.filledQty]));
    const lags = (brokerOrderId: string): boolean => book.lags(brokerOrderId, listed.get(brokerOrderId) ?? "0");
    const behind = [...book.open()].filter(([id]) => !listed.has(id) || lags(id));
    const { unclear } = unnamed;
    const isThere = await areFound(
      options,
      behind.map(([, clientOrderId]) => clientOrderId),
    );
    await areFound(options, unclear);
    // An order that is not listed as open and has not ended either, as one that is done for the day, changes nothing.
    const isSame = unnamed.unclear.length === unclear.length && before === executions() && isThere;
    if (!isSame || behind.some(([id]) => lags(id)) || unnamed.isAnyInFlight) continue;
    for (const order of orders) book.shown(order);
    return picture;
  }
  throw new BrokerError("protocol", "orders kept changing while they were read; reconcile again");
}

/** Whether all of them are there. */
async function areFound({ lookup }: PictureOptions, clientOrderIds: readonly string[]): Promise<boolean> {
  let areAll = true;
  for (const clientOrderId of clientOrderIds) {
    const found = await lookup(clientOrderId);
    if (found.kind === "failed") throw new BrokerError("unreachable", `an order could not be read: ${found.reason}`);
    areAll &&= found.kind === "found";
  }
  return areAll;
}
