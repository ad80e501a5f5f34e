import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimal, ZERO } from "../../engine/core/decimal.ts";
import { perShareFees } from "../../engine/exchange/fees.ts";
import type { Exchange, ExchangeEvent, ExchangeOptions, ExchangeRequest } from "../../engine/exchange/types.ts";
import { exchangeWith, M1, MINUTE, order, TUE } from "./support.ts";
import { runs } from "../support/runs.ts";

type Action =
  | { readonly kind: "submit"; readonly request: Partial<ExchangeRequest> }
  | { readonly kind: "cancel" | "replace"; readonly pick: number; readonly cents: number }
  | {
      readonly kind: "bar";
      readonly open: number;
      readonly up: number;
      readonly down: number;
      readonly part: number;
      readonly volume: number;
    };

const cents = (value: number): string => (value / 100).toFixed(2);
const price = fc.integer({ min: 9000, max: 11_000 });

const request = fc
  .record({
    symbol: fc.constantFrom("SPY", "QQQ"),
    side: fc.constantFrom("buy" as const, "sell" as const),
    type: fc.constantFrom("market", "limit", "stop", "stop_limit", "trailing_stop" as const),
    timeInForce: fc.constantFrom("day", "day", "gtc", "ioc", "fok", "cls" as const),
    orderClass: fc.constantFrom("simple", "simple", "bracket", "oco", "oto" as const),
    qty: fc.integer({ min: 1, max: 300 }),
    limit: price,
    stop: price,
    spread: fc.integer({ min: 10, max: 500 }),
    trail: fc.integer({ min: 5, max: 300 }),
  })
  .map((raw): Partial<ExchangeRequest> => {
    const long = (raw.side === "buy") !== (raw.orderClass === "oco");
    const far = long ? raw.limit + raw.spread : raw.limit - raw.spread;
    const near = long ? raw.limit - raw.spread : raw.limit + raw.spread;
    const wantsLimit = raw.type === "limit" || raw.type === "stop_limit";
    const wantsStop = raw.type === "stop" || raw.type === "stop_limit";
    return {
      symbol: raw.symbol,
      side: raw.side,
      type: raw.type,
      timeInForce: raw.timeInForce,
      orderClass: raw.orderClass,
      qty: String(raw.qty),
      ...(wantsLimit ? { limitPrice: cents(raw.limit) } : {}),
      ...(wantsStop ? { stopPrice: cents(raw.stop) } : {}),
      ...(raw.type === "trailing_stop" ? { trailPrice: cents(raw.trail) } : {}),
      ...(raw.orderClass === "bracket" || raw.orderClass === "oco" ? { takeProfit: { limitPrice: cents(far) } } : {}),
      ...(raw.orderClass === "simple" ? {} : { stopLoss: { stopPrice: cents(near) } }),
    };
  });

const bar = fc.record({
  kind: fc.constant("bar" as const),
  open: price,
  up: fc.integer({ min: 0, max: 300 }),
  down: fc.integer({ min: 0, max: 300 }),
  part: fc.double({ min: 0, max: 1, noNaN: true }),
  volume: fc.integer({ min: 0, max: 3000 }),
});

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: request.map((one): Action => ({ kind: "submit", request: one })) },
  { weight: 4, arbitrary: bar },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("cancel" as const, "replace" as const),
      pick: fc.nat(200),
      cents: price,
    }),
  },
);

const options = fc.record({
  volumeShare: fc.constantFrom(0.1, 1, undefined),
  slippageRatio: fc.constantFrom(0, 0.0007),
});

interface Run {
  readonly exchange: Exchange;
  readonly events: readonly ExchangeEvent[];
}

function play(
  actions: readonly Action[],
  given: { volumeShare: number | undefined; slippageRatio: number },
  check?: (exchange: Exchange) => void,
  split = false,
): Run {
  const { volumeShare, ...rest } = given;
  const settings: Partial<ExchangeOptions> = {
    ...rest,
    ...(volumeShare === undefined ? {} : { volumeShare }),
    fees: perShareFees("0.005", "1", "0.005"),
  };
  const exchange = exchangeWith(settings);
  const events: ExchangeEvent[] = [];
  let now = TUE.open;
  let count = 0;
  const feed = (symbol: string, step: Extract<Action, { kind: "bar" }>, shift: number): void => {
    const [open, high, low] = [step.open + shift, step.open + step.up + shift, step.open - step.down + shift];
    const close = Math.round(low + (high - low) * step.part);
    const body = { open: open / 100, high: high / 100, low: low / 100, close: close / 100 };
    const one = { start: now, ...body, volume: step.volume };
    if (split) exchange.opening(symbol, M1, one, now + MINUTE);
    exchange.bar(symbol, M1, one, now + MINUTE);
  };
  const first = { kind: "bar", open: 10_000, up: 0, down: 0, part: 0, volume: 1000 } as const;
  for (const step of [first, ...actions]) {
    if (step.kind === "bar") {
      feed("SPY", step, 0);
      feed("QQQ", step, 37);
      now += MINUTE;
    } else if (step.kind === "submit") {
      count += 1;
      exchange.submit(order({ ...step.request, clientOrderId: `n${count}` }), now);
    } else {
      const all = exchange.orders();
      const id = all[step.pick % Math.max(all.length, 1)]?.id ?? "none";
      if (step.kind === "cancel") exchange.cancel(id, now);
      else exchange.replace(id, { limitPrice: cents(step.cents) }, now);
    }
    check?.(exchange);
    events.push(...exchange.drain());
  }
  exchange.advance(TUE.close);
  events.push(...exchange.drain());
  return { exchange, events };
}

