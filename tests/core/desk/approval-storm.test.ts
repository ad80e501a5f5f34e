/**
 * Whatever happens, in whatever order, with the core saved and restored anywhere: nothing that a person must approve leaves
 * twice, without a verdict, without their word on exactly it, late, while trading is stopped, or beyond a limit.
 */
import { describe, expect, it } from "vitest";
import { decode, encode } from "../../../engine/adapters/journal/encode.ts";
import type { ApprovalView } from "../../../engine/core/approval.ts";
import type { Input, Output } from "../../../engine/core/event.ts";
import type { Program } from "../../../engine/core/program.ts";
import { restoreCore, saveCore } from "../../../engine/core/save.ts";
import type { SavedCore } from "../../../engine/core/save.ts";
import { createCore, step } from "../../../engine/core/step.ts";
import type { CoreState } from "../../../engine/core/step.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";
import { compiled } from "../../support/random-strategies.ts";
import type { Files } from "../../support/random-strategies.ts";
import { SEED, amount, one, picker } from "../../support/runs.ts";
import type { Pick } from "../../support/runs.ts";
import { Storm } from "../../support/storm.ts";

const OPTIONS = { account: "test", journal: "j", calendarOf };
const MOST = 40;
const MAX_PENDING = 3;

const RULES = [
  "{name: dip, when: close < open, then: {buy: {size: {qty: 8}}}, fire: each}",
  "{name: rise, when: close > open, then: {buy: {size: {qty: 12}, bracket: {stop_loss: close - 2, take_profit: close + 2}}}}",
  "{name: aim, when: close > sma(3), then: {target: {qty: 15}}}",
  "{name: turn, when: close < sma(4), then: {sell: {size: {qty: 9}, short: true, reverse: true}}}",
  "{name: rest, when: rsi(3) < 50, then: {buy: {size: {qty: 20}, type: limit, limit: close, expire_after: 5m}}}",
  "{name: out, when: position.bars_held >= 4, then: {close: {}}}",
  "{name: part, when: rsi(3) > 60, then: {reduce: {by: 50%}}}",
  "{name: drop, when: rsi(3) > 80, then: {cancel: {}}}",
] as const;

function filesOf(pick: Pick): Files {
  const strategy = (name: string, on: string): string => {
    const rules = RULES.filter((_, i) => i < 2 || pick(3) > 0);
    const policy = one(pick, [
      "max_drift: 3%",
      "max_drift: 3%, on_reject: rearm, on_expiry: rearm",
      "max_drift: 3%, edits: any, market_as: market",
      "max_drift: 0.2%",
    ]);
    const approval = `approval: {when: order.qty > ${pick(9)}, second: order.qty > 14, fresh: 1h, expires: ${one(pick, ["20s", "10m"])}, max_pending: ${MAX_PENDING}, ${policy}}`;
    const head = `barwise: 1\nname: ${name}\nsymbols: [SPY, QQQ]\non: ${on}\nmax_entries: 2\nrisk: {max_position: {qty: ${MOST}}, max_orders_per_day: 2}\n${approval}\n`;
    const ignored = ["risk/no-stop", "risk/no-exit", "risk/repeats", "risk/opposite-actions"];
    return `${head}rules:\n${rules.map((rule) => `${ignored.map((code) => `  # lint-ignore ${code} -- random\n`).join("")}  - ${rule}\n`).join("")}`;
  };
  return { "a.strategy.yaml": strategy("a", "1m"), "b.strategy.yaml": strategy("b", "5m") };
}

class Witness {
  readonly #asked = new Map<string, ApprovalView>();
  readonly #sent = new Set<string>();
  readonly ends = new Map<string, number>();
  sent = 0;

  see(
    core: CoreState,
    wasActive: (strategy: string, symbol: string) => boolean,
    input: Input,
    outputs: readonly Output[],
  ): void {
    const verdicts = new Map<string, string>();
    for (const output of outputs) {
      if (output.kind === "verdict") verdicts.set(output.verdict.clientOrderId, output.verdict.outcome);
      if (output.kind === "approval") this.#approval(output.approval, input);
      if (output.kind === "decision.refused") this.#count(output.code);
      if (output.kind !== "submit") continue;
      const { order } = output;
      const id = order.clientOrderId;
      expect(["approved", "clamped"], "a verdict").toContain(verdicts.get(id));
      const asked = this.#asked.get(id);
      if (asked === undefined) continue;
      expect(this.#sent.has(id), "sent twice").toBe(false);
      this.#sent.add(id);
      this.sent++;
      expect(asked.state).toBe("approved");
      expect(order).toEqual(asked.order);
      expect(input.kind).toBe("decision");
      expect(wasActive(asked.strategy, asked.symbol), "sent while trading is stopped").toBe(true);
    }
    this.#books(core);
  }

  #count(what: string): void {
    this.ends.set(what, (this.ends.get(what) ?? 0) + 1);
  }

