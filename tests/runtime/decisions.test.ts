/** Decisions on their way into the core: each gets the answer to itself, when the journal has it. */
import { describe, expect, it } from "vitest";
import type { ApprovalView, DecisionInput } from "../../engine/core/approval.ts";
import type { Input, Output } from "../../engine/core/event.ts";
import { Decisions } from "../../engine/runtime/decisions.ts";
import { FakeClock, turns } from "./support.ts";

const STAMP = { seq: 1, marketTime: 0, arrivalTime: 0 };
const YES = { approval: "a", hash: "h", by: "111", channel: "telegram", decision: "approve", reason: "" } as const;

function approval(state: ApprovalView["state"], id = "a"): Output {
  return { kind: "approval", approval: { id, state } as ApprovalView };
}

function refused(code: "already_decided" | "price_moved"): Output {
  return { kind: "decision.refused", approval: "a", by: "111", channel: "telegram", code, reason: code };
}

function setup(durable: () => Promise<void> = () => Promise.resolve()) {
  const clock = new FakeClock();
  const posted: DecisionInput[] = [];
  const decisions = new Decisions({ post: (input) => posted.push(input), durable, clock });
  const step = (input: Partial<DecisionInput>, ...outputs: readonly Output[]): void =>
    decisions.observe({ ...STAMP, kind: "decision", ...YES, ...input } as Input, outputs);
  return { clock, posted, decisions, step };
}

describe("a decision", () => {
  it("is posted as it is, and answered by the outputs of its own step", async () => {
    const { decisions, posted, step, clock } = setup();
    const first = decisions.decide(YES);
    const second = decisions.decide({ ...YES, by: "222", decision: "reject" });
    expect(posted).toEqual([
      { kind: "decision", ...YES },
      { kind: "decision", ...YES, by: "222", decision: "reject" },
    ]);
    // Somebody else's decision, and steps of other kinds, answer nothing.
    step({ by: "333" }, approval("rejected"));
    decisions.observe({ ...STAMP, kind: "timer", id: "x", clock: "market", at: 0 }, [approval("expired")]);
    step({}, approval("pending", "another"), approval("approved"));
    step({ by: "222" }, refused("already_decided"));
    expect(await first).toMatchObject({ kind: "counted", approval: { id: "a", state: "approved" } });
    expect(await second).toMatchObject({ kind: "refused", code: "already_decided" });
    expect(clock.pending).toBe(0);
  });

  it("that is refused is refused, also when the request changed in the same step", async () => {
    const { decisions, step } = setup();
    const asked = decisions.decide(YES);
    step({}, approval("pending"), refused("price_moved"));
    expect(await asked).toMatchObject({ kind: "refused", code: "price_moved" });
  });

  it("is answered after the journal has it, and is lost when the journal fails", async () => {
    let written: () => void = () => {};
    const { decisions, step } = setup(() => new Promise((resolve) => (written = resolve)));
    let answered = false;
    const asked = decisions.decide(YES).then((outcome) => ((answered = true), outcome));
    step({}, approval("approved"));
    await turns();
    expect(answered).toBe(false);
    written();
    expect(await asked).toMatchObject({ kind: "counted" });

    const broken = setup(() => Promise.reject(new Error("disk full")));
    const lost = broken.decisions.decide(YES);
    broken.step({}, approval("approved"));
    expect(await lost).toMatchObject({ kind: "lost", reason: expect.stringContaining("may be lost") });
  });

  it("is lost when nobody answers in ten seconds, or the engine has ended", async () => {
    const { decisions, clock, posted } = setup();
    const slow = decisions.decide(YES);
    await clock.pass(10_000);
    expect(await slow).toMatchObject({ kind: "lost" });
    const waiting = decisions.decide(YES);
    decisions.end("the engine has ended");
    expect(await waiting).toEqual({ kind: "lost", reason: "the engine has ended" });
    expect(await decisions.decide(YES)).toEqual({ kind: "lost", reason: "the engine has ended" });
    expect(posted).toHaveLength(2);
  });
});
