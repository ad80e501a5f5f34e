/**
 * One order by its client id, legs included.
 *
 * Owns: the three answers of such a question: found, not there, could not be asked. Reading changes nothing, so it is
 * repeated where writing never is. May not: tell anybody.
 */
import { messageOf } from "./credentials.ts";
import type { Redact } from "./credentials.ts";
import type { Priority, RequestLimiter } from "./limiter.ts";
import { readOrder } from "./orders.ts";
import type { SeenOrder } from "./orders.ts";
import { ApiError } from "./sdk.ts";
import type { TradingApis } from "./sdk.ts";
import type { Timers } from "./timers.ts";

export interface FindOptions {
  readonly apis: TradingApis;
  readonly limiter: RequestLimiter;
  readonly timers: Timers;
  readonly redact: Redact;
  readonly patienceMs: number;
  /** Pauses before the second, third … attempt. */
  readonly retryDelaysMs: readonly number[];
}

export type Found =
  | { readonly kind: "found"; readonly order: SeenOrder }
  | { readonly kind: "missing" }
  | { readonly kind: "failed"; readonly reason: string };

export async function findOrder(options: FindOptions, clientOrderId: string, priority: Priority): Promise<Found> {
  for (let attempt = 0; ; attempt += 1) {
    const found = await ask(options, clientOrderId, priority);
    const delay = options.retryDelaysMs[attempt];
    if (found.kind !== "failed" || delay === undefined) return found;
    await new Promise<void>((resolve) => options.timers.set(resolve, delay));
  }
}

async function ask(options: FindOptions, clientOrderId: string, priority: Priority): Promise<Found> {
  const { apis, limiter, patienceMs, redact } = options;
  if (!(await limiter.acquire(priority, patienceMs))) {
    return { kind: "failed", reason: "the request budget of this minute is used up" };
  }
  try {
    const order = readOrder(await apis.orders.getOrderByClientOrderId({ clientOrderId }));
    if (order === undefined) return { kind: "failed", reason: "the answer was not understood" };
    if (order.orderClass === "" || order.orderClass === "simple" || order.legs.length > 0)
      return { kind: "found", order };
    const nested = readOrder(await apis.orders.getOrderByOrderID({ orderId: order.id, nested: true }));
    return { kind: "found", order: nested ?? order };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { kind: "missing" };
    return { kind: "failed", reason: messageOf(error, redact) };
  }
}
