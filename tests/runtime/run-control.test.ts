/** What the control port says and does of a running engine, with everything around it made by hand. */
import { describe, expect, it } from "vitest";
import { ControlError } from "../../engine/ports/control.ts";
import type { ControlCommand, ControlEvent } from "../../engine/ports/control.ts";
import { RunControl } from "../../engine/runtime/run-control.ts";
import { RunLog } from "../../engine/runtime/run-log.ts";
import { programOf, rig, START, threshold, turns } from "./support.ts";
import type { Rig } from "./support.ts";

const MINUTE = 60_000;
const SYMBOL = "ACME/USD";

interface Made {
  readonly made: Rig;
  readonly control: RunControl;
  readonly log: RunLog;
  /** What the kill switch and the disk were asked, in order. */
  readonly asked: string[];
}

async function running(failing: readonly string[] = [], program = programOf(threshold(100))): Promise<Made> {
  const log = new RunLog();
  const made = rig(program, "data", {}, undefined, undefined, false, (input, outputs) => log.observe(input, outputs));
  await made.start();
  const asked: string[] = [];
  let isSet = false;
  const ask = (what: string): void => {
    asked.push(what);
    if (failing.includes(what)) throw new Error(`no ${what}`);
  };
  const control = new RunControl({
    ...{ engine: made.engine, log, version: "1", account: "t", live: false, banner: "paper", startedAt: START },
    now: () => START,
    sync: () => {
      ask("sync");
      return Promise.resolve();
    },
    killSwitch: {
      get isSet() {
        return isSet;
      },
      set: () => {
        ask("set");
        isSet = true;
      },
      clear: () => {
        ask("clear");
        isSet = false;
      },
    },
    reload: () => {
      control.reloaded("rejected", "a.yaml: wrong");
      return Promise.resolve();
    },
    journal: () => Promise.resolve([]),
    metrics: () => Promise.resolve(""),
    wordsOf: ({ operator }) => operator,
  });
  return { made, control, log, asked };
}

const word = (command: ControlCommand["command"], scope = "account"): ControlCommand => ({
  ...{ command, scope, by: "ann", reason: "a test" },
});

/** A bar below the line, then one above it: the entry turns true. */
async function fire({ made }: Made, minute = 0): Promise<void> {
  made.feed.bar(SYMBOL, START + minute * MINUTE, 90);
  made.feed.bar(SYMBOL, START + (minute + 1) * MINUTE, 110);
  await turns();
}

describe("a command", () => {
  it("is in the journal and on the disk before it is answered", async () => {
    const all = await running();
    const result = await all.control.command(word("halt"));
    expect(result).toMatchObject({ scope: "account", state: "HALTED", reason: "a test (ann)", cancelling: 0 });
    expect(all.asked).toEqual(["sync"]);
    expect(all.made.journal.inputs.at(-1)).toBe("command");
    expect(all.control.states()).toEqual([
      {
        ...{ scope: "account", state: "HALTED", reason: "a test (ann)" },
        causes: [{ cause: "operator", state: "HALTED", reason: "a test (ann)" }],
      },
    ]);
    await fire(all);
    expect(all.made.broker.submitted).toEqual([]);
  });

  it("is not answered as done when the disk has failed", async () => {
    const { control } = await running(["sync"]);
    await expect(control.command(word("halt"))).rejects.toMatchObject({ code: "stopped" });
  });

  it.each(["strategy:nobody", "symbol:NONE", "planet:earth"])(
    "of %s is refused: it would hold nothing",
    async (scope) => {
      const { control, made } = await running();
      const before = made.journal.inputs.length;
      await expect(control.command(word("halt", scope))).rejects.toThrow(ControlError);
      expect(made.journal.inputs).toHaveLength(before);
    },
  );

  it("of one scope leaves the others alone", async () => {
    const all = await running();
    const { strategy } = all.control.strategies()[0] ?? { strategy: "" };
    await all.control.command(word("reduce", `strategy:${strategy}`));
    expect(all.control.status().state).toBe("ACTIVE");
    expect(all.control.strategies()[0]?.state).toBe("REDUCING");
    expect(all.control.states().map(({ scope, state }) => [scope, state])).toEqual([
      ["account", "ACTIVE"],
      [`strategy:${strategy}`, "REDUCING"],
    ]);
    expect(await all.control.command(word("resume", `strategy:${strategy}`))).toMatchObject({ state: "ACTIVE" });
  });

  it("to kill leaves the file first, cancels what works, and only resuming the account takes it off", async () => {
    const all = await running();
    await fire(all);
    const [order] = all.made.broker.submitted;
    expect(order).toBeDefined();
    const killed = await all.control.command(word("kill"));
    expect(killed).toMatchObject({ state: "HALTED", cancelling: 1 });
    expect(all.asked).toEqual(["set", "sync"]);
    await turns();
    expect(all.made.broker.calls.filter((call) => call.startsWith("cancel"))).toHaveLength(1);
    const { strategy } = all.control.strategies()[0] ?? { strategy: "" };
    await expect(all.control.command(word("resume", `strategy:${strategy}`))).rejects.toMatchObject({
      code: "refused",
    });
    expect(all.control.status()).toMatchObject({ state: "HALTED", kill_switch: true });
    expect(await all.control.command(word("resume"))).toMatchObject({ state: "ACTIVE" });
    expect(all.asked).toEqual(["set", "sync", "clear", "sync"]);
  });

  it("to kill halts although the file cannot be written, and says so", async () => {
    const all = await running(["set"]);
    await expect(all.control.command(word("kill"))).rejects.toThrow(/HALTED.*no set/);
    expect(all.control.status().state).toBe("HALTED");
  });

  it("to resume changes nothing when the file cannot be removed", async () => {
    const all = await running(["clear"]);
    await all.control.command(word("kill"));
    await expect(all.control.command(word("resume"))).rejects.toMatchObject({ code: "failed" });
    expect(all.control.status().state).toBe("HALTED");
  });

  it("is answered to whoever gave it, when two give the same at once", async () => {
    const { control } = await running();
    const [one, two] = await Promise.all([control.command(word("halt")), control.command(word("halt"))]);
    expect(new Set([one.seq, two.seq]).size).toBe(2);
  });
});

