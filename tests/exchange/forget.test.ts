import { describe, expect, it } from "vitest";
import { NYSE } from "../../engine/market/nyse.ts";
import type { Session } from "../../engine/market/calendar.ts";
import { accepted, day, minute, opened, order, submitAt } from "./support.ts";
import type { Exchange } from "../../engine/exchange/types.ts";

const DAY_MS = 86_400_000;

/** Daily bars of the sessions after 2024-03-05 up to a date. */
function passTo(exchange: Exchange, until: string): void {
  let session: Session | undefined = NYSE.sessionOn("2024-03-06");
  for (; session !== undefined && NYSE.dateOf(session) <= until; session = NYSE.sessionAtOrAfter(session.extendedClose))
    day(exchange, session, [100, 100.5, 99.5, 100]);
}

describe("an exchange that remembers ten days", () => {
  it("forgets a filled order when the day rolls, and keeps the position and the money", () => {
    const exchange = opened({ rememberMs: 10 * DAY_MS });
    const { id, clientOrderId } = submitAt(exchange, 1);
    minute(exchange, 1, [100, 100, 100, 100]);
    passTo(exchange, "2024-03-15");
    expect(exchange.order(id)?.status).toBe("filled");
    const { cash } = exchange.account();
    passTo(exchange, "2024-03-19");
    expect(exchange.order(id)).toBeUndefined();
    expect(exchange.orderByClientId(clientOrderId)).toBeUndefined();
    expect(exchange.orders()).toEqual([]);
    expect(exchange.account().cash).toEqual(cash);
    expect(exchange.positions()).toMatchObject([{ symbol: "SPY" }]);
  });

  it("keeps a bracket as long as one of its legs works, and for as long again", () => {
    const exchange = opened({ rememberMs: 10 * DAY_MS });
    const bracket = { orderClass: "bracket", timeInForce: "gtc", qty: "10" } as const;
    const exits = { takeProfit: { limitPrice: "150" }, stopLoss: { stopPrice: "50" } };
    const { id, legIds } = submitAt(exchange, 1, { ...bracket, ...exits });
    passTo(exchange, "2024-03-28");
    expect(exchange.orders().map(({ status }) => status)).toEqual(["filled", "new", "new"]);
    exchange.cancel(legIds[0] ?? "", exchange.now + 1);
    passTo(exchange, "2024-04-05");
    expect(exchange.order(id)?.status).toBe("filled");
    expect(exchange.orders()).toHaveLength(3);
    passTo(exchange, "2024-04-15");
    expect(exchange.orders()).toEqual([]);
  });

  it("keeps what is open, however old, and what replaced a forgotten order", () => {
    const exchange = opened({ rememberMs: 10 * DAY_MS });
    const limit = { type: "limit", limitPrice: "50", timeInForce: "gtc" } as const;
    const waiting = submitAt(exchange, 1, limit);
    const replaced = submitAt(exchange, 2, limit);
    const next = accepted(exchange.replace(replaced.id, { limitPrice: "51" }, exchange.now + 1));
    passTo(exchange, "2024-04-15");
    expect(exchange.orders().map(({ id }) => id)).toEqual([waiting.id, next.id]);
    expect(exchange.orderByClientId(next.clientOrderId)?.id).toBe(next.id);
    expect(exchange.cancel(next.id, exchange.now + 1).ok).toBe(true);
    expect(exchange.submit(order({ qty: "1" }), exchange.now + 1).ok).toBe(true);
  });
});

describe("an exchange without a limit", () => {
  it("forgets nothing", () => {
    const exchange = opened();
    const { id } = submitAt(exchange, 1);
    minute(exchange, 1, [100, 100, 100, 100]);
    passTo(exchange, "2024-06-03");
    expect(exchange.order(id)?.status).toBe("filled");
  });
});
