/** What people are told: which events are messages, in which words, and that texts of others stay texts. */
import { describe, expect, it } from "vitest";
import type { ApprovalView } from "../../engine/core/approval.ts";
import type { Input, InputBody, Output } from "../../engine/core/event.ts";
import type { Message } from "../../engine/ports/notifier.ts";
import { Messages } from "../../engine/runtime/messages.ts";

const TIME = Date.parse("2026-01-05T15:00:00Z");

function messages(): (body: InputBody, outputs?: readonly Output[]) => Message[] {
  const made = new Messages({ tag: "paper", run: "run-1" });
  let seq = 0;
  return (body, outputs = []) => {
    const input = { ...body, seq: ++seq, marketTime: TIME, arrivalTime: TIME } as Input;
    return made.of(input, outputs, TIME, seq);
  };
}

const TIMER: InputBody = { kind: "timer", id: "bars", clock: "market", at: TIME };

const VIEW: ApprovalView = {
  ...{ id: "bw-7", hash: "0123456789abcdef", state: "pending", strategy: "dip", rule: "enter", symbol: "SPY" },
  order: {
    ...{ clientOrderId: "bw-7", symbol: "SPY", side: "buy", qty: "100", type: "limit", timeInForce: "day" },
    ...{ extendedHours: false, limitPrice: "412.30", orderClass: "bracket" },
  },
  ...{ firing: "f", notional: "41230", reference: "412.1", requestedAt: TIME, expiresAt: TIME + 300_000 },
  ...{ sessionEndsAt: null, why: "order.notional > 25000", needed: 1, edits: "lower", approvers: null },
  ...{ decisions: [], reason: null },
};

