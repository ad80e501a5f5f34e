/** What the core keeps to refuse what is told twice is bounded, and what it has forgotten is still not booked again. */
import { describe, expect, it } from "vitest";
import { decode, encode } from "../../../engine/adapters/journal/encode.ts";
import type { ExecutionInput, OrderRequest } from "../../../engine/core/event.ts";
import { restoreCore, saveCore } from "../../../engine/core/save.ts";
import type { SavedCore } from "../../../engine/core/save.ts";
import { createCore, step } from "../../../engine/core/step.ts";
import { calendarOf } from "../../../engine/market/instruments.ts";
import { CoreDriver, openOf } from "../../support/core-driver.ts";
import { StrategyBuilder, buy, close, program } from "../../support/program.ts";

const MINUTE = 60_000;
const OPTIONS = { account: "test", journal: "j", calendarOf };

/** Buys above 101 with a stop, sells below 100; the order that never fills waits for 90. */
function trader(): CoreDriver {
  const builder = new StrategyBuilder("s", "1m", { maxEntries: 2 });
  const price = builder.close();
  const bracket = { stopLoss: builder.number(80) };
  builder.rule("enter", builder.when(price, ">", 101), buy(builder, 4, { bracket }), { start: "fire" });
  const patient = { order: { type: "limit", timeInForce: "gtc", limit: builder.number(90) } } as const;
  builder.rule("wait", builder.when(price, "<", 95), buy(builder, 10, patient), { start: "fire" });
  builder.rule("leave", builder.when(price, "<", 100), close());
  return new CoreDriver(program([builder.build()]), openOf("2024-03-05") - MINUTE);
}

/** Each day of trading: into a position and out of it, this many times. */
class Weeks {
  readonly run = trader();
  open = openOf("2024-03-05");
  readonly executions: ExecutionInput[] = [];
  #minute = 0;