describe("a view", () => {
  it("says null for what is unknown, so that it is JSON", async () => {
    const { control } = await running();
    const strange: unknown[] = [];
    JSON.stringify(
      [control.status(), control.account(), control.strategies(), control.risk()],
      (key, value: unknown) => {
        if (typeof value === "number" && !Number.isFinite(value)) strange.push(key);
        return value;
      },
    );
    expect(strange).toEqual([]);
    expect(control.status()).toMatchObject({ market_time: null, lag: { seconds: null }, day_pnl: 0, approvals: 0 });
  });

  it("shows orders, positions, alerts and the use of limits", async () => {
    const all = await running();
    await fire(all);
    const [order] = all.control.orders(false);
    expect(order).toMatchObject({ symbol: SYMBOL, side: "buy", state: "sent" });
    const rate = all.control.risk().find(({ limit }) => limit === "max_orders_per_minute");
    expect(rate).toMatchObject({ scope: "account", used: 1 });
    expect(rate?.ratio).toBeCloseTo(1 / (rate?.value ?? 0));
    expect(all.control.status().orders).toBe(1);
    expect(all.control.positions()).toEqual([]);
    all.made.engine.post({ kind: "load", state: "behind", lagMs: 6_000, waiting: 3 });
    expect(all.control.alerts(10)).toMatchObject([{ level: "warning", code: "data/behind" }]);
    expect(all.log.alertLevels.get("warning")).toBe(1);
  });

  it("keeps the last reload, and tells of it", async () => {
    const { control, log } = await running();
    const events: ControlEvent[] = [];
    control.subscribe((event) => events.push(event));
    expect(await control.reload()).toMatchObject({ result: "rejected", reason: "a.yaml: wrong" });
    expect(control.status().last_reload).toMatchObject({ result: "rejected" });
    expect(log.reloads.get("rejected")).toBe(1);
    expect(events).toMatchObject([{ kind: "reload", data: { result: "rejected" } }]);
  });
});

describe("a decision", () => {
  const asking = (): Promise<Made> =>
    running([], programOf(`${threshold(100)}approval: {when: order.notional > 50}\n`));
  const word = { by: "ann", channel: "api", decision: "approve", reason: "" } as const;

  it("lets the order go that waits, and is answered with what became of it", async () => {
    const all = await asking();
    await fire(all);
    expect(all.made.broker.submitted).toEqual([]);
    const [request] = all.control.approvals(false);
    const { id = "", hash = "" } = request ?? {};
    expect(all.control.status()).toMatchObject({ approvals: 1, orders: 0 });
    expect(all.control.approval(id)).toEqual(request);
    const stale = all.control.decide({
      ...word,
      approval: id,
      hash: hash.replace(/^./, (digit) => (digit === "0" ? "1" : "0")),
    });
    await expect(stale).rejects.toMatchObject({ code: "refused", detail: "other_order" });
    expect(await all.control.decide({ ...word, approval: id, hash })).toMatchObject({ id, state: "approved" });
    await turns();
    expect(all.made.broker.submitted.map(({ clientOrderId }) => clientOrderId)).toEqual([id]);
    const again = all.control.decide({ ...word, approval: id, hash });
    await expect(again).rejects.toMatchObject({ code: "refused", detail: "already_decided" });
    expect(all.control.approvals(false)).toEqual([]);
    expect(all.control.approvals(true)).toMatchObject([{ id, state: "approved" }]);
    expect(all.asked.filter((one) => one === "sync")).toHaveLength(3);
  });

  it("of a program or about nothing does not count", async () => {
    const all = await asking();
    await fire(all);
    const [{ id, hash } = { id: "", hash: "" }] = all.control.approvals(false);
    const machine = all.control.decide({ ...word, by: "agent:x", approval: id, hash });
    await expect(machine).rejects.toMatchObject({ detail: "not_an_approver" });
    await expect(all.control.decide({ ...word, approval: "bw-0", hash })).rejects.toMatchObject({ code: "not_found" });
    expect(() => all.control.approval("bw-0")).toThrow(ControlError);
    await all.control.decide({ ...word, decision: "reject", approval: id, hash });
    await turns();
    expect(all.made.broker.submitted).toEqual([]);
  });

  it("is not waited for by the kill switch: what waits is withdrawn", async () => {
    const all = await asking();
    await fire(all);
    await all.control.command({ command: "kill", scope: "account", by: "ann", reason: "a test" });
    expect(all.control.approvals(true)).toMatchObject([{ state: "withdrawn" }]);
  });
});

