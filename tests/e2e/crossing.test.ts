/** An exit beside another strategy's working entry, with the official SDK against the local venue, which refuses wash trades. */
import { afterEach, expect, it } from "vitest";
import { compile } from "../../engine/lang/compile.ts";
import { LiveSetup, SYMBOL } from "./live-setup.ts";

const FILES = {
  "strategies/holder.strategy.yaml": `barwise: 1
name: holder
symbols: [${SYMBOL}]
on: 1m
rules:
  - {name: enter, when: close > 100.5, then: {buy: {size: {qty: 10}, time_in_force: gtc}}}
  - {name: leave, when: close < 99, then: {close: {time_in_force: gtc}}}
`,
  "strategies/other.strategy.yaml": `barwise: 1
name: other
symbols: [${SYMBOL}]
on: 1m
rules:
  - {name: rest, when: close > 100.5, then: {buy: {size: {qty: 5}, type: limit, limit: 95, time_in_force: gtc}}}
  - {name: leave, when: close > 1000, then: {close: {}}}
`,
};

let setup: LiveSetup;
afterEach(async () => {
  await setup.engine.stop();
  await setup.venue.stop();
});

it("leaves after the entry is cancelled, and the venue refuses nothing", { timeout: 30_000 }, async () => {
  const { program } = compile(FILES);
  if (program === null) throw new Error("it does not compile");
  setup = new LiveSetup();
  const closes = [100, 101, 101, 98, 98, 98];
  await setup.start(closes, { program });
  for (const _ of closes) await setup.bar();
  await setup.until("the exit to be filled", () => setup.exchange.positions().length === 0);
  expect(setup.outputs.filter(({ kind }) => kind === "alert")).toMatchObject([{ code: "exit/crossed" }]);
  const orders = setup.exchange.orders().map(({ side, status, qty }) => `${side} ${qty?.toFixed() ?? ""} ${status}`);
  expect(orders.toSorted()).toEqual(["buy 10 filled", "buy 5 canceled", "sell 10 filled"]);
  expect(setup.inputs.filter(({ kind }) => kind === "order.rejected")).toEqual([]);
  expect(setup.fatal).toEqual([]);
});