  say(price: number): void {
    this.run.bar("SPY", "1m", this.open + this.#minute++ * MINUTE, price);
  }

  fill(order: OrderRequest, qty = Number(order.qty), cumulative = qty): ExecutionInput {
    this.run.filled(order, qty, 100, cumulative);
    const told = this.run.inputs.findLast((input) => input.kind === "execution");
    if (told === undefined) throw new Error("an execution was told");
    this.executions.push(told);
    return told;
  }

  trade(times: number): void {
    for (let i = 0; i < times; i++) {
      this.say(102);
      this.run.accept(this.run.lastSubmit);
      this.fill(this.run.lastSubmit);
      this.say(99);
      // The stop is cancelled before the exit leaves.
      this.run.ended(this.run.cancels.at(-1) ?? "", "canceled");
      this.run.accept(this.run.lastSubmit);
      this.fill(this.run.lastSubmit);
    }
  }

  nextDay(): void {
    const next = calendarOf("SPY").sessionAtOrAfter(this.open + 12 * 60 * MINUTE);
    if (next === undefined) throw new Error("the calendar is over");
    this.open = next.open;
    this.#minute = 0;
  }

  days(count: number, times: number): void {
    for (let i = 0; i < count; i++) {
      this.trade(times);
      this.nextDay();
    }
  }

  get size(): number {
    return encode(saveCore(this.run.core)).length;
  }
}

describe("over weeks", () => {
  it("the saved state of a desk that trades stops growing", () => {
    const weeks = new Weeks();
    const sizes: number[] = [];
    for (let week = 0; week < 8; week++) {
      weeks.days(5, 6);
      sizes.push(weeks.size);
    }
    expect(weeks.run.submits).toHaveLength(8 * 5 * 6 * 2);
    const [first = 0, , third = 0] = sizes;
    // It grows while nothing is old enough to be forgotten, and then moves with weekends and holidays.
    expect(third).toBeGreaterThan(first);
    expect(Math.max(...sizes), sizes.join(" ")).toBeLessThan(1.3 * third);
    const { orders, counts } = saveCore(weeks.run.core).desk.state;
    expect(orders.executions.length).toBeLessThan(7 * 12);
    expect(Object.keys(counts.attempts).length).toBeLessThan(10 * 12);
  });

  it("an execution of an order that is forgotten is not booked again, and people are told", () => {
    const weeks = new Weeks();
    weeks.days(15, 1);
    const [first] = weeks.executions;
    if (first === undefined) throw new Error("something was executed");
    const before = saveCore(weeks.run.core).desk.state.portfolio;
    const alerts = weeks.run.alerts.length;
    weeks.run.broker(first);
    expect(weeks.run.alerts.slice(alerts)).toEqual(["execution/forgotten"]);
    weeks.run.broker(first);
    expect(weeks.run.alerts.slice(alerts)).toEqual(["execution/forgotten"]);
    expect(saveCore(weeks.run.core).desk.state.portfolio).toEqual(before);
  });

  it("an execution of an order that still works is booked once, though its id is forgotten", () => {
    const weeks = new Weeks();
    weeks.say(94);
    const patient = weeks.run.lastSubmit;
    weeks.run.accept(patient);
    const first = weeks.fill(patient, 3);
    expect(weeks.run.position("s", "SPY")).toBe(3);
    for (let day = 0; day < 15; day++) {
      weeks.nextDay();
      weeks.say(100);
    }
    expect(saveCore(weeks.run.core).desk.state.orders.executions).toEqual([]);
    weeks.run.broker(first);
    expect(weeks.run.position("s", "SPY")).toBe(3);
    weeks.fill(patient, 7, 10);
    expect(weeks.run.position("s", "SPY")).toBe(10);
    expect(weeks.run.orderOf(patient.clientOrderId)).toMatchObject({ state: "filled", filledQty: "10" });
  });

  it("an execution of an order that nobody here sent is booked once, also by a core that is restored between", () => {
    const { run } = new Weeks();
    const foreign = { clientOrderId: "foreign", symbol: "SPY", side: "buy" } as const;
    run.filled(foreign, 5, 100);
    const told = run.inputs.at(-1);
    if (told === undefined) throw new Error("an execution was told");
    const { program: running } = run.core.signals;
    if (running === undefined) throw new Error("a program runs");
    const core = restoreCore(OPTIONS, decode(encode(saveCore(run.core))) as SavedCore, running);
    expect(step(core, { ...told, seq: told.seq + 1 })).toEqual([]);
    expect(core.desk.state.portfolio.netQty("SPY").toNumber()).toBe(5);
  });

  it("no id is used twice, however old the firing is for which something is sent again", () => {
    const weeks = new Weeks();
    weeks.say(102);
    const entry = weeks.run.lastSubmit;
    weeks.run.accept(entry);
    weeks.fill(entry);
    for (let round = 0; round < 3; round++) {
      for (let day = 0; day < 10; day++) {
        weeks.nextDay();
        weeks.say(100.5);
      }
      // The broker drops the stop by itself: it is put back for the sake of the old firing.
      const stop = round === 0 ? `${entry.clientOrderId}-sl` : weeks.run.lastSubmit.clientOrderId;
      weeks.run.ended(stop, "canceled");
      expect(weeks.run.submits).toHaveLength(2 + round);
      weeks.run.accept(weeks.run.lastSubmit);
    }
    const { inputs, outputs, submits } = weeks.run;
    const ids = submits.map(({ clientOrderId }) => clientOrderId);
    expect(new Set(ids).size).toBe(ids.length);
    // Nor by a core that is restored before every input.
    let core = createCore(OPTIONS);
    const again = inputs.flatMap((input) => {
      const { program: running } = core.signals;
      if (running !== undefined) core = restoreCore(OPTIONS, decode(encode(saveCore(core))) as SavedCore, running);
      return [...step(core, input)];
    });
    expect(encode(again)).toBe(encode(outputs));
  });
});