  #approval(view: ApprovalView, input: Input): void {
    const before = this.#asked.get(view.id);
    if (before !== undefined && before.state !== "pending")
      expect(view.state, "moved after its end").toBe(before.state);
    this.#asked.set(view.id, view);
    if (view.state !== "pending") this.#count(view.state);
    if (view.state !== "approved") return;
    expect(input.arrivalTime).toBeLessThan(view.expiresAt);
    expect(input.marketTime).toBeLessThan(view.sessionEndsAt ?? Number.POSITIVE_INFINITY);
    const yes = view.decisions.filter(({ decision, hash }) => decision === "approve" && hash === view.hash);
    const people = new Set(yes.map(({ by }) => by));
    expect(people.size).toBeGreaterThanOrEqual(view.needed);
    expect([...people].some((by) => by.startsWith("agent"))).toBe(false);
  }

  /** What waits and what is reserved are the same, and within the limits. */
  #books({ desk: { state } }: CoreState): void {
    const intended = state.orders.open((order) => order.state === "intended").map((order) => order.clientOrderId);
    const pending = state.approvals.pending.map(({ id }) => id);
    expect([...intended].sort()).toEqual([...pending].sort());
    expect(pending.length).toBeLessThanOrEqual(MAX_PENDING);
    for (const book of state.books.all) {
      const { qty } = state.portfolio.position(book.strategy, book.symbol);
      for (const side of ["buy", "sell"] as const) {
        const open = state.orders
          .openOf(book.strategy, book.symbol)
          .filter((one) => one.role === "entry" && one.side === side);
        const more = open.reduce((sum, one) => sum + one.qty.minus(one.filledQty).toNumber(), 0);
        if (more > 0) expect(Math.abs(qty.toNumber() + (side === "buy" ? more : -more))).toBeLessThanOrEqual(MOST);
      }
    }
  }
}

function holdsIn(seed: number): Witness {
  const pick = picker(seed);
  const [before, after] = [filesOf(pick), filesOf(pick)];
  const storm = new Storm(pick, [before, after], { decides: true }).go(160);
  const twins = new Map<Program, Program>();
  for (const [program, files] of storm.filesOf) {
    const twin = compiled(files);
    twins.set(program, twin).set(twin, program);
  }
  const witness = new Witness();
  const straight = createCore(OPTIONS);
  let restless = createCore(OPTIONS);
  for (const [at, input] of storm.inputs.entries()) {
    const where = `before input ${at} of BARWISE_SEED=${seed}`;
    if (at > 0 && pick(12) === 0) {
      const twin = twins.get(restless.signals.program as Program) as Program;
      restless = restoreCore(OPTIONS, decode(encode(saveCore(restless))) as SavedCore, twin);
    }
    const { states } = straight.desk.state;
    const active = new Map(
      ["a", "b"].flatMap((name) =>
        ["SPY", "QQQ"].map((symbol) => [`${name}/${symbol}`, states.of(name, symbol).state === "ACTIVE"]),
      ),
    );
    const outputs = step(straight, input);
    try {
      witness.see(straight, (strategy, symbol) => active.get(`${strategy}/${symbol}`) === true, input, outputs);
    } catch (error) {
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
    }
    expect(encode(step(restless, input)), where).toBe(encode(outputs));
  }
  expect(encode(saveCore(restless))).toBe(encode(saveCore(straight)));
  return witness;
}

describe("orders that people approve, whatever happens", { timeout: 3_600_000 }, () => {
  it("leave once, on their word, in time and within limits", () => {
    const storms = amount({ ci: 12, soak: 2_000 });
    for (let i = 0; i < storms; i++) holdsIn(SEED + i);
    console.log(`approvals: ${storms} storms; BARWISE_SEED=${SEED} repeats them`);
  });

  it("meet everything that can become of them, in storms of known seeds", () => {
    const ends = new Map<string, number>();
    let sent = 0;
    for (let seed = 1; seed <= 16; seed++) {
      const witness = holdsIn(seed);
      sent += witness.sent;
      for (const [what, count] of witness.ends) ends.set(what, (ends.get(what) ?? 0) + count);
    }
    expect(sent).toBeGreaterThan(10);
    for (const what of [
      ...["approved", "rejected", "expired", "blocked", "withdrawn", "superseded"],
      ...[
        "already_decided",
        "other_order",
        "not_an_approver",
        "same_approver",
        "price_moved",
        "edit_invalid",
        "edit_not_allowed",
      ],
    ])
      expect([...ends.keys()]).toContain(what);
  });
});
