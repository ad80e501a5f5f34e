/**
 * A desk to which anything happens in any order: two strategies with as many kinds of orders as there are, a broker that answers
 * as it likes, an operator, reloads and restarts.
 *
 * Owns: acts that numbers choose, and what must hold after every input. May not: say which controls there are.
 */
import { expect } from "vitest";
import { decode, encode } from "../../engine/adapters/journal/encode.ts";
import type { Input, Output } from "../../engine/core/event.ts";
import type { Action, Program, Strategy } from "../../engine/core/program.ts";
import { restoreCore, saveCore } from "../../engine/core/save.ts";
import type { SavedCore } from "../../engine/core/save.ts";
import { calendarOf } from "../../engine/market/instruments.ts";
import { CoreDriver, openOf, reconciled } from "./core-driver.ts";
import { StrategyBuilder, all, buy, close, reduce, sell, target } from "./program.ts";

const MINUTE = 60_000;
const OPEN = openOf("2024-03-05");

/** Rules that fire by the last digit of the close, as many kinds of orders as there are. */
export function trader(name: string): Strategy {
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

export type Act = readonly [kind: number, a: number, b: number];
export const LIMIT = 60;

export class Chaos {
  readonly run: CoreDriver;
  minute = 0;
  readonly #programs: readonly Program[];

  /** The first one is loaded; reloads take any. */
  constructor(...programs: readonly [Program, ...Program[]]) {
    this.#programs = programs;
    this.run = new CoreDriver(programs[0], OPEN - 1_000);
    this.run.autoConfirm = false;
  }

  act([kind, a, b]: Act): void {
    if (kind > 11) return this.#more(kind, a, b);
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
      run.filled(order, qty, 99 + (b % 3), order.filledQty.toNumber() + qty);
    } else if (kind === 9 && (order.cancelRequested || b % 3 === 0))
      run.ended(order.clientOrderId, b % 5 === 0 ? "rejected" : "canceled");
    else if (kind === 10) run.broker({ kind: "order.unknown", clientOrderId: order.clientOrderId, reason: "?" });
    else if (kind === 11) run.broker({ kind: "cancel.rejected", clientOrderId: order.clientOrderId, reason: "?" });
  }

  /** What happens to a process: it is edited, restarted, cut off, told what to do of one scope, and time passes. */
  #more(kind: number, a: number, b: number): void {
    const { run } = this;
    if (kind === 12) this.#reload(a);
    else if (kind === 13) this.#restart();
    else if (kind === 14) {
      run.arrival += b * 1_000;
      const timers = ["risk:max_ack_latency", "risk:max_reconnects"];
      for (const id of timers) run.feed({ kind: "timer", id, clock: "arrival", at: run.arrival });
    } else if (kind === 15) {
      run.broker({ kind: "broker", status: "disconnected", detail: "x" });
      const { portfolio } = run.core.desk.state;
      const qty = portfolio.netQty("SPY").toFixed();
      const positions = qty === "0" ? [] : [{ symbol: "SPY", qty, avgPrice: "100" }];
      run.broker({ ...reconciled({ cash: portfolio.cash.minus(a % 5).toFixed() }), positions });
    } else {
      const scope = ["account", "strategy:a", "strategy:b", "symbol:SPY"][a % 4] as string;
      const command = (["resume", "resume", "halt", "reduce", "flatten"] as const)[b % 5] ?? "resume";
      run.feed({ kind: "command", command, scope, by: "op", reason: "x" });
    }
  }

  #reload(a: number): void {
    const subject = this.#programs[a % this.#programs.length];
    if (subject !== undefined) this.run.feed({ kind: "program.loaded", program: subject, warmup: [] });
  }

  #restart(): void {
    const { core } = this.run;
    const saved = decode(encode(saveCore(core))) as SavedCore;
    const again = restoreCore({ account: "test", journal: "j", calendarOf }, saved, core.signals.program as Program);
    Object.assign(this.run, { core: again });
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
export function check(chaos: Chaos, input: Input, outputs: readonly Output[], haltedBefore: boolean): void {
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
export function checkIds(run: CoreDriver): void {
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
