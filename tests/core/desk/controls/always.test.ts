/** What must hold whatever happens, in whatever order: reloads, restarts and commands at any point included. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Input, Output } from "../../../../engine/core/event.ts";
import type { Program } from "../../../../engine/core/program.ts";
import type { AccountLimits } from "../../../../engine/core/risk-limits.ts";
import type { TradingState } from "../../../../engine/core/event.ts";
import { dayLossOf, drawdownOf } from "../../../../engine/core/desk/valued.ts";
import { replay } from "../../../support/backtest.ts";
import { Chaos, LIMIT, check, checkIds, trader } from "../../../support/chaos.ts";
import { program } from "../../../support/program.ts";
import { runs } from "../../../support/runs.ts";

const ENTRIES = 2;
const LIMITS: AccountLimits = {
  ...{ maxPositionQty: LIMIT, maxEntriesPerRule: ENTRIES, maxIdenticalOrders: 3, maxDrawdownRatio: 0.0004 },
  ...{ maxDailyLossRatio: 0.0003, maxLossStreak: 1, lossCooldownMs: 600_000, maxRejections: 2, maxReconnects: 3 },
  ...{ maxAckLatencyMs: 30_000, probationOrders: 1, probationNotional: 1_500 },
  strategies: { a: { maxDailyLossRatio: 0.0001 }, b: { maxDrawdownRatio: 0.0001 } },
};

/** With other rules of the same names: what comes back is new. */
function programs(): readonly [Program, ...Program[]] {
  const [a, b] = [trader("a"), trader("b")];
  const changed = { ...a, rules: a.rules.map((rule) => ({ ...rule, digest: `${rule.digest}!` })), digest: "changed" };
  return [program([a, b], LIMITS), program([changed, b], LIMITS), program([b], LIMITS)];
}

/** What this strategy may do before an input. */
type States = Readonly<Record<string, TradingState>>;

class Watch {
  readonly seen = new Set<string>();
  readonly #chaos: Chaos;
  /** Entries as they left: by whose rule, and when. */
  #entries: { readonly strategy: string; readonly rule: string; readonly at: number }[] = [];

  constructor(chaos: Chaos) {
    this.#chaos = chaos;
    const { run } = chaos;
    const feed = run.feed.bind(run);
    run.feed = (body) => {
      const before = this.#states();
      const outputs = feed(body);
      const input = run.inputs.at(-1) as Input;
      check(chaos, input, outputs, before["a"] === "HALTED" && before["b"] === "HALTED");
      this.#limits(input);
      this.#sends(input, outputs, before);
      for (const output of outputs) if (output.kind === "alert") this.seen.add(output.code);
      for (const output of outputs) if (output.kind === "refused") this.seen.add(output.code);
      return outputs;
    };
  }

  #states(): States {
    const { states } = this.#chaos.run.core.desk.state;
    return { a: states.of("a", "SPY").state, b: states.of("b", "SPY").state };
  }

  /** A limit that is reached has stopped its scope at the input that reached it. */
  #limits(input: Input): void {
    const { state } = this.#chaos.run.core.desk;
    if (state.account.dayEnds === Number.NEGATIVE_INFINITY || state.program === undefined) return;
    const names = state.program.strategies.map(({ name }) => name);
    const watched = [
      ["account", LIMITS.maxDailyLossRatio, LIMITS.maxDrawdownRatio],
      ...names.map((name) => {
        const { maxDailyLossRatio: day, maxDrawdownRatio: drawdown } = LIMITS.strategies?.[name] ?? {};
        return [`strategy:${name}`, day, drawdown] as const;
      }),
    ] as const;
    for (const [scope, day, drawdown] of watched) {
      const where = `${scope} after ${input.kind}`;
      if (day !== undefined && dayLossOf(state, scope) >= day)
        expect(state.states.has(scope, "daily_loss"), where).toBe(true);
      if (drawdown !== undefined && drawdownOf(state, scope) >= drawdown)
        expect(state.states.has(scope, "control:max_drawdown"), where).toBe(true);
    }
  }

  #sends(input: Input, outputs: readonly Output[], before: States): void {
    const { state } = this.#chaos.run.core.desk;
    if (input.kind === "command" && input.command === "resume") this.#entries = [];
    // What an input frees may leave by it.
    const isFreed = outputs.some((output) => output.kind === "state" && output.state !== "HALTED");
    const known = new Set(this.#chaos.run.submits.slice(0, -1).map(({ clientOrderId }) => clientOrderId));
    for (const output of outputs) {
      if (output.kind !== "submit") continue;
      const order = state.orders.get(output.order.clientOrderId);
      if (order === undefined) throw new Error("what was sent is known");
      const { strategy, rule } = order.origin;
      if (!isFreed) expect(before[strategy], `${order.role} after ${input.kind}`).not.toBe("HALTED");
      if (!isFreed && order.role === "entry") expect(before[strategy], `after ${input.kind}`).toBe("ACTIVE");
      if (order.role !== "entry" || known.has(order.clientOrderId)) continue;
      const at = input.marketTime;
      this.#entries = [...this.#entries, { strategy, rule, at }].filter((entry) => entry.at > at - 60_000);
      const ofRule = this.#entries.filter((entry) => entry.strategy === strategy && entry.rule === rule);
      expect(ofRule.length).toBeLessThanOrEqual(ENTRIES);
    }
  }
}

describe("the controls", () => {
  it("are never exceeded, and a stopped scope sends no more than it may", () => {
    const act = fc.tuple(fc.integer({ min: 0, max: 16 }), fc.nat(20), fc.nat(60));
    const seen = new Set<string>();
    const property = fc.property(fc.array(act, { minLength: 20, maxLength: 150 }), (acts) => {
      const chaos = new Chaos(...programs());
      const watch = new Watch(chaos);
      for (const one of acts) chaos.act(one);
      checkIds(chaos.run);
      for (const code of watch.seen) seen.add(code);
      // Restarts on the way have changed nothing.
      expect(JSON.stringify(replay(chaos.run.inputs).flatMap((line) => JSON.parse(line) as Output[]))).toBe(
        JSON.stringify(chaos.run.outputs),
      );
    });
    fc.assert(property, { numRuns: runs(20) });
    seen.clear();
    fc.assert(property, { numRuns: 80, seed: 42 });
    for (const place of [
      ...["risk/max_daily_loss", "risk/max_drawdown", "risk/max_loss_streak", "risk/max_rejections"],
      ...["risk/max_reconnects", "risk/max_ack_latency", "risk/probation", "account/cash-moved"],
    ])
      expect([...seen]).toContain(place);
  }, 180_000);
});
