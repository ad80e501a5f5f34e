/**
 * Account, positions and open orders as one picture.
 *
 * Owns: reading them so that they fit together, and refusing to guess: a failed or incomplete query is an error, never
 * an empty list. May not: write.
 */
import type { ReconciledInput } from "../../core/event.ts";
import { BrokerError } from "../../ports/broker.ts";
import { REFUSED_KEYS, messageOf } from "./credentials.ts";
import type { Redact } from "./credentials.ts";
import { readParts } from "./orders.ts";
import type { SeenOrder } from "./orders.ts";
import { ApiError } from "./sdk.ts";
import type { TradingApis } from "./sdk.ts";

const PAGE = 500;
/** Of orders that are over, the newest: fills of others whose update may still be on its way. */
const RECENT = 100;
const MAX_PAGES = 20;
const MAX_READS = 4;
const AMOUNT = /^-?\d+(\.\d+)?$/;

type Positions = ReconciledInput["positions"];
type OpenOrders = ReconciledInput["openOrders"];

export interface Snapshot {
  readonly picture: ReconciledInput;
  /** Orders of anybody, whose fills are in the positions. */
  readonly orders: readonly SeenOrder[];
}

/** `allowed` waits for the rate limit; false means the broker is stopping. */
export async function snapshot(
  apis: TradingApis,
  live: boolean,
  allowed: () => Promise<boolean>,
  redact: Redact,
): Promise<Snapshot> {
  const real = live ? { real: true as const } : {};
  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    if (!(await allowed())) throw new BrokerError("unreachable", "the request budget of this minute is used up");
    try {
      return await question();
    } catch (error) {
      throw brokerError(error, redact);
    }
  };
  // A fill between two queries makes them disagree: read until orders and positions stand still.
  let positions = await ask(() => readPositions(apis));
  for (let read = 0; read < MAX_READS; read += 1) {
    const open = await readOpenOrders(apis, ask);
    const over = await ask(() => apis.orders.getAllOrders({ status: "closed", limit: RECENT, direction: "desc" }));
    const account = await ask(() => readAccount(apis));
    const again = await ask(() => readPositions(apis));
    if (sameHoldings(positions, again)) {
      const openOrders = open.map(openOrderOf);
      const picture = { kind: "reconciled", ...real, account, positions: again, openOrders } as const;
      return { picture, orders: [...open, ...over.flatMap(readParts).filter((order) => order !== undefined)] };
    }
    positions = again;
  }
  throw new BrokerError("protocol", "positions kept changing while they were read; reconcile again");
}

function brokerError(error: unknown, redact: Redact): BrokerError {
  if (error instanceof BrokerError) return error;
  if (error instanceof ApiError && (error.status === 401 || error.status === 403))
    return new BrokerError("auth", REFUSED_KEYS);
  return new BrokerError("unreachable", `Alpaca did not answer: ${messageOf(error, redact)}`);
}

function amount(value: unknown, what: string): string {
  if (typeof value !== "string" || !AMOUNT.test(value)) {
    throw new BrokerError("protocol", `Alpaca's answer has no usable ${what}`);
  }
  return value;
}

async function readAccount(apis: TradingApis): Promise<ReconciledInput["account"]> {
  const account = await apis.accounts.getAccount();
  return {
    cash: amount(account.cash, "cash"),
    equity: amount(account.equity, "equity"),
    lastEquity: amount(account.lastEquity, "last_equity"),
    multiplier: Number(amount(account.multiplier, "multiplier")),
    shorting: account.shortingEnabled === true,
  };
}

async function readPositions(apis: TradingApis): Promise<Positions> {
  const positions = await apis.positions.getAllOpenPositions();
  return positions.map((position) => {
    const qty = amount(position.qty, "position quantity");
    // Short positions come with a negative quantity; an unsigned one with side "short" is taken as meant.
    const signed = position.side === "short" && !qty.startsWith("-") ? `-${qty}` : qty;
    return { symbol: pairOf(position), qty: signed, avgPrice: amount(position.avgEntryPrice, "average price") };
  });
}

/** Positions name a coin as of old, BTCUSD, where orders and data say BTC/USD. Whatever bought it, it is held against dollars. */
function pairOf({ symbol, assetClass }: { readonly symbol: string; readonly assetClass: string }): string {
  return assetClass === "crypto" && !symbol.includes("/") ? symbol.replace(/USD$/, "/USD") : symbol;
}

function sameHoldings(a: Positions, b: Positions): boolean {
  const key = (positions: Positions): string =>
    positions
      .map((position) => `${position.symbol} ${position.qty}`)
      .toSorted()
      .join("|");
  return key(a) === key(b);
}

async function readOpenOrders(
  apis: TradingApis,
  ask: <T>(question: () => Promise<T>) => Promise<T>,
): Promise<readonly SeenOrder[]> {
  const open: SeenOrder[] = [];
  let last: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const after = last === undefined ? {} : { afterOrderId: last };
    const orders = await ask(() =>
      apis.orders.getAllOrders({ status: "open", limit: PAGE, direction: "asc", nested: false, ...after }),
    );
    for (const order of orders.flatMap(readParts)) {
      if (order === undefined) throw new BrokerError("protocol", "Alpaca listed an incomplete order");
      open.push(order);
    }
    last = orders.at(-1)?.id;
    if (orders.length < PAGE) return open;
  }
  throw new BrokerError("protocol", `more than ${PAGE * MAX_PAGES} open orders`);
}

function openOrderOf({ id, clientOrderId, symbol, side, qty, filledQty, type }: SeenOrder): OpenOrders[number] {
  return { clientOrderId, brokerOrderId: id, symbol, side, qty: qty ?? filledQty, filledQty, type };
}
