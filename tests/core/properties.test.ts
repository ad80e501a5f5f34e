import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Firing, Input, MarketInput, Output } from "../../engine/core/event.ts";
import type { Action, Program, Strategy } from "../../engine/core/program.ts";
import { replay } from "../support/backtest.ts";
import { CoreDriver, openOf } from "../support/core-driver.ts";
import {
  StrategyBuilder,
  alert,
  all,
  any,
  buy,
  close,
  not,
  program,
  reduce,
  sell,
  target,
} from "../support/program.ts";
import { runs } from "../support/runs.ts";

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");
const SYMBOLS = ["SPY", "QQQ"];

/** Facts of every kind: two symbols, higher timeframes, lags, temporal ones. */
function rich(): Strategy {
  const builder = new StrategyBuilder("rich", "1m", { maxEntries: 3 });
  const at = [{ expression: builder.session("time") }, " "] as const;
  const price = builder.close();
  const five = builder.close("5m");
  const other = builder.close(undefined, "QQQ");
  const otherFive = builder.close("5m", "QQQ");
  const sma = builder.indicator("sma", [3]);
  const above = builder.when(price, ">", { fact: sma });
  const held = builder.barsTrue(above);
  const since = builder.barsSince(builder.when(other, ">", { fact: builder.lag(other, 1) }), 4);
  builder.rule(
    "cross",
    builder.crossesAbove(price, sma),
    buy(builder, 10, { bracket: { stopLoss: builder.calc("*", price, builder.number(0.97)) } }),
    { cooldown: { bars: 2 } },
  );
  builder.rule("hold", builder.when(held, ">=", 2), alert(...at, { expression: held }), { fire: "each" });
  builder.rule(
    "pair",
    all(builder.when(other, ">", 0), builder.when(since, "<", 3)),
    alert(...at, { expression: other }),
    {
      fire: "each",
    },
  );
  builder.rule(
    "slow",
    any(builder.when(five, ">", { fact: price }), not(builder.when(otherFive, "<", { fact: other }))),
    alert(...at, { expression: five }),
    { fire: "each" },
  );
  builder.rule("leave", builder.when(builder.position("bars_held"), ">=", 4), close());
  return builder.build();
}

const step = fc.record({ gap: fc.boolean(), delay: fc.nat(3), cents: fc.integer({ min: -40, max: 40 }) });
const market = fc.array(fc.tuple(step, step), { minLength: 5, maxLength: 40 });

interface Step {
  readonly gap: boolean;
  readonly delay: number;
  readonly cents: number;
}

interface Delivered {
  readonly at: number;
  readonly input: MarketInput;
}

/**
 * Minute bars of both symbols; some are missing and all come late by up to three times `delayMs`, in their order.
 * What comes within the grace must be judged as if it had come at once.
 */
function deliveries(steps: readonly (readonly [Step, Step])[], delayMs: number): Delivered[] {
  const result: Delivered[] = [];
  const price = [100, 200];
  const last = [0, 0];
  steps.forEach((pair, i) => {
    pair.forEach(({ gap, delay, cents }, which) => {
      price[which] = (price[which] as number) + cents / 100;
      const at = Math.max(last[which] as number, OPEN + (i + 1) * MINUTE + delay * delayMs);
      last[which] = at;
      if (gap) return;
      const value = Math.round(price[which] * 100) / 100;
      const bar = { start: OPEN + i * MINUTE, open: value, high: value, low: value, close: value, volume: 10 };
      result.push({
        at,
        input: { kind: "bar", symbol: SYMBOLS[which] as string, size: "1m", revised: false, ...bar },
      });
    });
  });
  return result.sort((a, b) => a.at - b.at);
}

function play(items: readonly Delivered[], grace: number): CoreDriver {
  const run = new CoreDriver(program([rich()], {}, grace), OPEN - 1_000);
  for (const { at, input } of items) {
    run.passTo(at);
    run.feed(input);
    const order = run.submits.at(-1);
    if (order !== undefined && run.orderOf(order.clientOrderId).state === "sent") {
      run.accept(order);
      run.filled(order, Number(order.qty), 100);
    }
  }
  run.passTo(OPEN + 300 * MINUTE);
  return run;
}

