/** Several strategies in one program: what they share changes nothing of what any of them decides. */
import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Output } from "../../../engine/core/event.ts";
import { instancesOf } from "../../../engine/core/signals/flip-groups.ts";
import { Instance } from "../../../engine/core/signals/instance.ts";
import { done } from "../../../engine/core/signals/work.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";
import { PARTS, play, programOf, strategy, tick } from "../../support/watching-strategies.ts";
import type { Draft } from "../../support/watching-strategies.ts";
import { runs } from "../../support/runs.ts";

const OPEN = openOf("2024-03-05");

/** Every evaluation of every strategy is held against the closures. */
function watchEvaluations(): { count: number } {
  const seen = { count: 0 };
  // oxlint-disable-next-line typescript/unbound-method -- called with the instance
  const { evaluate } = Instance.prototype;
  vi.spyOn(Instance.prototype, "evaluate").mockImplementation(function (this: Instance, slots, ...more) {
    const found = evaluate.call(this, slots, ...more);
    for (const { evaluator, state } of this.rules) expect(state.latch.truth).toBe(evaluator.evaluate(slots));
    seen.count++;
    return found;
  });
  return seen;
}

/** By symbol: which of two symbols comes first at one instant follows from the first strategy that names them. */
const saidBy = (outputs: readonly Output[], name: string): Output[][] =>
  ["SPY", "QQQ"].map((symbol) =>
    outputs.filter((output) => output.kind === "alert" && output.strategy === name && output.symbol === symbol),
  );

describe("strategies that share conditions", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("know the truth of the closures at each of their evaluations, reloads and corrections in between", () => {
    const seen = watchEvaluations();
    fc.assert(
      fc.property(
        fc.array(strategy, { minLength: 2, maxLength: 5 }),
        fc.array(fc.tuple(fc.array(strategy, { minLength: 1, maxLength: 3 }), fc.boolean()), { maxLength: 2 }),
        fc.array(tick, { minLength: 30, maxLength: 60 }),
        (drafts, edits, ticks) => {
          let named = drafts.map((draft, i) => [`s${i}`, draft] as const);
          const first = programOf(named);
          fc.pre(first !== undefined);
          const run = new CoreDriver(first, OPEN + 1_000);
          play(run, ticks);
          for (const [changed, isFront] of edits) {
            // Some strategies become others, and their order turns around.
            named = named.map(([name, draft], i) => [name, changed[i] ?? draft] as const);
            if (isFront) named = named.toReversed();
            const next = programOf(named);
            if (next === undefined) continue;
            run.feed({ kind: "program.loaded", program: next, warmup: [] });
            play(run, ticks);
          }
        },
      ),
      { numRuns: runs(40) },
    );
    expect(seen.count).toBeGreaterThan(1_000);
  });

  it("say the same in each symbol as each of them alone", () => {
    let said = 0;
    fc.assert(
      fc.property(
        fc.array(strategy, { minLength: 2, maxLength: 4 }),
        fc.array(tick, { minLength: 30, maxLength: 90 }),
        (drafts, ticks) => {
          const named = drafts.map((draft, i) => [`s${i}`, draft] as const);
          const whole = programOf(named);
          fc.pre(whole !== undefined);
          const together = new CoreDriver(whole, OPEN + 1_000);
          play(together, ticks);
          for (const one of named) {
            const own = programOf([one]);
            if (own === undefined) continue;
            const alone = new CoreDriver(own, OPEN + 1_000);
            play(alone, ticks);
            expect(saidBy(together.outputs, one[0])).toEqual(saidBy(alone.outputs, one[0]));
            said += saidBy(alone.outputs, one[0]).flat().length;
          }
        },
      ),
      { numRuns: runs(40) },
    );
    expect(said).toBeGreaterThan(500);
  });

  it("share a network per symbol as long as there are not too many conditions in them", () => {
    const rules: Draft["rules"] = [{ when: PARTS[0], fire: "once", rearm: null }];
    const draft = { on: "1m", session: "regular", rules } as const;
    const program = programOf([
      ["a", { ...draft, symbols: "[SPY, QQQ]" }],
      ["b", { ...draft, symbols: "[SPY]" }],
    ]);
    if (program === undefined) throw new Error("does not compile");
    const { graph } = new CoreDriver(program, OPEN).core.signals;
    const groups = (most: number | undefined): string[] => {
      const keys = new Map<unknown, string[]>();
      for (const { followed, facts } of done(instancesOf(graph.instances, most)))
        keys.set(followed.flips, [...(keys.get(followed.flips) ?? []), facts.key]);
      return [...keys.values()].map((group) => group.join());
    };
    expect(groups(undefined)).toEqual(["a/SPY,b/SPY", "a/QQQ"]);
    expect(groups(1)).toEqual(["a/SPY", "a/QQQ", "b/SPY"]);
  });
});