describe("messages", () => {
  it("tell alerts with their level, where they come from, and what makes two of them alike", () => {
    const say = messages();
    const alert = (message: string, symbol: string): Output => ({
      ...{ kind: "alert", level: "warning", code: "rule/dip", message, strategy: "dip", symbol },
    });
    const [one, other] = say(TIMER, [alert("at 88", "SPY"), alert("at 87", "SPY")]);
    const [third] = say(TIMER, [alert("at 88", "QQQ")]);
    const [fourth] = say(TIMER, [alert("under 88", "SPY")]);
    expect(one).toEqual({
      ...{
        id: "run-1-1-0",
        kind: "alert",
        level: "warning",
        title: "[paper] warning rule/dip: dip SPY",
        text: "at 88",
      },
      ...{ time: TIME, count: 1, alike: other?.alike },
    });
    expect(new Set([one?.id, other?.id, third?.id]).size).toBe(3);
    expect(new Set([one?.alike, third?.alike, fourth?.alike]).size).toBe(3);
  });

  it("say a request in full while it is open, with what to type, and who decided when it is over", () => {
    const say = messages();
    const [asked] = say(TIMER, [{ kind: "approval", approval: VIEW }]);
    expect(asked).toMatchObject({
      ...{ kind: "approval", level: "warning", id: "bw-7-01234567-pending-0" },
      title: "[paper] approve? buy 100 SPY limit 412.30 bracket",
      text: [
        "strategy dip, rule enter",
        "worth 41230, price 412.1",
        "asked because order.notional > 25000",
        "answer before 2026-01-05T15:05:00Z",
        "barwise approve bw-7 --hash 01234567",
        "barwise reject bw-7 --hash 01234567",
      ].join("\n"),
    });
    const word = { by: "ann", channel: "cli", decision: "approve", at: TIME, hash: VIEW.hash, reason: "fine" } as const;
    const done: ApprovalView = { ...VIEW, state: "approved", decisions: [word], reason: "ann via cli" };
    const [over] = say(TIMER, [{ kind: "approval", approval: done }]);
    expect(over).toMatchObject({ level: "info", title: "[paper] approved: buy 100 SPY limit 412.30 bracket" });
    expect(over?.alike).toBe(asked?.alike);
    expect(over?.text).toContain("approved by ann via cli: fine");
    expect(over?.text).not.toContain("barwise approve");
    const [late] = say(TIMER, [
      { kind: "approval", approval: { ...VIEW, state: "expired", reason: "nobody answered in time" } },
    ]);
    expect(late).toMatchObject({ level: "warning", text: expect.stringContaining("nobody answered in time") });
  });

  it("tell a decision that does not count, unless it was only late", () => {
    const say = messages();
    const refused = { kind: "decision.refused", approval: "bw-7", by: "eve", channel: "api" } as const;
    expect(
      say(TIMER, [{ ...refused, code: "not_an_approver", reason: "eve is not among the approvers" }]),
    ).toMatchObject([
      {
        ...{ kind: "approval", level: "warning", title: "[paper] a decision of eve via api does not count" },
        text: "eve is not among the approvers (not_an_approver)\nrequest bw-7",
      },
    ]);
    for (const code of ["already_decided", "expired", "not_found"] as const)
      expect(say(TIMER, [{ ...refused, code, reason: "" }])).toEqual([]);
  });

  it("tell states by urgency and fills once", () => {
    const say = messages();
    const state = (value: "ACTIVE" | "REDUCING" | "HALTED"): Output => ({
      ...{ kind: "state", scope: "account", state: value, reason: "why" },
    });
    const told = say(TIMER, [state("HALTED"), state("REDUCING"), state("ACTIVE")]);
    expect(told.map(({ level }) => level)).toEqual(["critical", "warning", "info"]);
    const execution: InputBody = {
      ...{ kind: "execution", executionId: "e", clientOrderId: "bw-7", brokerOrderId: "b", symbol: "SPY", side: "buy" },
      ...{ qty: "100", price: "412.3", fee: "0", cumulativeQty: "100", time: TIME },
    };
    expect(say(execution, [state("ACTIVE")])[0]).toMatchObject({
      kind: "fill",
      title: "[paper] filled buy 100 SPY at 412.3",
    });
    expect(say(execution)).toEqual([]);
  });

  it("tell feeds and the broker when they go and come, not when they were there all the time", () => {
    const made = new Messages({ tag: "LIVE", run: "r" });
    const say = (body: InputBody): string[] =>
      made.of({ ...body, seq: 1, marketTime: TIME, arrivalTime: TIME } as Input, [], TIME, 1).map(({ title }) => title);
    const feed = (status: "live" | "down" | "ended"): InputBody => ({ kind: "feed", feed: "iex", status, detail: "x" });
    const broker: InputBody = { kind: "broker", status: "disconnected", detail: "x" };
    const back = { kind: "reconciled" } as InputBody;
    expect([...say(feed("live")), ...say({ ...broker, status: "connected" } as InputBody), ...say(back)]).toEqual([]);
    expect(made.trouble).toBeUndefined();
    expect(say(feed("down"))).toEqual(["[LIVE] feed iex is down"]);
    expect(say(feed("down"))).toEqual([]);
    expect(made.trouble).toBe("no data of iex");
    expect(say(feed("live"))).toEqual(["[LIVE] feed iex is live again"]);
    expect(say(broker)).toEqual(["[LIVE] the broker is not connected"]);
    expect(say(broker)).toEqual([]);
    expect(made.trouble).toBe("the broker is not connected");
    expect(say(back)).toEqual(["[LIVE] the broker is connected and reconciled again"]);
    expect(say(feed("ended"))).toEqual(["[LIVE] feed iex is ended"]);
    expect(made.trouble).toBeUndefined();
  });

  it("hold no control characters and no turned lines, and are cut", () => {
    const say = messages();
    const [message] = say(TIMER, [
      {
        ...{ kind: "alert", level: "info", code: "a/b", message: `\u001B[2Jhi\n\u202Eevil\u0000${"x".repeat(9_000)}` },
        ...{ strategy: "a\nb", symbol: null },
      },
    ]);
    expect(message?.title).toBe("[paper] info a/b: a b");
    expect(message?.text).toMatch(/^·\[2Jhi\n·evil·x+…$/);
    expect(message?.text).toHaveLength(4_000);
  });
});
