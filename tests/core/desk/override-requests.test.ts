/** Limits that one person asks to raise and another one confirms. */
import { describe, expect, it } from "vitest";
import type { CommandInput, Output } from "../../../engine/core/event.ts";
import { restoreCore, saveCore } from "../../../engine/core/save.ts";
import { compile } from "../../../engine/lang/compile.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";

const OPEN = openOf("2024-03-05");
const MINUTE = 60_000;

function programOf(risk: string) {
  const { program, diagnostics } = compile({
    "s.strategy.yaml": `barwise: 1
name: s
symbols: [SPY]
on: 1m
max_entries: 50
rules:
  - {name: up, when: close > 0, then: {buy: {size: {qty: 10}}}, fire: each}
`,
    "barwise.yaml": `barwise: 1\nrisk: ${risk}\n`,
  });
  if (program === null) throw new Error(JSON.stringify(diagnostics));
  return program;
}

class Desk extends CoreDriver {
  #bars = 0;

  constructor(risk = "{max_order_qty: 5}") {
    super(programOf(risk), OPEN - 1_000);
  }

  /** Whether an order of 10 leaves now. */
  get leaves(): boolean {
    const before = this.submits.length;
    this.bar("SPY", "1m", OPEN + this.#bars++ * MINUTE, 100);
    return this.submits.length > before;
  }

  /** The last alert that it leads to, without its prefix. */
  say(input: CommandInput): string {
    const outputs = this.feed(input);
    const alert = outputs.findLast((output): output is Extract<Output, { kind: "alert" }> => output.kind === "alert");
    return alert === undefined ? "" : `${alert.code.replace("risk/", "")}: ${alert.message}`;
  }

  ask(over: Partial<Extract<CommandInput, { command: "ask-override" }>> = {}): string {
    const usual = { limit: "max_order_qty", value: 20, forMs: 10 * MINUTE, by: "ann", reason: "a block" };
    return this.say({ kind: "command", command: "ask-override", ...usual, ...over });
  }

  confirm(by = "bob", id = this.id): string {
    return this.say({ kind: "command", command: "confirm-override", override: id, by, reason: "" });
  }

  get id(): string {
    return this.core.desk.state.overrides.asked.at(-1)?.id ?? "";
  }

  /** Lets arrival time pass; what was set for it rings. */
  wait(ms: number): void {
    const until = this.arrival + ms;
    const due = this.of("timer.set").filter(
      ({ clock, at, id }) => clock === "arrival" && at <= until && id.startsWith("override"),
    );
    this.arrival = until;
    for (const { id, at } of due) this.feed({ kind: "timer", id, clock: "arrival", at });
  }
}

describe("an override that one person asks for", () => {
  it("lets nothing through before another one has confirmed it, and ends by itself", () => {
    const desk = new Desk();
    expect(desk.ask()).toMatch(
      /^override-asked: ann asks to raise max_order_qty to 20: a block; somebody else must confirm override-\d+$/,
    );
    expect(desk.leaves).toBe(false);
    desk.wait(5 * MINUTE);
    expect(desk.confirm()).toMatch(/^override: max_order_qty is raised to 20 by ann and bob until /);
    expect(desk.leaves).toBe(true);
    desk.wait(7 * MINUTE);
    // Each bar takes a minute, too.
    expect(desk.leaves).toBe(true);
    desk.wait(2 * MINUTE);
    expect(desk.leaves).toBe(false);
    expect(desk.of("alert").at(-1)?.code).toBe("risk/override-over");
    expect(desk.core.desk.state.overrides.holding).toEqual([]);
  });

  it.each(["ann", " ann", "ANN", "", "agent:x", "mcp: y"])("is not confirmed by %j", (by) => {
    const desk = new Desk();
    desk.ask();
    expect(desk.confirm(by)).toMatch(/^override-refused: /);
    expect(desk.leaves).toBe(false);
    expect(desk.confirm("bob")).toMatch(/^override: /);
  });

  it("is confirmed once, and not after its time", () => {
    const desk = new Desk();
    desk.ask();
    const { id } = desk;
    desk.confirm("bob", id);
    expect(desk.confirm("carl", id)).toContain("nobody asks for it");
    desk.ask();
    const late = desk.id;
    desk.wait(15 * MINUTE);
    expect(desk.confirm("bob", late)).toContain("nobody asks for it, or its time to be confirmed is over");
    expect(desk.of("alert").map(({ message }) => message)).toContain(
      `max_order_qty is not raised: nobody confirmed ${late} of ann in time`,
    );
    expect(desk.leaves).toBe(false);
  });

  it("is over at its time even when the timer comes late", () => {
    const desk = new Desk();
    desk.ask();
    desk.arrival += 15 * MINUTE;
    expect(desk.confirm()).toContain("its time to be confirmed is over");
  });

  it.each([
    [{ by: " " }, "nobody asks for it"],
    [{ by: "agent:x" }, "agent:x is a program"],
    [{ limit: "max_luck" }, '"max_luck" is no limit that can be raised; those are '],
    [{ limit: "max_daily_loss", value: 0.5 }, "no limit that can be raised"],
    [{ value: Number.NaN }, "NaN is no value"],
    [{ forMs: 0 }, "its end is over"],
    [{ forMs: 86_400_001 }, "longer than a day"],
    [{ value: 5 }, "5 is not looser than 5, which holds"],
    [{ value: 4 }, "a tighter limit needs one person: save it in the risk file"],
    [{ limit: "max_orders_per_day", value: 9 }, "nobody has set it there"],
  ])("of %j is refused", (over, words) => {
    const desk = new Desk();
    const said = desk.ask(over);
    expect(said).toMatch(/^override-refused: /);
    expect(said).toContain(words);
    expect(desk.core.desk.state.overrides.asked).toEqual([]);
  });

  it("is looser when it is smaller, of a reserve", () => {
    const desk = new Desk("{cash_reserve: 99999}");
    expect(desk.ask({ limit: "cash_reserve", value: 199_999 })).toContain("is not looser");
    desk.ask({ limit: "cash_reserve", value: 1 });
    desk.confirm();
    expect(desk.core.desk.state.overrides.holding).toMatchObject([{ limit: "cash_reserve", value: 1 }]);
  });

  it("is refused at its confirmation when limits have changed so that it would let nothing through", () => {
    const desk = new Desk();
    desk.ask();
    desk.feed({ kind: "program.loaded", program: programOf("{max_order_qty: 30}"), warmup: [] });
    expect(desk.confirm()).toContain("20 is not looser than 30");
  });

  it("waits and holds across a restart", () => {
    const desk = new Desk();
    const risk = "{max_order_qty: 5}";
    desk.ask();
    desk.confirm();
    desk.ask({ limit: "max_position.qty", value: 5 });
    desk.ask({ value: 40, by: "carl" });
    const restored = restoreCore(desk.core.desk.state.options, saveCore(desk.core), programOf(risk));
    const { holding, asked } = restored.desk.state.overrides;
    expect(holding).toEqual(desk.core.desk.state.overrides.holding);
    expect(asked).toMatchObject([{ value: 40, by: "carl" }]);
  });

  it("is one of twenty at most that wait", () => {
    const desk = new Desk();
    for (let i = 0; i < 20; i++) desk.ask({ value: 20 + i });
    expect(desk.ask()).toContain("20 others wait to be confirmed already");
  });
});
