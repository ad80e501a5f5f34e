/** `status`, `risk`, `halt` and their kin against a control server in this process. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeControlFile } from "../../engine/adapters/control/control-file.ts";
import { ownIdentity } from "../../engine/adapters/process-identity.ts";
import { addApprovals } from "../../engine/cli/approvals.ts";
import { whoAsks } from "../../engine/cli/control-place.ts";
import { addKill } from "../../engine/cli/kill.ts";
import { addOperate } from "../../engine/cli/operate.ts";
import { addOverride } from "../../engine/cli/override.ts";
import { addStatus, riskText, statusText } from "../../engine/cli/status.ts";
import { ControlError } from "../../engine/ports/control.ts";
import type { LimitUse } from "../../engine/ports/control.ts";
import { APPROVAL, FakeControl, TOKEN, serve } from "../adapters/control/support.ts";
import { barwiseWith, inFolderOfItsOwn } from "./in-process.ts";

const folder = inFolderOfItsOwn("control");
const barwise = barwiseWith(addStatus, addApprovals, addOperate, addOverride, addKill);
const plain = (_: unknown, text: string): string => text;

async function running(control = new FakeControl()): Promise<FakeControl> {
  const server = await serve(control);
  const orders = { kind: "inside" } as const;
  const file = {
    format: 1,
    url: server.url,
    token: TOKEN,
    journal: "j",
    account: "a",
    orders,
    ...ownIdentity(),
  } as const;
  await writeControlFile(folder.path, file);
  return control;
}

describe("without an engine", () => {
  it.each([["status"], ["risk"], ["halt"], ["flatten", ".", "--yes"], ["resume", ".", "--reason", "all is well"]])(
    "%s says that none runs here",
    async (...args) => {
      const { err, out, code } = await barwise(...args);
      expect([out, code]).toEqual(["", 2]);
      expect(err).toContain("no engine runs in this folder");
    },
  );

  it("a file that a crash left is no engine", async () => {
    const file = { format: 1, url: "http://127.0.0.1:1", token: "t", journal: "j", account: "a" } as const;
    await writeControlFile(folder.path, { ...file, orders: { kind: "inside" }, pid: 2 ** 22 + 1, started: null });
    expect((await barwise("status")).code).toBe(2);
  });

  it("one that does not answer is told as such, with the way that needs none", async () => {
    const file = { format: 1, url: "http://127.0.0.1:1", token: "t", journal: "j", account: "a" } as const;
    await writeControlFile(folder.path, { ...file, orders: { kind: "inside" }, ...ownIdentity() });
    const { err, code } = await barwise("halt");
    expect(code).toBe(2);
    expect(err).toContain(`the engine (process ${process.pid}) does not answer; \`barwise kill\``);
  });

  it("a folder that is not there is an error", async () => {
    expect((await barwise("status", "nowhere")).err).toContain("nowhere: no such folder");
  });
});

describe("with an engine", () => {
  it("status shows it, from a folder inside the project too, and ends with 0 while it trades", async () => {
    await running();
    mkdirSync(join(folder.path, "strategies"));
    const { out, code } = await barwise("status", "strategies");
    expect(code).toBe(0);
    expect(out).toContain("trading     ACTIVE");
    expect(out).toContain("equity      1.00   cash 1.00   day unknown");
    expect(out).toContain("Positions  none");
  });

  it.each([
    [{ ready: false }, "waiting for the broker"],
    [{ state: "HALTED", reason: "a drill (ann)" }, "HALTED: a drill (ann)"],
    [{ state: "REDUCING", reason: "the daily loss limit is reached" }, "REDUCING: the daily loss limit"],
  ] as const)("status ends with 1 when it does not trade freely: %j", async (over, words) => {
    const control = new FakeControl();
    const status = { ...control.status(), ...over };
    control.status = () => status;
    await running(control);
    const { out, code } = await barwise("status");
    expect(code).toBe(1);
    expect(out).toContain(words);
  });

  it("status as JSON holds all of it", async () => {
    await running();
    const { out } = await barwise("status", "--format", "json");
    const parsed = JSON.parse(out) as object;
    expect(Object.keys(parsed).sort()).toEqual([
      "alerts",
      "approvals",
      "orders",
      "overrides",
      "positions",
      "states",
      "status",
    ]);
  });

  it("commands go with the user's name, scope and reason", async () => {
    const control = await running();
    const by = whoAsks();
    expect((await barwise("halt", ".", "--reason", "odd prints")).out).toBe("account is HALTED: odd prints\n");
    await barwise("reduce", ".", "--strategy", "s");
    await barwise("cancel-all", ".", "--symbol", "A");
    await barwise("flatten", ".", "--yes");
    const { out } = await barwise("resume", ".", "--reason", "all is well", "--format", "json");
    expect(JSON.parse(out)).toMatchObject({ seq: 1 });
    expect(control.commands).toEqual([
      { command: "halt", scope: "account", by, reason: "odd prints" },
      { command: "reduce", scope: "strategy:s", by, reason: "" },
      { command: "cancel-all", scope: "symbol:A", by, reason: "" },
      { command: "flatten", scope: "account", by, reason: "" },
      { command: "resume", scope: "account", by, reason: "all is well" },
    ]);
  });

  it.each([
    [["resume"], "resume needs a --reason of three"],
    [["resume", ".", "--reason", "ok"], "resume needs a --reason of three"],
    [["flatten"], "needs a terminal to ask, or --yes"],
    [["halt", ".", "--strategy", "s", "--symbol", "A"], "--strategy and --symbol"],
    [["halt", ".", "--format", "xml"], "expected pretty or json"],
    [["status", ".", "--format", "xml"], "expected pretty or json"],
    [["kill", ".", "--timeout", "0"], "expected seconds"],
  ])("%j is refused", async (args, words) => {
    const control = await running();
    const { err, code } = await barwise(...args);
    expect(code).toBe(2);
    expect(err).toContain(words);
    expect(control.commands).toEqual([]);
  });

  it("what the engine refuses ends with 1 and its words", async () => {
    const control = await running();
    control.failure = new ControlError("unknown_scope", "strategy:x: no strategy of that name");
    const { err, code } = await barwise("halt", ".", "--strategy", "x");
    expect([code, err]).toEqual([1, "error: strategy:x: no strategy of that name\n"]);
  });
});

describe("override", () => {
  const ask = ["override", "max_order_qty", "500", ".", "--for", "30m", "--reason", "a block trade"];

  it("asks with the value as the risk file has it, and a second person confirms", async () => {
    const control = await running();
    const { out } = await barwise(...ask, "--by", "ann", "--strategy", "s");
    expect(out).toContain(
      "override-7  max_order_qty 500  asked by ann  for 30m, to be confirmed by 2026-01-01T00:15:00.000Z",
    );
    expect(out).toContain("barwise override --confirm override-7 --by NAME");
    await barwise("override", "price_collar", "12%", ".", "--for", "2h", "--reason", "thin market");
    await barwise("override", "max_price_age", "2m", ".", "--for", "1d", "--reason", "slow feed");
    expect(control.asked).toEqual([
      { limit: "max_order_qty", value: 500, forMs: 1_800_000, scope: "strategy:s", by: "ann", reason: "a block trade" },
      { limit: "price_collar", value: 0.12, forMs: 7_200_000, scope: "account", by: whoAsks(), reason: "thin market" },
      {
        limit: "max_price_age",
        value: 120_000,
        forMs: 86_400_000,
        scope: "account",
        by: whoAsks(),
        reason: "slow feed",
      },
    ]);
    const confirmed = await barwise("override", "--confirm", "override-7", "--by", "bob");
    expect(confirmed.out).toContain("raised  max_order_qty 500  by ann and bob  until 2026");
    expect(control.confirmed).toEqual([["override-7", "bob", ""]]);
  });

  it.each([
    [["override", "max_order_qty"], "override LIMIT VALUE --for 30m"],
    [["override", "max_order_qty", "500", ".", "--reason", "abc"], "--for: say how long"],
    [["override", "max_order_qty", "500", ".", "--for", "30m"], "--reason: say why"],
    [["override", "max_luck", "5", ".", "--for", "30m", "--reason", "abc"], "max_luck: no limit of that name"],
    [["override", "max_price_age", "5", ".", "--for", "30m", "--reason", "abc"], "expected a time such as 30s"],
    [
      ["override", "max_order_qty", "many", ".", "--for", "30m", "--reason", "abc"],
      "expected a number or a percentage",
    ],
    [["override", "max_order_qty", "5", "--confirm", "override-7"], "--confirm takes no limit and no value"],
    [["override", ".", "--confirm", "override-7", "--format", "xml"], "expected pretty or json"],
  ])("%j is refused before anything is sent", async (args, words) => {
    const control = await running();
    const { err, code } = await barwise(...args);
    expect([code, err]).toEqual([2, expect.stringContaining(words)]);
    expect([control.asked, control.confirmed]).toEqual([[], []]);
  });

  it("is shown by risk and by status", async () => {
    await running();
    for (const command of ["risk", "status"]) {
      const { out } = await barwise(command);
      expect(out).toContain("Raised limits\n  override-7  max_order_qty 500  asked by ann");
    }
  });
});

describe("approvals", () => {
  it("are listed with the digits that a word names", async () => {
    await running();
    const { out } = await barwise("approvals");
    expect(out).toBe(
      "bw-1  7f7f7f7f  pending  s/r  buy 10 A limit at 100 day  worth 1000  until 1970-01-01T00:01:00Z, 0 of 1: order.notional > 500\n",
    );
    expect(JSON.parse((await barwise("approvals", ".", "--format", "json")).out)).toEqual([APPROVAL]);
    expect((await barwise("status")).out).toContain("Waiting for a person\n  bw-1  7f7f7f7f");
  });

  it("are decided with the hash of what was shown, an edit, and the user's name", async () => {
    const control = await running();
    control.decide = (decision) => {
      control.decisions.push(decision);
      return Promise.resolve({ ...APPROVAL, state: decision.decision === "approve" ? "approved" : "rejected" });
    };
    const yes = await barwise("approve", "bw", ".", "--hash", "7F7F", "--qty", "5", "--limit", "99.5");
    expect([yes.err, yes.code]).toEqual(["", 0]);
    const no = await barwise("reject", "bw-1", ".", "--hash", "7f7f7f7f", "--reason", "too late");
    expect([no.err, no.code]).toEqual(["", 0]);
    const word = { approval: "bw-1", hash: APPROVAL.hash, by: whoAsks(), channel: "cli" };
    expect(control.decisions).toEqual([
      { ...word, decision: "approve", reason: "", edit: { qty: "5", limitPrice: "99.5" } },
      { ...word, decision: "reject", reason: "too late" },
    ]);
  });

  it("end with 1 when the checks of now say no", async () => {
    const control = await running();
    control.decide = () => Promise.resolve({ ...APPROVAL, state: "blocked", reason: "buying power" });
    const { out, code } = await barwise("approve", "bw-1", ".", "--hash", "7f7f");
    expect([code, out]).toEqual([1, expect.stringContaining("blocked")]);
  });

  it.each([
    [["approve", "bw-1"], 2, "--hash is needed where nobody can be asked"],
    [["approve", "bw-1", ".", "--hash", "7f"], 2, "write 4 digits or more"],
    [["approve", "bw-1", ".", "--hash", "8e8e"], 1, "the request has changed since"],
    [["approve", "xx", ".", "--hash", "7f7f"], 1, "nobody is asked about such an order"],
    [["approve", "bw-1", ".", "--hash", "7f7f", "--time-in-force", "later"], 1, "timeInForce"],
  ])("%j is refused", async (args, exit, words) => {
    const control = await running();
    const { err, code } = await barwise(...args);
    expect([code, err]).toEqual([exit, expect.stringContaining(words)]);
    expect(control.decisions).toEqual([]);
  });
});

describe("kill", () => {
  it("leaves the file although barwise.yaml is broken, and says what it could not do", async () => {
    writeFileSync(join(folder.path, "barwise.yaml"), "account: {venue: [");
    const { err, code } = await barwise("kill");
    expect(code).toBe(1);
    expect(err).toContain("whose orders to cancel is unknown");
    expect((await barwise("kill", ".", "--account", "alpaca")).err).toContain("expected alpaca-paper or alpaca-live");
    expect(await import("node:fs").then(({ existsSync }) => existsSync(join(folder.path, ".barwise/HALTED")))).toBe(
      true,
    );
  });

  it("waits for an engine whose exchange is inside it, and is done when that is HALTED", async () => {
    const control = await running();
    let asked = 0;
    control.health = () => ({ ready: true, state: ++asked > 2 ? "HALTED" : "ACTIVE" });
    const { out, code } = await barwise("kill", ".", "--format", "json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ orders: null, engine: "halted", problems: [] });
  });

  it("is not done while such an engine goes on", async () => {
    await running();
    const { out, code } = await barwise("kill");
    expect(code).toBe(1);
    expect(out).toContain("answers and is not HALTED yet");
  });
});

describe("text", () => {
  const limit = (over: Partial<LimitUse>): LimitUse => ({
    ...{ scope: "account", control: "c", limit: "max_orders_per_day", unit: "orders a day", kind: "count", value: 10 },
    ...{ used: 8, ratio: 0.8, ...over },
  });

  it("of risk has a bar for what is used, and says so where single orders are limited", () => {
    const ratio = {
      limit: "max_daily_loss",
      unit: "of equity",
      kind: "ratio" as const,
      value: 0.02,
      used: 0.03,
      ratio: 1.5,
    };
    const each = {
      scope: "strategy:a",
      limit: "max_order_notional",
      unit: "dollars",
      kind: "money" as const,
      value: 5_000,
      used: null,
      ratio: null,
    };
    expect(riskText([limit({}), limit(ratio), limit(each)], plain).split("\n")).toEqual([
      "account",
      "  max_orders_per_day  ████████████████░░░░           8 of 10  orders a day",
      "  max_daily_loss      ████████████████████  3.00 % of 2.00 %  of equity",
      "",
      "strategy:a",
      "  max_order_notional    each order  5,000.00 dollars",
    ]);
    expect(riskText([], plain)).toBe("No limit is set.");
  });

  it("of status keeps what strangers wrote from steering the terminal", () => {
    const control = new FakeControl();
    const status = {
      ...control.status(),
      banner: "\u001B[2Jpaper",
      reason: "\u001B]0;x\u0007",
      state: "HALTED" as const,
    };
    const text = statusText(
      { status, states: [], positions: [], orders: [], approvals: [], overrides: [], alerts: [] },
      plain,
    );
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(text).not.toMatch(/[\u001B\u0007]/);
  });
});