const endOf = ({ input }: Delivered): number => (input.kind === "bar" ? input.start + MINUTE : 0);
/** What was decided at or before an instant: firings with their facts, and alerts, which begin with their minute of the day. */
const judged = (outputs: readonly Output[], until: number): string[] =>
  outputs.flatMap((output) => {
    if (output.kind === "alert" && output.code === "rule/alert")
      return Number.parseInt(output.message, 10) - 570 <= (until - OPEN) / MINUTE ? [output.message] : [];
    const firing: Firing | undefined = output.kind === "confirm" ? output.firing : undefined;
    return firing !== undefined && firing.time <= until
      ? [JSON.stringify([firing.id, firing.price, firing.values, firing.facts])]
      : [];
  });

describe("the signals", () => {
  it("never know the future: what ended after an instant changes nothing that was judged at it", () => {
    fc.assert(
      fc.property(market, fc.nat(39), fc.constantFrom(2_000, 30_000, 59_000), (steps, cut, grace) => {
        const items = deliveries(steps, Math.floor(grace / 4));
        const until = OPEN + (cut + 1) * MINUTE;
        const whole = play(items, grace);
        const past = play(
          items.filter((item) => endOf(item) <= until),
          grace,
        );
        expect(judged(past.outputs, until)).toEqual(judged(whole.outputs, until));
      }),
      { numRuns: runs(150) },
    );
  });

  it("give the same bytes for the same inputs in a fresh core", () => {
    fc.assert(
      fc.property(market, (steps) => {
        const run = play(deliveries(steps, 45_000), 2_000);
        const again = replay(run.inputs).flatMap((line) => JSON.parse(line) as Output[]);
        expect(JSON.stringify(again)).toBe(JSON.stringify(run.outputs));
      }),
      { numRuns: runs(60) },
    );
  });

  it("agree whether they come from ticks, from minutes or from the larger bars themselves", () => {
    const tick = fc.record({
      wait: fc.integer({ min: 100, max: 90_000 }),
      cents: fc.integer({ min: -50, max: 50 }),
      size: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(fc.array(tick, { minLength: 10, maxLength: 150 }), (ticks) => {
        const watch = (on: string): Strategy => {
          const builder = new StrategyBuilder(`w${on}`, on);
          const facts = [
            builder.field("open"),
            builder.field("high"),
            builder.field("low"),
            builder.close(),
            builder.field("volume"),
            builder.indicator("sma", [3]),
          ] as const;
          const parts = facts.flatMap((fact) => [{ expression: fact }, " "]);
          return builder
            .rule("say", builder.when(facts[3], ">", 0), alert(...parts), { fire: "each" })
            .rule("sma", builder.when(facts[5], ">", 0), alert("sma"), { fire: "each" })
            .build();
        };
        const from = new CoreDriver(program([watch("1m"), watch("5m")]), OPEN - 1_000);
        let time = OPEN;
        let price = 10_000;
        for (const { wait, cents, size } of ticks) {
          time += wait;
          price += cents;
          from.trade("SPY", time, price / 100, size);
        }
        from.passTo(OPEN + 389 * MINUTE);
        const bars = from.of("bar");
        const of = (size: string): CoreDriver => {
          const run = new CoreDriver(program([watch("5m")]), OPEN - 1_000);
          for (const { bar } of bars.filter((output) => output.size === size))
            run.market({ kind: "bar", symbol: "SPY", size, revised: false, ...bar });
          run.passTo(OPEN + 389 * MINUTE);
          return run;
        };
        const said = (run: CoreDriver, strategy: string): string[] =>
          run.of("alert").flatMap((output) => (output.strategy === strategy ? [output.message] : []));
        expect(said(of("1m"), "w5m")).toEqual(said(from, "w5m"));
        expect(said(of("5m"), "w5m")).toEqual(said(from, "w5m"));
      }),
      { numRuns: runs(80) },
    );
  });
});

/** Rules that fire by the last digit of the close, as many kinds of orders as there are. */
function trader(name: string): Strategy {
  const builder = new StrategyBuilder(name, "1m", { maxEntries: 3 });
  const price = builder.close();
  const at = (digit: number) =>
    all(builder.when(price, ">", 100 + digit / 10 - 0.01), builder.when(price, "<", 100 + digit / 10 + 0.01));
  const shift = (by: number): number => builder.calc("+", price, builder.number(by));
  builder.rule("buy", at(1), buy(builder, 30), { start: "fire" });
  builder.rule("bracket", at(2), buy(builder, 25, { bracket: { stopLoss: shift(-3), takeProfit: shift(3) } }), {
    start: "fire",
  });
  builder.rule("close", at(3), close());
  builder.rule("half", at(4), reduce(builder, 0.5, { type: "limit", limit: shift(0.5) }), { fire: "each" });
  builder.rule("short", at(5), sell(builder, 20, { short: true }), { start: "fire" });
  builder.rule("sell", at(6), sell(builder, 15), { start: "fire" });
  const aim = (qty: number): Action => target(builder, "qty", builder.number(qty), { short: true });
  builder.rule("to 20", at(7), aim(20), { start: "fire" });
  builder.rule("to -15", at(8), aim(-15), { fire: "each" });
  const around = { stopLoss: shift(-5), takeProfit: shift(5) };
  builder.rule("guard", at(10), close({ timeInForce: "gtc" }, around));
  builder.rule("guard half", at(11), reduce(builder, 0.5, {}, around), { fire: "each" });
  builder.rule("turn", at(9), buy(builder, 10, { reverse: true }), { start: "fire" });
  return builder.build();
}

const TARGETS: Readonly<Record<string, number>> = { "to 20": 20, "to -15": -15 };

/** Brackets more often: their legs come to rare places. */
const DIGITS = [0, 1, 2, 2, 2, 3, 4, 5, 6, 2, 7, 8, 9, 10, 11] as const;

type Act = readonly [kind: number, a: number, b: number];
const LIMIT = 60;

class Chaos {
  readonly run: CoreDriver;
  minute = 0;
  constructor(subject: Program) {
    this.run = new CoreDriver(subject, OPEN - 1_000);
    this.run.autoConfirm = false;
  }

  act([kind, a, b]: Act): void {
    const { run } = this;
    const orders = run.core.desk.state.orders.open();
    const order = orders[a % Math.max(1, orders.length)];
    if (kind <= 3) {
      run.bar("SPY", "1m", OPEN + this.minute++ * MINUTE, 100 + (DIGITS[b % DIGITS.length] ?? 0) / 10);
      if (a % 4 !== 0) run.confirmAll();
    } else if (kind === 4) run.confirmAll(b === 60 ? "disagreed" : "agreed");
    else if (kind === 5)
      run.feed({
        kind: "command",
        command: (["halt", "reduce", "resume", "resume", "cancel-all", "flatten"] as const)[b % 24] ?? "resume",
        by: "op",
        reason: "x",
      });
    else if (order === undefined) return;
    else if (kind === 6 && order.request !== null && order.state !== "working") run.accept(order.request);
    else if (kind === 7 || kind === 8) {
      const left = order.qty.minus(order.filledQty).toNumber();
      const legs = order.role === "stop_loss" || order.role === "take_profit";
      const parent = order.parent === null ? undefined : run.core.desk.state.orders.get(order.parent);
      // A broker fills legs only after their entry, and only of what is held.
      const held = Math.abs(run.position(order.origin.strategy, order.symbol));
      const most = legs || order.role === "exit" ? Math.min(left, held) : left;
      if (most <= 0 || (legs && parent?.role === "entry" && parent.state !== "filled")) return;
      const qty = kind === 7 ? most : Math.max(1, Math.floor(most / 2));
      run.filled(order, qty, 100, order.filledQty.toNumber() + qty);
    } else if (kind === 9 && (order.cancelRequested || b % 3 === 0))
      run.ended(order.clientOrderId, b % 5 === 0 ? "rejected" : "canceled");
    else if (kind === 10) run.broker({ kind: "order.unknown", clientOrderId: order.clientOrderId, reason: "?" });
    else if (kind === 11) run.broker({ kind: "cancel.rejected", clientOrderId: order.clientOrderId, reason: "?" });
  }
}

/** An entry never opens against what is held, and a target never goes beyond itself. */
function checkEntry(state: Chaos["run"]["core"]["desk"]["state"], id: string): void {
  const order = state.orders.get(id);
  if (order === undefined) return;
  const { strategy, rule } = order.origin;
  const held = state.portfolio.position(strategy, "SPY").qty.toNumber();
  // Two orders of one oco sell the same shares: together with all other guards no more than is held.
  if (order.role === "take_profit" || order.role === "stop_loss")
    expect(order.qty.toNumber()).toBeLessThanOrEqual(Math.abs(held));
  if (order.role !== "entry") return;
  expect(order.side === "buy" ? held >= 0 : held <= 0).toBe(true);
  const target = TARGETS[rule];
  if (target === undefined) return;
  const all = state.orders
    .openOf(strategy, "SPY")
    .filter(({ role }) => role === "entry")
    .reduce((sum, entry) => sum + (entry.side === "buy" ? 1 : -1) * entry.qty.minus(entry.filledQty).toNumber(), held);
  expect(Math.abs(all)).toBeLessThanOrEqual(Math.abs(target));
  expect(Math.sign(all)).toBe(Math.sign(target));
}

/** What must hold after every input. */
function check(chaos: Chaos, input: Input, outputs: readonly Output[], haltedBefore: boolean): void {
  const { state } = chaos.run.core.desk;
  const submits = outputs.filter((output) => output.kind === "submit");
  if (haltedBefore && !(input.kind === "command")) expect(submits).toEqual([]);
  outputs.forEach((output, i) => {
    if (output.kind !== "submit") return;
    const verdicts = outputs.filter(
      (other) => other.kind === "verdict" && other.verdict.clientOrderId === output.order.clientOrderId,
    );
    expect(verdicts).toHaveLength(1);
    const before = outputs
      .slice(0, i)
      .find((other) => other.kind === "verdict" && other.verdict.clientOrderId === output.order.clientOrderId);
    expect(before?.kind === "verdict" && before.verdict.outcome).not.toBe("refused");
    checkEntry(state, output.order.clientOrderId);
  });
  for (const name of ["a", "b"]) {
    const { qty } = state.portfolio.position(name, "SPY");
    const open = state.orders.openOf(name, "SPY");
    const entries = open.filter(({ role }) => role === "entry");
    const worst = entries.reduce((sum, order) => sum.plus(order.qty.minus(order.filledQty)), qty.abs());
    expect(worst.toNumber()).toBeLessThanOrEqual(LIMIT);
    // All exits of one procedure together never go through zero.
    const exits = open.filter(({ role }) => role === "exit");
    const out = exits.reduce((sum, order) => sum.plus(order.qty.minus(order.filledQty)), qty.abs().times(0));
    expect(out.toNumber()).toBeLessThanOrEqual(qty.abs().toNumber());
    for (const exit of exits) expect(exit.side).toBe(qty.isGreaterThan(0) ? "sell" : "buy");
  }
  const sum = state.portfolio.position("a", "SPY").qty.plus(state.portfolio.position("b", "SPY").qty);
  expect(state.portfolio.netQty("SPY").toNumber()).toBe(sum.toNumber());
}

/** No order is sent twice, but for one that can only reduce and that nobody found: a few times more, and the same. */
function checkIds(run: CoreDriver): void {
  const sent = new Map<string, string[]>();
  for (const order of run.submits)
    sent.set(order.clientOrderId, [...(sent.get(order.clientOrderId) ?? []), JSON.stringify(order)]);
  for (const [id, times] of sent) {
    if (times.length === 1) continue;
    expect(times.length).toBeLessThanOrEqual(4);
    expect(new Set(times).size).toBe(1);
    expect(run.core.desk.state.orders.get(id)?.role).not.toBe("entry");
  }
}

describe("the desk", () => {
  it("keeps its invariants whatever fires, fills, fails or is commanded", () => {
    const act = fc.tuple(fc.integer({ min: 0, max: 11 }), fc.nat(20), fc.nat(60));
    const seen = new Set<string>();
    const property = fc.property(fc.array(act, { minLength: 20, maxLength: 150 }), (acts) => {
      const chaos = new Chaos(program([trader("a"), trader("b")], { maxPositionQty: LIMIT }));
      const { run } = chaos;
      const feed = run.feed.bind(run);
      run.feed = (body) => {
        const halted = run.core.desk.state.states.in("account").state === "HALTED";
        const outputs = feed(body);
        check(chaos, run.inputs.at(-1) as Input, outputs, halted);
        return outputs;
      };
      for (const one of acts) chaos.act(one);
      for (const { order } of run.of("order"))
        seen.add(`${order.role} ${order.state}`).add(`${order.rule}: ${order.role} ${order.state}`);
      checkIds(run);
      expect(JSON.stringify(replay(run.inputs).flatMap((line) => JSON.parse(line) as Output[]))).toBe(
        JSON.stringify(run.outputs),
      );
    });
    fc.assert(property, { numRuns: runs(100) });
    // Runs of one known seed have been to the places that matter; random ones may miss the rare of them.
    seen.clear();
    fc.assert(property, { numRuns: 200, seed: 42 });
    for (const place of [
      "entry filled",
      "entry canceled",
      "entry unknown",
      "exit filled",
      "exit rejected",
      "stop_loss filled",
      "take_profit canceled",
      "guard: take_profit working",
      "guard: stop_loss working",
      "guard half: take_profit filled",
      "turn: exit filled",
      "turn: entry sent",
      "to -15: exit filled",
      "to -15: entry filled",
    ])
      expect([...seen]).toContain(place);
  });
});