const RUNS = { numRuns: runs(300) };

describe("whatever is sent", () => {
  it("cash and market value equal start, realised and unrealised profit less fees, exactly", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), options, (actions, given) => {
        play(actions, given, (exchange) => {
          const account = exchange.account();
          let value = ZERO;
          let unrealized = ZERO;
          for (const position of exchange.positions()) {
            const worth = position.qty.times(position.lastPrice);
            value = value.plus(worth);
            unrealized = unrealized.plus(worth.minus(position.costBasis));
          }
          const expected = decimal("100000").plus(account.realized).plus(unrealized).minus(account.fees);
          expect(account.cash.plus(value).toFixed()).toBe(expected.toFixed());
          expect(account.equity.toFixed()).toBe(expected.toFixed());
          expect(account.longMarketValue.plus(account.shortMarketValue).toFixed()).toBe(value.toFixed());
        });
      }),
      RUNS,
    );
  });

  it("no order fills beyond its quantity or worse than its limit, and executions add up", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), options, (actions, given) => {
        const { exchange, events } = play(actions, given);
        const filled = new Map<string, string>();
        for (const event of events) {
          if (event.kind !== "fill" && event.kind !== "partial_fill") continue;
          const { order: after, execution } = event;
          const before = decimal(filled.get(after.id) ?? "0");
          const sum = before.plus(execution.qty);
          filled.set(after.id, sum.toFixed());
          expect(execution.qty.gt(0)).toBe(true);
          expect(after.filledQty.toFixed()).toBe(sum.toFixed());
          expect(after.qty !== null && sum.lte(after.qty)).toBe(true);
          expect(event.kind).toBe(after.qty !== null && sum.eq(after.qty) ? "fill" : "partial_fill");
          if (after.limitPrice === null) continue;
          const worse =
            after.side === "buy" ? execution.price.gt(after.limitPrice) : execution.price.lt(after.limitPrice);
          expect(worse).toBe(false);
        }
        for (const one of exchange.orders()) expect(one.filledQty.toFixed()).toBe(filled.get(one.id) ?? "0");
      }),
      RUNS,
    );
  });

  it("an order that is over never changes again, and its last event tells its state", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), options, (actions, given) => {
        const { exchange, events } = play(actions, given);
        const last = new Map<string, ExchangeEvent>();
        for (const event of events) {
          const before = last.get(event.order.id);
          if (before !== undefined)
            expect(["fill", "canceled", "expired", "replaced", "rejected"]).not.toContain(before.kind);
          last.set(event.order.id, event);
        }
        for (const one of exchange.orders()) {
          expect(last.get(one.id)?.order.status).toBe(one.status);
          if (one.timeInForce !== "gtc")
            expect(["new", "accepted", "held", "partially_filled"]).not.toContain(one.status);
        }
      }),
      RUNS,
    );
  });

  it("no bar fills more than its share of volume", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { events } = play(actions, { volumeShare: 0.1, slippageRatio: 0 });
        const perBar = new Map<string, number>();
        for (const event of events) {
          // The closing auction at the end of the day takes the last price, not a bar's volume.
          if ((event.kind !== "fill" && event.kind !== "partial_fill") || event.order.timeInForce === "cls") continue;
          const key = `${event.order.symbol}@${Math.floor((event.time - TUE.open) / MINUTE)}`;
          perBar.set(key, (perBar.get(key) ?? 0) + event.execution.qty.toNumber());
        }
        for (const total of perBar.values()) expect(total).toBeLessThanOrEqual(300);
      }),
      RUNS,
    );
  });

  it("the same inputs give the same bytes", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), options, (actions, given) => {
        const first = play(actions, given);
        const second = play(actions, given);
        expect(JSON.stringify(first.events)).toBe(JSON.stringify(second.events));
        expect(JSON.stringify(first.exchange.orders())).toBe(JSON.stringify(second.exchange.orders()));
      }),
      { numRuns: runs(100) },
    );
  });

  it("an open matched ahead of its bar changes nothing when nobody reacts to it", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), options, (actions, given) => {
        const whole = play(actions, given);
        const split = play(actions, given, undefined, true);
        expect(JSON.stringify(split.events)).toBe(JSON.stringify(whole.events));
      }),
      RUNS,
    );
  });

  it("a second cancel changes nothing", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), options, fc.nat(100), (actions, given, pick) => {
        const { exchange } = play(actions, given);
        const all = exchange.orders();
        const id = all[pick % Math.max(all.length, 1)]?.id ?? "none";
        exchange.cancel(id, TUE.close);
        exchange.drain();
        const before = JSON.stringify([exchange.orders(), exchange.account()]);
        expect(exchange.cancel(id, TUE.close).ok).toBe(false);
        expect(exchange.drain()).toEqual([]);
        expect(JSON.stringify([exchange.orders(), exchange.account()])).toBe(before);
      }),
      RUNS,
    );
  });
});