describe("an override", () => {
  const asking = { limit: "max_order_qty", value: 20_000_000, forMs: 1_800_000, scope: "account" } as const;
  const ask = { ...asking, by: "ann", reason: "a block trade" };

  it("of one person waits, holds from the word of a second one on, and is on disk both times", async () => {
    const all = await running();
    const asked = await all.control.askOverride(ask);
    expect(asked).toMatchObject({
      state: "asked",
      limit: "max_order_qty",
      value: 20_000_000,
      by: ["ann"],
      for_ms: 1_800_000,
    });
    expect(all.control.overrides()).toEqual([asked]);
    const held = await all.control.confirmOverride(asked.id ?? "", "bob", "");
    expect(held).toMatchObject({ id: null, state: "holds", by: ["ann", "bob"], for_ms: null });
    expect(all.control.overrides()).toEqual([held]);
    expect(all.asked).toEqual(["sync", "sync"]);
    expect(all.made.journal.inputs.filter((kind) => kind === "command")).toHaveLength(2);
  });

  it("is refused with the core's words, or for what nobody knows", async () => {
    const { control } = await running();
    const { id } = await control.askOverride(ask);
    await expect(control.confirmOverride(id ?? "", " ANN ", "")).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("somebody else must confirm it"),
    });
    await expect(control.confirmOverride("override-0", "bob", "")).rejects.toMatchObject({ code: "not_found" });
    await expect(control.askOverride({ ...ask, value: 5 })).rejects.toThrow("is not looser than");
    await expect(control.askOverride({ ...ask, scope: "strategy:nobody" })).rejects.toMatchObject({
      code: "unknown_scope",
    });
    expect(control.overrides()).toHaveLength(1);
  });
});

describe("the run's log", () => {
  it("tells outputs that people want to see, in order, and no bars", async () => {
    const all = await running();
    const kinds: string[] = [];
    const stop = all.log.subscribe(({ kind }) => kinds.push(kind));
    await fire(all);
    stop();
    await fire(all, 2);
    expect(kinds).toEqual(["verdict", "order"]);
    expect(all.log.inputs.get("bar")).toBe(4);
    expect(all.log.verdicts.get("approved")).toBe(1);
    expect(all.log.ordersSent).toBe(1);
  });

  it("knows of an order when what led to it came in, once", async () => {
    const all = await running();
    await fire(all);
    const [order] = all.made.broker.submitted;
    expect(all.log.arrivalOf(order?.clientOrderId ?? "")).toBe(all.made.clock.time);
    expect(all.log.arrivalOf(order?.clientOrderId ?? "")).toBeUndefined();
  });
});

describe("a rule", () => {
  it("has its state, its firings and its refusals, each within bounds", async () => {
    const all = await running();
    const [{ strategy, rules } = { strategy: "", rules: [] }] = all.control.strategies();
    const rule = rules[0]?.rule ?? "";
    for (let i = 0; i < 30; i++) await fire(all, 2 * i);
    const { symbols, fired, refused } = all.control.rule(strategy, rule);
    const [now] = all.control.strategies();
    expect(symbols).toEqual([{ symbol: SYMBOL, time: now?.time, ...now?.rules[0] }]);
    expect(fired[0]?.firing).toContain(`${strategy}/${rule}/`);
    expect(refused).toHaveLength(20);
    expect(refused.at(-1)).toMatchObject({ symbol: SYMBOL, code: "max_entries" });
    expect(() => all.control.rule(strategy, "nope")).toThrow("no rule");
  });
});
